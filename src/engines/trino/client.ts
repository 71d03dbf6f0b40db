import type { Clock } from '../../clock.js';
import { LakeError, messageOf } from '../../errors.js';
import { engineDenied, engineError, engineUnreachable, isPassing, stoppedError, type EngineFailure } from './errors.js';
import { bound, type Statement } from './literal.js';
import type { TrinoTarget } from './target.js';

/** How far a statement is, by the engine's own statistics. */
export interface StatementProgress {
  readonly state: string;
  /** 0 to 100; null before it is planned. */
  readonly percent: number | null;
  readonly rows: number;
  readonly bytes: number;
}

export interface TrinoColumn {
  readonly name: string;
  readonly type: string;
}

export interface TrinoResult {
  readonly columns: readonly TrinoColumn[];
  readonly rows: readonly (readonly unknown[])[];
  /** The engine's name of the query. */
  readonly queryId: string;
  /** What it has read of tables. */
  readonly readBytes: number;
}

export interface StatementOptions {
  readonly signal?: AbortSignal | undefined;
  readonly told?: ((progress: StatementProgress) => void) | undefined;
  /** Rows as they come, instead of in the result. */
  readonly page?: ((rows: readonly (readonly unknown[])[], columns: readonly TrinoColumn[]) => void | Promise<void>) | undefined;
}

/** One answer of the statement protocol. Source: Trino's documentation, "Trino client REST API". */
interface Answer {
  readonly id: string;
  readonly nextUri?: string;
  readonly columns?: readonly TrinoColumn[];
  readonly data?: readonly (readonly unknown[])[];
  readonly error?: EngineFailure;
  readonly stats?: { readonly state: string; readonly progressPercentage?: number; readonly processedRows?: number; readonly processedBytes?: number; readonly physicalInputBytes?: number };
}

const answerMs = 60_000;
const firstWaitMs = 100;
const longestWaitMs = 5_000;
const mostTries = 8;

/** Trino's statement protocol. What may be asked again is, when the coordinator is away for a while. */
export class TrinoClient {
  constructor(
    readonly target: TrinoTarget,
    private readonly clock: Clock,
    /** By catalog and property. */
    private readonly session: Readonly<Record<string, string>> = {},
  ) {}

  /**
   * Runs a statement to its end.
   * @throws LakeError ENGINE_UNREACHABLE, ENGINE_DENIED, ENGINE_FAILED, QUERY_FAILED; STOPPED when the signal aborted it: the engine is told to cancel it
   */
  async run(statement: Statement | string, { signal, told, page }: StatementOptions = {}): Promise<TrinoResult> {
    const sql = typeof statement === 'string' ? statement : bound(statement);
    const untilMs = this.clock.nowMs() + this.target.timeoutMs;
    const rows: (readonly unknown[])[] = [];
    let columns: readonly TrinoColumn[] = [];
    let readBytes = 0;
    let answer = await this.begin(sql, signal);
    for (;;) {
      if (answer.error !== undefined) throw engineError(answer.error, answer.id);
      columns = answer.columns ?? columns;
      const { stats } = answer;
      readBytes = Math.max(readBytes, stats?.physicalInputBytes ?? 0);
      if (stats !== undefined) told?.({ state: stats.state, percent: stats.progressPercentage ?? null, rows: stats.processedRows ?? 0, bytes: stats.processedBytes ?? 0 });
      if (answer.data !== undefined && answer.data.length > 0) {
        if (page === undefined) rows.push(...answer.data);
        else await this.orCancel(answer, () => page(answer.data ?? [], columns));
      }
      if (answer.nextUri === undefined) return { columns, rows, queryId: answer.id, readBytes };
      if (signal?.aborted === true || this.clock.nowMs() > untilMs) {
        await this.cancel(answer.nextUri);
        throw signal?.aborted === true ? stoppedError(answer.id) : new LakeError(`the query ${answer.id} took longer than ${this.target.timeoutMs / 1000} s`, { code: 'ENGINE_FAILED', op: 'engine', path: answer.id, hint: 'It is cancelled. Give it longer by timeout=… in the engine\'s URL, or build fewer dates at once.' });
      }
      const { nextUri } = answer;
      answer = await this.next(nextUri, signal);
    }
  }

