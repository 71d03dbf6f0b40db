import { isS3 } from '../config.js';
import { LakeError } from '../errors.js';
import { discardRoot } from '../lake/layout.js';
import { ddlEngines, ddlFor, type DdlEngine, type DdlOptions } from '../query/ddl.js';
import { defaultTimeouts, placeOf, s3Server } from '../s3/client.js';
import type { Context } from './context.js';
import { contractPlatforms } from './platforms.js';

/** Prints statements that make the lake's tables visible in an engine. @throws LakeError USAGE for an engine that has none, as of `ddlFor` */
export async function run(context: Context): Promise<number> {
  const { config, lake } = context;
  const engine = engineOf(config.engine ?? 'duckdb');
  const plain = config.plain;
  const ddl = await ddlFor(engine, lake, {
    location: config.location ?? null,
    databasePrefix: config.databasePrefix ?? '',
    catalog: config.catalog ?? null,
    plain,
    today: new Date(context.clock.nowMs()).toISOString().slice(0, 10),
    platformsOf: plain ? await contractPlatforms(config.datasets) : () => [],
    server: isS3(lake.storage.root) ? await serverOf(lake.storage.root, config.s3PathStyle) : null,
  });
  const { statements, empty, omitted } = ddl;
  const notes = [...ddl.notes, ...(plain ? [plainNote(lake.storage.remote !== null)] : [])];
  if ((plain || engine === 'duckdb') && (await lake.storage.list(discardRoot)).length > 0) context.progress.note(`Replaced files are still kept in this lake (--retain): until they go, these ${plain ? 'tables' : 'views'} count their rows too. Use \`ingot query\`, or ${plain ? 'Delta (without --plain)' : 'delta_scan'}.`);
  for (const { table, reason } of omitted) context.progress.note(`${table} is left out: ${reason}`);
  const none = ddl.tables === 0 ? [`There are no tables in ${oneLine(lake.storage.root)}: land events first, or give another --lake.`] : [];
  for (const note of none) context.progress.note(note);
  const comment = engine === 'glue' ? '#' : '--';
  context.result({ engine, statements, empty, omitted, notes: [...notes, ...none] }, [
    ...[...notes, ...none].map((note) => `${comment} ${note}`),
    ...(empty.length === 0 ? [] : [`${comment} Without rows yet, so run ingot ddl again when they have some: ${empty.join(', ')}`]),
    ...omitted.map(({ table, reason }) => `${comment} Left out: ${oneLine(table)}, as ${oneLine(reason)}`),
    ...statements,
  ]);
  return 0;
}

/** What is so of every reader that goes by the folders. */
function plainNote(remote: boolean): string {
  if (remote) return 'These tables show the files in their folders, not a version: in S3 a run\'s files are there before its commit and replaced ones stay for --retain (1h), so that rows may count twice. Prefer Delta.';
  return 'These tables show the files in their folders, not a version: they equal the newest one whenever no writer is at work, if writers remove replaced files at once (--retain 0, the default without --follow).';
}

function engineOf(text: string): DdlEngine {
  const engine = ddlEngines.find((each) => each === text);
  if (engine !== undefined) return engine;
  throw new LakeError(`there are no statements for ${text}`, { code: 'USAGE', op: 'ddl', path: '--engine', hint: `There are for ${ddlEngines.join(', ')}. Its own Delta reader opens the tables: give it their folders.` });
}

async function serverOf(root: string, pathStyle: 'true' | 'false' | undefined): Promise<DdlOptions['server']> {
  const { client, endpoint, region, pathStyle: byPath } = await s3Server(placeOf(root), pathStyle === undefined ? null : pathStyle === 'true', defaultTimeouts);
  client.destroy();
  return { endpoint, region, pathStyle: byPath };
}

/** A comment ends with its line. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ');
}
