import type { TypeName } from './ast.js';
import { invalid, refused } from './errors.js';
import { identifier } from '../lake/sql.js';

/** A type of Trino. */
export type Type =
  | { readonly kind: 'unknown' | 'boolean' | 'tinyint' | 'smallint' | 'integer' | 'bigint' | 'real' | 'double' | 'varchar' | 'varbinary' | 'date' | 'time' | 'json' | 'interval day to second' | 'interval year to month' }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'timestamp'; readonly precision: number }
  /** DuckDB keeps the instant, so the zone is part of the type; null: it may be any, so nothing that needs it can be had. */
  | { readonly kind: 'timestamptz'; readonly precision: number; readonly zone: string | null }
  | { readonly kind: 'array'; readonly of: Type }
  | { readonly kind: 'map'; readonly key: Type; readonly value: Type }
  | { readonly kind: 'row'; readonly fields: readonly Field[] }
  /** A value that can't be computed here, as `checksum`: it may only be compared with NULL. */
  | { readonly kind: 'opaque'; readonly name: string };

export interface Field {
  /** Null where the row's constructor gave none. */
  readonly name: string | null;
  readonly type: Type;
}

export type Kind = Type['kind'];

export const unknown: Type = { kind: 'unknown' };
export const boolean: Type = { kind: 'boolean' };
export const integer: Type = { kind: 'integer' };
export const bigint: Type = { kind: 'bigint' };
export const double: Type = { kind: 'double' };
export const varchar: Type = { kind: 'varchar' };
export const varbinary: Type = { kind: 'varbinary' };
export const date: Type = { kind: 'date' };
export const json: Type = { kind: 'json' };
export const timestamp = (precision: number): Type => ({ kind: 'timestamp', precision });
export const instant = (precision: number, zone: string | null = 'UTC'): Type => ({ kind: 'timestamptz', precision, zone });
export const decimal = (precision: number, scale: number): Type => ({ kind: 'decimal', precision: Math.min(38, Math.max(1, precision)), scale });
export const array = (of: Type): Type => ({ kind: 'array', of });
export const map = (key: Type, value: Type): Type => ({ kind: 'map', key, value });

const integers: readonly Kind[] = ['tinyint', 'smallint', 'integer', 'bigint'];
const digits: Readonly<Record<string, number>> = { tinyint: 3, smallint: 5, integer: 10, bigint: 19 };

export function isInteger({ kind }: Type): boolean {
  return integers.includes(kind);
}

export function isNumber(type: Type): boolean {
  return isInteger(type) || type.kind === 'decimal' || isFloating(type);
}

export function isFloating({ kind }: Type): boolean {
  return kind === 'double' || kind === 'real';
}

/** Date or timestamp, with a zone or without. */
export function isDay({ kind }: Type): boolean {
  return kind === 'date' || kind === 'timestamp' || kind === 'timestamptz';
}

/** An integer's type as the decimal that has all its values; a decimal as it is. */
export function asDecimal(type: Type): Extract<Type, { kind: 'decimal' }> | null {
  if (type.kind === 'decimal') return type;
  const precision = digits[type.kind];
  return precision === undefined ? null : { kind: 'decimal', precision, scale: 0 };
}

