import { LakeError, messageOf } from '../errors.js';
import type { Reading } from '../lake/views.js';
import { dateOf } from './dates.js';
import type { Dates } from './execute.js';
import { datesOfTable } from './plan.js';
import { mostDays, type RangeLimits } from './ranges.js';

/** The first and last date of silver's events; null: there are none. */
export function datesIn(silver: readonly Reading[]): Dates | null {
  const dates = datesOfEvents(silver);
  const [since, until] = [dates[0], dates.at(-1)];
  return since === undefined || until === undefined ? null : { since, until };
}

function datesOfEvents(silver: readonly Reading[]): string[] {
  return [...new Set(silver.flatMap(({ snapshot }) => datesOfTable(snapshot)))].sort();
}

/** The newest date of silver, or today: a device whose clock is ahead makes no day full. */
export function fillingDate(silver: readonly Reading[], nowMs: number): string {
  const newest = datesOfEvents(silver).at(-1) ?? '';
  const today = dateOf(nowMs);
  return newest < today ? newest : today;
}

/** A byte of silver's files is so many in DuckDB's memory while its rows are built, with what steps and models make of them. */
const bytesInMemory = 20;

/** By the sizes of silver's files, so that what is built together fits in memory as a rule. */
export function rangeLimits(silver: readonly Reading[], memoryLimitBytes: number): RangeLimits {
  const sizes = new Map<string, number>();
  for (const file of silver.flatMap(({ snapshot }) => [...snapshot.files.values()])) {
    const date = file.partitionValues['event_date'] ?? '';
    sizes.set(date, (sizes.get(date) ?? 0) + file.size);
  }
  return { days: mostDays, bytes: memoryLimitBytes / bytesInMemory, bytesOf: (date) => sizes.get(date) ?? 0 };
}

/** Of an engine only the partitions that it may write at once bound a range: a date of gold is reckoned to have as many as of silver. */
export function engineLimits(silver: readonly Reading[], mostPartitions: number): RangeLimits {
  const partitions = new Map<string, Set<string>>();
  for (const { partitionValues } of silver.flatMap(({ snapshot }) => [...snapshot.files.values()])) {
    const date = partitionValues['event_date'] ?? '';
    partitions.set(date, (partitions.get(date) ?? new Set()).add(JSON.stringify(partitionValues)));
  }
  const most = Math.max(1, ...[...partitions.values()].map(({ size }) => size));
  return { days: Math.max(1, Math.min(mostDays, Math.floor(mostPartitions / most))), bytes: Infinity, bytesOf: () => 0 };
}

/** What does not fit in memory although nothing smaller can be built. */
export function tooLarge(what: string, path: string, memoryLimitBytes: number, cause: unknown): LakeError {
  return new LakeError(`${what} not fit in ${Math.round(memoryLimitBytes / 1e6)} MB of memory: ${messageOf(cause)}`, {
    code: 'QUERY_FAILED',
    op: 'gold',
    path,
    hint: 'A date, or of whole models a model, is the least that is built at once. Nothing of this run was published: give it more memory (--memory) and run it again.',
    cause,
  });
}
