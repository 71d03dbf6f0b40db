import { randomUUID } from 'node:crypto';
import { Lake } from '../../src/lake/lake.js';
import { filePath } from '../../src/lake/layout.js';
import { Scope, type TableWrite } from '../../src/lake/publication.js';
import type { TableSpec } from '../../src/lake/schema.js';
import type { Snapshot } from '../../src/lake/snapshot.js';
import type { Storage } from '../../src/lake/storage.js';
import { TestClock } from './lake.js';

/** Publications whose data files are lists of row names as JSON: the log and the moves are real, Parquet is not needed. */
export const siblings = ['item_event', 'event'] as const;
export type Sibling = (typeof siblings)[number];

export function lakeOver(storage: Storage): Lake {
  return new Lake({ storage, clock: new TestClock(), memoryLimitBytes: 1e9, threads: 1, retainMs: 0 });
}

export function scopeOver(storage: Storage): Scope {
  return new Scope(lakeOver(storage), 'silver.shop', 'silver', 'event');
}

export function specOf(table: string): TableSpec {
  const columns = [
    { name: 'row', type: 'VARCHAR' },
    { name: 'platform', type: 'VARCHAR' },
  ];
  return { layer: 'silver', table, columns, partitionBy: ['platform'], statistics: [], anchor: 'silver/event' };
}

/** Rows of one partition that a run writes to a table; `replace`: those of before go. */
export interface Change {
  readonly platform: string | null;
  readonly rows: readonly string[];
  readonly replace: boolean;
}

/** Stages a change of one table; `storage` is the bare one, as the engine writes past it. */
export async function stagedWrite(storage: Storage, staging: string, table: string, change: Change | null, metrics: Record<string, number> = {}): Promise<TableWrite> {
  const write = { spec: specOf(table), txns: {}, metrics };
  if (change === null) return { ...write, files: [], replaces: null };
  const partition = { platform: change.platform };
  const path = `${staging}/${table}/${randomUUID()}.parquet`;
  const content = JSON.stringify(change.rows);
  if (change.rows.length > 0) await storage.put(path, content);
  const file = { path: storage.locate(path), partition, rows: change.rows.length, bytes: content.length, columns: new Map() };
  return { ...write, files: change.rows.length > 0 ? [file] : [], replaces: change.replace ? [partition] : null };
}

/** Rows of a snapshot, sorted. @throws Error when a file of it is not there */
export async function rowsOf(storage: Storage, folder: string, snapshot: Snapshot): Promise<string[]> {
  const rows: string[] = [];
  for (const file of snapshot.files.values()) {
    const content = await storage.read(`${folder}/${filePath(file.path)}`);
    if (content === null) throw new Error(`a file of version ${snapshot.version} is gone: ${file.path}`);
    rows.push(...(JSON.parse(content.toString('utf8')) as string[]));
  }
  return rows.sort();
}

/** Rows of every Parquet file in a table's folder, sorted, whatever the log says. */
export async function rowsByGlob(storage: Storage, folder: string): Promise<string[]> {
  const rows: string[] = [];
  for (const name of await storage.list(folder)) {
    if (name === '_delta_log') continue;
    const path = `${folder}/${name}`;
    if (!name.endsWith('.parquet')) rows.push(...(await rowsByGlob(storage, path)));
    else rows.push(...(JSON.parse((await storage.read(path))?.toString('utf8') ?? '') as string[]));
  }
  return rows.sort();
}
