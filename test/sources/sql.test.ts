import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../scripts/engines/server.js';
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

  it('is a folder with a database in it, and no other', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    await refused('storefront_purchase', `pglite://${folder}`, { code: 'SOURCE_NOT_FOUND', message: /there is no database/ });
    await withPipeline((pipeline) => assert.rejects(new Orders(`pglite://${folder}`, pipeline).load([], []), { code: 'SOURCE_UNREADABLE', message: /has other files, and no database/ }));
    assert.deepEqual(readdirSync(folder), ['notes.txt']);
  });

  it('is waited for when its server is away, half a minute and no longer', async () => {
    const notes: string[] = [];
    let nowMs = Date.parse('2026-03-10T12:00:00Z');
    const clock = { nowMs: () => nowMs, sleep: (ms: number): Promise<void> => Promise.resolve(void (nowMs += ms)) };
    const from = `postgres://shop:not-secret@127.0.0.1:${await freePort()}/orders`;
    await withPipeline(async (pipeline) => {
      const context = pipeline.context({ from });
      await assert.rejects(land({ ...context, progress: { ...context.progress, note: (text) => notes.push(text) } }, pipeline.dataset), { code: 'SOURCE_UNREACHABLE', message: /the database can't be reached: .*ECONNREFUSED/ });
    }, { name: 'storefront_purchase', clock });
    assert.ok(notes.length > 2);
    assert.equal(nowMs, Date.parse('2026-03-10T12:00:30Z'));
    for (const note of notes) assert.doesNotMatch(note, /not-secret/);
  });

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
    for (const [query, message] of [['SELECT id, order_date AS at, \'{}\' AS body FROM orders UNION ALL SELECT id, order_date, \'{ }\' FROM orders -- twice', /gives the id o-1 twice/], ['SELECT id FROM orders', /the database query is not valid: .*at.*does not exist/], ['SELECT id, order_date AS at, \'[]\' AS body FROM orders', /without an id, a date or a JSON object/], ['SELECT id, order_date AS at, \'{}\' AS body FROM no_such_table', /has not what the query reads/]] as const) {
      writeFileSync(join(datasets, 'storefront/database/order.sql'), query);
      await assert.rejects(land(context, pipeline.dataset), { message });
    }
  }, { name: 'storefront_purchase' }));
});
