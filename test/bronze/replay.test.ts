import assert from 'node:assert/strict';
import { replayBronze } from '../../src/bronze/replay.js';
import { listPerson } from '../../src/forget/bronze.js';
import { LocalStorage } from '../../src/lake/local.js';
import { removeTemporaryFolders } from '../support/lake.js';
import { eventBody, linesFile, Pipeline, withPipeline } from '../support/pipeline.js';
import { assertBalanced, at, both, contracts, copyOf, lines, mendedRows, messages, rejectingLake, replay, type Contracts } from '../support/rejecting-lake.js';
import { Crash, RecordingStorage, SteppedStorage } from '../support/recording-storage.js';
import { share } from '../support/thorough.js';

describe('a replay that is killed, or not alone', () => {
  let folders: Contracts;
  let rejecting: string;
  let expected: Record<string, string[]>;

  before(async () => {
    folders = contracts();
    rejecting = await rejectingLake(folders);
    expected = await mendedRows(folders);
  });

  after(removeTemporaryFolders);

  const copy = (): string => copyOf(rejecting);

  it('takes no row twice when another replay and a consumer are at work', async () => {
    const root = copy();
    const others = await Pipeline.open({ root, datasets: folders.mended });
    let met = 0;
    const storage = new SteppedStorage(new LocalStorage(root), async ({ op, path }) => {
      if (op !== 'putIfAbsent' || !path.startsWith('_ingot/intents/bronze.shop/') || met++ > 0) return;
      await others.land(linesFile([both(at('2T13:00:00')), 'neither is this json']));
      await replayBronze(others.lake, others.dataset);
    });
    await withPipeline(async (pipeline) => {
      assert.deepEqual((await replay(pipeline)).result.bronze.landed, {});
      assert.ok(met > 0);
      const audit = await pipeline.audit();
      assert.deepEqual([audit.differences, audit.landed, audit.rejected], [[], 10, 5]);
      const ids = await messages(pipeline);
      assert.deepEqual([ids.length, new Set(ids).size], [lines.length + 2, lines.length + 2]);
    }, { root, storage, datasets: folders.mended });
    await others.close();
  });

  it('goes on with its run when a consumer has landed more meanwhile', async () => {
    const root = copy();
    const other = await Pipeline.open({ root, datasets: folders.mended });
    let met = 0;
    const storage = new SteppedStorage(new LocalStorage(root), async ({ op, path }) => {
      if (op === 'putIfAbsent' && path.startsWith('_ingot/intents/bronze.shop/') && met++ === 0) await other.land(linesFile([both(at('2T13:00:00'))]));
    });
    await withPipeline(async (pipeline) => {
      const { result } = await replay(pipeline);
      assert.deepEqual([result.bronze.landed, result.bronze.commits], [{ event_time_missing: 4 }, 1]);
      const audit = await pipeline.audit();
      assert.deepEqual([audit.differences, audit.pending, audit.landed, audit.rejected], [[], 0, 10, 4]);
    }, { root, storage, datasets: folders.mended });
    await other.close();
  });

  /** Where to die: of effects of one kind in a row before the first, the second and the last. */
  function crashPoints(effects: readonly string[]): number[] {
    const kind = (index: number): string => effects[index]?.split(' ')[0] ?? '';
    const inner = (index: number): boolean => kind(index - 1) === kind(index) && kind(index - 2) === kind(index) && kind(index + 1) === kind(index);
    return effects.slice(0, -1).flatMap((_effect, index) => (/^(stage|adopt|remove)$/.test(kind(index)) && inner(index) ? [] : [index]));
  }

  it('looks again when a person was forgotten while it was reading', async () => {
    const root = copy();
    await withPipeline((pipeline) => pipeline.land(linesFile([eventBody({ event_timestamp: at('2T10:45:00'), user_id: 'gone' }), eventBody({ event_timestamp: at('2T10:45:00') })])), { root, datasets: folders.old });
    const other = await Pipeline.open({ root, datasets: folders.mended });
    let met = 0;
    const storage = new SteppedStorage(new LocalStorage(root), async ({ op, path }) => {
      if (op === 'stage' && path.startsWith('_ingot/staging/bronze.shop/') && met++ === 0) await listPerson(other.lake, other.dataset, 'gone');
    });
    await withPipeline(async (pipeline) => {
      assert.deepEqual((await replay(pipeline)).result.bronze.landed, { event_time_missing: 5 });
      assert.ok(met > 0);
      assert.deepEqual(await pipeline.rows("SELECT count(*) AS n FROM bronze.shop WHERE body LIKE '%gone%'"), [{ n: '0' }]);
      const audit = await pipeline.audit();
      assert.deepEqual([audit.differences, audit.landed, audit.rejected, audit.forgotten], [[], 10, 4, 1]);
    }, { root, storage, datasets: folders.mended });
    await other.close();
  });

  it('is finished by the next one when it was killed at any effect on bronze, or between the layers', async () => {
    const whole = new RecordingStorage(new LocalStorage(copy()));
    await withPipeline((pipeline) => replay(pipeline), { root: whole.root, storage: whole, datasets: folders.mended });
    const silver = whole.effects.findIndex((effect) => effect.includes('silver'));
    const gold = whole.effects.findIndex((effect) => effect.includes('gold'));
    assert.ok(silver > 0 && gold > silver);
    const points = [...share(crashPoints(whole.effects.slice(0, silver + 2))), gold, whole.effects.length - 2];
    for (const effect of points) {
      const root = copy();
      const storage = new RecordingStorage(new LocalStorage(root), { effect, when: 'before' });
      await assert.rejects(withPipeline((pipeline) => replay(pipeline), { root, storage, datasets: folders.mended }), Crash, `nothing died at ${whole.effects[effect]}`);
      await withPipeline(async (pipeline) => {
        const seen = await messages(pipeline);
        assert.deepEqual([seen.length, new Set(seen).size], [lines.length, lines.length], `what a reader sees after ${whole.effects[effect]}`);
        await replay(pipeline);
        assert.deepEqual(await pipeline.contract(), expected, `the rerun, after ${whole.effects[effect]}`);
        await assertBalanced(pipeline, 9, 4);
      }, { root, datasets: folders.mended });
    }
  });

  it('is finished by the next run of silver and gold when it was killed after bronze', async () => {
    await withPipeline(async (pipeline) => {
      await replayBronze(pipeline.lake, pipeline.dataset);
      assert.notDeepEqual(await pipeline.contract(), expected);
      await pipeline.build();
      assert.deepEqual(await pipeline.contract(), expected);
    }, { root: copy(), datasets: folders.mended });
  });
});
