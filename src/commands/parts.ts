import type { Dataset } from '../dataset.js';
import { LakeError } from '../errors.js';
import { loadFamily } from '../load.js';
import { parseSourceUri } from '../sources/uri.js';
import type { CommandRun, Context } from './context.js';

/** What a command does for one contract. */
export type PartRun = (context: Context, dataset: Dataset) => Promise<number>;

/** Whether a contract knows a person, say. */
export type PartFilter = (dataset: Dataset) => boolean;

/**
 * A command that is run for each contract that its argument names: one, or all of a folder, of which those are left out that
 * nothing has landed of. What several have to say is told together: `{parts: {music_track: …}}`.
 * @param applies leaves out others too, unless nothing is left
 */
export function forEachPart(run: PartRun, applies: PartFilter = () => true): CommandRun {
  return async (context) => {
    const { asked } = await loadFamily(context.config.datasets, context.args[0] ?? '');
    const [first] = asked;
    if (first === undefined || asked.length === 1) return first === undefined ? 1 : run(context, first);
    const parts = await landedParts(context, asked.filter(applies));
    if (parts.length === 0) return run(context, first);
    const said = new Said(context);
    let status = 0;
    for (const part of parts) status = Math.max(status, await run(said.of(part), part));
    said.tell();
    return status;
  };
}

async function landedParts({ lake }: Context, parts: readonly Dataset[]): Promise<Dataset[]> {
  const snapshots = await Promise.all(parts.map(({ name }) => lake.table('bronze', name).snapshot()));
  return parts.filter((_part, index) => snapshots[index] !== null);
}

/** What is said of each part, to be told at the end. */
class Said {
  private readonly summaries = new Map<string, object>();
  private readonly lines: string[] = [];

  constructor(private readonly context: Context) {}

  /** A context whose result is kept. */
  of({ name }: Dataset): Context {
    return {
      ...this.context,
      args: [name, ...this.context.args.slice(1)],
      result: (summary, lines) => {
        this.summaries.set(name, summary);
        this.lines.push(`${name}:`, ...lines, '');
      },
    };
  }

  /** @param besides what all parts have together */
  tell(besides: object = {}, lines: readonly string[] = []): void {
    const own = lines.length === 0 ? this.lines.slice(0, -1) : this.lines;
    this.context.result({ parts: Object.fromEntries(this.summaries), ...besides }, [...own, ...lines]);
  }
}

/** What there is to say of one contract. */
export interface PartTold {
  readonly dataset: Dataset;
  readonly summary: object;
  readonly lines: readonly string[];
}

/** Tells of one contract as it is, of several by each. @param besides what all have together, with its lines */
export function tellParts(context: Context, parts: readonly PartTold[], besides: object = {}, lines: readonly string[] = []): void {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) {
    context.result({ ...only.summary, ...besides }, [...only.lines, ...lines]);
    return;
  }
  const said = new Said(context);
  for (const part of parts) said.of(part.dataset).result(part.summary, part.lines);
  said.tell(besides, lines);
}

/**
 * Which of the contracts that are asked for a source has rows of: a database those that say so, any other source the others.
 * Files are told apart by their names, messages are not.
 * @throws LakeError USAGE when that leaves none, or several that can't be told apart
 */
export function sourceParts(asked: readonly Dataset[], from: string): readonly Dataset[] {
  if (asked.length === 1) return asked;
  const { kind } = parseSourceUri(from);
  const parts = asked.filter(({ database }) => (database !== undefined) === isDatabase(kind));
  const names = (some: readonly Dataset[]): string => some.map(({ name }) => name).join(', ');
  if (parts.length === 0) throw new LakeError(`--from: no kind of rows of ${names(asked)} comes from ${isDatabase(kind) ? 'a database' : 'files or messages'}`, { code: 'USAGE', op: 'options', path: from, hint: 'Name the one that it is of instead of the dataset.' });
  if (parts.length > 1 && (from === '-' || !hasFiles(kind))) throw new LakeError('--from: it can\'t be told of which kind these rows are', { code: 'USAGE', op: 'options', path: from, hint: `Name one of them instead of the dataset: ${names(parts)}.` });
  return parts;
}

/** @throws LakeError USAGE when there are several: a process follows one source of one kind of rows */
export function onePart(parts: readonly Dataset[]): Dataset {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  throw new LakeError('--follow lands one kind of rows', { code: 'USAGE', op: 'options', path: '--follow', hint: `Name one of them instead of the dataset, and run a process for each: ${parts.map(({ name }) => name).join(', ')}.` });
}

function isDatabase(kind: string): boolean {
  return kind === 'sql';
}

function hasFiles(kind: string): boolean {
  return kind !== 'sqs' && kind !== 'kafka';
}
