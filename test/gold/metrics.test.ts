import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { buildSteps, dropSteps, materialize, type Dates } from '../../src/gold/execute.js';
import { failedChecks } from '../../src/gold/checks.js';
import { loadModels, type GoldModels } from '../../src/gold/model.js';
import { Session } from '../../src/lake/duckdb.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { metricsOf, type GoldName, type MetricRow } from '../support/metrics-reference.js';
import { loadSilver, readShopEvents, type ShopEvent } from '../support/silver-of-json.js';
import { asCsv, grains, readCsv, sorted } from './expected.js';
import { randomDates, randomEvents } from './random-events.js';
import { runs } from '../support/thorough.js';

type GoldRows = Record<GoldName, MetricRow[]>;

const data = '../shared/data/shop';
const names = Object.keys(grains) as GoldName[];

/** Every date, in ranges of these lengths; the last length is used again and again. */
function rangesOf({ since, until }: Dates, lengths: readonly number[]): Dates[] {
  const ranges: Dates[] = [];
  const shift = (date: string, days: number): string => new Date(Date.parse(date) + days * 86_400_000).toISOString().slice(0, 10);
  for (let start = since; start <= until;) {
    const end = shift(start, (lengths[ranges.length] ?? lengths.at(-1) ?? 1) - 1);
    ranges.push({ since: start, until: end < until ? end : until });
    start = shift(end, 1);
  }
  return ranges;
}

describe('the gold models', () => {
  let session: Session;
  let models: GoldModels;

  before(async () => {
    session = await Session.open({ memoryLimitBytes: 1e9, threads: 2, spillDir: join(temporaryFolder(), 'spill') });
    models = await loadModels('datasets/shop/gold');
  });

  after(() => {
    session.close();
    removeTemporaryFolders();
  });

  /** All rows that the models give for these ranges, sorted, checked. */
  async function build(ranges: readonly Dates[]): Promise<GoldRows> {
    const rows: GoldRows = { list_metrics: [], product_metrics: [], funnel_daily: [], session: [] };
    for (const dates of ranges) {
      await buildSteps(session, models, dates);
      for (const model of models.models) {
        await materialize(session, model, 'gold_rows', dates);
        assert.deepEqual(await failedChecks(session, model, 'gold_rows'), []);
        const micros = model.name === 'session' ? 'REPLACE (epoch_us(started_at) AS started_at, epoch_us(ended_at) AS ended_at)' : '';
        for (const row of await session.rows(`SELECT * ${micros} FROM gold_rows`)) rows[model.name as GoldName].push(plain(row));
      }
      await dropSteps(session, models);
    }
    for (const name of names) rows[name] = sorted(name, rows[name]);
    return rows;
  }

  function reference(events: readonly ShopEvent[]): GoldRows {
    const rows = metricsOf(events);
    for (const name of names) rows[name] = sorted(name, rows[name]);
    return rows;
  }

  for (const folder of ['2016', 'made']) {
    const file = join(data, folder, folder === 'made' ? 'json.ndjson' : 'json.ndjson.gz');
    it(`give the rows of ${folder} that a separate program has computed, and so does the reference`, async function () {
      if (!existsSync(file)) skip(this, file);
      const events = readShopEvents(file);
      await loadSilver(session, events);
      const computed = reference(events);
      const built = await build([{ since: '2016-01-01', until: '2026-12-31' }]);
      for (const name of names.filter((each) => each !== 'session')) {
        const expected = readCsv(join(data, folder, 'expected', `${name}.csv`));
        const inOrder = (rows: readonly MetricRow[]): unknown => sorted(name, rows.map(asCsv));
        assert.ok(expected.length > 0);
        assert.deepEqual(inOrder(computed[name]), sorted(name, expected), `the reference's ${name}`);
        assert.deepEqual(inOrder(built[name]), sorted(name, expected), `the model's ${name}`);
      }
      assert.deepEqual(built, computed);
    });
  }

  it('give the reference\'s rows of 2017', async function () {
    const file = join(data, '2017/json.ndjson.gz');
    if (!existsSync(file)) skip(this, file);
    const events = readShopEvents(file);
    await loadSilver(session, events);
    assert.deepEqual(await build([{ since: '2017-01-01', until: '2017-12-31' }]), reference(events));
  });

  it('give the reference\'s rows of any events, whichever ranges they are built in', async () => {
    await fc.assert(
      fc.asyncProperty(randomEvents, fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 5 }), async (events, lengths) => {
        await loadSilver(session, events);
        const expected = reference(events);
        assert.deepEqual(await build([randomDates]), expected, 'all at once');
        assert.deepEqual(await build(rangesOf(randomDates, lengths)), expected, `in ranges of ${lengths.join(', ')} days`);
        assert.deepEqual(await build(rangesOf(randomDates, [1])), expected, 'day by day');
      }),
      { seed: 20260301, numRuns: runs(4, 24) },
    );
  });

  it('have no column that Parquet would change: no sum is a HUGEINT, money is exact, ratios are doubles', async () => {
    await loadSilver(session, []);
    await buildSteps(session, models, randomDates);
    for (const model of models.models) {
      await materialize(session, model, 'gold_rows', randomDates);
      const columns = (await session.rows('DESCRIBE gold_rows')).map((row) => [String(row['column_name']), String(row['column_type'])] as const);
      const [first] = metricsOf([{ event_id: 'e', user_id: 'u', platform: 'IOS', event_name: 'view_item_list', timestampUs: 0, items: [itemOfList] }])[model.name as GoldName];
      assert.deepEqual(columns.map(([name]) => name), Object.keys(first ?? {}), `${model.name}: the columns in order`);
      for (const [name, type] of columns) assert.equal(type, typeOf(name, first?.[name]), `${model.name}.${name}`);
    }
    await dropSteps(session, models);
  });
});

const itemOfList = { item_id: 'a', item_name: 'A', item_list_id: 'L', item_list_name: 'L', price: null, quantity: null, item_revenue: null };

function typeOf(name: string, value: MetricRow[string] | undefined): string {
  if (name === 'event_date') return 'DATE';
  if (name.endsWith('_at')) return 'TIMESTAMP WITH TIME ZONE';
  if (name.endsWith('revenue')) return 'DECIMAL(38,4)';
  if (/rate|ctr$|^avg_/.test(name)) return 'DOUBLE';
  if (typeof value === 'boolean') return 'BOOLEAN';
  return typeof value === 'number' ? 'BIGINT' : 'VARCHAR';
}

/** DuckDB's JSON gives a BIGINT as text: counts are numbers here, as the reference has them. */
function plain(row: Readonly<Record<string, unknown>>): MetricRow {
  const textColumns = ['event_date', 'platform', 'item_list_id', 'item_list_name', 'item_id', 'item_name', 'session_id', 'user_id', 'revenue', 'unattributed_revenue'];
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typeof value === 'string' && !textColumns.includes(name) ? Number(value) : value])) as MetricRow;
}

/** Says why, and ends the test. */
function skip(context: Mocha.Context, file: string): void {
  console.log(`      ${file} is not there`);
  context.skip();
}
