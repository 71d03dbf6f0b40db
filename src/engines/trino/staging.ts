import { LakeError } from '../../errors.js';
import { textList } from '../../lake/duckdb.js';
import { dataPath } from '../../lake/layout.js';
import type { Lake } from '../../lake/lake.js';
import type { TableColumn } from '../../lake/schema.js';
import { identifier, sqlFile } from '../../lake/sql.js';
import type { ColumnStatistics, StagedFile } from '../../lake/staged.js';
import { writeOne } from '../duckdb.js';
import type { TrinoResult } from './client.js';

const footersSql = sqlFile(import.meta.url, './footers.sql');

/** A table that the engine has made, and how to come by its files. */
export interface EngineTable {
  readonly lake: Lake;
  readonly ask: (sql: string) => Promise<TrinoResult>;
  /** Its quoted name. */
  readonly table: string;
  /** Takes it out of the catalog: its files stay. */
  readonly release: () => Promise<void>;
  /** What DuckDB calls a file that the engine names. */
  readonly localOf: (path: string) => string;
}

/**
 * The files of a table that the engine has made, read again by DuckDB: their footers must have the rows that the engine says.
 * @throws LakeError ENGINE_FAILED when a file is not what the engine says that it is
 */
export async function stagedFiles(made: EngineTable, columns: readonly TableColumn[], partitionBy: readonly string[], stagingDir: string): Promise<StagedFile[]> {
  const files = await writtenFiles(made, partitionBy);
  await made.release();
  if (files.length === 0) return [];
  const { lake } = made;
  const session = await lake.session();
  const footers = new Map<string, Map<string, ColumnStatistics>>();
  const rows = new Map<string, number>();
  for (const row of await session.rows(footersSql, { paths: textList(files.map(({ path }) => path)) })) {
    const path = String(row['file_name']);
    const own = footers.get(path) ?? new Map<string, ColumnStatistics>();
    footers.set(path, own);
    rows.set(path, Number(row['rows']));
    const name = columns.find((column) => column.name.toLowerCase() === String(row['column_name']).toLowerCase())?.name;
    if (name !== undefined) own.set(name, { min: textOf(row['least']), max: textOf(row['greatest']), nullCount: Number(row['nulls']) });
  }
  const staged = files.map(({ path, partition, records, bytes }): StagedFile => {
    if (rows.get(path) !== records) throw new LakeError(`the engine says that a file has ${records} rows, and it has ${rows.get(path) ?? 'none'}`, { code: 'ENGINE_FAILED', op: 'engine', path, hint: 'Nothing was published: run it again.' });
    return { path, partition, rows: records, bytes, columns: footers.get(path) ?? new Map<string, ColumnStatistics>() };
  });
  return columns.some(({ name }) => name !== name.toLowerCase()) ? withCapitals(lake, staged, columns, partitionBy, stagingDir) : staged;
}

interface WrittenFile {
  readonly path: string;
  readonly partition: Readonly<Record<string, string | null>>;
  readonly records: number;
  readonly bytes: number;
}

async function writtenFiles({ ask, table, localOf }: EngineTable, partitionBy: readonly string[]): Promise<WrittenFile[]> {
  const values = partitionBy.map((column) => `, CAST("partition".${identifier(column.toLowerCase())} AS varchar)`).join('');
  const { rows } = await ask(`SELECT file_path, record_count, file_size_in_bytes${values} FROM ${table.slice(0, -1)}$files" ORDER BY file_path`);
  return rows.map(([path, records, bytes, ...partition]) => ({
    path: localOf(String(path)), records: Number(records), bytes: Number(bytes),
    partition: Object.fromEntries(partitionBy.map((column, index) => [column, textOf(partition[index])])),
  }));
}

/** The engine writes all names in small letters, and some readers take `sku` and `SKU` for two columns: the files are written again, one by one. */
async function withCapitals(lake: Lake, files: readonly StagedFile[], columns: readonly TableColumn[], partitionBy: readonly string[], stagingDir: string): Promise<StagedFile[]> {
  const session = await lake.session();
  const select = `SELECT ${columns.filter(({ name }) => !partitionBy.includes(name)).map(({ name }) => `${identifier(name.toLowerCase())} AS ${identifier(name)}`).join(', ')} FROM read_parquet($engine_file, hive_partitioning = false)`;
  const written: StagedFile[] = [];
  for (const [index, file] of files.entries()) written.push({ ...(await writeOne(session, select, `${stagingDir}-named/${dataPath(file.partition, `part-${index}.parquet`)}`, { engine_file: file.path })), partition: file.partition });
  return written;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
