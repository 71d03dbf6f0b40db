import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { glob } from 'tinyglobby';
import { systemCode } from '../errors.js';

const readable = /\.(ndjson|jsonl|json)(\.gz)?$/i;

/** The files that a path, a folder or a glob means: absolute, sorted. Hidden names and those with `_` are left out. */
export async function findFiles(pattern: string): Promise<string[]> {
  const facts = await statOrNull(pattern);
  if (facts?.isDirectory() === true) return filesBelow(resolve(pattern));
  if (facts !== null) return [resolve(pattern)];
  const found = await glob([pattern], { absolute: true, onlyFiles: true, dot: false });
  return found.map((path) => resolve(path)).sort();
}

async function filesBelow(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.') || entry.name.startsWith('_')) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(readable.test(entry.name) ? [path] : await filesBelow(path)));
    else if (readable.test(entry.name)) found.push(path);
  }
  return found.sort();
}

async function statOrNull(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return null;
    throw error;
  }
}
