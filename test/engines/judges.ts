import { askPython } from '../../scripts/engines/python.js';
import { Session } from '../../src/lake/duckdb.js';
import { temporaryFolder } from '../support/lake.js';

/** Values as text, instants as microseconds: so that readers of all kinds can be compared. */
export type Row = Readonly<Record<string, string | null>>;

export interface JudgeRequest {
  readonly op: 'datafusion' | 'pyarrow' | 'facts' | 'append' | 'delete' | 'optimize' | 'vacuum';
  readonly table: string;
  readonly sql?: string;
  readonly filters?: readonly (readonly string[])[];
  readonly rows?: readonly Readonly<Record<string, readonly (string | number | null)[]>>[];
  readonly predicate?: string;
  /** delta-rs' own settings for a table that is not in a folder. */
  readonly storage_options?: Readonly<Record<string, string>>;
}

export function required(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run \`npm run test:engines\``);
  return value;
}

/** Has delta-rs answer requests, one after the other. @throws Error with its traceback */
export async function deltaRs(requests: readonly JudgeRequest[]): Promise<unknown[]> {
  return (await askPython(required('INGOT_PYTHON'), new URL('./delta_judge.py', import.meta.url), requests)) as unknown[];
}

/** A DuckDB of its own with its Delta extension, which reads the log without Ingot. */
export async function duckdbDelta(): Promise<Session> {
  const session = await Session.open({ memoryLimitBytes: 1e9, threads: 2, spillDir: temporaryFolder() });
  await session.run(`LOAD '${required('INGOT_DELTA_EXTENSION').replaceAll("'", "''")}'`);
  return session;
}
