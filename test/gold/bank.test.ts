import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { failedChecks } from '../../src/gold/checks.js';
import { buildSteps, dropSteps, materialize } from '../../src/gold/execute.js';
import { loadModels, type GoldModels } from '../../src/gold/model.js';
import { Session } from '../../src/lake/duckdb.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { runs } from '../support/thorough.js';

interface Payment {
  readonly event_id: string;
  readonly customer_id: string;
  /** `1994-01-10`. */
  readonly dob: string | null;
  readonly location: string | null;
  /** In hundredths. */
  readonly cents: number;
  /** Seconds since 1970. */
  readonly at: number;
}
type Row = Record<string, string | number | null>;

const start = Date.parse('2016-08-01T00:00:00Z') / 1000;
const dateOf = (at: number): string => new Date(at * 1000).toISOString().slice(0, 10);
const groupBy = <T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T[]> => {
  const groups = new Map<string, T[]>();
  for (const value of values) groups.set(keyOf(value), [...(groups.get(keyOf(value)) ?? []), value]);
  return groups;
};

function ageBand(dob: string | null, asOf: string): string {
  if (dob === null) return 'unknown';
  const age = Number(asOf.slice(0, 4)) - Number(dob.slice(0, 4)) - (asOf.slice(5) < dob.slice(5) ? 1 : 0);
  if (age < 0 || age > 110) return 'unknown';
  const bands: readonly (readonly [number, string])[] = [[18, 'under 18'], [25, '18 to 24'], [35, '25 to 34'], [45, '35 to 44'], [55, '45 to 54'], [65, '55 to 64']];
  return bands.find(([below]) => age < below)?.[1] ?? '65 and over';
}

interface Customer {
  readonly id: string;
  readonly payments: readonly Payment[];
  readonly cents: number;
  readonly lastAt: number;
  readonly location: string | null;
  readonly band: string;
}

function customersOf(payments: readonly Payment[]): Customer[] {
  const asOf = payments.map(({ at }) => dateOf(at)).sort().at(-1) ?? '';
  return [...groupBy(payments, ({ customer_id: id }) => id)].map(([id, own]) => {
    const dob = own.flatMap((payment) => payment.dob ?? []).sort().at(-1) ?? null;
    const located = own.filter(({ location }) => location !== null).sort((a, b) => b.at - a.at || (a.event_id < b.event_id ? 1 : -1));
    return { id, payments: own, cents: own.reduce((sum, { cents }) => sum + cents, 0), lastAt: Math.max(...own.map(({ at }) => at)), location: located[0]?.location ?? null, band: ageBand(dob, asOf) };
  });
}

/** Quintiles by the values that decide, the first one first. */
function quintiles(customers: readonly Customer[], valuesOf: (customer: Customer) => readonly number[]): Map<string, number> {
  const less = (a: Customer, b: Customer): number => {
    const difference = valuesOf(a).map((value, index) => value - (valuesOf(b)[index] ?? 0)).find((each) => each !== 0);
    return difference ?? (a.id < b.id ? -1 : 1);
  };
  const sizes = Array.from({ length: 5 }, (_none, index) => Math.floor(customers.length / 5) + (index < customers.length % 5 ? 1 : 0));
  const numbers = sizes.flatMap((size, index) => Array<number>(size).fill(index + 1));
  return new Map([...customers].sort(less).map(({ id }, index) => [id, numbers[index] ?? 0]));
}

function segmentOf(recency: number, often: number, money: number, frequency: number): string {
  if (recency >= 4 && often >= 4 && money >= 4) return 'champions';
  if (often >= 4) return recency >= 3 ? 'loyal' : 'at_risk';
  if (recency >= 4) return frequency === 1 ? 'new' : 'promising';
  if (money === 5) return 'big_spenders';
  return recency <= 2 && often <= 2 ? 'lost' : 'needs_attention';
}

