import { join } from 'node:path';
import type { Dataset } from '../dataset.js';
import { buildGold, type GoldEvents, type GoldSummary } from '../gold/gold.js';
import type { DateRange } from '../gold/plan.js';
import { loadDataset } from '../load.js';
import type { Context } from './context.js';
import { count, plural } from './output.js';
import { plannedGold, showPlans } from './plan.js';
import { listed } from './silver.js';

export async function run(context: Context): Promise<number> {
  const dataset = await loadDataset(context.config.datasets, context.args[0] ?? '');
  if (context.config.plan) {
    showPlans(context, dataset, { gold: await plannedGold(context, dataset, null) });
    return 0;
  }
  await context.lake.storage.prepare();
  const summary = await refreshGold(context, dataset, null);
  context.result({ tables: summary.tables }, goldLines(summary));
  return 0;
}

export async function refreshGold(context: Context, dataset: Dataset, range: DateRange | null): Promise<GoldSummary> {
  return buildGold(context.lake, dataset, modelsDir(context, dataset), range, goldEvents(context), { accept: context.config.accept });
}

export function modelsDir({ config }: Context, dataset: Dataset): string {
  return join(config.datasets, dataset.name, 'gold');
}

/** Says how far gold is, and which checks fail that the user accepts. */
export function goldEvents({ progress }: Context): GoldEvents {
  return {
    built: (done, of) => progress.update(`gold: ${count(done)} of ${plural(of, 'date')}`),
    accepted: (table, failures) => progress.note(`gold.${table} is published although (--accept):\n${failures}`),
  };
}

/** What two refreshes did, one after the other; rows of a date that both built count twice. */
export function mergeGold(before: GoldSummary | null, after: GoldSummary): GoldSummary {
  if (before === null || before.dates.length === 0) return after;
  if (after.dates.length === 0) return before;
  const tables = Object.entries(after.tables).map(([name, table]) => {
    const earlier = before.tables[name];
    return [name, { ...table, partitions: [...new Set([...(earlier?.partitions ?? []), ...table.partitions])].sort(), rows: table.rows + (earlier?.rows ?? 0) }] as const;
  });
  return { tables: Object.fromEntries(tables), dates: [...new Set([...before.dates, ...after.dates])].sort(), reason: before.reason };
}

export function goldLines(summary: GoldSummary): string[] {
  if (summary.reason === 'no silver') return ['gold    nothing to build: silver has no events yet'];
  if (summary.dates.length === 0) return ['gold    up to date, nothing rebuilt'];
  const tables = Object.entries(summary.tables).map(([name, table]) => `${name} ${count(table.rows)}`);
  return [`gold    ${plural(summary.dates.length, 'date')} rebuilt (${summary.reason}), rows: ${tables.join(', ')}`, ...listed(summary.dates)];
}
