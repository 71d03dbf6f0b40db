import { join } from 'node:path';
import { eventTimeOf, rowTables, timeColumn, type Dataset } from '../dataset.js';
import { write } from '../engines/duckdb.js';
import type { AddFile } from '../lake/actions.js';
import { distinctPartitions, type Partition } from '../lake/changes.js';
import { textList, type Session } from '../lake/duckdb.js';
import { filePath } from '../lake/layout.js';
import type { Lake } from '../lake/lake.js';
import { overlapping } from '../lake/overlap.js';
import { sqlFile } from '../lake/sql.js';
import type { StagedFile } from '../lake/staged.js';

const knownSelect = sqlFile(import.meta.url, './sql/known-event.sql');
const freshSelect = sqlFile(import.meta.url, './sql/fresh.sql');
const repeatedSelect = sqlFile(import.meta.url, './sql/repeated.sql');

const partitionBy = ['event_date', 'platform'];

/** New rows of some partitions, by table. */
export type Staged = Map<string, readonly StagedFile[]>;

export interface Checked {
  readonly files: Staged;
  /**
   * Partitions that are built whole: those where an earlier message came after a later one that says the same, so that
   * which is kept changes, and those of which an event file is gone.
   */
  readonly displaced: readonly Partition[];
}

/**
 * Checks new rows against the keys of the events that are in their partitions: what is there already becomes a duplicate.
 * Equal events have equal times, so only event files whose times overlap those of the new ones are read; where the time is that of
 * receipt, all of the partition's.
 */
export async function withoutKnown(session: Session, lake: Lake, dataset: Dataset, files: Staged, stagingDir: string): Promise<Checked> {
  const events = files.get(dataset.event.table) ?? [];
  const existing = overlapping((await lake.table('silver', dataset.event.table).snapshot())?.files.values() ?? [], events, eventTimeOf(dataset) === null ? null : timeColumn(dataset));
  if (existing.length === 0) return { files, displaced: [] };
  const paths = existing.map((file) => `silver/${dataset.event.table}/${filePath(file.path)}`);
  const gone = await goneOf(lake, existing, paths);
  if (gone.length > 0) return { files, displaced: gone };
  const staged = (list: readonly StagedFile[]) => ({ staged: textList(list.map(({ path }) => path)) });
  await session.run(`CREATE OR REPLACE TEMP TABLE known_event AS ${knownSelect}`, { ...staged(events), existing: textList(paths.map((path) => lake.storage.locate(path))) });
  try {
    const known = await session.rows('SELECT CAST(event_date AS VARCHAR) AS event_date, platform, bool_or(_displaces) AS displaces FROM known_event GROUP BY ALL');
    if (known.length === 0) return { files, displaced: [] };
    const displaced = known.filter((row) => row['displaces'] === true).map((row) => ({ event_date: String(row['event_date']), platform: row['platform'] as string | null }));
    if (displaced.length > 0) return { files, displaced: distinctPartitions(displaced) };
    const put = (name: string, select: string, list: readonly StagedFile[]): Promise<StagedFile[]> =>
      list.length === 0 ? Promise.resolve([]) : write(session, select, { partitionBy, stagingDir: join(stagingDir, name), parameters: staged(list) });
    const checked = new Map(files);
    const duplicates = `${dataset.name}_duplicates`;
    checked.set(duplicates, [...(files.get(duplicates) ?? []), ...(await put('repeated', repeatedSelect, events))]);
    for (const table of rowTables(dataset)) checked.set(table, await put(table, freshSelect, files.get(table) ?? []));
    return { files: checked, displaced: [] };
  } finally {
    await session.run('DROP TABLE known_event');
  }
}

async function goneOf(lake: Lake, files: readonly AddFile[], paths: readonly string[]): Promise<Partition[]> {
  const sizes = await Promise.all(paths.map((path) => lake.storage.size(path)));
  return distinctPartitions(files.filter((_file, index) => sizes[index] === null).map((file) => file.partitionValues));
}