function segments(payments: readonly Payment[]): Row[] {
  const customers = customersOf(payments);
  const asOf = Math.max(...payments.map(({ at }) => Math.floor(at / 86_400)));
  const recency = quintiles(customers, ({ lastAt, payments: own, cents }) => [lastAt, own.length, cents]);
  const often = quintiles(customers, ({ lastAt, payments: own, cents }) => [own.length, cents, lastAt]);
  const money = quintiles(customers, ({ lastAt, payments: own, cents }) => [cents, own.length, lastAt]);
  return customers.map(({ id, payments: own, cents, lastAt, location, band }) => {
    const [r, f, m] = [recency.get(id) ?? 0, often.get(id) ?? 0, money.get(id) ?? 0];
    return {
      customer_id: id, recency_days: asOf - Math.floor(lastAt / 86_400), frequency: own.length, cents,
      recency_quintile: r, frequency_quintile: f, monetary_quintile: m, segment: segmentOf(r, f, m, own.length), age_band: band, location,
    };
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return ((sorted[Math.ceil(sorted.length / 2) - 1] ?? NaN) + (sorted[Math.floor(sorted.length / 2)] ?? NaN)) / 2;
}

interface Group {
  readonly basis: string;
  readonly size: number;
  readonly middle: number;
  readonly deviation: number;
}

function groupOf(basis: string, amounts: readonly number[], least: number): Group | null {
  if (amounts.length < least) return null;
  const middle = median(amounts);
  const deviation = 1.4826 * median(amounts.map((amount) => Math.abs(amount - middle)));
  return deviation === 0 ? null : { basis, size: amounts.length, middle, deviation };
}

function suspicious(payments: readonly Payment[]): Row[] {
  const customers = new Map(customersOf(payments).map((customer) => [customer.id, customer]));
  const amountsOf = (some: readonly Payment[]): number[] => some.map(({ cents }) => cents / 100);
  const nearOf = ({ location, band }: Customer): string => JSON.stringify([location, band]);
  const near = groupBy(payments, ({ customer_id: id }) => nearOf(customers.get(id)!));
  const all = groupOf('all', amountsOf(payments), 30);
  return payments.flatMap((payment) => {
    const customer = customers.get(payment.customer_id)!;
    const group = groupOf('customer', amountsOf(customer.payments), 10) ?? groupOf('location and age band', amountsOf(near.get(nearOf(customer)) ?? []), 30) ?? all;
    const amount = payment.cents / 100;
    const isAmount = group !== null && Math.abs(amount - group.middle) > 6 * group.deviation;
    const burst = customer.payments.some(({ at: from }) => payment.at >= from && payment.at <= from + 600 && customer.payments.filter(({ at }) => at >= from && at <= from + 600).length >= 3);
    if (!isAmount && !burst) return [];
    return [{ event_id: payment.event_id, rules: [...(isAmount ? ['amount'] : []), ...(burst ? ['burst'] : [])].join(', '), basis: group?.basis ?? null, group_transactions: group?.size ?? null, median_amount: group?.middle ?? null, robust_deviation: group?.deviation ?? null }];
  });
}

function days(payments: readonly Payment[]): Row[] {
  return [...groupBy(payments, ({ at }) => dateOf(at))].map(([event_date, own]) => {
    const cents = own.reduce((sum, payment) => sum + payment.cents, 0);
    return { event_date, transactions: own.length, customers: new Set(own.map(({ customer_id: id }) => id)).size, cents, average_amount: cents / 100 / own.length, largest: Math.max(...own.map((payment) => payment.cents)) };
  });
}

const sorted = (rows: readonly Row[]): Row[] => rows.map((row) => ({ row, key: JSON.stringify(row) })).sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ row }) => row);

/** Few customers, places and amounts, so that equal values are common; now and then a great amount, and payments within minutes. */
const payment = fc.record({
  customer: fc.nat(12), dob: fc.constantFrom(null, '1800-01-01', '1951-08-31', '1990-08-15', '2001-02-03'), location: fc.constantFrom(null, 'MUMBAI', 'DELHI'),
  cents: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 20 }).map((n) => n * 2500) }, { weight: 1, arbitrary: fc.integer({ min: -900_000, max: 9_000_000 }) }),
  hours: fc.nat(24 * 20), minutes: fc.constantFrom(0, 0, 3, 9, 10, 11),
});
const payments = fc.array(payment, { minLength: 1, maxLength: 150, size: 'max' }).map((records) => records.map(({ customer, dob, location, cents, hours, minutes }, index): Payment => ({
  event_id: `e${String(index).padStart(4, '0')}`, customer_id: `C${customer < 3 ? 0 : customer}`, dob, location, cents, at: start + Math.floor(hours / 30) * 3600 * 24 + minutes * 60 + (index % 2),
})));

