import { STATUS_CODES } from 'node:http';

/** Something wrong with one parameter. */
export interface Mistake {
  readonly parameter: string;
  readonly detail: string;
}

/** An answer that is an error, as RFC 9457 has them. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** Of wrong parameters. */
  readonly errors?: readonly Mistake[];
  readonly headers?: Readonly<Record<string, string>>;
}

export const problemType = 'application/problem+json; charset=utf-8';

export function problem(status: number, detail: string, headers: Readonly<Record<string, string>> = {}): Problem {
  return { status, title: STATUS_CODES[status] ?? '', detail, headers };
}

/** A request with wrong parameters: the first one is named, and all of them are listed. */
export function wrongParameters(errors: readonly Mistake[]): Problem {
  return { status: 400, title: STATUS_CODES[400] ?? '', detail: errors.map(({ parameter, detail }) => `${parameter} ${detail}`).join('; '), errors };
}

/** The body of such an answer. */
export function problemBody({ status, title, detail, errors }: Problem): string {
  return JSON.stringify({ type: 'about:blank', title, status, detail, ...(errors?.[0] === undefined ? {} : { parameter: errors[0].parameter, errors }) });
}
