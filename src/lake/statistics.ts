import type { StagedFile } from './staged.js';
import type { TableSpec } from './schema.js';

/**
 * The `stats` of an add action, as JSON text. Every listed column has a minimum and a maximum, or no column has:
 * some readers take a column that is missing among present ones as matching nothing. Absent ones are safe.
 * Source: delta-io/delta, PROTOCOL.md, "Per-file Statistics".
 */
export function fileStatistics(file: StagedFile, spec: TableSpec): string {
  const records = `"numRecords":${file.rows}`;
  const minimums: string[] = [];
  const maximums: string[] = [];
  const nulls: string[] = [];
  for (const name of spec.statistics) {
    const column = file.columns.get(name);
    const type = spec.columns.find((candidate) => candidate.name === name)?.type ?? '';
    const min = literal(column?.min ?? null, type);
    const max = literal(column?.max ?? null, type);
    if (min === null || max === null) return `{${records}}`;
    const key = JSON.stringify(name);
    minimums.push(`${key}:${min}`);
    maximums.push(`${key}:${max}`);
    nulls.push(`${key}:${column?.nullCount ?? 0}`);
  }
  if (minimums.length === 0) return `{${records}}`;
  return `{${records},"minValues":{${minimums.join()}},"maxValues":{${maximums.join()}},"nullCount":{${nulls.join()}}}`;
}

/**
 * A bound as JSON, or null when readers could take it wrongly: doubles may hide a NaN, years beyond 9999 don't parse.
 * Numbers stay the digits that DuckDB gave: JavaScript would lose those beyond 2^53. Long texts are safe: DuckDB
 * cuts a minimum after 256 bytes, raises a maximum that it cuts, and gives neither where it can't.
 */
function literal(value: string | null, type: string): string | null {
  if (value === null) return null;
  if (/^(?:BIGINT|INTEGER|SMALLINT|TINYINT|DECIMAL\(.*\))$/.test(type)) return /^-?\d+(?:\.\d+)?$/.test(value) ? value : null;
  if (type === 'TIMESTAMP WITH TIME ZONE') return instant(value);
  if (type === 'DATE') return /^\d{4}-\d\d-\d\d$/.test(value) ? JSON.stringify(value) : null;
  return type === 'VARCHAR' ? JSON.stringify(value) : null;
}

/** `2026-01-01 00:00:02.5+00` → `"2026-01-01T00:00:02.500000Z"`. */
function instant(value: string): string | null {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00$/.exec(value);
  return match === null ? null : `"${match[1]}T${match[2]}.${(match[3] ?? '').padEnd(6, '0')}Z"`;
}

/** Rows in a file by its statistics, or null when they don't say. */
export function recordsOf(stats: string | null | undefined): number | null {
  if (stats === undefined || stats === null || stats === '') return null;
  try {
    const records = (JSON.parse(stats) as { numRecords?: unknown } | null)?.numRecords;
    return typeof records === 'number' ? records : null;
  } catch {
    return null;
  }
}

/** The least and greatest instant of a column by a file's statistics, cut to milliseconds; null when they don't say. */
export function boundsOf(stats: string | null | undefined, column: string): { readonly fromMs: number; readonly untilMs: number } | null {
  if (stats === undefined || stats === null || stats === '') return null;
  const { minValues, maxValues } = JSON.parse(stats) as { minValues?: Readonly<Record<string, unknown>>; maxValues?: Readonly<Record<string, unknown>> };
  const fromMs = Date.parse(String(minValues?.[column]));
  const untilMs = Date.parse(String(maxValues?.[column]));
  return Number.isNaN(fromMs) || Number.isNaN(untilMs) ? null : { fromMs, untilMs };
}
