import { join } from 'node:path';
import type { Dataset } from '../dataset.js';
import { write } from '../engines/duckdb.js';
import { LakeError } from '../errors.js';
import { publishBuild } from '../lake/build.js';
import type { Partition } from '../lake/changes.js';
import type { Lake } from '../lake/lake.js';
import { Scope, type TableWrite } from '../lake/publication.js';
import type { TableColumn, TableSpec } from '../lake/schema.js';
import { partitionName, rowsOf, type StagedFile } from '../lake/staged.js';
import { createView } from '../lake/views.js';
import { failedChecks } from './checks.js';
import { buildSteps, dropSteps, materialize } from './execute.js';
import { loadModels, type GoldModels, type Model } from './model.js';
import { inputRange, planGold, rangesOf, type DateRange, type GoldPlan } from './plan.js';

export interface GoldSummary {
  readonly tables: Readonly<Record<string, { readonly partitions: readonly string[]; readonly rows: number; readonly rejected: 0; readonly duplicates: 0 }>>;
  readonly dates: readonly string[];
  readonly reason: GoldPlan['reason'] | 'no silver';
}

export interface GoldEvents {
  built?(dates: number, of: number): void;
}

interface Built {
  readonly files: Map<string, StagedFile[]>;
  readonly columns: Map<string, TableColumn[]>;
}

/** Brings gold up to date with silver, or rebuilds a range as well. Rows are checked before they are published. */
export async function buildGold(lake: Lake, dataset: Dataset, modelsDir: string, range: DateRange | null, events: GoldEvents = {}): Promise<GoldSummary> {
  const models = await loadModels(modelsDir);
  const tables = models.models.map((model) => model.name);
  const scope = new Scope(lake, `gold.${dataset.name}`, 'gold', tables.at(-1) ?? '');
  const inputs = {
    silverTables: [dataset.event.table, dataset.items.table],
    goldTables: tables,
    modelTexts: [...models.steps, ...models.models].map((model) => model.sql),
  };
  const summary = await publishBuild(scope, {
    plan: async (run) => {
      const plan = await planGold(lake, inputs, range, run);
      return plan === null || plan.dates.length === 0 ? null : plan;
    },
    build: async (plan, staging) => {
      const built = await buildRanges(lake, models, plan, lake.storage.locate(staging), events);
      const writes = await writesOf(lake, models, plan, built);
      return { writes, result: summaryOf(writes, plan) };
    },
  });
  if (summary !== null) return summary;
  const silver = await lake.table('silver', dataset.event.table).snapshot();
  return { ...nothingBuilt(tables), reason: silver === null ? 'no silver' : 'changed' };
}

function nothingBuilt(tables: readonly string[]): GoldSummary {
  return { tables: Object.fromEntries(tables.map((table) => [table, { partitions: [], rows: 0, rejected: 0, duplicates: 0 }])), dates: [], reason: 'changed' };
}

async function buildRanges(lake: Lake, models: GoldModels, plan: GoldPlan, stagingDir: string, events: GoldEvents): Promise<Built> {
  const session = await lake.session();
  const built: Built = { files: new Map(), columns: new Map() };
  let done = 0;
  for (const [index, range] of rangesOf(plan.dates).entries()) {
    const input = inputRange(range);
    for (const reading of plan.silver) {
      await createView(session, lake, reading, (partition) => (partition['event_date'] ?? '') >= input.since && (partition['event_date'] ?? '') <= input.until);
    }
    await buildSteps(session, models, range);
    for (const model of models.models) {
      const files = await buildModel(lake, model, range, join(stagingDir, String(index), model.name), built);
      built.files.set(model.name, [...(built.files.get(model.name) ?? []), ...files]);
    }
    await dropSteps(session, models);
    done += (Date.parse(range.until) - Date.parse(range.since)) / 86_400_000 + 1;
    events.built?.(done, plan.dates.length);
  }
  return built;
}

async function buildModel(lake: Lake, model: Model, range: DateRange, stagingDir: string, built: Built): Promise<StagedFile[]> {
  const session = await lake.session();
  await materialize(session, model, 'gold_rows', range);
  const failures = await failedChecks(session, model, 'gold_rows');
  if (failures.length > 0) {
    throw new LakeError(`gold.${model.name} fails its checks: ${failures.map((failure) => failure.message).join('; ')}`, {
      code: 'CHECK_FAILED',
      op: 'gold',
      path: model.path,
      hint: `Nothing was published. Rows: ${JSON.stringify(failures[0]?.rows ?? [])}`,
    });
  }
  const description = await session.rows('DESCRIBE gold_rows');
  const absent = model.partitionBy.find((column) => !description.some((row) => row['column_name'] === column));
  if (absent !== undefined || !model.partitionBy.includes('event_date')) {
    const what = absent === undefined ? 'event_date is not among its partition columns' : `it has no column ${absent} to be partitioned by`;
    throw new LakeError(`gold.${model.name}: ${what}`, { code: 'DATASET_INVALID', op: 'gold', path: model.path, hint: 'Write `-- partition_by: event_date, platform`, of columns that the SELECT gives: gold is replaced by date.' });
  }
  built.columns.set(model.name, description.map((row) => ({ name: String(row['column_name']), type: String(row['column_type']) })));
  return write(session, 'SELECT * FROM gold_rows', { partitionBy: model.partitionBy, stagingDir });
}

async function writesOf(lake: Lake, models: GoldModels, plan: GoldPlan, built: Built): Promise<TableWrite[]> {
  const anchor = models.models.at(-1)?.name ?? '';
  const dates = new Set(plan.dates);
  const writes: TableWrite[] = [];
  for (const model of models.models) {
    const files = built.files.get(model.name) ?? [];
    const spec: TableSpec = { layer: 'gold', table: model.name, columns: built.columns.get(model.name) ?? [], partitionBy: model.partitionBy, statistics: [], anchor: `gold/${anchor}` };
    const live = (await lake.table('gold', model.name).snapshot())?.files.values() ?? [];
    const replaces: Partition[] = [...live].map((file) => file.partitionValues).filter((partition) => dates.has(partition['event_date'] ?? ''));
    writes.push({ spec, files, replaces, txns: model.name === anchor ? plan.txns : {}, metrics: { rows: rowsOf(files) } });
  }
  return writes;
}

function summaryOf(writes: readonly TableWrite[], plan: GoldPlan): GoldSummary {
  const tables = writes.map(({ spec, files, replaces }) => {
    const partitions = [...new Set([...files.map((file) => partitionName(file.partition)), ...(replaces ?? []).map(partitionName)])].sort();
    return [spec.table, { partitions, rows: rowsOf(files), rejected: 0, duplicates: 0 }] as const;
  });
  return { tables: Object.fromEntries(tables), dates: plan.dates, reason: plan.reason };
}
