import { mkdirSync } from 'node:fs';
import { write, writeOne } from '../../src/engines/duckdb.js';
import type { Lake } from '../../src/lake/lake.js';
import { Scope } from '../../src/lake/publication.js';
import type { TableColumn } from '../../src/lake/schema.js';
import type { StagedFile } from '../../src/lake/staged.js';
import { createView, readTables } from '../../src/lake/views.js';
import { eventColumns, eventRows } from '../support/small-lake.js';
import { publish } from './published.js';

const instant = 'TIMESTAMP WITH TIME ZONE';

/** Each type that a table may have, names that SQL reserves, and one in capitals. */
export const typeColumns: readonly TableColumn[] = [
  { name: 'event_id', type: 'VARCHAR' },
  { name: 'index', type: 'BIGINT' },
  { name: 'order', type: 'INTEGER' },
  { name: 'SKU', type: 'VARCHAR' },
  { name: '_small', type: 'SMALLINT' },
  { name: 'tiny', type: 'TINYINT' },
  { name: 'ratio', type: 'DOUBLE' },
  { name: 'select', type: 'BOOLEAN' },
  { name: 'at', type: instant },
  { name: 'day', type: 'DATE' },
  { name: 'price', type: 'DECIMAL(18,4)' },
  { name: 'revenue', type: 'DECIMAL(38,4)' },
  { name: 'raw', type: 'BLOB' },
  { name: 'issues', type: 'VARCHAR[]' },
  { name: 'params', type: 'MAP(VARCHAR, VARCHAR)' },
  { name: 'received_date', type: 'DATE' },
];

const typeRows = `
  SELECT 'a' AS event_id, 9007199254740993::BIGINT AS "index", 1::INTEGER AS "order", 'x''1' AS SKU, -3::SMALLINT AS _small, 4::TINYINT AS tiny, 0.1::DOUBLE AS ratio, true AS "select",
    TIMESTAMPTZ '2026-03-29 01:30:00.123456Z' AS "at", DATE '0001-01-01' AS "day", 12.5::DECIMAL(18,4) AS price, 9999999999999999999999999999999999.9999::DECIMAL(38,4) AS revenue,
    '\\xFF\\x00a'::BLOB AS raw, ['late', NULL, 'odd "price"'] AS issues, MAP {'a': '1', 'b,c': NULL} AS params, DATE '2026-01-30' AS received_date
  UNION ALL SELECT 'b', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, DATE '2026-01-30'
  UNION ALL SELECT 'ñ', -1, -2, '', 5, -6, 'NaN'::DOUBLE, false, TIMESTAMPTZ '1969-12-31 23:59:59.999999Z', DATE '9999-12-31', -0.0001, -1, ''::BLOB, [], MAP {}, DATE '2026-02-01'`;

const wholeColumns: readonly TableColumn[] = [{ name: 'user_id', type: 'VARCHAR' }, { name: 'orders', type: 'BIGINT' }];
const sessionColumns: readonly TableColumn[] = [{ name: 'event_date', type: 'DATE' }, { name: 'platform', type: 'VARCHAR' }, { name: 'revenue', type: 'DECIMAL(38,4)' }];

const narrow: readonly TableColumn[] = [{ name: 'n', type: 'INTEGER' }, { name: 'amount', type: 'DECIMAL(9,2)' }, { name: 'event_date', type: 'DATE' }];
const wide: readonly TableColumn[] = [{ name: 'n', type: 'BIGINT' }, { name: 'amount', type: 'DECIMAL(38,2)' }, { name: 'event_date', type: 'DATE' }, { name: 'note', type: 'VARCHAR' }];

/**
 * Tables that catalogs find hard: `silver.event` with platforms of any text, `silver.visit` with plain ones and none, `silver.kinds`
 * of each type, `silver.grown` whose old files have fewer and narrower columns, `gold.customer` without partitions and with a checkpoint in its log, and `gold.session` without rows.
 */
