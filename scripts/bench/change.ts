import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildGold } from '../../src/gold/gold.js';
import { loadModels } from '../../src/gold/model.js';
import { inputRange, rangesOf } from '../../src/gold/ranges.js';
import { generateShop } from '../../src/generate/shop.js';
import { writeLines } from '../../src/generate/write.js';
import { planSilver } from '../../src/silver/plan.js';
import { buildSilver } from '../../src/silver/silver.js';
import { share, type Figure, type PartResult } from './figures.js';
import { timed, type Cost, type Side } from './measure.js';
import { goldDir, landFrom, withLake, type Workbench } from './workbench.js';

const since = '2025-01-01';
/** A day has two partitions, one for each platform. */
const manyDays = 500;
const fewDays = 5;

/** What silver and gold cost after a change, against what they cost when all is built; and one changed partition among many, against among few. */
export async function change(bench: Workbench): Promise<PartResult> {
  const many = await builtLake(bench, manyDays, bench.events * 10);
  const few = await builtLake(bench, fewDays, Math.ceil((bench.events * 10 * fewDays) / manyDays));
  const added: Cost[] = [];
  const notes: string[] = [];
  const [onePercent, oneOfMany, oneOfFew]: [Cost[], Cost[], Cost[]] = [added, [], []];
  for (let run = 0; run <= bench.runs; run++) {
    const more = await landMore(bench, many.lakeDir, { run, days: manyDays / 100, events: bench.events / 10, first: 200 });
    notes.push(...(run === 1 ? [more] : []));
    const cost = await timed(() => refresh(bench, many.lakeDir));
    if (run > 0) onePercent.push(cost);
  }
  for (let run = 0; run <= bench.runs; run++) {
    for (const [lake, costs, days] of [[many, oneOfMany, manyDays], [few, oneOfFew, fewDays]] as const) {
      await landMore(bench, lake.lakeDir, { run: 100 + run, days: 1, events: 200, first: Math.floor(days / 2), platform: 'IOS' });
      const cost = await timed(() => refresh(bench, lake.lakeDir));
      if (run > 0) costs.push(cost);
    }
  }
  const side = (name: string, events: number): Side => ({ name, events, work: () => Promise.resolve() });
  const figures: Figure[] = [
    share('change', 'Silver and gold after 1 % more in 1 % of 1,000 partitions, against building all', [side('Ingot', bench.events / 10), onePercent], [side('all', bench.events * 10), [many.cost]], { atMost: 0.05 }),
    share('change', 'Silver and gold after a change of one partition among 1,000, against among 10', [side('Ingot', 200), oneOfMany], [side('among 10', 200), oneOfFew], { atMost: 1.25 }),
  ];
  return { figures, notes };
}

/** Lands and builds days of events. The cost is that of silver and gold. */
async function builtLake(bench: Workbench, days: number, events: number): Promise<{ readonly lakeDir: string; readonly cost: Cost }> {
  const file = join(bench.folder, `days-${days}.ndjson`);
  const lakeDir = join(bench.folder, `lake-days-${days}`);
  await writeLines(generateShop({ events, days, seed: 1, since, form: 'json' }), file);
  await landFrom(lakeDir, file, bench.dataset);
  return { lakeDir, cost: await timed(() => refresh(bench, lakeDir)) };
}

function refresh(bench: Workbench, lakeDir: string): Promise<void> {
  return withLake(lakeDir, async (lake) => {
    const silver = await buildSilver(lake, bench.dataset);
    const gold = await buildGold(lake, bench.dataset, goldDir, null);
    if (silver.partitions.length === 0 || gold.dates.length === 0) throw new Error('there was nothing to build');
  });
}

interface More {
  readonly run: number;
  readonly days: number;
  readonly events: number;
  /** Days after the lake's first one. */
  readonly first: number;
  readonly platform?: string;
}

/** Lands new events of some days. @returns what the refresh will read, of what there is */
async function landMore(bench: Workbench, lakeDir: string, { run, days, events, first, platform }: More): Promise<string> {
  const from = new Date(Date.parse(since) + first * 86_400_000);
  const until = new Date(from.getTime() + days * 86_400_000);
  const lines: string[] = [];
  for (const line of generateShop({ events: Math.ceil(events * (platform === undefined ? 1.2 : 3)), days, seed: 1000 + run, since: from.toISOString().slice(0, 10), form: 'json' })) {
    const time = Number(/"event_timestamp":(\d{13})\b/.exec(line)?.[1] ?? 0);
    if (time >= from.getTime() && time < until.getTime() && (platform === undefined || line.includes(`"platform":"${platform}"`)) && lines.length < events) lines.push(line);
  }
  const file = join(bench.folder, `more-${run}-${days}-${first}.ndjson`);
  writeFileSync(file, `${lines.join('\n')}\n`);
  await landFrom(lakeDir, file, bench.dataset);
  return withLake(lakeDir, async (lake) => {
    const bronze = await lake.table('bronze', bench.dataset.name).snapshot();
    const plan = await planSilver(lake, bench.dataset, null, 0);
    const event = await lake.table('silver', bench.dataset.event.table).snapshot();
    const parts = [...(plan?.rebuild ?? []), ...(plan?.append ?? [])];
    const { need } = await loadModels(goldDir);
    const dates = rangesOf([...new Set(parts.map(({ partition }) => partition['event_date'] ?? ''))].sort()).map((range) => inputRange(inputRange(range, need), need));
    const read = [...(event?.files.values() ?? [])].filter(({ partitionValues }) => dates.some((range) => (partitionValues['event_date'] ?? '') >= range.since && (partitionValues['event_date'] ?? '') <= range.until));
    const total = (files: Iterable<{ size: number }>): string => `${([...files].reduce((bytes, file) => bytes + file.size, 0) / 1e6).toFixed(1)} MB`;
    return `change: silver reads ${plan?.append.reduce((files, part) => files + part.paths.length, 0) ?? 0} new files (${(parts.reduce((bytes, part) => bytes + part.bytes, 0) / 1e6).toFixed(1)} MB) of bronze's ${bronze?.files.size ?? 0} (${total(bronze?.files.values() ?? [])}); gold at most ${read.length} event files (${total(read)}) of ${event?.files.size ?? 0} (${total(event?.files.values() ?? [])})`;
  });
}
