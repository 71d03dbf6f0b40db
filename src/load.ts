import { access } from 'node:fs/promises';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createJiti } from 'jiti';
import { z } from 'zod';
import type { Dataset } from './dataset.js';
import { detailOf, LakeError } from './errors.js';

const name = z.string().regex(/^[a-z][a-z0-9_]*$/, 'must be lower_snake_case');
const column = z.strictObject({
  type: z.enum(['text', 'integer', 'money', 'text_map']),
  keys: z.array(z.string().min(1)),
  required: z.boolean(),
  values: z.array(z.string().min(1)).nullable(),
  upper: z.boolean(),
});
const columns = z.record(name, column);
const contract = z.strictObject({
  name,
  version: z.int().min(1),
  time: z.strictObject({ key: z.string().min(1), notBefore: z.iso.date(), maxAheadMs: z.number().min(0) }),
  platform: z.strictObject({ key: z.string().min(1), values: z.array(z.string().min(1)).min(1) }),
  nulls: z.array(z.string()),
  person: name.optional(),
  event: z.strictObject({ table: name, columns }),
  items: z.strictObject({ table: name, key: z.string().min(1), columns }),
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
  const { person } = result.data;
  if (person !== undefined && result.data.event.columns[person]?.type !== 'text') throw invalid(path, `person: ${person} is no text column of the event`, undefined);
  const taken = reserved.find((each) => each in result.data.event.columns || each in result.data.items.columns);
  if (taken !== undefined) throw invalid(path, `the column ${taken} comes by itself in silver`, undefined);
  const twice = Object.keys(result.data.items.columns).find((each) => each in result.data.event.columns);
  if (twice !== undefined) throw invalid(path, `the column ${twice} is one of the event and one of the items`, undefined);
  return result.data;
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
