import type { Dataset } from '../dataset.js';
import { join } from 'node:path';
import { write } from '../engines/duckdb.js';
import { LakeError } from '../errors.js';
import { publishBuild } from '../lake/build.js';
import { chunksOf } from '../lake/chunks.js';
import { textList } from '../lake/duckdb.js';
import type { Lake } from '../lake/lake.js';
import { Scope, type TableWrite } from '../lake/publication.js';
import { rowsOf } from '../lake/staged.js';
import { recordsOf } from '../lake/statistics.js';
import { addedTotals } from '../lake/totals.js';
import { forgottenTxn, readForgotten, type Forgotten } from './forgotten.js';
import { contractParameters, placedSelect } from './contract.js';
import { readAgain } from './gone.js';
import { landMessages } from './land.js';
import { addMoves, againSelect, candidatesOf, keptSelect, noMoves, pathsOf, probe, type Candidate, type Moves } from './probe.js';
import { bronzeSpec, rejectedSpec } from './tables.js';

const defaultChunkBytes = 64e6;

export interface ReplayOptions {
  /** Bytes of data files that are read and rewritten together. Default 64 MB. */
  readonly chunkBytes?: number;
  /** Aborted: what is begun is finished, and nothing more begun. */
  readonly signal?: AbortSignal;
}

export interface ReplayEvents {
  read?(bytes: number, of: number): void;
}

export interface Replayed extends Moves {
  readonly commits: number;
}

/** What a replay would move; nothing is changed. */
export async function previewReplay(lake: Lake, dataset: Dataset, options: ReplayOptions = {}, events: ReplayEvents = {}): Promise<Moves & { readonly files: number; readonly bytes: number }> {
  return readAgain(async () => {
    const persons = await personsOf(lake, dataset);
    const candidates = await candidatesOf(lake, dataset);
    const of = bytesOf(candidates);
    let moves = noMoves;
    let done = 0;
    for (const chunk of chunksOf(candidates, sizeOf, options.chunkBytes ?? defaultChunkBytes)) {
      if (options.signal?.aborted === true) break;
      moves = addMoves(moves, (await probe(lake, dataset, chunk, persons)).moves);
      done += bytesOf(chunk);
      events.read?.(done, of);
    }
    return { ...moves, files: candidates.length, bytes: of };
  });
}

/**
 * Takes what bronze rejected through the contract as it is now, and what it landed without a platform: rows that pass move,
 * as they came, and the files that held them are rewritten without them. Each run moves some files' rows; killed between
 * two, a second replay goes on. An event time that was read once stays, whatever the contract says now.
 */
export async function replayBronze(lake: Lake, dataset: Dataset, options: ReplayOptions = {}, events: ReplayEvents = {}): Promise<Replayed> {
  const scope = new Scope(lake, `bronze.${dataset.name}`, 'bronze', dataset.name);
  const passed = new Set<string>();
  let total = noMoves;
  for (let commits = 0; ; commits++) {
    const moves = await publishBuild(scope, {
      onTop: 'any run',
      plan: (run) => readAgain(() => plan(lake, dataset, run, passed, options, events)),
      build: (planned, staging) => build(lake, dataset, planned, staging),
      check: ({ persons }) => checkPersons(lake, dataset, persons),
    });
    if (moves === null) return { ...total, commits };
    total = addMoves(total, moves);
  }
}

interface Plan {
  readonly run: number;
  readonly losing: readonly Candidate[];
  readonly moves: Moves;
  readonly persons: Forgotten;
}

