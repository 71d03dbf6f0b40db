import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.js';
import { run as runAll } from '../../src/commands/run.js';
import { run as runServe } from '../../src/commands/serve.js';
import { connect } from '../../src/sources/sql-database.js';
import { databaseUri, loadOrders, type Loaded } from '../../scripts/orders/load.js';
import { temporaryFolder } from './lake.js';
import { onlyThorough } from './thorough.js';
import { standingClock, withPipeline, type Pipeline, type Row } from './pipeline.js';

/** A database of orders, and a lake that they land in. */
export class Orders {
  constructor(
    readonly url: string,
    readonly pipeline: Pipeline,
  ) {}

  /** Loads orders as CSV: `id,order_date,status,device,order_total` and `order_id,code_color`, without their headers. */
  load(orders: readonly string[], items: readonly string[]): Promise<Loaded> {
    return this.loadText(['id,order_date,status,device,order_total', ...orders, ''].join('\n'), ['order_id,code_color', ...items, ''].join('\n'));
  }

  /** Loads two files as they are. */
  loadText(orders: string | Buffer, items: string | Buffer): Promise<Loaded> {
    const folder = temporaryFolder();
    const [ordersFile, itemsFile] = [join(folder, 'orders.csv'), join(folder, 'order_items.csv')];
    writeFileSync(ordersFile, orders);
    writeFileSync(itemsFile, items);
    return loadOrders(ordersFile, itemsFile, databaseUri(this.url), process.env);
  }

  async sql(text: string): Promise<Row[]> {
    const database = await connect(databaseUri(this.url), process.env, false);
    try {
      return await database.query(text);
    } finally {
      await database.close();
    }
  }

  /** Lands what has changed, through all layers. @returns the ids of the messages that landed, sorted, without their hashes */
  async run(options: Readonly<Record<string, unknown>> = {}): Promise<string[]> {
    const before = new Set(await this.landed());
    const status = await runAll({ ...this.pipeline.context({ from: this.url, ...options }), args: ['storefront'] });
    assert.equal(status, 0);
    return (await this.landed()).filter((id) => !before.has(id)).map((id) => id.replace(/:[0-9a-f]{32}$/, ''));
  }

  private async landed(): Promise<string[]> {
    const tables = await this.pipeline.lake.tableNames('bronze');
    const selects = ['storefront_purchase', 'storefront_purchase_rejected'].filter((table) => tables.includes(table)).map((table) => `SELECT message_id FROM bronze.${table}`);
    return selects.length === 0 ? [] : (await this.pipeline.rows(`${selects.join(' UNION ALL ')} ORDER BY message_id`)).map((row) => String(row['message_id']));
  }

  /** Fails unless gold has the purchases that the database has, each on its platform and at its second. */
  async assertGold(): Promise<void> {
    const expected = await this.sql(`
      SELECT lower(device) || ' ' || code_color || ' ' || to_char(date_trunc('second', order_date) + interval '3 hours', 'YYYY-MM-DD HH24:MI:SS') || ' ' || count(*) AS line
      FROM orders JOIN order_items ON order_items.order_id = orders.id WHERE lower(device) IN ('ios', 'android', 'mobileweb')
      GROUP BY lower(device), code_color, date_trunc('second', order_date)`);
    const found = await this.pipeline.rows(`
      SELECT lower(platform) || ' ' || product || ' ' || strftime(second, '%Y-%m-%d %H:%M:%S') || ' ' || CAST(sum(purchases) AS BIGINT) AS line
      FROM gold.product_second WHERE purchases > 0 GROUP BY platform, product, second`);
    const lines = (rows: readonly Row[]): unknown[] => rows.map((row) => row['line']).sort();
    assert.deepEqual(lines(found), lines(expected));
  }
}

