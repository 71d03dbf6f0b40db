import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { FakeS3 } from '../support/fake-s3.js';
import { queueCredentials, queueRegion, sendAll, startQueue, type QueueServer } from '../support/queue.js';
import { writeZip } from '../support/zip.js';
import { openFrom } from './collect.js';
import { describeSource, type Kind } from './contract.js';

let server: QueueServer;
let queues = 0;
let bucket: FakeS3;

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
  {
    name: 'a ZIP',
    fill: async (folder, bodies) => {
      await writeZip(join(folder, 'in.zip'), { 'events/a.ndjson': asLines(bodies.slice(0, 10)), 'events/b.json': bodies.length === 0 ? '' : `[${bodies.slice(10).join(',')}]` });
      return { ordered: true, open: (opening) => openFrom(join(folder, 'in.zip'), folder, opening) };
    },
  },
  {
    name: 'objects in S3',
    fill: (folder, bodies) => {
      bucket.objects.clear();
      bucket.objects.set('/events/in/a.ndjson', Buffer.from(asLines(bodies.slice(0, 10))));
      bucket.objects.set('/events/in/b.json.gz', gzipSync(`[${bodies.slice(10).join(',')}]`));
      return Promise.resolve({ ordered: true, open: (opening) => openFrom('s3://events/in', folder, opening) });
    },
  },
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

describe('every source', () => {
  before(async () => {
    process.env['AWS_ACCESS_KEY_ID'] = queueCredentials.accessKeyId;
    process.env['AWS_SECRET_ACCESS_KEY'] = queueCredentials.secretAccessKey;
    process.env['AWS_REGION'] = queueRegion;
    server = await startQueue();
    bucket = await FakeS3.start();
    process.env['AWS_ENDPOINT_URL_S3'] = bucket.endpoint;
  });
  after(async () => {
    delete process.env['AWS_ACCESS_KEY_ID'];
    delete process.env['AWS_SECRET_ACCESS_KEY'];
    delete process.env['AWS_REGION'];
    delete process.env['AWS_ENDPOINT_URL_S3'];
    await server.stop();
    await bucket.stop();
  });

  for (const kind of kinds) describeSource(kind);
});
