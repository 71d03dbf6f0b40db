import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { run as backfill } from '../../src/commands/backfill.js';
import { run as compact } from '../../src/commands/compact.js';
import { run as forget } from '../../src/commands/forget.js';
import { run as gold } from '../../src/commands/gold.js';
import { run as statusCommand } from '../../src/commands/status.js';
import { buildGold } from '../../src/gold/gold.js';
import { loadModels } from '../../src/gold/model.js';
import { LocalStorage } from '../../src/lake/local.js';
import { duckdbDdl } from '../../src/query/ddl.js';
import { status } from '../../src/report/status.js';
import { copyOf } from '../support/backfill.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { linesFile, withPipeline, type Pipeline } from '../support/pipeline.js';
import { Crash, RecordingStorage, type CrashPoint } from '../support/recording-storage.js';
import { both, datasetsWith, day, failsWith, filesOf, first, landAndBuild, linesOf, totals, userDay, users, userTotal, view, whole, wholeOnly, writeModels } from './whole-models.js';

describe('whole models', () => {
  let datasets: string;
  before(() => {
    datasets = datasetsWith(both);
  });
  after(removeTemporaryFolders);

  it('are built from all of silver with the dates, in one commit, one file and no date of their own', () =>
    withPipeline(async (pipeline) => {
      const built = await landAndBuild(pipeline, first);
      assert.deepEqual([built.dates, built.whole], [['2026-01-01', '2026-01-03'], { tables: whole, reason: 'first build' }]);
      assert.deepEqual(await users(pipeline), totals(first));
      const files = filesOf(pipeline, 'user_total');
      assert.deepEqual([files.length, files[0]?.includes('/')], [1, false]);
      assert.deepEqual(filesOf(pipeline, 'platform_total').map((path) => dirname(path)).sort(), ['platform=ANDROID', 'platform=IOS']);
      const versions = await pipeline.versions();
      assert.deepEqual(['gold.day', 'gold.platform_total', 'gold.user_total'].map((name) => versions[name]), [0, 0, 0]);
      const again = await pipeline.gold();
      assert.deepEqual([again.dates, again.whole, await pipeline.versions()], [[], null, versions]);
    }, { datasets: datasetsWith(both) }));

  it('are built again when silver\'s rows have changed, all of them, while only the changed dates are', () =>
    withPipeline(async (pipeline) => {
      await landAndBuild(pipeline, first);
      const more = [view('2026-01-03', 'c')];
      const built = await landAndBuild(pipeline, more);
      assert.deepEqual([built.dates, built.whole, built.tables['user_total']?.rows, built.tables['day']?.rows], [['2026-01-03'], { tables: whole, reason: 'changed' }, 3, 1]);
      assert.deepEqual(await users(pipeline), totals([...first, ...more]));
      assert.equal(filesOf(pipeline, 'user_total').length, 1, 'the replaced file is gone');
      assert.equal((await pipeline.versions())['gold.user_total'], 1);
      assert.equal((await pipeline.audit()).balanced, true);
    }, { datasets: datasetsWith(both) }));

  it('are built again by another text, and no date with them; the dates\' texts leave them alone', async () => {
    const datasets = datasetsWith(both);
    await withPipeline(async (pipeline) => {
      await landAndBuild(pipeline, first);
      writeModels(datasets, { 'steps/user_day.sql': userDay.replace('count(*)', '2 * count(*)') });
      const other = await pipeline.gold();
      assert.deepEqual([other.dates, other.whole], [[], { tables: whole, reason: 'new models' }]);
      assert.deepEqual(Object.keys(other.tables), [...whole, 'day']);
      assert.deepEqual(await pipeline.rows('SELECT CAST(sum(events) AS BIGINT) AS n FROM gold.user_total'), [{ n: '6' }]);
      writeModels(datasets, { 'day.sql': `${day}\n-- the same rows` });
      const dated = await pipeline.gold();
      assert.deepEqual([dated.dates.length, dated.whole, (await pipeline.gold()).dates], [2, null, []]);
    }, { datasets });
  });

  it('may be all models of a dataset, some of them, or none, one after the other', async () => {
    const datasets = datasetsWith(wholeOnly);
    await withPipeline(async (pipeline) => {
      const built = await landAndBuild(pipeline, first);
      assert.deepEqual([built.dates, built.whole], [[], { tables: whole, reason: 'first build' }]);
      assert.deepEqual(await users(pipeline), totals(first));
      assert.deepEqual((await pipeline.gold()).whole, null);
      writeModels(datasets, { 'day.sql': day });
      const dated = await pipeline.gold();
      assert.deepEqual([dated.dates.length, dated.whole?.reason, (await pipeline.gold()).whole], [2, 'first build', null]);
      for (const name of Object.keys(wholeOnly)) rmSync(join(datasets, 'shop/gold', name));
      assert.deepEqual([(await pipeline.gold()).dates, (await pipeline.gold()).whole], [[], null]);
      assert.deepEqual([await pipeline.count('gold.day'), await users(pipeline)], [2, totals(first)], 'the table of a removed model stays');
      writeModels(datasets, wholeOnly);
      rmSync(join(datasets, 'shop/gold/day.sql'));
      const more = [view('2026-01-04', 'c')];
      assert.equal((await landAndBuild(pipeline, more)).whole?.tables.length, 2);
      assert.deepEqual(await users(pipeline), totals([...first, ...more]));
    }, { datasets });
  });

  it('can\'t take over the table of a dated model, and say what to do', async () => {
    const changing = datasetsWith({ 'day.sql': day });
    await withPipeline(async (pipeline) => {
      await landAndBuild(pipeline, first);
      writeModels(changing, { 'day.sql': day.replace('partition_by: event_date', 'refresh: whole') });
      await assert.rejects(pipeline.gold(), failsWith('TABLE_UNSUPPORTED', /gold\.day can't take these rows: it is partitioned by event_date, and would have no partitions/));
      rmSync(join(pipeline.root, 'gold/day'), { recursive: true });
      assert.deepEqual([(await pipeline.gold()).whole?.tables, await pipeline.count('gold.day')], [['day'], 2]);
    }, { datasets: changing });
  });

  it('have no rows and no file when silver has none any more', () =>
    withPipeline(async (pipeline) => {
      await landAndBuild(pipeline, [view('2026-01-01', 'a')]);
      assert.match(await linesOf(pipeline, forget, { userId: 'a' }), /gold: 1 date and 2 whole tables rebuilt[\s\S]*proved: none of \d+ files names the person/);
      assert.deepEqual([await users(pipeline), filesOf(pipeline, 'user_total'), await pipeline.count('gold.day')], [[], [], 0]);
      assert.deepEqual((await duckdbDdl(pipeline.lake)).empty.filter((name) => name.startsWith('gold')), ['gold.day', 'gold.platform_total', 'gold.user_total']);
    }, { datasets: datasetsWith(both) }));

  it('come with the last of several runs, and come when it was killed before', () =>
    withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(first));
      await pipeline.silver();
      const goldDir = join(datasets, 'shop/gold');
      const dies = (table: string): void => assert.fail(`dies before ${table}`);
      await assert.rejects(buildGold(pipeline.lake, pipeline.dataset, goldDir, null, { whole: dies }, { runDates: 1 }), /dies before platform_total/);
      assert.deepEqual([await pipeline.count('gold.day'), (await pipeline.versions())['gold.user_total']], [1, undefined]);
      const built = await buildGold(pipeline.lake, pipeline.dataset, goldDir, null, {}, { runDates: 1 });
      assert.deepEqual([built.dates, built.whole?.tables], [['2026-01-03'], whole]);
      assert.deepEqual(await users(pipeline), totals(first));
    }, { datasets }));

  it('and dates are seen both as they were or both as they are, whichever effect a build dies before', async () => {
    const stale = temporaryFolder();
    const more = [view('2026-01-03', 'c')];
    await withPipeline(async (pipeline) => {
      await landAndBuild(pipeline, first);
      await pipeline.land(linesFile(more));
      await pipeline.silver();
    }, { datasets, root: stale });
    const over = async (crash: CrashPoint | null): Promise<{ readonly root: string; readonly effects: readonly string[] }> => {
      const root = copyOf(stale);
      const storage = new RecordingStorage(new LocalStorage(root), crash);
      const ran = withPipeline((pipeline) => pipeline.gold(), { datasets, root, storage });
      await (crash === null ? ran : assert.rejects(ran, Crash));
      return { root, effects: storage.effects };
    };
    const seen = async (pipeline: Pipeline): Promise<unknown> => [await users(pipeline), await pipeline.rows('SELECT CAST(event_date AS VARCHAR) AS day, events FROM gold.day ORDER BY 1')];
    const before = await withPipeline(seen, { datasets, root: stale });
    const done = await over(null);
    const built = await withPipeline(seen, { datasets, root: done.root });
    assert.notDeepEqual(built, before);
    const outcomes = new Set<boolean>();
    for (let effect = 0; effect < done.effects.length; effect += 4) {
      const { root } = await over({ effect, when: 'before' });
      await withPipeline(async (pipeline) => {
        const now = await seen(pipeline);
        outcomes.add(isDeepStrictEqual(now, built));
        if (!isDeepStrictEqual(now, built)) assert.deepEqual(now, before, done.effects[effect]);
        await pipeline.gold();
        assert.deepEqual(await seen(pipeline), built, done.effects[effect]);
        assert.equal(filesOf(pipeline, 'user_total').length, 1);
      }, { datasets, root });
    }
    assert.equal(outcomes.size, 2);
  });

  it('are not published when a check of theirs fails, nor are the dates', async () => {
    const broken = datasetsWith({ ...both, 'user_total.sql': userTotal.replace('unique(user_id)', 'unique(since)') });
    await withPipeline(async (pipeline) => {
      await assert.rejects(landAndBuild(pipeline, first), failsWith('CHECK_FAILED', /gold\.user_total fails its checks: unique\(since\)/, 'user_total.sql'));
      assert.deepEqual(await pipeline.lake.tableNames('gold'), []);
    }, { datasets: broken });
  });

  it('are read alike by the plain glob and by the statements of ddl', () =>
    withPipeline(async (pipeline) => {
      await landAndBuild(pipeline, first);
      const session = await pipeline.lake.session();
      assert.deepEqual(await session.rows('SELECT user_id FROM read_parquet($glob) ORDER BY user_id', { glob: join(pipeline.root, 'gold/user_total/*.parquet') }), [{ user_id: 'a' }, { user_id: 'b' }]);
      for (const statement of (await duckdbDdl(pipeline.lake)).statements) await session.run(statement);
      assert.deepEqual(await session.rows('SELECT (SELECT count(*) FROM gold.user_total) AS users, (SELECT count(*) FROM gold.platform_total) AS platforms'), [{ users: '2', platforms: '2' }]);
    }, { datasets }));

  it('are told of by --plan, status and the summaries, are rebuilt by a backfill, and left alone by compact', () =>
    withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(first));
      await pipeline.silver();
      assert.match(await linesOf(pipeline, gold, { plan: true }), /2 dates to build in 1 run[\s\S]*platform_total, user_total to build whole \(first build\), from 3 rows of silver/);
      const goldDir = join(datasets, 'shop/gold');
      const told = async () => (await status(pipeline.lake, pipeline.dataset, goldDir, null)).summary;
      assert.deepEqual((await told()).gold, { stale: ['2026-01-01', '2026-01-03'], reason: 'first build', whole: { tables: whole, reason: 'first build' } });
      assert.match(await linesOf(pipeline, statusCommand), /2 whole tables stale \(first build\), platform_total, user_total: `ingot gold shop`\ngold {6}2 dates stale/);
      assert.match(await linesOf(pipeline, gold), /2 dates rebuilt \(first build\), rows: day 2\n[\s\S]*rebuilt whole \(first build\), rows: platform_total 2, user_total 2/);
      const summary = await told();
      assert.deepEqual(summary.gold, { stale: [], reason: null, whole: null });
      assert.deepEqual(summary.tables.filter(({ table }) => table === 'user_total').map(({ rows, files, newestEventDate, freshnessMs }) => [rows, files, newestEventDate, freshnessMs]), [[2, 1, null, 0]]);
      const before = await pipeline.versions();
      const asked = { since: '2026-01-01', until: '2026-01-03', layer: 'gold' };
      assert.match(await linesOf(pipeline, backfill, { ...asked, plan: true }), /platform_total, user_total to build whole \(backfill\)/);
      assert.match(await linesOf(pipeline, backfill, asked), /rebuilt whole \(backfill\)[\s\S]*2 dates rebuilt/);
      assert.equal((await pipeline.versions())['gold.user_total'], (before['gold.user_total'] ?? 0) + 1);
      assert.match(await linesOf(pipeline, backfill, { ...asked, layer: 'silver', plan: true }), /platform_total, user_total to build whole \(silver changes\)/);
      assert.match(await linesOf(pipeline, backfill, { ...asked, layer: 'silver' }), /gold {4}rebuilt whole \(changed\)/);
      await linesOf(pipeline, compact, { olderThan: '0' });
      assert.deepEqual([(await pipeline.gold()).whole, await users(pipeline)], [null, totals(first)]);
    }, { datasets }));

  it('of a dataset without dates are rebuilt by a backfill, whatever its range', () =>
    withPipeline(async (pipeline) => {
      await landAndBuild(pipeline, first);
      assert.match(await linesOf(pipeline, backfill, { since: '2026-01-01', until: '2026-01-01', layer: 'gold' }), /rebuilt whole \(backfill\)[\s\S]*all tables of gold are built whole/);
      assert.deepEqual([(await pipeline.versions())['gold.user_total'], await users(pipeline)], [1, totals(first)]);
    }, { datasets: datasetsWith(wholeOnly) }));

  it('are built with fewer threads when memory is short, down to one, then it is an error', () =>
    withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(first));
      await pipeline.silver();
      const session = await pipeline.lake.session();
      const run = session.run.bind(session);
      let failures = 1;
      session.run = async (sql, parameters) => {
        if (sql.includes('-- model: user_total') && failures-- > 0) throw new Error('Out of Memory Error: could not allocate block');
        await run(sql, parameters);
      };
      assert.deepEqual((await pipeline.gold()).whole?.tables, whole);
      assert.deepEqual(await users(pipeline), totals(first));
      assert.deepEqual(await session.rows("SELECT current_setting('threads') AS threads"), [{ threads: '2' }]);
      failures = 2;
      const before = await pipeline.versions();
      await assert.rejects(pipeline.gold({ since: '2026-01-01', until: '2026-01-01' }), failsWith('QUERY_FAILED', /^gold of all dates \(platform_total, user_total\) does not fit in 1000 MB/));
      assert.deepEqual(await pipeline.versions(), before);
    }, { datasets }));
});

