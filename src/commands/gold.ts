import type { Dataset } from '../dataset.js';
import { buildGold, type BuildOptions, type GoldEvents, type GoldSummary } from '../gold/gold.js';
import { isIdle, type AskedGold } from '../gold/plan.js';
import { loadFamily } from '../load.js';
import type { Context } from './context.js';
import { engineOf, tellEngine } from './engine.js';
import { modelsDir } from './models.js';
import { count, plural } from './output.js';
import { plannedGold, showPlans } from './plan.js';
import { listed } from './silver.js';

export async function run(context: Context): Promise<number> {
  const [dataset] = (await loadFamily(context.config.datasets, context.args[0] ?? '')).parts;
  if (dataset === undefined) return 1;
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
export async function refreshGold(context: Context, dataset: Dataset, range: AskedGold | null, options: Pick<BuildOptions, 'runDates' | 'signal'> = {}): Promise<GoldSummary> {
  const engine = engineOf(context);
  return buildGold(context.lake, dataset, modelsDir(context, dataset), range, goldEvents(context), { accept: context.config.accept, ...(engine === undefined ? {} : { engine, signal: context.signal }), ...options });
}

/** Says how far gold is, and which checks fail that the user accepts. */
export function goldEvents(context: Context): GoldEvents {
  const { progress } = context;
  return {
    built: (done, of) => progress.update(`gold: ${count(done)} of ${plural(of, 'date')}`),
    told: tellEngine(context, 'gold'),
    whole: (table) => progress.update(`gold: all rows of ${table}`),
    accepted: (table, failures) => progress.note(`gold.${table} is published although (--accept):\n${failures}`),
  };
}

export function goldLines(summary: GoldSummary): string[] {
  const { dates, whole, reason, stopped } = summary;
  if (reason === 'no silver') return ['gold    nothing to build: silver has no events yet'];
  if (isIdle(summary)) return ['gold    up to date, nothing rebuilt'];
  const rowsOf = (isAsked: (name: string) => boolean): string => Object.entries(summary.tables).filter(([name]) => isAsked(name)).map(([name, table]) => `${name} ${count(table.rows)}`).join(', ');
  const isWhole = (name: string): boolean => whole?.tables.includes(name) === true;
  return [
    ...(dates.length === 0 ? [] : [`gold    ${plural(dates.length, 'date')} rebuilt (${reason}), rows: ${rowsOf((name) => !isWhole(name))}`, ...listed(dates)]),
    ...(whole === null ? [] : [`gold    rebuilt whole (${whole.reason}), rows: ${rowsOf(isWhole)}`]),
    ...(stopped ? ['        stopped by a signal: the same command goes on with what is left'] : []),
  ];
}
