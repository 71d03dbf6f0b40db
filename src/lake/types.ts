import { LakeError } from '../errors.js';

/** A type in a Delta schema: a name, or a nested type. Source: PROTOCOL.md, "Schema Serialization Format". */
export type DeltaType = string | { readonly type: string; readonly [key: string]: unknown };

export interface DeltaField {
  readonly name: string;
  readonly type: DeltaType;
  readonly nullable: boolean;
  readonly metadata: Readonly<Record<string, unknown>>;
}

const primitives: Readonly<Record<string, string>> = {
  VARCHAR: 'string',
  BIGINT: 'long',
  INTEGER: 'integer',
  SMALLINT: 'short',
  TINYINT: 'byte',
  DOUBLE: 'double',
  BOOLEAN: 'boolean',
  DATE: 'date',
  BLOB: 'binary',
  'TIMESTAMP WITH TIME ZONE': 'timestamp',
};

const sqlPrimitives = new Map([...Object.entries(primitives).map(([sql, delta]): [string, string] => [delta, sql]), ['float', 'FLOAT']]);

/**
 * DuckDB's type, as DESCRIBE writes it, to Delta's; nested types too.
 * @throws LakeError TABLE_UNSUPPORTED for a type that some reader doesn't take
 */
export function deltaType(type: string): DeltaType {
  const primitive = primitives[type];
  if (primitive !== undefined) return primitive;
  const decimal = /^DECIMAL\((\d+), ?(\d+)\)$/.exec(type);
  if (decimal !== null) return `decimal(${decimal[1]},${decimal[2]})`;
  if (type.endsWith('[]')) return { type: 'array', elementType: deltaType(type.slice(0, -2)), containsNull: true };
  if (type.startsWith('MAP(')) {
    const [key = '', value = ''] = parts(type.slice(4, -1));
    return { type: 'map', keyType: deltaType(key), valueType: deltaType(value), valueContainsNull: true };
  }
  if (type.startsWith('STRUCT(')) return { type: 'struct', fields: parts(type.slice(7, -1)).map(structField) };
  throw new LakeError(`no Delta type that every reader takes for ${type}`, {
    code: 'TABLE_UNSUPPORTED',
    op: 'schema',
    hint: 'Cast the column to BIGINT, DOUBLE, DECIMAL, VARCHAR, DATE, BOOLEAN or TIMESTAMPTZ.',
  });
}

/** Splits at the commas that are in no brackets and in no quoted name. */
function parts(list: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (const [index, char] of Array.from(list, (char, index) => [index, char] as const)) {
    if (char === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (char === ',' && depth === 0) {
      found.push(list.slice(start, index).trim());
      start = index + 1;
    }
  }
  return [...found, list.slice(start).trim()];
}

function structField(text: string): DeltaField {
  const match = /^(?:"((?:[^"]|"")*)"|(\S+)) (.+)$/s.exec(text);
  const name = match?.[1]?.replaceAll('""', '"') ?? match?.[2] ?? '';
  return { name, type: deltaType(match?.[3] ?? ''), nullable: true, metadata: {} };
}

/** Delta's type to DuckDB's; an unknown name is given in capitals. */
export function sqlType(type: DeltaType): string {
  if (typeof type === 'string') return sqlPrimitives.get(type) ?? type.toUpperCase();
  const inner = (key: string): string => sqlType(type[key] as DeltaType);
  if (type.type === 'array') return `${inner('elementType')}[]`;
  if (type.type === 'map') return `MAP(${inner('keyType')}, ${inner('valueType')})`;
  const fields = type['fields'] as DeltaField[];
  return `STRUCT(${fields.map((field) => `"${field.name.replaceAll('"', '""')}" ${sqlType(field.type)}`).join(', ')})`;
}

/** The type that holds both a table's and a run's values in every reader, or null when there is none. */
export function commonType(known: DeltaType, wanted: DeltaType): DeltaType | null {
  if (sqlType(known) === sqlType(wanted)) return known;
  if (typeof known !== 'string' || typeof wanted !== 'string') return null;
  const whole = ['byte', 'short', 'integer', 'long'];
  const [a, b] = [whole.indexOf(known), whole.indexOf(wanted)];
  if (a >= 0 && b >= 0) return a >= b ? known : wanted;
  if ((known === 'double' && b >= 0 && b < 3) || (wanted === 'double' && a >= 0 && a < 3)) return 'double';
  const [left, right] = [decimalOf(known), decimalOf(wanted)];
  if (left === null || right === null || left.scale !== right.scale) return null;
  return left.precision >= right.precision ? known : wanted;
}

function decimalOf(type: string): { precision: number; scale: number } | null {
  const match = /^decimal\((\d+),\s?(\d+)\)$/.exec(type);
  return match === null ? null : { precision: Number(match[1]), scale: Number(match[2]) };
}