describe('the header of a whole model', () => {
  after(removeTemporaryFolders);

  const refused = (models: Readonly<Record<string, string>>, path: string, message: RegExp): Promise<void> =>
    assert.rejects(loadModels(join(datasetsWith(models), 'shop/gold')), failsWith('DATASET_INVALID', message, path));

  it('puts whole models first, and the last dated one last: it publishes', async () => {
    const models = await loadModels(join(datasetsWith(both), 'shop/gold'));
    assert.deepEqual(models.models.map(({ name }) => name), ['platform_total', 'user_total', 'day']);
    assert.deepEqual([models.dated.steps, models.whole.steps.map(({ name }) => name)], [[], ['user_day']]);
  });

  it('is refused where a whole model reads a dated step, or the other way round, with the line and the way out', async () => {
    await refused({ ...both, 'steps/user_day.sql': userDay.replace('-- refresh: whole\n', '') }, 'platform_total.sql:2', /platform_total is built whole, and the step user_day is built by date/);
    await refused({ ...both, 'day.sql': day.replace('-- partition_by', '-- inputs: step user_day\n-- partition_by') }, 'day.sql:2', /day is built by date, and the step user_day is built whole/);
    await refused({ ...both, 'steps/user_day.sql': userDay.replace('silver.event', 'step near'), 'steps/near.sql': '-- step: near\nSELECT 1' }, 'user_day.sql:2', /user_day is built whole/);
  });

  it('is refused with what only dates have', async () => {
    for (const [line, message] of [['lookback: 1 day', /no `lookback`/], ['partition_by: platform, event_date', /not partitioned by event_date/], ['check: row_count(0.5, 2)', /row_count compares dates/]] as const) {
      await refused({ 'user_total.sql': `-- model: user_total\n-- refresh: whole\n-- ${line}\nSELECT 1 AS one` }, 'user_total.sql:3', message);
    }
    await refused({ ...both, 'steps/user_day.sql': userDay.replace('-- refresh: whole', '-- refresh: whole\n-- key: user_id') }, 'user_day.sql:4', /a whole step has no `key`/);
    await refused({ 'user_total.sql': '-- model: user_total\n-- refresh: hourly\nSELECT 1 AS one' }, 'user_total.sql:2', /`hourly` is unknown/);
  });
});
