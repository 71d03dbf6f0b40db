import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rowTables } from '../../src/dataset.js';
import { loadFamily } from '../../src/load.js';

const datasets = fileURLToPath(new URL('../../datasets', import.meta.url));

/** The tables of a dataset's folder, as Ingot makes them, by layer. */
export interface DatasetTables {
  /** The folder's name: gold is built once for all of its contracts. */
  readonly family: string;
  /** Names of all contracts of the folder. */
  readonly parts: readonly string[];
  /** The one that the queue's events are of. */
  readonly landed: string;
  readonly bronze: readonly string[];
  /** Typed rows. */
  readonly silver: readonly string[];
  /** Bodies as they came, of events that break the contract. */
  readonly silverRaw: readonly string[];
  readonly gold: readonly string[];
}

/** Reads contracts and models. @throws LakeError DATASET_NOT_FOUND, DATASET_INVALID; Error for a folder of several contracts: a message says not of which it is */
export async function datasetTables(name: string, dir = datasets): Promise<DatasetTables> {
  const { name: family, parts, asked } = await loadFamily(dir, name);
  const [landed, ...others] = asked.map((part) => part.name);
  if (landed === undefined || others.length > 0) throw new Error(`ingot:dataset ${name} has several kinds of rows: name the one that the queue's events are of, ${asked.map((part) => part.name).join(', ')}`);
  const models = (await readdir(join(dir, family, 'gold'))).filter((file) => file.endsWith('.sql'));
  return {
    family,
    parts: parts.map((part) => part.name),
    landed,
    bronze: parts.flatMap((part) => [part.name, `${part.name}_rejected`]),
    silver: parts.flatMap((part) => [...rowTables(part), `${part.name}_duplicates`]),
    silverRaw: parts.map((part) => `${part.name}_rejected`),
    gold: models.map((file) => file.slice(0, -'.sql'.length)).sort(),
  };
}
