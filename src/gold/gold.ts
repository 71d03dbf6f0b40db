import { familyOf, rowTables, type Dataset } from '../dataset.js';
import { publishBuild } from '../lake/build.js';
import type { Lake } from '../lake/lake.js';
import { Scope, type TableWrite } from '../lake/publication.js';
import { partitionName, rowsOf } from '../lake/staged.js';
import { GoldBuild, type GoldEvents, type GoldOptions } from './build.js';
import { checkAccepted } from './checks.js';
import { loadModels, type GoldModels, type ModelGroup } from './model.js';
import { isIdle, planGold, type AskedGold, type GoldInputs, type GoldPlan, type Reason } from './plan.js';

export type { GoldEvents, GoldOptions } from './build.js';

export interface GoldSummary {
  readonly tables: Readonly<Record<string, { readonly partitions: readonly string[]; readonly rows: number; readonly rejected: 0; readonly duplicates: 0 }>>;
  readonly dates: readonly string[];
  readonly reason: Reason | 'no silver';
  /** The tables all of whose rows were built, and why; null: none. */
  readonly whole: { readonly tables: readonly string[]; readonly reason: Reason } | null;
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
 * Brings gold up to date with silver, or rebuilds a range, and the whole models with it, as well. Rows are checked before they are published.
 * @throws LakeError CHECK_FAILED, and nothing is published of this run; USAGE for a kind of check to be accepted that there is not
 */
export async function buildGold(lake: Lake, dataset: Dataset, modelsDir: string, range: AskedGold | null, events: GoldEvents = {}, options: BuildOptions = {}): Promise<GoldSummary> {
  checkAccepted(options.accept ?? []);
  const models = await loadModels(modelsDir);
  const done = new Map<string, string>();
  let total: GoldSummary | null = null;
  for (;;) {
    const run = await publishBuild(goldScope(lake, dataset, models), {
      plan: async (number) => {
        const plan = await planGold(lake, goldInputs(dataset, models), range, number, done);
        return plan === null || isIdle(plan) ? null : partOf(plan, options.runDates ?? defaultRunDates);
      },
      build: async ({ plan, of, last }, staging) => {
        const before = done.size;
        const build = new GoldBuild(lake, models, options, { ...events, built: (dates) => events.built?.(before + dates, before + of) });
        await build.buildDates(plan.silver, plan.dates, lake.storage.locate(staging));
        if (plan.whole !== null) await build.buildWhole(plan.silver, lake.storage.locate(staging));
        const writes = await build.writes(plan, last ? null : plan.tag);
        return { writes, result: { plan, last, summary: summaryOf(models, writes, plan) } };
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

/** As much of a plan as one run takes, the oldest dates first: a date's rows are compared with those of the date before. The whole models come with the last run. */
function partOf(plan: GoldPlan, runDates: number): Part {
  const of = plan.dates.length;
  if (!plan.splits || of <= runDates) return { run: plan.run, plan, of, last: true };
  return { run: plan.run, plan: { ...plan, dates: plan.dates.slice(0, runDates), txns: {}, whole: null }, of, last: false };
}

/** What two builds did, one after the other; rows of a date that both built count twice, those of a whole table once. */
export function mergeGold(before: GoldSummary | null, after: GoldSummary): GoldSummary {
  if (before === null || isIdle(before)) return after;
  if (isIdle(after)) return before;
  const whole = after.whole ?? before.whole;
  const tables = Object.entries({ ...before.tables, ...after.tables }).map(([name, table]) => {
    const earlier = before.tables[name];
    if (whole?.tables.includes(name) === true || earlier === table) return [name, table] as const;
    return [name, { ...table, partitions: [...new Set([...(earlier?.partitions ?? []), ...table.partitions])].sort(), rows: table.rows + (earlier?.rows ?? 0) }] as const;
  });
  const reason = before.dates.length === 0 ? after.reason : before.reason;
  return { tables: Object.fromEntries(tables), dates: [...new Set([...before.dates, ...after.dates])].sort(), reason, whole, stopped: after.stopped };
}

/** The runs of a dataset's gold: the last model is published last. */
export function goldScope(lake: Lake, dataset: Dataset, { models }: GoldModels): Scope {
  return new Scope(lake, `gold.${familyOf(dataset).name}`, 'gold', models.at(-1)?.name ?? '');
}

export function goldInputs(dataset: Dataset, { dated, whole }: GoldModels): GoldInputs {
  const textsOf = ({ steps, models }: ModelGroup): string[] => [...steps, ...models].map((model) => model.sql);
  return {
    silver: familyOf(dataset).parts.map(rowTables),
    datedTables: dated.models.map(({ name }) => name),
    wholeTables: whole.models.map(({ name }) => name),
    modelTexts: textsOf(dated),
    wholeTexts: textsOf(whole),
    need: dated.need,
  };
}

export async function nothingBuilt(lake: Lake, dataset: Dataset, models: GoldModels): Promise<GoldSummary> {
  const silver = await Promise.all(familyOf(dataset).parts.map(({ event }) => lake.table('silver', event.table).snapshot()));
  return summaryOf(models, [], { dates: [], reason: silver.includes(null) ? 'no silver' : 'changed', whole: null });
}

/** What was built, by table: dated ones that were not have no rows, whole ones are left out. */
export function summaryOf({ dated, whole }: GoldModels, writes: readonly TableWrite[], built: Pick<GoldPlan, 'dates' | 'whole'> & Pick<GoldSummary, 'reason'>): GoldSummary {
  const tables = [...(built.whole === null ? [] : whole.models), ...dated.models].map(({ name }) => {
    const write = writes.find(({ spec }) => spec.table === name);
    const partitions = [...(write?.files ?? []).map(({ partition }) => partition), ...(write?.replaces ?? [])].map(partitionName).filter((partition) => partition !== '');
    return [name, { partitions: [...new Set(partitions)].sort(), rows: rowsOf(write?.files ?? []), rejected: 0, duplicates: 0 }] as const;
  });
  return {
    tables: Object.fromEntries(tables),
    dates: built.dates,
    reason: built.reason,
    whole: built.whole === null ? null : { tables: whole.models.map(({ name }) => name), reason: built.whole.reason },
    stopped: false,
  };
}
