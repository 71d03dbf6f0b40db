import type { Lake } from '../lake/lake.js';
import { filePath } from '../lake/layout.js';
import { isDataFile, pendingRuns, retainedFiles } from '../lake/leftovers.js';
import { isDeadStaging } from '../lake/staging.js';
import type { StoredFile } from '../lake/storage.js';
import type { Table } from '../lake/table.js';
import { oldEntries } from '../lake/trim.js';

/** Temporary files live for an instant; which writer one is of can't be told, so they get this time at least. */
const leastTemporaryMs = 3_600_000;

/** Ages of what may go: by a wall clock that the storage's may differ from a little. */
export class Age {
  constructor(
    private readonly nowMs: number,
    readonly olderThanMs: number,
  ) {}

  /** What is removed from a version later than this stays. */
  get sinceMs(): number {
    return this.nowMs - this.olderThanMs;
  }

  isOld({ modifiedMs }: { readonly modifiedMs: number }): boolean {
    return this.olderThanMs === 0 || modifiedMs <= this.sinceMs;
  }

  isOldTemporary({ modifiedMs }: { readonly modifiedMs: number }): boolean {
    return modifiedMs <= this.nowMs - Math.max(this.olderThanMs, leastTemporaryMs);
  }
}

export interface UnneededFiles {
  /** Data files that no version needs, no begun run is going to name and no reader is promised. */
  readonly unnamed: readonly StoredFile[];
  /** Such ones that are younger. */
  readonly young: readonly StoredFile[];
  readonly temporary: readonly StoredFile[];
  /** Entries and checkpoints of the log before the oldest that is kept. */
  readonly log: readonly StoredFile[];
  /** Partition folders that are empty when all this has gone, the inner ones first. */
  readonly folders: readonly string[];
}

/**
 * What may go from a table's folder; null when there is no table: its log may have been lost, and then every file counts.
 * The order of reading makes it safe beside writers: a file that was seen has its intent before it, or in S3 the note of its
 * staging, which stays until that intent is done; an intent is done only when a version names the file; and what a version
 * has named goes only with a note.
 */
export async function unneededFiles(lake: Lake, table: Table, age: Age, keptVersions?: number): Promise<UnneededFiles | null> {
  const { files, folders } = await lake.storage.walk(table.folder);
  const uploaded = await lake.storage.staged();
  const begun = await pendingRuns(lake);
  const snapshot = await table.snapshot();
  if (snapshot === null) return null;
  const living = uploaded.filter(({ staging }) => !isDeadStaging(staging, lake.clock.nowMs()));
  const needed = new Set([...living, ...begun, ...(await retainedFiles(lake))].flatMap(({ paths }) => paths));
  for (const path of snapshot.files.keys()) needed.add(`${table.folder}/${filePath(path)}`);
  const levels = snapshot.metaData.partitionColumns.length;
  const found = files.filter(({ path, temporary }) => !temporary && isDataFile(table.folder, levels, path) && !needed.has(path));
  const recent = found.length === 0 ? new Set<string>() : await removedSince(table, snapshot.version, age.sinceMs);
  const unnamed = found.filter((file) => age.isOld(file) && !recent.has(file.path));
  const entries = new Set(await oldEntries(lake.storage, table.folder, snapshot.version, keptVersions));
  const going = { unnamed, temporary: files.filter((file) => file.temporary && age.isOldTemporary(file)), log: files.filter(({ path }) => entries.has(path)) };
  const gone = new Set([...going.unnamed, ...going.temporary].map(({ path }) => path));
  const full = new Set(files.filter(({ path }) => !gone.has(path)).flatMap(({ path }) => foldersOf(path)));
  return {
    ...going,
    young: found.filter((file) => !gone.has(file.path)),
    folders: folders.filter((each) => isPartition(table.folder, each.path) && !full.has(each.path) && age.isOld(each)).map(({ path }) => path),
  };
}

/** Files that versions have given up lately: a reader of an older one may still be at them. */
async function removedSince(table: Table, newest: number, sinceMs: number): Promise<Set<string>> {
  const removed = new Set<string>();
  for (let version = newest; version >= 0; version--) {
    const commit = await table.log.commit(version);
    if (commit === null || commit.actions.some(({ commitInfo }) => commitInfo !== undefined && commitInfo.timestamp <= sinceMs)) break;
    for (const { remove } of commit.actions) if (remove !== undefined && remove.deletionTimestamp > sinceMs) removed.add(`${table.folder}/${filePath(remove.path)}`);
  }
  return removed;
}

function foldersOf(path: string): string[] {
  const segments = path.split('/').slice(0, -1);
  return segments.map((_segment, index) => segments.slice(0, index + 1).join('/'));
}

function isPartition(folder: string, path: string): boolean {
  return path.slice(folder.length + 1).split('/').every((segment) => segment.includes('='));
}
