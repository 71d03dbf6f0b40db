import assert from 'node:assert/strict';
import { Bronze } from '../../src/bronze/bronze.js';
import { consume, type WindowLimits } from '../../src/bronze/consume.js';
import { LocalStorage } from '../../src/lake/local.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { eventBody, linesFile, Pipeline, withPipeline } from '../support/pipeline.js';
import { Crash, RecordingStorage, type CrashPoint } from '../support/recording-storage.js';
import { MessageQueue } from './message-source.js';

const wide: WindowLimits = { bytes: 1e9, rows: 1000, ageMs: 60_000 };
/** Two platforms, two that bronze rejects and one whose body is no text. */
const bodies = new Map([
  ['m1', eventBody()],
  ['m2', eventBody({ user_id: 'u2' })],
  ['m3', eventBody({ platform: 'ANDROID' })],
  ['m4', 'no json'],
  ['m5', eventBody({ event_timestamp: 'yesterday' })],
  ['m6', '{"half": "\ud800"}'],
]);

/** Runs with a lake whose process dies at the point; gives the effects on its storage. */
async function over(root: string, crash: CrashPoint | null, work: (pipeline: Pipeline) => Promise<unknown>): Promise<string[]> {
  const storage = new RecordingStorage(new LocalStorage(root), crash);
  const ran = withPipeline(work, { root, storage });
  if (crash === null) await ran;
  else await assert.rejects(ran, Crash, `nothing died at effect ${crash.effect}`);
  return storage.effects;
}

async function drain(pipeline: Pipeline, queue: MessageQueue, limits = wide, onAck?: (messageId: string) => void): Promise<void> {
  const bronze = new Bronze(pipeline.lake, pipeline.dataset);
  await bronze.open();
  await consume(bronze, queue.open(3, onAck), limits, pipeline.lake.clock, new AbortController().signal);
}

/** Message ids of bronze and its rejected table, sorted, each as often as it is there. */
async function landed(pipeline: Pipeline): Promise<unknown[]> {
  const rows = await pipeline.rows('SELECT message_id FROM bronze.shop UNION ALL SELECT message_id FROM bronze.shop_rejected ORDER BY ALL');
  return rows.map((row) => row['message_id']);
}

describe('a window of bronze, crashed at each step', () => {
  after(removeTemporaryFolders);

  it('is synced, written down, put in place, committed with the rejected table before bronze itself, and only then acknowledged', async () => {
    const root = temporaryFolder();
    const storage = new RecordingStorage(new LocalStorage(root));
    await withPipeline(async (pipeline) => {
      const queue = new MessageQueue(bodies);
      await drain(pipeline, queue, wide, (id) => storage.effects.push(`ack ${id}`));
      assert.deepEqual(queue.left, []);
    }, { root, storage });
    const log = storage.effects.map((effect) => effect.replace(/#\d+/g, '#').replace(/\/(rows|rejected)\/.*/, '/$1').replace(/=.*/, ''));
    assert.deepEqual(log, [
      'stage _ingot/staging/bronze.shop/#/rejected',
      'stage _ingot/staging/bronze.shop/#/rows',
      'stage _ingot/staging/bronze.shop/#/rows',
      'putIfAbsent _ingot/intents/bronze.shop/00000000000000000001.json',
      'adopt bronze/shop_rejected/received_date',
      'adopt bronze/shop/event_date',
      'adopt bronze/shop/event_date',
      'putIfAbsent bronze/shop_rejected/_delta_log/00000000000000000000.json',
      'putIfAbsent bronze/shop/_delta_log/00000000000000000000.json',
      'removeFolder _ingot/staging/bronze.shop/#',
      'put _ingot/intents/bronze.shop/00000000000000000001.json',
      'ack m1', 'ack m2', 'ack m3', 'ack m4', 'ack m5', 'ack m6',
      'removeFolder _ingot/staging/spill/#',
    ]);
  });

  /** Two windows of three messages each; gives how many messages the rerun counted as delivered before. */
  async function rerunAfter(crash: CrashPoint | null, diesAtAck: number | null): Promise<{ readonly effects: string[]; readonly expected: number; readonly redelivered: number }> {
    const root = temporaryFolder();
    const queue = new MessageQueue(bodies);
    const work = (pipeline: Pipeline): Promise<void> => drain(pipeline, queue, { ...wide, rows: 3 }, () => {
      if (diesAtAck !== null && queue.acked.length >= diesAtAck) throw new Crash('dead before an ack');
    });
    const effects = diesAtAck === null ? await over(root, crash, work) : await died(root, work);
    const begun = effects.filter((effect) => effect.startsWith('putIfAbsent _ingot/intents')).length;
    const expected = 3 * begun - queue.acked.length;
    await withPipeline(async (pipeline) => {
      await drain(pipeline, queue, { ...wide, rows: 3 });
      const audit = await pipeline.audit();
      assert.deepEqual([audit.balanced, audit.differences], [true, []]);
      assert.deepEqual(await landed(pipeline), ['m1', 'm2', 'm3', 'm4', 'm5', 'm6']);
      assert.deepEqual([audit.received, audit.landed, audit.rejected], [6 + audit.redelivered, 3, 3]);
      assert.deepEqual(queue.left, []);
      assert.equal(audit.redelivered, expected);
    }, { root });
    return { effects, expected, redelivered: expected };
  }

  async function died(root: string, work: (pipeline: Pipeline) => Promise<unknown>): Promise<string[]> {
    const storage = new RecordingStorage(new LocalStorage(root));
    await assert.rejects(withPipeline(work, { root, storage }), Crash);
    return storage.effects;
  }

  it('has every message of a queue once after the rerun, whichever effect on the lake it died before', async () => {
    const whole = await rerunAfter(null, null);
    assert.equal(whole.expected, 0);
    const seen = new Set<number>();
    for (let effect = 0; effect < whole.effects.length - 1; effect++) {
      const { expected } = await rerunAfter({ effect, when: 'before' }, null);
      seen.add(expected);
    }
    assert.deepEqual([...seen].sort(), [0, 3]);
  });

  it('counts as redelivered what was committed and whose acknowledgement died', async () => {
    const redelivered: number[] = [];
    for (let acked = 0; acked < 6; acked++) redelivered.push((await rerunAfter(null, acked)).redelivered);
    assert.deepEqual(redelivered, [3, 2, 1, 3, 2, 1]);
  });

  it('has every line of a file once after the rerun, and the manifest with it', async () => {
    const path = linesFile([...bodies.values()]);
    const ids = await withPipeline(async (pipeline) => {
      await pipeline.land(path);
      return landed(pipeline);
    });
    assert.equal(new Set(ids).size, 6);
    const whole = await over(temporaryFolder(), null, (pipeline) => pipeline.land(path));
    assert.ok(whole.includes('adopt bronze/shop/_files/00000000000000000001.json'));
    for (let effect = 0; effect < whole.length - 1; effect++) {
      const root = temporaryFolder();
      await over(root, { effect, when: 'before' }, (pipeline) => pipeline.land(path));
      await withPipeline(async (pipeline) => {
        const { summary } = await pipeline.land(path);
        assert.ok(summary.received === 0 || summary.received === 6);
        assert.deepEqual(await landed(pipeline), ids);
        const audit = await pipeline.audit();
        assert.deepEqual([audit.balanced, audit.received, audit.landed, audit.rejected, audit.redelivered], [true, 6, 3, 3, 0]);
        assert.equal((await pipeline.land(path)).summary.received, 0);
      }, { root });
    }
  });
});
