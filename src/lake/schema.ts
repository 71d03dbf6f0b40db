import { randomUUID } from 'node:crypto';
import { LakeError } from '../errors.js';
import type { Action, MetaData } from './actions.js';
import { commonType, deltaType, sqlType, type DeltaField } from './types.js';

export { deltaType } from './types.js';

/** A column as DuckDB describes it: `BIGINT`, `TIMESTAMP WITH TIME ZONE`, `DECIMAL(18,4)`, `VARCHAR[]`, … */
export interface TableColumn {
  readonly name: string;
  readonly type: string;
}

/** What a table is, before it has rows. */
export interface TableSpec {
  readonly layer: string;
  readonly table: string;
  readonly columns: readonly TableColumn[];
  readonly partitionBy: readonly string[];
  /** Columns with minimum and maximum in the log: whole numbers, decimals, texts, dates, timestamps; never personal ones, never null. */
  readonly statistics: readonly string[];
  /** The table published last with this one, `layer/table`: it says which of this one's versions is valid. */
  readonly anchor: string;
}

/** Every column is nullable: a null in a non-null column reads as 0 in Spark. */
export function schemaString(columns: readonly TableColumn[]): string {
  return structOf(columns.map(fieldOf));
}

function structOf(fields: readonly DeltaField[]): string {
  return JSON.stringify({ type: 'struct', fields });
}

function fieldOf({ name, type }: TableColumn): DeltaField {
  return { name, type: deltaType(type), nullable: true, metadata: {} };
}

export function fieldsOf(metaData: MetaData): DeltaField[] {
  return (JSON.parse(metaData.schemaString) as { fields: DeltaField[] }).fields;
}

/** A table's columns, from its log, with DuckDB's types. */
export function columnsOf(metaData: MetaData): TableColumn[] {
  return fieldsOf(metaData).map(({ name, type }) => ({ name, type: sqlType(type) }));
}

/** The first actions of a new table. */
export function creation(spec: TableSpec, nowMs: number): Action[] {
  return [{ protocol: { minReaderVersion: 1, minWriterVersion: 2 } }, { metaData: metaDataOf(spec, randomUUID(), nowMs) }];
}

export function metaDataOf(spec: TableSpec, id: string, nowMs: number): MetaData {
  return {
    id,
    name: `${spec.layer}.${spec.table}`,
    format: { provider: 'parquet', options: {} },
    schemaString: schemaString(spec.columns),
    partitionColumns: spec.partitionBy,
    configuration: configurationOf(spec),
    createdTime: nowMs,
  };
}

const statisticsKey = 'delta.dataSkippingStatsColumns';
const anchorKey = 'ingot.anchor';

/** The spec of a table as its log has it, for runs that change its files and not what it is. */
export function specOf(layer: string, table: string, metaData: MetaData): TableSpec {
  const statistics = metaData.configuration[statisticsKey] ?? '';
  return {
    layer,
    table,
    columns: columnsOf(metaData),
    partitionBy: metaData.partitionColumns,
    statistics: statistics === '' ? [] : statistics.split(','),
    anchor: metaData.configuration[anchorKey] ?? '',
  };
}

function configurationOf(spec: TableSpec): Record<string, string> {
  return {
    ...(spec.statistics.length > 0 ? { [statisticsKey]: spec.statistics.join(',') } : {}),
    [anchorKey]: spec.anchor,
  };
}

/**
 * The metaData of a table after a run with this spec: columns are added and widened, never dropped;
 * null when it stays as it is. What others have put into it stays.
 * @throws LakeError TABLE_UNSUPPORTED when old and new files can't be one table in every reader
 */
export function evolvedMetaData(metaData: MetaData, spec: TableSpec): MetaData | null {
  if (JSON.stringify(metaData.partitionColumns) !== JSON.stringify(spec.partitionBy)) {
    throw unlike(spec, otherPartitions(metaData.partitionColumns.join(', '), spec.partitionBy.join(', ')));
  }
  const fields = new Map(fieldsOf(metaData).map((field) => [field.name.toLowerCase(), field]));
  for (const wanted of spec.columns.map(fieldOf)) {
    const key = wanted.name.toLowerCase();
    const known = fields.get(key);
    if (known !== undefined && known.name !== wanted.name) throw unlike(spec, `its column ${known.name} differs from ${wanted.name} by case only`);
    const type = known === undefined ? wanted.type : commonType(known.type, wanted.type);
    if (type === null) throw unlike(spec, `its column ${wanted.name} is ${sqlType(known?.type ?? '')}, not ${sqlType(wanted.type)}`);
    fields.set(key, { ...(known ?? wanted), type });
  }
  const schemaString = structOf([...fields.values()]);
  const sameColumns = schemaString === structOf(fieldsOf(metaData));
  const configuration = { ...metaData.configuration, ...configurationOf(spec), ...(sameColumns ? {} : { [evolvedKey]: 'true' }) };
  return sameColumns && sameEntries(configuration, metaData.configuration) ? null : { ...metaData, schemaString, configuration };
}

/** Marks a table whose files may have other columns than its log says. */
export const evolvedKey = 'ingot.evolved';

function sameEntries(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

function otherPartitions(has: string, wants: string): string {
  if (has === '') return `it has no partitions, and would be partitioned by ${wants}`;
  return wants === '' ? `it is partitioned by ${has}, and would have no partitions` : `it is partitioned by ${has}, not by ${wants}`;
}

function unlike(spec: TableSpec, why: string): LakeError {
  return new LakeError(`${spec.layer}.${spec.table} can't take these rows: ${why}`, {
    code: 'TABLE_UNSUPPORTED',
    op: 'schema',
    path: `${spec.layer}/${spec.table}`,
    hint: 'Give the column a new name, or delete the table and run again: it is built anew.',
  });
}
