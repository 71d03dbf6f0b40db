import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { LakeError, systemCode } from '../errors.js';
import { greatestNeed, needForm, wholeDays, type Need } from './need.js';

/** What a model's rows must be before they are published. */
export interface Check {
  /** `unique`: no two rows share these columns; `not_null`; `ratio`: 0 to 1 or null; `descending`: each column at most the one before. */
  readonly kind: (typeof columnKinds)[number];
  readonly columns: readonly string[];
}

const columnKinds = ['unique', 'not_null', 'ratio', 'descending'] as const;
const rowCountKind = 'row_count';

/** Every kind of check, as `accept` names them. */
export const checkKinds: readonly string[] = [...columnKinds, rowCountKind];

/** How many times the rows of the date before a date may have: `row_count(0.02, 50)`. */
export interface RowCountBounds {
  readonly least: number;
  readonly most: number;
}

/** What is built at once: `date`, the rows of some dates; `whole`, all rows, from all of silver. */
export type Refresh = (typeof refreshes)[number];

const refreshes = ['date', 'whole'] as const;

const commonKeys = ['grain', 'inputs', 'purpose', 'refresh', 'lookback', 'lookahead'];
const stepKeys = [...commonKeys, 'key', 'dates'];
const modelKeys = [...commonKeys, 'partition_by', 'check'];
/** What only a header says of what is built by date. */
const datedKeys = ['lookback', 'lookahead', 'key', 'dates'];

