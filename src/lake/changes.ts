import { createHash } from 'node:crypto';
import type { Commit } from './log.js';
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

/** A number that differs for tables that differ, also when they have the same name; 48 bits of a hash. */
export function tableNumber(snapshot: Snapshot): number {
  return createHash('sha256').update(snapshot.metaData.id).digest().readUIntBE(0, 6);
}

/**
 * Partitions whose data changed in the versions after `since`, up to `until`. `since` −1: all that have files at `until`.
 * Null when the log no longer tells, so that everything must be taken as changed.
 */
export async function changedPartitions(table: Table, since: number, until: number): Promise<Partition[] | null> {
  const partitions: Partition[] = [];
  for (let version = since + 1; version <= until; version++) {
    const commit: Commit | null = await table.log.commit(version);
    if (commit === null) return null;
    for (const { add, remove } of commit.actions) {
      const file = add ?? remove;
      if (file?.dataChange === true) partitions.push(file.partitionValues);
    }
  }
  return distinctPartitions(partitions);
}
