import type { Expression, TypeName } from './ast.js';
import { castTo, text } from './convert.js';
import { invalid } from './errors.js';
import type { Typed } from './scope.js';
import { bigint, boolean, decimal, double, duckType, instant, integer, json, timestamp, unknown, varbinary, varchar, type Type } from './types.js';

type Literal = Extract<Expression, { kind: 'null' } | { kind: 'boolean' } | { kind: 'string' } | { kind: 'hex' } | { kind: 'integer' } | { kind: 'decimal' } | { kind: 'double' } | { kind: 'interval' }>;

/** A constant of the query, with the type that Trino gives it. */
export function literal(expression: Literal): Typed {
  const { at, kind } = expression;
  switch (kind) {
    case 'null':
      return { sql: 'NULL', type: unknown };
    case 'boolean':
      return { sql: expression.value ? 'true' : 'false', type: boolean };
    case 'string':
      return { sql: text(expression.value), type: varchar, constant: expression.value };
    case 'hex':
      return { sql: `unhex(${text(expression.value)})`, type: varbinary };
    case 'double':
      return { sql: `CAST(${expression.value} AS DOUBLE)`, type: double, isNumber: true };
    case 'integer':
      return whole(at, expression.value);
    case 'decimal':
      return fraction(at, expression.value);
    case 'interval':
      return interval(expression);
  }
}

function whole(at: number, value: string): Typed {
  const number = BigInt(value);
  if (number >= 2n ** 63n) throw invalid(at, `${value} is too great for a bigint`, `Write it as a decimal: ${value}.0, or DECIMAL '${value}'.`);
  const type = number < 2n ** 31n ? integer : bigint;
  return { sql: `CAST(${number} AS ${duckType(type)})`, type, ...(number <= BigInt(Number.MAX_SAFE_INTEGER) ? { constant: Number(number) } : {}) };
}

/** Zeros before the point count for nothing. */
function fraction(at: number, value: string): Typed {
  const [before = '', after = ''] = value.split('.');
  const digits = before.replace(/^0+/, '').length + after.length;
  if (digits > 38) throw invalid(at, `${value} has more than 38 digits`);
  const type = decimal(Math.max(digits, 1), after.length);
  return { sql: `CAST(${text(value)} AS ${duckType(type)})`, type };
}

const unitUs: Readonly<Record<string, number>> = { day: 86_400_000_000, hour: 3_600_000_000, minute: 60_000_000, second: 1_000_000 };
const order = ['year', 'month', 'day', 'hour', 'minute', 'second'];

function interval({ at, sign, value, from, to }: Extract<Expression, { kind: 'interval' }>): Typed {
  const found = /^\s*([+-]?)(\d[\d\s:.-]*)$/.exec(value);
  const parts = (found?.[2] ?? '').trim().split(/[\s:-]+/);
  const units = order.slice(order.indexOf(from), order.indexOf(to ?? from) + 1);
  if (found === null || parts.length > units.length || parts.some((part) => !/^\d+(\.\d+)?$/.test(part))) throw invalid(at, `'${value}' is no interval of ${from}${to === null ? '' : ` to ${to}`}`);
  const factor = found[1] === '-' ? -sign : sign;
  if (from === 'year' || from === 'month') {
    const months = parts.reduce((sum, part, index) => sum + Number(part) * (units[index] === 'year' ? 12 : 1), 0);
    return { sql: `to_months(CAST(${factor * months} AS INTEGER))`, type: { kind: 'interval year to month' } };
  }
  const us = parts.reduce((sum, part, index) => sum + Math.round(Number(part) * (unitUs[units[index] ?? ''] ?? 0)), 0);
  return { sql: `to_microseconds(CAST(${factor * us} AS BIGINT))`, type: { kind: 'interval day to second' } };
}

/** `DATE '2026-01-31'` and the like. A timestamp's precision is that of what is written, with a zone if it says one. */
export function typedLiteral(at: number, type: Type, name: TypeName, value: string): Typed {
  const quoted: Typed = { sql: text(value), type: varchar };
  if (type.kind === 'json') return { sql: `tr_json_parse(${text(value)})`, type: json };
  if (type.kind === 'varchar') return { ...quoted, constant: value };
  if (type.kind === 'decimal' && name.numbers.length === 0) return fraction(at, value);
  if (type.kind !== 'timestamp' && type.kind !== 'timestamptz') return castTo(at, quoted, type);
  const parts = /^\s*[+-]?\d{4,}-\d{1,2}-\d{1,2}(?:[ ]\d{1,2}:\d{1,2}(?::\d{1,2}(?:\.(\d+))?)?)?\s*([A-Za-z+-].*)?$/.exec(value);
  if (parts === null) throw invalid(at, `'${value}' is no timestamp`, "Write it like TIMESTAMP '2026-01-31 23:59:59'.");
  const precision = parts[1]?.length ?? 0;
  if (precision > 6) throw invalid(at, `'${value}' is finer than a microsecond`, 'Timestamps have microseconds here.');
  const zone = parts[2]?.trim();
  const as = castTo(at, quoted, zone === undefined ? timestamp(6) : instant(6));
  return { sql: as.sql, type: zone === undefined ? timestamp(precision) : instant(precision, zone) };
}