export async function fillForCatalogs(lake: Lake): Promise<void> {
  await publish(lake, 0, 300);
  await publishTable(lake, 'silver', 'visit', eventColumns, ['event_date', 'platform'], eventRows);
  await publishTable(lake, 'silver', 'kinds', typeColumns, ['received_date'], typeRows);
  await publishTable(lake, 'silver', 'grown', narrow, ['event_date'], `SELECT 7::INTEGER AS n, 1.25::DECIMAL(9,2) AS amount, DATE '2026-01-30' AS event_date`);
  await publishTable(lake, 'silver', 'grown', wide, ['event_date'], `SELECT 9007199254740993::BIGINT AS n, 99999999999999999999.75::DECIMAL(38,2) AS amount, DATE '2026-01-31' AS event_date, 'new' AS note`);
  await publishTable(lake, 'gold', 'session', sessionColumns, ['event_date', 'platform'], `SELECT DATE '2026-01-30' AS event_date, 'IOS' AS platform, 0::DECIMAL(38,4) AS revenue WHERE false`);
  await publishTable(lake, 'gold', 'customer', wholeColumns, [], `SELECT 'u' || n AS user_id, n AS orders FROM range(5) AS r (n)`);
  const customer = lake.table('gold', 'customer');
  for (let version = 1; version <= 100; version++) await customer.commit(() => [{ txn: { appId: 'filler', version } }]);
}

/** Publishes one table with these rows in place of all that it has. */
export async function publishTable(lake: Lake, layer: string, table: string, columns: readonly TableColumn[], partitionBy: readonly string[], select: string): Promise<void> {
  const scope = new Scope(lake, `${layer}.${table}`, layer, table);
  const staging = scope.newStaging();
  mkdirSync(lake.storage.locate(staging), { recursive: true });
  const session = await lake.session();
  const files: StagedFile[] = partitionBy.length > 0
    ? await write(session, select, { partitionBy, stagingDir: lake.storage.locate(`${staging}/rows`) })
    : [{ ...(await writeOne(session, select, lake.storage.locate(`${staging}/rows.parquet`))), partition: {} }];
  const spec = { layer, table, columns, partitionBy, statistics: [], anchor: `${layer}/${table}` };
  await scope.publish(staging, [{ spec, files, replaces: [...files.map(({ partition }) => partition)], txns: {}, metrics: {} }], [], () => Promise.resolve());
}

/** Rows of a table as texts, in an order that all readers share. */
export type TextRows = readonly (readonly (string | null)[])[];

export function sorted(rows: readonly (readonly unknown[])[], columns: readonly TableColumn[]): TextRows {
  const texts = rows.map((row) => row.map((value, index) => {
    if (value === null) return null;
    if (typeof value !== 'string') throw new Error(`a ${typeof value} is no text`);
    return columns[index]?.type === 'DOUBLE' ? String(Number(value)) : value;
  }));
  return texts.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** The rows of a table as `ingot query` reads them, as texts. */
export async function rowsByIngot(lake: Lake, layer: string, table: string): Promise<TextRows> {
  const session = await lake.session();
  const [reading] = await readTables(lake, [{ layer, table }]);
  if (reading === undefined) throw new Error(`there is no ${layer}.${table}`);
  await createView(session, lake, reading);
  const columns = reading.snapshot.columns.map(({ name, type }) => `${duckdbText(`"${name}"`, type)} AS "${name}"`);
  const rows = await session.rows(`SELECT ${columns.join(', ')} FROM ${layer}.${table}`);
  return sorted(rows.map((row) => reading.snapshot.columns.map(({ name }) => row[name])), reading.snapshot.columns);
}

/** The rows of a table as Trino reads them under another name, as the same texts. @param ask gives a statement's rows */
export async function rowsByTrino(lake: Lake, layer: string, table: string, name: string, ask: (sql: string) => Promise<unknown[][]>): Promise<TextRows> {
  const columns = (await lake.table(layer, table).snapshot())?.columns ?? [];
  return sorted(await ask(`SELECT ${columns.map((column) => trinoText(`"${column.name.toLowerCase()}"`, column.type)).join(', ')} FROM ${name}`), columns);
}

function duckdbText(column: string, type: string): string {
  if (type === instant) return `strftime(${column} AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M:%S.%f')`;
  if (type === 'BLOB') return `to_base64(${column})`;
  if (type.startsWith('MAP')) return `CAST(to_json(map_from_entries(list_sort(map_entries(${column})))) AS VARCHAR)`;
  if (type.endsWith('[]')) return `CAST(to_json(${column}) AS VARCHAR)`;
  if (type === 'DATE') return `strftime(${column}, '%Y-%m-%d')`;
  return `CAST(${column} AS VARCHAR)`;
}

function trinoText(column: string, type: string): string {
  if (type === instant) return `CAST(${column} AS VARCHAR)`;
  if (type === 'BLOB') return `to_base64(${column})`;
  if (type.endsWith('[]') || type.startsWith('MAP')) return `json_format(CAST(${column} AS JSON))`;
  return `CAST(${column} AS VARCHAR)`;
}
