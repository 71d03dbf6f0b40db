import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../src/clock.js';
import { bronzeLines, land } from '../src/commands/bronze.js';
import { auditLines } from '../src/commands/audit.js';
import type { Context } from '../src/commands/context.js';
import { goldLines, refreshGold } from '../src/commands/gold.js';
import { count, printError, size } from '../src/commands/output.js';
import { StderrProgress } from '../src/commands/progress.js';
import { refreshSilver, silverLines } from '../src/commands/silver.js';
import { parseConfig } from '../src/config.js';
import { LakeError } from '../src/errors.js';
import { generators } from '../src/generate/generators.js';
import { writeLines } from '../src/generate/write.js';
import { Lake } from '../src/lake/lake.js';
import { loadDataset } from '../src/load.js';
import { CalendarDate } from '../src/query/parameters.js';
import { previewQuery, tableLines } from '../src/query/table.js';
import { audit } from '../src/report/audit.js';
import { sendLines } from '../src/sources/sqs-send.js';
import { parseSourceUri } from '../src/sources/uri.js';
import { queueCredentials, queueRegion, startQueue } from '../test/support/queue.js';
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
    const lines = generators[demoCase.dataset].lines({ events, days: 7, seed: 1, since });
    const { source } = demoCase;
    return 'queue' in source
      ? await fromQueue(source.queue, lines, progress, (uri) => drain(demoCase, lake, lakeFolder, uri, progress))
      : await fromFile(join(root, 'lake', source.file), lines, progress, (path) => drain(demoCase, lake, lakeFolder, path, progress));
  } finally {
    progress.end();
    await lake.close();
  }
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

async function drain({ dataset: name, questions, next }: DemoCase, lake: Lake, lakeFolder: string, from: string, progress: StderrProgress): Promise<number> {
  const config = parseConfig({ lake: lake.storage.root, datasets: join(root, 'datasets'), memoryLimit: '1GB', threads: '2', from });
  const context: Context = {
    config, lake, progress, args: [name], clock: systemClock, signal: new AbortController().signal, print: say,
    result: (_summary, lines) => lines.forEach((line) => say(line)),
  };
  const dataset = await loadDataset(config.datasets, name);
  const startedAtMs = systemClock.nowMs();
  const { summary } = await land(context, dataset);
  context.result({}, bronzeLines(dataset, summary, systemClock.nowMs() - startedAtMs));
  context.result({}, silverLines(context, dataset, await refreshSilver(context, dataset)));
  context.result({}, goldLines(await refreshGold(context, dataset, null)));
  progress.end();
  for (const question of questions) await show(lake, question);
  const verdict = await audit(lake, dataset, await lake.tableNames('gold'));
  say('\nAudit');
  for (const line of auditLines(verdict)) say(`  ${line}`);
  say('\nTry');
  for (const command of next) say(`  npx ingot ${command.replace('LAKE', lakeFolder)}`);
  return verdict.balanced ? 0 : 1;
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
