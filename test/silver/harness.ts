import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { testRoot } from '../support/lake.js';
import { join } from 'node:path';
import type { Dataset } from '../../src/dataset.js';
import { Session, textList } from '../../src/lake/duckdb.js';
import { transform, type TransformOptions } from '../../src/silver/transform.js';

/** One bronze row, as tests write it. */
export interface Message {
  /** The body, verbatim or to be printed as JSON. */
  readonly body: unknown;
  readonly message_id?: string;
  readonly received_at?: string;
  /** What bronze has read as the event's time. */
  readonly event_timestamp?: string;
  /** What bronze has made of the platform; by default the body's, if it's IOS or ANDROID. */
  readonly platform?: string | null;
}

export type Row = Record<string, unknown>;
export type Tables = Record<string, Row[]>;

const eventTimestamp = '2026-03-01T10:00:00Z';
const receivedAt = '2026-03-01T10:00:05Z';

/** Bronze's columns of a message; the nth gets the id `m<n>`. */
export function bronzeRow(message: Message, index: number): Row {
  const body = typeof message.body === 'string' ? message.body : JSON.stringify(message.body);
  const time = message.event_timestamp ?? eventTimestamp;
  return {
    body,
    message_id: message.message_id ?? `m${index}`,
    received_at: message.received_at ?? receivedAt,
    event_timestamp: time,
    event_date: time.slice(0, 10),
    platform: message.platform === undefined ? platformIn(body) : message.platform,
  };
}

function platformIn(body: string): string | null {
  return /"platform"\s*:\s*"(IOS|ANDROID)"/.exec(body)?.[1] ?? null;
}

/** Runs the transform on bronze rows and reads the tables back, each in an order of its own that doesn't depend on the input's. */
export async function silverOf(dataset: Dataset, rows: readonly Row[], options: TransformOptions = {}): Promise<Tables> {
  return inSession(async (session, folder) => {
    const input = join(folder, 'bronze.ndjson');
    writeFileSync(input, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    await session.run(
      `CREATE TEMP TABLE bronze_rows AS SELECT body, message_id, 'test' AS "source", message_id AS source_position, CAST(NULL AS TIMESTAMPTZ) AS sent_at,
         CAST(received_at AS TIMESTAMPTZ) AS received_at, CAST(event_timestamp AS TIMESTAMPTZ) AS event_timestamp, CAST(event_date AS DATE) AS event_date, platform
       FROM read_json($input, format = 'newline_delimited', columns = {body: 'VARCHAR', message_id: 'VARCHAR', received_at: 'VARCHAR',
         event_timestamp: 'VARCHAR', event_date: 'VARCHAR', platform: 'VARCHAR'})`,
      { input },
    );
    return tablesOf(session, dataset, join(folder, 'staging'), options);
  });
}

/** As `silverOf`, of messages. */
export function silverOfMessages(dataset: Dataset, messages: readonly Message[], options: TransformOptions = {}): Promise<Tables> {
  return silverOf(dataset, messages.map(bronzeRow), options);
}

/** Runs the transform on a session's `bronze_rows` and reads the tables back. */
export async function tablesOf(session: Session, dataset: Dataset, stagingDir: string, options: TransformOptions = {}): Promise<Tables> {
  const output = await transform(session, dataset, stagingDir, options);
  const tables: Tables = {};
  for (const [name, { files, rows }] of Object.entries(output.tables)) {
    tables[name] = files.length === 0 ? [] : await session.rows(
      `SELECT * FROM read_parquet($files, hive_partitioning = true, hive_types = {'event_date': DATE, 'platform': VARCHAR}) ORDER BY ALL`,
      { files: textList(files.map(({ path }) => path)) },
    );
    if (tables[name].length !== rows) throw new Error(`${name} tells ${rows} rows and has ${tables[name].length}`);
  }
  return tables;
}

/** A session and a folder for one piece of work, both gone afterwards. */
export async function inSession<T>(work: (session: Session, folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(testRoot(), 'ingot-silver-'));
  const session = await Session.open({ memoryLimitBytes: 1e9, threads: 2, spillDir: join(folder, 'spill') });
  try {
    return await work(session, folder);
  } finally {
    session.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Java's `toString` of items: what the queue sends. */
export function javaItems(items: readonly Row[]): string {
  return `[${items.map((item) => `{${Object.entries(item).map(([key, value]) => `${key}=${javaValue(value)}`).join(', ')}}`).join(', ')}]`;
}

function javaValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(javaValue).join(', ')}]`;
  if (typeof value === 'object' && value !== null) return `{${Object.entries(value).map(([key, member]) => `${key}=${javaValue(member)}`).join(', ')}}`;
  return String(value);
}
