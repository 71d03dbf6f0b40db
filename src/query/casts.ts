import { DuckDBArrayType, DuckDBListType, DuckDBMapType, DuckDBStructType, DuckDBTypeId, type DuckDBType } from '@duckdb/node-api';
import { identifier } from '../lake/sql.js';

/** A column of a result: its name, no two alike, and DuckDB's type. */
export interface ResultColumn {
  readonly name: string;
  readonly type: DuckDBType;
}

/** How a format wants a column: an expression on it. */
export type ColumnForm = (column: ResultColumn) => string;

const zoned = '%Y-%m-%dT%H:%M:%S.%fZ';
const unzoned = '%Y-%m-%dT%H:%M:%S.%f';

export const asIs: ColumnForm = ({ name }) => identifier(name);

/** CSV: timestamps ISO 8601 in UTC, nested values as JSON; nulls stay nulls. */
export const csvForm: ColumnForm = ({ name, type }) => {
  const value = identifier(name);
  if (isNested(type)) return `CAST(to_json(${jsonValue(value, type, 0)}) AS VARCHAR)`;
  return instant(value, type) ?? value;
};

/** Everything as text, for people. */
export const textForm: ColumnForm = (column) => `CAST(${csvForm(column)} AS VARCHAR)`;

/** JSON: numbers keep their digits; in nested values decimals are texts, since DuckDB's JSON would make doubles of them. */
export const jsonForm: ColumnForm = ({ name, type }) => (type.typeId === DuckDBTypeId.DECIMAL ? identifier(name) : jsonValue(identifier(name), type, 0));

/** Parquet: 128-bit integers are DECIMAL(38,0), which Parquet has; DuckDB would make doubles of them. */
export const parquetForm: ColumnForm = ({ name, type }) => (hasHuge(type) ? `CAST(${identifier(name)} AS ${parquetType(type)})` : identifier(name));

/** Arrow: what has no plain Arrow type is text, nested values as JSON. */
export const arrowForm: ColumnForm = (column) => {
  if (hugeIds.has(column.type.typeId)) return parquetForm(column);
  if (arrowIds.has(column.type.typeId)) return identifier(column.name);
  return isNested(column.type) ? csvForm(column) : `CAST(${identifier(column.name)} AS VARCHAR)`;
};

const hugeIds: ReadonlySet<DuckDBTypeId> = new Set([DuckDBTypeId.HUGEINT, DuckDBTypeId.UHUGEINT]);

const arrowIds: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.BOOLEAN, DuckDBTypeId.TINYINT, DuckDBTypeId.SMALLINT, DuckDBTypeId.INTEGER, DuckDBTypeId.BIGINT,
  DuckDBTypeId.UTINYINT, DuckDBTypeId.USMALLINT, DuckDBTypeId.UINTEGER, DuckDBTypeId.UBIGINT, DuckDBTypeId.FLOAT, DuckDBTypeId.DOUBLE,
  DuckDBTypeId.DECIMAL, DuckDBTypeId.DATE, DuckDBTypeId.TIMESTAMP, DuckDBTypeId.TIMESTAMP_TZ, DuckDBTypeId.VARCHAR, DuckDBTypeId.BLOB,
]);

function isNested(type: DuckDBType): boolean {
  return type instanceof DuckDBListType || type instanceof DuckDBArrayType || type instanceof DuckDBMapType || type instanceof DuckDBStructType;
}

function instant(value: string, type: DuckDBType): string | null {
  if (type.typeId === DuckDBTypeId.TIMESTAMP_TZ) return `strftime(${value}, '${zoned}')`;
  return type.typeId === DuckDBTypeId.TIMESTAMP ? `strftime(${value}, '${unzoned}')` : null;
}

/** A value that DuckDB writes as valid and exact JSON. `depth` keeps the names of nested lambdas apart. */
function jsonValue(value: string, type: DuckDBType, depth: number): string {
  if (isPlain(type)) return value;
  const element = `e${depth}`;
  const within = (inner: string, innerType: DuckDBType): string => jsonValue(inner, innerType, depth + 1);
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
    return `list_transform(${value}, lambda ${element}: ${within(element, type.valueType)})`;
  }
  if (type instanceof DuckDBMapType) {
    const entry = `{'key': ${within(`${element}.key`, type.keyType)}, 'value': ${within(`${element}.value`, type.valueType)}}`;
    return `map_from_entries(list_transform(map_entries(${value}), lambda ${element}: ${entry}))`;
  }
  if (type instanceof DuckDBStructType) {
    const fields = type.entryNames.map((name, index) => `${identifier(name)} := ${within(`(${value}).${identifier(name)}`, type.entryTypes[index]!)}`);
    return `CASE WHEN ${value} IS NOT NULL THEN struct_pack(${fields.join(', ')}) END`;
  }
  if (type.typeId === DuckDBTypeId.DECIMAL) return `CAST(${value} AS VARCHAR)`;
  if (isFloat(type)) return `CASE WHEN isfinite(${value}) THEN to_json(${value}) ELSE to_json(CAST(${value} AS VARCHAR)) END`;
  return instant(value, type) ?? value;
}

function isFloat(type: DuckDBType): boolean {
  return type.typeId === DuckDBTypeId.DOUBLE || type.typeId === DuckDBTypeId.FLOAT;
}

/** Whether DuckDB writes it right without help. */
function isPlain(type: DuckDBType): boolean {
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) return isPlain(type.valueType);
  if (type instanceof DuckDBMapType) return isPlain(type.keyType) && isPlain(type.valueType);
  if (type instanceof DuckDBStructType) return type.entryNames.includes('') || type.entryTypes.every(isPlain);
  return type.typeId !== DuckDBTypeId.DECIMAL && !isFloat(type) && instant('', type) === null;
}

function hasHuge(type: DuckDBType): boolean {
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) return hasHuge(type.valueType);
  if (type instanceof DuckDBMapType) return hasHuge(type.keyType) || hasHuge(type.valueType);
  if (type instanceof DuckDBStructType) return type.entryTypes.some(hasHuge);
  return hugeIds.has(type.typeId);
}

function parquetType(type: DuckDBType): string {
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) return `${parquetType(type.valueType)}[]`;
  if (type instanceof DuckDBMapType) return `MAP(${parquetType(type.keyType)}, ${parquetType(type.valueType)})`;
  if (type instanceof DuckDBStructType) return `STRUCT(${type.entryNames.map((name, index) => `${identifier(name)} ${parquetType(type.entryTypes[index]!)}`).join(', ')})`;
  return hugeIds.has(type.typeId) ? 'DECIMAL(38,0)' : type.toString();
}
