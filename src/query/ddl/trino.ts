import { isS3 } from '../../config.js';
import type { Lake } from '../../lake/lake.js';
import { identifier } from '../../lake/sql.js';
import { sqlText } from './quote.js';
import { columnsOfFiles, databasesOf, nameOf, statementsFor, unsupported, type CatalogTable, type Ddl, type DdlOptions } from './tables.js';
import { trinoHiveType } from './types.js';

/** Tables for Trino: registered with its Delta connector; or, plain, external tables of its Hive connector. */
export async function trinoDdl(lake: Lake, options: DdlOptions): Promise<Ddl> {
  const { plain, location, databasePrefix, server } = options;
  const catalog = options.catalog ?? (plain ? 'hive' : 'delta');
  const { made, statements, omitted, tables } = await statementsFor(lake, location ?? trinoRoot(lake.storage.root), databasePrefix, (table) => (plain ? plainTable(catalog, table) : [registered(catalog, table)]));
  const schemas = databasesOf(made).map((database) => `CREATE SCHEMA IF NOT EXISTS ${identifier(catalog)}.${identifier(database)};`);
  const endpoint = location === null ? (server?.endpoint ?? null) : null;
  return {
    statements: [...(plain ? [`SET SESSION ${identifier(catalog)}.timestamp_precision = 'MICROSECONDS';`] : []), ...schemas, ...statements],
    empty: plain ? made.filter(({ partitions }) => partitions.length === 0).map(nameOf) : [],
    omitted,
    tables,
    notes: [
      ...(plain ? plainNotes(catalog) : [`The catalog ${catalog} needs delta.register-table-procedure.enabled=true. A table that is registered already is refused and needs nothing: \`trino --ignore-errors\` goes on. Each query reads the newest version of the log.`]),
      ...(location !== null || isS3(lake.storage.root) ? [] : [`The catalog ${catalog} needs fs.native-local.enabled=true and local.location=/; for another one give the lake's place below it, --location local:///…`]),
      ...(endpoint === null ? [] : [`The catalog ${catalog} needs s3.endpoint=${endpoint.origin}, s3.region=${server?.region ?? ''} and s3.path-style-access=${String(server?.pathStyle ?? false)}`]),
    ],
  };
}

/** Trino calls this machine's files `local://`, below the folder that the catalog's local.location names. */
function trinoRoot(root: string): string {
  return isS3(root) ? root : `local://${root}`;
}

function plainNotes(catalog: string): readonly string[] {
  return [
    `The catalog ${catalog} needs hive.timestamp-precision=MICROSECONDS, else times are rounded to milliseconds. Timestamps are in UTC, without a zone.`,
    'New partitions are seen once sync_partition_metadata is called again; new columns after DROP TABLE, which leaves the files, and all of these statements again.',
  ];
}

function registered(catalog: string, { database, table, location }: CatalogTable): string {
  return `CALL ${identifier(catalog)}.system.register_table(schema_name => ${sqlText(database)}, table_name => ${sqlText(table.toLowerCase())}, table_location => ${sqlText(location)});`;
}

/** The connector takes each byte of a percent-encoded folder for a letter. */
const ascii = /^[\x20-\x7e]*$/;

function plainTable(catalog: string, table: CatalogTable): string[] {
  const { own, partition } = columnsOfFiles(table);
  const odd = table.partitions.flatMap((values) => Object.values(values)).find((value) => value !== null && !ascii.test(value));
  if (odd !== undefined) throw unsupported(table, `its partition "${odd}" has letters beyond ASCII, which the Hive connector reads as others`);
  const name = `${identifier(catalog)}.${identifier(table.database)}.${identifier(table.table.toLowerCase())}`;
  const columns = [...own, ...partition].map((field) => `${identifier(field.name.toLowerCase())} ${trinoHiveType(table, field)}`);
  const partitioned = partition.length === 0 ? '' : `, partitioned_by = ARRAY[${partition.map((field) => sqlText(field.name.toLowerCase())).join(', ')}]`;
  return [
    `CREATE TABLE IF NOT EXISTS ${name} (${columns.join(', ')}) WITH (external_location = ${sqlText(table.location)}, format = 'PARQUET'${partitioned});`,
    ...(partition.length === 0 ? [] : [`CALL ${identifier(catalog)}.system.sync_partition_metadata(schema_name => ${sqlText(table.database)}, table_name => ${sqlText(table.table.toLowerCase())}, mode => 'FULL');`]),
  ];
}
