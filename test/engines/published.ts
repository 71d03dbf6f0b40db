import { listValue } from '@duckdb/node-api';
import { write } from '../../src/engines/duckdb.js';
import type { Session } from '../../src/lake/duckdb.js';
import type { Lake } from '../../src/lake/lake.js';
import { Scope, type TableWrite } from '../../src/lake/publication.js';
import type { TableSpec } from '../../src/lake/schema.js';
import { createView, readTables } from '../../src/lake/views.js';
import type { Row } from './judges.js';

export const spec: TableSpec = {
  layer: 'silver',
  table: 'event',
  columns: [
    { name: 'n', type: 'BIGINT' },
    { name: 'event_timestamp', type: 'TIMESTAMP WITH TIME ZONE' },
    { name: 'amount', type: 'DECIMAL(18,4)' },
    { name: 'name', type: 'VARCHAR' },
    { name: 'event_date', type: 'DATE' },
    { name: 'platform', type: 'VARCHAR' },
  ],
  partitionBy: ['event_date', 'platform'],
  statistics: ['n', 'event_timestamp', 'amount', 'name'],
  anchor: 'silver/event',
};

const platforms = ['IOS', 'São Paulo', '50% off', 'a=b/c', "O'Hara & \"Söhne\"", null] as const;
export const firstUs = Date.parse('2026-03-10T23:59:59.900Z') * 1000;
const rowSql = `SELECT n, make_timestamptz(CAST($first_us AS BIGINT) + n * 1001) AS event_timestamp, CAST(n * 1.0001 - 50 AS DECIMAL(18,4)) AS amount, 'ñ "quoted" ' || n AS name,
  CAST(make_timestamptz(CAST($first_us AS BIGINT) + n * 1001) AS DATE) AS event_date, list_extract($platforms, CAST(n % 6 + 1 AS INTEGER)) AS platform
  FROM (SELECT unnest(range(CAST($from_n AS BIGINT), CAST($until_n AS BIGINT))) AS n)`;

/** What every reader is asked: the whole, and what statistics and partitions prune, at the edges. */
const edgeUs = firstUs + 120 * 1001;
export const questions: readonly { name: string; sql: string; filters: readonly (readonly string[])[] }[] = [
  { name: 'everything', sql: 'true', filters: [] },
  { name: 'from an instant on, to the microsecond', sql: `event_timestamp >= TIMESTAMPTZ_US(${edgeUs})`, filters: [['event_timestamp', '>=', 'timestamp', String(edgeUs)]] },
  { name: 'after that instant', sql: `event_timestamp > TIMESTAMPTZ_US(${edgeUs})`, filters: [['event_timestamp', '>', 'timestamp', String(edgeUs)]] },
  { name: 'up to that instant', sql: `event_timestamp <= TIMESTAMPTZ_US(${edgeUs})`, filters: [['event_timestamp', '<=', 'timestamp', String(edgeUs)]] },
  { name: 'at the last instant', sql: `event_timestamp = TIMESTAMPTZ_US(${firstUs + 299 * 1001})`, filters: [['event_timestamp', '=', 'timestamp', String(firstUs + 299 * 1001)]] },
  { name: 'a null partition', sql: 'platform IS NULL', filters: [['platform', 'null']] },
  { name: 'a partition with an accent and a space', sql: "platform = 'São Paulo'", filters: [['platform', '=', 'string', 'São Paulo']] },
  { name: 'a partition with a percent sign', sql: "platform = '50% off'", filters: [['platform', '=', 'string', '50% off']] },
  { name: 'a date', sql: "event_date = DATE '2026-03-11'", filters: [['event_date', '=', 'date', '2026-03-11']] },
  { name: 'an exact decimal', sql: 'amount <= 12.0062', filters: [['amount', '<=', 'decimal', '12.0062']] },
  { name: 'a text', sql: `name = 'ñ "quoted" 77'`, filters: [['name', '=', 'string', 'ñ "quoted" 77']] },
  { name: 'a whole number and a partition', sql: "n >= 290 AND platform = 'IOS'", filters: [['n', '>=', 'integer', '290'], ['platform', '=', 'string', 'IOS']] },
];

export async function publish(lake: Lake, fromN: number, untilN: number, replaces: TableWrite['replaces'] = null): Promise<number> {
  const scope = new Scope(lake, 'silver.shop', 'silver', 'event');
  const staging = scope.newStaging();
  const parameters = { first_us: BigInt(firstUs), platforms: listValue([...platforms]), from_n: BigInt(fromN), until_n: BigInt(untilN) };
  const files = await write(await lake.session(), rowSql, { parameters, partitionBy: spec.partitionBy, stagingDir: lake.storage.locate(staging) });
  return scope.publish(staging, [{ spec, files, replaces, txns: {}, metrics: {} }], [], () => Promise.resolve());
}

export const texts = 'CAST(n AS VARCHAR) AS n, CAST(epoch_us(event_timestamp) AS VARCHAR) AS event_timestamp, CAST(amount AS VARCHAR) AS amount, name, CAST(event_date AS VARCHAR) AS event_date, platform';

export function inOrder(rows: unknown): Row[] {
  return [...(rows as Row[])].sort((a, b) => Number(a['n']) - Number(b['n']) || (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** The answers of one reader to all questions. */
export type Answers = Record<string, Row[]>;

export async function answersOf(session: Session, from: string, parameters: Record<string, string> = {}): Promise<Answers> {
  const answers: Answers = {};
  for (const { name, sql } of questions) {
    answers[name] = inOrder(await session.rows(`SELECT ${texts} FROM ${from} WHERE ${sql.replace('TIMESTAMPTZ_US', 'make_timestamptz')}`, parameters));
  }
  return answers;
}

export async function byViews(lake: Lake): Promise<Answers> {
  const session = await lake.session();
  for (const reading of await readTables(lake, [spec])) await createView(session, lake, reading);
  return answersOf(session, 'silver.event');
}

export function numbers(answers: Answers, question = 'everything'): number[] {
  return (answers[question] ?? []).map((row) => Number(row['n']));
}

export function range(from: number, until: number): number[] {
  return Array.from({ length: until - from }, (_value, index) => from + index);
}

export async function fillToVersion(lake: Lake, version: number): Promise<void> {
  const table = lake.table('silver', 'event');
  for (let next = ((await table.snapshot())?.version ?? 0) + 1; next <= version; next++) await table.commit(() => [{ txn: { appId: 'filler', version: next } }]);
}
