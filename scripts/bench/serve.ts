import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { textList } from '../../src/lake/duckdb.js';
import { publishSeconds } from '../../test/serve/table.js';
import { cached } from '../engines/cache.js';
import { isMet, type Figure, type PartResult } from './figures.js';
import { peakMemoryBytes, spreadOf } from './measure.js';
import { datasetsDir, tableFiles, withLake, withSession, type Workbench } from './workbench.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const select = readFileSync(new URL('./serve.sql', import.meta.url), 'utf8');
const year = 365;
const products = 3_000;
/** Of `--events`: 50 million views by the default. */
const viewsPerEvent = 500;
/** Dates that are published at once. */
const portionDays = 73;
const clients = 50;
const aimMs = 100;
const memory = '2GB';
/** Requests of a load: no two of them are equal, so that none is answered by a page that was made before. */
const singleRequests = 100_000;
const allRequests = 10_000;

/** A year of views, asked by fifty clients at once for days by the hour; the service and the clients share the machine. */
export async function serve(bench: Workbench): Promise<PartResult> {
  const perDay = Math.ceil((bench.events * viewsPerEvent) / year);
  const lakeDir = await cached(`serve-${perDay}`, (folder) => fill(folder, perDay));
  const { rows, bytes } = await sizeOf(bench, lakeDir);
  const served = await start(lakeDir);
  try {
    const coldMs = await firstAnswers(served.url);
    const single = await load(served.url, (index) => `${dayPath(index)}&product=${productOf(index)}`, singleRequests);
    const all = await load(served.url, dayPath, allRequests);
    const again = await load(served.url, (index) => dayPath(index % 100), allRequests);
    const packed = await load(served.url, (index) => dayPath(index % 100), allRequests, { 'accept-encoding': 'gzip' });
    const wholeYearMs = await timeOf(`${served.url}/ctr?startTimestamp=2016-01-01+00:00:00&endTimestamp=2016-12-30+00:00:00&aggregation=1440`);
    const productYearMs = await timeOf(`${served.url}/ctr?startTimestamp=2016-01-01+00:00:00&endTimestamp=2016-12-30+00:00:00&aggregation=1440&product=20000001_5`);
    const figures = [figureOf('A day by the hour of one product', single), figureOf('A day by the hour of all products, first page', all)];
    const line = (what: string, { result: { latency, requests, throughput }, hits, misses }: Load): string => `serve: ${what}: median ${latency.p50} ms, p99 ${latency.p99} ms, greatest ${latency.max} ms; ${Math.round(requests.average)} requests and ${(throughput.average / 1e6).toFixed(1)} MB a second; ${misses} pages made, ${hits} made before`;
    return {
      figures,
      notes: [
        `serve: ${rows.toLocaleString('en-US')} rows of ${(perDay * year).toLocaleString('en-US')} views, ${Math.round(bytes / 1e6)} MB of Parquet; --memory ${memory}, the process had ${Math.round(peakMemoryBytes(served.child.pid) / 1e6)} MB at most`,
        `serve: a first request for a day: median ${Math.round(spreadOf(coldMs).median)} ms, greatest ${Math.round(Math.max(...coldMs))} ms`,
        line('a day by the hour of one product', single), line('of all products, first page', all), line('of all products, a hundred pages again and again', again), line('the same by gzip', packed),
        `serve: the year by the day, first page of all products ${Math.round(wholeYearMs)} ms, of one product ${Math.round(productYearMs)} ms`,
      ],
    };
  } finally {
    served.child.kill('SIGTERM');
    await once(served.child, 'exit');
  }
}

async function fill(lakeDir: string, perDay: number): Promise<void> {
  await withLake(lakeDir, async (lake) => {
    for (let first = 0; first < year; first += portionDays) {
      await publishSeconds(lake, select, { first: BigInt(first), days: BigInt(Math.min(portionDays, year - first)), views: BigInt(perDay), products: BigInt(products) });
    }
  });
}

async function sizeOf(bench: Workbench, lakeDir: string): Promise<{ readonly rows: number; readonly bytes: number }> {
  const files = await withLake(lakeDir, (lake) => tableFiles(lake, 'gold', 'product_second'));
  return withSession(bench.folder, async (session) => {
    const [found] = await session.rows('SELECT sum(num_rows) AS rows, sum(file_size_bytes) AS bytes FROM parquet_file_metadata($files)', { files: textList(files) });
    return { rows: Number(found?.['rows']), bytes: Number(found?.['bytes']) };
  });
}

