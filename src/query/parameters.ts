import { DuckDBDateValue, DuckDBTimestampTZValue, type DuckDBValue } from '@duckdb/node-api';
import { LakeError } from '../errors.js';
import type { Parameters } from '../lake/duckdb.js';
import type { Statement } from './statement.js';

/** A value of a `$name`: whole numbers are BIGINT, other numbers DOUBLE, a Date is an instant, a text compares with a DATE too. */
export type QueryParameter = string | number | bigint | boolean | Date | CalendarDate | null;

export type QueryParameters = Readonly<Record<string, QueryParameter>>;

/** A DATE. */
export class CalendarDate {
  /** @param text `2026-01-31`, a day of the calendar */
  constructor(readonly text: string) {}
}

/**
 * The values that a statement uses, as DuckDB takes them; names are compared without regard to case, as DuckDB does.
 * @throws LakeError USAGE naming a parameter that has no value
 */
export function boundParameters(statement: Statement, values: QueryParameters): Parameters {
  const byName = new Map(Object.entries(values).map(([name, value]) => [name.toLowerCase(), value]));
  return Object.fromEntries(
    statement.parameters.map((name) => {
      const value = byName.get(name.toLowerCase());
      if (value === undefined) throw withoutValue(name);
      return [name, duckdbValue(value)];
    }),
  );
}

function withoutValue(name: string): LakeError {
  const option = name.toLowerCase() === 'since' || name.toLowerCase() === 'until';
  const hint = /^\d+$/.test(name) ? 'Parameters have names, such as $since; ? and $1 have no values.' : option ? `Give --${name.toLowerCase()} 2026-01-31.` : 'The command line gives values to $since and $until, the library to any name.';
  return new LakeError(`the SQL uses $${name}, which has no value`, { code: 'USAGE', op: 'query', path: `$${name}`, hint });
}

const msPerDay = 86_400_000;

function duckdbValue(value: QueryParameter): DuckDBValue {
  if (value instanceof CalendarDate) return new DuckDBDateValue(Date.parse(`${value.text}T00:00:00Z`) / msPerDay);
  if (value instanceof Date) return new DuckDBTimestampTZValue(BigInt(value.getTime()) * 1_000n);
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
}
