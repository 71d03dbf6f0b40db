import assert from 'node:assert/strict';
import { Postgres } from '../../scripts/engines/postgres.js';
import { land } from '../../src/commands/bronze.js';
import { run as runAll } from '../../src/commands/run.js';
import { removeTemporaryFolders } from '../support/lake.js';
import { describeOrders, Orders } from '../support/orders.js';
import { withPipeline, type Pipeline } from '../support/pipeline.js';

const inOrders = { name: 'storefront_purchase' };

describe('PostgreSQL', () => {
  let postgres: Postgres;

  before(async () => {
    postgres = await Postgres.start();
  });
  after(async () => {
    await postgres.stop();
    removeTemporaryFolders();
  });

  describeOrders('PostgreSQL', () => postgres.database());

  const refused = (url: string, code: string): Promise<void> => withPipeline(async (pipeline) => {
    await assert.rejects(land(pipeline.context({ from: url }), pipeline.dataset), (error: Error & { code?: string; path?: string; hint?: string; cause?: unknown }) => {
      assert.equal(error.code, code, error.message);
      assert.doesNotMatch(JSON.stringify([error.message, error.path, error.hint]), /not-secret|wrong-one/);
      return true;
    });
  }, inOrders);

  it('refuses a wrong password, an unknown database and one without orders, each by its name, and never tells a password', async () => {
    const known = (await postgres.database()).split('/').at(-1) ?? '';
    await refused(postgres.url(known, { password: 'wrong-one' }), 'SOURCE_DENIED');
    await refused(postgres.url('nowhere'), 'SOURCE_NOT_FOUND');
    await refused(postgres.url(known), 'SOURCE_NOT_FOUND');
  });

  it('gives its orders to two who land them at once, each order once', () => withPipeline(async (pipeline) => {
    const orders = new Orders(await postgres.database(), pipeline);
    const lines = Array.from({ length: 5_000 }, (_each, index) => `o-${index},2016-02-0${1 + (index % 9)} 10:00:00,new,iOS,1.00`);
    await orders.load(lines, lines.map((_line, index) => `o-${index},p_${index % 7}`));
    const run = (other: Pipeline): Promise<number> => runAll({ ...other.context({ from: orders.url }), args: ['storefront_purchase'] });
    assert.deepEqual(await withPipeline((other) => Promise.all([run(pipeline), run(other)]), { ...inOrders, root: pipeline.root }), [0, 0]);
    assert.equal(await pipeline.count('bronze.storefront_purchase'), 5_000);
    assert.deepEqual(await orders.run({ full: true }), []);
    await orders.assertGold();
    assert.equal((await pipeline.audit()).balanced, true);
  }, inOrders));

  it('gives 100,000 orders in windows, and goes on where a process was stopped', () => withPipeline(async (pipeline) => {
    const orders = new Orders(await postgres.database(), pipeline);
    await orders.load(['o-0,2016-02-01 10:00:00,new,iOS,1.00'], ['o-0,p_1']);
    await orders.sql(`INSERT INTO orders SELECT 'o-' || n, timestamp '2015-12-01' + n * interval '1 minute', 'new', 'Android', n FROM generate_series(1, 99999) AS n`);
    await orders.sql(`INSERT INTO order_items (order_id, code_color) SELECT id, 'p_' || length(id) FROM orders WHERE id <> 'o-0'`);
    const stop = new AbortController();
    const context = pipeline.context({ from: orders.url, windowRows: '10000' });
    await land({ ...context, signal: stop.signal }, pipeline.dataset, () => {
      stop.abort();
      return Promise.resolve();
    });
    const landed = await pipeline.count('bronze.storefront_purchase');
    assert.ok(landed >= 10_000 && landed < 100_000, String(landed));
    await orders.run({ windowRows: '10000' });
    assert.equal(await pipeline.count('bronze.storefront_purchase'), 100_000);
    await orders.assertGold();
  }, inOrders));
});
