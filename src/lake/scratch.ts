import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { LakeError, messageOf } from '../errors.js';

/**
 * Makes the folder of this machine in which the work in progress of a remote lake lies: one per user and lake, for nobody else.
 * @param above the folder it is made in; null: the system's temporary one
 * @throws LakeError LAKE_NOT_WRITABLE when somebody else may have a hand in it
 */
export function makeScratch(above: string | null, lake: string): string {
  const { uid } = userInfo();
  const own = join(resolve(above ?? tmpdir()), `ingot-${uid}`);
  const name = `${lake.replaceAll(/[^A-Za-z0-9.-]+/g, '-').slice(0, 40)}-${createHash('sha256').update(lake).digest('hex').slice(0, 12)}`;
  const folder = join(own, name);
  try {
    if (above !== null) mkdirSync(resolve(above), { recursive: true });
    for (const each of [own, folder]) makePrivate(each, uid);
    return folder;
  } catch (error) {
    if (error instanceof LakeError) throw error;
    throw refused(own, messageOf(error), error);
  }
}

function makePrivate(folder: string, uid: number): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const facts = lstatSync(folder);
  if (!facts.isDirectory()) throw refused(folder, 'it is no folder');
  // Windows has no owners by number.
  if (uid >= 0 && facts.uid !== uid) throw refused(folder, 'it is another user\'s');
  if (uid >= 0 && (facts.mode & 0o077) !== 0) throw refused(folder, 'others may open it');
}

function refused(folder: string, why: string, cause?: unknown): LakeError {
  return new LakeError(`the scratch folder can't be used: ${why}`, { code: 'LAKE_NOT_WRITABLE', op: 'write', path: folder, hint: 'Remove it, or give --scratch (or INGOT_SCRATCH) a folder of your own with room for the work in progress.', cause });
}
