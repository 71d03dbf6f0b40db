import { LakeError, messageOf } from '../errors.js';
import type { Session } from '../lake/duckdb.js';
import { identifier } from '../lake/sql.js';
import { previousDate } from './dates.js';
import { checkKinds, type Check, type Model, type RowCountBounds } from './model.js';

const maxRows = 5;

/** A date before with fewer rows says nothing about the next one. */
const fewRows = 100;

/** A check that some rows don't meet. */
export interface FailedCheck {
  /** `ratio`, as `accept` names it. */
  readonly kind: string;
  /** As the header has it: `ratio(ctr)`. */
  readonly message: string;
  /** Some offending rows. */
  readonly rows: readonly Record<string, unknown>[];
}

/**
 * Checks a model's rows, which are in a table or view.
 * @returns the checks that fail, each with up to five rows
 * @throws LakeError DATASET_INVALID when a check can't be asked of these rows
 */
export async function failedChecks(session: Session, model: Model, relation: string): Promise<FailedCheck[]> {
  const failed: FailedCheck[] = [];
  for (const check of model.checks) {
    const message = `${check.kind}(${check.columns.join(', ')})`;
    const rows = await ask(session, model, message, `${offending(check, identifier(relation))} LIMIT ${maxRows}`);
    if (rows.length > 0) failed.push({ kind: check.kind, message, rows });
  }
  return failed;
}

/** Rows of a model by date; `before` are those of dates that are not built. */
export interface RowCounts {
  readonly built: ReadonlyMap<string, number>;
  readonly before: ReadonlyMap<string, number>;
  /** From this date on, days are still filling: they are not asked for the least. */
  readonly filling: string;
}

/** Compares the rows of each date that is built with those of the date before it. */
export function failedRowCount({ least, most }: RowCountBounds, { built, before, filling }: RowCounts): FailedCheck | null {
  const rows: Record<string, unknown>[] = [];
  for (const [date, count] of built) {
    const previous = previousDate(date);
    const earlier = built.get(previous) ?? before.get(previous) ?? 0;
    if (earlier < fewRows) continue;
    if (count > earlier * most || (date < filling && count < earlier * least)) rows.push({ event_date: date, rows: count, rows_of_the_day_before: earlier });
  }
  return rows.length === 0 ? null : { kind: 'row_count', message: `row_count(${least}, ${most})`, rows: rows.slice(0, maxRows) };
}

/** What is to be read of failed checks: each with its rows, a line a row. */
export function tellFailures(failures: readonly FailedCheck[]): string {
  return failures.flatMap(({ message, rows }) => [message, ...rows.map((row) => `  ${tellRow(row)}`)]).join('\n  ');
}

/** `event_date 2026-03-01, platform IOS, note null`. */
function tellRow(row: Readonly<Record<string, unknown>>): string {
  return Object.entries(row).map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`).join(', ');
}

/** @throws LakeError USAGE for a kind that no check has */
export function checkAccepted(accept: readonly string[]): void {
  const unknown = accept.find((kind) => !checkKinds.includes(kind));
  if (unknown === undefined) return;
  throw new LakeError(`there is no check ${unknown} to be accepted`, { code: 'USAGE', op: 'gold', path: unknown, hint: `Checks are ${checkKinds.join(', ')}.` });
}

async function ask(session: Session, model: Model, check: string, sql: string): Promise<Record<string, unknown>[]> {
  try {
    return await session.rows(sql);
  } catch (error) {
    if (error instanceof LakeError) throw error;
    throw new LakeError(`the check ${check} fails: ${messageOf(error)}`, { code: 'DATASET_INVALID', op: 'check', path: model.path, hint: 'Its columns are those of the SELECT.', cause: error });
  }
}

/** Rows that a check forbids. */
function offending(check: Check, relation: string): string {
  const columns = check.columns.map(identifier);
  const list = columns.join(', ');
  switch (check.kind) {
    case 'unique':
      return `SELECT ${list}, count(*) AS copies FROM ${relation} GROUP BY ${list} HAVING count(*) > 1`;
    case 'not_null':
      return `SELECT * FROM ${relation} WHERE ${columns.map((column) => `${column} IS NULL`).join(' OR ')}`;
    case 'ratio':
      return `SELECT * FROM ${relation} WHERE ${columns.map((column) => `${column} NOT BETWEEN 0 AND 1`).join(' OR ')}`;
    case 'descending':
      return `SELECT * FROM ${relation} WHERE ${columns.slice(1).map((column, index) => `${columns[index] ?? column} < ${column}`).join(' OR ')}`;
  }
}
