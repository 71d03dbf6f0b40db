import { LakeError } from '../errors.js';

/** What every generator is told. */
export interface GenerateOptions {
  /** Lines to make, duplicates and broken ones included; a whole number, 0 or more. */
  readonly events: number;
  /** Days over which event times spread, 1 or more. */
  readonly days: number;
  /** Any safe integer. */
  readonly seed: number;
  /** First day, YYYY-MM-DD in UTC. */
  readonly since: string;
}

/** Midnight of the first day, after a look at all options. @throws LakeError USAGE for options out of range */
export function sinceMsOf(options: GenerateOptions): number {
  const problem = (option: string, hint: string): LakeError => new LakeError(`--${option} is out of range`, { code: 'USAGE', op: 'generate', path: option, hint });
  if (!Number.isSafeInteger(options.events) || options.events < 0) throw problem('events', 'Give a whole number, 0 or more.');
  if (!Number.isSafeInteger(options.days) || options.days < 1 || options.days > 36_500) throw problem('days', 'Give a whole number of days, 1 to 36500.');
  if (!Number.isSafeInteger(options.seed)) throw problem('seed', 'Give a whole number.');
  const sinceMs = /^\d{4}-\d{2}-\d{2}$/.test(options.since) ? Date.parse(`${options.since}T00:00:00Z`) : NaN;
  if (Number.isNaN(sinceMs) || new Date(sinceMs).toISOString().slice(0, 10) !== options.since) throw problem('since', 'Give a date such as 2026-01-31.');
  return sinceMs;
}

/** One of several files that are made together. */
export interface GeneratedFile {
  /** Relative to the folder that all are put into. */
  readonly path: string;
  readonly lines: Iterable<string>;
}
