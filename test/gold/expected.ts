import { readFileSync } from 'node:fs';
import type { GoldName, MetricRow } from '../support/metrics-reference.js';

/** The grain of each table: what sorts and names its rows. */
export const grains: Readonly<Record<GoldName, readonly string[]>> = {
  list_metrics: ['event_date', 'platform', 'item_list_id'],
  product_metrics: ['event_date', 'platform', 'item_id'],
  funnel_daily: ['event_date', 'platform'],
  session: ['event_date', 'platform', 'session_id'],
};

/** Rows by their grain, sorted. */
export function sorted(name: GoldName, rows: readonly MetricRow[]): MetricRow[] {
  const key = (row: MetricRow): string => JSON.stringify(grains[name].map((column) => row[column]));
  return rows.map((row) => ({ row, key: key(row) })).sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ row }) => row);
}

/** A CSV's records by its header, values as text; fields may be quoted. */
export function readCsv(path: string): Record<string, string>[] {
  const records = readFileSync(path, 'utf8').trimEnd().split('\n').map((line) => fieldsOf(line.replace(/\r$/, '')));
  const header = records[0] ?? [];
  return records.slice(1).map((fields) => Object.fromEntries(header.map((name, index) => [name, fields[index] ?? ''])));
}

function fieldsOf(line: string): string[] {
  return Array.from(line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,"]*))/g), ([, quoted, plain]) => (quoted === undefined ? plain ?? '' : quoted.replaceAll('""', '"')));
}

/** A row as such a CSV writes it: revenue with two decimals, ratios with six, null as nothing. */
export function asCsv(row: MetricRow): Record<string, string> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, csvText(name, value)]));
}

function csvText(name: string, value: MetricRow[string]): string {
  if (value === null) return '';
  if (name.endsWith('revenue')) return Number(value).toFixed(2);
  if (name.includes('rate') || name.endsWith('ctr') || name === 'avg_position') return Number(value).toFixed(6);
  return String(value);
}
