import type { Lake } from '../lake/lake.js';
import { identifier } from '../lake/sql.js';
import type { Snapshot } from '../lake/snapshot.js';
import { viewSelect } from '../lake/views.js';
import { tablesOf } from './query.js';

/** Statements for one engine, each of which runs as it is. */
export interface Ddl {
  readonly statements: readonly string[];
  /** Tables without files, `gold.session`: their views stay empty until the statements are made again. */
  readonly empty: readonly string[];
}

/**
 * Views on the lake's tables for somebody's own DuckDB. They read by glob, not by a list of files: a list goes stale with the
 * next commit, a glob goes on to equal the newest version whenever no writer is at work and replaced files go at once.
 * In S3 that does not hold, so there they read by DuckDB's Delta extension.
 */
export async function duckdbDdl(lake: Lake): Promise<Ddl> {
  const remote = lake.storage.remote !== null;
  const tables = await tablesOf(lake);
  const schemas = [...new Set(tables.map(({ layer }) => layer))];
  const views: string[] = [];
  const empty: string[] = [];
  for (const { layer, table } of tables) {
    const snapshot = await lake.table(layer, table).snapshot();
    if (snapshot === null) continue;
    if (snapshot.files.size === 0 && !remote) empty.push(`${layer}.${table}`);
    const select = remote ? deltaSelect(snapshot, `${lake.storage.root}/${layer}/${table}`) : snapshot.files.size === 0 ? emptySelect(snapshot) : viewSelect(snapshot, text(glob(lake.storage.locate(`${layer}/${table}`), snapshot.metaData.partitionColumns)));
    views.push(`CREATE OR REPLACE VIEW ${identifier(layer)}.${identifier(table)} AS ${select};`);
  }
  return { statements: ["SET TimeZone = 'UTC';", ...(remote ? remoteStatements : []), ...schemas.map((schema) => `CREATE SCHEMA IF NOT EXISTS ${identifier(schema)};`), ...views], empty };
}

/** Credentials are found by the reader's own chain: none are written out. */
const remoteStatements = ['INSTALL httpfs;', 'LOAD httpfs;', 'INSTALL aws;', 'LOAD aws;', 'INSTALL delta;', 'LOAD delta;', 'CREATE SECRET IF NOT EXISTS ingot_lake (TYPE s3, PROVIDER credential_chain);'];

function deltaSelect(snapshot: Snapshot, location: string): string {
  return `SELECT ${snapshot.columns.map((column) => identifier(column.name)).join(', ')} FROM delta_scan(${text(location)})`;
}

/** A glob over no file at all is an error in DuckDB. */
function emptySelect(snapshot: Snapshot): string {
  return `SELECT ${snapshot.columns.map((column) => `CAST(NULL AS ${column.type}) AS ${identifier(column.name)}`).join(', ')} WHERE false`;
}

/** The partition folders are named, so that neither the log's checkpoints nor foreign folders match. */
function glob(folder: string, partitionColumns: readonly string[]): string {
  const literal = folder.replaceAll(/[[*?]/g, (char) => `[${char}]`);
  return [literal, ...partitionColumns.map((column) => `${column}=*`), '*.parquet'].join('/');
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
