import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { write } from '../../src/engines/duckdb.js';
import type { Session } from '../../src/lake/duckdb.js';
import type { Lake } from '../../src/lake/lake.js';
import { commitName } from '../../src/lake/layout.js';
import { Scope, type TableWrite } from '../../src/lake/publication.js';
import type { TableSpec } from '../../src/lake/schema.js';
import { createView, readTables } from '../../src/lake/views.js';
import { removeTemporaryFolders, temporaryFolder, testLake } from '../support/lake.js';
import { deltaRs, duckdbDelta, type JudgeRequest, type Row } from './judges.js';

const spec: TableSpec = {
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
const firstUs = Date.parse('2026-03-10T23:59:59.900Z') * 1000;
const rowSql = `SELECT n, make_timestamptz($first_us + n * 1001) AS event_timestamp, CAST(n * 1.0001 - 50 AS DECIMAL(18,4)) AS amount, 'ñ "quoted" ' || n AS name,
  CAST(make_timestamptz($first_us + n * 1001) AS DATE) AS event_date, list_extract($platforms, CAST(n % 6 + 1 AS INTEGER)) AS platform
  FROM (SELECT unnest(range($from_n, $until_n)) AS n)`;

/** What every reader is asked: the whole, and what statistics and partitions prune, at the edges. */
const edgeUs = firstUs + 120 * 1001;
const questions: readonly { name: string; sql: string; filters: readonly (readonly string[])[] }[] = [
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

async function publish(lake: Lake, fromN: number, untilN: number, replaces: TableWrite['replaces'] = null): Promise<number> {
  const scope = new Scope(lake, 'silver.shop', 'silver', 'event');
  const staging = scope.newStaging();
  const { listValue } = await import('@duckdb/node-api');
  const parameters = { first_us: BigInt(firstUs), platforms: listValue([...platforms]), from_n: BigInt(fromN), until_n: BigInt(untilN) };
  const files = await write(await lake.session(), rowSql, { parameters, partitionBy: spec.partitionBy, stagingDir: lake.storage.locate(staging) });
  return scope.publish(staging, [{ spec, files, replaces, txns: {}, metrics: {} }], [], () => Promise.resolve());
}
