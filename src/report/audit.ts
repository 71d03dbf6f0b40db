import { hasItems, silverTables, type Dataset } from '../dataset.js';
import { LakeError, messageOf } from '../errors.js';
import { isOutage, textList, type Session } from '../lake/duckdb.js';
import type { Lake } from '../lake/lake.js';
import { filePath } from '../lake/layout.js';
import type { Snapshot } from '../lake/snapshot.js';
import { identifier, sqlFile } from '../lake/sql.js';
import { recordsOf } from '../lake/statistics.js';
import type { Table } from '../lake/table.js';
import { totalsOf, type Totals } from '../lake/totals.js';
import { createView, readTables, type Reading } from '../lake/views.js';
import { strayFiles } from './strays.js';

const fileRowsSelect = sqlFile(import.meta.url, './file-rows.sql');
const itemsSelect = sqlFile(import.meta.url, './item-balance.sql');

export interface Difference {
  /** `file`, `commit` or `event_date`. */
  readonly kind: 'file' | 'commits' | 'event_date' | 'items';
  /** The file, table or date that it is about. */
  readonly what: string;
  readonly expected: number;
  readonly found: number;
  readonly message: string;
}

export interface AuditSummary extends Totals {
  readonly balanced: boolean;
  readonly differences: readonly Difference[];
  readonly dates: readonly { readonly event_date: string; readonly bronze: number; readonly silver: number; readonly rejected: number; readonly duplicates: number }[];
  /** Bronze rows that silver has not been built from yet: no difference, but not proven either. */
  readonly pending: number;
}

/**
 * Proves the row balance: received = landed + rejected + redelivered + forgotten over all that bronze was given;
 * per event date, bronze = silver + rejected + duplicates at the version of bronze that silver is built from;
 * and every file that a version names is there with its size and rows.
 */
export async function audit(lake: Lake, dataset: Dataset, goldTables: readonly string[]): Promise<AuditSummary> {
  const bronzeTables = [dataset.name, `${dataset.name}_rejected`];
  const readings = await readTables(lake, [
    ...bronzeTables.map((table) => ({ layer: 'bronze', table })),
    ...silverTables(dataset).map((table) => ({ layer: 'silver', table })),
    ...goldTables.map((table) => ({ layer: 'gold', table })),
  ]);
  if (readings.length === 0) {
    throw new LakeError(`there is nothing of ${dataset.name} at ${lake.storage.root}`, { code: 'TABLE_NOT_FOUND', op: 'audit', path: lake.storage.root, hint: 'Give the lake\'s folder with --lake (or INGOT_LAKE), or land events first.' });
  }
  const differences = (await Promise.all(readings.map((reading) => fileDifferences(lake, reading)))).flat();
  const bronze = readings.find((reading) => reading.layer === 'bronze' && reading.table === dataset.name);
  const commits = totalsOf(bronze?.snapshot ?? null);
  differences.push(...commitDifferences(commits, readings, dataset));
  if (bronze === undefined) {
    differences.push({ kind: 'commits', what: `bronze.${dataset.name}`, expected: 1, found: 0, message: `bronze.${dataset.name} is gone: nothing proves what silver and gold hold` });
    return { balanced: false, differences, dates: [], ...commits, pending: 0 };
  }
  if (differences.some((difference) => difference.kind === 'file')) return { balanced: false, differences, dates: [], ...commits, pending: 0 };
  const dates = await balance(lake, dataset, readings, bronze);
  for (const date of dates.rows) {
    const found = date.silver + date.rejected + date.duplicates;
    if (found !== date.bronze) differences.push({ kind: 'event_date', what: date.event_date, expected: date.bronze, found, message: `event_date ${date.event_date}: bronze has ${date.bronze} rows, silver accounts for ${found}` });
  }
  differences.push(...(await itemDifferences(lake, dataset, readings)));
  return { balanced: differences.length === 0, differences, dates: dates.rows, ...commits, pending: dates.pending };
}

function commitDifferences(totals: Totals, readings: readonly Reading[], dataset: Dataset): Difference[] {
  const differences: Difference[] = [];
  const accounted = totals.landed + totals.rejected + totals.redelivered + totals.forgotten;
  if (accounted !== totals.received) {
    differences.push({ kind: 'commits', what: `bronze.${dataset.name}`, expected: totals.received, found: accounted, message: `bronze.${dataset.name}: ${totals.received} messages received, ${accounted} landed, rejected, redelivered or forgotten` });
  }
  for (const [table, expected] of [[dataset.name, totals.landed], [`${dataset.name}_rejected`, totals.rejected]] as const) {
    const reading = readings.find((each) => each.layer === 'bronze' && each.table === table);
    const found = [...(reading?.snapshot.files.values() ?? [])].reduce((total, file) => total + (recordsOf(file.stats) ?? 0), 0);
    if (found !== expected) differences.push({ kind: 'commits', what: `bronze.${table}`, expected, found, message: `bronze.${table}: its commits say ${expected} rows, its files have ${found}` });
  }
  return differences;
}

