import { shiftDate } from './dates.js';
import type { Need } from './need.js';

/** Dates in a row, both ends included. */
export interface DateRange {
  readonly since: string;
  readonly until: string;
}

/** What is built together: so many dates in a row at most, and so many bytes of silver's files if that is more than one date. */
export interface RangeLimits {
  readonly days: number;
  readonly bytes: number;
  /** Of a date of silver. */
  readonly bytesOf: (date: string) => number;
}

/** Days built together at most. */
export const mostDays = 31;

const anyBytes: RangeLimits = { days: mostDays, bytes: Infinity, bytesOf: () => 0 };

/** Sorted dates as ranges of days in a row. */
export function rangesOf(dates: readonly string[], { days, bytes, bytesOf }: RangeLimits = anyBytes): DateRange[] {
  const ranges: { since: string; until: string; days: number; bytes: number }[] = [];
  for (const date of dates) {
    const open = ranges.at(-1);
    const own = bytesOf(date);
    if (open !== undefined && shiftDate(open.until, 1) === date && open.days < days && open.bytes + own <= bytes) {
      open.until = date;
      open.days++;
      open.bytes += own;
    } else ranges.push({ since: date, until: date, days: 1, bytes: own });
  }
  return ranges.map(({ since, until }) => ({ since, until }));
}

/** How many days a range has. */
export function daysIn({ since, until }: DateRange): number {
  return (Date.parse(until) - Date.parse(since)) / 86_400_000 + 1;
}

/** The dates whose rows events of these dates can change, each once, sorted. */
export function reach(dates: readonly string[], { lookbackDays, lookaheadDays }: Need): string[] {
  const reached: string[] = [];
  for (const date of [...dates].sort()) {
    const until = shiftDate(date, lookbackDays);
    const first = shiftDate(date, -lookaheadDays);
    const last = reached.at(-1);
    for (let next = last === undefined || last < first ? first : shiftDate(last, 1); next <= until; next = shiftDate(next, 1)) reached.push(next);
  }
  return reached;
}

/** The silver dates that a range of gold reads. */
export function inputRange(range: DateRange, { lookbackDays, lookaheadDays }: Need): DateRange {
  return { since: shiftDate(range.since, -lookbackDays), until: shiftDate(range.until, lookaheadDays) };
}
