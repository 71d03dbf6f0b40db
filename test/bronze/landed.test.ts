import assert from 'node:assert/strict';
import { Bronze } from '../../src/bronze/bronze.js';
import { BronzeRows } from '../../src/bronze/landed.js';
import type { LandedRow } from '../../src/sources/landed.js';
import type { Message } from '../../src/sources/source.js';
import { rowMessage, withdrawal } from '../../src/sources/sql-message.js';
import { removeTemporaryFolders } from '../support/lake.js';
import { withPipeline } from '../support/pipeline.js';

const times = { sentAtMs: Date.parse('2026-03-10T12:00:00Z'), receivedAtMs: Date.parse('2026-03-10T12:00:00Z') };
/** A row as the database had it on a day of February; `state` is what differs, and its hash. */
const bodyOf = (id: string, day: number, state: string): string => JSON.stringify({ order_id: id, order_date: `2016-02-0${day} 10:00:00`, status: state, items: [] });
const atOf = (day: number): string => `2016-02-0${day} 10:00:00`;
const landing = (id: string, version: number, day: number, state: string): Message => rowMessage({ id, at: atOf(day), hash: state, body: bodyOf(id, day, state) }, version, times);
const rejected = (id: string, version: number, day: number, state: string): Message => rowMessage({ id, at: atOf(day), hash: state, body: '{"order_date":"never"}' }, version, times);
const taken = (id: string, version: number, day: number, state: string): Message => withdrawal({ id, version: version - 1, hash: state, at: atOf(day), withdrawn: false }, version, bodyOf(id, day, state), times);

/** By id: what landed, the newest landing as `version hash day`, and what stands. */
const cases: Readonly<Record<string, readonly [readonly Message[], string, readonly string[]]>> = {
  ambiguous: [[landing('ambiguous', 1, 1, 'a'), landing('ambiguous', 2, 1, 'b'), landing('ambiguous', 2, 1, 'c')], '2 c 1 ambiguous', ['2 c 1']],
  apart: [[landing('apart', 1, 1, 'a'), taken('apart', 2, 1, 'a'), landing('apart', 3, 2, 'b'), landing('apart', 3, 3, 'c')], '3 c 3', ['3 b 2', '3 c 3']],
  changed: [[landing('changed', 1, 1, 'a'), landing('changed', 2, 1, 'b')], '2 b 1', ['2 b 1']],
  gone: [[landing('gone', 1, 1, 'a'), taken('gone', 2, 1, 'a')], '2 a 1 withdrawn', []],
  late: [[landing('late', 1, 1, 'a'), taken('late', 2, 1, 'a'), landing('late', 2, 1, 'b'), landing('late', 3, 2, 'c')], '3 c 2', ['3 c 2']],
  moved: [[landing('moved', 1, 1, 'a'), taken('moved', 2, 1, 'a'), landing('moved', 3, 2, 'b')], '3 b 2', ['3 b 2']],
  never: [[rejected('never', 1, 1, 'a')], '1 a 1 rejected', []],
  worse: [[landing('worse', 1, 1, 'a'), rejected('worse', 2, 1, 'b')], '2 b 1 rejected', ['1 a 1']],
};

describe('what has landed of a database', () => {
  after(removeTemporaryFolders);

  it('is the newest landing of each row, and at each date what stands: neither withdrawn, nor rejected, nor overtaken', () => withPipeline(async ({ lake, dataset }) => {
    const messages = Object.values(cases).flatMap(([landed]) => landed);
    // Another source of the same dataset may have headers of its own.
    const others = ['{"version":"new"}', '[]', '{"version":7}'].map((headers, index): Message => ({ ...landing('other', 1, 1, 'a'), messageId: `other-${index}`, headers }));
    const bronze = new Bronze(lake, dataset);
    await bronze.open();
    const window = await bronze.openWindow('test');
    await window.add({ kind: 'messages', messages: [...messages, ...others], bytes: 1, ack: () => Promise.resolve({ acked: 0, failed: 0 }) });
    await window.seal();
    assert.equal((await bronze.commit(window)).rejected, 2);
    const rows = new BronzeRows(lake, dataset);
    try {
      const ids = (found: readonly LandedRow[]): string[] => found.map(({ id }) => id).sort();
      await rows.begin();
      assert.deepEqual(ids(await rows.unseen(null, 100)), ['ambiguous', 'apart', 'changed', 'late', 'moved', 'worse']);
      assert.deepEqual(await rows.unseen(null, 100), []);
      await rows.begin();
      assert.deepEqual([ids(await rows.unseen(atOf(2), 2)), ids(await rows.unseen(atOf(2), 2)), ids(await rows.unseen(atOf(2), 2))], [['apart', 'late'], ['moved'], []]);
      await rows.begin();
      const found = await rows.of([...Object.keys(cases), 'other', 'none']);
      for (const [id, [, newest, standing]] of Object.entries(cases)) {
        const row = found.get(id);
        assert.ok(row !== undefined, id);
        const said = [row.version, row.hash, row.at.slice(9, 10), ...(['withdrawn', 'rejected', 'ambiguous'] as const).filter((state) => row[state])].join(' ');
        assert.equal(said, newest, id);
        assert.deepEqual(row.standing.map(({ version, hash, at }) => `${version} ${hash} ${at.slice(9, 10)}`).sort(), standing, id);
        const bodies = await rows.bodies(row.standing);
        assert.deepEqual([...bodies.keys()].sort(), row.standing.map(({ version, hash }) => `${id}:${version}:${hash}`).sort());
      }
      assert.equal(found.size, Object.keys(cases).length);
      assert.deepEqual(await rows.unseen(null, 100), []);
    } finally {
      await rows.close();
    }
  }, { name: 'storefront_purchase' }));
});
