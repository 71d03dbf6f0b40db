import { coerce, duckZone, localTime, text } from '../convert.js';
import { invalid, refused } from '../errors.js';
import type { Typed } from '../scope.js';
import { instant, isDay, show, timestamp } from '../types.js';

/** `x AT TIME ZONE zone`: the same instant, shown by another zone's clock. A plain timestamp is taken as UTC. */
export function atZone(at: number, of: Typed, zone: Typed): Typed {
  if (!isDay(of.type)) throw invalid(at, `${show(of.type)} has no time zone`);
  const precision = 'precision' in of.type ? of.type.precision : 0;
  const whole = of.type.kind === 'timestamptz' ? of : coerce(at, of, instant(precision));
  return { sql: whole.sql, type: instant(precision, constantZone(at, zone)) };
}

/** `with_timezone(x, zone)`: what a zone's clock shows, as an instant. */
export function inZone(at: number, of: Typed, zone: Typed): Typed {
  const name = constantZone(at, zone);
  const precision = 'precision' in of.type ? of.type.precision : 0;
  const local = of.type.kind === 'date' ? localTime(at, of) : coerce(at, of, timestamp(precision)).sql;
  return { sql: `timezone(${text(duckZone(name))}, ${local})`, type: instant(precision, name) };
}

export function constantZone(at: number, { constant }: Typed): string {
  if (typeof constant !== 'string') throw refused(at, 'a time zone that is not constant', "Write it out, 'Asia/Seoul', one CASE for each zone's rows.");
  if (/^[+-]\d{1,2}:(?!00)\d{2}$/.test(constant)) throw refused(at, `the offset ${constant}`, 'Name the zone: Asia/Kolkata.');
  try {
    new Intl.DateTimeFormat('en', { timeZone: duckZone(constant) });
  } catch {
    throw invalid(at, `there is no time zone ${constant}`);
  }
  return constant;
}
