import { parseArgs } from 'node:util';
import { count, plural, printError } from '../src/commands/output.js';
import { StderrProgress } from '../src/commands/progress.js';
import { systemClock } from '../src/clock.js';
import { LakeError, messageOf } from '../src/errors.js';
import { databaseUri, loadOrders } from './orders/load.js';

const defaultDatabase = 'pglite://orders-db';
const help = `Loads orders and their items into a database, safely again and again: what is there is brought up to date.

npm run orders:load -- orders.csv order_items.csv [--db URL]

  orders.csv       id, order_date (2016-02-01 13:55:00, GMT-03:00), status, device, order_total; also .gz
  order_items.csv  order_id, code_color: an item twice is two purchases
  --db URL         pglite://FOLDER, an embedded database (${defaultDatabase} by default), or postgres://user@host:5432/database;
                   the password may come by PGPASSWORD

A file with a wrong record loads nothing, and the records are named. Then: npx ingot run storefront --from URL --drain`;

/** Gives the exit status. */
async function main(): Promise<number> {
  const { values, positionals } = parsed();
  if (values.help === true) {
    process.stdout.write(`${help}\n`);
    return 0;
  }
  const [orders, items, more] = positionals;
  if (orders === undefined || items === undefined || more !== undefined) throw new LakeError('two files are wanted: orders and their items', { code: 'USAGE', op: 'orders:load', hint: 'npm run orders:load -- orders.csv order_items.csv [--db URL]; --help says more.' });
  const uri = databaseUri(values.db ?? defaultDatabase);
  const progress = new StderrProgress(process.stderr, systemClock);
  const startedAtMs = systemClock.nowMs();
  try {
    const loaded = await loadOrders(orders, items, uri, process.env, { read: (file, records) => progress.update(`${file}: ${count(records)} records`) });
    progress.end();
    for (const name of loaded.migrations) process.stdout.write(`migrated ${name}\n`);
    process.stdout.write(`orders  ${count(loaded.inserted)} inserted, ${count(loaded.updated)} updated, ${count(loaded.unchanged)} unchanged\n`);
    process.stdout.write(`items   ${plural(loaded.items, 'item')}; those of ${plural(loaded.itemsChanged, 'order')} changed\n`);
    process.stdout.write(`        in ${uri.name}, ${((systemClock.nowMs() - startedAtMs) / 1000).toFixed(1)} s\n`);
    return 0;
  } finally {
    progress.end();
  }
}

function parsed() {
  try {
    return parseArgs({ allowPositionals: true, options: { db: { type: 'string' }, help: { type: 'boolean', short: 'h' } } });
  } catch (error) {
    throw new LakeError(messageOf(error), { code: 'USAGE', op: 'orders:load', hint: '--help says what there is.' });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  printError(error, process.stderr);
  process.exitCode = error instanceof LakeError && error.code === 'USAGE' ? 2 : 1;
}
