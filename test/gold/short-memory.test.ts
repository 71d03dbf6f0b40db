import assert from 'node:assert/strict';
import { LakeError } from '../../src/errors.js';
import type { GoldSummary } from '../../src/gold/gold.js';
import { daysIn } from '../../src/gold/ranges.js';
import { isOutOfMemory, type Session } from '../../src/lake/duckdb.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { eventBody, linesFile, withPipeline, type Pipeline } from '../support/pipeline.js';

const month = Array.from({ length: 31 }, (_none, index) => `2026-01-${String(index + 1).padStart(2, '0')}`);
const item = { item_id: 'a', item_list_id: 'L1', price: 2 };
/** On each day two views, a quarter of an hour before and after its midnight: sessions go over every bound of a range. */
const lines = month.flatMap((day) => ['T00:15:00Z', 'T23:45:00Z'].map((time) => eventBody({ event_timestamp: Date.parse(`${day}${time}`), items: [item] })));

/** Lets steps or models of a range with more than so many days fail as DuckDB does with little memory. Gives the ranges that were begun, and ended. */
function shortOfMemory(session: Session, mostDays: number, failing: string): { readonly failed: number[]; readonly built: number[] } {
  const told = { failed: [] as number[], built: [] as number[] };
  const run = session.run.bind(session);
  session.run = async (sql, parameters) => {
    const [since, until] = [parameters?.['since'], parameters?.['until']];
    const days = typeof since === 'string' && typeof until === 'string' ? daysIn({ since, until }) : 0;
    if (days > mostDays && sql.includes(`-- ${failing}\n`)) {
      told.failed.push(days);
      throw new Error('Out of Memory Error: could not allocate block of size 256.0 KiB (476.8 MiB/476.8 MiB used)');
    }
    await run(sql, parameters);
    if (sql.includes('-- model: session\n')) told.built.push(days);
  };
  return told;
}

describe('gold with little memory', () => {
  let root: string;
  let expected: Record<string, string[]>;

  before(async () => {
    root = temporaryFolder();
    expected = await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(lines));
      await pipeline.build();
      assert.equal(await pipeline.count('gold.session'), 32, 'one over each midnight, and the first and the last of the month');
      return pipeline.contract();
    }, { root });
  });
  after(removeTemporaryFolders);

  const again = (pipeline: Pipeline): Promise<GoldSummary> => pipeline.gold({ since: '2026-01-01', until: '2026-01-31' });

  for (const failing of ['step: session_item', 'model: session']) {
    it(`builds a range in halves that does not fit at ${failing}, down to what fits, and publishes the same rows at once`, () =>
      withPipeline(async (pipeline) => {
        const told = shortOfMemory(await pipeline.lake.session(), 4, failing);
        const before = await pipeline.versions();
        const { dates, tables } = await again(pipeline);
        assert.deepEqual(told.failed, [31, 15, 7]);
        assert.deepEqual(told.built, [...Array<number>(10).fill(3), 1]);
        assert.deepEqual([dates.length, tables['session']?.rows], [31, 32]);
        assert.equal((await pipeline.versions())['gold.session'], (before['gold.session'] ?? 0) + 1);
        assert.deepEqual(await pipeline.contract(), expected);
        assert.deepEqual(await pipeline.lake.storage.list('_ingot/staging/gold.shop'), []);
      }, { root }));
  }

  it('says which date does not fit, and what to do; nothing is published and nothing left behind', () =>
    withPipeline(async (pipeline) => {
      const told = shortOfMemory(await pipeline.lake.session(), 0, 'model: session');
      const before = await pipeline.versions();
      await assert.rejects(again(pipeline), (error: unknown) => {
        assert.ok(error instanceof LakeError);
        assert.deepEqual([error.code, error.path], ['QUERY_FAILED', 'event_date=2026-01-01']);
        assert.match(error.message, /^gold of 2026-01-01 does not fit in 1000 MB of memory: .*Out of Memory/);
        assert.match(error.hint ?? '', /--memory/);
        return true;
      });
      assert.deepEqual(told.failed, [31, 15, 7, 3, 1, 1], 'at last with one thread');
      assert.deepEqual(await (await pipeline.lake.session()).rows('SELECT current_setting(\'threads\') AS threads'), [{ threads: '2' }]);
      assert.deepEqual(await pipeline.versions(), before);
      assert.deepEqual(await pipeline.contract(), expected);
      const tables = await (await pipeline.lake.session()).rows('SELECT table_name FROM duckdb_tables() WHERE table_name IN (\'session_event\', \'session_item\', \'day_user\')');
      assert.deepEqual([tables, await pipeline.lake.storage.list('_ingot/staging/gold.shop')], [[], []]);
    }, { root }));

  it('takes shorter ranges from the beginning where silver\'s files are large for the memory', () =>
    withPipeline(async (pipeline) => {
      const told = shortOfMemory(await pipeline.lake.session(), 31, '');
      const event = await pipeline.lake.table('silver', 'event').snapshot();
      const bytes = [...(event?.files.values() ?? [])].reduce((total, file) => total + file.size, 0);
      Object.assign(pipeline.lake.options, { memoryLimitBytes: bytes * 4 });
      await again(pipeline);
      assert.ok(told.built.length > 4 && told.built.every((days) => days < 8), told.built.join(', '));
      assert.deepEqual(await pipeline.contract(), expected);
    }, { root }));

  it('is told from other errors, also where it is wrapped', () => {
    const error = new Error('Out of Memory Error: failed to allocate');
    assert.equal(isOutOfMemory(new LakeError('step fails', { code: 'QUERY_FAILED', op: 'gold', cause: error })), true);
    assert.equal(isOutOfMemory(new Error('Binder Error: Out of Memory Error')), false);
    assert.equal(isOutOfMemory(null), false);
  });
});