  /** Until the coordinator has answered, nothing of the statement is known to run: only a refusal before that is tried again. */
  private begin(sql: string, signal: AbortSignal | undefined): Promise<Answer> {
    return this.again(signal, (response, error) => (response === null ? isBeforeSending(error) : response.status === 503), () => this.ask('POST', `${this.target.origin}/v1/statement`, signal, sql));
  }

  /** A page that was not received may be asked for again: the coordinator keeps it until the next one is asked for. */
  private async next(uri: string, signal: AbortSignal | undefined): Promise<Answer> {
    try {
      return await this.again(signal, () => true, () => this.ask('GET', this.sameServer(uri), signal));
    } catch (error) {
      await this.cancel(uri);
      throw error;
    }
  }

  private async orCancel(answer: Answer, work: () => void | Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (answer.nextUri !== undefined) await this.cancel(answer.nextUri);
      throw error;
    }
  }

  /** Best effort: a coordinator that can't be reached ends a query by itself when nobody asks for its pages. */
  private async cancel(uri: string): Promise<void> {
    await this.ask('DELETE', this.sameServer(uri), undefined).catch(() => undefined);
  }

  /** Credentials go to the server that they are for, and nowhere else. */
  private sameServer(uri: string): string {
    const { pathname, search } = new URL(uri);
    return `${this.target.origin}${pathname}${search}`;
  }

  private async again(signal: AbortSignal | undefined, may: (response: Response | null, error: unknown) => boolean, ask: () => Promise<Response>): Promise<Answer> {
    for (let tries = 1, waitMs = firstWaitMs; ; tries++, waitMs = Math.min(2 * waitMs, longestWaitMs)) {
      const [response, error] = await ask().then((got) => [got, null] as const, (failed: unknown) => [null, failed] as const);
      if (signal?.aborted === true && response === null) throw stoppedError('');
      if (response?.ok === true) {
        const text = await response.text().catch(() => null);
        if (text !== null && text !== '') return JSON.parse(withDigits(text)) as Answer;
        if (response.status === 204) throw stoppedError('');
      } else if (response !== null && !isPassing(response.status)) throw await this.refusal(response);
      if (tries === mostTries || !may(response, error)) throw engineUnreachable(this.target.origin, response === null ? messageOfFetch(error) : `HTTP ${response.status}`, error);
      await this.clock.sleep(waitMs, signal);
    }
  }

  private async refusal(response: Response): Promise<LakeError> {
    const said = (await response.text().catch(() => '')).split('\n', 1)[0] ?? '';
    if (response.status === 401 || response.status === 403) return engineDenied(this.target.origin, this.target.user, said);
    return engineUnreachable(this.target.origin, `HTTP ${response.status}: ${said.slice(0, 200)}`, null);
  }

  private ask(method: string, url: string, signal: AbortSignal | undefined, body?: string): Promise<Response> {
    const { user, password, token } = this.target;
    const session = Object.entries(this.session).map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join(',');
    const authorization = token !== null ? `Bearer ${token}` : password !== null ? `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` : null;
    const deadline = AbortSignal.timeout(answerMs);
    return fetch(url, {
      method, redirect: 'error', signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      headers: {
        'X-Trino-User': user, 'X-Trino-Source': 'ingot', 'X-Trino-Time-Zone': 'UTC', 'X-Trino-Client-Capabilities': 'PARAMETRIC_DATETIME',
        ...(session === '' ? {} : { 'X-Trino-Session': session }),
        ...(authorization === null ? {} : { Authorization: authorization }),
      },
      ...(body === undefined ? {} : { body }),
    });
  }
}

/** Whether nothing of a request can have arrived. */
function isBeforeSending(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
  return ['ECONNREFUSED', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'].includes(code);
}

/** `fetch failed` says nothing: its cause does. */
function messageOfFetch(error: unknown): string {
  return error instanceof Error && error.cause instanceof Error ? messageOf(error.cause) || error.message : messageOf(error);
}

/** Whole numbers of more digits than a double keeps, as strings: no digit is lost. */
function withDigits(json: string): string {
  if (!/\d{16}/.test(json)) return json;
  return json.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) => (/^-?\d{16,}$/.test(token) ? `"${token}"` : token));
}
