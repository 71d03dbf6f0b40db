import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { LocalStorage } from '../../src/lake/local.js';
import { all, builtLake, copyOf, killClaims, lines, partitionsOf, told, type PartitionCounts } from '../support/backfill.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { linesFile, project, shopLines, withPipeline } from '../support/pipeline.js';
import { Crash, RecordingStorage } from '../support/recording-storage.js';
import { every, share } from '../support/thorough.js';

describe('a backfill that is killed', () => {
  let built: string;
  let contract: Record<string, string[]>;

  before(async () => {
    built = await builtLake();
    contract = await withPipeline((pipeline) => pipeline.contract(), { root: built });
  });
  after(removeTemporaryFolders);

  it('goes on with the partitions that were not rebuilt, takes over the dead process’s claim, and gives the same rows', async () => {
    const root = copyOf(built);
    const child = spawnSync(process.execPath, ['--import', 'tsx', 'test/pipeline/children/backfill.ts', root, all.since, all.until, '3'], { cwd: project, encoding: 'utf8' });
    assert.equal(child.signal, 'SIGKILL', child.stderr);
    await withPipeline(async (pipeline) => {
      const before = await pipeline.versions();
      const again = await told(pipeline, all, { runRows: 1 });
      const { total, before: done, now, left } = partitionsOf(again);
      assert.deepEqual([done, now, left], [2, total - 2, 0], 'the third was built and not published');
      assert.equal((await pipeline.versions())['silver.event'], (before['silver.event'] ?? 0) + total - 2);
      assert.match(again.lines.at(-1) ?? '', new RegExp(`backfill of silver from .* done: ${total} partitions rebuilt: ${total - 2} in this call, 2 before it`));
      assert.deepEqual(await pipeline.contract(), contract);
      assert.equal((await pipeline.audit()).balanced, true);
      assert.equal(partitionsOf(await told(pipeline, all)).before, 0, 'what is finished begins anew');
    }, { root });
  });

  it('is done when it is run again, whichever of its effects it died before', async () => {
    const range = { since: '2026-01-01', until: '2026-01-01' };
    const run = (root: string, crash: { effect: number; when: 'before' } | null): Promise<string[]> => {
      const storage = new RecordingStorage(new LocalStorage(root), crash);
      const work = withPipeline((pipeline) => told(pipeline, range, { runRows: 1 }), { root, storage });
      return crash === null ? work.then(() => storage.effects) : assert.rejects(work, Crash).then(() => storage.effects);
    };
    const effects = await run(copyOf(built), null);
    const released = effects.findLastIndex((effect) => effect.includes('_ingot/backfill/shop/'));
    assert.ok(released > 40);
    for (const effect of share(every(3, released, 7))) {
      const root = copyOf(built);
      await run(root, { effect, when: 'before' });
      if (effects.slice(0, effect).some((each) => /backfill\/shop\//.test(each))) killClaims(root);
      await withPipeline(async (pipeline) => {
        const again = await told(pipeline, range);
        const { total, before, now, left } = partitionsOf(again);
        assert.deepEqual([before + now, left], [total, 0], `after ${effects[effect]}`);
        assert.deepEqual(await pipeline.contract(), contract, `after ${effects[effect]}`);
        assert.equal((await pipeline.audit()).balanced, true);
      }, { root });
    }
  });

  it('builds gold when it died between silver and gold', async () => {
    await withPipeline(async (pipeline) => {
      const before = await pipeline.versions();
      const progress = { ...pipeline.context().progress, update: (text: string) => { if (text.startsWith('gold')) throw new Error('dies'); } };
      await assert.rejects(told(pipeline, all, {}, { progress }), /dies/);
      const again = await told(pipeline, all);
      assert.deepEqual([partitionsOf(again).now, partitionsOf(again).before], [0, partitionsOf(again).total]);
      assert.equal((await pipeline.versions())['gold.session'], (before['gold.session'] ?? 0) + 1);
      assert.match(again.lines.join('\n'), /gold {4}\d dates rebuilt/);
      assert.deepEqual(await pipeline.contract(), contract);
    }, { root: copyOf(built) });
  });

  it('of gold goes on with the dates that were not rebuilt', async () => {
    await withPipeline(async (pipeline) => {
      let updates = 0;
      const progress = { ...pipeline.context().progress, update: () => { if (++updates === 3) throw new Error('dies'); } };
      await assert.rejects(told(pipeline, { ...all, layer: 'gold' }, { goldDates: 1 }, { progress }), /dies/);
      const { summary } = await told(pipeline, { ...all, layer: 'gold' }, { goldDates: 1 });
      const { total, before, now, left } = (summary['backfill'] as { dates: PartitionCounts }).dates;
      assert.deepEqual([before, now, left], [2, total - 2, 0]);
      assert.deepEqual(await pipeline.contract(), contract);
      assert.equal((await pipeline.audit()).balanced, true);
    }, { root: copyOf(built) });
  });

  it('ends after the open run on a signal, says what is left, and goes on', async () => {
    await withPipeline(async (pipeline) => {
      const stop = new AbortController();
      const progress = { ...pipeline.context().progress, update: (text: string) => { if (/^silver: 2 of/.test(text)) stop.abort(); } };
      const first = await told(pipeline, all, { runRows: 1 }, { progress, signal: stop.signal });
      const { total, now, left } = partitionsOf(first);
      assert.deepEqual([first.status, now, left], [0, 2, total - 2]);
      assert.match(first.lines.at(-1) ?? '', new RegExp(`stopped by a signal: 2 of ${total} partitions rebuilt; the same command goes on with the other ${total - 2}`));
      assert.equal(first.summary['gold'], undefined);
      assert.deepEqual(partitionsOf(await told(pipeline, all)), { total, before: 2, now: total - 2, left: 0 });
      assert.deepEqual(await pipeline.contract(), contract);
    }, { root: copyOf(built) });
  });

  it('gives way to one that asks for something else, and says so', async () => {
    await withPipeline(async (pipeline) => {
      const stop = new AbortController();
      const progress = { ...pipeline.context().progress, update: () => stop.abort() };
      await told(pipeline, all, { runRows: 1 }, { progress, signal: stop.signal });
      const notes: string[] = [];
      const noting = { ...pipeline.context().progress, note: (text: string) => { notes.push(text); } };
      const other = await told(pipeline, { since: '2026-01-01', until: '2026-01-01' }, {}, { progress: noting });
      assert.match(notes.join(), /the backfill of silver from 2025-12-01 to 2026-02-01 was not finished: begin it again/);
      assert.equal(partitionsOf(other).before, 0);
    }, { root: copyOf(built) });
  });
});

describe('a backfill with several jobs', () => {
  after(removeTemporaryFolders);

  it('gives the rows that one job gives', async () => {
    const many = shopLines(1200, 5, 6).map(({ text }) => text);
    const root = temporaryFolder();
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(many));
      await pipeline.build();
      const expected = await pipeline.contract();
      for (const jobs of ['2', '3']) {
        const { summary } = await told(pipeline, { ...all, jobs });
        assert.equal((summary['backfill'] as { partitions: PartitionCounts }).partitions.left, 0);
        assert.deepEqual(await pipeline.contract(), expected);
        assert.equal((await pipeline.audit()).balanced, true);
      }
    }, { root });
  });
});

