import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Postgres } from '../../scripts/engines/postgres.js';
import { systemClock } from '../../src/clock.js';
import { land } from '../../src/commands/bronze.js';
import { run as runAll } from '../../src/commands/run.js';
import { startIngot } from '../commands/ingot.js';
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

  it('gives 100,000 orders of files in windows, and goes on where a process was stopped', () => withPipeline(async (pipeline) => {
    const orders = new Orders(await postgres.database(), pipeline);
    const lines = Array.from({ length: 100_000 }, (_each, index) => `o-${index},${minuteOf(index)},new,Android,${index}.5`);
    const items = lines.map((_line, index) => `o-${index},p_${index % 7}`);
    assert.equal((await orders.load(lines, items)).itemsChanged, 100_000);
    assert.deepEqual(await orders.load(lines, items), { inserted: 0, updated: 0, unchanged: 100_000, items: 100_000, itemsChanged: 0, migrations: [] });
    const stop = new AbortController();
    const context = pipeline.context({ from: orders.url, windowRows: '10000' });
    await land({ ...context, signal: stop.signal }, pipeline.dataset, () => {
      stop.abort();
      return Promise.resolve();
    });
    const landed = await pipeline.count('bronze.storefront_purchase');
    assert.ok(landed >= 10_000 && landed < 100_000, String(landed));
    await orders.run();
    assert.equal(await pipeline.count('bronze.storefront_purchase'), 100_000);
    await orders.assertGold();
  }, inOrders));

  it('gives every change once, though the process that lands it is killed', () => withPipeline(async (pipeline) => {
    const orders = new Orders(await postgres.database(), pipeline);
    const lines = Array.from({ length: 30_000 }, (_each, index) => `o-${index},${minuteOf(index)},new,iOS,1.00`);
    await orders.load(lines, lines.map((_line, index) => `o-${index},p_${index % 7}`));
    await landKilled(pipeline, orders.url);
    const landed = await pipeline.count('bronze.storefront_purchase');
    assert.ok(landed > 0 && landed < 30_000, String(landed));
    assert.equal((await orders.run()).length, 30_000 - landed);
    await orders.sql(`UPDATE orders SET order_date = order_date + interval '1 day'`);
    await landKilled(pipeline, orders.url);
    await orders.run();
    assert.deepEqual(await orders.run({ full: true }), []);
    assert.deepEqual(await pipeline.rows('SELECT CAST(count(*) AS INTEGER) AS n, CAST(count(DISTINCT message_id) AS INTEGER) AS ids FROM bronze.storefront_purchase'), [{ n: 90_000, ids: 90_000 }]);
    await orders.assertGold();
  }, inOrders));

  it('gives what two have landed of different snapshots once more: the database says which is right', () => withPipeline(async (pipeline) => {
    const orders = new Orders(await postgres.database(), pipeline);
    const lines = Array.from({ length: 300 }, (_each, index) => `o-${index},2016-02-0${1 + Math.floor(index / 100)} 10:00:00,new,iOS,1.00`);
    await orders.load(lines, lines.map((_line, index) => `o-${index},p_${index % 7}`));
    const slow = pipeline.context({ from: orders.url, windowRows: '1' });
    let commits = 0;
    await withPipeline((other) => land(slow, other.dataset, async () => {
      if (++commits > 1) return;
      // The slow one has its snapshot: it will land these two as they were.
      await orders.sql(`UPDATE orders SET status = 'paid' WHERE id = 'o-250'`);
      await orders.sql(`UPDATE orders SET order_date = order_date + interval '5 days' WHERE id = 'o-251'`);
      await land(other.context({ from: orders.url }), other.dataset);
    }), { ...inOrders, root: pipeline.root });
    assert.ok(commits > 1, 'the slow one was to land more after the other');
    assert.equal(await pipeline.count('bronze.storefront_purchase'), 302);
    assert.deepEqual(await orders.run(), ['o-250:2', 'o-251:2:withdrawn', 'o-251:3']);
    await orders.assertGold();
    assert.deepEqual(await pipeline.rows(`SELECT max_by(status, order_version) AS status FROM silver.purchase_order WHERE order_id = 'o-250'`), [{ status: 'paid' }]);
    assert.deepEqual(await orders.run({ full: true }), []);
  }, inOrders));

  it('is asked again by who follows it, when it has ended the connection', () => {
    const [stop, notes] = [new AbortController(), [] as string[]];
    const clock = { ...systemClock, sleep: (ms: number, signal?: AbortSignal): Promise<void> => systemClock.sleep(Math.min(ms, 100), signal) };
    return withPipeline(async (pipeline) => {
      const orders = new Orders(await postgres.database(), pipeline);
      const lines = Array.from({ length: 30_000 }, (_each, index) => `o-${index},${minuteOf(index)},new,iOS,1.00`);
      await orders.load(lines, []);
      const context = pipeline.context({ from: orders.url, windowRows: '5000', drain: false, follow: true });
      let landed = 0;
      await land({ ...context, signal: stop.signal, progress: { ...context.progress, note: (text) => notes.push(text) } }, pipeline.dataset, async (counts) => {
        if (landed === 0) await orders.sql('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()');
        landed += counts.landed;
        if (landed === 30_000) stop.abort();
      });
      assert.equal(await pipeline.count('bronze.storefront_purchase'), 30_000);
      assert.match(notes.join('\n'), /the database can't be reached: .*; asking again in 60 s/);
    }, { ...inOrders, clock });
  });

  it('is read whole in the first run from each database', () => withPipeline(async (pipeline) => {
    const [first, second] = [new Orders(await postgres.database(), pipeline), new Orders(await postgres.database(), pipeline)];
    const lines = ['new,2016-02-01 10:00:00,new,iOS,1', 'old,2015-02-01 10:00:00,new,iOS,1'];
    await first.load(lines, ['old,p_1']);
    await second.load(lines, ['old,p_2']);
    assert.deepEqual(await first.run(), ['new:1', 'old:1']);
    assert.deepEqual(await second.run(), ['old:2']);
    await second.sql(`UPDATE orders SET status = 'paid'`);
    assert.deepEqual(await second.run(), ['new:2']);
  }, inOrders));
});

/** The minutes of December 2015 and later, one by one. */
function minuteOf(index: number): string {
  return new Date(Date.UTC(2015, 11, 1) + index * 60_000).toISOString().slice(0, 19).replace('T', ' ');
}

/** Lands in a process of its own that is killed once it has committed a part. */
async function landKilled(pipeline: Pipeline, url: string): Promise<void> {
  const folder = join(pipeline.root, 'bronze/storefront_purchase/_delta_log');
  const commits = (): number => (existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')).length : 0);
  const before = commits();
  const running = startIngot(['bronze', 'storefront_purchase', '--lake', pipeline.root, '--from', url, '--window-rows', '100']);
  while (commits() <= before && running.child.exitCode === null) await delay(2);
  running.child.kill('SIGKILL');
  assert.equal((await running.ended).signal, 'SIGKILL', 'it ended before it could be killed');
}
