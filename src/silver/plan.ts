import type { Dataset } from '../dataset.js';
import { distinctPartitions, inputTxn, partitionChanges, partitionKey, tableNumber, type Partition, type PartitionChange } from '../lake/changes.js';
import type { Lake } from '../lake/lake.js';
import { evolvedMetaData } from '../lake/schema.js';
import type { Snapshot } from '../lake/snapshot.js';
import { recordsOf } from '../lake/statistics.js';
import { builtPartitions, contractName, refuseOlder, type BuiltPartition } from './built.js';
import { silverSpecs } from './tables.js';

/** Transaction of the event table: the version of bronze that it is built from. */
export const bronzeTxn = (dataset: Dataset): string => `bronze.${dataset.name}`;

/** Which dates and platforms a backfill rebuilds; both dates included. */
export interface Range {
  readonly since: string;
  readonly until: string;
  readonly platform?: string;
}

/** Why a partition is built: its rows are new to silver, by another contract, from another bronze, changed, or somebody asked. */
export type Why = 'first build' | 'new contract' | 'new bronze' | 'changed' | 'asked' | 'new rows';

export interface PlannedPartition {
  readonly partition: Partition;
  readonly why: Why;
  /** Rows and bytes of bronze that are read. */
  readonly rows: number;
  readonly bytes: number;
}

/** A partition whose new rows are checked against its keys and added to it. */
export interface Appended extends PlannedPartition {
  /** Files of bronze that are new to it, by their paths in the log. */
  readonly paths: readonly string[];
}

export interface SilverPlan {
  readonly bronze: Snapshot;
  /** The run that the plan stands on. */
  readonly run: number;
  /** Partitions that are replaced whole. */
  readonly rebuild: readonly PlannedPartition[];
  readonly append: readonly Appended[];
  readonly contract: string;
  /** Whether it may be done in several runs: not when one of silver's tables is missing beside others, which then say nothing of it. */
  readonly splits: boolean;
  /** What the event table's transactions say when all of the plan is done. */
  readonly txns: Readonly<Record<string, number>>;
}

export interface Asked {
  /** Partitions to be rebuilt though nothing has changed. */
  readonly rebuild: (partition: Partition) => boolean;
}

/**
 * What is stale in silver, and what somebody asks for besides; null when bronze has no table. Each partition's files say
 * how far it is, so what a killed build has published is not built again.
 * @param run the newest run done, read before: the event table may be newer, and may have been deleted
 * @throws LakeError TABLE_UNSUPPORTED when the contract can't give rows of the tables that are there; DATASET_INVALID for an older contract
 */
export async function planSilver(lake: Lake, dataset: Dataset, asked: Asked | null, run: number): Promise<SilverPlan | null> {
  const table = lake.table('bronze', dataset.name);
  const bronze = await table.snapshot();
  if (bronze === null) return null;
  const specs = silverSpecs(dataset);
  const snapshots = await Promise.all(specs.map(({ layer, table: name }) => lake.table(layer, name).snapshot()));
  for (const [index, spec] of specs.entries()) {
    const metaData = snapshots[index]?.metaData;
    if (metaData !== undefined) evolvedMetaData(metaData, spec);
  }
  const built = builtPartitions(snapshots.filter((snapshot) => snapshot !== null));
  refuseOlder(dataset, built.values());
  const number = tableNumber(bronze);
  const event = snapshots.at(-1) ?? null;
  const builtFrom = event?.txn(inputTxn, -1) === number ? event.txn(bronzeTxn(dataset), -1) : -1;
  const changes = await partitionChanges(table, floorOf(builtFrom, built.values()), bronze.version);
  const state: State = { contract: contractName(dataset), number, builtFrom, changes, whole: snapshots.includes(null) };
  const files = filesByPartition(bronze);
  const rebuild: PlannedPartition[] = [];
  const append: Appended[] = [];
  for (const partition of distinctPartitions([bronze, ...snapshots].flatMap((snapshot) => [...(snapshot?.files.values() ?? [])].map((file) => file.partitionValues)))) {
    const key = partitionKey(partition);
    const own = files.get(key) ?? [];
    const found = stalenessOf(built.get(key), changes?.get(key), own.length > 0, state);
    const why = found === null && asked?.rebuild(partition) === true ? 'asked' : found;
    if (why === null) continue;
    const paths = why === 'new rows' ? newPaths(built.get(key), changes?.get(key), state) : null;
    const fresh = own.filter((file) => paths?.has(file.path) === true);
    // A file that is gone has been merged with others: which of its rows are new can't be told any more.
    const appends = paths !== null && fresh.length === paths.size && asked?.rebuild(partition) !== true;
    if (appends) append.push({ partition, why, ...sizeOf(fresh), paths: [...paths] });
    else rebuild.push({ partition, why: why === 'new rows' ? 'changed' : why, ...sizeOf(own) });
  }
  return { bronze, run, rebuild, append, contract: state.contract, splits: new Set(snapshots.map((snapshot) => snapshot === null)).size === 1, txns: { [bronzeTxn(dataset)]: bronze.version, [inputTxn]: number } };
}