/** Files that are gone, have another size, can't be opened, or hold other rows than the log says. */
async function fileDifferences(lake: Lake, { layer, table, snapshot }: Reading): Promise<Difference[]> {
  const differences: Difference[] = [];
  const expected = new Map<string, number>();
  for (const file of snapshot.files.values()) {
    const path = `${layer}/${table}/${filePath(file.path)}`;
    const bytes = await lake.storage.size(path);
    if (bytes === null) differences.push({ kind: 'file', what: path, expected: file.size, found: 0, message: `${path} is gone` });
    else if (bytes !== file.size) differences.push({ kind: 'file', what: path, expected: file.size, found: bytes, message: `${path} has ${bytes} bytes, not ${file.size}` });
    else expected.set(lake.storage.locate(path), recordsOf(file.stats) ?? -1);
  }
  for (const path of await strayFiles(lake, { layer, table, snapshot })) {
    differences.push({ kind: 'file', what: path, expected: 0, found: 1, message: `${path} is in no version: a glob counts its rows` });
  }
  if (expected.size === 0 || differences.length > 0) return differences;
  for (const { path, found } of await footers(await lake.session(), [...expected.keys()])) {
    const what = path.slice(lake.storage.root.length + 1);
    const rows = expected.get(path) ?? -1;
    if (typeof found === 'string') differences.push({ kind: 'file', what, expected: Math.max(rows, 0), found: 0, message: `${what} can't be read: ${found}` });
    else if (rows >= 0 && rows !== found) differences.push({ kind: 'file', what, expected: rows, found, message: `${what} has ${found} rows, not ${rows}` });
  }
  return differences;
}

/** Each file's rows by its footer, or why it can't be read. One bad file fails a whole statement: then each half is read by itself. */
async function footers(session: Session, paths: readonly string[]): Promise<{ readonly path: string; readonly found: number | string }[]> {
  try {
    const rows = await session.rows(fileRowsSelect, { paths: textList(paths) });
    return rows.map((row) => ({ path: String(row['file_name']), found: Number(row['num_rows']) }));
  } catch (error) {
    if (isOutage(error)) throw error;
    const [path = '', ...others] = paths;
    if (others.length === 0) return [{ path, found: messageOf(error) }];
    const half = Math.ceil(paths.length / 2);
    return [...(await footers(session, paths.slice(0, half))), ...(await footers(session, paths.slice(half)))];
  }
}

/**
 * Rows by event date, as the log counts them: `fileDifferences` has proved that the files hold what the log says.
 * So the version of bronze that silver is built from can be counted although a compaction has replaced its files.
 */
async function balance(lake: Lake, dataset: Dataset, readings: readonly Reading[], bronze: Reading) {
  const silver = (table: string): Snapshot | null => readings.find((each) => each.layer === 'silver' && each.table === table)?.snapshot ?? null;
  const event = silver(dataset.event.table);
  const built = event === null ? null : await versionOf(lake.table('bronze', dataset.name), event.txn(`bronze.${dataset.name}`, -1));
  if (built === null) return { rows: [], pending: rowsOf(bronze.snapshot) };
  const counted = {
    bronze: rowsByDate(built),
    silver: rowsByDate(event),
    rejected: rowsByDate(silver(`${dataset.name}_rejected`)),
    duplicates: rowsByDate(silver(`${dataset.name}_duplicates`)),
  };
  const dates = [...new Set(Object.values(counted).flatMap((rows) => [...rows.keys()]))].sort();
  const at = (rows: ReadonlyMap<string, number>, date: string): number => rows.get(date) ?? 0;
  const rows = dates.map((date) => ({
    event_date: date,
    bronze: at(counted.bronze, date),
    silver: at(counted.silver, date),
    rejected: at(counted.rejected, date),
    duplicates: at(counted.duplicates, date),
  }));
  return { rows, pending: rowsOf(bronze.snapshot) - rowsOf(built) };
}

/** Null when the log has been trimmed beyond that version, or there is none. */
async function versionOf(table: Table, version: number): Promise<Snapshot | null> {
  const newest = await table.snapshot();
  if (version < 0 || newest === null || newest.version === version) return version < 0 ? null : newest;
  return (await table.log.commit(version)) === null ? null : table.log.snapshotAt(version);
}

function rowsByDate(snapshot: Snapshot | null): Map<string, number> {
  const rows = new Map<string, number>();
  for (const file of snapshot?.files.values() ?? []) {
    const date = file.partitionValues['event_date'] ?? '';
    rows.set(date, (rows.get(date) ?? 0) + (recordsOf(file.stats) ?? 0));
  }
  return rows;
}

function rowsOf(snapshot: Snapshot): number {
  return [...snapshot.files.values()].reduce((total, file) => total + (recordsOf(file.stats) ?? 0), 0);
}

async function itemDifferences(lake: Lake, dataset: Dataset, readings: readonly Reading[]): Promise<Difference[]> {
  const event = readings.find((each) => each.layer === 'silver' && each.table === dataset.event.table);
  if (event === undefined || !hasItems(dataset)) return [];
  const session = await lake.session();
  const items = readings.find((each) => each.layer === 'silver' && each.table === dataset.items.table);
  await createView(session, lake, event);
  await session.run(`CREATE OR REPLACE VIEW audit_event AS SELECT * FROM silver.${identifier(dataset.event.table)}`);
  if (items !== undefined) await createView(session, lake, items);
  const rows = items === undefined ? 'SELECT CAST(NULL AS DATE) AS event_date, CAST(NULL AS VARCHAR) AS event_id WHERE false' : `SELECT * FROM silver.${identifier(dataset.items.table)}`;
  await session.run(`CREATE OR REPLACE VIEW audit_item AS ${rows}`);
  return (await session.rows(itemsSelect)).map((row) => {
    const what = String(row['event_date']);
    const expected = Number(row['expected']);
    const found = Number(row['found']);
    return { kind: 'items' as const, what, expected, found, message: `event_date ${what}: events have ${expected} items, silver.${dataset.items.table} has ${found} rows` };
  });
}
