import { LakeError } from '../errors.js';
import type { Lake } from '../lake/lake.js';
import { athenaDdl } from './ddl/athena.js';
import { duckdbDdl } from './ddl/duckdb.js';
import { glueDdl } from './ddl/glue.js';
import { sparkDdl } from './ddl/spark.js';
import type { Ddl, DdlOptions } from './ddl/tables.js';
import { trinoDdl } from './ddl/trino.js';

export { duckdbDdl };
export type { Ddl, DdlOptions };

/** Engines that statements are made for. */
export const ddlEngines = ['duckdb', 'athena', 'glue', 'spark', 'trino'] as const;
export type DdlEngine = (typeof ddlEngines)[number];

/** What an engine's statements can be told; the others' options are refused rather than passed over. */
const taken: Readonly<Record<DdlEngine, readonly (keyof DdlOptions)[]>> = {
  duckdb: [],
  athena: ['plain', 'location', 'databasePrefix'],
  glue: ['plain', 'location', 'databasePrefix'],
  spark: ['location', 'databasePrefix'],
  trino: ['plain', 'location', 'databasePrefix', 'catalog'],
};
const flags = { plain: '--plain', location: '--location', databasePrefix: '--database-prefix', catalog: '--catalog' } as const;

/**
 * Statements that make a lake's tables visible in an engine.
 * @throws LakeError USAGE for an option that the engine has no use for, or a lake that it can't reach
 */
export async function ddlFor(engine: DdlEngine, lake: Lake, options: DdlOptions): Promise<Ddl> {
  const given = { plain: options.plain, location: options.location !== null, databasePrefix: options.databasePrefix !== '', catalog: options.catalog !== null };
  for (const option of ['plain', 'location', 'databasePrefix', 'catalog'] as const) {
    if (given[option] && !taken[engine].includes(option)) throw new LakeError(`the statements for ${engine} take no ${flags[option]}`, { code: 'USAGE', op: 'ddl', path: flags[option], hint: `Leave it out; it is for ${ddlEngines.filter((each) => taken[each].includes(option)).join(', ')}.` });
  }
  const { [engine]: make } = { duckdb: (each: Lake) => duckdbDdl(each, options.server), athena: athenaDdl, glue: glueDdl, spark: sparkDdl, trino: trinoDdl };
  return make(lake, options);
}
