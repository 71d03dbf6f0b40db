import { LakeError } from '../errors.js';
import { discardRoot } from '../lake/layout.js';
import { duckdbDdl } from '../query/ddl.js';
import type { Context } from './context.js';

/** Prints statements that make the lake's tables visible in an engine. @throws LakeError USAGE for an engine that has none */
export async function run(context: Context): Promise<number> {
  const engine = context.config.engine ?? 'duckdb';
  if (engine !== 'duckdb') throw new LakeError(`there are no statements for ${engine} yet`, { code: 'USAGE', op: 'ddl', path: '--engine', hint: 'Its own Delta reader opens the tables: give it their folders.' });
  const { statements, empty } = await duckdbDdl(context.lake);
  const retained = (await context.lake.storage.list(discardRoot)).length > 0;
  if (retained) context.progress.note('Replaced files are still kept in this lake (--retain): until they go, these views count their rows too. Use `ingot query`, or delta_scan.');
  context.result({ engine, statements, empty }, [
    '-- Equals the newest version whenever no writer is at work, if writers remove replaced files at once (--retain 0, the default without --follow).',
    ...(empty.length === 0 ? [] : [`-- Without rows yet, so run ingot ddl again when they have some: ${empty.join(', ')}`]),
    ...statements,
  ]);
  return 0;
}
