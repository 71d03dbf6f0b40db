import { mkdirSync } from 'node:fs';
import { DuckDBInstance, DuckDBListValue, LIST, listValue, VARCHAR, type DuckDBConnection, type DuckDBType, type DuckDBValue } from '@duckdb/node-api';
import { LakeError, messageOf } from '../errors.js';
import { parametersOf } from './sql.js';

export type Parameters = Readonly<Record<string, DuckDBValue>>;

export interface SessionOptions {
  /** DuckDB's `memory_limit`, bytes; above it DuckDB spills to `spillDir`. */
  readonly memoryLimitBytes: number;
  readonly threads: number;
  readonly spillDir: string;
}

/** One embedded DuckDB with one connection, in UTC. Statements run one after the other. */
export class Session {
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
    });
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    return new Session(instance, connection);
  }

  /** Runs one statement for its effect. Only the parameters that the text names are bound. */
  async run(sql: string, parameters: Parameters = {}): Promise<void> {
    const values = parametersOf(sql, parameters);
    await this.guard(() => this.connection.run(sql, values, typesOf(values)));
  }

  /** Runs one statement and reads its rows whole; values as JSON-like: BIGINT as text, timestamps as text. */
  async rows(sql: string, parameters: Parameters = {}): Promise<Record<string, unknown>[]> {
    const values = parametersOf(sql, parameters);
    const reader = await this.guard(() => this.connection.runAndReadAll(sql, values, typesOf(values)));
    return reader.getRowObjectsJson();
  }

  /** Stops the statement that is running. */
  interrupt(): void {
    this.connection.interrupt();
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }

  private async guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw duckdbError(error);
    }
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

function duckdbError(error: unknown): unknown {
  const text = error instanceof Error ? error.message : String(error);
  if (/No space left on device/i.test(text)) {
    return new LakeError('the disk is full', { code: 'DISK_FULL', op: 'write', hint: 'Free some space and run it again: nothing unfinished is visible.', cause: error });
  }
  if (/No files found that match|Cannot open file/i.test(text)) {
    return new LakeError(messageOf(error), { code: 'FILE_GONE', op: 'read', hint: 'A data file is missing: `ingot audit` names it.', cause: error });
  }
  return error;
}
