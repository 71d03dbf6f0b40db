import assert from 'node:assert/strict';
import { Bronze } from '../../src/bronze/bronze.js';
import { consume, type WindowLimits } from '../../src/bronze/consume.js';
import type { Window } from '../../src/bronze/window.js';
import { LocalStorage } from '../../src/lake/local.js';
import type { RecordBatch } from '../../src/sources/source.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { eventBody, withPipeline, type Pipeline } from '../support/pipeline.js';
import { Crash, RecordingStorage } from '../support/recording-storage.js';
import { appId, recordBatch, RecordSource } from './record-source.js';

const limits: WindowLimits = { bytes: 1e9, rows: 6, ageMs: 60_000 };
const log = (name: string, count: number): string[] => Array.from({ length: count }, (_none, index) => (index % 3 === 2 ? `broken ${name}${index}` : eventBody({ user_id: `${name}${index}` })));
const logs = [log('a', 7), log('b', 3)];
const all = ['0:0', '0:1', '0:2', '0:3', '0:4', '0:5', '0:6', '1:0', '1:1', '1:2'];

async function positions(pipeline: Pipeline): Promise<unknown[]> {
  const rows = await pipeline.rows('SELECT source_position FROM bronze.shop UNION ALL SELECT source_position FROM bronze.shop_rejected ORDER BY ALL');
  return rows.map((row) => row['source_position']);
}

async function drain(pipeline: Pipeline): Promise<void> {
  const bronze = new Bronze(pipeline.lake, pipeline.dataset);
  await bronze.open();
  await consume(bronze, new RecordSource(logs, await bronze.offsets(), 3), limits, pipeline.lake.clock, new AbortController().signal);
}

async function windowOf(bronze: Bronze, batches: readonly RecordBatch[]): Promise<Window> {
  const window = await bronze.openWindow('kafka://test/topic');
  try {
    for (const batch of batches) await window.add(batch);
  } finally {
    await window.seal();
  }
  return window;
}

describe('offsets of a topic, in the lake', () => {
  after(removeTemporaryFolders);

  it('are committed with the rows, and every offset is there once after the rerun, whichever effect on the lake it died before', async () => {
    const whole = new RecordingStorage(new LocalStorage(temporaryFolder()), null);
    await withPipeline(drain, { root: whole.root, storage: whole });
    for (let effect = 0; effect < whole.effects.length - 1; effect++) {
      const root = temporaryFolder();
      const storage = new RecordingStorage(new LocalStorage(root), { effect, when: 'before' });
      await assert.rejects(withPipeline(drain, { root, storage }), Crash, `nothing died at effect ${effect}`);
      await withPipeline(async (pipeline) => {
        await drain(pipeline);
        assert.deepEqual(await positions(pipeline), all, `after effect ${effect}`);
        const audit = await pipeline.audit();
        assert.deepEqual([audit.balanced, audit.received, audit.redelivered], [true, 10, 0]);
      }, { root });
    }
  });

  it('let a window land only what others have not landed of it meanwhile', async () => {
    await withPipeline(async (pipeline) => {
      const [slow, quick] = [new Bronze(pipeline.lake, pipeline.dataset), new Bronze(pipeline.lake, pipeline.dataset)];
      const late = await windowOf(slow, [recordBatch(0, -1, logs[0]!.slice(0, 5)), recordBatch(1, -1, logs[1]!)]);
      await quick.commit(await windowOf(quick, [recordBatch(0, -1, logs[0]!.slice(0, 3))]));
      const counts = await slow.commit(late);
      assert.deepEqual([counts.received, counts.dropped, counts.redelivered], [5, 3, 0]);
      const rest = await slow.commit(await windowOf(slow, [recordBatch(0, 5, logs[0]!.slice(5))]));
      assert.deepEqual([rest.received, rest.dropped], [2, 0]);
      assert.deepEqual(await positions(pipeline), all);
      assert.equal((await pipeline.audit()).received, 10);
    });
  });

  it('leave out slow rows and rejected ones too', async () => {
    await withPipeline(async (pipeline) => {
      const bodies = [eventBody({ note: 'x' }).replace('{', '{\n'), 'x\ny', ...logs[1]!];
      const bronze = new Bronze(pipeline.lake, pipeline.dataset);
      const late = await windowOf(bronze, [recordBatch(0, -1, bodies)]);
      await bronze.commit(await windowOf(bronze, [recordBatch(0, -1, bodies.slice(0, 2))]));
      assert.equal((await bronze.commit(late)).dropped, 2);
      assert.deepEqual(await positions(pipeline), ['0:0', '0:1', '0:2', '0:3', '0:4']);
    });
  });

  it('make no commit of a window that others have landed whole', async () => {
    await withPipeline(async (pipeline) => {
      const bronze = new Bronze(pipeline.lake, pipeline.dataset);
      const late = await windowOf(bronze, [recordBatch(0, -1, logs[0]!)]);
      await bronze.commit(await windowOf(bronze, [recordBatch(0, -1, logs[0]!)]));
      const before = await pipeline.versions();
      const counts = await bronze.commit(late);
      assert.deepEqual([counts.received, counts.dropped, counts.files], [0, 7, 0]);
      assert.deepEqual(await pipeline.versions(), before);
    });
  });

  it('refuse a window that would leave a gap, so that it is read again', async () => {
    await withPipeline(async (pipeline) => {
      const bronze = new Bronze(pipeline.lake, pipeline.dataset);
      await bronze.commit(await windowOf(bronze, [recordBatch(0, -1, logs[0]!.slice(0, 3))]));
      await assert.rejects(bronze.commit(await windowOf(bronze, [recordBatch(0, 4, logs[0]!.slice(4))])), { code: 'COMMIT_CONFLICT' });
      assert.equal((await bronze.offsets()).get(appId(0)), 3);
    });
  });

  it('move without rows: behind markers and what was compacted', async () => {
    await withPipeline(async (pipeline) => {
      const bronze = new Bronze(pipeline.lake, pipeline.dataset);
      const counts = await bronze.commit(await windowOf(bronze, [{ ...recordBatch(0, -1, []), mark: { appId: appId(0), from: -1, next: 9 } }]));
      assert.deepEqual([counts.received, counts.files, (await bronze.offsets()).get(appId(0))], [0, 0, 9]);
    });
  });

  it('are not mixed up by a window whose batches do not follow each other', async () => {
    await withPipeline(async (pipeline) => {
      const bronze = new Bronze(pipeline.lake, pipeline.dataset);
      await assert.rejects(windowOf(bronze, [recordBatch(0, -1, logs[0]!.slice(0, 3)), recordBatch(0, 4, logs[0]!.slice(4))]), { code: 'INTERNAL' });
    });
  });
});
