import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { messageOf } from '../../src/errors.js';
import { names } from './events.js';

/** Files below a folder that have a word, as they are or in their rows: Parquet is decompressed by a reader that is not DuckDB. */
export async function filesNaming(root: string, word: string): Promise<string[]> {
  if (!existsSync(root)) return [];
  const found: string[] = [];
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const about = await whyNaming(path, word);
    if (about !== null) found.push(`${relative(root, path)}${about}`);
  }
  return found.sort();
}

async function whyNaming(path: string, word: string): Promise<string | null> {
  if (names(readFileSync(path).toString('latin1'), word)) return '';
  if (!path.endsWith('.parquet')) return null;
  try {
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path), compressors, utf8: true });
    return rows.some((row) => names(JSON.stringify(row, asText), word)) ? '' : null;
  } catch (error) {
    return ` (which can't be read: ${messageOf(error)})`;
  }
}

function asText(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value;
}
