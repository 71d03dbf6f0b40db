import { access } from 'node:fs/promises';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createJiti } from 'jiti';
import { z } from 'zod';
import type { Dataset } from './dataset.js';
import { detailOf, LakeError } from './errors.js';

const name = z.string().regex(/^[a-z][a-z0-9_]*$/, 'must be lower_snake_case');
const columnName = z.string().regex(/^[A-Za-z][A-Za-z0-9_]*$/, 'must be letters, digits and _');
const column = z.strictObject({
  type: z.enum(['text', 'integer', 'money', 'text_map']),
  keys: z.array(z.string().min(1)),
  required: z.boolean(),
  values: z.array(z.string().min(1)).nullable(),
  upper: z.boolean(),
});
const columns = z.record(columnName, column);
const contract = z.strictObject({
  name,
  version: z.int().min(1),
  time: z.strictObject({
    key: z.string().min(1), notBefore: z.iso.date(), maxAheadMs: z.number().min(0), column: columnName.optional(), format: z.enum(['any', 'iso']).optional(),
  }),
  platform: z.strictObject({ key: z.string().min(1), values: z.array(z.string().min(1)).min(1), required: z.boolean().optional() }),
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
    const issue = result.error.issues[0];
    throw invalid(path, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`, result.error);
  }
  if (result.data.name !== datasetName) throw invalid(path, `its name is ${result.data.name}, its folder ${datasetName}`, undefined);
  const wrong = contradictionOf(result.data);
  if (wrong !== null) throw invalid(path, wrong, undefined);
  return result.data;
}

/** What a contract says that can't be, though each of its fields is well; null for nothing. Names are the same whatever their case. */
function contradictionOf({ person, event, items, time, platform }: Dataset): string | null {
  if (person !== undefined && event.columns[person]?.type !== 'text') return `person: ${person} is no text column of the event`;
  const own = [...Object.keys(event.columns), ...Object.keys(items?.columns ?? {})];
  const among = (names: readonly string[], each: string): boolean => names.some((other) => other.toLowerCase() === each.toLowerCase());
  const taken = own.find((each) => among([...reserved, ...(time.column === undefined ? [] : [time.column])], each));
  if (taken !== undefined) return `the column ${taken} comes by itself in silver`;
  if (time.column !== undefined && time.column !== 'event_timestamp' && among(reserved, time.column)) return `time.column: ${time.column} is another column of silver`;
  const twice = own.find((each, index) => among(own.slice(0, index), each));
  if (twice !== undefined) return `the column ${twice} is there twice, case aside`;
  if (items !== undefined && items.table === event.table) return `items.table: ${items.table} is the event's`;
  const like = platform.values.find((each, index) => among(platform.values.slice(0, index), each));
  return like === undefined ? null : `platform.values: ${like} is there twice, case aside`;
}

/** Columns that silver has beside the contract's. */
const reserved = ['event_id', 'item_index', 'event_date', 'platform', 'event_timestamp', 'item_count', 'issues', 'message_id', 'received_at'];

async function datasetsHint(dir: string): Promise<string> {
  try {
    const names = (await readdir(dir, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    return `There are: ${names.join(', ')}. Or give another folder with --datasets.`;
  } catch {
    return `The folder ${dir} can't be read: give --datasets (or INGOT_DATASETS).`;
  }
}

function invalid(path: string, what: string, cause: unknown): LakeError {
  return new LakeError(`the contract is not valid: ${what}`, { code: 'DATASET_INVALID', op: 'load dataset', path, hint: 'README.md shows what a dataset is; src/dataset.ts has every option of a column.', cause });
}
