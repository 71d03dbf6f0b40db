import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { glob } from 'tinyglobby';
import { systemCode } from '../errors.js';
import { isArchive, isHidden, isReadable } from './stored.js';

/** Told of a folder that can't be looked into. */
export type NotFound = (path: string, error: unknown) => void;

/**
 * The files that a path, a folder or a glob means: absolute, sorted. In folders hidden names and those that begin
 * with `_` are left out, and so is what is not called .ndjson, .jsonl, .json, .csv or .tsv (or .gz of these), or .zip.
 */
export async function findFiles(pattern: string, failed: NotFound): Promise<string[]> {
  const facts = await statOrNull(pattern, failed);
  if (facts?.isDirectory() === true) return (await filesBelow(resolve(pattern), failed)).sort();
  if (facts !== null) return [resolve(pattern)];
  const found: string[] = [];
  for (const path of await glob([pattern], { absolute: true, onlyFiles: false, expandDirectories: false, dot: false })) {
    if (isHidden(basename(path))) continue;
    if (path.endsWith('/')) found.push(...(await filesBelow(resolve(path), failed)));
    else found.push(resolve(path));
  }
  return [...new Set(found)].sort();
}

async function filesBelow(folder: string, failed: NotFound): Promise<string[]> {
  const found: string[] = [];
  try {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (isHidden(entry.name)) continue;
      const path = join(folder, entry.name);
      if (isReadable(entry.name) || isArchive(entry.name)) found.push(path);
      else if (entry.isDirectory()) found.push(...(await filesBelow(path, failed)));
    }
  } catch (error) {
    failed(folder, error);
  }
  return found;
}

async function statOrNull(path: string, failed: NotFound) {
  try {
    return await stat(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' && systemCode(error) !== 'ENOTDIR') failed(path, error);
    return null;
  }
}
