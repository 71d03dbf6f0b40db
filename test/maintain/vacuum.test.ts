import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from '../../src/commands/vacuum.js';
import { commitName, filePath } from '../../src/lake/layout.js';
import { datasetScopes } from '../../src/maintain/scopes.js';
import { vacuum } from '../../src/maintain/vacuum.js';
import { removeTemporaryFolders, temporaryFolder, TestClock } from '../support/lake.js';
import { withPipeline } from '../support/pipeline.js';
import { addOrphan, age, copyOf, deadName, filesRemoved, fillLake, hourMs, later, listing, range, vacuumed } from './left-behind.js';

describe('a vacuum', () => {
  let full: string;

  before(async () => {
    full = temporaryFolder();
    await fillLake(full);
  });

  after(removeTemporaryFolders);

  it('has nothing to do in a lake that is as it should be', async () => {
    await later(copyOf(full), async (pipeline) => {
      const before = listing(pipeline.root);
      const { summary, lines } = await vacuumed(pipeline);
      assert.deepEqual([filesRemoved(summary), summary.folders, summary.finished, summary.kept], [0, 0, 0, []]);
      assert.deepEqual(lines, ['nothing to remove']);
      assert.deepEqual(listing(pipeline.root), before);
    });
  });

  it('removes files that no version names, with the folder that is empty then, and the audit finds no stray any more', async () => {
    await later(copyOf(full), async (pipeline) => {
      const { root } = pipeline;
      const orphans = ['bronze/shop', 'bronze/shop_rejected', 'silver/event', 'gold/session'].map((table) => addOrphan(root, table));
      const away = 'silver/event/event_date=1999-01-01/platform=WEB';
      mkdirSync(join(root, away), { recursive: true });
      copyFileSync(join(root, orphans[2]!), join(root, away, 'part-x.parquet'));
      orphans.push(`${away}/part-x.parquet`);
      assert.deepEqual((await pipeline.audit()).differences.map(({ what }) => what).sort(), [...orphans].sort());
      const contract = await pipeline.contract();
      const { summary, lines } = await vacuumed(pipeline);
      assert.deepEqual([summary.removed.unnamed.files, filesRemoved(summary), summary.folders], [5, 5, 2]);
      assert.ok(summary.removed.unnamed.bytes > 1000);
      assert.match(lines.join('\n'), /^removed {2}5 data files that no version needs, [\d.]+ kB\nremoved {2}2 empty partition folders$/);
      for (const path of [...orphans, dirname(away)]) assert.equal(existsSync(join(root, path)), false, path);
      assert.ok((await pipeline.audit()).balanced);
      assert.deepEqual(await pipeline.contract(), contract);
      assert.equal(filesRemoved((await vacuumed(pipeline)).summary), 0);
    });
  });

  it('leaves files without a version that are younger than it is told, and says so', async () => {
    const root = copyOf(full);
    const orphan = addOrphan(root, 'silver/event');
    await withPipeline(async (pipeline) => {
      const { summary, lines } = await vacuumed(pipeline, { olderThan: '2d' });
      assert.deepEqual([filesRemoved(summary), summary.young.files], [0, 1]);
      assert.match(lines.join('\n'), /left {2}1 file without a version, [\d.]+ kB, younger than 2d/);
      assert.ok(existsSync(join(root, orphan)));
      assert.equal(filesRemoved((await vacuumed(pipeline, { olderThan: '0' })).summary), 1);
      assert.ok(!existsSync(join(root, orphan)));
    }, { root, clock: new TestClock(Date.now()) });
  });

  it('says with --dry-run what would go, and changes nothing', async () => {
    await later(copyOf(full), async (pipeline) => {
      const { root } = pipeline;
      const orphan = addOrphan(root, 'silver/event');
      const staging = `_ingot/staging/silver.shop/${deadName}`;
      mkdirSync(join(root, staging), { recursive: true });
      writeFileSync(join(root, staging, 'rows.parquet'), 'half');
      writeFileSync(join(root, 'silver/event/_delta_log/.tmp-0123'), 'half');
      age(root, 'silver/event/_delta_log/.tmp-0123', 2);
      mkdirSync(join(root, 'silver/event/event_date=1999-01-01/platform=WEB'), { recursive: true });
      const before = listing(root);
      const planned = await vacuumed(pipeline, { dryRun: true });
      assert.deepEqual(listing(root), before);
      assert.deepEqual(planned.summary.paths?.map(({ kind, path }) => [kind, path]), [['unnamed', orphan], ['temporary', 'silver/event/_delta_log/.tmp-0123'], ['staging', staging]]);
      assert.deepEqual([planned.lines.at(-1), planned.lines.some((line) => line.startsWith(`  ${orphan}  `))], ['nothing was changed (--dry-run)', true]);
      const done = await vacuumed(pipeline);
      assert.deepEqual(done.summary.removed, planned.summary.removed);
      assert.equal(done.summary.folders, planned.summary.folders);
      assert.deepEqual([filesRemoved(done.summary), done.summary.folders], [3, 2]);
    });
  });

  it('keeps replaced files for readers until their time, tells when, and removes them then', async () => {
    await later(copyOf(full), async (pipeline, clock) => {
      const { lake, root } = pipeline;
      Object.assign(lake.options, { retainMs: 3 * hourMs });
      const old = [...((await lake.table('silver', 'event').snapshot())?.files.keys() ?? [])].map((path) => join(root, 'silver/event', filePath(path)));
      await pipeline.silver(range);
      const until = new Date(clock.nowMs() + 3 * hourMs).toISOString();
      clock.advance(2 * hourMs);
      const { summary, lines } = await vacuumed(pipeline);
      assert.deepEqual([filesRemoved(summary), summary.kept.map((kept) => kept.until)], [0, [until]]);
      assert.ok((summary.kept[0]?.files ?? 0) > old.length);
      assert.ok(lines.some((line) => line.startsWith('kept  ') && line.endsWith(`for readers until ${until}`)));
      for (const path of old) assert.ok(existsSync(path));
      clock.advance(hourMs);
      const planned = (await vacuumed(pipeline, { dryRun: true })).summary;
      const due = (await vacuumed(pipeline)).summary;
      assert.deepEqual([due.removed.replaced.files, due.kept], [summary.kept[0]?.files, []]);
      assert.deepEqual(planned.removed, due.removed);
      for (const path of old) assert.ok(!existsSync(path));
      assert.deepEqual(await lake.storage.list('_ingot/discard/silver.shop'), []);
      assert.ok((await pipeline.audit()).balanced);
    });
  });

  it('removes a file that an old version named and nobody promised to keep, but not right after it was replaced', async () => {
    await later(copyOf(full), async (pipeline, clock) => {
      const { lake } = pipeline;
      const table = lake.table('silver', 'event');
      const [file] = (await table.snapshot())?.files.values() ?? [];
      assert.ok(file !== undefined);
      const path = join(pipeline.root, 'silver/event', filePath(file.path));
      const kept = `${path}.kept`;
      copyFileSync(path, kept);
      await pipeline.silver(range);
      assert.ok(!existsSync(path));
      copyFileSync(kept, path);
      assert.equal((await vacuumed(pipeline)).summary.young.files, 1);
      assert.ok(existsSync(path));
      clock.advance(hourMs);
      assert.equal((await vacuumed(pipeline)).summary.removed.unnamed.files, 1);
      assert.ok(!existsSync(path));
      assert.ok((await pipeline.audit()).balanced);
    });
  });

  it('trims the log behind a checkpoint, and every version that is left can be read', async () => {
    await later(copyOf(full), async (pipeline) => {
      const { lake } = pipeline;
      const table = lake.table('silver', 'event');
      for (let version = (await table.snapshot())?.version ?? 0; version < 230; version++) await table.commit(() => [{ txn: { appId: 'test', version } }]);
      const rows = await pipeline.count('silver.event');
      const scopes = datasetScopes(lake, pipeline.dataset, ['funnel_daily', 'session']);
      const options = { olderThanMs: hourMs, keptVersions: 50 };
      const planned = await vacuum(lake, scopes, [{ layer: 'silver', table: 'event' }], { ...options, dryRun: true });
      assert.equal((await lake.storage.list('silver/event/_delta_log')).includes(commitName(0)), true);
      const { removed } = await vacuum(lake, scopes, [{ layer: 'silver', table: 'event' }], options);
      assert.deepEqual(removed, planned.removed);
      assert.deepEqual(removed.map(({ kind }) => kind), Array.from({ length: 100 }, () => 'log'));
      assert.equal((await lake.storage.list('silver/event/_delta_log'))[0], '00000000000000000100.checkpoint.parquet');
      await withPipeline(async (fresh) => {
        assert.equal(await fresh.count('silver.event'), rows);
        assert.ok((await fresh.audit()).balanced);
      }, { root: pipeline.root });
    });
  });

  it('leaves the files of a table whose log is gone', async () => {
    await later(copyOf(full), async (pipeline) => {
      const { root, lake } = pipeline;
      await lake.storage.removeFolder('silver/item_event/_delta_log');
      const before = listing(join(root, 'silver/item_event'));
      await vacuumed(pipeline, { olderThan: '0' });
      assert.deepEqual(listing(join(root, 'silver/item_event')), before);
    });
  });

  it('leaves files that are not data, and data at places where no glob of the table finds it', async () => {
    await later(copyOf(full), async (pipeline) => {
      const { root } = pipeline;
      const others = ['silver/event/README', 'silver/event/lost.parquet', 'silver/event/notes/x/a.parquet'];
      mkdirSync(join(root, 'silver/event/notes/x'), { recursive: true });
      for (const path of others) writeFileSync(join(root, path), 'mine');
      assert.equal(filesRemoved((await vacuumed(pipeline, { olderThan: '0' })).summary), 0);
      for (const path of others) assert.equal(statSync(join(root, path)).size, 4);
    });
  });

  it('refuses a lake that is not there, and a dataset that there is not', async () => {
    const root = join(temporaryFolder(), 'absent');
    await withPipeline(async (pipeline) => {
      await assert.rejects(run(pipeline.context()), { code: 'TABLE_NOT_FOUND' });
      await assert.rejects(run({ ...pipeline.context(), args: ['none'] }), { code: 'DATASET_NOT_FOUND' });
    }, { root });
    assert.equal(existsSync(root), false);
  });
});
