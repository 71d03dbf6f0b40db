import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMet, type Figure, type PartResult } from './figures.js';
import { spreadOf } from './measure.js';
import type { Workbench } from './workbench.js';

const aim = { atMost: 1.25 };
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
