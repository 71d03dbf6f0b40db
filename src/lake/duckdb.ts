import { mkdirSync } from 'node:fs';
import { DuckDBInstance, DuckDBListValue, LIST, listValue, VARCHAR, type DuckDBConnection, type DuckDBType, type DuckDBValue } from '@duckdb/node-api';
import { LakeError, messageOf } from '../errors.js';
import { parametersOf } from './sql.js';

export type Parameters = Readonly<Record<string, DuckDBValue>>;

/** Runs one statement for its effect. */
export type Statement = (sql: string, parameters?: Parameters) => Promise<void>;

/** Lets sessions read a lake that is not on this machine. */
export interface RemoteAccess {
  /**
   * Makes a new session able to. The function that it gives is called before every later statement: it renews what expires.
   * @throws LakeError EXTENSION_MISSING, LAKE_DENIED, LAKE_UNREACHABLE
   */
  admit(run: Statement): Promise<() => Promise<void>>;
}

export interface SessionOptions {
  /** DuckDB's `memory_limit`, bytes; above it DuckDB spills to `spillDir`. */
  readonly memoryLimitBytes: number;
  readonly threads: number;
  readonly spillDir: string;
  /** The lake's, when it is not on this machine. */
  readonly remote?: RemoteAccess | null;
}

/** One embedded DuckDB with one connection, in UTC. Statements run one after the other. */
export class Session {
  private renew: (() => Promise<void>) | null = null;

  private constructor(
    private readonly instance: DuckDBInstance,
    readonly connection: DuckDBConnection,
  ) {}

  static async open(options: SessionOptions): Promise<Session> {
    mkdirSync(options.spillDir, { recursive: true });
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: `${Math.ceil(options.memoryLimitBytes / 1_000_000)}MB`,
      threads: String(options.threads),
      temp_directory: options.spillDir,
      preserve_insertion_order: 'false',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      // On this machine the system caches files already; DuckDB would hold every file that was ever read.
      enable_external_file_cache: String((options.remote ?? null) !== null),
    });
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    const session = new Session(instance, connection);
    if (options.remote === undefined || options.remote === null) return session;
    try {
      session.renew = await options.remote.admit((sql, parameters) => session.execute(sql, parameters));
      return session;
    } catch (error) {
      session.close();
      throw error;
    }
  }

  /** Runs one statement for its effect. Only the parameters that the text names are bound. */
  async run(sql: string, parameters: Parameters = {}): Promise<void> {
    await this.renew?.();
    await this.execute(sql, parameters);
  }

  /** Runs one statement and reads its rows whole; values as JSON-like: BIGINT as text, timestamps as text. */
  async rows(sql: string, parameters: Parameters = {}): Promise<Record<string, unknown>[]> {
    await this.renew?.();
    const values = parametersOf(sql, parameters);
    const reader = await guarded(() => this.connection.runAndReadAll(sql, values, typesOf(values)));
    return reader.getRowObjectsJson();
  }

  /** Runs one statement whose columns are all DOUBLE, and reads them whole, none of them null. */
  async numbers(sql: string, parameters: Parameters = {}): Promise<Float64Array[]> {
    await this.renew?.();
    const values = parametersOf(sql, parameters);
    const reader = await guarded(() => this.connection.runAndReadAll(sql, values, typesOf(values)));
    return reader.getColumns().map((column) => Float64Array.from(column as number[]));
  }

  /** Stops the statement that is running. */
  interrupt(): void {
    this.connection.interrupt();
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }

  private async execute(sql: string, parameters: Parameters = {}): Promise<void> {
    const values = parametersOf(sql, parameters);
    await guarded(() => this.connection.run(sql, values, typesOf(values)));
  }
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw duckdbError(error);
  }
}

/** A list of texts as a parameter. */
export function textList(values: readonly string[]): DuckDBValue {
  return listValue(values);
}

/** DuckDB can't tell the type of an empty list by itself; lists as parameters are lists of text here. */
function typesOf(values: Parameters): Record<string, DuckDBType> {
  const lists = Object.entries(values).filter(([, value]) => value instanceof DuckDBListValue);
  return Object.fromEntries(lists.map(([name]) => [name, LIST(VARCHAR)]));
}

/** Whether DuckDB had too little memory for what failed; the error may be wrapped in others. */
export function isOutOfMemory(error: unknown): boolean {
  if (/^Out of Memory Error/.test(messageOf(error))) return true;
  return error instanceof Error && error.cause !== undefined && isOutOfMemory(error.cause);
}

/** What DuckDB says of disks, files and S3, as a `LakeError`; what it says of SQL stays as it is. */
export function duckdbError(error: unknown): unknown {
  const text = error instanceof Error ? error.message : String(error);
  if (/No space left on device/i.test(text)) {
    return new LakeError('the disk is full', { code: 'DISK_FULL', op: 'write', hint: 'Free some space and run it again: nothing unfinished is visible.', cause: error });
  }
  if (isOutOfMemory(error)) {
    return new LakeError(messageOf(error), { code: 'OUT_OF_MEMORY', op: 'query', hint: 'Give it more with --memory, or fewer --threads: each takes buffers of its own. Nothing unfinished is visible.', cause: error });
  }
  if (/No files found that match|Cannot open file|\(HTTP 404/i.test(text)) {
    return new LakeError(messageOf(error), { code: 'FILE_GONE', op: 'read', hint: 'A data file is missing: `ingot audit` names it.', cause: error });
  }
  return remoteError(error, text) ?? error;
}

function remoteError(error: unknown, text: string): LakeError | null {
  if (/\(HTTP (?:400|401|403)\b/.test(text)) {
    return new LakeError(`DuckDB was refused: ${messageOf(error)}`, { code: 'LAKE_DENIED', op: 'read', hint: 'The credentials need s3:GetObject on the lake\'s prefix, and must last as long as the statement runs.', cause: error });
  }
  if (/\(HTTP (?:408|429|5\d\d)\b|^(?:HTTP|IO) Error: (?:Could not (?:connect|resolve)|.* error for HTTP )/.test(text)) {
    return new LakeError(`DuckDB can't read the lake: ${messageOf(error)}`, { code: 'LAKE_UNREACHABLE', op: 'read', hint: 'Check the network and the endpoint (AWS_ENDPOINT_URL_S3), then run it again.', cause: error });
  }
  return null;
}

/** Whether an error says nothing of the data: S3 could not be asked. */
export function isOutage(error: unknown): error is LakeError {
  return error instanceof LakeError && (error.code === 'LAKE_UNREACHABLE' || error.code === 'LAKE_DENIED');
}
