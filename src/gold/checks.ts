import type { Session } from '../lake/duckdb.js';
import { identifier } from '../lake/sql.js';
import type { Check, Model } from './model.js';

const maxRows = 5;

export interface FailedCheck {
  readonly message: string;
  /** Some offending rows. */
  readonly rows: readonly Record<string, unknown>[];
}

/** Checks a model's rows. */
export async function failedChecks(session: Session, model: Model, relation: string): Promise<FailedCheck[]> {
  const failed: FailedCheck[] = [];
  for (const check of model.checks) {
    const rows = await session.rows(`${offending(check, identifier(relation))} LIMIT ${maxRows}`);
    if (rows.length > 0) failed.push({ message: `${check.kind}(${check.columns.join(', ')})`, rows });
  }
  return failed;
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
