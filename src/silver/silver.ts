import { silverTables, type Dataset } from '../dataset.js';
import { LakeError } from '../errors.js';
import { publishBuild } from '../lake/build.js';
import { partitionKey, tableNumber, type Partition } from '../lake/changes.js';
import type { Lake } from '../lake/lake.js';
import { Scope, type TableWrite } from '../lake/publication.js';
import { partitionName, rowsOf, type StagedFile } from '../lake/staged.js';
import { buildPlan } from './build.js';
import { tagsOf } from './built.js';
import type { SilverEngine } from './engine-silver.js';
import { checkRejected } from './limit.js';
import { planSilver, within, type PlannedPartition, type Range, type SilverPlan, type Why } from './plan.js';
import { silverSpecs } from './tables.js';

const defaultRunRows = 1_500_000;
const engineRunRows = 15_000_000;

export interface SilverOptions {
  /** Rebuild these dates as well. */
  readonly range?: Range | null;
  /** Rebuild these partitions as well. */
  readonly partitions?: readonly Partition[];
  /** Build nothing else than what is asked for. */
  readonly only?: boolean;
  /** How many chunks are built at once. Default 1. */
  readonly jobs?: number;
  /** A run whose share of rejected rows is greater is not published. */
  readonly maxRejected?: number;
  /** Bronze rows that one run rebuilds before it publishes: a killed build goes on after the last run. Default 1,500,000; ten times that on an engine. */
  readonly runRows?: number;
  /** What builds it; absent: DuckDB. */
  readonly engine?: SilverEngine;
  /** Said of the files that are built, besides what they always say. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Ends it after the run that is open. */
  readonly signal?: AbortSignal;
}

export interface SilverTable {
  readonly partitions: readonly string[];
  readonly rows: number;
}

export interface SilverSummary {
  readonly tables: Readonly<Record<string, SilverTable & { readonly rejected: number; readonly duplicates: number }>>;
  /** All that were built, in either way. */
  readonly partitions: readonly string[];
  /** Those of them that got their new rows added and kept their files. */
  readonly appended: readonly string[];
  readonly reason: Why | 'no bronze';
}

export interface SilverEvents {
  built?(partitions: number, of: number): void;
}

/** Brings silver up to date with bronze, and rebuilds what is asked for. Nothing stale: nothing is written. */
export async function buildSilver(lake: Lake, dataset: Dataset, options: SilverOptions = {}, events: SilverEvents = {}): Promise<SilverSummary> {
  const asked = new Asked(options);
  let total: SilverSummary | null = null;
  for (let done = 0; ; ) {
    const run = await buildRun(lake, dataset, options, asked, (partitions, of) => events.built?.(done + partitions, done + of));
    if (run === null) break;
    asked.finish(run.rebuilt);
    done += run.summary.partitions.length;
    total = total === null ? run.summary : mergeSilver(total, run.summary);
    if (run.last || options.signal?.aborted === true) break;
  }
  if (total !== null) return total;
  const bronze = await lake.table('bronze', dataset.name).snapshot();
  return { ...summaryOf(dataset, null, new Map()), reason: bronze === null ? 'no bronze' : 'changed' };
}

/** Makes silver's tables without rows where there are none yet, for gold that reads them beside those of other kinds of rows. */
export async function ensureSilver(lake: Lake, dataset: Dataset): Promise<void> {
  if ((await lake.table('silver', dataset.event.table).snapshot()) !== null) return;
  await publishBuild(silverScope(lake, dataset), {
    plan: async (run) => ((await lake.table('silver', dataset.event.table).snapshot()) === null ? { run } : null),
    build: () => Promise.resolve({ writes: silverSpecs(dataset).map((spec) => ({ spec, files: [], replaces: [], txns: {}, metrics: {} })), result: null }),
  });
}

/** The runs of a dataset's silver. */
export function silverScope(lake: Lake, dataset: Dataset): Scope {
  return new Scope(lake, `silver.${dataset.name}`, 'silver', dataset.event.table);
}

/** What a build asked for and hasn't done yet. */
class Asked {
  private readonly keys: ReadonlySet<string>;
  private readonly displaced = new Set<string>();
  private readonly done = new Set<string>();

  constructor(private readonly options: SilverOptions) {
    this.keys = new Set((options.partitions ?? []).map(partitionKey));
  }

  readonly rebuild = (partition: Partition): boolean => {
    const key = partitionKey(partition);
    if (this.displaced.has(key)) return true;
    const { range } = this.options;
    return !this.done.has(key) && (this.keys.has(key) || (range !== undefined && range !== null && within(partition, range)));
  };

  displace(partitions: readonly Partition[]): void {
    for (const partition of partitions) this.displaced.add(partitionKey(partition));
  }

  finish(parts: readonly PlannedPartition[]): void {
    for (const { partition } of parts) {
      this.done.add(partitionKey(partition));
      this.displaced.delete(partitionKey(partition));
    }
  }
}

interface Part {
  readonly run: number;
  readonly plan: SilverPlan;
  /** Nothing is stale when it is done. */
  readonly last: boolean;
  /** Partitions that are to be built, in this part and after it. */
  readonly of: number;
}

interface Run {
  readonly summary: SilverSummary;
  readonly rebuilt: readonly PlannedPartition[];
  readonly last: boolean;
}

