import {
  DuckDBArrayValue, DuckDBBlobValue, DuckDBListValue, DuckDBMapValue, DuckDBStructValue, DuckDBTimestampMillisecondsValue, DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue, DuckDBTimestampTZValue, DuckDBTimestampValue, DuckDBUnionValue, type DuckDBResultReader, type DuckDBValue,
} from '@duckdb/node-api';

/** A value of a row, as the library gives it. */
export type RowValue = null | boolean | number | bigint | string | Uint8Array | Date | readonly RowValue[] | ReadonlyMap<RowValue, RowValue> | { readonly [field: string]: RowValue };

/**
 * Rows as objects: BIGINT (and wider) as bigint, DECIMAL as its exact text, DATE as `2026-01-31`, timestamps as Date (cut to ms),
 * lists as arrays, maps as Map, structs as objects, BLOB as bytes, what has no type in JavaScript as text.
 */
export function rowObjects(reader: DuckDBResultReader): Record<string, RowValue>[] {
  const names = reader.columnNames();
  return reader.getRows().map((row) => Object.fromEntries(names.map((name, index) => [name, rowValue(row[index] ?? null)])));
}

function rowValue(value: DuckDBValue): RowValue {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof DuckDBTimestampTZValue || value instanceof DuckDBTimestampValue) return instant(value.micros, 1_000n);
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(rowValue);
  if (value instanceof DuckDBMapValue) return new Map(value.entries.map((entry) => [rowValue(entry.key), rowValue(entry.value)]));
  if (value instanceof DuckDBStructValue) return Object.fromEntries(Object.entries(value.entries).map(([name, field]) => [name, rowValue(field)]));
  if (value instanceof DuckDBBlobValue) return value.bytes;
  if (value instanceof DuckDBUnionValue) return rowValue(value.value);
  if (value instanceof DuckDBTimestampSecondsValue) return new Date(Number(value.seconds * 1_000n));
  if (value instanceof DuckDBTimestampMillisecondsValue) return new Date(Number(value.millis));
  if (value instanceof DuckDBTimestampNanosecondsValue) return instant(value.nanos, 1_000_000n);
  return String(value);
}

/** Rounds down, as before 1970 too. */
function instant(units: bigint, unitsPerMs: bigint): Date {
  const rest = ((units % unitsPerMs) + unitsPerMs) % unitsPerMs;
  return new Date(Number((units - rest) / unitsPerMs));
}
