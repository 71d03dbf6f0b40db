import type { DuckDBValue } from '@duckdb/node-api';
import { eventTimeOf, pointerOf, segmentsOf, zoneOffsetMinutes, type Dataset, type EventTime, type TimePattern } from '../dataset.js';
import { textList, type Parameters } from '../lake/duckdb.js';
import { fill, sqlFile } from '../lake/sql.js';
import { pathPattern } from '../place.js';

const landTemplate = sqlFile(import.meta.url, './land.sql');
const placedTemplate = sqlFile(import.meta.url, './placed.sql');
const anyTime = sqlFile(import.meta.url, './event-timestamp.sql').trim();
const isoTime = sqlFile(import.meta.url, './iso-timestamp.sql').trim();
/** DuckDB takes `epoch` and `infinity` for times that they are not, whatever the pattern. */
const patternTime = `(${sqlFile(import.meta.url, './pattern-timestamp.sql').trim()})`;
const numbers = sqlFile(import.meta.url, './time-numbers.sql').trim();
const clock = sqlFile(import.meta.url, './clock.sql').trim();
const clockReasons = sqlFile(import.meta.url, './clock-reasons.sql').trim();
const loadTime = sqlFile(import.meta.url, './load-timestamp.sql').trim();
const noTime = sqlFile(import.meta.url, './no-timestamp.sql').trim();
const platform = sqlFile(import.meta.url, './platform.sql').trim();

/** SQL that reads messages by the contract. @param also columns of the messages that are kept besides, each with a comma after it; @param forgotten tells of a body whether its person was forgotten */
export function landSelect(dataset: Dataset, messages: string, also = '', forgotten = 'false'): string {
  const time = eventTimeOf(dataset);
  return fill(landTemplate, {
    messages,
    also,
    ...foundIn(dataset),
    event_timestamp: time !== null ? timestampOf(time) : 'none' in dataset.time ? noTime : loadTime,
    reasons: time === null ? '' : reasonsOf(time),
    numbers: time === null || patternOf(time) !== null ? '' : `,\n      ${fill(numbers, foundIn(dataset))}`,
    forgotten,
  });
}

/** SQL of rows of bronze with the platform that the contract gives them. @param also as of `landSelect` */
export function placedSelect(dataset: Dataset, also = ''): string {
  return fill(placedTemplate, { also, ...foundIn(dataset) });
}

/** What the SQL of `landSelect` and `placedSelect` needs to know of a contract. */
export function contractParameters(dataset: Dataset): Parameters {
  return { ...timeParameters(eventTimeOf(dataset)), ...platformParameters(dataset) };
}

function timeParameters(time: EventTime | null): Record<string, DuckDBValue> {
  if (time === null) return {};
  const pattern = patternOf(time);
  const minutes = time.zone === undefined ? null : zoneOffsetMinutes(time.zone);
  return {
    time_path: pointerOf(time.key),
    time_name: segmentsOf(time.key).join('_'),
    time_numbers: time.format === undefined || time.format === 'any',
    ...(pattern === null ? {} : { time_pattern: pattern.pattern }),
    ...(pattern?.clock === undefined ? {} : { clock_path: pointerOf(pattern.clock), clock_name: segmentsOf(pattern.clock).join('_') }),
    ...(time.zone === undefined ? {} : minutes === null ? { time_zone: time.zone } : { zone_minutes: BigInt(minutes) }),
  };
}

function platformParameters({ platform: place }: Dataset): Record<string, DuckDBValue> {
  if (place === undefined) return {};
  const where = place.key === undefined ? { platform_pattern: pathPattern(place.values) } : { platform_path: pointerOf(place.key) };
  return { ...where, platforms: textList(place.values), platforms_upper: textList(place.values.map((value) => value.toUpperCase())) };
}

/** SQL of the texts that are looked up in a body at once, and where each of them is in the list. */
function foundIn(dataset: Dataset): { readonly found: string; readonly time_text: string; readonly clock_text: string; readonly platform: string } {
  const time = eventTimeOf(dataset);
  const timed = time === null ? [] : patternOf(time)?.clock === undefined ? ['$time_path'] : ['$time_path', '$clock_path'];
  const paths = [...timed, ...(dataset.platform?.key === undefined ? [] : ['$platform_path'])];
  const at = (path: string): string => (paths.includes(path) ? `found[${paths.indexOf(path) + 1}]` : 'CAST(NULL AS VARCHAR)');
  return {
    found: paths.length === 0 ? 'CAST(NULL AS VARCHAR[])' : `CASE WHEN json_valid(body) THEN json_extract_string(body, [${paths.join(', ')}]) END`,
    time_text: at('$time_path'),
    clock_text: at('$clock_path'),
    platform: dataset.platform === undefined ? 'CAST(NULL AS VARCHAR)' : fill(platform, { platform_text: dataset.platform.key === undefined ? 'regexp_extract(source, $platform_pattern, 1)' : at('$platform_path') }),
  };
}

function timestampOf(time: EventTime): string {
  const pattern = patternOf(time);
  if (pattern === null) {
    const text = time.zone === undefined ? 'TRY_CAST(time_text AS TIMESTAMPTZ)' : fill(isoTime, { local: inZone(time.zone, 'TRY_CAST(time_text AS TIMESTAMP)') });
    return fill(anyTime, { text_timestamp: text });
  }
  const local = `${patternTime}${pattern.clock === undefined ? '' : ` + ${clock}`}`;
  return /%[zZ]/.test(pattern.pattern) ? local : inZone(time.zone, `(${local})`);
}

/** SQL of the instant of a TIMESTAMP on a zone's clocks. */
function inZone(zone: string | undefined, local: string): string {
  if (zone === undefined) return `CAST(${local} AS TIMESTAMPTZ)`;
  return zoneOffsetMinutes(zone) === null ? `timezone($time_zone, ${local})` : `CAST(${local} - to_minutes(CAST($zone_minutes AS BIGINT)) AS TIMESTAMPTZ)`;
}

function reasonsOf(time: EventTime): string {
  return `WHEN time_text IS NULL THEN CAST($time_name AS VARCHAR) || '_missing'${patternOf(time)?.clock === undefined ? '' : `\n    ${fill(clockReasons, { local: patternTime })}`}\n    ELSE CAST($time_name AS VARCHAR) || '_unreadable'`;
}

function patternOf({ format }: EventTime): TimePattern | null {
  return typeof format === 'object' ? format : null;
}
