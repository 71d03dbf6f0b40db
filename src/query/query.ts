import type { DuckDBResultReader } from '@duckdb/node-api';
import { LakeError } from '../errors.js';
import { duckdbError, type Parameters, type Session } from '../lake/duckdb.js';
import { Lake } from '../lake/lake.js';
import { fill, parametersOf, sqlFile } from '../lake/sql.js';
import { readTables, type Reading } from '../lake/views.js';
import { asIs, type ColumnForm, type ResultColumn } from './casts.js';
import { athenaFailure, parsedAthena, runAsAthena, type Dialect } from './dialect.js';
import { engineResult, runOnEngine, tablesNamed, type QueryEngine } from './engine.js';
import { failureOf, queryFailed, unknownTable } from './failure.js';
import { boundParameters, type QueryParameters } from './parameters.js';
import { layers, parseStatement, type Statement, type TableName } from './statement.js';
import { Workspace } from './workspace.js';

export interface QueryRequest {
  /** One query, in the dialect. */
  readonly sql: string;
  /** Whose SQL it is, where DuckDB runs it; default `duckdb`. */
  readonly dialect?: Dialect;
  /** Values of its `$name` parameters; those that it doesn't use are left out. */
  readonly parameters?: QueryParameters;
  /** What runs it; absent: DuckDB. */
  readonly engine?: QueryEngine;
  /** Stops the query. */
  readonly signal?: AbortSignal | undefined;
}

const resultSql = sqlFile(import.meta.url, './result.sql');
const maxAttempts = 8;
const interruptEveryMs = 50;

/** A query whose tables are open at one version and whose columns are known. */
export class OpenQuery {
  constructor(
    private readonly workspace: Workspace,
    private readonly text: string,
    private readonly parameters: Parameters,
    readonly columns: readonly ResultColumn[],
  ) {}

  get session(): Session {
    return this.workspace.session;
  }

  /** A SELECT of the query's rows, in its order, with its columns in a form. */
  select(form: ColumnForm = asIs): string {
    const columns = this.columns.map((column) => `${form(column)} AS ${asIs(column)}`).join(', ');
    return fill(resultSql, { columns, query: this.text });
  }

  /** Fills a template's `{{query}}` and reads its rows, JSON-like. */
  async rows(template: string, own: Parameters = {}, form?: ColumnForm): Promise<Record<string, unknown>[]> {
    return this.session.rows(fill(template, { query: form === undefined ? this.text : this.select(form) }), { ...this.parameters, ...own });
  }

  /** Reads the query's rows whole, into memory. @throws LakeError */
  async read(form?: ColumnForm): Promise<DuckDBResultReader> {
    return readAll(this.session, this.select(form), this.parameters);
  }

  /** Writes the query's rows whole to a private file. @returns its path and the number of rows */
  async copy(form: ColumnForm, options: string): Promise<{ readonly path: string; readonly rows: number }> {
    const path = this.workspace.spool('result');
    const [report] = await this.session.rows(`COPY (${this.select(form)}) TO $ingot_spool (${options})`, { ...this.parameters, ingot_spool: path });
    return { path, rows: Number(report?.['Count']) };
  }
}

/**
 * Runs a query on one valid version of each table that it names, in a DuckDB of its own that can open nothing else.
 * When a writer has replaced a file under it, newer versions are taken and it runs again.
 * @param produce computes the result whole: into memory or into a spool
 * @param deliver hands the result on; it is not repeated. The spool goes when it has ended
 * @throws LakeError USAGE, QUERY_FAILED, FILE_GONE when a file of the newest version is missing
 */
