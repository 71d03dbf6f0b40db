import { detailOf, LakeError } from '../errors.js';
import type { Session } from '../lake/duckdb.js';
import type { Lake } from '../lake/lake.js';
import { identifier } from '../lake/sql.js';
import { createView, type Reading } from '../lake/views.js';
import type { ModelGroup, Step } from './model.js';

/** Output dates, both included: the parameters `$since` and `$until` of every step and model. Of whole ones they are silver's first and last. */
export interface Dates {
  readonly since: string;
  readonly until: string;
}

/** Makes `silver.…` views of some dates' rows. */
export async function viewSilver(session: Session, lake: Lake, silver: readonly Reading[], dates: Dates): Promise<void> {
  for (const reading of silver) await createView(session, lake, reading, (partition) => isWithin(partition, dates));
}

/** Makes `silver.…` views of all rows. */
export async function viewAllSilver(session: Session, lake: Lake, silver: readonly Reading[]): Promise<void> {
  for (const reading of silver) await createView(session, lake, reading);
}

/** Makes each step a temporary table; `silver.…` must be views already. @param dates null: there are none, and the parameters are null */
export async function buildSteps(session: Session, { steps }: Pick<ModelGroup, 'steps'>, dates: Dates | null): Promise<void> {
  for (const step of steps) await materialize(session, step, step.name, dates);
}

/** Runs a step or model into a temporary table. @throws LakeError QUERY_FAILED naming its file */
export async function materialize(session: Session, step: Step, table: string, dates: Dates | null): Promise<void> {
  try {
    await session.run(`CREATE OR REPLACE TEMP TABLE ${identifier(table)} AS ${step.sql}`, { since: dates?.since ?? null, until: dates?.until ?? null });
  } catch (error) {
    if (error instanceof LakeError) throw error;
    throw new LakeError(`${step.name} fails: ${detailOf(error)}`, { code: 'QUERY_FAILED', op: 'gold', path: step.path, hint: 'Mend the SQL and run it again: nothing of this run was published.', cause: error });
  }
}

export async function dropSteps(session: Session, { steps }: Pick<ModelGroup, 'steps'>): Promise<void> {
  for (const step of steps) await session.run(`DROP TABLE IF EXISTS ${identifier(step.name)}`);
}

/** Whether a partition is of some dates. */
export function isWithin(partition: Readonly<Record<string, string | null>>, { since, until }: Dates): boolean {
  const date = partition['event_date'] ?? '';
  return date >= since && date <= until;
}
