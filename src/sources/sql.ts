import { LakeError } from '../errors.js';
import type { LandedRow, RowsSource } from './landed.js';
import { wholePassTxn } from './landed.js';
import type { SourceOptions } from './open.js';
import type { AckResult, Batch, Message, RecordBatch, Source } from './source.js';
import { connect, type Database } from './sql-database.js';
import { sqlError } from './sql-error.js';
import { rowMessage, withdrawal, type DatabaseRow, type MessageTimes } from './sql-message.js';
import type { SqlUri } from './uri.js';
import { defaultWaitSeconds, whenReachable } from './wait.js';

const rowsAtOnce = 2_000;
const pollMs = 60_000;

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
  private database: Database | null = null;

  constructor(
    private readonly place: SqlUri,
    private readonly rows: RowsSource,
    private readonly options: SourceOptions,
  ) {
    this.uri = place.name;
  }

  async open(): Promise<void> {
    this.database ??= await this.asking(() => connect(this.place, this.options.environment, false));
  }

  async *batches(signal: AbortSignal): AsyncGenerator<Batch> {
    do {
      await this.open();
      yield* this.pass(signal);
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
    const done = (await this.options.offsets()).get(wholePassTxn) ?? -1;
    const lookbackMs = done < 0 ? null : this.rows.lookbackMs;
    await this.rows.landed.begin();
    const times = { sentAtMs: Math.trunc(this.options.clock.nowMs()), receivedAtMs: Math.trunc(this.options.clock.nowMs()) };
    await this.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    try {
      await this.query(`SET LOCAL TIME ZONE 'UTC'`);
      const since = lookbackMs === null ? null : await this.newestLess(lookbackMs);
      await this.query(`DECLARE ingot_row NO SCROLL CURSOR FOR ${this.select('$1::text IS NULL OR at >= $1::timestamp')} ORDER BY at`, [since]);
      for (;;) {
        const found = (await this.query(`FETCH ${rowsAtOnce} FROM ingot_row`)).map(rowOf);
        if (found.length === 0 || signal.aborted) break;
        yield* messages(await this.changes(found, times));
      }
      for (let after = ''; !signal.aborted; ) {
        const unseen = await this.rows.landed.unseen(since, after, rowsAtOnce);
        const last = unseen.at(-1);
        if (last === undefined) break;
        after = last.id;
        yield* messages(await this.missing(unseen, times));
      }
    } finally {
      await this.query('ROLLBACK').catch(() => undefined);
    }
    if (lookbackMs === null && !signal.aborted) yield wholePass(done, times.receivedAtMs);
  }

  /** What is new of rows of the database: of one whose date has changed, first what takes the old one back. */
  private async changes(found: readonly DatabaseRow[], times: MessageTimes): Promise<Message[]> {
    this.checkIds(found);
    const landed = await this.rows.landed.of(found.map(({ id }) => id));
    const moved = found.flatMap(({ id, at }) => {
      const known = landed.get(id);
      return known !== undefined && !known.withdrawn && known.at !== at ? [known] : [];
    });
    const taken = await this.withdrawals(moved, times);
    return found.flatMap((row) => {
      const known = landed.get(row.id);
      if (known?.withdrawn === false && known.hash === row.hash && known.at === row.at) return [];
      const before = taken.get(row.id);
      const version = (known?.version ?? 0) + (before === undefined ? 1 : 2);
      return [...(before === undefined ? [] : [before]), rowMessage(row, version, times)];
    });
  }

  /** Landed rows that were not among those compared: they are elsewhere in the database, or have gone. */
  private async missing(unseen: readonly LandedRow[], times: MessageTimes): Promise<Message[]> {
    const there = (await this.query(this.select('CAST(id AS text) = ANY($1::text[])'), [unseen.map(({ id }) => id)])).map(rowOf);
    const ids = new Set(there.map(({ id }) => id));
    const gone = await this.withdrawals(unseen.filter(({ id }) => !ids.has(id)), times);
    return [...(there.length === 0 ? [] : await this.changes(there, times)), ...gone.values()];
  }

  private async withdrawals(rows: readonly LandedRow[], times: MessageTimes): Promise<Map<string, Message>> {
    const bodies = await this.rows.landed.bodies(rows);
    return new Map(rows.flatMap((row) => {
      const body = bodies.get(row.id);
      return body === undefined ? [] : [[row.id, withdrawal(row, body, times)] as const];
    }));
  }

  /** The greatest date less the time that is looked back; null: there are no rows. */
  private async newestLess(lookbackMs: number): Promise<string | null> {
    const [row] = await this.query(`SELECT CAST(max(at) - make_interval(secs => $1::double precision) AS text) AS since FROM (${this.rows.query}) AS source_row`, [String(lookbackMs / 1000)]);
    return typeof row?.['since'] === 'string' ? row['since'] : null;
  }

  private select(where: string): string {
    return `SELECT CAST(id AS text) AS id, CAST(at AS text) AS at, CAST(body AS text) AS body, md5(CAST(body AS text)) AS hash FROM (${this.rows.query}) AS source_row WHERE ${where}`;
  }

  private checkIds(found: readonly DatabaseRow[]): void {
    const wrong = found.find(({ id, at, body }) => id === '' || at === '' || !body.trimStart().startsWith('{'));
    if (wrong === undefined) return;
    throw new LakeError(`the database query gives a row without an id, a date or a JSON object: ${JSON.stringify(wrong).slice(0, 200)}`, { code: 'DATASET_INVALID', op: 'sql', path: this.rows.path, hint: 'id, at and body are never null; body is the text of a JSON object.' });
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

function* messages(found: readonly Message[]): Generator<Batch> {
  if (found.length === 0) return;
  yield { kind: 'messages', messages: found, bytes: found.reduce((total, { body }) => total + Buffer.byteLength(body), 0), ack: nothingToAck };
}

/** Says in the lake that a pass over all rows is done, on top of what it said before. */
function wholePass(done: number, receivedAtMs: number): RecordBatch {
  return { kind: 'records', number: 1, partition: 0, idPrefix: '', rows: 0, spool: Buffer.alloc(0), slow: [], receivedAtMs, mark: { appId: wholePassTxn, from: done, next: done + 1 }, closes: true, bytes: 0, ack: nothingToAck };
}

function nothingToAck(): Promise<AckResult> {
  return Promise.resolve({ acked: 0, failed: 0 });
}

function rowOf(row: Readonly<Record<string, unknown>>): DatabaseRow {
  const text = (name: string): string => (typeof row[name] === 'string' ? row[name] : '');
  return { id: text('id'), at: text('at'), body: text('body'), hash: text('hash') };
}
