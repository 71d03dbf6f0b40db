import { identifier } from '../lake/sql.js';
import { invalid, refused } from './errors.js';
import { fromJson, toJson } from './convert-json.js';
import type { Typed } from './scope.js';
import { coercible, duckType, fieldName, isDay, isFloating, isInteger, isNumber, sameType, show, type Type } from './types.js';

export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** A value of one type as one of another that Trino takes without a cast. @throws DialectError when it doesn't */
export function coerce(at: number, typed: Typed, to: Type): Typed {
  if (sameType(typed.type, to)) return typed;
  if (!coercible(typed.type, to)) throw invalid(at, `${show(typed.type)} is no ${show(to)}`, `Trino compares and joins values of one type: write CAST(… AS ${show(to)}).`);
  return { sql: convert(at, typed.sql, typed.type, to, 0), type: to, ...(typed.constant === undefined ? {} : { constant: typed.constant }), ...(isFloating(to) && !isFloating(typed.type) ? { isNumber: true } : {}) };
}

/** CAST, with Trino's rules of which types it takes, of rounding and of what is no value. @throws DialectError */
export function castTo(at: number, typed: Typed, to: Type): Typed {
  return { sql: convert(at, typed.sql, typed.type, to, 0), type: castType(typed.type, to), ...(isFloating(to) && isNumber(typed.type) && !isFloating(typed.type) ? { isNumber: true } : {}) };
}

/** A timestamp keeps its zone. */
function castType(from: Type, to: Type): Type {
  return to.kind === 'timestamptz' && from.kind === 'timestamptz' ? { ...to, zone: from.zone } : to;
}

/** @param level how many lists are around it: elements are named by it */
export function convert(at: number, sql: string, from: Type, to: Type, level: number): string {
  if (from.kind === 'unknown') return `CAST(${sql} AS ${duckType(to)})`;
  if (sameType(from, to)) return sql;
  if (to.kind === 'json') return `CAST(${toJson(at, sql, from, level)} AS JSON)`;
  if (from.kind === 'json') return fromJson(at, sql, to, level);
  if (to.kind === 'array' && from.kind === 'array') return `list_transform(${sql}, lambda e${level}: ${convert(at, `e${level}`, from.of, to.of, level + 1)})`;
  if (to.kind === 'map' && from.kind === 'map') {
    const entry = `e${level}`;
    return `map_from_entries(list_transform(map_entries(${sql}), lambda ${entry}: {k: ${convert(at, `${entry}.key`, from.key, to.key, level + 1)}, v: ${convert(at, `${entry}.value`, from.value, to.value, level + 1)}}))`;
  }
  if (to.kind === 'row' && from.kind === 'row' && from.fields.length === to.fields.length) {
    const fields = to.fields.map((field, index) => `${identifier(fieldName(to.fields, index))} := ${convert(at, `(${sql}).${identifier(fieldName(from.fields, index))}`, from.fields[index]!.type, field.type, level)}`);
    return `CASE WHEN ${sql} IS NOT NULL THEN struct_pack(${fields.join(', ')}) END`;
  }
  const converted = plain(at, sql, from, to);
  if (converted === null) throw invalid(at, `${show(from)} can't be cast to ${show(to)}`);
  return converted;
}

function plain(at: number, sql: string, from: Type, to: Type): string | null {
  if (to.kind === 'varchar') return toText(at, sql, from);
  if (from.kind === 'varchar') return fromText(sql, to);
  const cast = `CAST(${sql} AS ${duckType(to)})`;
  if (isNumber(from) && isNumber(to)) {
    if (isFloating(from) && isInteger(to)) return `CAST(round(${sql}) AS ${duckType(to)})`;
    // Through its shortest text, as Trino does: 1.005 is 1.01 then.
    return isFloating(from) && to.kind === 'decimal' ? `CAST(CAST(${sql} AS VARCHAR) AS ${duckType(to)})` : cast;
  }
  if ((from.kind === 'boolean' && isNumber(to)) || (to.kind === 'boolean' && isNumber(from))) return cast;
  if (isDay(from) && (isDay(to) || to.kind === 'time')) return days(at, sql, from, to);
  return null;
}

function days(at: number, sql: string, from: Type, to: Type): string | null {
  if (from.kind === 'date' && to.kind === 'time') return null;
  const local = localTime(at, { sql, type: from });
  if (to.kind === 'date' || to.kind === 'time') return `CAST(${local} AS ${duckType(to)})`;
  if (to.kind !== 'timestamp' && to.kind !== 'timestamptz') return null;
  const finer = !('precision' in from) || from.precision <= to.precision;
  const rounded = (stamp: string): string => (finer ? stamp : `tr_round_time(${stamp}, ${10 ** (6 - to.precision)})`);
  if (to.kind === 'timestamp') return rounded(local);
  if (from.kind !== 'timestamptz') return `timezone('UTC', ${rounded(local)})`;
  return finer ? sql : `timezone('UTC', ${rounded(`timezone('UTC', ${sql})`)})`;
}

/** A date or timestamp as the clock shows it in its own zone: a TIMESTAMP. */
export function localTime(at: number, { sql, type }: Typed): string {
  if (type.kind === 'date') return `CAST(${sql} AS TIMESTAMP)`;
  if (type.kind !== 'timestamptz') return sql;
  if (type.zone === null) throw refused(at, 'the local time of values with different time zones', "Bring them to one zone: x AT TIME ZONE 'Asia/Seoul'.");
  return `timezone(${text(duckZone(type.zone))}, ${sql})`;
}

/** Whole offsets have names in DuckDB, with their signs turned round. */
export function duckZone(zone: string): string {
  const offset = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?00)?$/i.exec(zone);
  if (offset === null) return zone === 'Z' ? 'UTC' : zone;
  return Number(offset[2]) === 0 ? 'UTC' : `Etc/GMT${offset[1] === '+' ? '-' : '+'}${Number(offset[2])}`;
}

function toText(at: number, sql: string, from: Type): string | null {
  if (isInteger(from) || from.kind === 'decimal' || from.kind === 'boolean' || from.kind === 'date') return `CAST(${sql} AS VARCHAR)`;
  if (from.kind === 'real') throw refused(at, 'the text of a real', 'Cast it to double before.');
  if (isFloating(from)) return `tr_double_text(${sql})`;
  if (from.kind === 'timestamp') return `tr_time_text(${sql}, ${from.precision})`;
  if (from.kind === 'timestamptz') return `(tr_time_text(${localTime(at, { sql, type: from })}, ${from.precision}) || ${text(` ${from.zone ?? ''}`)})`;
  return null;
}

function fromText(sql: string, to: Type): string | null {
  const duck = duckType(to);
  if (isInteger(to)) return `CAST(tr_whole_text(${sql}) AS ${duck})`;
  if (isFloating(to)) return `CAST(tr_number_text(${sql}) AS ${duck})`;
  switch (to.kind) {
    case 'decimal':
      return `CAST(tr_decimal_text(${sql}) AS ${duck})`;
    case 'boolean':
      return `tr_boolean_text(${sql})`;
    case 'date':
      return `tr_date_of(${sql})`;
    case 'timestamp':
      return to.precision === 6 ? `tr_timestamp_of(${sql})` : `tr_round_time(tr_timestamp_of(${sql}), ${10 ** (6 - to.precision)})`;
    case 'timestamptz':
      return `tr_instant_of(${sql})`;
    default:
      return null;
  }
}
