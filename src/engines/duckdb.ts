import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isOutOfMemory, type Parameters, type Session } from '../lake/duckdb.js';
import { identifier, parametersOf } from '../lake/sql.js';
import type { ColumnStatistics, StagedFile } from '../lake/staged.js';

/** Rows in a row group: small enough to prune by, large enough to compress. */
const rowGroupRows = 122_880;
const maxOpenPartitions = 2_000;
/** Rows of sorted ones that are held back at once: they are of few partitions. */
const sortedRows = 2_048;

export interface WriteOptions {
  readonly parameters?: Parameters;
  readonly partitionBy: readonly string[];
  /** An absent folder on the lake's file system. */
  readonly stagingDir: string;
}

/**
 * Writes the rows of a SELECT as Parquet, a file or more per partition, into the staging folder.
 * The files are whole but not synced; none of them is visible until a commit takes them.
 */
export async function write(session: Session, select: string, options: WriteOptions): Promise<StagedFile[]> {
  const columns = options.partitionBy.map(identifier).join(', ');
  await mkdir(dirname(options.stagingDir), { recursive: true });
  await session.run(`SET partitioned_write_max_open_files = ${maxOpenPartitions}`);
  const copyOf = async (rows: string): Promise<StagedFile[]> => {
    const copy = `COPY (${rows}) TO $staging_dir (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroupRows}, PARTITION_BY (${columns}), FILENAME_PATTERN 'part-{uuid}', RETURN_STATS)`;
    const reports = await session.rows(copy, parametersOf(copy, { ...options.parameters, staging_dir: options.stagingDir }));
    return reports.map(stagedFile);
  };
  try {
    return await copyOf(select);
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
  }
  // Each partition that has rows takes some 300 kB for each thread: thousands of them are written one after the other.
  await rm(options.stagingDir, { recursive: true, force: true });
  await session.run(`SET partitioned_write_flush_threshold = ${sortedRows}`);
  try {
    return await copyOf(`SELECT * FROM (${select}) ORDER BY ${columns}`);
  } finally {
    await session.run('RESET partitioned_write_flush_threshold');
  }
}

/** Wide rows make smaller row groups: what is held back for one, on each thread, is bounded by this as well. */
const rowGroupBytes = 32_000_000;

/**
 * Writes the rows of a SELECT as one Parquet file, absolute path; memory follows the row groups, not the rows.
 * The SELECT has no partition columns: they are the caller's.
 */
export async function writeOne(session: Session, select: string, path: string, parameters: Parameters = {}): Promise<Omit<StagedFile, 'partition'>> {
  await mkdir(dirname(path), { recursive: true });
  const copy = `COPY (${select}) TO $path (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroupRows}, ROW_GROUP_SIZE_BYTES ${rowGroupBytes}, RETURN_STATS)`;
  const [report] = await session.rows(copy, parametersOf(copy, { ...parameters, path }));
  return stagedFile({ ...report, partition_keys: [] });
}

interface Entry<T> {
  readonly key: string;
  readonly value: T;
}

function stagedFile(report: Record<string, unknown>): StagedFile {
  const partition = report['partition_keys'] as Entry<string | null>[];
  const statistics = report['column_statistics'] as Entry<Entry<string>[]>[];
  const columns = new Map<string, ColumnStatistics>();
  for (const { key, value } of statistics) {
    const name = topLevelName(key);
    if (name === null) continue;
    const facts = new Map(value.map((entry) => [entry.key, entry.value]));
    columns.set(name, { min: facts.get('min') ?? null, max: facts.get('max') ?? null, nullCount: Number(facts.get('null_count') ?? 0) });
  }
  return {
    path: String(report['filename']),
    partition: Object.fromEntries(partition.map(({ key, value }) => [key, value])),
    rows: Number(report['count']),
    bytes: Number(report['file_size_bytes']),
    columns,
  };
}

/** `"a ""b"""` → `a "b"`; null for a leaf inside a nested column. */
function topLevelName(quoted: string): string | null {
  const match = /^"((?:[^"]|"")*)"$/.exec(quoted);
  return match?.[1]?.replaceAll('""', '"') ?? null;
}
