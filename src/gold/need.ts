/**
 * How far around a date a SELECT looks, in whole days: its rows of the date follow from silver's events from so many days
 * before it to so many days after it.
 */
export interface Need {
  readonly lookbackDays: number;
  readonly lookaheadDays: number;
}

const unitSeconds: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3_600, day: 86_400, week: 604_800 };

/** What a lookback or lookahead may be, for people. */
export const needForm = 'numbers of weeks, days, hours, minutes or seconds, joined by `and`: `0 days`, `1 day and 30 minutes`';

/** `1 day and 30 minutes`: 2, as part of a date is read as all of it. Null: it is not of this form. */
export function wholeDays(text: string): number | null {
  let seconds = 0;
  for (const part of text.split(/\s+and\s+/)) {
    const match = /^(\d{1,6}) (second|minute|hour|day|week)s?$/.exec(part);
    if (match === null) return null;
    seconds += Number(match[1]) * (unitSeconds[match[2] ?? ''] ?? 0);
  }
  return Math.ceil(seconds / 86_400);
}

/** What all of them need together. */
export function greatestNeed(needs: readonly Need[]): Need {
  return {
    lookbackDays: Math.max(0, ...needs.map(({ lookbackDays }) => lookbackDays)),
    lookaheadDays: Math.max(0, ...needs.map(({ lookaheadDays }) => lookaheadDays)),
  };
}
