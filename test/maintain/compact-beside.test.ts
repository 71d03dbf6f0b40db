import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { filePath } from '../../src/lake/layout.js';
import { LocalStorage } from '../../src/lake/local.js';
import { Scope } from '../../src/lake/publication.js';
import { compactScope } from '../../src/maintain/compact.js';
import { closedPartitions } from '../../src/maintain/plan.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { withPipeline, type Pipeline } from '../support/pipeline.js';
import { Crash, RecordingStorage, SteppedStorage } from '../support/recording-storage.js';
import { allRows, assertGlobIsSnapshot, compact, days, filesOf, fill, landing, landings } from './small-files.js';
import { share } from '../support/thorough.js';

describe('a compaction beside writers and readers', () => {
  let full: string;

  before(async () => {
    full = temporaryFolder();
    await withPipeline(fill, { root: full });
  });

  after(removeTemporaryFolders);

  function copy(): string {
    const root = temporaryFolder();
    cpSync(full, root, { recursive: true });
    return root;
  }

  it('keeps replaced files as long as they are retained', async () => {
    const root = copy();
    await withPipeline(async (pipeline) => {
      const before = await filesOf(pipeline, 'bronze.shop');
      const { lake } = pipeline;
      Object.assign(lake.options, { retainMs: 60_000 });
      await compact(pipeline);
      for (const file of before) assert.notEqual(await lake.storage.size(`bronze/shop/${filePath(file.path)}`), null);
      const notes = await lake.storage.list('_ingot/discard/bronze.shop');
      assert.equal(notes.length, 1);
      const noted = JSON.parse((await lake.storage.read(`_ingot/discard/bronze.shop/${notes[0]}`))?.toString() ?? '[]') as string[];
      assert.deepEqual(noted.filter((path) => path.startsWith('bronze/shop/')).sort(), before.map((file) => `bronze/shop/${filePath(file.path)}`).sort());
      assert.ok((await pipeline.audit()).balanced);
    }, { root });
  });

  it('takes in events that land between its plan and its commit, and silver builds exactly these', async () => {
    const root = copy();
    const state = { landed: false };
    const storage = new SteppedStorage(new LocalStorage(root), async ({ op, path }) => {
      if (state.landed || op !== 'stage' || !path.startsWith('_ingot/staging/bronze.shop')) return;
      state.landed = true;
      await withPipeline((other) => other.land(landing(landings)), { root });
    });
    await withPipeline(async (pipeline) => {
      const { summary } = await compact(pipeline);
      assert.ok(state.landed);
      assert.equal(summary.tables['bronze.shop']?.filesBefore, 8);
      assert.equal(await pipeline.count('bronze.shop'), (landings + 1) * 6);
      assert.equal((await filesOf(pipeline, 'bronze.shop')).length, 4);
      const { silver } = await pipeline.build();
      assert.deepEqual([silver.partitions.length, silver.appended.length], [2, 2]);
      assert.ok((await pipeline.audit()).balanced);
    }, { root, storage });
  });

  it('plans again when files that it reads were replaced meanwhile', async () => {
    const root = copy();
    const state = { replaced: false };
    const storage = new SteppedStorage(new LocalStorage(root), async ({ op, path }) => {
      if (state.replaced || op !== 'stage' || !path.startsWith('_ingot/staging/silver.shop')) return;
      state.replaced = true;
      await withPipeline((other) => other.silver({ since: '2026-01-01', until: '2026-01-01' }), { root });
    });
    await withPipeline(async (pipeline) => {
      const rows = await allRows(pipeline);
      await compact(pipeline);
      assert.ok(state.replaced);
      assert.equal((await filesOf(pipeline, 'silver.event')).length, days.length);
      assert.deepEqual(await allRows(pipeline), rows);
      assert.ok((await pipeline.audit()).balanced);
    }, { root, storage });
  });

  it('leaves the same rows whichever effect it died before, and finishes on the next run', async () => {
    const counted = copy();
    const recording = new RecordingStorage(new LocalStorage(counted));
    const compactSilver = (pipeline: Pipeline) => compactScope(new Scope(pipeline.lake, 'silver.shop', 'silver', 'event'), ['item_event', 'shop_rejected', 'event'], { rule: closedPartitions(pipeline.lake.clock.nowMs(), 0) });
    const rows = await withPipeline(async (pipeline) => {
      await compactSilver(pipeline);
      return allRows(pipeline);
    }, { root: counted, storage: recording });
    const kind = (index: number): string => recording.effects[index]?.split(' ')[0] ?? '';
    const inner = (index: number): boolean => /^(stage|adopt|remove)$/.test(kind(index)) && kind(index - 1) === kind(index) && kind(index + 1) === kind(index);
    const points = recording.effects.flatMap((_effect, index) => (inner(index) ? [] : [index]));
    assert.ok(points.length > 8);
    for (const effect of share(points.slice(0, -1))) {
      const root = copy();
      await assert.rejects(withPipeline(compactSilver, { root, storage: new RecordingStorage(new LocalStorage(root), { effect, when: 'before' }) }), Crash);
      await withPipeline(async (pipeline) => {
        assert.deepEqual(await allRows(pipeline), rows, `before the rerun, after ${recording.effects[effect]}`);
        await compactSilver(pipeline);
        assert.deepEqual(await allRows(pipeline), rows, `the rerun, after ${recording.effects[effect]}`);
        assert.equal((await filesOf(pipeline, 'silver.event')).length, days.length);
        await assertGlobIsSnapshot(pipeline);
        assert.ok((await pipeline.audit()).balanced);
      }, { root });
    }
  });
});
