import { createHash } from 'node:crypto';
import type { Dataset } from '../dataset.js';
import { changedPartitions, distinctPartitions, inputTxn, tableNumber, type Partition } from '../lake/changes.js';
import type { Lake } from '../lake/lake.js';
import type { Snapshot } from '../lake/snapshot.js';
import { duplicatesSpec, eventSpec, itemSpec, rejectedSpec } from './tables.js';

/** Rises when the same contract gives other rows than before. */
const transformVersion = 1;

/** Transactions of the event table: the version of bronze that it is built from, and the contract that it was built by. */
export const contractTxn = 'ingot.contract';
export const bronzeTxn = (dataset: Dataset): string => `bronze.${dataset.name}`;

/** Which dates and platforms a backfill rebuilds; both dates included. */
export interface Range {
  readonly since: string;
  readonly until: string;
  readonly platform?: string;
}

export interface SilverPlan {
  readonly bronze: Snapshot;
  /** The run that the plan stands on. */
  readonly run: number;
  readonly partitions: readonly Partition[];
  /** What the event table's transactions say after the run. */
  readonly txns: Readonly<Record<string, number>>;
  readonly reason: 'first build' | 'new contract' | 'new bronze' | 'changed' | 'backfill';
}

/**
 * What is stale in silver, or what a backfill asks for; null when bronze has no table.
 * @param run the newest run done, read before: the event table may be newer, and may have been deleted
 */
export async function planSilver(lake: Lake, dataset: Dataset, range: Range | null, run: number): Promise<SilverPlan | null> {
  const table = lake.table('bronze', dataset.name);
  const bronze = await table.snapshot();
  if (bronze === null) return null;
  const event = await lake.table('silver', eventSpec(dataset).table).snapshot();
  const builtFrom = event?.txn(bronzeTxn(dataset), -1) ?? -1;
  const contract = contractNumber(dataset);
  const built = await snapshotsOf(lake, dataset);
  const all = distinctPartitions([bronze, ...built].flatMap((snapshot) => [...(snapshot?.files.values() ?? [])]).map((file) => file.partitionValues));
  const txns = { [bronzeTxn(dataset)]: bronze.version, [contractTxn]: contract, [inputTxn]: tableNumber(bronze) };
  // A table that was deleted alone comes back with the others.
  if (builtFrom < 0 || built.includes(null)) return { bronze, run, partitions: all, txns, reason: 'first build' };
  if (event?.txn(contractTxn, -1) !== contract) return { bronze, run, partitions: all, txns, reason: 'new contract' };
  if (event.txn(inputTxn, -1) !== txns[inputTxn]) return { bronze, run, partitions: all, txns, reason: 'new bronze' };
  const changed = (await changedPartitions(table, builtFrom, bronze.version)) ?? all;
  if (range === null) return { bronze, run, partitions: changed, txns, reason: 'changed' };
  const partitions = distinctPartitions([...changed, ...all.filter((partition) => within(partition, range))]);
  return { bronze, run, partitions, txns, reason: 'backfill' };
}

function snapshotsOf(lake: Lake, dataset: Dataset): Promise<(Snapshot | null)[]> {
  const specs = [itemSpec(dataset), rejectedSpec(dataset), duplicatesSpec(dataset), eventSpec(dataset)];
  return Promise.all(specs.map(({ layer, table }) => lake.table(layer, table).snapshot()));
}

function within(partition: Partition, range: Range): boolean {
  const date = partition['event_date'] ?? '';
  if (date < range.since || date > range.until) return false;
  return range.platform === undefined || partition['platform'] === range.platform;
}

/** A number that differs for contracts that differ; 48 bits of a hash. */
function contractNumber(dataset: Dataset): number {
  const hash = createHash('sha256').update(JSON.stringify({ dataset, transformVersion })).digest();
  return hash.readUIntBE(0, 6);
}
