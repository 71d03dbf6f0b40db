import { mkdirSync } from 'node:fs';
import { write } from '../../src/engines/duckdb.js';
import type { Lake } from '../../src/lake/lake.js';
import { Scope } from '../../src/lake/publication.js';
import type { TableColumn, TableSpec } from '../../src/lake/schema.js';
import { testLake } from './lake.js';

/** What one run of `publishTables` writes to one table. */
export interface SmallTable {
  readonly layer: string;
  readonly table: string;
  readonly columns: readonly TableColumn[];
  /** Gives rows with these columns. */
  readonly select: string;
}

const instant = 'TIMESTAMP WITH TIME ZONE';

export const eventColumns: readonly TableColumn[] = [
  { name: 'event_id', type: 'VARCHAR' },
  { name: 'event_date', type: 'DATE' },
  { name: 'platform', type: 'VARCHAR' },
  { name: 'user_id', type: 'VARCHAR' },
  { name: 'event_timestamp', type: instant },
  { name: 'item_count', type: 'BIGINT' },
  { name: 'issues', type: 'VARCHAR[]' },
];

export const itemColumns: readonly TableColumn[] = [
  { name: 'event_id', type: 'VARCHAR' },
  { name: 'item_index', type: 'BIGINT' },
  { name: 'event_date', type: 'DATE' },
  { name: 'platform', type: 'VARCHAR' },
  { name: 'price', type: 'DECIMAL(18,4)' },
  { name: 'item_params', type: 'MAP(VARCHAR, VARCHAR)' },
];

/** Three events of two dates and two platforms, one of them of none. */
export const eventRows = `
  SELECT 'a' AS event_id, DATE '2026-01-30' AS event_date, 'IOS' AS platform, 'u1' AS user_id, TIMESTAMPTZ '2026-01-30 23:59:59.123456Z' AS event_timestamp, 2::BIGINT AS item_count, ['late', 'odd "price"'] AS issues
  UNION ALL SELECT 'b', DATE '2026-01-31', 'ANDROID', 'u2', TIMESTAMPTZ '2026-01-31 10:00:00Z', 9007199254740993, []
  UNION ALL SELECT 'c', DATE '2026-01-31', NULL, NULL, TIMESTAMPTZ '2026-01-31 11:00:00Z', 0, NULL`;

export const itemRows = `
  SELECT 'a' AS event_id, 0::BIGINT AS item_index, DATE '2026-01-30' AS event_date, 'IOS' AS platform, 12.5000::DECIMAL(18,4) AS price, MAP {'in_stock': '1', 'note': 'a,b'} AS item_params
  UNION ALL SELECT 'a', 1, DATE '2026-01-30', 'IOS', 99999999999999.9999, NULL`;

/** Publishes one run of several tables, the last being the anchor; partitions that get rows are replaced. */
export async function publishTables(lake: Lake, scopeName: string, tables: readonly SmallTable[]): Promise<number> {
  const anchor = tables.at(-1);
  if (anchor === undefined) throw new Error('no tables to publish');
  const scope = new Scope(lake, scopeName, anchor.layer, anchor.table);
  const staging = scope.newStaging();
  mkdirSync(lake.storage.locate(staging), { recursive: true });
  const session = await lake.session();
  const writes = [];
  for (const [index, { layer, table, columns, select }] of tables.entries()) {
    const spec: TableSpec = { layer, table, columns, partitionBy: ['event_date', 'platform'], statistics: [], anchor: `${anchor.layer}/${anchor.table}` };
    const files = await write(session, select, { partitionBy: spec.partitionBy, stagingDir: lake.storage.locate(`${staging}/${index}`) });
    writes.push({ spec, files, replaces: files.map((file) => file.partition), txns: {}, metrics: {} });
  }
  return scope.publish(staging, writes, [], () => Promise.resolve());
}

/** `silver.item_event` and `silver.event` with rows, `gold.session` without any. */
export async function smallLake(root: string): Promise<Lake> {
  const lake = testLake(root);
  await publishTables(lake, 'silver.shop', [
    { layer: 'silver', table: 'item_event', columns: itemColumns, select: itemRows },
    { layer: 'silver', table: 'event', columns: eventColumns, select: eventRows },
  ]);
  const session: readonly TableColumn[] = [
    { name: 'event_date', type: 'DATE' },
    { name: 'platform', type: 'VARCHAR' },
    { name: 'revenue', type: 'DECIMAL(38,4)' },
  ];
  const none = "SELECT DATE '2026-01-30' AS event_date, 'IOS' AS platform, 0::DECIMAL(38,4) AS revenue WHERE false";
  await publishTables(lake, 'gold.shop', [{ layer: 'gold', table: 'session', columns: session, select: none }]);
  return lake;
}
