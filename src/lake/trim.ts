import { checkpointName, logFolder } from './layout.js';
import type { Storage } from './storage.js';

/** Versions whose entries stay: a layer that is built from a table must be no further behind, or it is built whole. */
export const keptVersions = 10_000;

/**
 * Removes the entries and checkpoints before the newest checkpoint that has `kept` versions after it.
 * What every reader needs stays: a checkpoint, and all entries from its version on.
 * @returns how many files went
 */
export async function trimLog(storage: Storage, folder: string, newest: number, kept = keptVersions): Promise<number> {
  const old = await oldEntries(storage, folder, newest, kept);
  await storage.remove(old);
  return old.length;
}

/** The files that trimming would remove. */
export async function oldEntries(storage: Storage, folder: string, newest: number, kept = keptVersions): Promise<string[]> {
  const names = await storage.list(logFolder(folder));
  const checkpoints = names.flatMap((name) => {
    const version = versionOf(name);
    return version !== null && name === checkpointName(version) && version <= newest - kept ? [version] : [];
  });
  const first = Math.max(-1, ...checkpoints);
  return names.filter((name) => (versionOf(name) ?? first) < first).map((name) => `${logFolder(folder)}/${name}`);
}

function versionOf(name: string): number | null {
  const digits = /^(\d{20})\.(?:json|checkpoint\..*parquet)$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}
