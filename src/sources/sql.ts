import { LakeError } from '../errors.js';
import type { LandedRow, Landing, RowsSource } from './landed.js';
import { wholePassPrefix } from './landed.js';
import type { SourceOptions } from './open.js';
import type { AckResult, Batch, Message, RecordBatch, Source } from './source.js';
import { connect, type Database } from './sql-database.js';
import { sqlError } from './sql-error.js';
import { messageIdOf, rowMessage, withdrawal, type DatabaseRow, type MessageTimes } from './sql-message.js';
import type { SqlUri } from './uri.js';
import { defaultWaitSeconds, whenReachable } from './wait.js';

const firstRowsAtOnce = 100;
const unseenAtOnce = 5_000;
const mostRowsAtOnce = 5_000;
/** About so much of the database is held at once. */
const heldBytes = 8e6;
const pollMs = 60_000;
/** The rows that a pass compares: those dated $1 or later, or all. */
const compared = '$1::text IS NULL OR at >= $1::timestamp';
/** Dates are the same texts on every server, and a transaction that waits for the lake is not ended for it. */
const settings = [`TIME ZONE 'UTC'`, `DateStyle = 'ISO, YMD'`, 'idle_in_transaction_session_timeout = 0'];

/**
 * Opens a database whose rows are compared with what has landed of them.
 * @throws LakeError USAGE for a contract without a query; SOURCE_NOT_FOUND, SOURCE_DENIED, SOURCE_UNREACHABLE
 */
export async function openSql(uri: SqlUri, options: SourceOptions): Promise<Source> {
  const { rows } = options;
  if (rows === undefined) throw new LakeError('--from: the contract has no query for a database', { code: 'USAGE', op: 'options', path: uri.name, hint: 'Add `database: { query: \'database/rows.sql\' }` to its dataset.ts, a SELECT of id, at and body; or give a file, a queue or a topic.' });
  const source = new SqlSource(uri, rows, options);
  await whenReachable(() => source.open(), uri.name, defaultWaitSeconds, options);
  return source;
}

class SqlSource implements Source {
  readonly uri: string;
  readonly failures: readonly LakeError[] = [];
  private readonly wholePass: string;
  private database: Database | null = null;

  constructor(
    private readonly place: SqlUri,
    private readonly rows: RowsSource,
    private readonly options: SourceOptions,
  ) {
    this.uri = place.name;
    this.wholePass = `${wholePassPrefix}${place.name}`;
  }

  async open(): Promise<void> {
    this.database ??= await this.asking(() => connect(this.place, this.options.environment, false));
  }

  async *batches(signal: AbortSignal): AsyncGenerator<Batch> {
    do {
      try {
        await this.open();
        yield* this.pass(signal);
      } catch (error) {
        // Whoever follows outlives a server that is away for a while: what it missed comes with the next pass.
        if (!this.options.follow || !(error instanceof LakeError && error.code === 'SOURCE_UNREACHABLE')) throw error;
        this.options.log(`${error.message}; asking again in ${pollMs / 1000} s`);
      }
      if (!this.options.follow) return;
      // A connection is not held while nothing is asked: an embedded database is free for others meanwhile.
      await this.disconnect();
      await this.options.clock.sleep(pollMs, signal);
    } while (!signal.aborted);
  }

  committed(): void {
    return;
  }

  async close(): Promise<void> {
    await this.disconnect();
    await this.rows.landed.close();
  }

  private async disconnect(): Promise<void> {
    const { database } = this;
    this.database = null;
    await database?.close().catch(() => undefined);
  }

  /** All rows that are compared, as they are in one snapshot of the database; then those that have landed and were not among them. */
  private async *pass(signal: AbortSignal): AsyncGenerator<Batch> {
    const done = (await this.options.offsets()).get(this.wholePass) ?? -1;
    const lookbackMs = done < 0 ? null : this.rows.lookbackMs;
    const sentAtMs = this.nowMs();
    await this.rows.landed.begin();
    await this.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    try {
      for (const setting of settings) await this.query(`SET LOCAL ${setting}`);
      const since = lookbackMs === null ? null : await this.newestLess(lookbackMs);
      await this.checkUnique(since);
      await this.query(`DECLARE ingot_row NO SCROLL CURSOR FOR ${this.select(compared)} ORDER BY at`, [since]);
      for (let rows = firstRowsAtOnce; ; ) {
        const found = (await this.query(`FETCH ${rows} FROM ingot_row`)).map(rowOf);
        if (found.length === 0 || signal.aborted) break;
        rows = rowsWithin(found);
        yield* messages(await this.changes(found, sentAtMs));
      }
      while (!signal.aborted) {
        const unseen = await this.rows.landed.unseen(since, unseenAtOnce);
        if (unseen.length === 0) break;
        yield* messages(await this.missing(unseen, sentAtMs));
      }
    } finally {
      await this.query('ROLLBACK').catch(() => undefined);
    }
    if (lookbackMs === null && !signal.aborted) yield wholePass(this.wholePass, done, this.nowMs());
  }