/** What every database of orders does alike. @param begin makes an empty one, and gives its URL */
export function describeOrders(name: string, begin: () => Promise<string>): void {
  const within = (work: (orders: Orders) => Promise<void>): Promise<void> => withPipeline(async (pipeline) => work(new Orders(await begin(), pipeline)), { name: 'storefront_purchase', clock: standingClock('2016-03-10T12:00:00Z') });
  const first = ['o-1,2016-02-01 22:30:00,new,android,119.80', 'o-2,2016-02-02T10:00:00.25,paid,IOS,20.00', 'o-3,2016-02-02 10:00:00,canceled,MobileWeb,', 'old,2015-12-01 10:00:00,new,iOS,1.00'];
  const items = ['o-1,p_1', 'o-1,p_1', 'o-1,p_2', 'o-2,p_1', 'old,p_3'];

  describe(`orders in ${name}`, () => {
    it('land when they differ from what landed last', () => within(async (orders) => {
      await orders.load(first, items);
      assert.deepEqual(await orders.run(), ['o-1:1', 'o-2:1', 'o-3:1', 'old:1']);
      await orders.assertGold();
      await orders.sql(`
        WITH paid AS (UPDATE orders SET status = 'paid' WHERE id = 'o-1'), moved AS (UPDATE orders SET order_date = order_date + interval '1 day' WHERE id = 'o-2')
        DELETE FROM orders WHERE id = 'o-3'`);
      assert.deepEqual(await orders.run(), ['o-1:2', 'o-2:2:withdrawn', 'o-2:3', 'o-3:2:withdrawn']);
      await orders.assertGold();
      assert.deepEqual(await orders.run(), []);
      assert.equal((await orders.pipeline.audit()).balanced, true);
    }));

    onlyThorough('are taken back where they were when they move or go, and land anew when they come back', () => within(async (orders) => {
      await orders.load(first, items);
      assert.deepEqual(await orders.run(), ['o-1:1', 'o-2:1', 'o-3:1', 'old:1']);
      await orders.assertGold();
      assert.deepEqual(await orders.run(), []);
      await orders.sql(`UPDATE orders SET status = 'paid' WHERE id = 'o-1'`);
      assert.deepEqual(await orders.run(), ['o-1:2']);
      await orders.sql(`UPDATE orders SET order_date = order_date + interval '1 day' WHERE id = 'o-1'`);
      assert.deepEqual(await orders.run(), ['o-1:3:withdrawn', 'o-1:4']);
      await orders.assertGold();
      await orders.sql(`DELETE FROM orders WHERE id = 'o-2'`);
      assert.deepEqual(await orders.run(), ['o-2:2:withdrawn']);
      await orders.assertGold();
      await orders.load([first[1] ?? ''], ['o-2,p_9']);
      await orders.sql(`INSERT INTO order_items (order_id, code_color) VALUES ('o-3', 'p_1')`);
      assert.deepEqual(await orders.run(), ['o-2:3', 'o-3:2']);
      await orders.assertGold();
      assert.equal((await orders.pipeline.audit()).balanced, true);
    }));

    onlyThorough('are compared as far back as they are asked to be, all in the first run and with --full', () => within(async (orders) => {
      await orders.load(first, items);
      await orders.run();
      await orders.sql(`UPDATE orders SET device = 'Android' WHERE id = 'old'`);
      assert.deepEqual(await orders.run(), []);
      assert.deepEqual(await orders.run({ lookback: '64d' }), ['old:2']);
      await orders.sql(`UPDATE orders SET status = 'new' WHERE id = 'o-2'`);
      await orders.sql(`DELETE FROM orders WHERE id = 'old'`);
      assert.deepEqual(await orders.run({ lookback: '1h' }), ['o-2:2']);
      assert.deepEqual(await orders.run({ full: true }), ['old:3:withdrawn']);
      // An order that moves out of what is compared is not taken for one that has gone.
      await orders.sql(`UPDATE orders SET order_date = '2015-11-01' WHERE id = 'o-1'`);
      assert.deepEqual(await orders.run(), ['o-1:2:withdrawn', 'o-1:3']);
      await orders.assertGold();
    }));

    onlyThorough('that come back as they were are landed again, and those that can\'t be read once', () => within(async (orders) => {
      await orders.load(first.slice(0, 2), items.slice(0, 4));
      await orders.run();
      for (const status of ['paid', 'new']) {
        await orders.sql(`UPDATE orders SET status = '${status}' WHERE id = 'o-1'`);
        await orders.run();
      }
      assert.deepEqual(await orders.pipeline.rows(`SELECT max_by(status, order_version) AS status, CAST(max(order_version) AS INTEGER) AS version FROM silver.purchase_order WHERE order_id = 'o-1'`), [{ status: 'new', version: 3 }]);
      await orders.load(['odd,2016-02-02 11:00:00,new,Fridge,1.00', 'ancient,1899-02-02 11:00:00,new,iOS,1.00'], ['odd,p_1', 'ancient,p_1']);
      assert.deepEqual(await orders.run({ full: true }), ['ancient:1', 'odd:1']);
      assert.deepEqual(await orders.run({ full: true }), []);
      assert.deepEqual((await orders.pipeline.rows('SELECT reason FROM silver.storefront_purchase_rejected ORDER BY reason')).map(({ reason }) => reason), ['order_date_too_early']);
    }));

    onlyThorough('are what the CTR service divides by views, over HTTP', () => within(async (orders) => {
      await orders.load(first.slice(0, 2), items.slice(0, 4));
      await orders.run();
      const views = join(temporaryFolder(), 'iOS_20160202.json');
      const view = (at: string): object => ({ events: [{ event_type: 'custom_event', data: { event_name: 'product', timestamp_unixtime_ms: Date.parse(at), custom_attributes: { codeColor: 'p_1' } } }] });
      writeFileSync(views, JSON.stringify([view('2016-02-02T13:00:00Z'), view('2016-02-02T13:00:01.5Z'), view('2016-02-02T13:59:59.999Z'), view('2016-02-02T14:00:00Z')]));
      assert.equal(await runAll({ ...orders.pipeline.context({ from: views }), args: ['storefront'] }), 0);
      const stop = new AbortController();
      const noted: string[] = [];
      const context = orders.pipeline.context({ port: '0' });
      const serving = runServe({ ...context, clock: systemClock, args: [], signal: stop.signal, progress: { ...context.progress, note: (text) => noted.push(text) } });
      try {
        while (noted.length === 0) await new Promise((resolve) => setImmediate(resolve));
        const [, url = ''] = /serving (\S+);/.exec(noted[0] ?? '') ?? [];
        const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ startTimestamp: '2016-02-01 00:00:00', endTimestamp: '2016-02-03 00:00:00', aggregation: 60 }) });
        assert.deepEqual(((await answer.json()) as Row[]).map((row) => Object.values(row).join(' ')), [
          '2016-02-01 22:00:00 Android p_1  2 0', '2016-02-01 22:00:00 Android p_2  1 0', '2016-02-02 10:00:00 iOS p_1 0.3333 1 3', '2016-02-02 11:00:00 iOS p_1 0 0 1',
        ]);
      } finally {
        stop.abort();
        assert.equal(await serving, 0);
      }
    }));

    onlyThorough('count where their newest version says, and nowhere while their device is no platform', () => within(async (orders) => {
      await orders.load(first.slice(0, 2), items.slice(0, 4));
      await orders.run();
      for (const device of ['Fridge', 'mobileweb', 'iOS']) {
        await orders.sql(`UPDATE orders SET device = '${device}' WHERE id = 'o-1'`);
        await orders.run();
        await orders.assertGold();
      }
    }));

    onlyThorough('are loaded from files again and again, all or nothing', () => within(async (orders) => {
      const loaded = await orders.load(first, items);
      assert.deepEqual(loaded, { inserted: 4, updated: 0, unchanged: 0, items: 5, itemsChanged: 3, migrations: ['0001_orders.sql'] });
      assert.deepEqual(await orders.load(first, items), { inserted: 0, updated: 0, unchanged: 4, items: 5, itemsChanged: 0, migrations: [] });
      assert.deepEqual(await orders.load(['o-1,2016-02-01 22:30:00,paid,android,119.80', first[1] ?? '', first[1] ?? ''], ['o-1,p_1']), { inserted: 0, updated: 1, unchanged: 1, items: 1, itemsChanged: 2, migrations: [] });
      await assert.rejects(orders.load(['o-9,2016-02-30 10:00:00,new,iOS,1', ',2016-02-01 10:00:00,new,iOS,1', 'o-8,2016-02-01 10:00:00,new,iOS,ten', 'o-7,2016-02-01 10:00:00,new,iOS,1', 'o-7,2016-02-01 10:00:00,paid,iOS,1', 'o-6,2016-02-01'], ['o-5,p_1', 'o-7,']), (error: Error & { code?: string; hint?: string }) => {
        assert.deepEqual([error.code, error.message], ['SOURCE_UNREADABLE', '7 records are wrong, so nothing was loaded']);
        for (const part of ['record 1: has no date', 'record 2: has no id', 'record 3: has an order_total', 'record 5: has the id o-7 of another', 'record 6: has 2 fields', 'record 1: is of the order o-5', 'record 2: has no code_color']) assert.match(error.hint ?? '', new RegExp(part));
        return true;
      });
      await assert.rejects(orders.load([`o-4,2016-02-01,n\0w,iOS,1`, 'o-5,0000-02-01,new,iOS,1', 'o-6,2016-02-01,new,iOS,1'], ['o-6,p_1']), (error: Error & { hint?: string }) => {
        assert.match(error.hint ?? '', /record 1: has a NUL character\n.*record 2: has no date/);
        return true;
      });
      assert.deepEqual((await orders.sql('SELECT CAST(count(*) AS text) AS n FROM orders')).map(({ n }) => n), ['4']);
    }));
  });
}
