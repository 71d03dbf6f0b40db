import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import shop from '../../datasets/shop/dataset.js';
import { silverOfMessages, type Message, type Row } from './harness.js';

const cases = new URL('../cases/', import.meta.url);

function lines(path: string): unknown[] {
  return readFileSync(new URL(path, cases), 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
}

/** Golden files leave nulls out. */
function withoutNulls(rows: readonly Row[] = []): Row[] {
  return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)));
}

describe('the golden cases of silver', () => {
  for (const name of readdirSync(cases).filter((folder) => folder.startsWith('silver-'))) {
    for (const exactly of [false, true]) {
      it(`gives the rows of ${name}${exactly ? ', all read the exact way' : ''}`, async () => {
        const tables = await silverOfMessages(shop, lines(`${name}/in.ndjson`) as Message[], { exactly });
        for (const table of ['event', 'item_event', 'shop_rejected', 'shop_duplicates']) {
          assert.deepEqual(withoutNulls(tables[table]), lines(`${name}/${table}.ndjson`), table);
        }
      });
    }
  }
});
