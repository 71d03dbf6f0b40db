import { castTo, coerce, duckZone, localTime, text } from '../convert.js';
import { invalid, refused } from '../errors.js';
import type { Typed } from '../scope.js';
import { array, bigint, commonType, date, double, instant, isDay, isInteger, show, timestamp, varchar, type Type } from '../types.js';
import { argument, constantText, count, type Bound, type Make } from './signature.js';
import { fromJoda, fromMysql } from './time-patterns.js';
import { atZone, constantZone, inZone } from './zones.js';

const parts: Readonly<Record<string, string>> = {
  year: 'year', quarter: 'quarter', month: 'month', week: 'week', week_of_year: 'week', day: 'day', day_of_month: 'day', day_of_week: 'isodow', dow: 'isodow', day_of_year: 'doy', doy: 'doy', year_of_week: 'isoyear', yow: 'isoyear', hour: 'hour', minute: 'minute', second: 'second', millisecond: 'millisecond',
};

/** `EXTRACT(unit FROM x)` and the functions that are called as units. */
export function extractPart(at: number, unit: string, of: Typed): Typed {
  const part = parts[unit];
  if (part === undefined) throw refused(at, `EXTRACT of ${unit}`, `There are ${Object.keys(parts).join(', ')}.`);
  if (of.type.kind === 'interval day to second' || of.type.kind === 'interval year to month') throw refused(at, 'a part of an interval', 'Compute with date_diff instead.');
  if (of.type.kind === 'unknown') return { sql: 'CAST(NULL AS BIGINT)', type: bigint };
  if (!isDay(of.type)) throw invalid(at, `${unit} of ${show(of.type)} is nothing that Trino computes`, 'Cast the text to a date or timestamp.');
  if (of.type.kind === 'date' && ['hour', 'minute', 'second', 'millisecond'].includes(part)) throw invalid(at, `a date has no ${unit}`);
  const sql = `extract(${part} FROM ${localTime(at, of)})`;
  return { sql: `CAST(${part === 'millisecond' ? `${sql} % 1000` : sql} AS BIGINT)`, type: bigint };
}

const daysOf = ['day', 'week', 'month', 'quarter', 'year'];
const smaller = ['hour', 'minute', 'second', 'millisecond'];

function unit(bound: Bound, type: Type): string {
  const found = constantText(bound, 0, 'a unit').toLowerCase();
  if (!daysOf.includes(found) && (type.kind === 'date' || !smaller.includes(found))) throw invalid(bound.call.at, `'${found}' is no unit of ${show(type)}`, `There are ${(type.kind === 'date' ? daysOf : [...smaller, ...daysOf]).join(', ')}.`);
  return found;
}

function day(bound: Bound, place: number): Typed {
  const found = argument(bound, place);
  if (found.type.kind === 'unknown') return castTo(bound.call.at, found, date);
  if (!isDay(found.type)) throw invalid(bound.call.at, `argument ${place + 1} of ${bound.call.name} is ${show(found.type)} and no date or timestamp`, 'Cast it: CAST(… AS date).');
  return found;
}

/** What a zone's clock shows, back as the type it came from. */
function back(local: string, type: Type): string {
  if (type.kind === 'date') return `CAST(${local} AS DATE)`;
  return type.kind === 'timestamptz' ? `timezone(${text(duckZone(type.zone ?? 'UTC'))}, ${local})` : local;
}

function truncated(bound: Bound): Typed {
  count(bound, 2);
  const of = day(bound, 1);
  return { sql: back(`date_trunc(${text(unit(bound, of.type))}, ${localTime(bound.call.at, of)})`, of.type), type: of.type };
}

function added(bound: Bound): Typed {
  count(bound, 3);
  const of = day(bound, 2);
  const by = unit(bound, of.type);
  const number = coerce(bound.call.at, argument(bound, 1), bigint).sql;
  const us = { week: 604_800_000_000, day: 86_400_000_000, hour: 3_600_000_000, minute: 60_000_000, second: 1_000_000, millisecond: 1_000 }[by];
  const months = { month: 1, quarter: 3, year: 12 }[by];
  const interval = months === undefined ? `to_microseconds(${number} * ${us ?? 0})` : `to_months(CAST(${number} * ${months} AS INTEGER))`;
  if (smaller.includes(by)) return { sql: `(${of.sql} + ${interval})`, type: of.type };
  return { sql: back(`(${localTime(bound.call.at, of)} + ${interval})`, of.type), type: of.type };
}

/** Whole units that have passed. */
function between(bound: Bound): Typed {
  count(bound, 3);
  const [from, to] = [day(bound, 1), day(bound, 2)];
  const type = commonType(from.type, to.type) ?? from.type;
  const by = unit(bound, type);
  const zoned = type.kind === 'timestamptz' && from.type.kind === 'timestamptz' ? { ...type, zone: from.type.zone } : type;
  const local = (typed: Typed): string => localTime(bound.call.at, { sql: coerce(bound.call.at, typed, type).sql, type: smaller.includes(by) && type.kind === 'timestamptz' ? instant(6) : zoned });
  // Trino counts from whole milliseconds to whole milliseconds.
  const whole = (typed: Typed): string => (type.kind === 'date' ? local(typed) : `date_trunc('milliseconds', ${local(typed)})`);
  return { sql: `date_sub(${text(by)}, ${whole(from)}, ${whole(to)})`, type: bigint };
}

