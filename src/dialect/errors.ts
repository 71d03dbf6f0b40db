import { LakeError } from '../errors.js';

/** What a query says wrongly, or what can't be had, and at which offset of its text. */
export class DialectError extends Error {
  constructor(
    readonly at: number,
    message: string,
    readonly hint?: string,
  ) {
    super(message);
  }
}

/** Something that Trino rejects as well. */
export function invalid(at: number, message: string, hint?: string): DialectError {
  return new DialectError(at, message, hint);
}

/** Something that Trino has and that can't be had here. */
export function refused(at: number, construct: string, instead: string): DialectError {
  return new DialectError(at, `${construct} can't be had with the dialect athena`, instead);
}

/** The error that a user reads: with its line and column, both from 1. */
export function told(error: unknown, source: string): unknown {
  if (!(error instanceof DialectError)) return error;
  const before = source.slice(0, error.at).split('\n');
  const place = `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
  return new LakeError(`${error.message} (${place})`, { code: 'QUERY_FAILED', op: 'query', path: place, hint: error.hint ?? 'docs/athena.md says what the dialect has.' });
}
