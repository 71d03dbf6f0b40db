import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { vacuumAll } from '../../src/commands/vacuum.js';
import { LocalStorage } from '../../src/lake/local.js';
import { Scope } from '../../src/lake/publication.js';
import { vacuum } from '../../src/maintain/vacuum.js';
import { removeTemporaryFolders, temporaryFolder, TestClock } from '../support/lake.js';
import { eventBody, linesFile, withPipeline } from '../support/pipeline.js';
import { Crash, RecordingStorage, SteppedStorage } from '../support/recording-storage.js';
import { addOrphan, age, copyOf, deadName, filesRemoved, fillLake, later, listing, range, vacuumed } from './left-behind.js';

describe('a vacuum beside writers, living and dead', () => {
  let full: string;

  before(async () => {
    full = temporaryFolder();
    await fillLake(full);
  });

  after(removeTemporaryFolders);

  it('removes what dead processes have in work, of every group, and leaves what living ones have', async () => {
    await later(copyOf(full), async (pipeline) => {
      const { root, lake } = pipeline;
      const groups = ['silver.shop', 'bronze.other', 'checkpoint', 'query'];
      for (const group of groups) {
        mkdirSync(join(root, '_ingot/staging', group, deadName, 'deep'), { recursive: true });
        writeFileSync(join(root, '_ingot/staging', group, deadName, 'deep', 'x'), '12345');
      }
      const alive = new Scope(lake, 'bronze.shop', 'bronze', 'shop').newStaging();
      await lake.storage.put(`${alive}/lines`, 'an open window');
      const { summary, lines } = await vacuumed(pipeline, { olderThan: '0' });
      assert.deepEqual(summary.removed.staging, { files: 4, bytes: 20 });
      assert.ok(lines.includes('removed  4 files in work folders of dead processes, 20 B'));
      for (const group of groups) assert.ok(!existsSync(join(root, '_ingot/staging', group, deadName)));
      assert.equal((await lake.storage.read(`${alive}/lines`))?.toString(), 'an open window');
    });
  });

  it('leaves the work of a dead process that a begun run of another dataset needs', async () => {
    await later(copyOf(full), async (pipeline) => {
      const { root, lake } = pipeline;
      const staging = `_ingot/staging/silver.other/${deadName}`;
      await lake.storage.put(`${staging}/x`, '12345');
      await lake.storage.put(`_ingot/intents/silver.other/${String(1).padStart(20, '0')}.json`, JSON.stringify({ id: 'x', scope: 'silver.other', run: 1, done: false, staging, nowMs: 0, tables: [], extras: [] }));
      assert.equal(filesRemoved((await vacuumed(pipeline)).summary), 0);
      assert.ok(existsSync(join(root, staging, 'x')));
    });
  });

  it('removes unfinished files of dead writers wherever they lie, an hour old at least', async () => {
    const root = copyOf(full);
    const places = ['silver/event/_delta_log', 'bronze/shop/_files', 'bronze/shop', '_ingot/intents/silver.shop', '_ingot'];
    for (const place of places) {
      for (const [name, hours] of [['.tmp-old', 2], ['.tmp-young', 0.5]] as const) {
        writeFileSync(join(root, place, name), 'half');
        age(root, `${place}/${name}`, hours);
      }
    }
    await withPipeline(async (pipeline) => {
      assert.deepEqual((await vacuumed(pipeline, { olderThan: '0' })).summary.removed.temporary, { files: places.length, bytes: 4 * places.length });
      for (const place of places) assert.deepEqual([existsSync(join(root, place, '.tmp-old')), existsSync(join(root, place, '.tmp-young'))], [false, true]);
    }, { root, clock: new TestClock(Date.now()) });
  });

  it('finishes a run that a dead process has begun', async () => {
    const root = copyOf(full);
    const whole = await withPipeline((pipeline) => pipeline.contract(), { root });
    const died = new RecordingStorage(new LocalStorage(root));
    const effects = await withPipeline(async (pipeline) => {
      await pipeline.silver(range);
      return died.effects;
    }, { root: copyOf(full), storage: died });
    const adopted = effects.findIndex((effect) => effect.startsWith('adopt '));
    assert.ok(adopted > 0);
    const crashed = copyOf(full);
    await assert.rejects(withPipeline((pipeline) => pipeline.silver(range), { root: crashed, storage: new RecordingStorage(new LocalStorage(crashed), { effect: adopted, when: 'after' }) }), Crash);
    await later(crashed, async (pipeline) => {
      assert.equal((await vacuumed(pipeline, { dryRun: true })).summary.finished, 1);
      const { summary, lines } = await vacuumed(pipeline);
      assert.deepEqual([summary.finished, filesRemoved(summary)], [1, 0]);
      assert.ok(lines.includes('finished  1 run that a process had begun'));
      assert.deepEqual(await pipeline.contract(), whole);
      const audit = await pipeline.audit();
      assert.deepEqual(audit.differences, []);
      assert.deepEqual((await pipeline.silver()).partitions, []);
    });
  });

  it('hurts no run that is being put in place, at any of its steps', async () => {
    const root = copyOf(full);
    const state = { vacuums: 0, busy: false };
    const storage = new SteppedStorage(new LocalStorage(root), async ({ op, path }) => {
      if (state.busy || !['adopt', 'putIfAbsent', 'stage', 'remove'].includes(op) || path.startsWith('_ingot/staging/spill')) return;
      state.busy = true;
      await withPipeline(async (other) => {
        const tables = ['bronze.shop', 'bronze.shop_rejected', 'silver.event', 'silver.item_event'].map((name) => ({ layer: name.split('.')[0] ?? '', table: name.split('.')[1] ?? '' }));
        await vacuum(other.lake, [], tables, { olderThanMs: 0 });
      }, { root });
      state.vacuums++;
      state.busy = false;
    });
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile([eventBody({ user_id: 'new', event_timestamp: Date.parse('2026-01-05T12:00:00Z') })]));
      await pipeline.silver();
      assert.ok(state.vacuums > 10, String(state.vacuums));
      assert.deepEqual([await pipeline.count('bronze.shop'), await pipeline.count('silver.event')], [3, 3]);
      assert.deepEqual((await pipeline.audit()).differences, []);
    }, { root, storage });
  });

  it('may be killed at any step and done again', async () => {
    const dirty = copyOf(full);
    addOrphan(dirty, 'silver/event');
    addOrphan(dirty, 'bronze/shop');
    mkdirSync(join(dirty, 'silver/event/event_date=1999-01-01/platform=WEB'), { recursive: true });
    await withPipeline(async (pipeline) => {
      Object.assign(pipeline.lake.options, { retainMs: 1 });
      await pipeline.silver(range);
    }, { root: dirty });
    const over = async (crash: number | null): Promise<{ readonly root: string; readonly effects: readonly string[] }> => {
      const root = copyOf(dirty);
      const storage = new RecordingStorage(new LocalStorage(root), crash === null ? null : { effect: crash, when: 'before' });
      const work = withPipeline((pipeline) => vacuumAll(pipeline.context(), pipeline.dataset, 0), { root, storage, clock: new TestClock(Date.now()) });
      if (crash === null) assert.ok((await work) > 4);
      else await assert.rejects(work, Crash);
      return { root, effects: storage.effects };
    };
    const { root: clean, effects } = await over(null);
    const last = effects.findLastIndex((effect) => /^(remove|removeEmpty) (?!_ingot\/staging\/spill)/.test(effect));
    assert.ok(last >= 8);
    for (let crash = 0; crash <= last; crash++) {
      const { root } = await over(crash);
      await withPipeline(async (pipeline) => {
        await vacuumAll(pipeline.context(), pipeline.dataset, 0);
        assert.ok((await pipeline.audit()).balanced);
      }, { root, clock: new TestClock(Date.now()) });
      assert.deepEqual(listing(root), listing(clean));
    }
  });
});
