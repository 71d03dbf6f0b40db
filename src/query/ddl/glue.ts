import type { Lake } from '../../lake/lake.js';
import { amazonRoot, athenaColumn, athenaTable } from './amazon.js';
import { plainNotes } from './athena.js';
import { projection } from './projection.js';
import { shellWord } from './quote.js';
import { columnsOfFiles, databasesOf, nameOf, statementsFor, type CatalogTable, type Ddl, type DdlOptions } from './tables.js';
import { hiveType } from './types.js';

/** What `aws glue create-table` and `update-table` take. Source: Glue's developer guide, "Table API". */
interface TableRequest {
  readonly DatabaseName: string;
  readonly TableInput: {
    readonly Name: string;
    readonly Description: string;
    readonly TableType: 'EXTERNAL_TABLE';
    readonly Parameters: Readonly<Record<string, string>>;
    readonly PartitionKeys: readonly GlueColumn[];
    readonly StorageDescriptor: {
      readonly Columns: readonly GlueColumn[];
      readonly Location: string;
      readonly InputFormat: string;
      readonly OutputFormat: string;
      readonly SerdeInfo: { readonly SerializationLibrary: string; readonly Parameters: Readonly<Record<string, string>> };
    };
  };
}

interface GlueColumn {
  readonly Name: string;
  readonly Type: string;
}

/**
 * A shell script that puts the tables into Glue's catalog by the AWS CLI, whether they are there already or not: for Athena, EMR
 * and other readers that take their tables from it.
 * @throws LakeError USAGE for a lake that is not in Amazon's S3
 */
export async function glueDdl(lake: Lake, options: DdlOptions): Promise<Ddl> {
  const { made, statements, omitted, tables } = await statementsFor(lake, amazonRoot('Glue', lake, options), options.databasePrefix, (table) => [putTable(options.plain ? plainTable(table, options) : deltaTable(table))]);
  return {
    statements: ['set -eu', putFunction, ...databasesOf(made).map(putDatabase), ...statements],
    empty: options.plain ? made.filter(({ partitions }) => partitions.length === 0).map(nameOf) : [],
    omitted,
    tables,
    notes: ['A script for sh; it needs the AWS CLI, and glue:Get…, glue:Create… and glue:UpdateTable.', ...(options.plain ? plainNotes : ['Readers of Delta take the columns from the log; run it again for those that show Glue\'s own list of them.'])],
  };
}

function putDatabase(database: string): string {
  return `aws glue get-database --name ${shellWord(database)} >/dev/null 2>&1 || aws glue create-database --database-input ${shellWord(JSON.stringify({ Name: database }))}`;
}

/** Makes a table or brings it up to date; one of that name that is somewhere else is not ours. Its arguments: database, name, location, request. */
const putFunction = `put() { at=$(aws glue get-table --database-name "$1" --name "$2" --query Table.StorageDescriptor.Location --output text 2>/dev/null) || at=; case "$at" in '') how=create-table ;; "$3") how=update-table ;; *) echo "there is another table $1.$2, at $at" >&2; return 1 ;; esac; aws glue "$how" --cli-input-json "$4"; }`;

function putTable(request: TableRequest): string {
  return `put ${[request.DatabaseName, request.TableInput.Name, request.TableInput.StorageDescriptor.Location, JSON.stringify(request)].map(shellWord).join(' ')}`;
}

function requestOf(table: CatalogTable, own: Pick<TableRequest['TableInput'], 'Parameters' | 'PartitionKeys' | 'StorageDescriptor'>): TableRequest {
  return { DatabaseName: table.database, TableInput: { Name: athenaTable(table), Description: `${nameOf(table)} of the lake`, TableType: 'EXTERNAL_TABLE', ...own } };
}

/** As Spark and Glue's crawler write a Delta table: Athena goes by table_type, Spark and Trino by the provider and the path. */
function deltaTable(table: CatalogTable): TableRequest {
  return requestOf(table, {
    Parameters: { 'EXTERNAL': 'TRUE', 'table_type': 'DELTA', 'spark.sql.sources.provider': 'delta' },
    PartitionKeys: [],
    StorageDescriptor: {
      Columns: table.fields.map((field) => ({ Name: field.name.toLowerCase(), Type: hiveType(table, field) })),
      Location: `${table.location}/`,
      InputFormat: 'org.apache.hadoop.mapred.SequenceFileInputFormat',
      OutputFormat: 'org.apache.hadoop.hive.ql.io.HiveSequenceFileOutputFormat',
      SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe', Parameters: { 'serialization.format': '1', 'path': `${table.location}/` } },
    },
  });
}

function plainTable(table: CatalogTable, options: DdlOptions): TableRequest {
  const { own, partition } = columnsOfFiles(table);
  return requestOf(table, {
    Parameters: { EXTERNAL: 'TRUE', classification: 'parquet', ...projection(table, options) },
    PartitionKeys: partition.map((field) => plainColumn(table, field)),
    StorageDescriptor: {
      Columns: own.map((field) => plainColumn(table, field)),
      Location: `${table.location}/`,
      InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
      OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
      SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe', Parameters: { 'serialization.format': '1' } },
    },
  });
}

function plainColumn(table: CatalogTable, field: CatalogTable['fields'][number]): GlueColumn {
  const { name, type } = athenaColumn(table, field);
  return { Name: name, Type: type };
}
