import { LakeError } from '../../errors.js';

/** The error of an answer. Source: Trino's documentation, "Trino client REST API". */
export interface EngineFailure {
  readonly message: string;
  readonly errorName: string;
  /** `USER_ERROR`, `INTERNAL_ERROR`, `INSUFFICIENT_RESOURCES`, `EXTERNAL`. */
  readonly errorType: string;
  readonly errorLocation?: { readonly lineNumber: number; readonly columnNumber: number };
}

/** What goes away by itself. */
export function isPassing(status: number): boolean {
  return status === 429 || status === 502 || status === 503 || status === 504;
}

const hints: Readonly<Record<string, string>> = {
  CATALOG_NOT_FOUND: 'The engine\'s URL names it: trino://user@host:port/<catalog of a Hive connector>?staging=<catalog of an Iceberg connector>.',
  ADMINISTRATIVELY_KILLED: 'An administrator ended it. Nothing was published: run it again.',
  ADMINISTRATIVELY_PREEMPTED: 'An administrator ended it. Nothing was published: run it again.',
  USER_CANCELED: 'Somebody cancelled it in the engine. Nothing was published: run it again.',
  PERMISSION_DENIED: 'Give the engine\'s user the right to read the lake\'s tables, and to make and drop tables in the schema that is Ingot\'s.',
  ICEBERG_FILESYSTEM_ERROR: 'The engine could not write into the lake\'s _ingot folder: is there room, and may it write there?',
  HIVE_FILESYSTEM_ERROR: 'The engine could not read the lake\'s files: does it reach them under the name that lake=… says?',
  EXCEEDED_GLOBAL_MEMORY_LIMIT: 'Build fewer dates at once (backfill --since --until), or give the engine more memory.',
  EXCEEDED_LOCAL_MEMORY_LIMIT: 'Build fewer dates at once (backfill --since --until), or give the engine more memory.',
  ICEBERG_TOO_MANY_OPEN_PARTITIONS: 'One date has more partitions than the engine lets a writer have open: raise iceberg.max-partitions-per-writer there, and say so by partitions=… in the engine\'s URL.',
  EXCEEDED_TIME_LIMIT: 'The engine\'s own limit (query.max-execution-time) ended it.',
  QUERY_TEXT_TOO_LARGE: 'Raise query.max-length of the engine, or compact the tables: each of their files is named.',
};

/** What depends on the SQL text and the data, and not on the engine's state, is QUERY_FAILED. */
export function engineError(failure: EngineFailure, queryId: string): LakeError {
  const { errorName, errorType, message, errorLocation } = failure;
  const isQuery = errorType === 'USER_ERROR' && hints[errorName] === undefined;
  const place = errorLocation === undefined ? '' : ` (line ${errorLocation.lineNumber}, column ${errorLocation.columnNumber})`;
  return new EngineError(`Trino: ${message}${isQuery && !message.startsWith('line ') ? place : ''} (${errorName})`, {
    code: errorName === 'PERMISSION_DENIED' ? 'ENGINE_DENIED' : isQuery ? 'QUERY_FAILED' : 'ENGINE_FAILED',
    op: 'engine', path: queryId,
    hint: hints[errorName] ?? (isQuery ? 'Mend the SQL, or run it with --engine duckdb.' : 'Nothing was published: run it again. The engine\'s log has more under the query\'s id.'),
  }, errorName);
}

/** An error that the engine itself has named. */
export class EngineError extends LakeError {
  constructor(message: string, parts: ConstructorParameters<typeof LakeError>[1], readonly errorName: string) {
    super(message, parts);
  }
}

export function engineUnreachable(origin: string, what: string, cause: unknown): LakeError {
  return new LakeError(`the engine at ${origin} does not answer: ${what}`, { code: 'ENGINE_UNREACHABLE', op: 'engine', path: origin, hint: 'Is the coordinator up, and is this its address? Nothing was published; --engine duckdb needs no engine.', cause });
}

export function engineDenied(origin: string, user: string, said: string): LakeError {
  return new LakeError(`the engine at ${origin} does not let ${user} in${said === '' ? '' : `: ${said.slice(0, 200)}`}`, { code: 'ENGINE_DENIED', op: 'engine', path: origin, hint: 'Give the password in INGOT_ENGINE_PASSWORD, or a JWT in INGOT_ENGINE_TOKEN.' });
}

export function stoppedError(queryId: string): LakeError {
  return new LakeError(queryId === '' ? 'stopped by a signal' : `stopped by a signal: the query ${queryId} is cancelled`, { code: 'STOPPED', op: 'engine', path: queryId, hint: 'Nothing of this run was published: the same command begins it again.' });
}
