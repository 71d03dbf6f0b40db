import { partitionKey } from '../lake/changes.js';
import type { Lake } from '../lake/lake.js';
import type { Snapshot } from '../lake/snapshot.js';
import { boundsOf, recordsOf } from '../lake/statistics.js';
import type { Reading } from '../lake/views.js';
import { smallFileBytes } from '../maintain/plan.js';

/** What a table holds, as its log says; no data file is opened. Times are ISO 8601 in UTC. */
export interface TableStatus {
  readonly layer: string;
  readonly table: string;
  readonly version: number;
  readonly rows: number;
  readonly files: number;
  readonly bytes: number;
  /** Files below 32 MB in partitions that have two or more of them. */
  readonly smallFiles: number;
  readonly partitions: number;
  /** The greatest event time, by the files' statistics; null for tables without such. */
  readonly newestEventAt: string | null;
  /** The greatest event_date of its partitions; null for tables without such. */
  readonly newestEventDate: string | null;
  /**
   * Now minus when the newest message behind the table's rows was received. A table without received_at has that of the
   * event table: as it is for silver's items, as gold is built from it for gold. Null when there is none.
   */
  readonly freshnessMs: number | null;
  /** When its version was committed; null when the commit doesn't say. */
  readonly committedAt: string | null;
}

/** @param timeColumn of silver's rows; @param receivedMs when the newest message was received, for tables that don't say themselves */
export async function tableStatus(lake: Lake, { layer, table, snapshot }: Reading, timeColumn: string, receivedMs: number | null, nowMs: number): Promise<TableStatus> {
  const files = [...snapshot.files.values()];
  const own = newestMs(snapshot, 'received_at') ?? receivedMs;
  return {
    layer,
    table,
    version: snapshot.version,
    rows: files.reduce((total, file) => total + (recordsOf(file.stats) ?? 0), 0),
    files: files.length,
    bytes: files.reduce((total, file) => total + file.size, 0),
    ...partitionCounts(snapshot),
    newestEventAt: isoOf(newestMs(snapshot, timeColumn) ?? newestMs(snapshot, 'event_timestamp')),
    newestEventDate: newestEventDate(snapshot),
    freshnessMs: own === null ? null : Math.max(0, nowMs - own),
    committedAt: isoOf(await committedMs(lake, layer, table, snapshot.version)),
  };
}

function partitionCounts(snapshot: Snapshot): { readonly partitions: number; readonly smallFiles: number } {
  const small = new Map<string, number>();
  for (const file of snapshot.files.values()) {
    const key = partitionKey(file.partitionValues);
    small.set(key, (small.get(key) ?? 0) + (file.size < smallFileBytes ? 1 : 0));
  }
  return { partitions: small.size, smallFiles: [...small.values()].reduce((total, files) => total + (files > 1 ? files : 0), 0) };
}

/** The greatest instant of a column, by the statistics of the files that have them. */
export function newestMs(snapshot: Snapshot, column: string): number | null {
  let newest: number | null = null;
  for (const file of snapshot.files.values()) {
    const bounds = boundsOf(file.stats, column);
    if (bounds !== null) newest = Math.max(newest ?? bounds.untilMs, bounds.untilMs);
  }
  return newest;
}

function newestEventDate(snapshot: Snapshot): string | null {
  let newest: string | null = null;
  for (const { partitionValues } of snapshot.files.values()) {
    const date = partitionValues['event_date'] ?? null;
    if (date !== null && (newest === null || date > newest)) newest = date;
  }
  return newest;
}

async function committedMs(lake: Lake, layer: string, table: string, version: number): Promise<number | null> {
  const commit = await lake.table(layer, table).log.commit(version);
  return commit?.actions.find(({ commitInfo }) => commitInfo !== undefined)?.commitInfo?.timestamp ?? null;
}

function isoOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
