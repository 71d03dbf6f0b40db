import { secondsOf } from './clock.js';
import type { Mistake } from './problem.js';

/** What is asked for: times in seconds since 1970. */
export interface CtrRequest {
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly stepSeconds: number;
  readonly product: string | null;
  readonly platform: string | null;
  readonly limit: number;
  /** The place behind the last row of the page before. */
  readonly cursor: Cursor | null;
}

export interface Cursor {
  /** The version of the table that the first page was of. */
  readonly version: number;
  /** Of the very table: one that was built anew counts its versions from 0 again. */
  readonly table: string;
  readonly platform: string;
  readonly product: string;
  readonly bucket: number;
}

export const parameters = ['startTimestamp', 'endTimestamp', 'aggregation', 'product', 'platform', 'limit', 'cursor'] as const;
export const defaultLimit = 1_000;
export const mostLimit = 10_000;
export const mostBuckets = 1_000_000;
/** A hundred years. */
export const mostMinutes = 52_560_000;
export const longestProduct = 200;
const secondsPerMinute = 60;

/** Values by their names, as JSON or a query has them; of a query all are texts. */
export type Given = ReadonlyMap<string, unknown>;

/** The parameters of an address. A name that is there twice is a mistake. */
export function givenInQuery(search: string): { readonly given: Given; readonly mistakes: readonly Mistake[] } {
  const given = new Map<string, unknown>();
  const mistakes: Mistake[] = [];
  for (const [name, value] of new URLSearchParams(search)) {
    if (given.has(name)) mistakes.push({ parameter: name, detail: 'is given twice' });
    given.set(name, value);
  }
  return { given, mistakes };
}

/**
 * Reads the parameters.
 * @param texts whether numbers come as texts, as in an address
 * @param platforms as answers write them
 */
export function readRequest(given: Given, texts: boolean, platforms: readonly string[], before: readonly Mistake[] = []): CtrRequest | readonly Mistake[] {
  const mistakes = [...before];
  const wrong = (parameter: string, detail: string): null => {
    if (!mistakes.some((mistake) => mistake.parameter === parameter)) mistakes.push({ parameter, detail });
    return null;
  };
  for (const name of given.keys()) if (!parameters.some((known) => known === name)) wrong(name, `is no parameter: there are ${parameters.join(', ')}`);
  const time = (name: string): number | null => {
    const value = given.get(name);
    if (value === undefined || value === null) return wrong(name, 'is missing');
    const seconds = typeof value === 'string' ? secondsOf(value) : null;
    return seconds ?? wrong(name, 'is no time such as 2016-01-03 13:55:00');
  };
  const whole = (name: string, least: number, most: number): number | null => {
    const value = given.get(name);
    const number = texts ? (typeof value === 'string' && /^-?(?:0|[1-9]\d{0,14})$/.test(value) ? Number(value) : NaN) : typeof value === 'number' ? value : NaN;
    return Number.isInteger(number) && number >= least && number <= most ? number : wrong(name, `is no whole number from ${least} to ${most}`);
  };
  const startSeconds = time('startTimestamp');
  const endSeconds = time('endTimestamp');
  const minutes = isGiven(given, 'aggregation') ? whole('aggregation', 1, mostMinutes) : wrong('aggregation', 'is missing');
  const limit = isGiven(given, 'limit') ? whole('limit', 1, mostLimit) : defaultLimit;
  const product = isGiven(given, 'product') ? productOf(given.get('product'), wrong) : null;
  const platform = isGiven(given, 'platform') ? platformOf(given.get('platform'), platforms, wrong) : null;
  const cursor = isGiven(given, 'cursor') ? cursorOf(given.get('cursor'), wrong) : null;
  if (startSeconds !== null && endSeconds !== null && endSeconds <= startSeconds) wrong('endTimestamp', 'is not after startTimestamp');
  else if (startSeconds !== null && endSeconds !== null && minutes !== null && Math.ceil((endSeconds - startSeconds) / (minutes * secondsPerMinute)) > mostBuckets) {
    wrong('endTimestamp', `is more than ${mostBuckets} times aggregation after startTimestamp`);
  }
  if (mistakes.length > 0 || startSeconds === null || endSeconds === null || minutes === null || limit === null) return mistakes;
  return { startSeconds, endSeconds, stepSeconds: minutes * secondsPerMinute, product, platform, limit, cursor };
}

export function isMistaken(read: CtrRequest | readonly Mistake[]): read is readonly Mistake[] {
  return Array.isArray(read);
}

type Wrong = (parameter: string, detail: string) => null;

/** A null in JSON is like an absence. */
function isGiven(given: Given, name: string): boolean {
  return given.get(name) !== undefined && given.get(name) !== null;
}

function productOf(value: unknown, wrong: Wrong): string | null {
  if (typeof value === 'string' && value !== '' && value.length <= longestProduct && !/\p{Surrogate}|\0/u.test(value)) return value;
  return wrong('product', `is no text of 1 to ${longestProduct} characters`);
}

function platformOf(value: unknown, platforms: readonly string[], wrong: Wrong): string | null {
  const found = typeof value === 'string' ? platforms.find((platform) => platform.toLowerCase() === value.toLowerCase()) : undefined;
  return found ?? wrong('platform', `is none of ${platforms.join(', ')}`);
}

function cursorOf(value: unknown, wrong: Wrong): Cursor | null {
  try {
    const parts: unknown = JSON.parse(Buffer.from(typeof value === 'string' ? value : '', 'base64url').toString('utf8'));
    if (!Array.isArray(parts)) return wrong('cursor', 'is none that this service has given');
    const [version, table, platform, product, bucket] = parts as readonly unknown[];
    if (parts.length === 5 && isCount(version) && typeof table === 'string' && typeof platform === 'string' && typeof product === 'string' && isCount(bucket)) return { version, table, platform, product, bucket };
  } catch {
    // Said below.
  }
  return wrong('cursor', 'is none that this service has given');
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

export function cursorText({ version, table, platform, product, bucket }: Cursor): string {
  return Buffer.from(JSON.stringify([version, table, platform, product, bucket]), 'utf8').toString('base64url');
}
