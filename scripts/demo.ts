import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../src/clock.js';
import { run as runAudit } from '../src/commands/audit.js';
import type { Context } from '../src/commands/context.js';
import { count, printError, size } from '../src/commands/output.js';
import { StderrProgress } from '../src/commands/progress.js';
import { run as runAll } from '../src/commands/run.js';
import { parseConfig } from '../src/config.js';
import { LakeError } from '../src/errors.js';
import { generators } from '../src/generate/generators.js';
import type { GeneratedFile } from '../src/generate/options.js';
import { writeLines } from '../src/generate/write.js';
import { Lake } from '../src/lake/lake.js';
import { CalendarDate } from '../src/query/parameters.js';
import { previewQuery, tableLines } from '../src/query/table.js';
import { sendLines } from '../src/sources/sqs-send.js';
import { parseSourceUri } from '../src/sources/uri.js';
import { queueCredentials, queueRegion, startQueue } from '../test/support/queue.js';
import { databaseUri, loadOrders } from './orders/load.js';
import { demoCases, type DemoCase, type Question } from './demo/cases.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const events = 20_000;
const since = '2026-01-01';
const until = '2026-01-07';
const shownRows = 5;

const say = (text = ''): void => void process.stdout.write(`${text}\n`);

/** The main job: 20,000 made events through all layers, from an embedded queue or from a file. Gives the exit status. */
async function demo(name: string): Promise<number> {
  const demoCase = demoCases.find(({ dataset }) => dataset === name);
  if (demoCase === undefined) throw new LakeError(`there is no demo of ${name}`, { code: 'USAGE', op: 'demo', hint: `npm run demo -- ${demoCases.map(({ dataset }) => dataset).join('|')}` });
  const lakeFolder = name === 'shop' ? 'lake/demo' : `lake/demo-${name}`;
  rmSync(join(root, lakeFolder), { recursive: true, force: true });
  const lake = Lake.local(join(root, lakeFolder));
  const progress = new StderrProgress(process.stderr, systemClock);
  try {
    const made = prepared(demoCase, progress);
    return await made.use(async (sources) => {
      const context: Context = {
        config: parseConfig({ lake: lake.storage.root, datasets: join(root, 'datasets'), memoryLimit: '1GB', threads: '2' }),
        lake, progress, args: [name], clock: systemClock, signal: new AbortController().signal, print: say,
        result: (_summary, lines) => {
          progress.end();
          lines.forEach((line) => say(line));
        },
      };
      return await answered(demoCase, context, lakeFolder, sources);
    });
  } finally {
    progress.end();
    await lake.close();
  }
}

/** Where made events wait, for as long as they are used. */
interface Prepared {
  readonly use: (work: (sources: readonly string[]) => Promise<number>) => Promise<number>;
}

function prepared({ dataset, source }: DemoCase, progress: StderrProgress): Prepared {
  const generator = generators[dataset];
  const options = { events, days: 7, seed: 1, since };
  if (generator.kind === 'folder') return { use: async (work) => work(await inFolder('folder' in source ? source : { folder: dataset, from: ['.'] }, generator.files(options))) };
  if ('queue' in source) return { use: (work) => fromQueue(source.queue, generator.lines(options), progress, (uri) => work([uri])) };
  return { use: (work) => fromFile(join(root, 'lake', 'file' in source ? source.file : dataset), generator.lines(options), progress, (path) => work([path])) };
}

type Work = (from: string) => Promise<number>;

async function fromQueue(name: string, lines: Iterable<string>, progress: StderrProgress, work: Work): Promise<number> {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  process.env['AWS_ACCESS_KEY_ID'] = queueCredentials.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = queueCredentials.secretAccessKey;
  const queue = await startQueue();
  try {
    await queue.createQueue(name);
    const uri = `sqs://${name}?region=${queueRegion}&endpoint=${encodeURIComponent(queue.endpoint)}`;
    const target = parseSourceUri(uri);
    if (target.kind !== 'sqs') return 1;
    await sendLines(target, lines, (sent) => progress.update(`sending ${count(sent)} of ${count(events)} events`));
    progress.end();
    say(`queue   ${count(events)} made events sent to ${queue.endpoint}`);
    return await work(uri);
  } finally {
    await queue.stop();
  }
}

async function fromFile(path: string, lines: Iterable<string>, progress: StderrProgress, work: Work): Promise<number> {
  progress.update(`making ${count(events)} events`);
  mkdirSync(dirname(path), { recursive: true });
  const { bytes } = await writeLines(lines, path);
  progress.end();
  say(`file    ${count(events)} made events, ${size(bytes)}, in ${path}`);
  return work(path);
}

/** Writes files into a folder anew. @returns what is landed of it; orders that were loaded into a database there, as its URL */
async function inFolder({ folder, from }: { readonly folder: string; readonly from: readonly string[] }, files: readonly GeneratedFile[]): Promise<string[]> {
  const place = join(root, 'lake', folder);
  rmSync(place, { recursive: true, force: true });
  for (const { path, lines } of files) {
    mkdirSync(dirname(join(place, path)), { recursive: true });
    const written = await writeLines(lines, join(place, path));
    say(`file    ${count(written.lines)} lines, ${size(written.bytes)}, in ${join(place, path)}`);
  }
  return Promise.all(from.map((part) => (part === 'orders' ? loadedOrders(place) : Promise.resolve(join(place, part)))));
}

async function loadedOrders(place: string): Promise<string> {
  const uri = databaseUri(`pglite://${join(place, 'orders-db')}`);
  const loaded = await loadOrders(join(place, 'orders/orders.csv'), join(place, 'orders/order_items.csv'), uri, {});
  say(`orders  ${count(loaded.inserted)} with ${count(loaded.items)} items in ${uri.name}`);
  return uri.name;
}

async function answered({ questions, next }: DemoCase, context: Context, lakeFolder: string, sources: readonly string[]): Promise<number> {
  let status = 0;
  for (const from of sources) status = Math.max(status, await runAll({ ...context, config: { ...context.config, from } }));
  for (const question of questions) await show(context.lake, question);
  say('\nAudit');
  status = Math.max(status, await runAudit({ ...context, result: (_summary, lines) => lines.forEach((line) => say(`  ${line}`)) }));
  say('\nTry');
  for (const command of next) say(`  npx ingot ${command.replace('LAKE', lakeFolder)}`);
  return status;
}

async function show(lake: Lake, { title, sql, rows = shownRows }: Question): Promise<void> {
  const dates = sql.includes('$since') ? { since: new CalendarDate(since), until: new CalendarDate(until) } : {};
  const preview = await previewQuery(lake, { sql, parameters: dates, signal: new AbortController().signal }, rows);
  say(`\n${title}`);
  for (const line of tableLines(preview, null)) say(`  ${line}`);
}

try {
  process.exitCode = await demo(process.argv[2] ?? 'shop');
} catch (error) {
  printError(error, process.stderr);
  process.exitCode = error instanceof LakeError && error.code === 'USAGE' ? 2 : 1;
}
