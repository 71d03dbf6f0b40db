import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '../dataset.js';
import { FewerThreads } from '../engines/threads.js';
import { LakeError, messageOf } from '../errors.js';
import { partitionKey, type Partition } from '../lake/changes.js';
import { chunksOf } from '../lake/chunks.js';
import { isOutOfMemory, type Session } from '../lake/duckdb.js';
import type { Lake } from '../lake/lake.js';
import { identifier } from '../lake/sql.js';
import { partitionName, type StagedFile } from '../lake/staged.js';
import { createView, type FileFilter } from '../lake/views.js';
import { withoutKnown, type Staged } from './append.js';
import type { Appended, PlannedPartition, SilverPlan } from './plan.js';
import { EngineSilver, type SilverEngine } from './engine-silver.js';
import { transform, type SilverOutput } from './transform.js';

/** Bronze rows built together: bounds memory and spill, but a partition is always read whole. */
const chunkRows = 150_000;

export interface BuiltFiles {
  /** By table. */
  readonly files: ReadonlyMap<string, readonly StagedFile[]>;
  /** Partitions that can't be appended to and must be built whole. */
  readonly displaced: readonly Partition[];
}

/** Partitions that are built together, in one way. */
type Chunk = { readonly kind: 'rebuild'; readonly parts: readonly PlannedPartition[] } | { readonly kind: 'append'; readonly parts: readonly Appended[] };

export interface PlanOptions {
  /** How many sessions work at once. */
  readonly jobs: number;
  /** What builds it; absent: DuckDB. */
  readonly engine: SilverEngine | undefined;
  readonly built: (partitions: number) => void;
}

/** Builds all of a plan into staged files. */
export async function buildPlan(lake: Lake, dataset: Dataset, plan: SilverPlan, stagingDir: string, { jobs, engine, built }: PlanOptions): Promise<BuiltFiles> {
  if (engine !== undefined) return buildOnEngine(lake, dataset, plan, stagingDir, { engine, built });
  const chunks: Chunk[] = [
    ...chunksOf(plan.rebuild, ({ rows }) => rows, chunkRows).map((parts): Chunk => ({ kind: 'rebuild', parts })),
    ...chunksOf(plan.append, ({ rows }) => rows, chunkRows).map((parts): Chunk => ({ kind: 'append', parts })),
  ];
  const files = new Map<string, StagedFile[]>();
  const displaced: Partition[] = [];
  let done = 0;
  const waiting = chunks.entries();
  const work = async (session: Session): Promise<void> => {
    const threads = new FewerThreads(session);
    const build = (chunk: Chunk, dir: string): Promise<BuiltFiles> => buildChunk(session, lake, dataset, plan, chunk, dir);
    try {
      for (const [index, chunk] of waiting) {
        for (const output of await buildFitting(build, threads, chunk, join(stagingDir, String(index)))) {
          for (const [table, own] of output.files) files.set(table, [...(files.get(table) ?? []), ...own]);
          displaced.push(...output.displaced);
        }
        done += chunk.parts.length;
        built(done);
      }
    } finally {
      await threads.restore();
    }
  };
  const sessions = await lake.sessions(Math.max(1, Math.min(jobs, chunks.length)));
  const failed = (await Promise.allSettled(sessions.map(work))).find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return { files, displaced };
}

