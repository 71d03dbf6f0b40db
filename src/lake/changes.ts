import { createHash } from 'node:crypto';
import type { Snapshot } from './snapshot.js';
import type { Table } from './table.js';

export type Partition = Readonly<Record<string, string | null>>;

/** One key for equal partitions. */
export function partitionKey(partition: Partition): string {
  return JSON.stringify(Object.entries(partition).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Partitions without repeats, in order of their values. */
export function distinctPartitions(partitions: Iterable<Partition>): Partition[] {
  const found = new Map<string, Partition>();
  for (const partition of partitions) found.set(partitionKey(partition), partition);
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, partition]) => partition);
}

/** Transaction of what is built from a table: which table it was, as one that is deleted and built again counts its versions from 0 again. */
export const inputTxn = 'ingot.input';

/** Tag of files that are built from a table: `<its number>/<version>`, up to which their partition is complete. */
export const completeTag = 'ingot.bronze';

/** A number that differs for tables that differ, also when they have the same name; 48 bits of a hash. */
export function tableNumber(snapshot: Snapshot): number {
  return createHash('sha256').update(snapshot.metaData.id).digest().readUIntBE(0, 6);
}

/** What happened to a partition's rows over some versions. */
export interface PartitionChange {
  readonly partition: Partition;
  /** Files that came with rows of their own, and the version of each. */
  readonly added: readonly { readonly path: string; readonly version: number }[];
  /** The newest version in which rows went; −1 for none. */
  readonly removedAt: number;
}

/**
 * How partitions changed in the versions after `since`, up to `until`, by partition key. Rows that only moved to other
 * files are no change. Null when the log no longer tells.
 */
export async function partitionChanges(table: Table, since: number, until: number): Promise<Map<string, PartitionChange> | null> {
  const changes = new Map<string, { partition: Partition; added: { path: string; version: number }[]; removedAt: number }>();
  for (let version = since + 1; version <= until; version++) {
    const commit = await table.log.commit(version);
    if (commit === null) return null;
    for (const { add, remove } of commit.actions) {
      const file = add ?? remove;
      if (file?.dataChange !== true) continue;
      const key = partitionKey(file.partitionValues);
      const change = changes.get(key) ?? { partition: file.partitionValues, added: [], removedAt: -1 };
      changes.set(key, change);
      if (add !== undefined) change.added.push({ path: add.path, version });
      else change.removedAt = version;
    }
  }
  return changes;
}