function fromUnixtime(bound: Bound): Typed {
  count(bound, 1, 2);
  const sql = `tr_from_unixtime(${coerce(bound.call.at, argument(bound, 0), double).sql})`;
  return { sql, type: instant(3, bound.args.length === 2 ? constantZone(bound.call.at, argument(bound, 1)) : 'UTC') };
}

function isoText(bound: Bound): Typed {
  const of = day(bound, 0);
  if (of.type.kind === 'date') return { sql: `CAST(${of.sql} AS VARCHAR)`, type: varchar };
  if (of.type.kind === 'timestamptz' && of.type.zone !== 'UTC') throw refused(bound.call.at, 'to_iso8601 of a time zone other than UTC', 'Use date_format with the offset as a text.');
  const precision = 'precision' in of.type ? of.type.precision : 0;
  return { sql: `(tr_iso_text(${localTime(bound.call.at, of)}, ${precision})${of.type.kind === 'timestamptz' ? " || 'Z'" : ''})`, type: varchar };
}

function sequence(bound: Bound): Typed {
  count(bound, 2, 3);
  const { at } = bound.call;
  const [from, to] = [argument(bound, 0), argument(bound, 1)];
  if (isInteger(from.type) && isInteger(to.type)) {
    const [a, b] = [coerce(at, from, bigint).sql, coerce(at, to, bigint).sql];
    return { sql: `tr_sequence(${a}, ${b}, ${bound.args.length === 3 ? coerce(at, argument(bound, 2), bigint).sql : `CASE WHEN ${a} <= ${b} THEN 1 ELSE -1 END`})`, type: array(bigint) };
  }
  const type = commonType(day(bound, 0).type, day(bound, 1).type) ?? date;
  const [a, b] = [from, to].map((each) => localTime(at, coerce(at, each, type)));
  const step = bound.args.length === 3 ? argument(bound, 2) : { sql: `CASE WHEN ${a} <= ${b} THEN to_days(1) ELSE to_days(-1) END`, type: { kind: 'interval day to second' } as const };
  if (!step.type.kind.startsWith('interval')) throw invalid(at, `the step of a sequence of dates is ${show(step.type)} and no interval`, "Write INTERVAL '1' DAY.");
  return { sql: `list_transform(tr_time_sequence(${a}, ${b}, ${step.sql}), lambda s: ${back('s', type)})`, type: array(type) };
}

function dateOf(bound: Bound): Typed {
  count(bound, 1);
  return castTo(bound.call.at, argument(bound, 0), date);
}

const formatted = (bound: Bound, convert: typeof fromMysql): Typed => ({ sql: `strftime(${localTime(bound.call.at, day(bound, 0))}, ${text(convert(bound.call.at, constantText(bound, 1, 'a format'), false))})`, type: varchar });
const parsed = (bound: Bound, convert: typeof fromMysql): string => `strptime(${coerce(bound.call.at, argument(bound, 0), varchar).sql}, ${text(convert(bound.call.at, constantText(bound, 1, 'a format'), true))})`;
const now = "date_trunc('milliseconds', now())";

const own: Readonly<Record<string, Make>> = {
  date_trunc: truncated,
  date_add: added,
  date_diff: between,
  from_unixtime: fromUnixtime,
  sequence,
  date: dateOf,
  to_iso8601: isoText,
  date_format: (bound) => formatted(bound, fromMysql),
  format_datetime: (bound) => formatted(bound, fromJoda),
  date_parse: (bound) => ({ sql: `date_trunc('milliseconds', ${parsed(bound, fromMysql)})`, type: timestamp(3) }),
  parse_datetime: (bound) => ({ sql: `timezone('UTC', ${parsed(bound, fromJoda)})`, type: instant(3) }),
  to_unixtime: (bound) => ({ sql: `(epoch_us(${(() => { const of = day(bound, 0); return of.type.kind === 'date' ? `CAST(${of.sql} AS TIMESTAMP)` : of.sql; })()}) / 1000000)`, type: double, isNumber: true }),
  from_iso8601_timestamp: (bound) => ({ sql: `tr_from_iso_instant(${coerce(bound.call.at, argument(bound, 0), varchar).sql})`, type: instant(3) }),
  from_iso8601_date: (bound) => ({ sql: `tr_from_iso_date(${coerce(bound.call.at, argument(bound, 0), varchar).sql})`, type: date }),
  at_timezone: (bound) => atZone(bound.call.at, argument(bound, 0), argument(bound, 1)),
  with_timezone: (bound) => inZone(bound.call.at, argument(bound, 0), argument(bound, 1)),
  last_day_of_month: (bound) => ({ sql: `last_day(${localTime(bound.call.at, day(bound, 0))})`, type: date }),
  current_date: () => ({ sql: 'CAST(now() AS DATE)', type: date }),
  now: () => ({ sql: now, type: instant(3) }),
  current_timestamp: () => ({ sql: now, type: instant(3) }),
  localtimestamp: () => ({ sql: `timezone('UTC', ${now})`, type: timestamp(3) }),
  current_timezone: () => ({ sql: "'UTC'", type: varchar }),
  to_milliseconds: (bound) => {
    const of = argument(bound, 0);
    if (of.type.kind !== 'interval day to second') throw invalid(bound.call.at, `to_milliseconds of ${show(of.type)}`);
    return { sql: `CAST(epoch_ms(${of.sql}) AS BIGINT)`, type: bigint };
  },
};

const named = Object.keys(parts).map((name): [string, Make] => [name, (bound) => extractPart(bound.call.at, name, argument(bound, 0))]);

export const timeFunctions: ReadonlyMap<string, Make> = new Map([...named, ...Object.entries(own)]);