/** The service as a process of its own, once it listens. */
async function start(lakeDir: string): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli.ts', 'serve', '--lake', lakeDir, '--datasets', datasetsDir, '--port', '0', '--memory', memory], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  for await (const text of child.stderr.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    said += String(text);
    const url = /serving (http:\S+)\/ctr/.exec(said)?.[1];
    if (url === undefined) continue;
    child.stderr.resume();
    return { child, url };
  }
  throw new Error(`the service did not start: ${said}`);
}

/** Asks for each day once. @returns what each took, milliseconds */
async function firstAnswers(url: string): Promise<number[]> {
  const tookMs: number[] = [];
  for (let day = 0; day < year - 1; day++) tookMs.push(await timeOf(`${url}/ctr?startTimestamp=${dateOf(day)}+00:00:00&endTimestamp=${dateOf(day + 1)}+00:00:00&aggregation=60&product=20000000_1`));
  return tookMs;
}

function dateOf(day: number): string {
  return new Date(Date.UTC(2016, 0, 1) + day * 86_400_000).toISOString().slice(0, 10);
}

async function timeOf(url: string): Promise<number> {
  const startedAt = performance.now();
  const answer = await fetch(url);
  const rows = (await answer.json()) as unknown[];
  if (answer.status !== 200 || rows.length === 0) throw new Error(`${url} was answered with ${answer.status}`);
  return performance.now() - startedAt;
}

interface Load {
  readonly result: autocannon.Result;
  /** Pages that the service had made before, and that it made. */
  readonly hits: number;
  readonly misses: number;
}

/** Sends the requests `path(0)`, `path(1)`, … by turns of the clients. @throws Error when anything but 200 was answered */
async function load(url: string, path: (index: number) => string, amount: number, headers: Readonly<Record<string, string>> = {}): Promise<Load> {
  const before = await pagesOf(url);
  let client = 0;
  const result = await autocannon({
    url, connections: clients, amount, headers,
    setupClient: (each) => {
      const first = client++;
      each.setRequests(Array.from({ length: amount / clients }, (_each, turn) => ({ method: 'GET' as const, path: path(first + turn * clients), headers })));
    },
  });
  if (result.non2xx + result.errors + result.timeouts > 0 || result['2xx'] !== amount) throw new Error(`of ${amount} requests ${result['2xx']} were answered, ${result.non2xx} refused, ${result.errors} failed, ${result.timeouts} in vain`);
  const after = await pagesOf(url);
  return { result, hits: after.hits - before.hits, misses: after.misses - before.misses };
}

async function pagesOf(url: string): Promise<{ readonly hits: number; readonly misses: number }> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const value = (name: string): number => Number(new RegExp(`^ingot_serve_page_${name} (\\d+)$`, 'm').exec(text)?.[1]);
  return { hits: value('hits'), misses: value('misses') };
}

/** A day from some minute on: another one for each index, in no order. */
function dayPath(index: number): string {
  const minute = (index * 319_993) % ((year - 1) * 1_440);
  const from = Date.UTC(2016, 0, 1) + minute * 60_000;
  const text = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', '+');
  return `/ctr?startTimestamp=${text(from)}&endTimestamp=${text(from + 86_400_000)}&aggregation=60`;
}

function productOf(index: number): string {
  const rank = (index * 1_009) % products;
  return `${20_000_000 + Math.floor(rank / 10)}_${rank % 10}`;
}

function figureOf(what: string, { result: { latency, requests }, hits }: Load): Figure {
  if (hits > 0) throw new Error(`${hits} requests were answered by pages made before: that is not what is measured`);
  const ratio = spreadOf([latency.p99 / aimMs]);
  const quantity = (name: string, wallMs: number) => ({ name, events: requests.total, wallMs, cpuMs: null, peakBytes: null });
  const aim = { atMost: 1 };
  return { part: 'serve', what: `${what}, ${clients} clients, 99th percentile`, ours: quantity('Ingot', Math.max(latency.p99, 1)), peer: quantity('aim', aimMs), ratio, cpuRatio: null, aim, met: isMet(ratio.median, aim) };
}
