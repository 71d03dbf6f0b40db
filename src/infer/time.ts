import { ownColumns, type Key } from '../dataset.js';
import { counted, isBirth } from './columns.js';
import { deduce, isEpoch, isTimeName, wordsOf } from './kinds.js';
import { columnNameOf, isTypeWord, keyOf, segmentsOfPath, tableOf, type Path } from './path.js';
import type { Statistics } from './statistics.js';
import type { Findings } from './walk.js';

/** Where the time of events could stand. */
export interface TimeCandidate {
  readonly path: Path;
  readonly key: Key;
  /** How many rows it can be read in. */
  readonly rows: number;
  /** strptime's pattern; null: ISO 8601 or numbers. */
  readonly pattern: string | null;
  /** Where a time of day in HHMMSS stands that belongs to it. */
  readonly clock: { readonly path: Path; readonly key: Key } | null;
  readonly notBefore: string;
  /** `timestamp in 990 of 1,000`. */
  readonly says: string;
}

/** In fewer rows it is no time of events: what has none is rejected. */
const leastShare = 0.95;
const defaultNotBefore = '2000-01-01';

/** Candidates, the best first: in all rows, an instant rather than a date, no birth date, called like an event's time. */
export function timeCandidates(found: Findings): TimeCandidate[] {
  const scored = found.paths.filter(({ path }) => tableOf(path) === '' && !path.endsWith('/[]')).flatMap((statistics) => {
    const candidate = candidateOf(found, statistics);
    return candidate === null ? [] : [{ candidate, score: scoreOf(found, candidate) }];
  });
  return scored.sort((a, b) => b.score - a.score).map(({ candidate }) => candidate);
}

/** The one that a contract should take; null: receipt is the only time. */
export function bestTime(found: Findings, candidates: readonly TimeCandidate[]): TimeCandidate | null {
  const [best] = candidates.filter(({ path, rows }) => rows >= leastShare * found.rows && !isBirth(path));
  return best ?? null;
}

function candidateOf(found: Findings, statistics: Statistics): TimeCandidate | null {
  const { path, numbers, wholeNumbers, wholeTexts } = statistics;
  const { type, fitting, format, values } = deduce(statistics);
  const wrapped = segmentsOfPath(path).includes('$date');
  const epoch = !wrapped && (numbers > 0 || wholeTexts > 0) && isTimeName(path) && isEpoch(statistics);
  if (type !== 'date' && type !== 'timestamp' && !epoch) return null;
  if (values === 0) return null;
  const rows = epoch ? wholeNumbers + wholeTexts + statistics.instantTexts : fitting;
  const said = format === null ? (epoch ? 'a number since 1970' : type) : `${type} as ${format}`;
  const least = format === null ? statistics.leastText : (statistics.patterns[0]?.least ?? null);
  return {
    path, key: keyOf(path), rows, pattern: format, notBefore: epoch ? defaultNotBefore : notBefore(least),
    clock: type === 'date' && format !== null ? clockOf(found, path) : null,
    says: `${said} in ${counted(rows)} of ${counted(found.rows)}`,
  };
}

/** The year in which times begin, where that is before 2000; the first days of 1970 and 1900 are what missing times become. */
function notBefore(least: string | null): string {
  const year = Number(/^(\d{4})-/.exec(least ?? '')?.[1] ?? '2000');
  return year < 2000 && year >= 1900 && !/^19[07]0-01-01/.test(least ?? '') ? `${year}-01-01` : defaultNotBefore;
}

/** `TransactionDate` has its clock in `TransactionTime`, a whole number HHMMSS. */
function clockOf(found: Findings, path: Path): TimeCandidate['clock'] {
  const wanted = path.toLowerCase().replace(/date/, 'time');
  const clock = found.paths.find((each) => each.path !== path && each.path.toLowerCase() === wanted);
  if (clock === undefined || clock.clocks < leastShare * found.rows) return null;
  return { path: clock.path, key: keyOf(clock.path) };
}

function scoreOf(found: Findings, { path, rows, pattern, clock, says }: TimeCandidate): number {
  const words = wordsOf(path);
  const depth = segmentsOfPath(path).filter((segment) => !isTypeWord(segment)).length;
  const named = /^(?:event_?)?(?:time(?:stamp)?|date_?time|ts|at|occurred_at|happened_at)$|^event_(?:date|time)/.test(words) ? 2 : 0;
  const made = /creat|order|transaction|purchase/.test(words) ? 1.5 : 0;
  const changed = /updat|modif|expir|delet|sent|receiv/.test(words) ? -1.5 : 0;
  const instant = says.startsWith('date') && clock === null ? 0 : 2;
  return (4 * rows) / found.rows + instant + named + made + changed - 0.5 * (depth - 1) - (isBirth(path) ? 10 : 0) - (pattern === null ? 0 : 0.2);
}

/** The name that the time's column in silver could have; null: the usual one. */
export function timeColumnName(path: Path): string | null {
  const name = columnNameOf(path);
  return ownColumns.includes(name.toLowerCase()) ? null : name;
}
