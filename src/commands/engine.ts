import { parseDurationMs } from '../config.js';
import type { StatementProgress } from '../engines/trino/client.js';
import { trinoTarget, type TrinoTarget } from '../engines/trino/target.js';
import type { SilverEngine } from '../silver/engine-silver.js';
import type { Context } from './context.js';
import { count } from './output.js';

/** The engine that a command's SQL runs on; undefined: DuckDB. @throws LakeError USAGE */
export function engineOf({ config, secrets }: Pick<Context, 'config' | 'secrets'>): TrinoTarget | undefined {
  const { engine } = config;
  return engine === undefined || engine === 'duckdb' ? undefined : trinoTarget(engine, secrets ?? {}, parseDurationMs);
}

/** `gold.session on trino: 45%, 1,200,000 rows`. */
export function tellEngine({ progress }: Pick<Context, 'progress'>, layer: string): (what: string, engine: StatementProgress) => void {
  return (what, { state, percent, rows }) => progress.update(`${layer} on trino: ${what} ${percent === null ? state.toLowerCase() : `${Math.floor(percent)}%`}, ${count(rows)} rows`);
}

/** What builds silver; undefined: DuckDB. @throws LakeError USAGE */
export function silverEngine(context: Context): SilverEngine | undefined {
  const target = engineOf(context);
  return target === undefined ? undefined : { target, signal: context.signal, told: tellEngine(context, 'silver') };
}
