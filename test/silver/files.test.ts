import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import bank from '../../datasets/bank/dataset.js';
import music from '../../datasets/music/dataset.js';
import storefront from '../../datasets/storefront/dataset.js';
import users from '../../datasets/users/dataset.js';
import type { Dataset } from '../../src/dataset.js';
import { hashFile, readBlocks } from '../../src/sources/file.js';
import { realData } from '../support/pipeline.js';
import type { Message, Row, Tables } from './harness.js';
import { silverOfLanded } from './landed.js';

const cases = new URL('../cases/', import.meta.url);

/** A file's bodies, as bronze gets them. */
async function bodiesIn(path: string): Promise<Message[]> {
  const blocks: string[] = [];
  for await (const { block } of readBlocks(path, path, await hashFile(path, path, null, false))) blocks.push(block.toString('utf8'));
  return blocks.join('').split('\n').filter((line) => line !== '').map((body) => ({ body }));
}

/** Golden files leave nulls out. */
function withoutNulls(rows: readonly Row[] = []): Row[] {
  return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)));
}

function tablesOf(dataset: Dataset, messages: readonly Message[], source: string, exactly: boolean): Promise<Tables> {
  return silverOfLanded(dataset, messages, { exactly, source });
}

for (const dataset of [bank, users, ...music, ...storefront] as readonly Dataset[]) {
  describe(`the golden cases of ${dataset.name}`, () => {
    for (const name of readdirSync(cases).filter((folder) => folder.startsWith(`${dataset.name}-`))) {
      for (const exactly of [false, true]) {
        it(`gives the rows of ${name}${exactly ? ', all read value by value' : ''}`, async () => {
          const input = ['in.csv', 'in.json', 'in.ndjson', 'iOS/in.json'].find((file) => existsSync(new URL(`${name}/${file}`, cases))) ?? '';
          const path = new URL(`${name}/${input}`, cases).pathname;
          for (const [table, rows] of Object.entries(await tablesOf(dataset, await bodiesIn(path), path, exactly))) {
            const expected = readFileSync(new URL(`${name}/${table}.ndjson`, cases), 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
            assert.deepEqual(withoutNulls(rows), expected, table);
          }
        });
      }
    }
  });
}

it('1,000 real users are as many profiles with 2,143 products, without an issue', async function () {
  const path = realData('users/dump.json.gz');
  if (path === null) this.skip();
  const messages = await bodiesIn(path);
  const tables = await tablesOf(users, messages, path, false);
  assert.deepEqual(await tablesOf(users, messages.slice(0, 100), path, true), await tablesOf(users, messages.slice(0, 100), path, false));
  assert.deepEqual(Object.entries(tables).map(([table, rows]) => [table, rows.length]), [['user_product', 2143], ['user_profile', 1000], ['users_rejected', 0], ['users_duplicates', 0], ['bronze_rejected', 0]]);
  const profiles = tables['user_profile'] ?? [];
  const count = (column: string): number => profiles.filter((row) => row[column] !== null).length;
  assert.deepEqual(profiles.filter((row) => (row['issues'] as string[]).length > 0), []);
  assert.deepEqual(['score_score', 'score_hasDebts', 'score_origin_referrer', 'score_origin_utm_term', 'score_createdAt', 'updated_at'].map(count), [1000, 993, 548, 220, 1000, 1000]);
  assert.equal(tables['user_product']?.filter((row) => row['productId'] === null).length, 1);
  assert.equal(profiles.reduce((sum, row) => sum + Number(row['item_count']), 0), 2143);
});
