import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Source } from '../../src/sources/source.js';
import { bodiesOf, inFolder, readAll, type Opening } from './collect.js';

/** One kind of source with events in it. */
export interface Subject {
  readonly ordered: boolean;
  open(opening: Opening): Promise<Source>;
}

export interface Kind {
  readonly name: string;
  fill(folder: string, bodies: readonly string[]): Promise<Subject>;
}

/** The embedded queue takes no characters beyond the basic plane. */
const character = fc.constantFrom(...Array.from('aZ09 "\\\n\r\t\u0000\u001f{}[],=:ñçãß€漢'));

/** JSON objects of the kind that trackers send, with accents, brackets and escapes in texts. */
const bodiesArbitrary = fc.array(
  fc.record({ id: fc.integer(), name: fc.string({ unit: character, maxLength: 30 }), items: fc.array(fc.record({ key: fc.string({ unit: character }) }), { maxLength: 3 }) }).map((event) => JSON.stringify(event)),
  { minLength: 30, maxLength: 30 },
);
const bodies = fc.sample(bodiesArbitrary, { seed: 20, numRuns: 1 })[0]!;

function assertBodies(subject: Subject, actual: readonly string[], expected: readonly string[]): void {
  if (subject.ordered) assert.deepEqual(actual, expected);
  else assert.deepEqual([...actual].sort(), [...expected].sort());
}

/** What every source does alike. */
export function describeSource(kind: Kind): void {
  describe(kind.name, () => {
    it('gives every body once and verbatim, under an id of its own', () => inFolder(async (folder) => {
      const subject = await kind.fill(folder, bodies);
      const { seen, failed } = await readAll(await subject.open({}));
      assertBodies(subject, bodiesOf(seen), bodies);
      assert.equal(new Set(seen.map((each) => each.id)).size, bodies.length);
      assert.deepEqual(seen.filter((each) => each.reason !== null), []);
      assert.equal(failed, 0);
    }));

    it('gives again, under the same ids, what was not taken', () => inFolder(async (folder) => {
      const subject = await kind.fill(folder, bodies);
      const first = await readAll(await subject.open({}), { ack: false });
      const second = await readAll(await subject.open({}));
      assert.equal(first.seen.length, bodies.length);
      assert.deepEqual(second.seen.map((each) => each.id).sort(), first.seen.map((each) => each.id).sort());
    }));

    it('gives nothing more once everything was taken', () => inFolder(async (folder) => {
      const subject = await kind.fill(folder, bodies);
      const { marks, offsets } = await readAll(await subject.open({}));
      assert.deepEqual((await readAll(await subject.open({ taken: marks, offsets }))).seen, []);
    }));

    it('ends without a batch when it is empty', () => inFolder(async (folder) => {
      const subject = await kind.fill(folder, []);
      assert.deepEqual((await readAll(await subject.open({}))).seen, []);
    }));

    it('ends when the signal aborts, though it follows', () => inFolder(async (folder) => {
      const subject = await kind.fill(folder, bodies);
      const stop = new AbortController();
      const source = await subject.open({ follow: true, signal: stop.signal });
      let rows = 0;
      for await (const batch of source.batches(stop.signal)) {
        rows += batch.kind === 'messages' ? batch.messages.length : batch.rows;
        await batch.ack();
        if (rows === bodies.length) stop.abort();
      }
      await source.close();
      assert.equal(rows, bodies.length);
    }));

    it('reports no failure', () => inFolder(async (folder) => {
      const source = await (await kind.fill(folder, bodies)).open({});
      await readAll(source);
      assert.deepEqual(source.failures, []);
    }));
  });
}
