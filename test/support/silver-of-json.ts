import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Session } from '../../src/lake/duckdb.js';

/** One element of an event's items, nulls cleaned. Money is in ten-thousandths. */
export interface ShopItem {
  readonly item_id: string | null;
  readonly item_name: string | null;
  readonly item_list_id: string | null;
  readonly item_list_name: string | null;
  readonly price: bigint | null;
  readonly quantity: bigint | null;
  readonly item_revenue: bigint | null;
}

/** An event as silver has it. */
export interface ShopEvent {
  readonly event_id: string;
  readonly user_id: string;
  readonly platform: string;
  readonly event_name: string;
  /** Microseconds since 1970. */
  readonly timestampUs: number;
  readonly items: readonly ShopItem[];
}

const texts = [
  'item_id', 'item_name', 'item_brand', 'item_variant', 'item_category', 'item_category2', 'item_category3', 'item_category4', 'item_category5',
  'coupon', 'affiliation', 'item_list_id', 'item_list_name', 'promotion_id', 'promotion_name',
];
const monies = ['price_in_usd', 'price', 'item_revenue_in_usd', 'item_revenue'];
const integers = ['quantity', 'item_list_index'];
const noValue: readonly unknown[] = [undefined, null, 'null', '(not set)', ''];

/** Reads the JSON form of shop events (`.ndjson` or `.ndjson.gz`), without their duplicates. */
export function readShopEvents(path: string): ShopEvent[] {
  const bytes = readFileSync(path);
  const lines = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').split('\n').filter((line) => line.trim() !== '');
  const byKey = new Map<string, ShopEvent>();
  for (const line of lines) {
    const raw = JSON.parse(line) as Record<string, unknown>;
    const items = ((raw['items'] as Record<string, unknown>[] | null | undefined) ?? []).map(cleaned);
    const timestampUs = Math.round(Number(raw['event_timestamp']) * 1000);
    const facts = [raw['user_id'], raw['platform'], raw['event_name']].map(String);
    const key = JSON.stringify([...facts, timestampUs, items.map((item) => [...item.values()])]);
    const [user_id = '', platform = '', event_name = ''] = facts;
    const event_id = createHash('md5').update(key).digest('hex');
    byKey.set(key, { event_id, user_id, platform, event_name, timestampUs, items: items.map(shopItem) });
  }
  return [...byKey.values()];
}

/** An item's columns as text, money and integers as plain decimals. */
function cleaned(raw: Readonly<Record<string, unknown>>): Map<string, string | null> {
  const value = (name: string): unknown => (noValue.includes(raw[name]) ? null : raw[name]);
  const item = new Map<string, string | null>();
  for (const name of texts) item.set(name, value(name) === null ? null : String(value(name)));
  for (const name of monies) item.set(name, value(name) === null ? null : String(tenThousandths(String(value(name)))));
  for (const name of integers) item.set(name, value(name) === null ? null : String(BigInt(String(value(name)))));
  return item;
}

function shopItem(columns: ReadonlyMap<string, string | null>): ShopItem {
  const text = (name: string): string | null => columns.get(name) ?? null;
  const number = (name: string): bigint | null => (text(name) === null ? null : BigInt(text(name) ?? ''));
  return {
    item_id: text('item_id'), item_name: text('item_name'), item_list_id: text('item_list_id'), item_list_name: text('item_list_name'),
    price: number('price'), quantity: number('quantity'), item_revenue: number('item_revenue'),
  };
}

/** `16.99` → 169900n, rounded half away from zero at the fourth decimal. */
function tenThousandths(text: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) throw new Error(`${text} is no plain decimal`);
  const [, sign = '', whole = '', decimals = ''] = match;
  const padded = decimals.padEnd(5, '0');
  const amount = BigInt(whole + padded.slice(0, 4)) + (padded.charAt(4) >= '5' ? 1n : 0n);
  return sign === '-' ? -amount : amount;
}

/** Ten-thousandths as DuckDB writes a DECIMAL(…, 4): `16.9900`. */
export function moneyText(amount: bigint): string {
  const digits = String(amount < 0n ? -amount : amount).padStart(5, '0');
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -4)}.${digits.slice(-4)}`;
}

const eventSchema = '[{"event_id":"VARCHAR","platform":"VARCHAR","user_id":"VARCHAR","event_name":"VARCHAR","timestamp_us":"BIGINT","item_count":"BIGINT"}]';
const itemSchema = '[{"event_id":"VARCHAR","item_index":"BIGINT","item_id":"VARCHAR","item_name":"VARCHAR","price":"DECIMAL(18,4)","quantity":"BIGINT","item_revenue":"DECIMAL(18,4)","item_list_id":"VARCHAR","item_list_name":"VARCHAR"}]';

const createEvents = `CREATE OR REPLACE TABLE silver.event AS
  SELECT event_id, CAST(make_timestamptz(timestamp_us) AS DATE) AS event_date, platform, user_id, event_name, make_timestamptz(timestamp_us) AS event_timestamp,
    item_count, CAST([] AS VARCHAR[]) AS issues, event_id AS message_id, make_timestamptz(timestamp_us) AS received_at
  FROM (SELECT unnest(json_transform($events, '${eventSchema}'), recursive := true))`;
const createItems = `CREATE OR REPLACE TABLE silver.item_event AS
  SELECT item.event_id, item.item_index, event.event_date, event.platform, event.user_id, event.event_name, event.event_timestamp, item.item_id, item.item_name,
    ${['item_brand', 'item_variant', 'item_category', 'item_category2', 'item_category3', 'item_category4', 'item_category5'].map((name) => `CAST(NULL AS VARCHAR) AS ${name}`).join(', ')},
    CAST(NULL AS DECIMAL(18, 4)) AS price_in_usd, item.price, item.quantity, CAST(NULL AS DECIMAL(18, 4)) AS item_revenue_in_usd, item.item_revenue,
    CAST(NULL AS VARCHAR) AS coupon, CAST(NULL AS VARCHAR) AS affiliation, item.item_list_id, item.item_list_name, CAST(NULL AS BIGINT) AS item_list_index,
    CAST(NULL AS VARCHAR) AS promotion_id, CAST(NULL AS VARCHAR) AS promotion_name, CAST(NULL AS MAP(VARCHAR, VARCHAR)) AS item_params
  FROM (SELECT unnest(json_transform($items, '${itemSchema}'), recursive := true)) AS item
  JOIN silver.event AS event ON event.event_id = item.event_id`;

/** Makes `silver.event` and `silver.item_event` of the events, in the place of those that were there. Columns that no metric reads are null. */
export async function loadSilver(session: Session, events: readonly ShopEvent[]): Promise<void> {
  await session.run('CREATE SCHEMA IF NOT EXISTS silver');
  await session.run(createEvents, {
    events: JSON.stringify(events.map(({ items, timestampUs, ...event }) => ({ ...event, timestamp_us: timestampUs, item_count: items.length }))),
  });
  const rows = events.flatMap(({ event_id, items }) => items.map((item, item_index) => ({
    ...item, event_id, item_index,
    price: item.price === null ? null : moneyText(item.price),
    quantity: item.quantity === null ? null : String(item.quantity),
    item_revenue: item.item_revenue === null ? null : moneyText(item.item_revenue),
  })));
  await session.run(createItems, { items: JSON.stringify(rows) });
}
