import { LakeError } from '../errors.js';
import { textList, type Parameters } from '../lake/duckdb.js';
import type { Snapshot } from '../lake/snapshot.js';
import { noOffset, offsetTxnPrefix } from '../sources/kafka-partition.js';
import { wholePassPrefix } from '../sources/landed.js';
import type { Window } from './window.js';

/** Offsets of topics that the lake has, by the name of their transaction: the next one of each partition; and how often a database was read whole. */
export function offsetsOf(snapshot: Snapshot | null): ReadonlyMap<string, number> {
  return new Map([...(snapshot?.txns ?? [])].filter(([appId]) => appId.startsWith(offsetTxnPrefix) || appId.startsWith(wholePassPrefix)));
}

/** By the number of a window's partition: the next offset that the lake wants of it. */
export type Floors = ReadonlyMap<number, number>;

/**
 * What the lake wants next of a window's partitions. Usually it is where the window begins; further on, others have landed
 * what the window has too: the same offset of the same topic is the same record, so only the rest is to be landed.
 * @throws LakeError COMMIT_CONFLICT when the window leaves a gap behind what the lake has: then it has to be read again
 */
export function floorsOf(window: Window, snapshot: Snapshot | null): Floors {
  const floors = new Map<number, number>();
  for (const [number, { appId, from, partition }] of window.partitions) {
    const stored = snapshot?.txn(appId, noOffset) ?? noOffset;
    if (stored < from) {
      throw new LakeError(`the lake has partition ${partition} up to offset ${Math.max(stored, 0)}, and the window begins at ${from}`, { code: 'COMMIT_CONFLICT', op: 'commit', path: window.source });
    }
    floors.set(number, stored);
  }
  return floors;
}

/** The transactions that a window's commit sets: how far each partition is read then. */
export function offsetTxns(window: Window, floors: Floors): Record<string, number> {
  const moved = [...window.partitions].filter(([number, { next }]) => next > (floors.get(number) ?? noOffset));
  return Object.fromEntries(moved.map(([, { appId, next }]) => [appId, next]));
}

/** True when others have landed a part of the window. */
export function overlaps(window: Window, floors: Floors): boolean {
  return [...window.partitions].some(([number, { from }]) => (floors.get(number) ?? noOffset) > from);
}

export function sameFloors(a: Floors, b: Floors): boolean {
  return [...a].every(([number, floor]) => b.get(number) === floor);
}

/** What the spool's SQL needs to know of a window's partitions, as lists by number; numbers in between that have no records are empty. */
export function partitionParameters(window: Window, floors: Floors): Parameters {
  const numbers = [...window.partitions.keys()];
  const first = numbers.length === 0 ? 0 : Math.min(...numbers);
  const all = numbers.length === 0 ? [] : Array.from({ length: Math.max(...numbers) - first + 1 }, (_none, index) => first + index);
  return {
    first_partition: BigInt(first),
    record_ids: textList(all.map((number) => window.partitions.get(number)?.idPrefix ?? '')),
    record_partitions: textList(all.map((number) => String(window.partitions.get(number)?.partition ?? ''))),
    record_floors: textList(all.map((number) => String(floors.get(number) ?? noOffset))),
    record_source: window.source,
  };
}
