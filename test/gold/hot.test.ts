import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { LakeError } from '../../src/errors.js';
import { goldScope } from '../../src/gold/gold.js';
import { loadModels } from '../../src/gold/model.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { bodyOf, builtAtOnce, goldRows, modelsDir, modelsWith, rewriteSilver, viewAt, withHot, type HotPipeline } from './hot-pipeline.js';
import { randomEvents } from './random-events.js';
import { runs } from '../support/thorough.js';

const portionings = runs(1, 8);

describe('hot gold', () => {
  afterEach(removeTemporaryFolders);

  describe('after events in any portions', () => {
    const portions = 8;
    const happenings = ['nothing', 'nothing', 'nothing', 'nothing', 'defer', 'defer', 'compaction', 'compaction', 'other process', 'silver again', 'deleted table', 'restart'] as const;
    const cases = fc.record({
      events: randomEvents,
      /** For each event in turn: the portion it is late for, 0 for none, and whether it comes twice. */
      fates: fc.array(fc.tuple(fc.constantFrom(0, 0, 0, 0, 1, 3), fc.constantFrom(false, false, false, true)), { minLength: 7, maxLength: 7 }),
      during: fc.array(fc.constantFrom(...happenings), { minLength: portions, maxLength: portions }),
    });
    let used = 0;

    async function follow(hot: HotPipeline, parts: readonly (readonly string[])[], during: readonly (typeof happenings)[number][]): Promise<void> {
      for (const [index, part] of parts.entries()) {
        const { pipeline } = hot;
        const happening = index < 3 ? 'nothing' : during[index];
        if (happening === 'compaction') await rewriteSilver(pipeline);
        await hot.land(part);
        if (happening === 'other process') await pipeline.gold();
        if (happening === 'silver again') await pipeline.silver({ since: '2026-03-02', until: '2026-03-03' });
        if (happening === 'deleted table') rmSync(join(pipeline.root, 'gold', 'session'), { recursive: true, force: true });
        if (happening === 'restart') await hot.restart();
        const before = hot.hot.dates;
        const { dates } = await hot.hot.refresh({ defer: happening === 'defer' });
        const kept = hot.hot.dates;
        if (before.length > 0 && kept.length > 0 && dates.length > 0) used++;
        if (hot.bodies.length > 0 && index % 2 === 0) await hot.assertRight(happening === 'defer' && kept.length > 0 ? kept[0] : '');
      }
      await hot.hot.refresh();
      await hot.assertRight();
      assert.deepEqual((await hot.pipeline.gold()).dates, []);
    }

    it('has the rows of a build at once, whatever happens in between', async () => {
      await fc.assert(
        fc.asyncProperty(cases, async ({ events, fates, during }) => {
          const parts: string[][] = Array.from({ length: portions }, () => []);
          const inTime = [...events].sort((a, b) => a.timestampUs - b.timestampUs);
          for (const [index, event] of inTime.entries()) {
            const [late, twice] = fates[index % fates.length] ?? [0, false];
            const portion = Math.min(Math.floor((index / inTime.length) * portions) + late, portions - 1);
            parts[portion]?.push(bodyOf(event));
            if (twice) parts[Math.min(portion + 1, portions - 1)]?.push(bodyOf(event));
          }
          await withHot((hot) => follow(hot, parts, during));
        }),
        { seed: 20260303, numRuns: portionings, endOnFailure: true },
      );
      assert.ok(used >= 2.5 * portionings, `portions were added to tables that were kept ${used} times`);
    }).timeout(60_000 * portionings);
  });

  it('builds today alone, and yesterday as well when a session over midnight changes', () =>
    withHot(async (hot) => {
      await hot.add([viewAt('2026-01-01T12:00'), viewAt('2026-01-02T23:50'), viewAt('2026-01-02T12:00', 'u2')]);
      assert.deepEqual(hot.hot.dates, []);
      await hot.add([viewAt('2026-01-03T00:50', 'u2')]);
      assert.deepEqual(hot.hot.dates, ['2026-01-01', '2026-01-02', '2026-01-03']);
      assert.deepEqual((await hot.add([viewAt('2026-01-03T00:55', 'u3')])).dates, ['2026-01-03']);
      const over = await hot.add([viewAt('2026-01-03T00:10')]);
      assert.deepEqual(over.dates, ['2026-01-02', '2026-01-03']);
      assert.equal(over.tables['session']?.rows, 4);
      assert.deepEqual((await hot.hot.refresh()).dates, []);
      await hot.assertRight();
    }));

  it('goes on over a compaction, which changes no row', () =>
    withHot(async (hot) => {
      await hot.add([viewAt('2026-01-02T12:00'), viewAt('2026-01-03T12:00')]);
      await hot.add([viewAt('2026-01-03T12:05')]);
      await rewriteSilver(hot.pipeline);
      assert.deepEqual((await hot.hot.refresh()).dates, []);
      assert.equal(hot.hot.dates.length, 3);
      assert.deepEqual((await hot.add([viewAt('2026-01-03T12:10')])).dates, ['2026-01-03']);
      await hot.assertRight();
    }));

  it('keeps three dates: goes on over a change of day, and drops what is old', () =>
    withHot(async (hot) => {
      await hot.add([viewAt('2026-01-01T12:00'), viewAt('2026-01-02T12:00')]);
      await hot.add([viewAt('2026-01-03T12:00')]);
      assert.deepEqual((await hot.add([viewAt('2026-01-04T00:10'), viewAt('2026-01-03T23:55')])).dates, ['2026-01-03', '2026-01-04']);
      assert.deepEqual(hot.hot.dates, ['2026-01-02', '2026-01-03', '2026-01-04']);
      assert.deepEqual((await hot.add([viewAt('2026-01-20T12:00')])).dates, ['2026-01-20']);
      assert.deepEqual(hot.hot.dates, ['2026-01-18', '2026-01-19', '2026-01-20']);
      await hot.assertRight();
    }));

  it('builds late events\' dates at once, or leaves them for later and says nothing of silver\'s version until then', () =>
    withHot(async (hot) => {
      const days = ['01', '02', '03', '04', '05', '06', '07'].map((day) => viewAt(`2026-01-${day}T12:00`));
      await hot.add(days);
      await hot.add([viewAt('2026-01-07T13:00')]);
      const from = await hot.builtFrom();
      assert.deepEqual((await hot.add([viewAt('2026-01-02T12:05'), viewAt('2026-01-07T13:05')], { defer: true })).dates, ['2026-01-07']);
      assert.equal(await hot.builtFrom(), from);
      await hot.assertRight('2026-01-05');
      assert.deepEqual((await hot.hot.refresh({ defer: true })).dates, []);
      assert.deepEqual((await hot.add([viewAt('2026-01-07T13:10')])).dates, ['2026-01-01', '2026-01-02', '2026-01-03', '2026-01-04', '2026-01-07']);
      assert.ok((await hot.builtFrom()) > from);
      await hot.assertRight();
      await hot.add([viewAt('2026-01-01T12:05'), viewAt('2026-01-07T13:15')], { defer: true });
      await hot.restart();
      assert.deepEqual((await hot.hot.refresh()).dates, ['2026-01-01', '2026-01-02', '2026-01-03', '2026-01-06', '2026-01-07']);
      await hot.assertRight();
    }));

  it('keeps to itself: the lake\'s session has none of its tables, and its folder goes when it is closed', () =>
    withHot(async (hot) => {
      await hot.add([viewAt('2026-01-01T12:00')]);
      await hot.add([viewAt('2026-01-01T12:10')]);
      const session = await hot.pipeline.lake.session();
      const names = new Set((await session.rows('SELECT table_name FROM duckdb_tables()')).map((row) => row['table_name']));
      const { steps } = await loadModels(modelsDir);
      for (const { name } of steps) assert.ok(![...names].some((table) => String(table).startsWith(name)), name);
      const spills = await hot.pipeline.lake.storage.list('_ingot/staging/spill');
      await hot.hot.close();
      assert.equal((await hot.pipeline.lake.storage.list('_ingot/staging/spill')).length, spills.length - 1);
      assert.deepEqual(hot.hot.dates, []);
    }));

  it('takes the usual way when rows go from silver, and keeps none of them', () =>
    withHot(async (hot) => {
      const kept = [viewAt('2026-01-01T23:50'), viewAt('2026-01-02T12:00', 'u2')];
      await hot.add([...kept, viewAt('2026-01-02T12:00', 'u3')]);
      await hot.add([viewAt('2026-01-02T12:05', 'u3')]);
      assert.equal(hot.hot.dates.length, 3);
      await rewriteSilver(hot.pipeline, 'u3');
      assert.deepEqual((await hot.hot.refresh()).dates, ['2026-01-01', '2026-01-02']);
      assert.deepEqual(hot.hot.dates, []);
      assert.deepEqual(await goldRows(hot.pipeline), await builtAtOnce(kept));
    }));

  it('takes the usual way when a step has no key, or a model reads silver itself', async () => {
    const withoutKey = modelsWith((_name, sql) => sql.replace('-- key: user_id\n', ''), ['steps/click.sql']);
    const readsSilver = modelsWith((_name, sql) => sql.replace('FROM session_total', 'FROM session_total WHERE (SELECT count(*) FROM silver.event) > 0'), ['session.sql']);
    for (const models of [withoutKey, readsSilver]) {
      await withHot(async (hot) => {
        for (const minute of ['00', '05', '10']) assert.deepEqual((await hot.add([viewAt(`2026-01-02T12:${minute}`)])).dates, ['2026-01-02']);
        assert.deepEqual(hot.hot.dates, []);
        await hot.assertRight();
      }, models);
    }
  });

  it('takes the usual way when a step\'s row counts for a date on which its key has no event', async () => {
    const models = temporaryFolder();
    mkdirSync(join(models, 'steps'));
    const range = 'BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)';
    writeFileSync(join(models, 'steps/active.sql'), `-- step: active\n-- inputs: silver.event\n-- key: user_id\n-- dates: event_date\n-- lookback: 2 days\nSELECT DISTINCT user_id, CAST(event.event_date + later.days AS DATE) AS event_date FROM silver.event CROSS JOIN (VALUES (0), (1), (2)) AS later(days) WHERE CAST(event.event_date + later.days AS DATE) ${range}`);
    writeFileSync(join(models, 'active_users.sql'), `-- model: active_users\n-- inputs: step active\n-- partition_by: event_date\nSELECT event_date, count(*) AS users FROM active WHERE event_date ${range} GROUP BY event_date`);
    await withHot(async (hot) => {
      await hot.add([viewAt('2026-01-01T12:00'), viewAt('2026-01-02T12:00', 'u2')]);
      await hot.add([viewAt('2026-01-02T13:00', 'u2')]);
      await hot.add([viewAt('2026-01-03T12:00', 'u3')]);
      assert.deepEqual(hot.hot.dates, []);
      const users = await hot.pipeline.rows('SELECT CAST(event_date AS VARCHAR) AS date, users FROM gold.active_users ORDER BY date');
      assert.deepEqual(users.map(({ users: count }) => count), ['1', '2', '3']);
    }, models);
  });

  it('reads all columns of silver where a step names them by a star', async () => {
    const models = modelsWith((_name, sql) => sql.replace('FROM silver.event\n', 'FROM (SELECT DISTINCT * FROM silver.event) AS every_column\n').replace('  FROM event\n', '  FROM (SELECT * FROM event) AS event\n'), ['steps/session_event.sql']);
    await withHot(async (hot) => {
      for (const minute of ['00', '05', '10']) await hot.add([viewAt(`2026-01-02T12:${minute}`)]);
      assert.equal(hot.hot.dates.length, 3);
      await hot.assertRight();
    }, models);
  });

  it('refuses a header that names a column which the step does not give', () =>
    withHot(async (hot) => {
      await hot.add([viewAt('2026-01-02T12:00')]);
      await assert.rejects(hot.add([viewAt('2026-01-02T12:05')]), (error) => error instanceof LakeError && error.code === 'DATASET_INVALID' && /names a column day/.test(error.message));
    }, modelsWith((_name, sql) => sql.replace('-- dates: event_date', '-- dates: day'), ['steps/click.sql'])));

  it('publishes nothing when a check fails, and goes on with what it keeps', async () => {
    const models = modelsWith((_name, sql) => sql.replace('-- check: unique(session_id)', '-- check: unique(user_id)'), ['session.sql']);
    await withHot(async (hot) => {
      await hot.add([viewAt('2026-01-02T12:00')]);
      await hot.add([viewAt('2026-01-02T12:05', 'u2')]);
      const versions = await hot.pipeline.versions();
      await assert.rejects(hot.add([viewAt('2026-01-02T15:00')]), (error) => error instanceof LakeError && error.code === 'CHECK_FAILED' && /unique\(user_id\)/.test(error.message));
      assert.deepEqual(Object.entries(await hot.pipeline.versions()).filter(([name]) => name.startsWith('gold')), Object.entries(versions).filter(([name]) => name.startsWith('gold')));
      assert.deepEqual(hot.hot.dates, ['2025-12-31', '2026-01-01', '2026-01-02']);
      const told: string[] = [];
      const { dates } = await hot.hot.refresh({ accept: ['unique'], events: { accepted: (table, failures) => told.push(`${table}: ${failures}`) } });
      assert.deepEqual(dates, ['2026-01-02']);
      assert.match(told.join(), /^session: unique\(user_id\)\n {4}user_id u1, copies 2$/);
      await hot.assertRight();
    }, models);
  });

  it('has nothing to do without silver', () =>
    withHot(async (hot) => {
      assert.equal((await hot.hot.refresh()).reason, 'no silver');
      assert.equal(await goldScope(hot.pipeline.lake, hot.pipeline.dataset, await loadModels(modelsDir)).run(), 0);
    }));
});
