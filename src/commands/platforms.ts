import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { silverTables, type Family } from '../dataset.js';
import { LakeError } from '../errors.js';
import { loadFamily } from '../load.js';

/** The platforms that the contracts of a folder name, by table: of gold those of all kinds of rows that it reads. Contracts that can't be read name none. */
export async function contractPlatforms(datasets: string): Promise<(layer: string, table: string) => readonly string[]> {
  const families = (await Promise.all((await foldersOf(datasets)).map((name) => familyOrNull(datasets, name)))).filter((family) => family !== null);
  return (layer, table) => families.flatMap(({ name, parts }) => {
    const of = layer === 'gold'
      ? existsSync(join(datasets, name, 'gold', `${table}.sql`)) ? parts : []
      : parts.filter((part) => (layer === 'bronze' ? [part.name, `${part.name}_rejected`] : silverTables(part)).includes(table));
    return of.flatMap(({ platform }) => platform?.values ?? []);
  });
}

async function foldersOf(datasets: string): Promise<string[]> {
  const entries = await readdir(datasets, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory() && existsSync(join(datasets, entry.name, 'dataset.ts'))).map(({ name }) => name);
}

async function familyOrNull(datasets: string, name: string): Promise<Family | null> {
  try {
    return await loadFamily(datasets, name);
  } catch (error) {
    if (error instanceof LakeError) return null;
    throw error;
  }
}
