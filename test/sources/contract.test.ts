import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { Source } from '../../src/sources/source.js';
import { queueCredentials, queueRegion, sendAll, startQueue, type QueueServer } from '../support/queue.js';
import { bodiesOf, inFolder, openFrom, readAll, type Opening } from './collect.js';

/** One kind of source with events in it. */
interface Subject {
  readonly ordered: boolean;
  open(opening: Opening): Promise<Source>;
}

interface Kind {
  readonly name: string;
  fill(folder: string, bodies: readonly string[]): Promise<Subject>;
}

let server: QueueServer;
let queues = 0;

function fileKind(name: string, file: string, content: (bodies: readonly string[]) => string | Buffer): Kind {
  return {
    name,
    fill: async (folder, bodies) => {
      await mkdir(join(folder, 'in'));
      await writeFile(join(folder, 'in', file), content(bodies));
      return { ordered: true, open: (opening) => openFrom(join(folder, 'in'), folder, opening) };
    },
  };
}

const asLines = (bodies: readonly string[]): string => bodies.map((body) => `${body}\n`).join('');

const kinds: readonly Kind[] = [
  fileKind('a file of lines', 'events.ndjson', asLines),
  fileKind('a gzipped file of lines', 'events.jsonl.gz', (bodies) => gzipSync(asLines(bodies))),
  fileKind('a JSON array', 'events.json', (bodies) => `[${bodies.join(',\n')}]\n`),
  fileKind('a gzipped JSON array', 'events.json.gz', (bodies) => gzipSync(`[${bodies.join(',')}]\n`)),
  { name: 'stdin', fill: (folder, bodies) => Promise.resolve({ ordered: true, open: (opening) => openFrom('-', folder, { ...opening, stdin: asLines(bodies) }) }) },
  {
    name: 'a queue',
    fill: async (folder, bodies) => {
      const name = `contract-${++queues}`;
      await sendAll(server.client, await server.createQueue(name), bodies);
      return { ordered: false, open: (opening) => openFrom(`sqs://${name}?region=${queueRegion}&endpoint=${encodeURIComponent(server.endpoint)}`, folder, opening) };
    },
  },
];

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

describe('every source', () => {
  before(async () => {
    process.env['AWS_ACCESS_KEY_ID'] = queueCredentials.accessKeyId;
    process.env['AWS_SECRET_ACCESS_KEY'] = queueCredentials.secretAccessKey;
    server = await startQueue();
  });
  after(async () => {
    delete process.env['AWS_ACCESS_KEY_ID'];
    delete process.env['AWS_SECRET_ACCESS_KEY'];
    await server.stop();
  });

  for (const kind of kinds) {
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
        const { marks } = await readAll(await subject.open({}));
        assert.deepEqual((await readAll(await subject.open({ taken: marks }))).seen, []);
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
          rows += batch.kind === 'lines' ? batch.rows : batch.messages.length;
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
});