async function buildRun(lake: Lake, dataset: Dataset, options: SilverOptions, asked: Asked, built: (partitions: number, of: number) => void): Promise<Run | null> {
  const scope = silverScope(lake, dataset);
  return publishBuild(scope, {
    plan: async (run) => {
      const plan = await planSilver(lake, dataset, asked, run);
      if (plan === null) return null;
      const wanted = options.only === true ? onlyAsked(plan, asked) : plan;
      return wanted.rebuild.length + wanted.append.length === 0 ? null : partOf(wanted, options.runRows ?? (options.engine === undefined ? defaultRunRows : engineRunRows));
    },
    build: async ({ plan, last, of }, staging) => {
      const { files, displaced } = await buildPlan(lake, dataset, plan, lake.storage.locate(staging), { jobs: options.jobs ?? 1, engine: options.engine, built: (partitions) => built(partitions, of) });
      if (displaced.length > 0) {
        asked.displace(displaced);
        throw new LakeError('an earlier message came after a later one that says the same', { code: 'COMMIT_CONFLICT', op: 'silver', path: `silver.${dataset.event.table}` });
      }
      if (options.maxRejected !== undefined) await checkRejected(await lake.session(), dataset, files, options.maxRejected);
      return { writes: writesOf(dataset, plan, files, options.tags ?? {}), result: { summary: summaryOf(dataset, plan, files), rebuilt: plan.rebuild, last } };
    },
  });
}

/** Only what somebody asked for; what else is stale stays so. When nothing else is, all of silver is complete: nobody would say so later. */
function onlyAsked(plan: SilverPlan, asked: Asked): SilverPlan {
  const some = <P extends PlannedPartition>(parts: readonly P[]): P[] => parts.filter(({ partition }) => asked.rebuild(partition));
  const [rebuild, append] = [some(plan.rebuild), some(plan.append)];
  const isAll = rebuild.length === plan.rebuild.length && append.length === plan.append.length;
  return { ...plan, rebuild, append, txns: isAll ? plan.txns : {} };
}

/** As much of a plan as one run takes. */
function partOf(plan: SilverPlan, runRows: number): Part {
  const of = plan.rebuild.length + plan.append.length;
  const [first = [], ...others] = runsOf(plan, runRows);
  if (others.length === 0) return { run: plan.run, plan, last: true, of };
  return { run: plan.run, plan: { ...plan, rebuild: first, append: [], txns: {} }, last: false, of };
}

/** What is rebuilt by each run of a plan: rebuilds come first, for they may be done again; what is appended comes with the last run. */
export function runsOf(plan: SilverPlan, runRows = defaultRunRows): readonly (readonly PlannedPartition[])[] {
  if (!plan.splits) return [plan.rebuild];
  const runs: PlannedPartition[][] = [[]];
  let rows = 0;
  for (const part of plan.rebuild) {
    const open = runs.at(-1);
    if (open === undefined || (open.length > 0 && rows + part.rows > runRows)) {
      runs.push([part]);
      rows = part.rows;
    } else {
      open.push(part);
      rows += part.rows;
    }
  }
  return runs;
}

function writesOf(dataset: Dataset, plan: SilverPlan, files: ReadonlyMap<string, readonly StagedFile[]>, besides: Readonly<Record<string, string>>): TableWrite[] {
  const tags = { ...besides, ...tagsOf(plan.contract, tableNumber(plan.bronze), plan.bronze.version) };
  const replaces = plan.rebuild.length === 0 ? null : plan.rebuild.map(({ partition }) => partition);
  return silverSpecs(dataset).map((spec) => {
    const own = (files.get(spec.table) ?? []).map((file) => ({ ...file, tags }));
    const txns: Readonly<Record<string, number>> = spec.table === dataset.event.table ? plan.txns : {};
    return { spec, files: own, replaces, txns, metrics: { rows: rowsOf(own), partitions: plan.rebuild.length + plan.append.length } };
  });
}

function summaryOf(dataset: Dataset, plan: SilverPlan | null, files: ReadonlyMap<string, readonly StagedFile[]>): SilverSummary {
  const rows = (table: string): number => rowsOf(files.get(table) ?? []);
  const names = (parts: readonly PlannedPartition[]): string[] => parts.map(({ partition }) => partitionName(partition));
  const appended = names(plan?.append ?? []);
  const partitions = [...names(plan?.rebuild ?? []), ...appended].sort();
  const rejected = rows(`${dataset.name}_rejected`);
  const duplicates = rows(`${dataset.name}_duplicates`);
  return {
    tables: Object.fromEntries(silverTables(dataset).map((table) => [table, { partitions, rows: rows(table), rejected: table === dataset.event.table ? rejected : 0, duplicates: table === dataset.event.table ? duplicates : 0 }])),
    partitions,
    appended,
    reason: reasonOf(plan),
  };
}

/** Why most of a plan is built. */
function reasonOf(plan: SilverPlan | null): Why {
  const whys = new Set([...(plan?.rebuild ?? []), ...(plan?.append ?? [])].map(({ why }) => why));
  return reasons.find((why) => whys.has(why)) ?? 'changed';
}

const reasons: readonly Why[] = ['new bronze', 'new contract', 'asked', 'changed', 'new rows', 'first build'];

/** What two builds did, one after the other; rows of a partition that both built count twice. */
export function mergeSilver(before: SilverSummary | null, after: SilverSummary): SilverSummary {
  if (before === null || before.partitions.length === 0) return after;
  if (after.partitions.length === 0) return before;
  const partitions = [...new Set([...before.partitions, ...after.partitions])].sort();
  const tables = Object.entries(after.tables).map(([name, table]) => {
    const earlier = before.tables[name];
    return [name, { partitions, rows: table.rows + (earlier?.rows ?? 0), rejected: table.rejected + (earlier?.rejected ?? 0), duplicates: table.duplicates + (earlier?.duplicates ?? 0) }] as const;
  });
  const rebuilt = new Set([before, after].flatMap((each) => each.partitions.filter((name) => !each.appended.includes(name))));
  return { tables: Object.fromEntries(tables), partitions, appended: partitions.filter((name) => !rebuilt.has(name)), reason: before.reason };
}
