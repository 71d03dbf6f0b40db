/** Requests and answers are on clocks of GMT-03:00; here times are whole seconds since 1970, UTC. */
const zoneSeconds = -3 * 3_600;
const form = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/;

/** `2016-01-03 13:55:00` as seconds; null for any other form, and for a time that does not exist. */
export function secondsOf(text: string): number | null {
  if (!form.test(text)) return null;
  const ms = Date.parse(`${text.replace(' ', 'T')}Z`);
  if (Number.isNaN(ms)) return null;
  const seconds = ms / 1000 - zoneSeconds;
  return wallClock(seconds) === text ? seconds : null;
}

/** What `secondsOf` reads. */
export function wallClock(seconds: number): string {
  return new Date((seconds + zoneSeconds) * 1000).toISOString().slice(0, 19).replace('T', ' ');
}
