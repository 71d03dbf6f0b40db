import { LakeError, messageOf } from '../errors.js';
import type { Session } from '../lake/duckdb.js';
import { identifier } from '../lake/sql.js';
import type { Check, Model } from './model.js';

const maxRows = 5;

/** A check that some rows don't meet. */
export interface FailedCheck {
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
    if (rows.length > 0) failed.push({ message, rows });
  }
  return failed;
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
