import { familyOf, hasItems, type Dataset } from '../dataset.js';
import { buildSilver, ensureSilver, type SilverOptions, type SilverSummary } from '../silver/silver.js';
import type { Context } from './context.js';
import { silverEngine } from './engine.js';
import { count, plural } from './output.js';
import { forEachPart } from './parts.js';
import { plannedSilver, showPlans } from './plan.js';

export const run = forEachPart(async (context, dataset) => {
  if (context.config.plan) {
    showPlans(context, dataset, { silver: await plannedSilver(context.lake, dataset, null) });
    return 0;
  }
  await context.lake.storage.prepare();
  const summary = await refreshSilver(context, dataset);
  context.result({ tables: summary.tables }, silverLines(context, dataset, summary));
  return 0;
});

export async function refreshSilver(context: Context, dataset: Dataset, options: SilverOptions = {}): Promise<SilverSummary> {
  const { jobs, maxRejected } = context.config;
  const engine = silverEngine(context);
  const limits = { ...(engine === undefined ? {} : { engine }), ...(jobs === undefined ? {} : { jobs }), ...(maxRejected === undefined ? {} : { maxRejected }) };
  const summary = await buildSilver(context.lake, dataset, { ...limits, ...options }, {
    built: (done, of) => context.progress.update(`silver: ${count(done)} of ${plural(of, 'partition')}`),
  });
  for (const part of familyOf(dataset).parts.length < 2 ? [] : familyOf(dataset).parts) await ensureSilver(context.lake, part);
  return summary;
}

export function silverLines(context: Context, dataset: Dataset, summary: SilverSummary): string[] {
  if (summary.reason === 'no bronze') return [`silver  nothing to build: there is no bronze.${dataset.name} in ${context.config.lake}`];
  if (summary.partitions.length === 0) return ['silver  up to date, nothing rebuilt'];
  const event = summary.tables[dataset.event.table];
  const items = hasItems(dataset) ? `${count(summary.tables[dataset.items.table]?.rows ?? 0)} item rows, ` : '';
  return [
    `silver  ${howBuilt(summary)}: ${count(event?.rows ?? 0)} events, ${items}${count(event?.rejected ?? 0)} rejected, ${count(event?.duplicates ?? 0)} duplicates`,
    ...listed(summary.partitions),
    ...((event?.rejected ?? 0) > 0 ? [`        rejected events and why: ingot rejected ${dataset.name}`] : []),
  ];
}

/** `3 partitions rebuilt (new contract), 2 appended to`. */
function howBuilt({ partitions, appended, reason }: SilverSummary): string {
  const rebuilt = partitions.length - appended.length;
  if (rebuilt === 0) return `${plural(appended.length, 'partition')} appended to (${reason})`;
  return `${plural(rebuilt, 'partition')} rebuilt (${reason})${appended.length === 0 ? '' : `, ${count(appended.length)} appended to`}`;
}

const maxListed = 8;

/** At most so many names, a line each. */
export function listed(names: readonly string[]): string[] {
  const lines = names.slice(0, maxListed).map((name) => `        ${name}`);
  return names.length > maxListed ? [...lines, `        … and ${count(names.length - maxListed)} more`] : lines;
}
