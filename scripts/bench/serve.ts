import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { Random } from '../../src/generate/random.js';
import { publishSeconds } from '../../test/serve/table.js';
import type { PartResult } from './figures.js';
import { withLake, type Workbench } from './workbench.js';

const bin = fileURLToPath(new URL('../../bin/ingot.js', import.meta.url));
const select = readFileSync(new URL('./serve.sql', import.meta.url), 'utf8');
const days = 365;
const viewsPerDay = 137_000;
/** Days that are made at once. */
const daysAtOnce = 20;
const clients = 50;
const seconds = 20;
/** Before a client begins again. */
const requestsEach = 2_000;
const products = 5_000;
const aimMs = 100;
const dayMs = 86_400_000;

/** A year of views, and fifty clients that ask for a day by the hour: of a product, and of all of them. Needs `npm run build`. */
export async function serve(bench: Workbench): Promise<PartResult> {
  const lakeDir = join(bench.folder, 'lake-serve');
  await withLake(lakeDir, async (lake) => {
    for (let first = 0; first < days; first += daysAtOnce) {
      await publishSeconds(lake, select, { first: BigInt(first), until: BigInt(Math.min(days, first + daysAtOnce)), perDay: BigInt(viewsPerDay) });
    }
  });
  const server = spawn(process.execPath, [bin, 'serve', '--lake', lakeDir, '--port', '0', '--memory', '2GiB'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exit = once(server, 'exit');
  try {
    const url = await addressOf(server.stderr);
    const notes = [`serve: ${(days * viewsPerDay).toLocaleString('en-US')} views of ${days} days; ${clients} clients, ${seconds} s each, another day and product each time; service and clients on the same machine`];
    notes.push(await measured(url, 'a product, cold (each day for the first time)', (random) => asked(random, true), 1));
    for (let day = 0; day < days; day++) await (await fetch(`${url}${askedFor(day, null)}`)).arrayBuffer();
    notes.push(await measured(url, `a product, warm (aim: p99 ≤ ${aimMs} ms)`, (random) => asked(random, true), 2));
    notes.push(await measured(url, 'all products, first page of 1,000 rows, warm', (random) => asked(random, false), 3));
    const hits = await (await fetch(`${url}/metrics`)).text();
    notes.push(`serve: ${/ingot_serve_page_hits (\d+)/.exec(hits)?.[1] ?? '?'} pages were finished when they were asked for, ${/ingot_serve_page_misses (\d+)/.exec(hits)?.[1] ?? '?'} were not`);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    notes.push(`serve: ${(Number(/ingot_serve_held_bytes (\d+)/.exec(metrics)?.[1] ?? 0) / 1e6).toFixed(0)} MB of rows in memory, ${residentMb(server.pid)} MB resident`);
    return { figures: [], notes };
  } finally {
    server.kill('SIGTERM');
    await exit;
  }
}

async function addressOf(stderr: NodeJS.ReadableStream): Promise<string> {
  let said = '';
  for await (const chunk of stderr) {
    said += String(chunk);
    const found = /serving (http:\/\/\S+)\/ctr/.exec(said);
    if (found?.[1] !== undefined) {
      stderr.resume();
      return found[1];
    }
  }
  throw new Error(`the service did not start: ${said}`);
}

function asked(random: Random, ofProduct: boolean): string {
  const root = random.unit();
  const product = ofProduct ? `20${String((Math.floor(products * root * root * root) * 37) % 1_000_000).padStart(6, '0')}_001` : null;
  return askedFor(random.below(days), product);
}

function askedFor(day: number, product: string | null): string {
  const at = (offset: number): string => new Date(Date.UTC(2025, 0, 1) + (day + offset) * dayMs).toISOString().slice(0, 10);
  return `/ctr?${new URLSearchParams({ startTimestamp: `${at(0)} 00:00:00`, endTimestamp: `${at(1)} 00:00:00`, aggregation: '60', ...(product === null ? {} : { product }) }).toString()}`;
}

async function measured(url: string, what: string, path: (random: Random) => string, seed: number): Promise<string> {
  const random = new Random(seed);
  // Each client asks for others than the rest: else all but the first would be answered from finished pages.
  const result = await autocannon({ url, connections: clients, duration: seconds, setupClient: (client) => client.setRequests(Array.from({ length: requestsEach }, () => ({ path: path(random) }))) });
  const { latency, requests, errors, timeouts, non2xx } = result;
  if (errors + timeouts + non2xx > 0) throw new Error(`${what}: ${errors} errors, ${timeouts} timeouts, ${non2xx} other answers than 200`);
  return `serve: ${what}: p50 ${latency.p50} ms, p99 ${latency.p99} ms, greatest ${latency.max} ms; ${Math.round(requests.average).toLocaleString('en-US')} requests a second, ${(result.throughput.average / 1e6).toFixed(1)} MB/s`;
}

function residentMb(pid: number | undefined): string {
  const status = readFileSync(`/proc/${pid ?? 'self'}/status`, 'utf8');
  return (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_000).toFixed(0);
}
