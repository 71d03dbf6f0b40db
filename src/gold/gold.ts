import { rowTables, type Dataset } from '../dataset.js';
import { publishBuild } from '../lake/build.js';
import type { Lake } from '../lake/lake.js';
import { Scope, type TableWrite } from '../lake/publication.js';
import { partitionName, rowsOf } from '../lake/staged.js';
import { GoldBuild, type GoldEvents, type GoldOptions } from './build.js';
import { checkAccepted } from './checks.js';
import { loadModels, type GoldModels } from './model.js';
import { planGold, type GoldInputs, type GoldPlan } from './plan.js';
import type { DateRange } from './ranges.js';

export type { GoldEvents, GoldOptions } from './build.js';

export interface GoldSummary {
  readonly tables: Readonly<Record<string, { readonly partitions: readonly string[]; readonly rows: number; readonly rejected: 0; readonly duplicates: 0 }>>;
  readonly dates: readonly string[];
  readonly reason: GoldPlan['reason'] | 'no silver';
  /** A signal ended it before all was built. */
  readonly stopped: boolean;
}

/** Dates that one run publishes: a killed build goes on after the last run. */
export const defaultRunDates = 62;

export interface BuildOptions extends GoldOptions {
  /** Default 62. */
  readonly runDates?: number;
  /** Ends it after the run that is open. */
  readonly signal?: AbortSignal;
}

/**
 * Brings gold up to date with silver, or rebuilds a range as well. Rows are checked before they are published.
 * @throws LakeError CHECK_FAILED, and nothing is published of this run; USAGE for a kind of check to be accepted that there is not
 */
export async function buildGold(lake: Lake, dataset: Dataset, modelsDir: string, range: DateRange | null, events: GoldEvents = {}, options: BuildOptions = {}): Promise<GoldSummary> {
  checkAccepted(options.accept ?? []);
  const models = await loadModels(modelsDir);
  const done = new Map<string, string>();
  let total: GoldSummary | null = null;
  for (;;) {
    const run = await publishBuild(goldScope(lake, dataset, models), {
      plan: async (number) => {
        const plan = await planGold(lake, goldInputs(dataset, models), range, number, done);
        return plan === null || plan.dates.length === 0 ? null : partOf(plan, options.runDates ?? defaultRunDates);
      },
      build: async ({ plan, of, last }, staging) => {
        const before = done.size;
        const build = new GoldBuild(lake, models, options, { ...events, built: (dates) => events.built?.(before + dates, before + of) });
        await build.buildDates(plan.silver, plan.dates, lake.storage.locate(staging));
        const writes = await build.writes(plan, last ? null : plan.tag);
        return { writes, result: { plan, last, summary: summaryOf(writes, plan) } };
      },
    });
    if (run === null) break;
    for (const date of run.plan.dates) done.set(date, run.plan.tag);
    total = mergeGold(total, { ...run.summary, stopped: !run.last && options.signal?.aborted === true });
    if (run.last || total.stopped) break;
  }
  return total ?? nothingBuilt(lake, dataset, models);
}

interface Part {
  readonly run: number;
  readonly plan: GoldPlan;
  /** Dates that are to be built, in this run and after it. */
  readonly of: number;
  /** Nothing is stale when it is done. */
  readonly last: boolean;
}

/** As much of a plan as one run takes, the oldest dates first: a date's rows are compared with those of the date before. */
function partOf(plan: GoldPlan, runDates: number): Part {
  const of = plan.dates.length;
  if (!plan.splits || of <= runDates) return { run: plan.run, plan, of, last: true };
  return { run: plan.run, plan: { ...plan, dates: plan.dates.slice(0, runDates), txns: {} }, of, last: false };
}

/** What two builds did, one after the other; rows of a date that both built count twice. */
export function mergeGold(before: GoldSummary | null, after: GoldSummary): GoldSummary {
  if (before === null || before.dates.length === 0) return after;
  if (after.dates.length === 0) return before;
  const tables = Object.entries(after.tables).map(([name, table]) => {
    const earlier = before.tables[name];
    return [name, { ...table, partitions: [...new Set([...(earlier?.partitions ?? []), ...table.partitions])].sort(), rows: table.rows + (earlier?.rows ?? 0) }] as const;
  });
  return { tables: Object.fromEntries(tables), dates: [...new Set([...before.dates, ...after.dates])].sort(), reason: before.reason, stopped: after.stopped };
}

/** The runs of a dataset's gold: the last model is published last. */
export function goldScope(lake: Lake, dataset: Dataset, { models }: GoldModels): Scope {
  return new Scope(lake, `gold.${dataset.name}`, 'gold', models.at(-1)?.name ?? '');
}

export function goldInputs(dataset: Dataset, { steps, models, need }: GoldModels): GoldInputs {
  return {
    silverTables: rowTables(dataset),
    goldTables: models.map((model) => model.name),
    modelTexts: [...steps, ...models].map((model) => model.sql),
    need,
  };
}

export async function nothingBuilt(lake: Lake, dataset: Dataset, { models }: GoldModels): Promise<GoldSummary> {
  const silver = await lake.table('silver', dataset.event.table).snapshot();
  return {
    tables: Object.fromEntries(models.map(({ name }) => [name, { partitions: [], rows: 0, rejected: 0, duplicates: 0 }])),
    dates: [],
    reason: silver === null ? 'no silver' : 'changed',
    stopped: false,
  };
}

export function summaryOf(writes: readonly TableWrite[], { dates, reason }: Pick<GoldPlan, 'dates' | 'reason'>): GoldSummary {
  const tables = writes.map(({ spec, files, replaces }) => {
    const partitions = [...new Set([...files.map((file) => partitionName(file.partition)), ...(replaces ?? []).map(partitionName)])].sort();
    return [spec.table, { partitions, rows: rowsOf(files), rejected: 0, duplicates: 0 }] as const;
  });
  return { tables: Object.fromEntries(tables), dates, reason, stopped: false };
}
