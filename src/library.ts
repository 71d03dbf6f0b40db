import type { Table } from 'apache-arrow';
import { systemClock, type Clock } from './clock.js';
import { lakeRoot } from './config.js';
import { LakeError, messageOf } from './errors.js';
import { Lake } from './lake/lake.js';
import { recordsOf } from './lake/statistics.js';
import type { TableColumn } from './lake/schema.js';
import { readTables } from './lake/views.js';
import { arrowForm } from './query/casts.js';
import { unknownTable } from './query/failure.js';
import type { QueryParameters } from './query/parameters.js';
import { answer, nameOf, tablesOf } from './query/query.js';
import { rowObjects } from './query/rows.js';

export interface OpenLakeOptions {
  /** Memory of DuckDB for each query, bytes; above it, it spills into the lake. Default 2 GB. */
  readonly memoryLimitBytes?: number;
  /** Threads of DuckDB for each query. Default 2. */
  readonly threads?: number;
  readonly clock?: Clock;
  /** Of a lake in S3; credentials, region and endpoint come by the AWS SDK's usual ways. */
  readonly s3?: {
    /** Where DuckDB spills; by default the system's temporary folder. */
    readonly scratch?: string;
    /** DuckDB's `httpfs.duckdb_extension` or its folder; by default DuckDB installs it. */
    readonly extensions?: string;
    /** Address buckets by path; by default with an endpoint of one's own. */
    readonly pathStyle?: boolean;
  };
}

export interface QueryOptions {
  /** Stops the query. */
  readonly signal?: AbortSignal;
}

/** A table at one version. */
export interface TableSnapshot {
  /** `silver.event`. */
  readonly name: string;
  /** The Delta version. */
  readonly version: number;
  readonly files: readonly SnapshotFile[];
  /** Null when a foreign writer left it out of the log. */
  readonly rows: number | null;
  /** Names and DuckDB types, in order. */
  readonly columns: readonly TableColumn[];
  readonly partitionColumns: readonly string[];
  /** Distinct partitions that have files, by column; null is null. */
  readonly partitions: readonly Readonly<Record<string, string | null>>[];
}

export interface SnapshotFile {
  /** As the log has it: relative to the table's folder, percent-encoded. */
  readonly path: string;
  readonly bytes: number;
  readonly rows: number | null;
  readonly partition: Readonly<Record<string, string | null>>;
}

/**
 * Opens a lake for reading.
 * @param place its folder, or `s3://bucket/prefix`
 * @throws LakeError TABLE_NOT_FOUND when there is nothing
 */
export async function openLake(place: string, { s3 = {}, ...options }: OpenLakeOptions = {}): Promise<OpenedLake> {
  const lake = await Lake.at(rootOf(place), { clock: systemClock, ...options }, s3);
  if ((await lake.storage.list('')).length === 0) {
    throw new LakeError(`there is no lake at ${lake.storage.root}`, { code: 'TABLE_NOT_FOUND', op: 'open', path: lake.storage.root, hint: 'Give its folder, or land events first.' });
  }
  return new OpenedLake(lake);
}

function rootOf(place: string): string {
  try {
    return lakeRoot(place);
  } catch (error) {
    throw new LakeError(`${place} ${messageOf(error)}`, { code: 'USAGE', op: 'open', path: place, hint: 'Give the lake\'s folder, or s3://bucket/prefix.' });
  }
}

/** A lake that is read. Queries may run at once: each has a DuckDB of its own, which reads the lake's tables and nothing else. */
export class OpenedLake implements AsyncDisposable {
  /** Use `openLake`. */
  constructor(private readonly lake: Lake) {}

  /** Names of all tables, `silver.event`, by layer. */
  async tables(): Promise<string[]> {
    return (await tablesOf(this.lake)).map(nameOf);
  }

  /** The newest valid version of a table, `silver.event`. @throws LakeError QUERY_FAILED naming the tables that there are */
  async snapshot(name: string): Promise<TableSnapshot> {
    const [layer = '', table = ''] = name.split('.');
    const known = (await this.tables()).includes(name);
    const [reading] = known ? await readTables(this.lake, [{ layer, table }]) : [];
    if (reading === undefined) throw unknownTable(name, await this.tables());
    const { snapshot } = reading;
    const files = [...snapshot.files.values()].map((file) => ({ path: file.path, bytes: file.size, rows: recordsOf(file.stats), partition: file.partitionValues }));
    const partitions = new Map(files.map(({ partition }) => [JSON.stringify(partition), partition]));
    return {
      name,
      version: snapshot.version,
      files,
      rows: files.reduce<number | null>((rows, file) => (rows === null || file.rows === null ? null : rows + file.rows), 0),
      columns: snapshot.columns,
      partitionColumns: snapshot.metaData.partitionColumns,
      partitions: [...partitions.values()],
    };
  }

  /**
   * Runs one query in DuckDB's dialect, each table at one version, and reads its rows into memory.
   * BIGINT is bigint, DECIMAL its exact text, DATE `2026-01-31`, TIMESTAMPTZ a Date (cut to ms), lists are arrays, maps are Map.
   * @param parameters values of `$name` in the SQL
   * @throws LakeError QUERY_FAILED with DuckDB's message, USAGE when a parameter has no value
   */
  async query<Row = Record<string, unknown>>(sql: string, parameters: QueryParameters = {}, { signal }: QueryOptions = {}): Promise<Row[]> {
    return answer(this.lake, { sql, parameters, signal }, (query) => query.read(), (reader) => Promise.resolve(rowObjects(reader) as Row[]));
  }

  /**
   * Runs one query and reads it into memory as an Arrow table: BIGINT is Int64, DECIMAL Decimal, DATE Date, TIMESTAMPTZ
   * Timestamp in µs UTC, nested values JSON text.
   * @throws LakeError as `query` does
   */
  async arrow(sql: string, parameters: QueryParameters = {}, { signal }: QueryOptions = {}): Promise<Table> {
    const { arrowTable } = await import('./query/arrow.js');
    return answer(this.lake, { sql, parameters, signal }, (query) => query.read(arrowForm), (reader) => {
      const types = reader.columnTypes();
      const columns = reader.columnNames().map((name, index) => ({ name, type: types[index]! }));
      return Promise.resolve(arrowTable(columns, reader.getColumns(), reader.currentRowCount));
    });
  }

  async close(): Promise<void> {
    await this.lake.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
