import { dueMsOf } from './discard.js';
import type { Intent } from './intent.js';
import type { Lake } from './lake.js';
import { discardRoot, intentRoot, tableFolder } from './layout.js';

/** A run that is written down and not done yet. */
export interface PendingRun {
  readonly scope: string;
  readonly run: number;
  readonly staging: string;
  /** The data files that it is going to name, relative to the lake's root. */
  readonly paths: readonly string[];
}

export async function pendingRuns(lake: Lake): Promise<PendingRun[]> {
  const intents = (await notes(lake, intentRoot)).map(({ content }) => content as Intent);
  return intents.filter(({ done }) => !done).map(({ scope, run, staging, tables }) => ({
    scope,
    run,
    staging,
    paths: tables.flatMap(({ spec, files }) => files.map(({ path }) => `${tableFolder(spec.layer, spec.table)}/${path}`)),
  }));
}

/** Replaced files that are kept for readers until a time. */
export interface RetainedFiles {
  readonly scope: string;
  readonly dueMs: number;
  /** Relative to the lake's root. */
  readonly paths: readonly string[];
}

export async function retainedFiles(lake: Lake): Promise<RetainedFiles[]> {
  return (await notes(lake, discardRoot)).flatMap(({ scope, name, content }) => {
    const dueMs = dueMsOf(name);
    return dueMs === null ? [] : [{ scope, dueMs, paths: content as string[] }];
  });
}

/** The notes of all scopes below a folder; one that goes meanwhile is left out. */
async function notes(lake: Lake, root: string): Promise<{ readonly scope: string; readonly name: string; readonly content: unknown }[]> {
  const found: { scope: string; name: string; content: unknown }[] = [];
  for (const scope of await lake.storage.list(root)) {
    for (const name of await lake.storage.list(`${root}/${scope}`)) {
      if (!name.endsWith('.json')) continue;
      const content = await lake.storage.read(`${root}/${scope}/${name}`);
      if (content !== null) found.push({ scope, name, content: JSON.parse(content.toString('utf8')) });
    }
  }
  return found;
}

/** Whether a path is one of a table's data files, as a glob finds them: `silver/event/event_date=…/platform=…/x.parquet`. */
export function isDataFile(folder: string, levels: number, path: string): boolean {
  const segments = path.slice(folder.length + 1).split('/');
  const name = segments.pop() ?? '';
  return path.startsWith(`${folder}/`) && name.endsWith('.parquet') && segments.length === levels && segments.every((segment) => segment.includes('='));
}
