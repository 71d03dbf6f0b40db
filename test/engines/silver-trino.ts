import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Trino } from '../../scripts/engines/trino.js';
import { contractParameters, landSelect } from '../../src/bronze/contract.js';
import type { Dataset } from '../../src/dataset.js';
import { bound, positional, type TrinoValue } from '../../src/engines/trino/literal.js';
import { namedTables } from '../../src/engines/trino/names.js';
import type { Session } from '../../src/lake/duckdb.js';
import { identifier } from '../../src/lake/sql.js';
import { silverSpecs } from '../../src/silver/tables.js';
import { compileTrino } from '../../src/silver/trino/compile.js';
import { bronzeRow, inSession, tablesOf, type Message, type Row, type Tables } from '../silver/harness.js';

const receivedAt = '2023-10-24T10:00:00Z';
const bronzeColumns = 'message_id varchar, source varchar, source_position varchar, sent_at timestamp(6), received_at timestamp(6), event_timestamp timestamp(6), body varchar, event_date date, platform varchar';

/** A Trino that builds silver from rows which are not in a lake, and what DuckDB makes of them beside it. */
export class SilverOnTrino {
  private tables = 0;

  private constructor(private readonly trino: Trino) {}

  static async start(): Promise<SilverOnTrino> {
    const trino = await Trino.start({ workers: 0 });
    await trino.rows('CREATE SCHEMA hive.bronze');
    await trino.rows('CREATE SCHEMA iceberg.silver');
    return new SilverOnTrino(trino);
  }

  stop(): Promise<void> {
    return this.trino.stop();
  }

  /** Compares silver of messages that are landed by the contract. @returns how many rows each table has */
  assertSameOfLanded(dataset: Dataset, messages: readonly Message[], source = 'test'): Promise<Record<string, number>> {
    return this.compare(dataset, async (session, folder) => {
      const input = linesIn(folder, messages.map(({ body, message_id, received_at }, index) => ({ body: typeof body === 'string' ? body : JSON.stringify(body), message_id: message_id ?? `m${index}`, received_at: received_at ?? receivedAt })));
      const received = `SELECT body, message_id, $source AS source, message_id AS source_position, CAST(NULL AS TIMESTAMPTZ) AS sent_at, received_at
        FROM read_json($input, format = 'newline_delimited', maximum_object_size = 100000000, columns = {body: 'VARCHAR', message_id: 'VARCHAR', received_at: 'TIMESTAMPTZ'})`;
      await session.run(`CREATE TEMP TABLE landed AS ${landSelect(dataset, received)}`, { ...contractParameters(dataset), input, source });
      await session.run('CREATE TEMP VIEW bronze_rows AS SELECT * EXCLUDE (reason) FROM landed WHERE reason IS NULL');
    });
  }

  /** As `assertSameOfLanded`, of rows whose time and platform are as the messages say. */
  assertSame(dataset: Dataset, messages: readonly Message[]): Promise<Record<string, number>> {
    return this.compare(dataset, async (session, folder) => {
      await session.run(`CREATE TEMP TABLE bronze_rows AS SELECT body, message_id, 'test' AS source, message_id AS source_position, CAST(NULL AS TIMESTAMPTZ) AS sent_at,
           CAST(received_at AS TIMESTAMPTZ) AS received_at, CAST(event_timestamp AS TIMESTAMPTZ) AS event_timestamp, CAST(event_date AS DATE) AS event_date, platform
         FROM read_json($input, format = 'newline_delimited', maximum_object_size = 100000000, columns = {body: 'VARCHAR', message_id: 'VARCHAR', received_at: 'VARCHAR', event_timestamp: 'VARCHAR', event_date: 'VARCHAR', platform: 'VARCHAR'})`, { input: linesIn(folder, messages.map(bronzeRow)) });
    });
  }

  /** What Trino and DuckDB make of texts by an expression each, from the column `given`. */
  async ofTexts(texts: readonly string[], duckdb: string, trino: string, parameters: Readonly<Record<string, TrinoValue>> = {}): Promise<readonly [trino: unknown[], duckdb: unknown[]]> {
    return inSession(async (session, folder) => {
      mkdirSync(join(folder, 'bronze'));
      await session.run(`CREATE TEMP TABLE given AS SELECT place, given FROM read_json($input, format = 'newline_delimited', columns = {place: 'BIGINT', given: 'VARCHAR'})`, { input: linesIn(folder, texts.map((given, place) => ({ place, given }))) });
      await session.run('COPY given TO $file (FORMAT parquet)', { file: join(folder, 'bronze', 'given.parquet') });
      const name = `texts_${this.tables++}`;
      await this.trino.rows(`CREATE TABLE hive.bronze.${name} (place bigint, given varchar) WITH (format = 'PARQUET', external_location = 'local://${folder}/bronze')`);
      await this.run(`CREATE TABLE iceberg.silver.${name} WITH (format = 'PARQUET', location = 'local://${folder}/out') AS SELECT place, ${trino} AS made FROM hive.bronze.${name}`, parameters);
      const made = await session.rows('SELECT CAST(made AS VARCHAR) AS made FROM read_parquet($files) ORDER BY place', { files: `${folder}/out/data/*.parquet` });
      const expected = await session.rows(`SELECT CAST(${duckdb} AS VARCHAR) AS made FROM given ORDER BY place`);
      return [made.map((row) => row['made']), expected.map((row) => row['made'])] as const;
    });
  }