interface State {
  readonly contract: string;
  /** The bronze table's number. */
  readonly number: number;
  /** The version of bronze that all partitions are built from; −1 for none. */
  readonly builtFrom: number;
  /** Null when the log no longer tells. */
  readonly changes: ReadonlyMap<string, PartitionChange> | null;
  /** A table is missing: all come back together. */
  readonly whole: boolean;
}

/** The version after which changes matter to some partition. */
function floorOf(builtFrom: number, built: Iterable<BuiltPartition>): number {
  if (builtFrom >= 0) return builtFrom;
  let least = Infinity;
  for (const { version } of built) least = Math.min(least, version);
  return Number.isFinite(least) ? least : -1;
}

function completeTo(built: BuiltPartition, { builtFrom }: State): number {
  return Math.max(built.version, builtFrom);
}

function stalenessOf(built: BuiltPartition | undefined, change: PartitionChange | undefined, inBronze: boolean, state: State): Why | null {
  if (built === undefined || state.whole) return 'first build';
  if (built.table !== state.number) return 'new bronze';
  if (!inBronze) return 'changed';
  if (built.contract !== state.contract) return 'new contract';
  if (state.changes === null) return 'changed';
  if (change === undefined) return null;
  const since = completeTo(built, state);
  if (change.removedAt > since) return 'changed';
  return change.added.some(({ version }) => version > since) ? 'new rows' : null;
}

function newPaths(built: BuiltPartition | undefined, change: PartitionChange | undefined, state: State): Set<string> {
  const since = built === undefined ? -1 : completeTo(built, state);
  return new Set((change?.added ?? []).filter(({ version }) => version > since).map(({ path }) => path));
}

interface BronzeFile {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
}

function filesByPartition(bronze: Snapshot): Map<string, BronzeFile[]> {
  const files = new Map<string, BronzeFile[]>();
  for (const file of bronze.files.values()) {
    const key = partitionKey(file.partitionValues);
    const own = files.get(key) ?? [];
    files.set(key, own);
    own.push({ path: file.path, rows: recordsOf(file.stats) ?? 0, bytes: file.size });
  }
  return files;
}

function sizeOf(files: readonly BronzeFile[]): { readonly rows: number; readonly bytes: number } {
  return { rows: files.reduce((total, file) => total + file.rows, 0), bytes: files.reduce((total, file) => total + file.bytes, 0) };
}

/** Whether a partition lies in a range. */
export function within(partition: Partition, range: Range): boolean {
  const date = partition['event_date'] ?? '';
  if (date < range.since || date > range.until) return false;
  return range.platform === undefined || partition['platform'] === range.platform;
}
