import { LakeError } from '../../errors.js';

const scalars: Readonly<Record<string, string>> = {
  'VARCHAR': 'varchar', 'BIGINT': 'bigint', 'INTEGER': 'integer', 'SMALLINT': 'smallint', 'TINYINT': 'tinyint', 'DOUBLE': 'double', 'FLOAT': 'real', 'BOOLEAN': 'boolean', 'DATE': 'date', 'BLOB': 'varbinary',
  'TIMESTAMP WITH TIME ZONE': 'timestamp(6) with time zone', 'TIMESTAMP': 'timestamp(6)',
};

/** Trino's name for a column type of DuckDB. @throws LakeError ENGINE_FAILED for one that it has not */
export function trinoType(type: string): string {
  const scalar = scalars[type];
  if (scalar !== undefined) return scalar;
  const decimal = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(type);
  if (decimal !== null) return `decimal(${decimal[1]}, ${decimal[2]})`;
  if (type.endsWith('[]')) return `array(${trinoType(type.slice(0, -2))})`;
  const map = /^MAP\((\w+), (.+)\)$/.exec(type);
  if (map !== null) return `map(${trinoType(map[1] ?? '')}, ${trinoType(map[2] ?? '')})`;
  throw new LakeError(`Trino has no type for ${type}`, { code: 'ENGINE_FAILED', op: 'engine', path: type, hint: 'Cast the column to BIGINT, DOUBLE, DECIMAL, VARCHAR, DATE or TIMESTAMPTZ, or build it with --engine duckdb.' });
}

/** What the Hive connector is told that a file's column is: it has no instants, and reads them as times in UTC. */
export function hiveType(type: string): string {
  return type === 'TIMESTAMP WITH TIME ZONE' ? 'timestamp(6)' : trinoType(type);
}