/** An engine takes as many partitions at once as it may write: its memory is not this machine's. */
async function buildOnEngine(lake: Lake, dataset: Dataset, plan: SilverPlan, stagingDir: string, { engine, built }: { readonly engine: SilverEngine; readonly built: (partitions: number) => void }): Promise<BuiltFiles> {
  const { rebuild, append } = plan;
  const files = new Map<string, StagedFile[]>();
  const on = await EngineSilver.open(lake, dataset, engine);
  try {
    const displaced: Partition[] = [];
    const add = ({ files: own, displaced: gone }: BuiltFiles): void => {
      for (const [table, each] of own) files.set(table, [...(files.get(table) ?? []), ...each]);
      displaced.push(...gone);
    };
    const bronze = { layer: 'bronze', table: dataset.name, snapshot: plan.bronze };
    let done = 0;
    const portions = <P>(parts: readonly P[]): P[][] => chunksOf(parts, () => 1, engine.target.mostPartitions);
    for (const parts of portions(rebuild)) {
      add({ files: stagedOf(await on.transform(bronze, filterOf({ kind: 'rebuild', parts }), join(stagingDir, `rebuilt-${done}`))), displaced: [] });
      built((done += parts.length));
    }
    for (const parts of portions(append)) {
      const staged = stagedOf(await on.transform(bronze, filterOf({ kind: 'append', parts }), join(stagingDir, `appended-${done}`)));
      add(await withoutKnown(await lake.session(), lake, dataset, staged, join(stagingDir, `checked-${done}`)));
      built((done += parts.length));
    }
    return { files, displaced };
  } finally {
    await on.close();
  }
}

/**
 * Builds a chunk. One that does not fit in memory is built with fewer threads, as those after it then are, and at last in
 * halves, one after the other, down to a partition.
 * @throws LakeError QUERY_FAILED when that does not fit
 */
async function buildFitting(build: (chunk: Chunk, dir: string) => Promise<BuiltFiles>, threads: FewerThreads, chunk: Chunk, stagingDir: string): Promise<BuiltFiles[]> {
  let failure: unknown;
  do {
    try {
      return [await build(chunk, stagingDir)];
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
      await rm(stagingDir, { recursive: true, force: true });
      failure = error;
    }
  } while (await threads.halve());
  const [first, ...others] = chunk.parts;
  if (first === undefined || others.length === 0) throw tooLarge(first?.partition ?? {}, failure);
  const built: BuiltFiles[] = [];
  for (const [index, half] of halvesOf(chunk).entries()) built.push(...(await buildFitting(build, threads, half, join(stagingDir, String(index)))));
  return built;
}

function halvesOf(chunk: Chunk): Chunk[] {
  const middle = Math.ceil(chunk.parts.length / 2);
  const bounds = [[0, middle], [middle, undefined]] as const;
  return bounds.map(([from, to]): Chunk => (chunk.kind === 'append' ? { kind: 'append', parts: chunk.parts.slice(from, to) } : { kind: 'rebuild', parts: chunk.parts.slice(from, to) }));
}

function tooLarge(partition: Partition, cause: unknown): LakeError {
  const path = partitionName(partition);
  return new LakeError(`silver of ${path} does not fit in memory: ${messageOf(cause)}`, {
    code: 'QUERY_FAILED',
    op: 'silver',
    path,
    hint: 'A partition is the least that is built at once. Nothing of this run was published: give it more memory (--memory) or fewer --jobs, which share it, and run it again.',
    cause,
  });
}

async function buildChunk(session: Session, lake: Lake, dataset: Dataset, plan: SilverPlan, chunk: Chunk, stagingDir: string): Promise<BuiltFiles> {
  await createView(session, lake, { layer: 'bronze', table: dataset.name, snapshot: plan.bronze }, filterOf(chunk));
  await session.run(`CREATE OR REPLACE VIEW bronze_rows AS SELECT * FROM bronze.${identifier(dataset.name)}`);
  const files = stagedOf(await transform(session, dataset, stagingDir));
  return chunk.kind === 'append' ? withoutKnown(session, lake, dataset, files, join(stagingDir, 'checked')) : { files, displaced: [] };
}

/** The rows of bronze that a chunk is built from. */
function filterOf(chunk: Chunk): FileFilter {
  const keys = new Set(chunk.parts.map(({ partition }) => partitionKey(partition)));
  const paths = chunk.kind === 'append' ? new Set(chunk.parts.flatMap((part) => part.paths)) : null;
  return (partition, path) => keys.has(partitionKey(partition)) && paths?.has(path) !== false;
}

function stagedOf({ tables }: SilverOutput): Staged {
  return new Map(Object.entries(tables).map(([table, own]) => [table, own.files]));
}
