import type { Lake } from './lake.js';
import { discardRoot } from './layout.js';

/**
 * Removes replaced files at once, or, with `--retain`, notes them down for the first run of the scope after that time.
 * Data files have names of their own: one that was replaced never comes back. Doing it twice is doing it once.
 */
export async function discard(lake: Lake, scope: string, run: number, paths: readonly string[]): Promise<void> {
  const { storage, clock, options } = lake;
  const folder = `${discardRoot}/${scope}`;
  if (options.retainMs === 0) await storage.remove(paths);
  else if (paths.length > 0) await storage.put(`${folder}/${noteName(clock.nowMs() + options.retainMs, run)}`, JSON.stringify(paths));
  await releaseDiscarded(lake, scope, clock.nowMs());
}

/** Removes the replaced files of a scope whose time has come. @param dueMs `Infinity`: all, readers or not */
export async function releaseDiscarded({ storage }: Lake, scope: string, dueMs: number): Promise<void> {
  const folder = `${discardRoot}/${scope}`;
  for (const name of await storage.list(folder)) {
    const noteMs = dueMsOf(name);
    if (noteMs === null || noteMs > dueMs) continue;
    const content = await storage.read(`${folder}/${name}`);
    if (content !== null) await storage.remove(JSON.parse(content.toString('utf8')) as string[]);
    await storage.remove([`${folder}/${name}`]);
  }
}

function noteName(dueMs: number, run: number): string {
  return `${String(Math.trunc(dueMs)).padStart(15, '0')}-${run}.json`;
}

/** When the time has come of what a note names; null for another file. */
export function dueMsOf(name: string): number | null {
  const digits = /^(\d{15})-\d+\.json$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}
