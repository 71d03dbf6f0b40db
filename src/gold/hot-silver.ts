import { partitionChanges, tableNumber } from '../lake/changes.js';
import type { Session } from '../lake/duckdb.js';
import type { Lake } from '../lake/lake.js';
import { identifier } from '../lake/sql.js';
import { createView, type Reading } from '../lake/views.js';
import { viewSilver } from './execute.js';
import { datesOf, datesOfTable } from './plan.js';
import type { DateRange } from './ranges.js';

/** What came to silver between two readings of its tables. */
export interface SilverChange {
  /** By table, the files that came; paths are the log's. */
  readonly added: ReadonlyMap<string, ReadonlySet<string>>;
  /** Dates with events that came or went. */
  readonly dates: readonly string[];
}

/**
 * The files that came between two readings. Rows that moved to other files are no change.
 * Null when files alone don't tell what changed from `since` on: rows went, or what came lies in other files by now.
 */
export async function silverChange(lake: Lake, before: readonly Reading[], after: readonly Reading[], since: string): Promise<SilverChange | null> {
  const added = new Map<string, Set<string>>();
  const dates = new Set<string>();
  for (const [index, { table, snapshot }] of after.entries()) {
    const known = before[index]?.snapshot;
    if (known === undefined || known.version > snapshot.version || tableNumber(known) !== tableNumber(snapshot) || JSON.stringify(known.columns) !== JSON.stringify(snapshot.columns)) return null;
    const changes = await partitionChanges(lake.table('silver', table), known.version, snapshot.version);
    if (changes === null) return null;
    const paths = new Set<string>();
    added.set(table, paths);
    for (const change of changes.values()) {
      const [date] = datesOf([change.partition]);
      if (date === undefined) continue;
      dates.add(date);
      if (date < since) continue;
      if (change.removedAt >= 0 || change.added.some(({ path }) => !snapshot.files.has(path))) return null;
      for (const { path } of change.added) paths.add(path);
    }
  }
  return { added, dates: [...dates].sort() };
}

/** The newest date with events; null when there are none. */
export function newestDate(silver: readonly Reading[]): string | null {
  return silver.flatMap(({ snapshot }) => datesOfTable(snapshot)).sort().at(-1) ?? null;
}

/** Temporary table of the values of the steps' key whose rows are to be computed again. */
export const changedKey = 'changed_key';

/** `SEMI JOIN` that leaves the rows of changed keys. */
export function ofChangedKey(relation: string, key: readonly string[]): string {
  return `SEMI JOIN ${changedKey} ON ${equalKey(relation, key)}`;
}

/** `ANTI JOIN` that leaves the rows of all other keys. */
export function notOfChangedKey(relation: string, key: readonly string[]): string {
  return `ANTI JOIN ${changedKey} ON ${equalKey(relation, key)}`;
}

function equalKey(relation: string, key: readonly string[]): string {
  return key.map((column) => `${relation}.${identifier(column)} IS NOT DISTINCT FROM ${changedKey}.${identifier(column)}`).join(' AND ');
}

/** Makes `changed_key` of the keys that the views `silver.…` have on a date. */
export async function readKeysOf(session: Session, silver: readonly Reading[], date: string, key: readonly string[]): Promise<void> {
  const columns = key.map(identifier).join(', ');
  const selects = silver.map(({ table }) => `SELECT ${columns} FROM silver.${identifier(table)} WHERE event_date = CAST($date AS DATE)`);
  await session.run(`CREATE OR REPLACE TEMP TABLE ${changedKey} AS ${selects.join(' UNION ')}`, { date });
}

/** Makes `changed_key` of the rows that came; `silver.…` are views of those alone then. */
export async function readChangedKeys(session: Session, lake: Lake, silver: readonly Reading[], change: SilverChange, key: readonly string[]): Promise<void> {
  for (const reading of silver) await createView(session, lake, reading, (_partition, path) => change.added.get(reading.table)?.has(path) === true);
  const columns = key.map(identifier).join(', ');
  const selects = silver.map(({ table }) => `SELECT ${columns} FROM silver.${identifier(table)}`);
  await session.run(`CREATE OR REPLACE TEMP TABLE ${changedKey} AS ${selects.join(' UNION ')}`);
}

/** Makes `silver.…` views of some dates' rows with a changed key, which are read once; of the columns that the steps' texts name alone. */
export async function readChangedRows(session: Session, lake: Lake, silver: readonly Reading[], dates: DateRange, { key, texts }: { readonly key: readonly string[]; readonly texts: readonly string[] }): Promise<void> {
  await viewSilver(session, lake, silver, dates);
  for (const { table, snapshot } of silver) {
    const columns = snapshot.columns.map(({ name }) => name).filter((name) => key.includes(name) || isNamed(name, texts)).map(identifier).join(', ');
    const view = `silver.${identifier(table)}`;
    const rows = identifier(changedRows(table));
    await session.run(`CREATE OR REPLACE TEMP TABLE ${rows} AS SELECT ${columns} FROM ${view} AS file_row ${ofChangedKey('file_row', key)}`);
    await session.run(`CREATE OR REPLACE VIEW ${view} AS SELECT * FROM ${rows}`);
  }
}

/** Temporary table of a silver table's rows with a changed key. */
export function changedRows(table: string): string {
  return `changed silver ${table}`;
}

const allColumns = /(?:\bselect|\bdistinct|,|\.)\s*\*|\bcolumns\s*\(/i;

function isNamed(column: string, texts: readonly string[]): boolean {
  const name = new RegExp(`(?<![\\w])${column.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}(?![\\w])`, 'i');
  return texts.some((text) => name.test(text) || allColumns.test(text));
}
