import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { defaultMemoryBytes } from '../../src/config.js';
import { generateShop } from '../../src/generate/shop.js';
import { writeLines } from '../../src/generate/write.js';
import { isMet, type Figure, type PartResult } from './figures.js';
import { peakMemoryBytes, spreadOf } from './measure.js';
import { generated, type Workbench } from './workbench.js';

const aim = { atMost: 1.25 };
const lookMs = 100;
const backlogFiles = 4;

/** The most memory of a command that lands a backlog of eighty times `--events`, from four files, by its defaults: 9.7 GiB at 100,000. */
export async function backlog(bench: Workbench): Promise<PartResult> {
  const folder = join(bench.folder, 'backlog');
  mkdirSync(folder);
  let bytes = 0;
  for (let seed = 1; seed <= backlogFiles; seed++) {
    const file = join(folder, `${seed}.ndjson`);
    await writeLines(generateShop({ ...generated, seed, events: bench.events * 20, form: 'json' }), file);
    bytes += statSync(file).size;
  }
  const lakeDir = join(bench.folder, 'backlog-lake');
  const startedAt = performance.now();
  const child = spawn(process.execPath, [fileURLToPath(new URL('../../bin/ingot.js', import.meta.url)), 'bronze', 'shop', '--from', folder, '--lake', lakeDir, '--json'], { stdio: ['ignore', 'pipe', 'ignore'] });
  let peakBytes = 0;
  const timer = setInterval(() => (peakBytes = Math.max(peakBytes, peakMemoryBytes(child.pid))), lookMs);
  const printed = text(child.stdout);
  const [status] = (await once(child, 'close')) as [number | null];
  clearInterval(timer);
  const seconds = (performance.now() - startedAt) / 1000;
  const { received, landed, rejected, commits } = JSON.parse(await printed) as Record<'received' | 'landed' | 'rejected' | 'commits', number>;
  if (status !== 0 || received !== landed + rejected || received !== backlogFiles * bench.events * 20) throw new Error(`the backlog did not land: ${await printed}`);
  const quantity = (name: string, peak: number): Figure['ours'] => ({ name, events: received, wallMs: null, cpuMs: null, peakBytes: peak });
  const ratio = spreadOf([peakBytes / defaultMemoryBytes]);
  return {
    figures: [{ part: 'backlog', what: `Memory of landing a backlog of ${(bytes / 2 ** 30).toFixed(1)} GiB`, ours: quantity('Ingot', peakBytes), peer: quantity('--memory', defaultMemoryBytes), ratio, cpuRatio: null, aim: { atMost: 1 }, met: isMet(ratio.median, { atMost: 1 }) }],
    notes: [`backlog: ${commits} commits, ${(bytes / 1e6 / seconds).toFixed(0)} MB/s`],
  };
}

/** The most memory of a process that lands a file, and of one that builds silver, at a size that fills windows and chunks, and at ten times that. */
export async function memory(bench: Workbench): Promise<PartResult> {
  const small = bench.events * 2;
  const sizes = [small, small * 10] as const;
  const landed: number[] = [];
  const silver: number[] = [];
  for (const events of sizes) {
    const file = await bench.file(events);
    const lakeDir = join(bench.folder, `memory-${events}`);
    landed.push(await peakOf('bronze', lakeDir, file));
    silver.push(await peakOf('silver', lakeDir));
    rmSync(lakeDir, { recursive: true, force: true });
  }
  return { figures: [figureOf('Memory of landing', landed, sizes), figureOf('Memory of silver', silver, sizes)], notes: [] };
}

async function peakOf(layer: 'bronze' | 'silver', lakeDir: string, ...rest: readonly string[]): Promise<number> {
  const child = fork(fileURLToPath(new URL('./memory-child.ts', import.meta.url)), [layer, lakeDir, ...rest], { execArgv: ['--import', 'tsx'] });
  const exit = once(child, 'exit') as Promise<[number | null]>;
  let peakBytes = 0;
  child.once('message', (message: { peakBytes: number }) => {
    peakBytes = message.peakBytes;
  });
  const [status] = await exit;
  if (status !== 0 || peakBytes === 0) throw new Error(`the process that builds ${layer} ended with ${status ?? 'a signal'}`);
  return peakBytes;
}

function figureOf(what: string, [small = 0, large = 0]: readonly number[], sizes: readonly [number, number]): Figure {
  const quantity = (events: number, peakBytes: number, name: string): Figure['ours'] => ({ name, events, wallMs: null, cpuMs: null, peakBytes });
  const ratio = spreadOf([large / small]);
  return { part: 'memory', what, ours: quantity(sizes[1], large, 'Ingot'), peer: quantity(sizes[0], small, 'a tenth'), ratio, cpuRatio: null, aim, met: isMet(ratio.median, aim) };
}
