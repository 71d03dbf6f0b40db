import { eventTimeOf, type Dataset } from '../dataset.js';
import type { AddFile } from '../lake/actions.js';
import type { Snapshot } from '../lake/snapshot.js';
import { boundsOf, recordsOf } from '../lake/statistics.js';

/** Rejected rows among all that a layer was given. */
export interface RejectedShare {
  readonly rejected: number;
  /** With the rejected ones; of silver with the duplicates too. */
  readonly rows: number;
  /** rejected / rows; null when there are no rows. */
  readonly share: number | null;
}

export interface RejectedShares extends RejectedShare {
  /**
   * The same of the newest day: of bronze the newest day of receipt, where a file with rows of several days counts for its
   * newest one; of silver the newest event_date that an event may have by now. Null when there are no rows.
   */
  readonly newestDay: (RejectedShare & { readonly date: string }) | null;
}

const lastDayMs = Date.UTC(9999, 11, 31);

type Snapshots = readonly (Snapshot | null)[];

export function bronzeShares(bronze: Snapshot | null, rejected: Snapshot | null): RejectedShares {
  return sharesOf([bronze], rejected, receivedDate, null);
}

/** @param nowMs later events than the contract allows by now are rejected, and their dates are no days of business */
export function silverShares(dataset: Dataset, others: Snapshots, rejected: Snapshot | null, nowMs: number): RejectedShares {
  return sharesOf(others, rejected, (file) => file.partitionValues['event_date'] ?? null, dateOf(Math.min(nowMs + (eventTimeOf(dataset)?.maxAheadMs ?? 0), lastDayMs)));
}

function receivedDate(file: AddFile): string | null {
  const bounds = boundsOf(file.stats, 'received_at');
  return file.partitionValues['received_date'] ?? (bounds === null ? null : dateOf(bounds.untilMs));
}

function sharesOf(others: Snapshots, rejected: Snapshot | null, dayOf: (file: AddFile) => string | null, last: string | null): RejectedShares {
  const passed = rowsByDay(others, dayOf);
  const failed = rowsByDay([rejected], dayOf);
  const days = [...passed.byDay.keys(), ...failed.byDay.keys()].filter((day) => last === null || day <= last);
  const date = days.reduce<string | null>((newest, day) => (newest === null || day > newest ? day : newest), null);
  return {
    ...shareOf(failed.total, passed.total),
    newestDay: date === null ? null : { date, ...shareOf(failed.byDay.get(date) ?? 0, passed.byDay.get(date) ?? 0) },
  };
}

function rowsByDay(snapshots: Snapshots, dayOf: (file: AddFile) => string | null): { readonly total: number; readonly byDay: ReadonlyMap<string, number> } {
  const byDay = new Map<string, number>();
  let total = 0;
  for (const file of snapshots.flatMap((snapshot) => [...(snapshot?.files.values() ?? [])])) {
    const rows = recordsOf(file.stats) ?? 0;
    const day = dayOf(file);
    total += rows;
    if (day !== null) byDay.set(day, (byDay.get(day) ?? 0) + rows);
  }
  return { total, byDay };
}

function shareOf(rejected: number, others: number): RejectedShare {
  const rows = rejected + others;
  return { rejected, rows, share: rows === 0 ? null : rejected / rows };
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
