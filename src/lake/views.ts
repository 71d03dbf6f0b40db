import type { Session } from './duckdb.js';
import { textList } from './duckdb.js';
import { filePath } from './layout.js';
import { evolvedKey } from './schema.js';
import type { Lake } from './lake.js';
import type { Snapshot } from './snapshot.js';
import { identifier } from './sql.js';
import { runTxn } from './table.js';

/** A table as a query sees it: one version of it. */
export interface Reading {
  readonly layer: string;
  readonly table: string;
  readonly snapshot: Snapshot;
}

/**
 * One valid version of each table: a sibling is read at the run that its anchor has published.
 * Tables that don't exist are left out.
 */
export async function readTables(lake: Lake, names: readonly { readonly layer: string; readonly table: string }[]): Promise<Reading[]> {
  const runs = new Map<string, number>();
  const readings: Reading[] = [];
  for (const { layer, table } of names) {
    const opened = lake.table(layer, table);
    const latest = await opened.snapshot();
    if (latest === null) continue;
    const anchor = latest.anchor;
    if (anchor === null) {
      readings.push({ layer, table, snapshot: latest });
      continue;
    }
    const run = runs.get(anchor) ?? (await anchorRun(lake, anchor));
    runs.set(anchor, run);
    const snapshot = await opened.snapshotAtRun(run);
    if (snapshot !== null) readings.push({ layer, table, snapshot });
  }
  return readings;
}

async function anchorRun(lake: Lake, anchor: string): Promise<number> {
  const [layer = '', table = ''] = anchor.split('/');
  return (await lake.table(layer, table).snapshot())?.txn(runTxn, 0) ?? 0;
}

/** Which files of a snapshot a view shows; paths are the log's. */
export type FileFilter = (partition: Readonly<Record<string, string | null>>, path: string) => boolean;

/**
 * Makes `layer.table` a view over a snapshot's files. The file names are in a variable of the session, not in the SQL text.
 */
export async function createView(session: Session, lake: Lake, reading: Reading, filter: FileFilter = () => true): Promise<void> {
  const { layer, table, snapshot } = reading;
  const paths = [...snapshot.files.values()]
    .filter((file) => filter(file.partitionValues, file.path))
    .map((file) => lake.storage.locate(`${layer}/${table}/${filePath(file.path)}`));
  await session.run(`CREATE SCHEMA IF NOT EXISTS ${identifier(layer)}`);
  const name = `${identifier(layer)}.${identifier(table)}`;
  if (paths.length === 0) {
    await session.run(`CREATE OR REPLACE VIEW ${name} AS ${emptyRows(snapshot)}`);
    return;
  }
  const variable = identifier(`files_${layer}_${table}`);
  await session.run(`SET VARIABLE ${variable} = $paths`, { paths: textList(paths) });
  await session.run(`CREATE OR REPLACE VIEW ${name} AS ${viewSelect(snapshot, `getvariable('${`files_${layer}_${table}`.replaceAll("'", "''")}')`)}`);
}

/**
 * The SELECT of a view: the table's columns in the log's order, partition columns with their types. Where files may lack
 * columns or have narrower ones, an empty row set with the log's types goes before them.
 */
export function viewSelect(snapshot: Snapshot, files: string): string {
  const columns = snapshot.columns.map((column) => identifier(column.name)).join(', ');
  const partition = new Set(snapshot.metaData.partitionColumns);
  const types = snapshot.columns.filter((column) => partition.has(column.name)).map((column) => `${identifier(column.name)}: ${column.type}`);
  const hive = partition.size === 0 ? '' : `, hive_partitioning = true, hive_types = {${types.join(', ')}}`;
  if (!mayDiffer(snapshot)) return `SELECT ${columns} FROM read_parquet(${files}${hive})`;
  return `SELECT ${columns} FROM (${emptyRows(snapshot)} UNION ALL BY NAME SELECT * FROM read_parquet(${files}, union_by_name = true${hive}))`;
}

/** Rows of other writers, or from before a change of the columns. */
function mayDiffer(snapshot: Snapshot): boolean {
  return snapshot.anchor === null || snapshot.metaData.configuration[evolvedKey] === 'true';
}

function emptyRows(snapshot: Snapshot): string {
  const columns = snapshot.columns.map((column) => `CAST(NULL AS ${column.type}) AS ${identifier(column.name)}`);
  return `SELECT ${columns.join(', ')} WHERE false`;
}
