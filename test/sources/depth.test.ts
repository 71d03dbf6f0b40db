import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { readTaken } from '../../src/bronze/manifest.js';
import { probeDepth, type Depth } from '../../src/sources/depth.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { eventBody, linesFile, withPipeline, type Pipeline } from '../support/pipeline.js';
import { queueCredentials, queueRegion, sendAll, startQueue, type QueueServer } from '../support/queue.js';

const none = () => Promise.resolve(new Map());

async function depthOf(from: string, pipeline?: Pipeline): Promise<Depth> {
  const probe = probeDepth(from);
  try {
    return await probe.read(pipeline === undefined ? none : async () => (await readTaken(pipeline.lake, pipeline.dataset)).marks, none);
  } finally {
    probe.close();
  }
}

describe('how much waits in a queue', () => {
  let server: QueueServer;
  const variables = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
  const was = new Map(variables.map((name) => [name, process.env[name]]));

  before(async () => {
    server = await startQueue();
    process.env['AWS_ACCESS_KEY_ID'] = queueCredentials.accessKeyId;
    process.env['AWS_SECRET_ACCESS_KEY'] = queueCredentials.secretAccessKey;
  });
  after(async () => {
    for (const [name, value] of was) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
    await server.stop();
  });

  const uri = (queue: string, endpoint = server.endpoint): string => `sqs://${queue}?region=${queueRegion}&endpoint=${encodeURIComponent(endpoint)}`;

  it('is what can be received, what somebody has received, and what is delayed', async () => {
    const url = await server.createQueue('three-states');
    await sendAll(server.client, url, Array.from({ length: 12 }, (_none, index) => `{"n":${index}}`));
    await server.client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: '{}', DelaySeconds: 900 }));
    await server.client.send(new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 5 }));
    assert.deepEqual(await depthOf(uri('three-states')), { kind: 'queue', uri: 'sqs://three-states', visible: 7, inFlight: 5, delayed: 1, lagMessages: 13 });
  });

  it('takes nothing from it, and is told anew by the same probe, also after an error', async () => {
    const probe = probeDepth(uri('asked-twice'));
    try {
      await assert.rejects(probe.read(none, none), { code: 'SOURCE_NOT_FOUND', message: 'the queue asked-twice does not exist' });
      const url = await server.createQueue('asked-twice');
      const depths: unknown[] = [];
      for (let n = 0; n < 3; n++) {
        const depth = await probe.read(none, none);
        depths.push(depth.kind === 'queue' && [depth.visible, depth.inFlight]);
        await sendAll(server.client, url, ['{}']);
      }
      assert.deepEqual(depths, [[0, 0], [1, 0], [2, 0]]);
    } finally {
      probe.close();
    }
  });

  it('is asked of a queue named by its URL', async () => {
    const url = await server.createQueue('by-url');
    await sendAll(server.client, url, ['{}', '{}']);
    const depth = await depthOf(`${url}?region=${queueRegion}&endpoint=${encodeURIComponent(server.endpoint)}`);
    assert.equal(depth.kind === 'queue' && depth.lagMessages, 2);
  });

  it('is an error when nobody answers at the endpoint', async () => {
    const closed = createServer();
    const port = await new Promise<number>((resolve) => closed.listen(0, '127.0.0.1', () => resolve((closed.address() as AddressInfo).port)));
    await new Promise((resolve) => closed.close(resolve));
    await assert.rejects(depthOf(uri('made-up', `http://127.0.0.1:${port}`)), { code: 'SOURCE_UNREACHABLE', path: 'sqs://made-up' });
  });
});

describe('how much waits in files', () => {
  after(removeTemporaryFolders);

  it('is every byte before anything has landed, and nothing after', async () => {
    await withPipeline(async (pipeline) => {
      const folder = temporaryFolder();
      const paths = ['a', 'b'].map((user) => linesFile([eventBody({ user_id: user })], `${user}.ndjson`, folder));
      writeFileSync(join(folder, 'notes.txt'), 'not an input');
      const lagBytes = paths.reduce((total, path) => total + statSync(path).size, 0);
      assert.deepEqual(await depthOf(folder, pipeline), { kind: 'files', uri: folder, files: 2, waitingFiles: 2, lagBytes });
      await pipeline.land(folder);
      assert.deepEqual(await depthOf(folder, pipeline), { kind: 'files', uri: folder, files: 2, waitingFiles: 0, lagBytes: 0 });
    });
  });

  it('is only what has come behind in a file that has grown, and all of a new one', async () => {
    await withPipeline(async (pipeline) => {
      const folder = temporaryFolder();
      const grown = linesFile([eventBody({ user_id: 'a' })], 'grown.ndjson', folder);
      await pipeline.land(folder);
      const more = `${eventBody({ user_id: 'b' })}\n`;
      appendFileSync(grown, more);
      const fresh = linesFile([eventBody({ user_id: 'c' }), eventBody({ user_id: 'd' })], 'fresh.ndjson', folder);
      assert.deepEqual(await depthOf(join(folder, '*.ndjson'), pipeline), { kind: 'files', uri: join(folder, '*.ndjson'), files: 2, waitingFiles: 2, lagBytes: more.length + statSync(fresh).size });
    });
  });

  it('knows landed content by another name, and other content of the same size', async () => {
    await withPipeline(async (pipeline) => {
      const folder = temporaryFolder();
      const first = linesFile([eventBody({ user_id: 'a' })], 'first.ndjson', folder);
      await pipeline.land(folder);
      copyFileSync(first, join(folder, 'copy.ndjson'));
      renameSync(first, join(folder, 'renamed.ndjson'));
      const other = linesFile([eventBody({ user_id: 'b' })], 'other.ndjson', folder);
      assert.equal(statSync(other).size, statSync(join(folder, 'copy.ndjson')).size);
      assert.deepEqual(await depthOf(folder, pipeline), { kind: 'files', uri: folder, files: 3, waitingFiles: 1, lagBytes: statSync(other).size });
    });
  });

  it('is nothing in an empty folder, and an error where no file matches', async () => {
    const folder = temporaryFolder();
    assert.deepEqual(await depthOf(folder), { kind: 'files', uri: folder, files: 0, waitingFiles: 0, lagBytes: 0 });
    await assert.rejects(depthOf(join(folder, 'absent.ndjson')), { code: 'SOURCE_NOT_FOUND' });
    await assert.rejects(depthOf(join(folder, '*.ndjson')), { code: 'SOURCE_NOT_FOUND' });
  });

  it('is refused for stdin and for what is no source', () => {
    assert.throws(() => probeDepth('-'), { code: 'USAGE', message: /stdin/ });
    assert.throws(() => probeDepth('kafka://topic'), { code: 'USAGE' });
  });
});
