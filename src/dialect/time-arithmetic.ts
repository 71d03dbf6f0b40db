import { localTime, text, duckZone } from './convert.js';
import { refused } from './errors.js';
import type { Typed } from './scope.js';
import { isDay, isInteger, isFloating, type Type } from './types.js';

const interval = (type: Type): boolean => type.kind === 'interval day to second' || type.kind === 'interval year to month';

/** Sums and differences of dates, timestamps and intervals; null if none is among the operands. */
export function timeArithmetic(at: number, operator: string, left: Typed, right: Typed): Typed | null {
  const [a, b] = [left.type, right.type];
  if (isDay(a) && isDay(b) && operator === '-' && (a.kind === 'date') === (b.kind === 'date')) return difference(left, right);
  if (interval(a) && interval(b) && a.kind === b.kind && (operator === '+' || operator === '-')) return { sql: `(${left.sql} ${operator} ${right.sql})`, type: a };
  if (isDay(a) && interval(b) && (operator === '+' || operator === '-')) return shifted(at, left, operator === '+' ? right.sql : `(- ${right.sql})`, b);
  if (interval(a) && isDay(b) && operator === '+') return shifted(at, right, left.sql, a);
  if (interval(a) && isInteger(b) && operator === '*') return { sql: `(${left.sql} * ${right.sql})`, type: a };
  if (isInteger(a) && interval(b) && operator === '*') return { sql: `(${right.sql} * ${left.sql})`, type: b };
  if (interval(a) && (isFloating(b) || b.kind === 'decimal')) throw refused(at, 'an interval times or by a fraction', 'Compute in seconds: to_unixtime, date_diff.');
  return null;
}

function difference(left: Typed, right: Typed): Typed {
  const days = left.type.kind === 'date';
  const us = (sql: string): string => `epoch_us(${days ? `CAST(${sql} AS TIMESTAMP)` : sql})`;
  // Trino's intervals have milliseconds.
  return { sql: `to_microseconds((${us(left.sql)} - ${us(right.sql)}) // 1000 * 1000)`, type: { kind: 'interval day to second' } };
}

/** Days and less are time that passes; months are dates of the calendar in the value's own zone. */
export function shifted(at: number, value: Typed, by: string, { kind }: Type): Typed {
  const { type, sql } = value;
  if (type.kind === 'date') return { sql: `tr_date_plus(${sql}, ${by})`, type };
  if (type.kind === 'timestamptz' && kind === 'interval year to month') return { sql: `timezone(${text(duckZone(type.zone ?? 'UTC'))}, ${localTime(at, value)} + ${by})`, type };
  return { sql: `(${sql} + ${by})`, type };
}
