import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { land } from '../../src/commands/bronze.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { describeOrders, Orders } from '../support/orders.js';
import { withPipeline } from '../support/pipeline.js';
import { onlyThorough } from '../support/thorough.js';

describeOrders('an embedded database', () => Promise.resolve(`pglite://${join(temporaryFolder(), 'orders-db')}`));

describe('a database as a source', () => {
  after(removeTemporaryFolders);

  const refused = (name: string, from: string, expected: { readonly code: string; readonly message: RegExp }): Promise<void> =>
    withPipeline((pipeline) => assert.rejects(land(pipeline.context({ from }), pipeline.dataset), expected), { name });

  it('that is not there is named, with how to load one', () => refused('storefront_purchase', `pglite://${join(temporaryFolder(), 'none')}`, { code: 'SOURCE_NOT_FOUND', message: /there is no database pglite:.*none/ }));

  it('needs a query in the contract', () => refused('bank', `pglite://${temporaryFolder()}`, { code: 'USAGE', message: /the contract has no query for a database/ }));

  it('is for one process at a time when it is embedded; what a dead one has left is no lock', () => withPipeline(async (pipeline) => {
    const folder = join(temporaryFolder(), 'db');
    const orders = new Orders(`pglite://${folder}`, pipeline);
    writeFileSync(`${folder}.lock`, '999999999');
    await orders.load(['o-1,2016-02-01 22:30:00,new,android,1'], []);
    writeFileSync(`${folder}.lock`, String(process.pid));
    await assert.rejects(orders.run(), { code: 'SOURCE_DENIED', message: /another process \(\d+\) is using the database/ });
  }, { name: 'storefront_purchase' }));

  onlyThorough('has a query that is checked: its columns, and what it gives', () => withPipeline(async (pipeline) => {
    const datasets = temporaryFolder();
    const orders = new Orders(`pglite://${join(temporaryFolder(), 'db')}`, pipeline);
    await orders.load(['o-1,2016-02-01 22:30:00,new,android,1'], []);
    mkdirSync(join(datasets, 'storefront/database'), { recursive: true });
    const context = { ...pipeline.context({ from: orders.url }), config: { ...pipeline.context({ from: orders.url }).config, datasets } };
    await assert.rejects(land(context, pipeline.dataset), { code: 'DATASET_INVALID', message: /the database query can't be read/ });
    for (const [query, message] of [['SELECT id FROM orders', /the database query is not valid: .*at.*does not exist/], ['SELECT id, order_date AS at, \'[]\' AS body FROM orders', /without an id, a date or a JSON object/], ['SELECT id, order_date AS at, \'{}\' AS body FROM no_such_table', /has not what the query reads/]] as const) {
      writeFileSync(join(datasets, 'storefront/database/order.sql'), query);
      await assert.rejects(land(context, pipeline.dataset), { message });
    }
  }, { name: 'storefront_purchase' }));
});
