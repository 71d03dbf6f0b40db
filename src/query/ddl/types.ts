import type { DeltaField, DeltaType } from '../../lake/types.js';
import { unsupported } from './tables.js';

/** How an engine writes types. */
interface TypeNames {
  readonly scalars: Readonly<Record<string, string>>;
  readonly array: (element: string) => string;
  readonly map: (key: string, value: string) => string;
  readonly struct: (fields: readonly (readonly [name: string, type: string])[]) => string;
}

type Place = Parameters<typeof unsupported>[0];

const shared = { double: 'double', boolean: 'boolean', date: 'date', long: 'bigint', short: 'smallint', byte: 'tinyint' } as const;

/** What Hive's names allow within a type, where nothing can be quoted. */
const plainName = /^\w+$/;

const hive: TypeNames = {
  scalars: { ...shared, string: 'string', integer: 'int', float: 'float', binary: 'binary', timestamp: 'timestamp' },
  array: (element) => `array<${element}>`,
  map: (key, value) => `map<${key},${value}>`,
  struct: (fields) => `struct<${fields.map(([name, type]) => `${name}:${type}`).join(',')}>`,
};

/** The Hive connector has no instants: their files hold UTC, which it reads as times without a zone. */
const trinoHive: TypeNames = {
  scalars: { ...shared, string: 'varchar', integer: 'integer', float: 'real', binary: 'varbinary', timestamp: 'timestamp(6)' },
  array: (element) => `array(${element})`,
  map: (key, value) => `map(${key}, ${value})`,
  struct: (fields) => `row(${fields.map(([name, type]) => `"${name.replaceAll('"', '""')}" ${type}`).join(', ')})`,
};

/** A column's type for Athena and Glue. @throws LakeError TABLE_UNSUPPORTED */
export function hiveType(table: Place, field: DeltaField): string {
  return written(table, field.name, field.type, hive, plainName);
}

/** A column's type for Trino's Hive connector. @throws LakeError TABLE_UNSUPPORTED */
export function trinoHiveType(table: Place, field: DeltaField): string {
  return written(table, field.name, field.type, trinoHive, /^[^]*$/);
}

function written(table: Place, column: string, type: DeltaType, names: TypeNames, allowed: RegExp): string {
  const inner = (each: DeltaType): string => written(table, column, each, names, allowed);
  if (typeof type === 'string') {
    const decimal = /^decimal\((\d+),\s?(\d+)\)$/.exec(type);
    const scalar = decimal === null ? names.scalars[type] : `decimal(${decimal[1]},${decimal[2]})`;
    if (scalar === undefined) throw unsupported(table, `it has no type for the column ${column}, which is ${type}`);
    return scalar;
  }
  if (type.type === 'array') return names.array(inner(type['elementType'] as DeltaType));
  if (type.type === 'map') return names.map(inner(type['keyType'] as DeltaType), inner(type['valueType'] as DeltaType));
  const fields = type['fields'] as readonly DeltaField[];
  const odd = fields.find(({ name }) => !allowed.test(name));
  if (odd !== undefined) throw unsupported(table, `the field ${odd.name} of the column ${column} has a name that it can't be told`);
  return names.struct(fields.map(({ name, type: each }) => [name, inner(each)]));
}
