import type { Dataset } from '../dataset.js';
import { loadDataset } from '../load.js';
import type { Range } from '../silver/plan.js';
import { buildSilver, type SilverSummary } from '../silver/silver.js';
import type { Context } from './context.js';
import { count, plural } from './output.js';

export async function run(context: Context): Promise<number> {
  const dataset = await loadDataset(context.config.datasets, context.args[0] ?? '');
  await context.lake.storage.prepare();
  const summary = await refreshSilver(context, dataset, null);
  context.result({ tables: summary.tables }, silverLines(context, dataset, summary));
  return 0;
}

export async function refreshSilver(context: Context, dataset: Dataset, range: Range | null): Promise<SilverSummary> {
  return buildSilver(context.lake, dataset, range, {
    built: (done, of) => context.progress.update(`silver: ${count(done)} of ${plural(of, 'partition')}`),
  });
}

/** What two refreshes did, one after the other; rows of a partition that both built count twice. */
export function mergeSilver(before: SilverSummary | null, after: SilverSummary): SilverSummary {
  if (before === null || before.partitions.length === 0) return after;
  if (after.partitions.length === 0) return before;
  const partitions = [...new Set([...before.partitions, ...after.partitions])].sort();
  const tables = Object.entries(after.tables).map(([name, table]) => {
    const earlier = before.tables[name];
    return [name, { partitions, rows: table.rows + (earlier?.rows ?? 0), rejected: table.rejected + (earlier?.rejected ?? 0), duplicates: table.duplicates + (earlier?.duplicates ?? 0) }] as const;
  });
  return { tables: Object.fromEntries(tables), partitions, reason: before.reason };
}

export function silverLines(context: Context, dataset: Dataset, summary: SilverSummary): string[] {
  if (summary.reason === 'no bronze') return [`silver  nothing to build: there is no bronze.${dataset.name} in ${context.config.lake}`];
  if (summary.partitions.length === 0) return ['silver  up to date, nothing rebuilt'];
  const event = summary.tables[dataset.event.table];
  const items = summary.tables[dataset.items.table];
  return [
    `silver  ${plural(summary.partitions.length, 'partition')} rebuilt (${summary.reason}): ${count(event?.rows ?? 0)} events, ${count(items?.rows ?? 0)} item rows, ${count(event?.rejected ?? 0)} rejected, ${count(event?.duplicates ?? 0)} duplicates`,
    ...listed(summary.partitions),
    ...((event?.rejected ?? 0) > 0 ? [`        rejected events and why: SELECT reason, count(*) FROM silver.${dataset.name}_rejected GROUP BY reason`] : []),
  ];
}

const maxListed = 8;

/** At most so many names, a line each. */
export function listed(names: readonly string[]): string[] {
  const lines = names.slice(0, maxListed).map((name) => `        ${name}`);
  return names.length > maxListed ? [...lines, `        … and ${count(names.length - maxListed)} more`] : lines;
}