describe('the gold models of bank', () => {
  let session: Session;
  let models: GoldModels;

  before(async () => {
    session = await Session.open({ memoryLimitBytes: 1e9, threads: 2, spillDir: join(temporaryFolder(), 'spill') });
    models = await loadModels('datasets/bank/gold');
  });
  after(() => {
    session.close();
    removeTemporaryFolders();
  });

  async function load(rows: readonly Payment[]): Promise<void> {
    const schema = '[{"event_id":"VARCHAR","customer_id":"VARCHAR","dob":"DATE","location":"VARCHAR","cents":"BIGINT","at":"BIGINT"}]';
    await session.run('CREATE SCHEMA IF NOT EXISTS silver');
    await session.run(`CREATE OR REPLACE TABLE silver.bank_transaction AS
      SELECT event_id, CAST(to_timestamp("at") AS DATE) AS event_date, CAST(NULL AS VARCHAR) AS platform, event_id AS transaction_id, customer_id, dob AS customer_dob,
        CAST(NULL AS VARCHAR) AS customer_gender, location AS customer_location, CAST(0 AS DECIMAL(18,4)) AS account_balance, CAST(CAST(cents AS DECIMAL(18,2)) * 0.01 AS DECIMAL(18,4)) AS transaction_amount_inr, to_timestamp("at") AS transaction_at
      FROM (SELECT unnest(json_transform($rows, '${schema}'), recursive := true))`, { rows: JSON.stringify(rows) });
  }

  async function build(): Promise<Record<string, Row[]>> {
    const built: Record<string, Row[]> = {};
    const dates = { since: '2016-08-01', until: '2016-08-31' };
    const selects: Readonly<Record<string, string>> = {
      customer_segment: 'customer_id, recency_days, frequency, CAST(monetary * 100 AS BIGINT) AS cents, recency_quintile, frequency_quintile, monetary_quintile, segment, age_band, location',
      suspicious_transaction: 'event_id, rules, basis, group_transactions, median_amount, robust_deviation',
      transactions_by_day: 'CAST(event_date AS VARCHAR) AS event_date, transactions, customers, CAST(amount * 100 AS BIGINT) AS cents, average_amount, CAST(largest_amount * 100 AS BIGINT) AS largest',
    };
    const texts = ['customer_id', 'event_id', 'event_date', 'rules', 'basis', 'location', 'age_band', 'segment'];
    await buildSteps(session, models, dates);
    for (const model of models.models) {
      await materialize(session, model, 'gold_rows', dates);
      assert.deepEqual(await failedChecks(session, model, 'gold_rows'), []);
      const rows = await session.rows(`SELECT ${selects[model.name] ?? '*'} FROM gold_rows`);
      built[model.name] = sorted(rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null || texts.includes(name) ? value : Number(value)])) as Row));
    }
    await dropSteps(session, models);
    return built;
  }

  it('give what a plain program computes of any transactions', async () => {
    const seen = new Set<unknown>();
    await fc.assert(
      fc.asyncProperty(payments, async (rows) => {
        await load(rows);
        const built = await build();
        assert.deepEqual(built['customer_segment'], sorted(segments(rows)));
        assert.deepEqual(built['transactions_by_day'], sorted(days(rows)));
        assert.deepEqual(built['suspicious_transaction'], sorted(suspicious(rows)));
        for (const { rules, basis } of suspicious(rows)) seen.add(`${rules ?? ''} by ${basis ?? ''}`);
        for (const { segment } of segments(rows)) seen.add(segment);
      }),
      { seed: 20160801, numRuns: runs(10, 50) },
    );
    for (const expected of ['amount by customer', 'amount by location and age band', 'amount by all', 'burst by customer', 'champions', 'lost']) assert.ok(seen.has(expected), expected);
  });

  it('find three payments within ten minutes, the tenth included, and not those within eleven', async () => {
    const at = (minutes: number, customer_id: string): Payment => ({ event_id: `${customer_id}${minutes}`, customer_id, dob: null, location: null, cents: 100, at: start + minutes * 60 });
    await load([...[0, 9, 10].map((minutes) => at(minutes, 'a')), ...[0, 9, 11].map((minutes) => at(minutes, 'b')), at(5, 'c'), at(6, 'c')]);
    assert.deepEqual((await build())['suspicious_transaction']?.map((row) => [row['event_id'], row['rules']]), [['a0', 'burst'], ['a10', 'burst'], ['a9', 'burst']]);
  });

  it('judge a payment by the customer\'s own history where that is long enough', async () => {
    const rows = (customer_id: string, cents: readonly number[]): Payment[] => cents.map((each, index) => ({ event_id: `${customer_id}${index}`, customer_id, dob: null, location: null, cents: each, at: start + index * 86_400 }));
    await load([...rows('small', [100, 110, 120, 130, 90, 80, 100, 110, 120, 50_000]), ...rows('great', Array.from({ length: 30 }, (_none, index) => 50_000 + index * 100))]);
    assert.deepEqual((await build())['suspicious_transaction']?.map((row) => [row['event_id'], row['rules'], row['basis'], row['median_amount']]), [['small9', 'amount', 'customer', 1.1]]);
  });

  it('are in the subset of SQL that other engines read alike, and so are the analyses', () => {
    const analyses = readdirSync('datasets/bank/analyses').map((name) => readFileSync(join('datasets/bank/analyses', name), 'utf8'));
    assert.ok(analyses.length > 1);
    for (const text of [...[...models.steps, ...models.models].map(({ sql }) => sql), ...analyses]) {
      const sql = text.split('\n').filter((line) => !line.startsWith('--')).join('\n');
      assert.match(sql, /^(SELECT|WITH)\b/);
      assert.doesNotMatch(sql, /\b(QUALIFY|EXCLUDE|REPLACE|ASOF|GROUP BY ALL|ORDER BY ALL|FILTER|USING|PIVOT|avg|median|arg_max|arg_min|DISTINCT ON)\b|::|;/i);
    }
  });
});
