import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { generateShop } from '../../src/generate/shop.js';
import { writeLines } from '../../src/generate/write.js';
import { spreadOf, timed } from './measure.js';
import { commands, type CommandCost } from './scale-process.js';
import { grouped, megabytes, seconds, threeDigits, type ScaleResult } from './scale-table.js';
import { datasetsDir, withLake, type Workbench } from './workbench.js';

const since = '2025-01-01';
/** A day has two partitions, one for each platform. */
const dayCounts = [5, 50, 500] as const;
const changedEvents = 200;
const openings = 5;
const tables = [['bronze', 'shop'], ['silver', 'event'], ['silver', 'item_event'], ['gold', 'product_metrics']] as const;

/** The same number of rows in 10, 100 and 1,000 partitions. */
export async function partitions(bench: Workbench): Promise<ScaleResult> {
  const rows: string[][] = [];
  for (const days of dayCounts) rows.push(await measured(bench, days));
  return {
    part: 'partitions',
    tables: [{ head: ['partitions', 'silver, s (CPU)', 'most resident', 'gold, s (CPU)', 'most resident', 'silver and gold after 200 rows more of one partition, s (CPU)', 'opening four tables', 'files of all layers'], rows }],
    notes: [`${grouped(bench.events)} events of shop each; a process for each command, so half a second of each figure is its start. Opening: bronze, two tables of silver and one of gold, the median of ${openings}`],
  };
}

async function measured(bench: Workbench, days: number): Promise<string[]> {
  const lakeDir = join(bench.folder, `lake-${days}`);
  const ingot = (...args: string[]): Promise<CommandCost> => commands([[...args, '--lake', lakeDir, '--datasets', datasetsDir]]);
  const file = join(bench.folder, `days-${days}.ndjson`);
  await writeLines(generateShop({ events: bench.events, days, seed: 1, since, form: 'json' }), file);
  await ingot('bronze', 'shop', '--from', file);
  const silver = await ingot('silver', 'shop');
  const gold = await ingot('gold', 'shop');
  const change = join(bench.folder, `change-${days}.ndjson`);
  writeFileSync(change, `${changed(days).join('\n')}\n`);
  await ingot('bronze', 'shop', '--from', change);
  const again = [await ingot('silver', 'shop'), await ingot('gold', 'shop')];
  const wallMs = again.reduce((total, cost) => total + cost.wallMs, 0);
  const cpuMs = again.reduce((total, cost) => total + cost.cpuMs, 0);
  return [
    grouped(2 * days), `${seconds(silver.wallMs)} (${seconds(silver.cpuMs)})`, `${megabytes(silver.peakBytes)} MB`, `${seconds(gold.wallMs)} (${seconds(gold.cpuMs)})`, `${megabytes(gold.peakBytes)} MB`,
    `${seconds(wallMs)} (${seconds(cpuMs)})`, ...(await opening(lakeDir)),
  ];
}

/** Events of one platform of the day in the middle. */
function changed(days: number): string[] {
  const from = Date.parse(since) + Math.floor(days / 2) * 86_400_000;
  const lines: string[] = [];
  for (const line of generateShop({ events: changedEvents * 4, days: 1, seed: 1001, since: new Date(from).toISOString().slice(0, 10), form: 'json' })) {
    const time = Number(/"event_timestamp":(\d{13})\b/.exec(line)?.[1] ?? 0);
    if (time >= from && time < from + 86_400_000 && line.includes('"platform":"IOS"') && lines.length < changedEvents) lines.push(line);
  }
  return lines;
}

/** Time and number of files. */
async function opening(lakeDir: string): Promise<string[]> {
  const costs: number[] = [];
  let files = 0;
  for (let run = 0; run < openings; run++) {
    await withLake(lakeDir, async (lake) => {
      files = 0;
      const { wallMs } = await timed(async () => {
        for (const [layer, table] of tables) files += (await lake.table(layer, table).snapshot())?.files.size ?? 0;
      });
      costs.push(wallMs);
    });
  }
  return [`${threeDigits(spreadOf(costs).median)} ms`, grouped(files)];
}
