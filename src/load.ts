import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createJiti } from 'jiti';
import { IANAZone } from 'luxon';
import { z } from 'zod';
import { ownColumns, silverTables, zoneOffsetMinutes, type Dataset, type Family } from './dataset.js';
import { detailOf, LakeError } from './errors.js';

const name = z.string().regex(/^[a-z][a-z0-9_]*$/, 'must be lower_snake_case');
const columnName = z.string().regex(/^[A-Za-z][A-Za-z0-9_]*$/, 'must be letters, digits and _');
/** What DuckDB's strptime knows. */
const strptime = z.string().regex(/^(?:[^%]|%-?[dmyHIMSj]|%[aAbBcfgGnpuUVwWxXYzZ%])*$/, 'must be a pattern of strptime, such as %d/%m/%Y').regex(/%/, 'must have a % in it, such as %d/%m/%Y');
const column = z.strictObject({
  type: z.enum(['text', 'integer', 'money', 'text_map', 'number', 'boolean', 'date', 'timestamp']),
  keys: z.array(z.string().min(1)),
  required: z.boolean(),
  values: z.array(z.string().min(1)).nullable(),
  upper: z.boolean(),
  formats: z.array(strptime).min(1).optional(),
  past: z.boolean().optional(),
});
const columns = z.record(columnName, column);
const platform = { values: z.array(z.string().min(1)).min(1), required: z.boolean().optional() };
const contract = z.strictObject({
  name,
  version: z.int().min(1),
  time: z.union([
    z.strictObject({
      key: z.string().min(1), notBefore: z.iso.date(), maxAheadMs: z.number().min(0), column: columnName.optional(),
      format: z.union([z.enum(['any', 'iso']), z.strictObject({ pattern: strptime, clock: z.string().min(1).optional() })]).optional(),
      zone: z.string().refine(isZone, 'must be an offset such as -03:00 or a zone such as Europe/Madrid').optional(),
    }),
    z.strictObject({ load: z.literal(true), column: columnName.optional() }),
    z.strictObject({ none: z.literal(true), column: columnName.optional() }),
  ]),
  platform: z.union([
    z.strictObject({ key: z.string().min(1), ...platform }),
    z.strictObject({ path: z.literal(true), ...platform }),
  ]).optional(),
  nulls: z.array(z.string()),
  person: columnName.optional(),
  strict: z.boolean().optional(),
  event: z.strictObject({ table: name, columns }),
  items: z.strictObject({ table: name, key: z.string().min(1), columns }).optional(),
  arrays: z.array(z.strictObject({ table: name, key: z.string().regex(/^\/[^/]/, 'must be a JSON pointer to an array, such as /orders/*/lines'), columns })).min(1).optional(),
  files: z.array(z.string().min(1)).min(1).optional(),
  database: z.strictObject({ query: z.string().regex(/\.sql$/, 'must be a .sql file in the dataset\'s folder') }).optional(),
});

/** A folder's contracts, and those of them that were asked for. */
export interface LoadedFamily extends Family {
  readonly asked: readonly Dataset[];
}

/**
 * Loads and checks one contract: `<dir>/<name>/dataset.ts`, or one of several that a folder has.
 * @throws LakeError as of `loadFamily`; USAGE for the name of a folder with several
 */
export async function loadDataset(dir: string, datasetName: string): Promise<Dataset> {
  const { name: folder, asked } = await loadFamily(dir, datasetName);
  const [dataset] = asked;
  if (dataset !== undefined && asked.length === 1) return dataset;
  throw new LakeError(`${folder} has several kinds of rows`, { code: 'USAGE', op: 'options', path: folder, hint: `Name one of them: ${asked.map((each) => each.name).join(', ')}.` });
}

/**
 * Loads and checks `<dir>/<name>/dataset.ts`; or, of the name of one of several contracts in a folder, `music_track`, that of the folder.
 * `import … from 'ingot'` in it means this package.
 * @throws LakeError DATASET_NOT_FOUND, naming those that there are; DATASET_INVALID, naming the field
 */
export async function loadFamily(dir: string, asked: string): Promise<LoadedFamily> {
  const path = join(dir, asked, 'dataset.ts');
  if (await isThere(path)) {
    const family = await readFamily(path, asked);
    return { ...family, asked: family.parts };
  }
  for (let end = asked.lastIndexOf('_'); end > 0; end = asked.lastIndexOf('_', end - 1)) {
    const folder = asked.slice(0, end);
    const above = join(dir, folder, 'dataset.ts');
    if (!(await isThere(above))) continue;
    const family = await readFamily(above, folder);
    const part = family.parts.find((each) => each.name === asked);
    if (part !== undefined) return { ...family, asked: [part] };
  }
  throw new LakeError(`there is no dataset ${asked}`, { code: 'DATASET_NOT_FOUND', op: 'load dataset', path, hint: await datasetsHint(dir) });
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}

