import { DateTime } from 'luxon';

/** `2026-03-01` and −1: `2026-02-28`. */
export function shiftDate(date: string, days: number): string {
  return DateTime.fromISO(date, { zone: 'utc' }).plus({ days }).toISODate() ?? date;
}

export function previousDate(date: string): string {
  return shiftDate(date, -1);
}

/** The date of an instant, UTC. */
export function dateOf(ms: number): string {
  return DateTime.fromMillis(ms, { zone: 'utc' }).toISODate() ?? '';
}
