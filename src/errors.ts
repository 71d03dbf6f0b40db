/** Everything that can go wrong, as one closed union: `cli.ts` turns it into a message and an exit status. */
export type ErrorCode =
  | 'USAGE'
  | 'DATASET_NOT_FOUND'
  | 'DATASET_INVALID'
  | 'LAKE_NOT_WRITABLE'
  | 'LAKE_NOT_FOUND'
  | 'LAKE_DENIED'
  | 'LAKE_UNREACHABLE'
  | 'EXTENSION_MISSING'
  | 'LAKE_CORRUPT'
  | 'TABLE_NOT_FOUND'
  | 'TABLE_UNSUPPORTED'
  | 'COMMIT_CONFLICT'
  | 'FILE_GONE'
  | 'SOURCE_NOT_FOUND'
  | 'SOURCE_UNREACHABLE'
  | 'SOURCE_DENIED'
  | 'SOURCE_UNREADABLE'
  | 'DISK_FULL'
  | 'OUT_OF_MEMORY'
  | 'QUERY_FAILED'
  | 'ENGINE_UNREACHABLE'
  | 'ENGINE_DENIED'
  | 'ENGINE_FAILED'
  | 'STOPPED'
  | 'CHECK_FAILED'
  | 'AUDIT_FAILED'
  | 'INTERNAL';

export interface LakeErrorParts {
  readonly code: ErrorCode;
  /** What was being done, e.g. `commit`, `receive`. */
  readonly op: string;
  /** The file, table, queue or option that it is about. */
  readonly path?: string;
  /** What to do next, one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** The only error that Ingot throws on purpose. */
export class LakeError extends Error {
  readonly code: ErrorCode;
  readonly op: string;
  readonly path: string | undefined;
  readonly hint: string | undefined;

  constructor(message: string, parts: LakeErrorParts) {
    super(message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = 'LakeError';
    this.code = parts.code;
    this.op = parts.op;
    this.path = parts.path;
    this.hint = parts.hint;
  }
}

/** Text of any thrown value, one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0] ?? text;
}

/** Text of any thrown value with its further lines, such as the place in an SQL text; bounded. */
export function detailOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(0, 8).join('\n  ').slice(0, 1_000);
}

/** The `code` of a Node system error (`ENOENT`, …), or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
