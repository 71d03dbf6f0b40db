import { withValue, type TrinoValues } from './values.js';

export const dayMicros = '86400000000';
const instantType = 'TIMESTAMP(6) WITH TIME ZONE';

/** SQL of the instant so many microseconds after 1970. */
export function instantOf(micros: string): string {
  return `CAST(from_unixtime_nanos(CAST(${micros} AS DECIMAL(38,0)) * 1000) AS ${instantType})`;
}

/** SQL of the date in UTC so many microseconds after 1970. */
export function dateOf(micros: string): string {
  return `date_add('day', (${micros} - mod(mod(${micros}, ${dayMicros}) + ${dayMicros}, ${dayMicros})) / ${dayMicros}, DATE '1970-01-01')`;
}

/** SQL of the microseconds since 1970 of an instant. */
export function epochMicros(instant: string): string {
  return `(date_diff('second', TIMESTAMP '1970-01-01 00:00:00 UTC', date_trunc('second', ${instant})) * 1000000 + CAST(substr(${clock(instant)}, 10) AS BIGINT))`;
}

/** `10:15:56.296000` in UTC. */
function clock(instant: string): string {
  return `CAST(CAST(${instant} AT TIME ZONE 'UTC' AS TIME(6)) AS VARCHAR)`;
}

/** SQL of the text that DuckDB casts a DATE to. */
export function dateText(date: string): string {
  return `CASE WHEN ${date} IS NULL THEN NULL WHEN year(${date}) > 0 THEN format('%04d-%02d-%02d', year(${date}), month(${date}), day(${date})) ELSE format('%04d-%02d-%02d (BC)', 1 - year(${date}), month(${date}), day(${date})) END`;
}

/** SQL of the text that DuckDB casts an instant to, its clocks being UTC's. */
export function instantText(instant: string): string {
  const date = withValue(`CAST(${instant} AT TIME ZONE 'UTC' AS DATE)`, 'day', dateText('day'));
  return `${date} || ' ' || trim(TRAILING '.' FROM trim(TRAILING '0' FROM ${clock(instant)})) || '+00'`;
}

/** SQL of the instant that a text says: milliseconds since 1970, or ISO 8601 as DuckDB casts it. */
export function isoInstant(text: string, values: TrinoValues): string {
  const millis = values.add('milliseconds_text', '\\A-?[0-9]{1,15}(?:[.][0-9]+)?\\z');
  return `CASE WHEN regexp_like(${text}, ${millis}) THEN ${instantOf(`TRY_CAST(${text} AS DECIMAL(18,3)) * 1000`)} ELSE ${withValue(isoMicros(text, values), 'micros', instantOf('micros'))} END`;
}

/** SQL of the date in UTC that a text in ISO 8601 says. */
export function isoDate(text: string, values: TrinoValues): string {
  return withValue(isoMicros(text, values), 'micros', dateOf('micros'));
}

/**
 * SQL of the microseconds since 1970 that a text in ISO 8601 says, as DuckDB reads it: an hour needs no minutes behind its colon, 24:00 is
 * the next day, a zone needs seconds before it, and what is finer than a microsecond is cut.
 */
function isoMicros(text: string, values: TrinoValues): string {
  const named = values.add('named_utc', '\\A([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.][0-9]+)?) (?:UTC|GMT)\\z');
  return withValue(`regexp_replace(${text}, ${named}, '$1Z')`, 'plain', plainMicros('plain', values));
}

function plainMicros(text: string, values: TrinoValues): string {
  const blank = '[ \\t\\n\\x0b\\f\\r]*';
  const zone = `(?: ${blank}|Z${blank}|([+-])([0-9]{2})(?::?([0-9]{2})(?:(?<=:[0-9]{2}):([0-9]{2})?)?|:)?${blank})?`;
  const pattern = values.add('iso_text', `\\A([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]${blank}([0-9]{1,9}):(?:([0-9]{1,2})(?::(?:([0-9]{1,2})(?:\\.([0-9]*))?${zone})?)?)?)?\\z`);
  const number = (part: string): string => `coalesce(TRY_CAST(${part} AS BIGINT), 0)`;
  const offset = `CASE iso[6] WHEN '-' THEN 1 WHEN '+' THEN -1 ELSE 0 END * (${number('iso[7]')} * 3600 + ${number('iso[8]')} * 60 + ${number('iso[9]')})`;
  const seconds = `${number('iso[2]')} * 3600 + ${number('iso[3]')} * 60 + ${number('iso[4]')}`;
  const fraction = `TRY_CAST(substr(iso[5] || '000000', 1, 6) AS BIGINT)`;
  const sound = `${number('iso[3]')} < 60 AND ${number('iso[4]')} < 60 AND (${number('iso[2]')} < 24 OR (${number('iso[2]')} = 24 AND ${number('iso[3]')} = 0 AND ${number('iso[4]')} = 0 AND ${fraction} = 0))`;
  return `CASE WHEN regexp_like(${text}, ${pattern}) THEN ${withValue(`split(regexp_replace(${text}, ${pattern}, '$1,$2,$3,$4,$5,$6,$7,$8,$9'), ',')`, 'iso',
    `CASE WHEN ${sound} THEN date_diff('day', DATE '1970-01-01', TRY_CAST(iso[1] AS DATE)) * ${dayMicros} + (${seconds} + ${offset}) * 1000000 + ${fraction} END`)} END`;
}
