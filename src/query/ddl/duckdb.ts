import type { Lake } from '../../lake/lake.js';
import { identifier } from '../../lake/sql.js';
import type { Snapshot } from '../../lake/snapshot.js';
import { viewSelect } from '../../lake/views.js';
import { tablesOf } from '../query.js';
import { sqlText as text } from './quote.js';
import { orOmitted, type Ddl, type DdlOptions, type Omitted } from './tables.js';

/**
 * Views on the lake's tables for somebody's own DuckDB. They read by glob, not by a list of files: a list goes stale with the
 * next commit, a glob goes on to equal the newest version whenever no writer is at work and replaced files go at once.
 * In S3 that does not hold, so there they read by DuckDB's Delta extension.
 */
export async function duckdbDdl(lake: Lake, server: DdlOptions['server'] = null): Promise<Ddl> {
  const remote = lake.storage.remote !== null;
  const tables = await tablesOf(lake);
  const schemas = [...new Set(tables.map(({ layer }) => layer))];
  const views: string[] = [];
  const empty: string[] = [];
  const omitted: Omitted[] = [];
  for (const { layer, table } of tables) {
    const left = await orOmitted({ layer, table }, async () => {
      const snapshot = await lake.table(layer, table).snapshot();
      if (snapshot === null) return;
      if (snapshot.files.size === 0 && !remote) empty.push(`${layer}.${table}`);
      views.push(`CREATE OR REPLACE VIEW ${identifier(layer)}.${identifier(table)} AS ${selectOf(lake, layer, table, snapshot)};`);
    });
    if (left !== null) omitted.push(left);
  }
  return {
    statements: ["SET TimeZone = 'UTC';", ...(remote ? remoteStatements(server) : []), ...schemas.map((schema) => `CREATE SCHEMA IF NOT EXISTS ${identifier(schema)};`), ...views],
    empty,
    omitted,
    tables: tables.length,
    notes: ['Equals the newest version whenever no writer is at work, if writers remove replaced files at once (--retain 0, the default without --follow).'],
  };
}

function selectOf(lake: Lake, layer: string, table: string, snapshot: Snapshot): string {
  if (lake.storage.remote !== null) return deltaSelect(snapshot, `${lake.storage.root}/${layer}/${table}`);
  if (snapshot.files.size === 0) return emptySelect(snapshot);
  return viewSelect(snapshot, text(glob(lake.storage.locate(`${layer}/${table}`), snapshot.metaData.partitionColumns)));
}

/** Credentials are found by the reader's own chain: none are written out. */
function remoteStatements(server: DdlOptions['server']): string[] {
  const endpoint = server?.endpoint ?? null;
  const own = endpoint === null ? '' : `, REGION ${text(server?.region ?? '')}, ENDPOINT ${text(`${endpoint.host}${endpoint.pathname.replace(/\/$/, '')}`)}, URL_STYLE ${text(server?.pathStyle === true ? 'path' : 'vhost')}, USE_SSL ${String(endpoint.protocol === 'https:')}`;
  return ['INSTALL httpfs;', 'LOAD httpfs;', 'INSTALL aws;', 'LOAD aws;', 'INSTALL delta;', 'LOAD delta;', `CREATE SECRET IF NOT EXISTS ingot_lake (TYPE s3, PROVIDER credential_chain${own});`];
}

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
