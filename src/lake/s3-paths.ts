import type { _Object } from '@aws-sdk/client-s3';
import { engineRoot, stagingRoot } from './layout.js';
import type { Move, StoredFile } from './storage.js';

/** What others must see of staged files: by its staging folder, a note of the files in place, and files that are not. */
export const uploadRoot = '_ingot/uploads';
export const noteName = 'in-place.json';

/** Whether an engine has put it into the bucket, and no table has it yet. */
export function isOfEngine(path: string): boolean {
  return path.startsWith(`${engineRoot}/`);
}

/** Where an engine writes what belongs to a staging folder. */
export function engineFolder(staging: string): string {
  return `${engineRoot}${staging.slice(stagingRoot.length)}`;
}

/** Whether it lies in the scratch folder of this machine. */
export function isStaged(path: string): boolean {
  return path === stagingRoot || path.startsWith(`${stagingRoot}/`);
}

/** Where a staged file waits: in its place already, or, where another may want the name, by its staging's name. */
export function uploadedAs({ from, to, own }: Move): string {
  if (own === true) return to;
  return isStaged(from) ? `${uploadRoot}${from.slice(stagingRoot.length)}` : from;
}

export function uploadsOf(staging: string): string {
  return `${uploadRoot}${staging.slice(stagingRoot.length)}`;
}

export function notePath(staging: string): string {
  return `${uploadsOf(staging)}/${noteName}`;
}

/** @param skipped characters of the lake's prefix */
export function storedFile({ Key = '', Size = 0, LastModified }: _Object, skipped: number): StoredFile {
  return { path: Key.slice(skipped), bytes: Size, modifiedMs: LastModified?.getTime() ?? Date.now(), temporary: false };
}
