import type { Dataset } from '../../dataset.js';
import { LakeError } from '../../errors.js';
import { dateOf, dayMicros, instantOf } from './compile-times.js';
import { plainName, withValue, type TrinoValues } from './values.js';

/** What a letter of strptime reads. */
interface Letter {
  readonly pattern: string;
  /** Which part of a time it is; null for what only has to be there. */
  readonly part: Part | null;
  /** SQL of the part's number from the text; the text as a number by default. */
  readonly number?: (text: string) => string;
  /** What the number may be. */
  readonly range?: readonly [number, number];
}

type Part = 'day' | 'month' | 'year' | 'hour' | 'minute' | 'second' | 'micros' | 'half' | 'offset';

const months = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'];
const days = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const short = (names: readonly string[]): string[] => names.map((name) => name.slice(0, 3));
const oneOf = (names: readonly string[]): string => names.map((name) => Array.from(name, (letter) => `[${letter}${letter.toUpperCase()}]`).join('')).join('|');
const monthNumber = (text: string): string => `(strpos('${short(months).join('')}', lower(substr(${text}, 1, 3))) + 2) / 3`;
const digits = '[0-9]{1,2}+';

/** Seconds of `+01:00:30`, whose colons may be left out. */
function offsetSeconds(text: string): string {
  const part = (place: number): string => `coalesce(TRY_CAST(substr(replace(${text}, ':', ''), ${place}, 2) AS INTEGER), 0)`;
  return `CASE WHEN starts_with(${text}, '-') THEN -1 ELSE 1 END * (${part(2)} * 3600 + ${part(4)} * 60 + ${part(6)})`;
}


const letters: Readonly<Record<string, Letter>> = {
  d: { pattern: digits, part: 'day', range: [1, 31] },
  m: { pattern: digits, part: 'month', range: [1, 12] },
  b: { pattern: oneOf(short(months)), part: 'month', number: monthNumber },
  B: { pattern: oneOf(months), part: 'month', number: monthNumber },
  Y: { pattern: '[0-9]{1,4}+', part: 'year' },
  y: { pattern: digits, part: 'year', number: (text) => `CAST(${text} AS INTEGER) + CASE WHEN CAST(${text} AS INTEGER) >= 69 THEN 1900 ELSE 2000 END` },
  H: { pattern: digits, part: 'hour', range: [0, 23] },
  I: { pattern: digits, part: 'hour', range: [1, 12] },
  p: { pattern: '[aApP][mM]', part: 'half', number: (text) => `CASE WHEN lower(${text}) = 'pm' THEN 12 ELSE 0 END` },
  M: { pattern: digits, part: 'minute', range: [0, 59] },
  S: { pattern: digits, part: 'second', range: [0, 59] },
  f: { pattern: '[0-9]{1,6}+', part: 'micros', number: (text) => `CAST(substr(${text} || '00000', 1, 6) AS INTEGER)` },
  a: { pattern: oneOf(short(days)), part: null },
  A: { pattern: oneOf(days), part: null },
  z: { pattern: '[+-][0-9]{2}(?::?[0-9]{2}(?:(?<=:[0-9]{2}):(?:[0-9]{2})?)?|:)?+', part: 'offset', number: offsetSeconds },
};
/** Letters that stand for others. */
const composed: Readonly<Record<string, string>> = { '%c': '%Y-%m-%d %H:%M:%S', '%x': '%Y-%m-%d', '%X': '%H:%M:%S' };
const space = '[ \\t\\n\\x0b\\f\\r]';

/** SQL of the date in UTC that a text says by one of strptime's patterns; null where it says none. @throws LakeError for a letter that only DuckDB reads */
export function patternDate(dataset: Dataset, column: string, format: string, text: string, values: TrinoValues): string {
  return withValue(micros(dataset, column, format, text, values), 'micros', dateOf('micros'));
}

/** As `patternDate`, of an instant; clocks are UTC's where the text names no offset. */
export function patternInstant(dataset: Dataset, column: string, format: string, text: string, values: TrinoValues): string {
  return withValue(micros(dataset, column, format, text, values), 'micros', instantOf('micros'));
}

function micros(dataset: Dataset, column: string, format: string, text: string, values: TrinoValues): string {
  const { pattern, found } = compiled(dataset, column, format);
  const name = values.add(`format_${plainName(column)}`, pattern);
  const numbers = found.map(({ number }, index) => (number ?? ((part) => `CAST(${part} AS INTEGER)`))(`found[${index + 1}]`));
  // Of a part that is there twice the last counts.
  const at = (part: Part, otherwise: string): string => numbers[found.findLastIndex((each) => each.part === part)] ?? otherwise;
  const sound = found.flatMap(({ range }, index) => (range === undefined ? [] : [`${numbers[index] ?? ''} BETWEEN ${range[0]} AND ${range[1]}`]));
  const halved = found.some(({ part }) => part === 'half');
  if (halved) sound.push(`${at('hour', '0')} <= 12`);
  const hour = halved ? `mod(${at('hour', '0')}, 12) + ${at('half', '0')}` : at('hour', '0');
  const date = `TRY_CAST(format('%04d-%02d-%02d', ${at('year', '1900')}, ${at('month', '1')}, ${at('day', '1')}) AS DATE)`;
  const seconds = `(${hour}) * 3600 + (${at('minute', '0')}) * 60 + ${at('second', '0')} - (${at('offset', '0')})`;
  const groups = found.map((_part, index) => `$${index + 1}`).join(',');
  return `CASE WHEN regexp_like(${text}, ${name}) THEN ${withValue(`split(regexp_replace(${text}, ${name}, '${groups}'), ',')`, 'found',
    `CASE WHEN ${[...sound, 'true'].join(' AND ')} THEN date_diff('day', DATE '1970-01-01', ${date}) * ${dayMicros} + (${seconds}) * BIGINT '1000000' + ${at('micros', '0')} END`)} END`;
}

function compiled(dataset: Dataset, column: string, format: string): { readonly pattern: string; readonly found: readonly Letter[] } {
  const found: Letter[] = [];
  const whole = format.replace(/%[cxX]/g, (letter) => composed[letter] ?? letter);
  const pieces = Array.from(whole.matchAll(/%-?([a-zA-Z%])|\s+|[^%\s]/g), ([piece, letter]) => {
    if (letter === undefined) return /^\s/.test(piece) ? `${space}++` : literal(piece);
    if (letter === '%') return '%';
    const known = letters[letter];
    if (known === undefined) throw unknownLetter(dataset, column, format, piece);
    if (known.part === null) return `(?:${known.pattern})`;
    found.push(known);
    return `(${known.pattern})`;
  });
  return { pattern: `\\A${space}*+${pieces.join('')}${space}*+\\z`, found };
}

function literal(character: string): string {
  return /[\w]/.test(character) || character.codePointAt(0)! > 127 ? character : `\\${character}`;
}

function unknownLetter(dataset: Dataset, column: string, format: string, letter: string): LakeError {
  return new LakeError(`the column ${column} of the dataset ${dataset.name} is read by ${format}, and Trino reads no ${letter}`, {
    code: 'DATASET_INVALID', op: 'compile', path: dataset.name, hint: `Of strptime's letters Trino has ${[...Object.keys(letters), 'c', 'x', 'X'].map((each) => `%${each}`).join(' ')}; or build silver with --engine duckdb.`,
  });
}
