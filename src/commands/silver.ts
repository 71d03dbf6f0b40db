import type { Dataset } from '../dataset.js';
import { loadDataset } from '../load.js';
import type { Range } from '../silver/plan.js';
import { buildSilver, type SilverSummary } from '../silver/silver.js';
import type { Context } from './context.js';
import { count, plural } from './output.js';

export async function run(context: Context): Promise<number> {
  const dataset = await loadDataset(context.config.datasets, context.args[0] ?? '');
  const summary = await refreshSilver(context, dataset, null);
  context.result({ tables: summary.tables }, silverLines(dataset, summary));
  return 0;
}

export async function refreshSilver(context: Context, dataset: Dataset, range: Range | null): Promise<SilverSummary> {
  await context.lake.storage.prepare();
  return buildSilver(context.lake, dataset, range, {
    built: (done, of) => context.progress.update(`silver: ${count(done)} of ${plural(of, 'partition')}`),
  });
}

export function silverLines(dataset: Dataset, summary: SilverSummary): string[] {
  if (summary.partitions.length === 0) return ['silver  up to date, nothing rebuilt'];
  const event = summary.tables[dataset.event.table];
  const items = summary.tables[dataset.items.table];
  return [
    `silver  ${plural(summary.partitions.length, 'partition')} rebuilt (${summary.reason}): ${count(event?.rows ?? 0)} events, ${count(items?.rows ?? 0)} item rows, ${count(event?.rejected ?? 0)} rejected, ${count(event?.duplicates ?? 0)} duplicates`,
    ...listed(summary.partitions),
  ];
}

const maxListed = 8;

/** At most so many names, a line each. */
export function listed(names: readonly string[]): string[] {
  const lines = names.slice(0, maxListed).map((name) => `        ${name}`);
  return names.length > maxListed ? [...lines, `        … and ${count(names.length - maxListed)} more`] : lines;
}
