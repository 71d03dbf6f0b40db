import { access } from 'node:fs/promises';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createJiti } from 'jiti';
import { IANAZone } from 'luxon';
import { z } from 'zod';
import { ownColumns, zoneOffsetMinutes, type Dataset } from './dataset.js';
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
  ]),
  platform: z.strictObject({ key: z.string().min(1), values: z.array(z.string().min(1)).min(1), required: z.boolean().optional() }).optional(),
  nulls: z.array(z.string()),
  person: columnName.optional(),
  strict: z.boolean().optional(),
  event: z.strictObject({ table: name, columns }),
  items: z.strictObject({ table: name, key: z.string().min(1), columns }).optional(),
});

/**
 * Loads and checks `<dir>/<name>/dataset.ts`. `import … from 'ingot'` in it means this package.
 * @throws LakeError DATASET_NOT_FOUND, naming those that there are; DATASET_INVALID, naming the field
 */
export async function loadDataset(dir: string, datasetName: string): Promise<Dataset> {
  const path = join(dir, datasetName, 'dataset.ts');
  try {
    await access(path);
  } catch (error) {
    throw new LakeError(`there is no dataset ${datasetName}`, { code: 'DATASET_NOT_FOUND', op: 'load dataset', path, hint: await datasetsHint(dir), cause: error });
  }
  let loaded: unknown;
  try {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const jiti = createJiti(import.meta.url, { alias: { ingot: fileURLToPath(new URL(`./index.${extension}`, import.meta.url)) }, fsCache: false });
    loaded = await jiti.import(path, { default: true });
  } catch (error) {
    throw invalid(path, detailOf(error), error);
  }
  const result = contract.safeParse(loaded);
  if (!result.success) {
    throw invalid(path, problemOf(result.error.issues), result.error);
  }
  if (result.data.name !== datasetName) throw invalid(path, `its name is ${result.data.name}, its folder ${datasetName}`, undefined);
  const wrong = contradictionOf(result.data);
  if (wrong !== null) throw invalid(path, wrong, undefined);
  return result.data;
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
function contradictionOf({ person, event, items, time, platform }: Dataset): string | null {
  if (person !== undefined && event.columns[person]?.type !== 'text') return `person: ${person} is no text column of the event`;
  const own = [...Object.keys(event.columns), ...Object.keys(items?.columns ?? {})];
  const among = (names: readonly string[], each: string): boolean => names.some((other) => other.toLowerCase() === each.toLowerCase());
  const taken = own.find((each) => among([...ownColumns, ...(time.column === undefined ? [] : [time.column])], each));
  if (taken !== undefined) return `the column ${taken} comes by itself in silver`;
  if (time.column !== undefined && time.column !== 'event_timestamp' && among(ownColumns, time.column)) return `time.column: ${time.column} is another column of silver`;
  const twice = own.find((each, index) => among(own.slice(0, index), each));
  if (twice !== undefined) return `the column ${twice} is there twice, case aside`;
  if (items !== undefined && items.table === event.table) return `items.table: ${items.table} is the event's`;
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
