import type { ColumnType } from '../dataset.js';
import { columnNameOf, isTypeWord, segmentsOfPath } from './path.js';
import { readsAsMany, type Statistics } from './statistics.js';

/** A type that values could have, and how many have it. */
export interface Fit {
  readonly type: ColumnType;
  readonly rows: number;
}

/** What a path's values are best read as. */
export interface Deduced {
  readonly type: ColumnType;
  /** How many of the values can be read as it. */
  readonly fitting: number;
  /** Values that are no null, no object and no array. */
  readonly values: number;
  /** strptime's pattern, where ISO 8601 doesn't do. */
  readonly format: string | null;
  /** Another pattern that reads as many. */
  readonly alsoFormat: string | null;
  /** They are texts because their name says that they name something, or have more digits than a number keeps. */
  readonly byName: boolean;
}

/** Of so many values that a type reads, it is the column's: the others are named. */
const leastShare = 0.9;
const moneyWord = /(?:^|_)(?:price|amount|revenue|cost|total|balance|fee|tax|discount|salary|income|subtotal)(?:_|$)/;
const idWord = /(?:^|_)(?:id|uuid|guid|zip|phone|sku|code)$/;
const timeWord = /(?:^|_)(?:time|timestamp|date|datetime|at|ts|created|updated|modified|when)(?:_|$)/;

/** A name in words: `TransactionAmount (INR)` → `transaction_amount_inr`. */
export function wordsOf(path: string): string {
  return columnNameOf(path).replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
}

/** The type that most of a path's values can be read as. Names decide between types that read the same: ids are texts, amounts money. */
export function deduce(statistics: Statistics): Deduced {
  const { booleans, numbers, texts, wholeNumbers, wholeTexts, numericTexts, booleanTexts, dateTexts, instantTexts, patterns, fineFractions } = statistics;
  const values = booleans + numbers + texts;
  const words = wordsOf(statistics.path);
  const wrapped = segmentsOfPath(statistics.path).find(isTypeWord) ?? null;
  const found = (type: ColumnType, fitting: number, more: Partial<Deduced> = {}): Deduced => ({ type, fitting, values, format: null, alsoFormat: null, byName: false, ...more });
  const enough = (fitting: number): boolean => values > 0 && fitting >= leastShare * values;
  // Texts are read as numbers too, but a number is none in a text column only because some are texts.
  const whole = wholeNumbers + wholeTexts;
  const numeric = numbers + numericTexts;
  if (values === 0 || wrapped === '$oid') return found('text', values);
  if (wrapped === '$date') return found('timestamp', instantTexts + dateTexts + (isMilliseconds(statistics) ? whole : 0));
  if (enough(booleans + booleanTexts)) return found('boolean', booleans + booleanTexts);
  if ((idWord.test(words) && wrapped === null) || statistics.wideNumbers > 0) return found('text', numbers + texts, { byName: true });
  if (isMilliseconds(statistics) && timeWord.test(words) && enough(whole)) return found('timestamp', whole);
  const isText = wrapped === null && numbers === 0 && wholeTexts > 0 && isName(statistics);
  if (enough(numeric) && !isText) {
    if (moneyWord.test(words) && fineFractions === 0) return found('money', numeric);
    return enough(whole) && whole >= numeric ? found('integer', whole) : found('number', numeric);
  }
  if (enough(instantTexts + dateTexts) && texts > 0) return dateTexts > instantTexts ? found('date', dateTexts + instantTexts) : found('timestamp', instantTexts + dateTexts);
  const [best] = patterns;
  if (best !== undefined && enough(best.rows)) {
    const also = patterns.find(({ pattern, rows }) => pattern !== best.pattern && readsAsMany(rows, best.rows))?.pattern ?? null;
    return found(/%H/.test(best.pattern) ? 'timestamp' : 'date', best.rows, { format: best.pattern, alsoFormat: also });
  }
  return found('text', numbers + texts);
}

/** Digits in texts that name something: long ones, which no sum is made of. */
function isName({ leastNumber, greatestNumber }: Statistics): boolean {
  return Math.max((leastNumber ?? '').length, (greatestNumber ?? '').length) > 15;
}

/** Whole numbers from 2000 to 2100, in milliseconds since 1970. */
export function isMilliseconds({ leastNumber, greatestNumber }: Statistics): boolean {
  return Number(leastNumber ?? 0) >= Date.UTC(2000, 0) && Number(greatestNumber ?? 0) <= Date.UTC(2100, 0);
}

/** Whole numbers from 2000 to 2100, in seconds, milliseconds, microseconds or nanoseconds since 1970; a few may be broken. */
export function isEpoch(statistics: Statistics): boolean {
  const middle = Number(statistics.top[0]?.value ?? statistics.greatestNumber ?? 0);
  return [1e3, 1, 1e-3, 1e-6].some((factor) => middle * factor >= Date.UTC(2000, 0) && middle * factor <= Date.UTC(2100, 0));
}

/** Whether a name says that it is a time. */
export function isTimeName(path: string): boolean {
  return timeWord.test(wordsOf(path));
}
