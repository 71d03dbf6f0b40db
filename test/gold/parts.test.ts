import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildGold, type BuildOptions, type GoldSummary } from '../../src/gold/gold.js';
import { silverTxn } from '../../src/gold/plan.js';
import { all, builtLake, copyOf, told } from '../support/backfill.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { datasetsDir, eventBody, linesFile, withPipeline, type Pipeline } from '../support/pipeline.js';
import { modelsWith } from './hot-pipeline.js';

const goldDir = join(datasetsDir, 'shop', 'gold');
const week = ['01', '02', '03', '04', '05', '06', '07'].map((day) => `2026-01-${day}`);
const viewOf = (date: string, user = 'u1'): string => eventBody({ event_timestamp: Date.parse(`${date}T23:50:00Z`), user_id: user, items: [{ item_id: 'a', item_list_id: 'L1', price: 2 }] });

describe('gold that is published in several runs', () => {
  let landed: string;
  let expected: Record<string, string[]>;

  before(async () => {
    landed = temporaryFolder();
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(week.map((date) => viewOf(date))));
      await pipeline.silver();
    }, { root: landed });
    expected = await withPipeline(async (pipeline) => {
      await pipeline.gold();
      return pipeline.contract();
    }, { root: copyOf(landed) });
  });
  after(removeTemporaryFolders);

  interface Building extends BuildOptions {
    readonly models?: string;
    /** After so many dates. */
    readonly dies?: number;
  }

  /** Builds three dates a run; what it says of its progress. */
  async function build(pipeline: Pipeline, { models = goldDir, dies = Infinity, ...options }: Building = {}): Promise<GoldSummary & { readonly said: string[] }> {
    const said: string[] = [];
    const built = (done: number, of: number): void => {
      if (done >= dies) throw new Error('dies');
      said.push(`${done} of ${of}`);
    };
    return { ...(await buildGold(pipeline.lake, pipeline.dataset, models, null, { built }, { runDates: 3, ...options })), said };
  }

  /** A lake whose first build has died with the first three dates published. */
  async function died(): Promise<string> {
    const root = copyOf(landed);
    await withPipeline((pipeline) => assert.rejects(build(pipeline, { dies: 4 }), /dies/), { root });
    return root;
  }

  const builtFrom = async ({ lake }: Pipeline): Promise<number> => (await lake.table('gold', 'session').snapshot())?.txn(silverTxn('event'), -1) ?? -1;

  it('has the same rows, a commit a run, and says the version of silver with the last one', () =>
    withPipeline(async (pipeline) => {
      const { dates, reason, stopped, said } = await build(pipeline);
      assert.deepEqual([dates, reason, stopped, said], [week, 'first build', false, ['3 of 7', '6 of 7', '7 of 7']]);
      assert.equal((await pipeline.versions())['gold.session'], 2);
      assert.equal(await builtFrom(pipeline), (await pipeline.versions())['silver.event']);
      assert.deepEqual(await pipeline.contract(), expected);
      assert.deepEqual((await build(pipeline)).dates, []);
    }, { root: copyOf(landed) }));

  it('goes on with the other dates when it was killed', async () => {
    await withPipeline(async (pipeline) => {
      assert.equal(await builtFrom(pipeline), -1);
      const { dates, said } = await build(pipeline);
      assert.deepEqual([dates, said], [week.slice(3), ['3 of 4', '4 of 4']]);
      assert.deepEqual(await pipeline.contract(), expected);
      assert.deepEqual((await pipeline.gold()).dates, []);
    }, { root: await died() });
  });

  it('builds dates again that silver has changed after their run, and leaves the others', async () => {
    const late = viewOf('2026-01-03', 'late');
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile([late]));
      await pipeline.silver();
      assert.deepEqual((await build(pipeline)).dates, week.slice(1));
      const atOnce = await withPipeline(async (other) => {
        await other.land(linesFile([...week.map((date) => viewOf(date)), late]));
        await other.build();
        return other.contract();
      });
      assert.deepEqual(await pipeline.contract(), atOnce);
    }, { root: await died() });
  });

  it('builds all dates when the models have changed meanwhile, and all again when they are changed back', async () => {
    const models = modelsWith((_name, sql) => `${sql}\n-- the same rows`, ['session.sql']);
    await withPipeline(async (pipeline) => {
      assert.deepEqual((await pipeline.gold()).dates, week);
      await assert.rejects(build(pipeline, { models, dies: 4 }), /dies/);
      assert.deepEqual((await build(pipeline)).dates, week.slice(0, 3), 'by the old models the other dates are right');
      assert.deepEqual(await pipeline.contract(), expected);
      assert.deepEqual((await build(pipeline, { models })).dates, week);
      assert.deepEqual((await build(pipeline)).dates, week);
    }, { root: copyOf(landed) });
  });

  it('is one run when some of its tables are missing, of which the others say nothing', async () => {
    await withPipeline(async (pipeline) => {
      rmSync(join(pipeline.root, 'gold', 'product_metrics'), { recursive: true });
      const { dates, said } = await build(pipeline);
      assert.deepEqual([dates, said], [week, ['7 of 7']]);
      assert.deepEqual(await pipeline.contract(), expected);
    }, { root: await died() });
  });

  it('ends when dates have no rows', async () => {
    const models = temporaryFolder();
    writeFileSync(join(models, 'few.sql'), '-- model: few\n-- partition_by: event_date\nSELECT event_date, count(*) AS events FROM silver.event WHERE event_date = DATE \'2026-01-05\' AND event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE) GROUP BY event_date');
    await withPipeline(async (pipeline) => {
      assert.deepEqual((await build(pipeline, { models })).said, ['3 of 7', '6 of 7', '7 of 7']);
      assert.deepEqual(await pipeline.rows('SELECT CAST(event_date AS VARCHAR) AS event_date, events FROM gold.few'), [{ event_date: '2026-01-05', events: '1' }]);
      assert.deepEqual((await build(pipeline, { models })).dates, []);
    }, { root: copyOf(landed) });
  });

  it('ends after the open run on a signal, says so, and goes on', () =>
    withPipeline(async (pipeline) => {
      const first = await build(pipeline, { signal: AbortSignal.abort() });
      assert.deepEqual([first.dates, first.stopped], [week.slice(0, 3), true]);
      const second = await build(pipeline);
      assert.deepEqual([second.dates, second.stopped], [week.slice(3), false]);
      assert.deepEqual(await pipeline.contract(), expected);
    }, { root: copyOf(landed) }));

  it('loses no date that was built when a backfill of silver is killed while gold follows', async () => {
    const root = await builtLake();
    await withPipeline(async (pipeline) => {
      const contract = await pipeline.contract();
      const before = await pipeline.versions();
      const dates = new Set((await pipeline.rows('SELECT DISTINCT CAST(event_date AS VARCHAR) AS date FROM silver.event')).map(({ date }) => date)).size;
      assert.ok(dates > 2);
      const progress = { ...pipeline.context().progress, update: (text: string) => { if (text.startsWith('gold: 2 of')) throw new Error('dies'); } };
      await assert.rejects(told(pipeline, all, { goldDates: 1 }, { progress }), /dies/);
      assert.equal((await pipeline.versions())['gold.session'], (before['gold.session'] ?? 0) + 1);
      const again = await told(pipeline, all, { goldDates: 1 });
      assert.match(again.lines.join('\n'), new RegExp(`gold {4}${dates - 1} dates rebuilt`));
      assert.equal((await pipeline.versions())['gold.session'], (before['gold.session'] ?? 0) + dates);
      assert.deepEqual(await pipeline.contract(), contract);
    }, { root });
  });
});