  private compare(dataset: Dataset, fill: (session: Session, folder: string) => Promise<void>): Promise<Record<string, number>> {
    return inSession(async (session, folder) => {
      await fill(session, folder);
      const expected = await tablesOf(session, dataset, join(folder, 'staging'));
      const actual = await this.tablesOf(session, dataset, folder);
      assert.deepEqual(Object.keys(actual).sort(), Object.keys(expected).sort());
      for (const [table, rows] of Object.entries(expected)) assert.deepEqual(inOrder(actual[table] ?? []), inOrder(rows), table);
      return Object.fromEntries(Object.entries(expected).map(([table, rows]) => [table, rows.length]));
    });
  }

  /** Runs a contract's steps on a session's `bronze_rows`. */
  private async tablesOf(session: Session, dataset: Dataset, folder: string): Promise<Tables> {
    const prefix = `t${this.tables++}`;
    mkdirSync(join(folder, 'bronze'));
    await session.run(`COPY (SELECT message_id, source, source_position, CAST(sent_at AS TIMESTAMP) AS sent_at, CAST(received_at AS TIMESTAMP) AS received_at, CAST(event_timestamp AS TIMESTAMP) AS event_timestamp, body, event_date, platform
      FROM bronze_rows) TO $file (FORMAT parquet)`, { file: join(folder, 'bronze', 'rows.parquet') });
    await this.trino.rows(`CREATE TABLE hive.bronze.${prefix} (${bronzeColumns}) WITH (format = 'PARQUET', external_location = 'local://${folder}/bronze')`, micros);
    const zoned = ['sent_at', 'received_at', 'event_timestamp'].map((name) => `with_timezone(${name}, 'UTC') AS ${name}`).join(', ');
    const selects = new Map([['bronze_rows', `SELECT message_id, source, source_position, ${zoned}, body, event_date, platform FROM hive.bronze.${prefix}`]]);
    const { steps, parameters } = compileTrino(dataset);
    const tables: Tables = {};
    for (const { name, kind, select } of steps) {
      const table = `iceberg.silver.${identifier(`${prefix}_${name}`)}`;
      const location = join(folder, kind, name);
      await this.run(`CREATE TABLE ${table} WITH (format = 'PARQUET', location = 'local://${location}') AS SELECT * FROM (${namedTables(select, selects)}) AS made`, parameters);
      if (kind === 'work') selects.set(name, `SELECT * FROM ${table}`);
      else tables[name] = await rowsIn(session, dataset, name, `${location}/data`);
    }
    return tables;
  }

  private async run(sql: string, parameters: Readonly<Record<string, TrinoValue>>): Promise<void> {
    await this.trino.rows(bound(positional(sql, parameters)), micros);
  }
}

const micros = { 'X-Trino-Session': 'hive.timestamp_precision=MICROSECONDS' };

/** Rows of a table, whose columns must have the types that DuckDB's have. */
async function rowsIn(session: Session, dataset: Dataset, name: string, folder: string): Promise<Row[]> {
  const files = `${folder}/*.parquet`;
  if (!readdirSync(join(folder, '..'), { recursive: true }).some((file) => String(file).endsWith('.parquet'))) return [];
  const columns = silverSpecs(dataset).find(({ table }) => table === name)?.columns ?? [];
  const found = await session.rows('DESCRIBE SELECT * FROM read_parquet($files)', { files });
  assert.deepEqual(found.map((column) => [column['column_name'], column['column_type']]), columns.map((column) => [column.name.toLowerCase(), column.type]), name);
  return session.rows(`SELECT ${columns.map((column) => `${identifier(column.name.toLowerCase())} AS ${identifier(column.name)}`).join(', ')} FROM read_parquet($files)`, { files });
}

function linesIn(folder: string, rows: readonly object[]): string {
  const file = join(folder, 'given.ndjson');
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return file;
}

/** The rows in an order that follows from their cells. */
function inOrder(rows: readonly Row[]): Row[] {
  const text = (row: Row): string => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
  return rows.map((row) => ({ row, text: text(row) })).sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0)).map(({ row }) => row);
}
