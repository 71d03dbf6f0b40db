import { rowTables, type Dataset } from '../dataset.js';
import { publishBuild } from '../lake/build.js';
import type { Lake } from '../lake/lake.js';
import { Scope, type TableWrite } from '../lake/publication.js';
import { partitionName, rowsOf } from '../lake/staged.js';
import { GoldBuild, type GoldEvents, type GoldOptions } from './build.js';
import { checkAccepted } from './checks.js';
import { loadModels, type GoldModels } from './model.js';
import { planGold, type DateRange, type GoldInputs, type GoldPlan } from './plan.js';

export type { GoldEvents, GoldOptions } from './build.js';

export interface GoldSummary {
  readonly tables: Readonly<Record<string, { readonly partitions: readonly string[]; readonly rows: number; readonly rejected: 0; readonly duplicates: 0 }>>;
  readonly dates: readonly string[];
  readonly reason: GoldPlan['reason'] | 'no silver';
}

/**
 * Brings gold up to date with silver, or rebuilds a range as well. Rows are checked before they are published.
 * @throws LakeError CHECK_FAILED, and nothing is published; USAGE for a kind of check to be accepted that there is not
 */
export async function buildGold(lake: Lake, dataset: Dataset, modelsDir: string, range: DateRange | null, events: GoldEvents = {}, options: GoldOptions = {}): Promise<GoldSummary> {
  checkAccepted(options.accept ?? []);
  const models = await loadModels(modelsDir);
  const summary = await publishBuild(goldScope(lake, dataset, models), {
    plan: async (run) => {
      const plan = await planGold(lake, goldInputs(dataset, models), range, run);
      return plan === null || plan.dates.length === 0 ? null : plan;
    },
    build: async (plan, staging) => {
      const build = new GoldBuild(lake, models, options, events);
      await build.buildDates(plan.silver, plan.dates, lake.storage.locate(staging));
      const writes = await build.writes(plan);
      return { writes, result: summaryOf(writes, plan) };
    },
  });
  return summary ?? nothingBuilt(lake, dataset, models);
}

/** The runs of a dataset's gold: the last model is published last. */
export function goldScope(lake: Lake, dataset: Dataset, { models }: GoldModels): Scope {
  return new Scope(lake, `gold.${dataset.name}`, 'gold', models.at(-1)?.name ?? '');
}

export function goldInputs(dataset: Dataset, { steps, models }: GoldModels): GoldInputs {
  return {
    silverTables: rowTables(dataset),
    goldTables: models.map((model) => model.name),
    modelTexts: [...steps, ...models].map((model) => model.sql),
  };
}

export async function nothingBuilt(lake: Lake, dataset: Dataset, { models }: GoldModels): Promise<GoldSummary> {
  const silver = await lake.table('silver', dataset.event.table).snapshot();
  return {
    tables: Object.fromEntries(models.map(({ name }) => [name, { partitions: [], rows: 0, rejected: 0, duplicates: 0 }])),
    dates: [],
    reason: silver === null ? 'no silver' : 'changed',
  };
}

export function summaryOf(writes: readonly TableWrite[], { dates, reason }: Pick<GoldPlan, 'dates' | 'reason'>): GoldSummary {
  const tables = writes.map(({ spec, files, replaces }) => {
    const partitions = [...new Set([...files.map((file) => partitionName(file.partition)), ...(replaces ?? []).map(partitionName)])].sort();
    return [spec.table, { partitions, rows: rowsOf(files), rejected: 0, duplicates: 0 }] as const;
  });
  return { tables: Object.fromEntries(tables), dates, reason };
}
