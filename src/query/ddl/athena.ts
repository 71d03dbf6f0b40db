import type { Lake } from '../../lake/lake.js';
import { amazonRoot, athenaColumn, athenaTable } from './amazon.js';
import { projection } from './projection.js';
import { backquoted, hiveProperties, hiveText } from './quote.js';
import { columnsOfFiles, databasesOf, nameOf, statementsFor, type CatalogTable, type Ddl, type DdlOptions } from './tables.js';

/**
 * Tables for Athena's engine version 3, which reads Delta by the log; or, plain, external tables with partition projection.
 * Source: Athena's user guide, "Query Linux Foundation Delta Lake tables".
 * @throws LakeError USAGE for a lake that is not in Amazon's S3
 */
export async function athenaDdl(lake: Lake, options: DdlOptions): Promise<Ddl> {
  const { made, statements, omitted, tables } = await statementsFor(lake, amazonRoot('Athena', lake, options), options.databasePrefix, (table) => [options.plain ? plainTable(table, options) : deltaTable(table)]);
  return {
    statements: [...databasesOf(made).map((database) => `CREATE DATABASE IF NOT EXISTS ${backquoted(database)};`), ...statements],
    empty: options.plain ? made.filter(({ partitions }) => partitions.length === 0).map(nameOf) : [],
    omitted,
    tables,
    notes: ['Athena runs one statement at a time.', ...(options.plain ? plainNotes : ['Needs a work group of engine version 3. Each query reads the newest version of the log: nothing has to be run again.'])],
  };
}

/** What is so of any external table of Hive's kind in Athena. */
export const plainNotes: readonly string[] = [
  'Timestamps are in UTC, of milliseconds.',
  'Dates before the first one that there is now, and new columns, are seen after DROP TABLE and these statements again.',
  `Where platform may be null, ask coalesce(platform, '') = '': platform IS NULL reads no partition.`,
];

function deltaTable(table: CatalogTable): string {
  return `CREATE EXTERNAL TABLE IF NOT EXISTS ${backquoted(table.database)}.${backquoted(athenaTable(table))} LOCATION ${hiveText(`${table.location}/`)} TBLPROPERTIES ('table_type'='DELTA');`;
}

function plainTable(table: CatalogTable, options: DdlOptions): string {
  const { own, partition } = columnsOfFiles(table);
  const column = (field: (typeof own)[number]): string => {
    const { name, type } = athenaColumn(table, field);
    return `${backquoted(name)} ${type}`;
  };
  const partitioned = partition.length === 0 ? '' : ` PARTITIONED BY (${partition.map(column).join(', ')})`;
  const properties = projection(table, options);
  const projected = partition.length === 0 ? '' : ` TBLPROPERTIES (${hiveProperties(properties)})`;
  return `CREATE EXTERNAL TABLE IF NOT EXISTS ${backquoted(table.database)}.${backquoted(athenaTable(table))} (${own.map(column).join(', ')})${partitioned} STORED AS PARQUET LOCATION ${hiveText(`${table.location}/`)}${projected};`;
}
