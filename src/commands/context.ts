import type { Clock } from '../clock.js';
import type { Config } from '../config.js';
import type { EngineSecrets } from '../engines/trino/target.js';
import type { Lake } from '../lake/lake.js';
import type { Progress } from './progress.js';

export type CommandName = 'bronze' | 'silver' | 'gold' | 'run' | 'backfill' | 'query' | 'audit' | 'serve' | 'status' | 'compact' | 'vacuum' | 'rejected' | 'replay' | 'forget' | 'ddl' | 'generate' | 'profile' | 'infer' | 'init';

/** What a command is given: nothing of it reads argv, the environment or the wall clock by itself. */
export interface Context {
  readonly config: Config;
  readonly args: readonly string[];
  readonly clock: Clock;
  readonly lake: Lake;
  /** What the environment has for an engine. */
  readonly secrets?: EngineSecrets;
  /** Aborted by SIGINT and SIGTERM: finish what is open, commit it, and end with 0. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** Prints to stdout. With --json only `result` prints. */
  readonly print: (text: string) => void;
  /** The command's summary: an object for --json, lines for people. */
  readonly result: (summary: object, lines: readonly string[]) => void;
}

/** Gives the exit status: 0 done, 1 failed. */
export type CommandRun = (context: Context) => Promise<number>;
