import { statSync } from 'node:fs';
import { join } from 'node:path';
import { commands, type CommandCost } from './scale-process.js';
import { grouped, megabytes, seconds, threeDigits, type ScaleResult } from './scale-table.js';
import { datasetsDir, type Workbench } from './workbench.js';

const layers = ['bronze', 'silver', 'gold'] as const;

/** Ten times as many rows in the same partitions: time of a row and memory, in each layer. */
export async function rows(bench: Workbench): Promise<ScaleResult> {
  const table: string[][] = [];
  const sizes = [bench.events, bench.events * 10];
  const costs = new Map<string, CommandCost[]>();
  const bytes: number[] = [];
  await landed(bench, Math.min(10_000, bench.events), 'bronze');
  for (const events of sizes) {
    bytes.push(statSync(await bench.file(events)).size);
    for (const layer of layers) costs.set(layer, [...(costs.get(layer) ?? []), await landed(bench, events, layer)]);
  }
  for (const layer of layers) {
    for (const [index, cost] of (costs.get(layer) ?? []).entries()) {
      const events = sizes[index] ?? NaN;
      table.push([layer, grouped(events), seconds(cost.wallMs), threeDigits((cost.wallMs * 1000) / events), threeDigits((cost.cpuMs * 1000) / events), threeDigits(cost.cpuMs / 1e3 / ((bytes[index] ?? NaN) / 1e9)), `${megabytes(cost.peakBytes)} MB`]);
    }
  }
  return {
    part: 'rows',
    tables: [{ head: ['layer', 'events', 'seconds', 'µs an event', 'CPU µs an event', 'CPU seconds a GB of JSON', 'most resident'], rows: table }],
    notes: ['Events of shop, 7 days and 2 platforms, from nothing; a process for each command with the default `--memory 1GiB`. Its start, half a second, is in the figures and counts at the smaller size'],
  };
}

async function landed(bench: Workbench, events: number, layer: (typeof layers)[number]): Promise<CommandCost> {
  const lakeDir = join(bench.folder, `lake-rows-${events}`);
  const from = layer === 'bronze' ? ['--from', await bench.file(events)] : [];
  return commands([[layer, 'shop', ...from, '--lake', lakeDir, '--datasets', datasetsDir]]);
}