/** One `-- key: value` of a file's header. */
interface Header {
  readonly key: string;
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

/** A SELECT that several models share; a temporary table while gold is built. */
export interface Step {
  readonly name: string;
  readonly path: string;
  readonly sql: string;
  readonly steps: readonly string[];
  readonly refresh: Refresh;
  /** Columns of the step and of silver's tables: the rows with one value of them follow from the silver rows with the same. Empty: not said. */
  readonly key: readonly string[];
  /**
   * Columns with the dates of gold that a row counts for; such a row is the same in every range that has one of them, and its
   * key has rows of silver on each of them. Empty: not said.
   */
  readonly dates: readonly string[];
  /** Of itself alone: what it reads of steps, they need. A header that says nothing needs the date alone. */
  readonly need: Need;
}

/** A gold table: one SELECT and what its header says. */
export interface Model extends Step {
  readonly grain: readonly string[];
  /** With event_date where it is built by date, without it where it is built whole. */
  readonly partitionBy: readonly string[];
  readonly checks: readonly Check[];
  readonly rowCount: RowCountBounds | null;
}

export interface ModelGroup {
  /** Each after the steps it reads. */
  readonly steps: readonly Step[];
  /** In the order of their publication. */
  readonly models: readonly Model[];
}

/** Models that are built by date, and the steps that they read. */
export interface DatedModels extends ModelGroup {
  /** What they need together: all tables of a date are built at once. */
  readonly need: Need;
}

/** All of a dataset's. First come the whole models, by name, then those by date: the last one is published last. */
export interface GoldModels extends DatedModels {
  readonly dated: DatedModels;
  readonly whole: ModelGroup;
}

/** Reads `<dir>/*.sql` and `<dir>/steps/*.sql`. @throws LakeError DATASET_INVALID naming the file and, of a header, the line */
export async function loadModels(dir: string): Promise<GoldModels> {
  const models = await Promise.all((await sqlFiles(dir)).map(readModel));
  const steps = await Promise.all((await sqlFiles(join(dir, 'steps'))).map(async (path) => (await readStep(path, 'step', stepKeys)).step));
  if (models.length === 0) throw invalid(dir, 'it has no model: a .sql file with a SELECT and a header', 'Compare it with datasets/shop/gold.');
  const both = models.find((model) => steps.some((step) => step.name === model.name));
  if (both !== undefined) throw invalid(both.path, 'a step has the same name', 'Call one of them otherwise.');
  const inTurn = [...models.filter(isWhole), ...models.filter((model) => !isWhole(model))];
  const read = inOrder(steps, inTurn);
  const need = greatestNeed([...read, ...models].map((each) => each.need));
  const dated = { steps: read.filter((step) => !isWhole(step)), models: inTurn.filter((model) => !isWhole(model)), need };
  return { steps: read, models: inTurn, need, dated, whole: { steps: read.filter(isWhole), models: inTurn.filter(isWhole) } };
}

export function isWhole({ refresh }: Step): boolean {
  return refresh === 'whole';
}

async function sqlFiles(dir: string): Promise<string[]> {
  try {
    const names = await readdir(dir);
    return names.filter((name) => name.endsWith('.sql')).sort().map((name) => join(dir, name));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function readModel(path: string): Promise<Model> {
  const { step, headers } = await readStep(path, 'model', modelKeys);
  const partitionBy = listOf(headers, 'partition_by');
  if (partitionBy.length === 0 && !isWhole(step)) throw invalid(path, 'its header has no partition_by', 'Add a line `-- partition_by: event_date, platform`; or `-- refresh: whole`, if each build replaces all of its rows.');
  const written = headers.filter(({ key }) => key === 'check').map((header) => readCheck(path, header));
  const checks = written.flatMap((check) => ('kind' in check ? [check] : []));
  const rowCount = written.find((check) => 'least' in check) ?? null;
  if (isWhole(step)) checkWhole(path, headers);
  return { ...step, grain: listOf(headers, 'grain'), partitionBy, checks, rowCount };
}

async function readStep(path: string, kind: 'model' | 'step', keys: readonly string[]): Promise<{ step: Step; headers: readonly Header[] }> {
  const sql = (await readFile(path, 'utf8')).trim().replace(/;$/, '');
  const headers = headersOf(path, sql);
  const name = basename(path, '.sql');
  if (headers[0]?.key !== kind || headers[0].text !== name) throw invalid(path, `its header must begin with \`-- ${kind}: ${name}\``, 'The name is the file\'s.');
  const unknown = headers.slice(1).find(({ key }) => !keys.includes(key));
  if (unknown !== undefined) throw invalid(`${path}:${unknown.line}`, `a ${kind} has no \`${unknown.key}\``, `It has: ${keys.join(', ')}.`);
  const refresh = refreshOf(path, kind, headers);
  const steps = listOf(headers, 'inputs').flatMap((input) => (input.startsWith('step ') ? [input.slice('step '.length)] : []));
  const need: Need = { lookbackDays: daysOf(path, headers, 'lookback'), lookaheadDays: daysOf(path, headers, 'lookahead') };
  return { step: { name, path, sql, steps, refresh, key: listOf(headers, 'key'), dates: listOf(headers, 'dates'), need }, headers };
}

/** @throws LakeError DATASET_INVALID for what only makes sense by date */
function checkWhole(path: string, headers: readonly Header[]): void {
  for (const { key, text, line } of headers) {
    if (key === 'partition_by' && splitList(text).includes('event_date')) throw invalid(`${path}:${line}`, 'a whole model is not partitioned by event_date', 'Leave it out: all rows are replaced at once. A model that is built by date says no `refresh: whole`.');
    if (key === 'check' && text.startsWith(`${rowCountKind}(`)) throw invalid(`${path}:${line}`, `${rowCountKind} compares dates, and a whole model has none`, 'Leave it out.');
  }
}

function refreshOf(path: string, kind: 'model' | 'step', headers: readonly Header[]): Refresh {
  const header = headers.find(({ key }) => key === 'refresh');
  const refresh = refreshes.find((each) => each === (header?.text ?? 'date'));
  if (refresh === undefined) throw invalid(`${path}:${header?.line ?? 1}`, `the refresh \`${header?.text ?? ''}\` is unknown`, 'Write `-- refresh: whole` for what is built from all of silver; what is built by date needs no such line.');
  const dated = refresh === 'whole' ? headers.find(({ key }) => datedKeys.includes(key)) : undefined;
  if (dated !== undefined) throw invalid(`${path}:${dated.line}`, `a whole ${kind} has no \`${dated.key}\``, 'Leave it out: it reads all dates of silver.');
  return refresh;
}

function daysOf(path: string, headers: readonly Header[], key: 'lookback' | 'lookahead'): number {
  const header = headers.find((each) => each.key === key);
  if (header === undefined) return 0;
  const days = wholeDays(header.text);
  if (days === null) throw invalid(`${path}:${header.line}`, `the ${key} \`${header.text}\` is no length of time`, `Write ${needForm}.`);
  return days;
}

/** The comments before the first SQL: `-- key: value`, and lines indented by more than a space that go on with a value. */
function headersOf(path: string, sql: string): Header[] {
  const headers: { key: string; text: string; line: number }[] = [];
  for (const [index, line] of sql.split('\n').entries()) {
    if (!line.startsWith('--')) break;
    const match = /^-- (\w+): (.*)$/.exec(line);
    const last = headers.at(-1);
    if (match?.[1] !== undefined && match[2] !== undefined) headers.push({ key: match[1], text: match[2].trim(), line: index + 1 });
    else if (last !== undefined && /^-- {2}/.test(line)) last.text += ` ${line.slice(2).trim()}`;
    else throw invalid(`${path}:${index + 1}`, 'a header line is `-- key: value`', 'Go on with a value on the next line by `--   more`.');
  }
  return headers;
}

function listOf(headers: readonly Header[], key: string): string[] {
  return splitList(headers.find((header) => header.key === key)?.text ?? '');
}

function splitList(text: string): string[] {
  return text.split(',').map((part) => part.trim()).filter((part) => part !== '');
}

function readCheck(path: string, { text, line }: Header): Check | RowCountBounds {
  const match = /^(\w+)\(([^)]*)\)$/.exec(text);
  const values = splitList(match?.[2] ?? '');
  if (match?.[1] === rowCountKind) return readBounds(`${path}:${line}`, text, values);
  const kind = columnKinds.find((each) => each === match?.[1]);
  if (kind === undefined || values.length === 0) throw invalid(`${path}:${line}`, `the check \`${text}\` is unknown`, `Checks are ${columnKinds.join('(…), ')}(…) over columns, and ${rowCountKind}(0.02, 50).`);
  if (kind === 'descending' && values.length === 1) throw invalid(`${path}:${line}`, `\`${text}\` compares nothing`, 'Name two columns or more, the greatest first.');
  return { kind, columns: values };
}

function readBounds(place: string, text: string, values: readonly string[]): RowCountBounds {
  const [least = NaN, most = NaN] = values.map(Number);
  if (values.length === 2 && least >= 0 && least < 1 && most > 1 && Number.isFinite(most)) return { least, most };
  throw invalid(place, `\`${text}\` bounds nothing`, 'Give the least and the most rows as parts of those of the date before: row_count(0.02, 50).');
}

function inOrder(steps: readonly Step[], models: readonly Model[]): Step[] {
  const byName = new Map(steps.map((step) => [step.name, step]));
  const ordered: Step[] = [];
  const visit = (name: string, reader: Step, trail: readonly string[]): void => {
    const step = byName.get(name);
    if (step === undefined) throw invalid(reader.path, `there is no step ${name}`, `Steps are: ${[...byName.keys()].join(', ')}.`);
    if (trail.includes(name)) throw invalid(step.path, `steps read each other: ${[...trail, name].join(' → ')}`, 'A step may not read itself.');
    checkRefresh(step, reader);
    if (ordered.includes(step)) return;
    for (const input of step.steps) visit(input, step, [...trail, name]);
    ordered.push(step);
  };
  for (const model of models) for (const name of model.steps) visit(name, model, []);
  return ordered;
}

/** @throws LakeError DATASET_INVALID when one of them is built by date and the other whole */
function checkRefresh(step: Step, reader: Step): void {
  if (step.refresh === reader.refresh) return;
  const line = headersOf(reader.path, reader.sql).find(({ key }) => key === 'inputs')?.line ?? 1;
  const how = ({ name, refresh }: Step): string => `${name} is built ${refresh === 'whole' ? 'whole' : 'by date'}`;
  throw invalid(`${reader.path}:${line}`, `${how(reader)}, and the step ${how(step)}`, `Both must be built alike: write \`-- refresh: whole\` into both or into none, or have ${reader.name} read silver itself.`);
}

function invalid(path: string, what: string, hint: string): LakeError {
  return new LakeError(`${path}: ${what}`, { code: 'DATASET_INVALID', op: 'load models', path, hint });
}