describe('raw history by the command', () => {
  after(removeTemporaryFolders);

  it('killed between two of its effects lands each row once when it is run again, and brings all layers up to date', async () => {
    const start = temporaryFolder();
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(lines.slice(0, 100)));
      await pipeline.build();
    }, { root: start });
    const history = linesFile([...lines].reverse(), 'history.ndjson');
    const expected = await withPipeline(async (pipeline) => {
      await told(pipeline, { from: history });
      assert.equal((await pipeline.audit()).balanced, true);
      return { rows: await pipeline.count('bronze.shop'), contract: await pipeline.contract(['source', 'source_position']) };
    }, { root: copyOf(start) });
    const run = async (root: string, effect: number | null): Promise<string[]> => {
      const storage = new RecordingStorage(new LocalStorage(root), effect === null ? null : { effect, when: 'before' });
      const work = withPipeline((pipeline) => told(pipeline, { from: history }), { root, storage });
      if (effect === null) await work;
      else await assert.rejects(work, Crash);
      return storage.effects;
    };
    const effects = await run(copyOf(start), null);
    const released = effects.findLastIndex((effect) => effect.includes('_ingot/backfill/shop/'));
    for (const effect of share(every(4, released, 11))) {
      const root = copyOf(start);
      await run(root, effect);
      if (effects.slice(0, effect).some((each) => /backfill\/shop\//.test(each))) killClaims(root);
      await withPipeline(async (pipeline) => {
        await told(pipeline, { from: history });
        assert.equal(await pipeline.count('bronze.shop'), expected.rows, `after ${effects[effect]}`);
        assert.deepEqual(await pipeline.contract(['source', 'source_position']), expected.contract, `after ${effects[effect]}`);
        assert.equal((await pipeline.audit()).balanced, true);
      }, { root });
    }
  });
});
