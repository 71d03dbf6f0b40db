import { join } from 'node:path';
import type { Dataset } from '../dataset.js';
import { buildGold, type BuildOptions, type GoldEvents, type GoldSummary } from '../gold/gold.js';
import type { DateRange } from '../gold/ranges.js';
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
  const summary = await refreshGold(context, dataset, null, { signal: context.signal });
  context.result({ tables: summary.tables }, goldLines(summary));
  return 0;
}

/** @param options how much one run publishes, and what ends it in between */
export async function refreshGold(context: Context, dataset: Dataset, range: DateRange | null, options: Pick<BuildOptions, 'runDates' | 'signal'> = {}): Promise<GoldSummary> {
  return buildGold(context.lake, dataset, modelsDir(context, dataset), range, goldEvents(context), { accept: context.config.accept, ...options });
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

export function goldLines(summary: GoldSummary): string[] {
  if (summary.reason === 'no silver') return ['gold    nothing to build: silver has no events yet'];
  if (summary.dates.length === 0) return ['gold    up to date, nothing rebuilt'];
  const tables = Object.entries(summary.tables).map(([name, table]) => `${name} ${count(table.rows)}`);
  return [`gold    ${plural(summary.dates.length, 'date')} rebuilt (${summary.reason}), rows: ${tables.join(', ')}`, ...listed(summary.dates), ...(summary.stopped ? ['        stopped by a signal: the same command goes on with the other dates'] : [])];
}
