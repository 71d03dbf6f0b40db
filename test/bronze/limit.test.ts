import assert from 'node:assert/strict';
import { Bronze, type WindowCounts } from '../../src/bronze/bronze.js';
import { consume } from '../../src/bronze/consume.js';
import { LakeError } from '../../src/errors.js';
import { removeTemporaryFolders } from '../support/lake.js';
import { eventBody, linesFile, withPipeline, type Pipeline } from '../support/pipeline.js';
import { MessageQueue } from './message-source.js';

/** Windows of five messages. */
async function drain(pipeline: Pipeline, queue: MessageQueue, maxRejected: number): Promise<WindowCounts[]> {
  const bronze = new Bronze(pipeline.lake, pipeline.dataset, { maxRejected });
  await bronze.open();
  const committed: WindowCounts[] = [];
  await consume(bronze, queue.open(5), { bytes: 1e9, rows: 5, ageMs: 60_000 }, pipeline.lake.clock, new AbortController().signal, { committed: (counts) => void committed.push(counts) });
  return committed;
}

/** A queue of windows with so many bad messages in each. */
function queueOf(...bad: readonly number[]): MessageQueue {
  const bodies = bad.flatMap((rows, window) => Array.from({ length: 5 }, (_none, index): [string, string] => [`w${window}m${index}`, index < rows ? `no json ${window}` : eventBody({ user_id: `u${window}-${index}` })]));
  return new MessageQueue(new Map(bodies));
}

describe('a limit on what bronze may reject', () => {
  after(removeTemporaryFolders);

  it('stops at a window that has more, and commits and acknowledges nothing of it', async () => {
    await withPipeline(async (pipeline) => {
      const queue = queueOf(3);
      await assert.rejects(drain(pipeline, queue, 0.5), (error: unknown) => {
        assert.ok(error instanceof LakeError);
        assert.equal(error.code, 'CHECK_FAILED');
        assert.equal(error.message, '3 of 5 messages of a window would be rejected, 60%, more than --max-rejected 50%: 3 not_json (such as no json 0)');
        assert.match(error.hint ?? '', /still in the source/);
        return true;
      });
      assert.deepEqual([queue.acked, await pipeline.versions()], [[], {}]);
      assert.deepEqual(await pipeline.lake.storage.list('_ingot/staging/bronze.shop'), []);
    });
  });

  it('leaves the windows before it committed and acknowledged, and says so; all of it lands with a higher limit', async () => {
    await withPipeline(async (pipeline) => {
      const queue = queueOf(1, 2, 5);
      await assert.rejects(drain(pipeline, queue, 0.5), (error: unknown) => error instanceof LakeError && /The 10 messages before it are in bronze\./.test(error.hint ?? ''));
      assert.deepEqual(queue.left, ['w2m0', 'w2m1', 'w2m2', 'w2m3', 'w2m4']);
      const audit = await pipeline.audit();
      assert.deepEqual([audit.differences, audit.received, audit.landed, audit.rejected], [[], 10, 7, 3]);
      const committed = await drain(pipeline, queue, 1);
      assert.deepEqual([queue.left, committed.map(({ received, rejected, redelivered }) => [received, rejected, redelivered])], [[], [[5, 5, 0]]]);
      assert.deepEqual((await pipeline.audit()).differences, []);
    });
  });

  it('lets a window pass that has just as much, and any without a rejected message', async () => {
    await withPipeline(async (pipeline) => {
      const queue = queueOf(2, 0);
      assert.equal((await drain(pipeline, queue, 0.4)).length, 2);
      assert.deepEqual(queue.left, []);
      const none = queueOf(0);
      await drain(pipeline, none, 0);
      assert.deepEqual(none.left, []);
    });
  });

  it('takes of files what came before, and the rest when the limit is raised', async () => {
    await withPipeline(async (pipeline) => {
      const path = linesFile([eventBody(), eventBody({ user_id: 'u2' }), 'no json', Buffer.from([0xff])]);
      await assert.rejects(pipeline.land(path, { maxRejected: '5%' }), { code: 'CHECK_FAILED' });
      assert.equal((await pipeline.land(path, { maxRejected: '50%' })).summary.received, 4);
      const audit = await pipeline.audit();
      assert.deepEqual([audit.differences, audit.landed, audit.rejected], [[], 2, 2]);
    });
  });
});