/** The next files that lose rows. @param passed files that have been looked through and lose none; more are added to it */
async function plan(lake: Lake, dataset: Dataset, run: number, passed: Set<string>, options: ReplayOptions, events: ReplayEvents): Promise<Plan | null> {
  const persons = await personsOf(lake, dataset);
  const candidates = await candidatesOf(lake, dataset);
  const of = bytesOf(candidates);
  const waiting = candidates.filter(({ path }) => !passed.has(path));
  let done = of - bytesOf(waiting);
  for (const chunk of chunksOf(waiting, sizeOf, options.chunkBytes ?? defaultChunkBytes)) {
    if (options.signal?.aborted === true) return null;
    const { losing, moves } = await probe(lake, dataset, chunk, persons);
    const loses = new Set(losing.map(({ path }) => path));
    for (const { path } of chunk) if (!loses.has(path)) passed.add(path);
    done += bytesOf(chunk);
    events.read?.(done, of);
    if (losing.length > 0) return { run, losing, moves, persons };
  }
  return null;
}

async function personsOf(lake: Lake, dataset: Dataset): Promise<Forgotten> {
  return readForgotten(lake, dataset, await lake.table('bronze', dataset.name).snapshot());
}

/** Who is forgotten meanwhile may have been looked for already where rows of that person would come. */
async function checkPersons(lake: Lake, dataset: Dataset, persons: Forgotten): Promise<void> {
  const version = (await lake.table('bronze', dataset.name).snapshot())?.txn(forgottenTxn, 0) ?? 0;
  if (version === persons.version) return;
  throw new LakeError('a person was forgotten meanwhile', { code: 'COMMIT_CONFLICT', op: 'replay', path: `bronze.${dataset.name}`, hint: 'Run it again.' });
}

async function build(lake: Lake, dataset: Dataset, { losing, moves, persons }: Plan, staging: string): Promise<{ readonly writes: readonly TableWrite[]; readonly result: Moves }> {
  const session = await lake.session();
  const folder = lake.storage.locate(staging);
  const [rejectedPaths, unplacedPaths] = [pathsOf(losing, 'rejected'), pathsOf(losing, 'unplaced')];
  const messages = { select: againSelect, bad: keptSelect, hasBad: true, parameters: { kept_paths: textList(rejectedPaths) } };
  const { landed, rejected, forgotten } = rejectedPaths.length === 0 ? { landed: [], rejected: [], forgotten: 0 } : await landMessages(session, dataset, messages, folder, persons);
  const placed = unplacedPaths.length === 0 ? [] : await write(session, placedSelect(dataset, 'message_key, message_headers,'), {
    parameters: { ...contractParameters(dataset), unplaced_paths: textList(unplacedPaths) },
    partitionBy: ['event_date', 'platform'],
    stagingDir: join(folder, 'placed'),
  });
  checkWhole(dataset, losing, rowsOf([...landed, ...rejected, ...placed]) + forgotten);
  const removes = (kind: Candidate['kind']): string[] => losing.filter((each) => each.kind === kind).map(({ file }) => file.path);
  const moved = rowsOf(landed);
  const base = { replaces: null, txns: {}, metrics: { replayed: moved } };
  return {
    writes: [
      { ...base, spec: rejectedSpec(dataset), files: rejected, removes: removes('rejected') },
      { ...base, spec: bronzeSpec(dataset), files: [...landed, ...placed], removes: removes('unplaced'), totals: addedTotals({ landed: moved, forgotten, rejected: -moved - forgotten }) },
    ],
    result: moves,
  };
}

/** No row may be lost or doubled on the way. */
function checkWhole(dataset: Dataset, losing: readonly Candidate[], after: number): void {
  const before = losing.reduce((total, { file }) => total + (recordsOf(file.stats) ?? NaN), 0);
  if (Number.isNaN(before) || before === after) return;
  throw new LakeError(`${before} rows were read and ${after} written`, { code: 'LAKE_CORRUPT', op: 'replay', path: `bronze.${dataset.name}`, hint: 'Nothing was changed: `ingot audit` says which file holds other rows than the log says.' });
}

function sizeOf({ file }: Candidate): number {
  return file.size;
}

function bytesOf(candidates: readonly Candidate[]): number {
  return candidates.reduce((total, { file }) => total + file.size, 0);
}