export async function answer<T, R>(lake: Lake, request: QueryRequest, produce: (query: OpenQuery) => Promise<T>, deliver: (result: T, query: OpenQuery) => Promise<R>): Promise<R> {
  if ((await lake.storage.list('')).length === 0) throw queryFailed(`there is no lake at ${lake.storage.root}`, undefined, 'Give its folder with --lake (or INGOT_LAKE), or land events first.');
  let failed: string | null = null;
  for (let attempt = 1; ; attempt++) {
    // A lake that is opened afresh also sees a table that was deleted and built again.
    const reader = attempt === 1 ? lake : new Lake(lake.options);
    const workspace = await Workspace.open(lake);
    const release = stopOnAbort(workspace.session, request.signal);
    let versions: string | null = null;
    let delivering = false;
    try {
      const { engine } = request;
      const athena = request.dialect === 'athena' && engine === undefined ? await parsedAthena(request.sql) : null;
      const named = engine !== undefined ? { text: engineResult, tables: tablesNamed(request.sql), parameters: [] } : athena !== null ? athena.statement : await parseStatement(workspace.session, request.sql, () => tablesOf(reader));
      const readings = await open(reader, named);
      const statement = athena === null ? named : await runAsAthena(workspace.session, athena, readings, request.parameters ?? {});
      const parameters = boundParameters(statement, request.parameters ?? {});
      versions = JSON.stringify(readings.map(({ layer, table, snapshot }) => [layer, table, snapshot.metaData.id, snapshot.version]));
      if (engine !== undefined) await runOnEngine(reader, { session: workspace.session, spool: workspace.spool('engine') }, request.sql, request.parameters ?? {}, readings, { ...engine, signal: request.signal });
      await workspace.lock(reader, engine === undefined ? readings : []);
      const columns = await bind(workspace.session, statement, parameters);
      request.signal?.throwIfAborted();
      const query = new OpenQuery(workspace, statement.text, parameters, columns);
      const result = await produce(query);
      delivering = true;
      return await deliver(result, query);
    } catch (error) {
      if (request.signal?.aborted === true) throw queryFailed('the query was stopped', error);
      const failure = await failureOf(request.dialect === 'athena' ? athenaFailure(error) : error, async () => (await tablesOf(reader)).map(nameOf));
      if (delivering || failure.code !== 'FILE_GONE' || versions === failed || attempt === maxAttempts) throw failure;
      failed = versions;
    } finally {
      release();
      workspace.close();
      if (reader !== lake) await reader.close();
    }
  }
}

/** Interrupts what runs once the signal aborts, again and again: an interrupt between two statements is lost. */
function stopOnAbort(session: Session, signal: AbortSignal | undefined): () => void {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    session.interrupt();
    timer = setInterval(() => session.interrupt(), interruptEveryMs);
  };
  signal?.addEventListener('abort', stop);
  return () => {
    signal?.removeEventListener('abort', stop);
    clearInterval(timer);
  };
}

/** All tables of a lake, by layer and name. */
export async function tablesOf(lake: Lake): Promise<TableName[]> {
  const names = await Promise.all(layers.map(async (layer) => (await lake.tableNames(layer)).map((table) => ({ layer, table }))));
  return names.flat();
}

export function nameOf({ layer, table }: TableName): string {
  return `${layer}.${table}`;
}

async function open(lake: Lake, statement: Statement): Promise<Reading[]> {
  const wanted = statement.tables.filter(({ layer }) => layers.some((known) => known === layer.toLowerCase()));
  const readings = await readTables(lake, wanted);
  const missing = wanted.filter((name) => !readings.some((reading) => nameOf(reading) === nameOf(name)));
  if (missing.length === 0) return readings;
  const tables = await tablesOf(lake);
  const exact = wanted.map((name) => {
    const found = tables.find((table) => nameOf(table).toLowerCase() === nameOf(name).toLowerCase());
    if (found === undefined) throw unknownTable(nameOf(name), tables.map(nameOf));
    return found;
  });
  return readTables(lake, [...new Map(exact.map((name) => [nameOf(name), name])).values()]);
}

/** Names and types of the result. The query is prepared as it was written first: DuckDB's messages then tell its own lines. */
async function bind(session: Session, statement: Statement, parameters: Parameters): Promise<ResultColumn[]> {
  const prepared = await guarded(() => session.connection.prepare(statement.text));
  prepared.destroySync();
  const reader = await readAll(session, `${fill(resultSql, { columns: '*', query: statement.text })}LIMIT 0`, parameters);
  const types = reader.columnTypes();
  return reader.columnNames().map((name, index) => ({ name, type: types[index]! }));
}

function readAll(session: Session, select: string, parameters: Parameters): Promise<DuckDBResultReader> {
  return guarded(() => session.connection.runAndReadAll(select, parametersOf(select, parameters)));
}

/** A missing data file as FILE_GONE, and S3's refusals, as `Session` does for what it runs itself. */
async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const known = duckdbError(error);
    if (known instanceof LakeError) throw known;
    const text = error instanceof Error ? error.message : String(error);
    if (!/Could not open|No such file/i.test(text)) throw error;
    throw new LakeError(text, { code: 'FILE_GONE', op: 'query', hint: 'A data file is missing: `ingot audit` names it.', cause: error });
  }
}
