import type { Dataset } from '../dataset.js';
import { publishBuild } from '../lake/build.js';
import { partitionKey, type Partition } from '../lake/changes.js';
import type { Lake } from '../lake/lake.js';
import { Scope, type TableWrite } from '../lake/publication.js';
import type { Snapshot } from '../lake/snapshot.js';
import { partitionName, rowsOf, type StagedFile } from '../lake/staged.js';
import { recordsOf } from '../lake/statistics.js';
import { createView } from '../lake/views.js';
import { planSilver, type Range, type SilverPlan } from './plan.js';
import { duplicatesSpec, eventSpec, itemSpec, rejectedSpec } from './tables.js';
import { transform } from './transform.js';

/** Bronze rows built together: bounds memory and spill, but a partition is always built whole. */
const chunkRows = 150_000;

export interface SilverTable {
  readonly partitions: readonly string[];
  readonly rows: number;
}

export interface SilverSummary {
  readonly tables: Readonly<Record<string, SilverTable & { readonly rejected: number; readonly duplicates: number }>>;
  readonly partitions: readonly string[];
  readonly reason: SilverPlan['reason'] | 'no bronze';
}

export interface SilverEvents {
  built?(partitions: number, of: number): void;
}

/** Brings silver up to date with bronze, or rebuilds a range as well. Nothing stale: nothing is written. */
export async function buildSilver(lake: Lake, dataset: Dataset, range: Range | null, events: SilverEvents = {}): Promise<SilverSummary> {
  const scope = new Scope(lake, `silver.${dataset.name}`, 'silver', dataset.event.table);
  const summary = await publishBuild(scope, {
    plan: async (run) => {
      const plan = await planSilver(lake, dataset, range, run);
      return plan === null || plan.partitions.length === 0 ? null : plan;
    },
    build: async (plan, staging) => {
      const files = await buildChunks(lake, dataset, plan, lake.storage.locate(staging), events);
      return { writes: writesOf(dataset, plan, files), result: summaryOf(dataset, plan, files) };
    },
  });
  if (summary !== null) return summary;
  const bronze = await lake.table('bronze', dataset.name).snapshot();
  return { ...summaryOf(dataset, null, new Map()), reason: bronze === null ? 'no bronze' : 'changed' };
}

async function buildChunks(lake: Lake, dataset: Dataset, plan: SilverPlan, stagingDir: string, events: SilverEvents): Promise<Map<string, StagedFile[]>> {
  const session = await lake.session();
  const files = new Map<string, StagedFile[]>();
  let done = 0;
  for (const [index, chunk] of chunksOf(plan).entries()) {
    const keys = new Set(chunk.map(partitionKey));
    await createView(session, lake, { layer: 'bronze', table: dataset.name, snapshot: plan.bronze }, (partition) => keys.has(partitionKey(partition)));
    await session.run(`CREATE OR REPLACE VIEW bronze_rows AS SELECT * FROM bronze.${JSON.stringify(dataset.name)}`);
    const output = await transform(session, dataset, `${stagingDir}/${index}`);
    for (const [table, built] of Object.entries(output.tables)) files.set(table, [...(files.get(table) ?? []), ...built.files]);
    done += chunk.length;
    events.built?.(done, plan.partitions.length);
  }
  return files;
}

function chunksOf(plan: SilverPlan): Partition[][] {
  const rows = rowsByPartition(plan.bronze);
  const chunks: Partition[][] = [];
  let open: Partition[] = [];
  let openRows = 0;
  for (const partition of plan.partitions) {
    const own = rows.get(partitionKey(partition)) ?? 0;
    if (open.length > 0 && openRows + own > chunkRows) {
      chunks.push(open);
      open = [];
      openRows = 0;
    }
    open.push(partition);
    openRows += own;
  }
  if (open.length > 0) chunks.push(open);
  return chunks;
}

function rowsByPartition(snapshot: Snapshot): Map<string, number> {
  const rows = new Map<string, number>();
  for (const file of snapshot.files.values()) {
    const key = partitionKey(file.partitionValues);
    rows.set(key, (rows.get(key) ?? 0) + (recordsOf(file.stats) ?? chunkRows));
  }
  return rows;
}

/** In the order of their commits: the event table publishes. */
function writesOf(dataset: Dataset, plan: SilverPlan, files: ReadonlyMap<string, readonly StagedFile[]>): TableWrite[] {
  const specs = [itemSpec(dataset), rejectedSpec(dataset), duplicatesSpec(dataset), eventSpec(dataset)];
  return specs.map((spec) => {
    const own = files.get(spec.table) ?? [];
    const txns: Readonly<Record<string, number>> = spec.table === dataset.event.table ? plan.txns : {};
    return { spec, files: own, replaces: plan.partitions, txns, metrics: { rows: rowsOf(own), partitions: plan.partitions.length } };
  });
}

function summaryOf(dataset: Dataset, plan: SilverPlan | null, files: ReadonlyMap<string, readonly StagedFile[]>): SilverSummary {
  const rows = (table: string): number => rowsOf(files.get(table) ?? []);
  const partitions = plan?.partitions.map(partitionName) ?? [];
  const rejected = rows(`${dataset.name}_rejected`);
  const duplicates = rows(`${dataset.name}_duplicates`);
  const tables = [dataset.event.table, dataset.items.table, `${dataset.name}_rejected`, `${dataset.name}_duplicates`];
  return {
    tables: Object.fromEntries(tables.map((table) => [table, { partitions, rows: rows(table), rejected: table === dataset.event.table ? rejected : 0, duplicates: table === dataset.event.table ? duplicates : 0 }])),
    partitions,
    reason: plan?.reason ?? 'changed',
  };
}
