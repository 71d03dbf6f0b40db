import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LakeError } from '../errors.js';

/** What a model's rows must be before they are published. */
export interface Check {
  /** `unique`: no two rows share these columns; `not_null`; `ratio`: 0 to 1 or null; `descending`: each column at most the one before. */
  readonly kind: (typeof checkKinds)[number];
  readonly columns: readonly string[];
}

const checkKinds = ['unique', 'not_null', 'ratio', 'descending'] as const;

/** A SELECT that several models share; a temporary table while gold is built. */
export interface Step {
  readonly name: string;
  readonly path: string;
  readonly sql: string;
  readonly steps: readonly string[];
}

/** A gold table: one SELECT and what its header says. */
export interface Model extends Step {
  readonly grain: readonly string[];
  readonly partitionBy: readonly string[];
  readonly checks: readonly Check[];
}

export interface GoldModels {
  /** Each after the steps it reads. */
  readonly steps: readonly Step[];
  /** By name; the last one is published last. */
  readonly models: readonly Model[];
}

/** Reads `<dir>/*.sql` and `<dir>/steps/*.sql`. @throws LakeError DATASET_INVALID naming the file */
export async function loadModels(dir: string): Promise<GoldModels> {
  const models = await Promise.all((await sqlFiles(dir)).map(readModel));
  const steps = await Promise.all((await sqlFiles(join(dir, 'steps'))).map((path) => readStep(path, 'step')));
  if (models.length === 0) throw invalid(dir, 'it has no model: a .sql file with a SELECT and a header', 'Compare it with datasets/shop/gold.');
  return { steps: inOrder(steps, models), models };
}

async function sqlFiles(dir: string): Promise<string[]> {
  try {
    const names = await readdir(dir);
    return names.filter((name) => name.endsWith('.sql')).sort().map((name) => join(dir, name));
  } catch {
    return [];
  }
}

async function readModel(path: string): Promise<Model> {
  const step = await readStep(path, 'model');
  const headers = headersOf(step.sql);
  const list = (name: string): string[] => splitList(headers.find(([key]) => key === name)?.[1] ?? '');
  const partitionBy = list('partition_by');
  if (partitionBy.length === 0) throw invalid(path, 'its header has no partition_by', 'Add a line `-- partition_by: event_date, platform`.');
  const checks = headers.filter(([key]) => key === 'check').map(([, text]) => readCheck(path, text));
  return { ...step, grain: list('grain'), partitionBy, checks };
}

async function readStep(path: string, kind: 'model' | 'step'): Promise<Step> {
  const sql = (await readFile(path, 'utf8')).trim().replace(/;$/, '');
  const headers = headersOf(sql);
  const name = headers.find(([key]) => key === kind)?.[1];
  const fileName = path.split('/').at(-1)?.replace(/\.sql$/, '');
  if (name === undefined || name !== fileName) throw invalid(path, `its header must begin with \`-- ${kind}: ${fileName}\``, 'The name is the file\'s.');
  const inputs = splitList(headers.find(([key]) => key === 'inputs')?.[1] ?? '');
  return { name, path, sql, steps: inputs.flatMap((input) => (input.startsWith('step ') ? [input.slice('step '.length)] : [])) };
}

/** `-- key: value` lines before the first SQL. */
function headersOf(sql: string): (readonly [string, string])[] {
  const headers: (readonly [string, string])[] = [];
  for (const line of sql.split('\n')) {
    if (!line.startsWith('--')) break;
    const match = /^-- (\w+): (.*)$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) headers.push([match[1], match[2].trim()]);
  }
  return headers;
}

function splitList(text: string): string[] {
  return text.split(',').map((part) => part.trim()).filter((part) => part !== '');
}

function readCheck(path: string, text: string): Check {
  const match = /^(\w+)\(([^)]*)\)$/.exec(text);
  const kind = checkKinds.find((each) => each === match?.[1]);
  const columns = splitList(match?.[2] ?? '');
  if (kind === undefined || columns.length === 0) throw invalid(path, `the check \`${text}\` is unknown`, `Checks are ${checkKinds.join('(…), ')}(…) over columns.`);
  return { kind, columns };
}

function inOrder(steps: readonly Step[], models: readonly Model[]): Step[] {
  const byName = new Map(steps.map((step) => [step.name, step]));
  const ordered: Step[] = [];
  const visit = (name: string, reader: Step, trail: readonly string[]): void => {
    const step = byName.get(name);
    if (step === undefined) throw invalid(reader.path, `there is no step ${name}`, `Steps are: ${[...byName.keys()].join(', ')}.`);
    if (trail.includes(name)) throw invalid(step.path, `steps read each other: ${[...trail, name].join(' → ')}`, 'A step may not read itself.');
    if (ordered.includes(step)) return;
    for (const input of step.steps) visit(input, step, [...trail, name]);
    ordered.push(step);
  };
  for (const model of models) for (const name of model.steps) visit(name, model, []);
  return ordered;
}

function invalid(path: string, what: string, hint: string): LakeError {
  return new LakeError(`${path}: ${what}`, { code: 'DATASET_INVALID', op: 'load models', path, hint });
}