async function readFamily(path: string, folder: string): Promise<Family> {
  const loaded = await importContract(path);
  if (!Array.isArray(loaded)) {
    const dataset = checked(path, loaded);
    if (dataset.name !== folder) throw invalid(path, `its name is ${dataset.name}, its folder ${folder}`, undefined);
    return { name: folder, parts: [dataset] };
  }
  const contracts = (loaded as readonly unknown[]).map((each) => checked(path, each));
  const wrong = contradictionAmong(folder, contracts);
  if (wrong !== null) throw invalid(path, wrong, undefined);
  const family: { name: string; parts: readonly Dataset[] } = { name: folder, parts: [] };
  family.parts = contracts.map((each) => ({ ...each, family }));
  return family;
}

async function importContract(path: string): Promise<unknown> {
  try {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const jiti = createJiti(import.meta.url, { alias: { ingot: fileURLToPath(new URL(`./index.${extension}`, import.meta.url)) }, fsCache: false });
    return await jiti.import(path, { default: true });
  } catch (error) {
    throw invalid(path, detailOf(error), error);
  }
}

function checked(path: string, loaded: unknown): Dataset {
  const result = contract.safeParse(loaded);
  if (!result.success) throw invalid(path, problemOf(result.error.issues), result.error);
  const wrong = contradictionOf(result.data);
  if (wrong !== null) throw invalid(path, wrong, undefined);
  return result.data;
}

/** What contracts of one folder say that can't be together; null for nothing. */
function contradictionAmong(folder: string, contracts: readonly Dataset[]): string | null {
  if (contracts.length === 0) return 'it has no contract';
  const other = contracts.find((each) => !each.name.startsWith(`${folder}_`));
  if (other !== undefined) return `name: ${other.name} does not begin with ${folder}_, as the names of several contracts in this folder do`;
  const tables = contracts.flatMap(silverTables);
  const twice = tables.find((table, index) => tables.indexOf(table) < index);
  return twice === undefined ? null : `the name ${twice} is there twice`;
}

/** The first thing that is wrong; of a choice between forms, what is wrong with the one that comes nearest. */
function problemOf(issues: readonly z.core.$ZodIssue[], within: readonly PropertyKey[] = []): string {
  const [issue] = issues;
  const path = [...within, ...(issue?.path ?? [])];
  if (issue?.code === 'invalid_union') {
    const nearest = [...issue.errors].sort((a, b) => depthOf(b) - depthOf(a) || a.length - b.length)[0];
    if (nearest !== undefined) return problemOf(nearest, path);
  }
  return `${path.join('.')}: ${issue?.message ?? ''}`;
}

/** How far into a value its form fits: what is wrong lies that deep. */
function depthOf(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(...issues.map(({ path }) => path.length));
}

/** What a contract says that can't be, though each of its fields is well; null for nothing. Names are the same whatever their case. */
function contradictionOf({ person, event, items, arrays, time, platform }: Dataset): string | null {
  if (person !== undefined && event.columns[person]?.type !== 'text') return `person: ${person} is no text column of the event`;
  const own = [...Object.keys(event.columns), ...Object.keys(items?.columns ?? {})];
  const among = (names: readonly string[], each: string): boolean => names.some((other) => other.toLowerCase() === each.toLowerCase());
  const taken = own.find((each) => among([...ownColumns, ...(time.column === undefined ? [] : [time.column])], each));
  if (taken !== undefined) return `the column ${taken} comes by itself in silver`;
  if (time.column !== undefined && time.column !== 'event_timestamp' && among(ownColumns, time.column)) return `time.column: ${time.column} is another column of silver`;
  const twice = own.find((each, index) => among(own.slice(0, index), each));
  if (twice !== undefined) return `the column ${twice} is there twice, case aside`;
  if (items !== undefined && items.table === event.table) return `items.table: ${items.table} is the event's`;
  const arrayColumn = (arrays ?? []).flatMap((array) => Object.keys(array.columns)).find((each) => among([...ownColumns, ...(time.column === undefined ? [] : [time.column])], each));
  if (arrayColumn !== undefined) return `arrays: the column ${arrayColumn} comes by itself in silver`;
  const tables = [event.table, ...(items === undefined ? [] : [items.table]), ...(arrays ?? []).map(({ table }) => table)];
  const table = tables.find((each, index) => tables.indexOf(each) < index);
  if (table !== undefined) return `arrays: the table ${table} is there twice`;
  const values = platform?.values ?? [];
  const like = values.find((each, index) => among(values.slice(0, index), each));
  return like === undefined ? null : `platform.values: ${like} is there twice, case aside`;
}

function isZone(zone: string): boolean {
  return zoneOffsetMinutes(zone) !== null || IANAZone.isValidZone(zone);
}

async function datasetsHint(dir: string): Promise<string> {
  try {
    const names = (await readdir(dir, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    return `There are: ${names.join(', ')}. Or give another folder with --datasets.`;
  } catch {
    return `The folder ${dir} can't be read: give --datasets (or INGOT_DATASETS).`;
  }
}

function invalid(path: string, what: string, cause: unknown): LakeError {
  return new LakeError(`the contract is not valid: ${what}`, { code: 'DATASET_INVALID', op: 'load dataset', path, hint: 'README.md shows what a dataset is, src/dataset.ts has every option of a column, and `ingot infer FILE` proposes one that is valid.', cause });
}
