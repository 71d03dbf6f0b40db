import type { FileFilter, Reading } from '../../lake/views.js';
import { identifier } from '../../lake/sql.js';
import { literal } from './literal.js';
import { hiveType, trinoType } from './types.js';

/** A file as its table's log has it. */
export type SnapshotFile = Reading['snapshot']['files'] extends ReadonlyMap<string, infer File> ? File : never;

/** Paths that stand in a statement's own text; more of them are put into a table of the engine. */
export const mostNamedPaths = 1_000;

/** The statement that lets the Hive connector at a table's folder. It shows the folder's files, and so is never read without their names. */
export function externalTable(name: string, location: string, { snapshot }: Reading): string {
  const partitionBy = snapshot.metaData.partitionColumns;
  const own = snapshot.columns.filter((column) => !partitionBy.includes(column.name));
  const partition = snapshot.columns.filter((column) => partitionBy.includes(column.name));
  const columns = [...own, ...partition].map((column) => `${identifier(column.name)} ${hiveType(column.type)}`);
  const partitioned = partition.length === 0 ? '' : `, partitioned_by = ARRAY[${partition.map((column) => literal(column.name.toLowerCase())).join(', ')}]`;
  return `CREATE TABLE ${name} (${columns.join(', ')}) WITH (external_location = ${literal(location)}, format = 'PARQUET'${partitioned})`;
}

/** The files of a snapshot that a query may read. */
export function filesOf({ snapshot }: Reading, filter: FileFilter): readonly SnapshotFile[] {
  return [...snapshot.files.values()].filter((file) => filter(file.partitionValues, file.path));
}

/**
 * A SELECT of one snapshot's rows: of the named files, whatever else lies in their folders, with the log's types.
 * @param paths SQL of a list of paths, or null: there are none
 * @param dates the first and last date that the files are of, so that no other folder is listed; null: they have none
 */
export function snapshotSelect(name: string, { snapshot }: Reading, paths: string | null, dates: { readonly since: string; readonly until: string } | null): string {
  if (paths === null) return `SELECT ${snapshot.columns.map(({ name: column, type }) => `CAST(NULL AS ${trinoType(type)}) AS ${identifier(column)}`).join(', ')} WHERE false`;
  const columns = snapshot.columns.map(({ name: column, type }) => (type === 'TIMESTAMP WITH TIME ZONE' ? `with_timezone(${identifier(column)}, 'UTC') AS ${identifier(column)}` : identifier(column)));
  const within = dates === null || !snapshot.metaData.partitionColumns.includes('event_date') ? '' : ` AND event_date BETWEEN DATE ${literal(dates.since)} AND DATE ${literal(dates.until)}`;
  return `SELECT ${columns.join(', ')} FROM ${name} WHERE "$path" IN (${paths})${within}`;
}

/** The first and last date of the files; null where a table has none, or no dates. */
export function datesOf(files: readonly SnapshotFile[]): { readonly since: string; readonly until: string } | null {
  const dates = files.map((file) => file.partitionValues['event_date'] ?? null);
  if (dates.length === 0 || dates.includes(null)) return null;
  const sorted = dates.filter((date) => date !== null).sort();
  const [since, until] = [sorted[0], sorted.at(-1)];
  return since === undefined || until === undefined ? null : { since, until };
}