  /**
   * What is new of rows of the database. Of one that has changed, first what takes back the landings that would still count: at
   * another date, or at the same one when the lake could not read what came after them.
   */
  private async changes(found: readonly DatabaseRow[], sentAtMs: number): Promise<Message[]> {
    this.checkRows(found);
    const landed = await this.rows.landed.of(found.map(({ id }) => id));
    const wrong = new Map(found.map(({ id, at }) => {
      const known = landed.get(id);
      return [id, known?.standing.filter((standing) => known.rejected || standing.at !== at) ?? []];
    }));
    const bodies = await this.rows.landed.bodies([...wrong.values()].flat());
    const times = { sentAtMs, receivedAtMs: this.nowMs() };
    return found.flatMap((row) => {
      const known = landed.get(row.id);
      const before = withdrawals(wrong.get(row.id) ?? [], known?.version ?? 0, bodies, times);
      if (before.length === 0 && known !== undefined && isSame(known, row)) return [];
      return [...before, rowMessage(row, (known?.version ?? 0) + before.length + 1, times)];
    });
  }

  /** Landed rows that were not among those compared: they are elsewhere in the database, or have gone. */
  private async missing(unseen: readonly LandedRow[], sentAtMs: number): Promise<Message[]> {
    const there = (await this.query(this.select('CAST(id AS text) = ANY($1::text[])'), [unseen.map(({ id }) => id)])).map(rowOf);
    const ids = new Set(there.map(({ id }) => id));
    const gone = unseen.filter(({ id }) => !ids.has(id));
    const bodies = await this.rows.landed.bodies(gone.flatMap(({ standing }) => standing));
    const times = { sentAtMs, receivedAtMs: this.nowMs() };
    const changed = there.length === 0 ? [] : await this.changes(there, sentAtMs);
    return [...changed, ...gone.flatMap(({ standing, version }) => withdrawals(standing, version, bodies, times))];
  }

  /** The greatest date less the time that is looked back; null: there are no rows. */
  private async newestLess(lookbackMs: number): Promise<string | null> {
    const [row] = await this.query(`SELECT CAST(max(at) - make_interval(secs => $1::double precision) AS text) AS since FROM ${this.from()}`, [String(lookbackMs / 1000)]);
    return typeof row?.['since'] === 'string' ? row['since'] : null;
  }

  private select(where: string): string {
    return `SELECT CAST(id AS text) AS id, CAST(at AS text) AS at, CAST(body AS text) AS body, md5(CAST(body AS text)) AS hash FROM ${this.from()} WHERE ${where}`;
  }

  /** The query as a table; its last line may be a comment. */
  private from(): string {
    return `(${this.rows.query}\n) AS source_row`;
  }

  private async checkUnique(since: string | null): Promise<void> {
    const [twice] = await this.query(`SELECT CAST(id AS text) AS id FROM ${this.from()} WHERE ${compared} GROUP BY 1 HAVING count(*) > 1 LIMIT 1`, [since]);
    if (twice !== undefined) throw this.invalid(`the id ${String(twice['id'])} twice`, 'An id is of one row: group by it, or add what tells the rows apart.');
  }

  private checkRows(found: readonly DatabaseRow[]): void {
    const wrong = found.find(({ id, at, body }) => id === '' || at === '' || !body.trimStart().startsWith('{'));
    if (wrong !== undefined) throw this.invalid(`a row without an id, a date or a JSON object: ${JSON.stringify(wrong).slice(0, 200)}`, 'id, at and body are never null; body is the text of a JSON object.');
  }

  private invalid(given: string, hint: string): LakeError {
    return new LakeError(`the database query gives ${given}`, { code: 'DATASET_INVALID', op: 'sql', path: this.rows.path, hint });
  }

  private nowMs(): number {
    return Math.trunc(this.options.clock.nowMs());
  }

  private query(sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]> {
    const { database } = this;
    if (database === null) return Promise.reject(new Error('the connection is closed'));
    return this.asking(() => database.query(sql, values));
  }

  private async asking<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw sqlError(error, this.place, this.rows.path);
    }
  }
}

/** How many rows such as these make up what is held at once. */
function rowsWithin(found: readonly DatabaseRow[]): number {
  const characters = found.reduce((total, { body }) => total + body.length, 0);
  return Math.max(1, Math.min(mostRowsAtOnce, Math.floor((heldBytes * found.length) / Math.max(1, characters))));
}

function isSame({ withdrawn, ambiguous, hash, at }: LandedRow, row: DatabaseRow): boolean {
  return !withdrawn && !ambiguous && hash === row.hash && at === row.at;
}

/** Takes landings back, as the versions that follow. */
function withdrawals(standing: readonly Landing[], version: number, bodies: ReadonlyMap<string, string>, times: MessageTimes): Message[] {
  return standing.flatMap((each, index) => {
    const body = bodies.get(messageIdOf(each));
    return body === undefined ? [] : [withdrawal(each, version + index + 1, body, times)];
  });
}

function* messages(found: readonly Message[]): Generator<Batch> {
  if (found.length === 0) return;
  yield { kind: 'messages', messages: found, bytes: found.reduce((total, { body }) => total + Buffer.byteLength(body), 0), ack: nothingToAck };
}

/** Says in the lake that a pass over all rows is done, on top of what it said before. */
function wholePass(appId: string, done: number, receivedAtMs: number): RecordBatch {
  return { kind: 'records', number: 1, partition: 0, idPrefix: '', rows: 0, spool: Buffer.alloc(0), slow: [], receivedAtMs, mark: { appId, from: done, next: done + 1 }, closes: true, bytes: 0, ack: nothingToAck };
}

function nothingToAck(): Promise<AckResult> {
  return Promise.resolve({ acked: 0, failed: 0 });
}

function rowOf(row: Readonly<Record<string, unknown>>): DatabaseRow {
  const text = (name: string): string => (typeof row[name] === 'string' ? row[name] : '');
  return { id: text('id'), at: text('at'), body: text('body'), hash: text('hash') };
}
