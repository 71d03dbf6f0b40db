import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../src/clock.js';
import { bronzeLines, land } from '../src/commands/bronze.js';
import { auditLines } from '../src/commands/audit.js';
import type { Context } from '../src/commands/context.js';
import { goldLines, refreshGold } from '../src/commands/gold.js';
import { count, printError } from '../src/commands/output.js';
import { StderrProgress } from '../src/commands/progress.js';
import { refreshSilver, silverLines } from '../src/commands/silver.js';
import { parseConfig } from '../src/config.js';
import { generateShop } from '../src/generate/shop.js';
import { Lake } from '../src/lake/lake.js';
import { loadDataset } from '../src/load.js';
import { CalendarDate } from '../src/query/parameters.js';
import { previewQuery, tableLines } from '../src/query/table.js';
import { audit } from '../src/report/audit.js';
import { sendLines } from '../src/sources/sqs-send.js';
import { parseSourceUri } from '../src/sources/uri.js';
import { queueCredentials, queueRegion, startQueue } from '../test/support/queue.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const lakeFolder = 'lake/demo';
const events = 20_000;
const since = '2026-01-01';
const until = '2026-01-07';
const shownRows = 5;

const say = (text = ''): void => void process.stdout.write(`${text}\n`);

/** The main job on an embedded queue: 20,000 events through all layers. Gives the exit status. */
async function demo(): Promise<number> {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  process.env['AWS_ACCESS_KEY_ID'] = queueCredentials.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = queueCredentials.secretAccessKey;
  rmSync(join(root, lakeFolder), { recursive: true, force: true });
  const queue = await startQueue();
  const lake = Lake.local(join(root, lakeFolder));
  const progress = new StderrProgress(process.stderr, systemClock);
  try {
    await queue.createQueue('shop-events');
    const uri = `sqs://shop-events?region=${queueRegion}&endpoint=${encodeURIComponent(queue.endpoint)}`;
    const target = parseSourceUri(uri);
    if (target.kind !== 'sqs') return 1;
    const lines = generateShop({ events, days: 7, seed: 1, form: 'mixed', since });
    await sendLines(target, lines, (sent) => progress.update(`sending ${count(sent)} of ${count(events)} events`));
    progress.end();
    say(`queue   ${count(events)} made events sent to ${queue.endpoint}`);
    return await drain(lake, uri, progress);
  } finally {
    progress.end();
    await lake.close();
    await queue.stop();
  }
}

async function drain(lake: Lake, from: string, progress: StderrProgress): Promise<number> {
  const config = parseConfig({ lake: lake.storage.root, datasets: join(root, 'datasets'), memoryLimit: '1GB', threads: '2', from });
  const context: Context = {
    config, lake, progress, args: ['shop'], clock: systemClock, signal: new AbortController().signal, print: say,
    result: (_summary, lines) => lines.forEach((line) => say(line)),
  };
  const dataset = await loadDataset(config.datasets, 'shop');
  const startedAtMs = systemClock.nowMs();
  const { summary } = await land(context, dataset);
  context.result({}, bronzeLines(dataset, summary, systemClock.nowMs() - startedAtMs));
  context.result({}, silverLines(context, dataset, await refreshSilver(context, dataset)));
  context.result({}, goldLines(await refreshGold(context, dataset, null)));
  progress.end();

  await show(lake, 'Lists that engage most (Wilson\'s lower bound of the share of viewers who clicked)', analysis('top_lists'));
  await show(lake, 'Products that turn views into purchases', analysis('top_products'));
  await show(lake, 'The funnel, a day', 'SELECT event_date, CAST(sum(sessions) AS BIGINT) AS sessions, CAST(sum(funnel_view_item_list) AS BIGINT) AS saw_a_list, CAST(sum(funnel_view_item) AS BIGINT) AS viewed, CAST(sum(funnel_begin_checkout) AS BIGINT) AS checked_out, CAST(sum(funnel_purchase) AS BIGINT) AS bought, CAST(sum(orders) AS BIGINT) AS orders, sum(revenue) AS revenue FROM gold.funnel_daily GROUP BY event_date ORDER BY event_date', 10);

  const verdict = await audit(lake, dataset, await lake.tableNames('gold'));
  say('\nAudit');
  for (const line of auditLines(verdict)) say(`  ${line}`);
  say('\nTry');
  say(`  npx ingot query --lake ${lakeFolder} "SELECT * FROM gold.list_metrics ORDER BY revenue DESC LIMIT 10"`);
  say(`  npx ingot query --lake ${lakeFolder} --file datasets/shop/analyses/list_positions.sql --since ${since} --until ${until}`);
  say(`  npx ingot query --lake ${lakeFolder} "SELECT reason, count(*) AS messages FROM silver.shop_rejected GROUP BY reason"`);
  say(`  npx ingot backfill shop --lake ${lakeFolder} --since 2026-01-03 --until 2026-01-04`);
  return verdict.balanced ? 0 : 1;
}

function analysis(name: string): string {
  return readFileSync(join(root, 'datasets/shop/analyses', `${name}.sql`), 'utf8');
}

async function show(lake: Lake, title: string, sql: string, rows = shownRows): Promise<void> {
  const dates = sql.includes('$since') ? { since: new CalendarDate(since), until: new CalendarDate(until) } : {};
  const preview = await previewQuery(lake, { sql, parameters: dates, signal: new AbortController().signal }, rows);
  say(`\n${title}`);
  for (const line of tableLines(preview, null)) say(`  ${line}`);
}

try {
  process.exitCode = await demo();
} catch (error) {
  printError(error, process.stderr);
  process.exitCode = 1;
}