/** A type as Trino writes it. */
export function show(type: Type): string {
  switch (type.kind) {
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`;
    case 'timestamp':
      return `timestamp(${type.precision})`;
    case 'timestamptz':
      return `timestamp(${type.precision}) with time zone`;
    case 'array':
      return `array(${show(type.of)})`;
    case 'map':
      return `map(${show(type.key)}, ${show(type.value)})`;
    case 'row':
      return `row(${type.fields.map(({ name, type: each }) => `${name === null ? '' : `${name} `}${show(each)}`).join(', ')})`;
    case 'opaque':
      return type.name;
    default:
      return type.kind;
  }
}

const plain: Readonly<Record<string, string>> = {
  'unknown': 'INTEGER', 'boolean': 'BOOLEAN', 'tinyint': 'TINYINT', 'smallint': 'SMALLINT', 'integer': 'INTEGER', 'bigint': 'BIGINT', 'real': 'FLOAT', 'double': 'DOUBLE', 'varchar': 'VARCHAR',
  'varbinary': 'BLOB', 'date': 'DATE', 'time': 'TIME', 'json': 'JSON', 'interval day to second': 'INTERVAL', 'interval year to month': 'INTERVAL', 'timestamp': 'TIMESTAMP', 'timestamptz': 'TIMESTAMPTZ',
};

/** The type of DuckDB that keeps its values. */
export function duckType(type: Type): string {
  switch (type.kind) {
    case 'decimal':
      return `DECIMAL(${type.precision}, ${type.scale})`;
    case 'array':
      return `${duckType(type.of)}[]`;
    case 'map':
      return `MAP(${duckType(type.key)}, ${duckType(type.value)})`;
    case 'row':
      return `STRUCT(${type.fields.map((field, index) => `${identifier(fieldName(type.fields, index))} ${duckType(field.type)}`).join(', ')})`;
    default:
      return plain[type.kind] ?? 'INTEGER';
  }
}

/** How DuckDB calls a row's field: by its name, or by its place where there is none. */
export function fieldName(fields: readonly Field[], index: number): string {
  return fields[index]?.name ?? `field${index}`;
}

/** Equal types, with equal zones. */
export function sameType(a: Type, b: Type): boolean {
  return show(a) === show(b) && zonesOf(a) === zonesOf(b);
}

function zonesOf(type: Type): string {
  switch (type.kind) {
    case 'timestamptz':
      return `${type.zone ?? '?'} `;
    case 'array':
      return zonesOf(type.of);
    case 'map':
      return zonesOf(type.key) + zonesOf(type.value);
    case 'row':
      return type.fields.map((field) => zonesOf(field.type)).join('');
    default:
      return '';
  }
}

/** The type that values of both have without loss, as Trino finds it; null if there is none. */
export function commonType(a: Type, b: Type): Type | null {
  if (a.kind === 'unknown') return b;
  if (b.kind === 'unknown') return a;
  if (a.kind === 'timestamptz' && b.kind === 'timestamptz') return instant(Math.max(a.precision, b.precision), a.zone === b.zone ? a.zone : null);
  if (sameType(a, b)) return a;
  if (isNumber(a) && isNumber(b)) return commonNumber(a, b);
  if (isDay(a) && isDay(b)) return commonDay(a, b);
  if (a.kind === 'array' && b.kind === 'array') return wrap(commonType(a.of, b.of), array);
  if (a.kind === 'map' && b.kind === 'map') {
    const key = commonType(a.key, b.key);
    return key === null ? null : wrap(commonType(a.value, b.value), (value) => map(key, value));
  }
  if (a.kind === 'row' && b.kind === 'row') return commonRow(a.fields, b.fields);
  return null;
}

function wrap(type: Type | null, make: (type: Type) => Type): Type | null {
  return type === null ? null : make(type);
}

function commonNumber(a: Type, b: Type): Type {
  if (isInteger(a) && isInteger(b)) return integers.indexOf(a.kind) > integers.indexOf(b.kind) ? a : b;
  const left = asDecimal(a);
  const right = asDecimal(b);
  if (left !== null && right !== null) {
    const scale = Math.max(left.scale, right.scale);
    return decimal(Math.max(left.precision - left.scale, right.precision - right.scale) + scale, scale);
  }
  return a.kind === 'double' || b.kind === 'double' ? double : { kind: 'real' };
}

function commonDay(a: Type, b: Type): Type {
  const precision = Math.max('precision' in a ? a.precision : 0, 'precision' in b ? b.precision : 0);
  const zoned = a.kind === 'timestamptz' ? a : b.kind === 'timestamptz' ? b : null;
  if (zoned === null) return timestamp(precision);
  return instant(precision, zoned.zone === 'UTC' ? 'UTC' : null);
}

function commonRow(a: readonly Field[], b: readonly Field[]): Type | null {
  if (a.length !== b.length) return null;
  const fields: Field[] = [];
  for (const [index, left] of a.entries()) {
    const right = b[index]!;
    const type = commonType(left.type, right.type);
    if (type === null) return null;
    fields.push({ name: left.name === right.name ? left.name : null, type });
  }
  return { kind: 'row', fields };
}

/** Whether Trino takes a value for another type without a cast. */
export function coercible(from: Type, to: Type): boolean {
  const common = commonType(from, to);
  if (common === null) return false;
  if (to.kind === 'timestamptz' && common.kind === 'timestamptz') return true;
  if (to.kind === 'row') return common.kind === 'row' && to.fields.every((field, index) => coercible((from.kind === 'row' ? from.fields[index]?.type : undefined) ?? unknown, field.type));
  return sameType(common, to) || (to.kind === 'timestamp' && common.kind === 'timestamp' && common.precision <= 6);
}

const aliases: Readonly<Record<string, Kind>> = { int: 'integer', string: 'varchar', float: 'real', 'double precision': 'double' };
const simple = new Set<string>(['boolean', 'tinyint', 'smallint', 'integer', 'bigint', 'real', 'double', 'varbinary', 'date', 'time', 'json']);

/** A type as it is written. @throws DialectError for one that can't be had */
export function typeOf(name: TypeName): Type {
  const { at, numbers, of } = name;
  const kind = aliases[name.name] ?? name.name;
  if (kind === 'decimal' || kind === 'dec' || kind === 'numeric') {
    const [precision = 38, scale = 0] = numbers;
    if (precision > 38 || scale > precision) throw invalid(at, `decimal(${precision},${scale}) has too many digits`, 'A decimal has 38 digits at most.');
    return decimal(precision, scale);
  }
  if (kind === 'varchar') return varchar;
  if (kind === 'timestamp' || kind === 'timestamp with time zone') {
    const [precision = 3] = numbers;
    if (precision > 6) throw refused(at, `timestamp(${precision})`, 'Timestamps have microseconds here: write timestamp(6).');
    return kind === 'timestamp' ? timestamp(precision) : instant(precision);
  }
  const cut = of.find((each) => each.name === 'varchar' && each.numbers.length > 0);
  if (cut !== undefined) throw refused(cut.at, 'varchar with a length within another type', 'Write varchar, and cut the texts with substr.');
  if (kind === 'array' && of.length === 1) return array(typeOf(of[0]!));
  if (kind === 'map' && of.length === 2) return map(typeOf(of[0]!), typeOf(of[1]!));
  if (kind === 'row') return rowType(name);
  if (simple.has(kind)) return { kind } as Type;
  throw refused(at, `the type ${name.name}`, 'There are boolean, the integers, decimal, real, double, varchar, varbinary, date, timestamp, json, array, map and row; for char write varchar.');
}

function rowType({ at, of, names }: TypeName): Type {
  const fields = of.map((type, index) => ({ name: names[index] ?? null, type: typeOf(type) }));
  const named = fields.flatMap(({ name }) => (name === null ? [] : [name.toLowerCase()]));
  if (new Set(named).size < named.length) throw refused(at, 'a row with two fields of one name', 'Give each field a name of its own.');
  return { kind: 'row', fields: fields.map(({ name, type }) => ({ name: name?.toLowerCase() ?? null, type })) };
}
