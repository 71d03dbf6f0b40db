import type { Dataset } from '../dataset.js';
import { LakeError, messageOf } from '../errors.js';
import { textList, type Session } from '../lake/duckdb.js';
import type { Lake } from '../lake/lake.js';
import { filePath } from '../lake/layout.js';
import { sqlFile } from '../lake/sql.js';
import { recordsOf } from '../lake/statistics.js';
import type { Table } from '../lake/table.js';
import { createView, readTables, type Reading } from '../lake/views.js';
import { strayFiles } from './strays.js';

const fileRowsSelect = sqlFile(import.meta.url, './file-rows.sql');
const balanceSelect = sqlFile(import.meta.url, './balance.sql');
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

export interface AuditSummary {
  readonly balanced: boolean;
  readonly differences: readonly Difference[];
  readonly dates: readonly { readonly event_date: string; readonly bronze: number; readonly silver: number; readonly rejected: number; readonly duplicates: number }[];
  readonly received: number;
  readonly landed: number;
  readonly rejected: number;
  readonly redelivered: number;
  /** Bronze rows that silver has not been built from yet: no difference, but not proven either. */
  readonly pending: number;
}

/**
 * Proves the row balance: received = landed + rejected + redelivered over bronze's commits;
 * per event date, bronze = silver + rejected + duplicates at the version of bronze that silver is built from;
 * and every file that a version names is there with its size and rows.
 */
export async function audit(lake: Lake, dataset: Dataset, goldTables: readonly string[]): Promise<AuditSummary> {
  const bronzeTables = [dataset.name, `${dataset.name}_rejected`];
  const silverTables = [dataset.event.table, dataset.items.table, `${dataset.name}_rejected`, `${dataset.name}_duplicates`];
  const readings = await readTables(lake, [
    ...bronzeTables.map((table) => ({ layer: 'bronze', table })),
    ...silverTables.map((table) => ({ layer: 'silver', table })),
    ...goldTables.map((table) => ({ layer: 'gold', table })),
  ]);
  if (readings.length === 0) {
    throw new LakeError(`there is nothing of ${dataset.name} at ${lake.storage.root}`, { code: 'TABLE_NOT_FOUND', op: 'audit', path: lake.storage.root, hint: 'Give the lake\'s folder with --lake (or INGOT_LAKE), or land events first.' });
  }
  const differences = (await Promise.all(readings.map((reading) => fileDifferences(lake, reading)))).flat();
  const bronze = readings.find((reading) => reading.layer === 'bronze' && reading.table === dataset.name);
  const commits = await commitTotals(lake.table('bronze', dataset.name), bronze?.snapshot.version ?? -1);
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
  differences.push(...(await itemDifferences(lake, dataset)));
  return { balanced: differences.length === 0, differences, dates: dates.rows, ...commits, pending: dates.pending };
}

type Totals = Pick<AuditSummary, 'received' | 'landed' | 'rejected' | 'redelivered'>;

async function commitTotals(table: Table, version: number): Promise<Totals> {
  const totals = { received: 0, landed: 0, rejected: 0, redelivered: 0 };
  for (let each = 0; each <= version; each++) {
    const commit = await table.log.commit(each);
    for (const { commitInfo } of commit?.actions ?? []) {
      for (const name of ['received', 'landed', 'rejected', 'redelivered'] as const) totals[name] += Number(commitInfo?.operationMetrics[name] ?? 0);
    }
  }
  return totals;
}

function commitDifferences(totals: Totals, readings: readonly Reading[], dataset: Dataset): Difference[] {
  const differences: Difference[] = [];
  const accounted = totals.landed + totals.rejected + totals.redelivered;
  if (accounted !== totals.received) {
    differences.push({ kind: 'commits', what: `bronze.${dataset.name}`, expected: totals.received, found: accounted, message: `bronze.${dataset.name}: ${totals.received} messages received, ${accounted} landed, rejected or redelivered` });
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
    const [path = '', ...others] = paths;
    if (others.length === 0) return [{ path, found: messageOf(error) }];
    const half = Math.ceil(paths.length / 2);
    return [...(await footers(session, paths.slice(0, half))), ...(await footers(session, paths.slice(half)))];
  }
}

async function balance(lake: Lake, dataset: Dataset, readings: readonly Reading[], bronze: Reading) {
  const session = await lake.session();
  const event = readings.find((each) => each.layer === 'silver' && each.table === dataset.event.table);
  if (event === undefined) return { rows: [], pending: rowsOf(bronze) };
  const builtFrom = event.snapshot.txn(`bronze.${dataset.name}`, bronze.snapshot.version);
  const built = { ...bronze, snapshot: builtFrom === bronze.snapshot.version ? bronze.snapshot : await lake.table('bronze', dataset.name).log.snapshotAt(builtFrom) };
  for (const reading of [built, ...readings.filter((each) => each.layer === 'silver')]) await createView(session, lake, reading);
  const names: Readonly<Record<string, string>> = { audit_bronze: `bronze.${dataset.name}`, audit_event: `silver.${dataset.event.table}`, audit_item: `silver.${dataset.items.table}`, audit_rejected: `silver.${dataset.name}_rejected`, audit_duplicates: `silver.${dataset.name}_duplicates` };
  const existing = new Set([built, ...readings].map((reading) => `${reading.layer}.${reading.table}`));
  for (const [view, table] of Object.entries(names)) {
    const none = 'SELECT CAST(NULL AS DATE) AS event_date, CAST(NULL AS VARCHAR) AS event_id WHERE false';
    await session.run(`CREATE OR REPLACE VIEW ${view} AS ${existing.has(table) ? `SELECT * FROM ${table}` : none}`);
  }
  const rows = (await session.rows(balanceSelect)).map((row) => ({
    event_date: String(row['event_date']),
    bronze: Number(row['bronze']),
    silver: Number(row['silver']),
    rejected: Number(row['rejected']),
    duplicates: Number(row['duplicates']),
  }));
  return { rows, pending: rowsOf(bronze) - rowsOf(built) };
}

function rowsOf(reading: Reading): number {
  return [...reading.snapshot.files.values()].reduce((total, file) => total + (recordsOf(file.stats) ?? 0), 0);
}

async function itemDifferences(lake: Lake, dataset: Dataset): Promise<Difference[]> {
  if ((await lake.table('silver', dataset.event.table).snapshot()) === null) return [];
  const session = await lake.session();
  return (await session.rows(itemsSelect)).map((row) => {
    const what = String(row['event_date']);
    const expected = Number(row['expected']);
    const found = Number(row['found']);
    return { kind: 'items' as const, what, expected, found, message: `event_date ${what}: events have ${expected} items, silver.${dataset.items.table} has ${found} rows` };
  });
}
