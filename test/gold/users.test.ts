import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { status } from '../../src/report/status.js';
import { removeTemporaryFolders } from '../support/lake.js';
import { linesFile, realData, withPipeline, type Pipeline } from '../support/pipeline.js';

interface Profile {
  readonly _id: number;
  readonly createdAt: { readonly $date: string };
  readonly updatedAt?: { readonly $date: string };
  readonly score?: { readonly score: number } | null;
  readonly alreadyHaveProducts: readonly { readonly productType?: string; readonly productId: number }[];
}
type Counts = Readonly<Record<string, number>>;

const at = (day: string): { readonly $date: string } => ({ $date: `${day}T10:00:00.000+0000` });
const product = (productType: string | undefined, productId = 1): { readonly productType?: string; readonly productId: number } => ({ ...(productType === undefined ? {} : { productType }), productId });

/** Two profiles of user 1, the newer of them first; users on the bounds of the ranges, and one without a score. */
const made: readonly Profile[] = [
  { _id: 1, createdAt: at('2021-11-01'), updatedAt: at('2022-01-02'), score: { score: 200 }, alreadyHaveProducts: [product('loan', 1), product('loan', 2), product('creditcard')] },
  { _id: 1, createdAt: at('2021-11-01'), updatedAt: at('2022-01-01'), score: { score: 900 }, alreadyHaveProducts: [product('digitalaccount')] },
  { _id: 2, createdAt: at('2021-11-01'), updatedAt: at('2021-11-02'), score: { score: 201 }, alreadyHaveProducts: [product('loan')] },
  { _id: 3, createdAt: at('2021-11-02'), updatedAt: at('2021-11-02'), score: { score: 600 }, alreadyHaveProducts: [product(undefined)] },
  { _id: 4, createdAt: at('2021-11-02'), score: { score: 801 }, alreadyHaveProducts: [] },
  { _id: 5, createdAt: at('2021-11-03'), updatedAt: at('2021-11-03'), score: null, alreadyHaveProducts: [] },
  { _id: 6, createdAt: at('2021-11-03'), updatedAt: at('2021-11-03'), score: { score: 800 }, alreadyHaveProducts: [] },
  { _id: 7, createdAt: at('2021-11-03'), updatedAt: at('2021-11-03'), score: { score: 400 }, alreadyHaveProducts: [] },
];

function count(values: readonly string[]): Counts {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

/** The metrics of some profiles by a plain program; `null` for no value. */
function expected(profiles: readonly Profile[]): Readonly<Record<string, Counts>> {
  const newest = new Map<number, Profile>();
  for (const profile of profiles) {
    const known = newest.get(profile._id);
    if (known === undefined || (profile.updatedAt?.$date ?? '') > (known.updatedAt?.$date ?? '')) newest.set(profile._id, profile);
  }
  const users = [...newest.values()];
  const rangeOf = (score: number | undefined): string => {
    if (score === undefined) return 'null';
    const bounds: readonly (readonly [number, string])[] = [[200, 'ATE 200'], [400, 'DE 201 A 400'], [600, 'DE 401 A 600'], [800, 'DE 601 A 800']];
    return bounds.find(([most]) => score <= most)?.[1] ?? 'ACIMA DE 800';
  };
  return {
    user_products: count(users.flatMap(({ alreadyHaveProducts }) => [...new Set(alreadyHaveProducts.map(({ productType }) => productType ?? 'null'))])),
    user_scores: count(users.map(({ score }) => rangeOf(score?.score))),
    users_by_day: count(users.map(({ createdAt }) => createdAt.$date.slice(0, 10))),
  };
}

async function metrics(pipeline: Pipeline): Promise<Record<string, Counts>> {
  const built: Record<string, Counts> = {};
  for (const [table, key] of [['user_products', 'product_type'], ['user_scores', 'score_range'], ['users_by_day', 'event_date']] as const) {
    const rows = await pipeline.rows(`SELECT coalesce(CAST(${key} AS VARCHAR), 'null') AS key, users FROM gold.${table}`);
    built[table] = Object.fromEntries(rows.map((row) => [String(row['key']), Number(row['users'])]));
  }
  return built;
}

describe('the gold models of users', () => {
  after(removeTemporaryFolders);

  it('have the newest profile of each user, whatever the order in which they came', () =>
    withPipeline(async (pipeline) => {
      const lines = made.map((profile) => JSON.stringify(profile));
      await pipeline.land(linesFile(lines.slice(1)));
      await pipeline.build();
      assert.deepEqual(await metrics(pipeline), expected(made.slice(1)));
      await pipeline.land(linesFile(lines.slice(0, 1)));
      const { gold } = await pipeline.build();
      assert.deepEqual([gold.dates, gold.whole?.tables], [['2021-11-01'], ['user_products', 'user_scores']]);
      assert.deepEqual(await metrics(pipeline), expected(made));
      assert.deepEqual(expected(made)['user_products'], { loan: 2, creditcard: 1, null: 1 });
      const { summary, failures } = await status(pipeline.lake, pipeline.dataset, 'datasets/users/gold', null);
      assert.deepEqual([failures, summary.gold, (await pipeline.audit()).balanced], [[], { stale: [], reason: null, whole: null }, true]);
      for (const name of ['products_and_scores', 'products_per_user']) {
        await pipeline.rows('SELECT 1 AS one');
        const sql = readFileSync(`datasets/users/analyses/${name}.sql`, 'utf8');
        const rows = await (await pipeline.lake.session()).rows(sql, { since: '2021-11-01', until: '2021-11-30' });
        assert.deepEqual(rows.map((row) => Object.values(row).map((value) => (typeof value === 'number' ? `${value}` : value))), name === 'products_per_user'
          ? [['0', '4'], ['1', '2'], ['3', '1']]
          : [['loan', '2', '200.5', '200'], ['creditcard', '1', '200', '200'], [null, '1', '600', '600']]);
      }
    }, { name: 'users' }));

  it('have the counts of the real profiles', async function () {
    const file = realData('users/dump.json.gz');
    if (file === null) {
      console.log('      users/dump.json.gz is not there');
      this.skip();
    }
    const profiles = JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as Profile[];
    await withPipeline(async (pipeline) => {
      await pipeline.land(file);
      await pipeline.build();
      assert.deepEqual(await metrics(pipeline), expected(profiles));
      assert.deepEqual((await metrics(pipeline))['user_products'], { creditcard: 744, digitalaccount: 391, loan: 1 });
    }, { name: 'users' });
  });
});
