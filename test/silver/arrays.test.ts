import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run as runForget } from '../../src/commands/forget.js';
import { loadDataset } from '../../src/load.js';
import { datasetsWith } from '../infer/harness.js';
import { removeTemporaryFolders } from '../support/lake.js';
import { linesFile, withPipeline, type Pipeline } from '../support/pipeline.js';

const contract = `import { defineDataset, integer, money, text } from 'ingot';
export default defineDataset({
  name: 'deep', version: 1, time: { key: 'at', notBefore: '2000-01-01', maxAheadMs: 86400000 }, nulls: ['-'], person: 'id',
  event: { table: 'customer', columns: { id: text({ required: true }) } },
  arrays: [
    { table: 'customer_order', key: '/orders', columns: { order_id: text({ keys: ['id'] }), total: money({ keys: ['/sum/total'] }) } },
    { table: 'customer_order_line', key: '/orders/*/lines', columns: { sku: text(), count: integer() } },
    { table: 'customer_order_line_tag', key: '/orders/*/lines/*/tags', columns: { value: text() } },
    { table: 'customer_cell', key: '/matrix/*', columns: { value: integer() } },
  ],
});
`;

const model = `-- model: tags
-- grain: value
-- inputs: silver.customer_order_line_tag
-- refresh: whole
-- purpose: how often each tag is there
SELECT value, count(*) AS tags FROM silver.customer_order_line_tag GROUP BY value`;

/** The folder of the dataset with its gold model. */
function datasets(): string {
  const folder = datasetsWith('deep', contract);
  mkdirSync(join(folder, 'deep', 'gold'));
  writeFileSync(join(folder, 'deep', 'gold', 'tags.sql'), model);
  return folder;
}

const at = '2026-01-02T10:00:00Z';
const first = { id: 'c1', at, orders: [{ id: 1, sum: { total: 1.1 }, lines: [{ sku: 'a', count: 2, tags: ['x', '-', { odd: 1 }] }, { sku: 'b', count: 'many' }] }, { id: 'o2', lines: [] }, 'o3', { id: 'o4', lines: [{ sku: 'c', tags: ['z'] }] }], matrix: [[1, 2], 3, [4]] };
/** Digits that a JavaScript number does not hold. */
const exact = (body: object): string => JSON.stringify(body).replace('"id":1,', '"id":90071992547409931,');

const tables = ['customer_order', 'customer_order_line', 'customer_order_line_tag', 'customer_cell'];

async function rowsOf(pipeline: Pipeline): Promise<string[][]> {
  const all: string[][] = [];
  for (const table of tables) {
    const rows = await pipeline.rows(`SELECT id, child.* EXCLUDE (event_id, event_date, platform, event_timestamp) FROM silver.${table} AS child JOIN silver.customer USING (event_id) ORDER BY id, parent_path NULLS FIRST, item_index`);
    all.push(rows.map((row) => Object.values(row).map((value) => (value === null ? '∅' : Array.isArray(value) ? `[${value.join()}]` : `${value as string | bigint}`)).join(' ')));
  }
  return all;
}

const ofFirst = [
  ['c1 ∅ 0 90071992547409931 1.1000 []', 'c1 ∅ 1 o2 ∅ []', 'c1 ∅ 2 ∅ ∅ []', 'c1 ∅ 3 o4 ∅ []'],
  ['c1 0 0 a 2 []', 'c1 0 1 b ∅ [count]', 'c1 3 0 c ∅ []'],
  ['c1 0/0 0 x []', 'c1 0/0 1 ∅ []', 'c1 0/0 2 ∅ []', 'c1 3/0 0 z []'],
  ['c1 0 0 1 []', 'c1 0 1 2 []', 'c1 2 0 4 []'],
];

describe('arrays at any depth', () => {
  after(removeTemporaryFolders);

  const within = (work: (pipeline: Pipeline) => Promise<void>): Promise<void> => withPipeline(work, { datasets: datasets(), name: 'deep' });

  it('are rows of a table each, by their event, the places around them and their own', () => within(async (pipeline) => {
    await pipeline.land(linesFile([exact(first), JSON.stringify({ id: 'c2', at, orders: { no: 'array' } }), JSON.stringify({ id: 'c3', at }), JSON.stringify({ at, orders: [{ id: 'of a rejected one' }] })]));
    await pipeline.build();
    assert.deepEqual(await rowsOf(pipeline), ofFirst);
    assert.equal((await pipeline.audit()).balanced, true);
  }));

  it('tell events apart, and come once for events that are equal, whenever they come', () => within(async (pipeline) => {
    const other = { ...first, id: 'c1', orders: [{ id: 'only' }] };
    await pipeline.land(linesFile([exact(first), exact(first)]));
    await pipeline.build();
    await pipeline.land(linesFile([exact(first), JSON.stringify(other)]));
    const { silver } = await pipeline.build();
    assert.equal(silver.appended.length, 1);
    assert.deepEqual(await pipeline.rows('SELECT CAST(count(*) AS INTEGER) AS n FROM silver.customer'), [{ n: 2 }]);
    assert.deepEqual((await rowsOf(pipeline)).map((rows) => rows.length), ofFirst.map((rows, index) => rows.length + (index === 0 ? 1 : index === 3 ? 3 : 0)));
    assert.deepEqual(await pipeline.rows('SELECT CAST(count(*) AS INTEGER) AS n FROM silver.deep_duplicates'), [{ n: 2 }]);
  }));

  it('go with the person whose event they are of', () => within(async (pipeline) => {
    await pipeline.land(linesFile([exact(first), exact({ ...first, id: 'c9' })]));
    await pipeline.build();
    assert.equal(await runForget(pipeline.context({ userId: 'c9' })), 0);
    assert.deepEqual(await rowsOf(pipeline), ofFirst);
  }));

  it('need a pointer to them, and names of their own', async () => {
    const loaded = (from: string, to: string): Promise<unknown> => loadDataset(datasetsWith('deep', contract.replace(from, to)), 'deep');
    await assert.rejects(loaded("key: '/orders'", "key: 'orders'"), /arrays\.0\.key: must be a JSON pointer/);
    await assert.rejects(loaded("table: 'customer_cell'", "table: 'customer'"), /the table customer is there twice/);
    await assert.rejects(loaded('sku: text()', 'item_index: text()'), /arrays: the column item_index comes by itself/);
  });
});
