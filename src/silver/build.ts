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
import { createView } from '../lake/views.js';
import { withoutKnown, type Staged } from './append.js';
import type { Appended, PlannedPartition, SilverPlan } from './plan.js';
import { transform } from './transform.js';

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

/** Builds all of a plan into staged files. @param jobs how many sessions work at once */
export async function buildPlan(lake: Lake, dataset: Dataset, plan: SilverPlan, stagingDir: string, jobs: number, built: (partitions: number) => void): Promise<BuiltFiles> {
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
  const keys = new Set(chunk.parts.map(({ partition }) => partitionKey(partition)));
  const paths = chunk.kind === 'append' ? new Set(chunk.parts.flatMap((part) => part.paths)) : null;
  await createView(session, lake, { layer: 'bronze', table: dataset.name, snapshot: plan.bronze }, (partition, path) => keys.has(partitionKey(partition)) && paths?.has(path) !== false);
  await session.run(`CREATE OR REPLACE VIEW bronze_rows AS SELECT * FROM bronze.${identifier(dataset.name)}`);
  const output = await transform(session, dataset, stagingDir);
  const files: Staged = new Map(Object.entries(output.tables).map(([table, own]) => [table, own.files]));
  return chunk.kind === 'append' ? withoutKnown(session, lake, dataset, files, join(stagingDir, 'checked')) : { files, displaced: [] };
}
