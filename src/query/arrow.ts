import {
  AsyncByteQueue, Binary, Bool, DateDay, Decimal, Field, Float32, Float64, Int16, Int32, Int64, Int8, makeData, RecordBatch, RecordBatchStreamWriter, Schema, Struct,
  Table, TimestampMicrosecond, Uint16, Uint32, Uint64, Uint8, Utf8, type Data, type DataType,
} from 'apache-arrow';
import { DuckDBDecimalType, DuckDBTypeId, type DuckDBBlobValue, type DuckDBDateValue, type DuckDBDecimalValue, type DuckDBTimestampValue, type DuckDBType, type DuckDBValue } from '@duckdb/node-api';
import type { ResultColumn } from './casts.js';

/** Rows of a record batch at most. */
export const batchRows = 16_384;

/** The schema of columns that `arrowForm` has made. */
export function arrowSchema(columns: readonly ResultColumn[]): Schema {
  return new Schema(columns.map(({ name, type }) => new Field(name, arrowType(type), true)));
}

/** One record batch from values by column. */
export function recordBatch(schema: Schema, columns: readonly (readonly DuckDBValue[])[], rows: number): RecordBatch {
  const children = schema.fields.map((field, index) => columnData(field.type as DataType, columns[index] ?? []));
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: rows, nullCount: 0, children }));
}

/** A table of whole columns. */
export function arrowTable(columns: readonly ResultColumn[], values: readonly (readonly DuckDBValue[])[], rows: number): Table {
  const schema = arrowSchema(columns);
  return new Table(schema, rows === 0 ? [] : [recordBatch(schema, values, rows)]);
}

/** Record batches as the bytes of an Arrow IPC stream, a batch at a time. */
export async function* ipcStream(schema: Schema, batches: AsyncIterable<RecordBatch>): AsyncGenerator<Uint8Array> {
  const sink = new Taken();
  const writer = new RecordBatchStreamWriter();
  writer.reset(sink, schema);
  yield* sink.take();
  for await (const batch of batches) {
    writer.write(batch);
    yield* sink.take();
  }
  writer.close();
  yield* sink.take();
}

/** Holds what was written since it was last taken: the library's own queue holds the whole stream. */
class Taken extends AsyncByteQueue {
  private parts: Uint8Array[] = [];

  override write(value: ArrayBufferLike | Uint8Array): void {
    const part = value instanceof Uint8Array ? value : new Uint8Array(value);
    if (part.byteLength > 0) this.parts.push(part);
  }

  take(): Uint8Array[] {
    const taken = this.parts;
    this.parts = [];
    return taken;
  }
}

function arrowType(type: DuckDBType): DataType {
  if (type instanceof DuckDBDecimalType) return new Decimal(type.scale, type.width, 128);
  return (types[type.typeId] ?? (() => new Utf8()))();
}

const types: Readonly<Partial<Record<DuckDBTypeId, () => DataType>>> = {
  [DuckDBTypeId.BOOLEAN]: () => new Bool(),
  [DuckDBTypeId.TINYINT]: () => new Int8(),
  [DuckDBTypeId.SMALLINT]: () => new Int16(),
  [DuckDBTypeId.INTEGER]: () => new Int32(),
  [DuckDBTypeId.BIGINT]: () => new Int64(),
  [DuckDBTypeId.UTINYINT]: () => new Uint8(),
  [DuckDBTypeId.USMALLINT]: () => new Uint16(),
  [DuckDBTypeId.UINTEGER]: () => new Uint32(),
  [DuckDBTypeId.UBIGINT]: () => new Uint64(),
  [DuckDBTypeId.FLOAT]: () => new Float32(),
  [DuckDBTypeId.DOUBLE]: () => new Float64(),
  [DuckDBTypeId.DATE]: () => new DateDay(),
  [DuckDBTypeId.TIMESTAMP]: () => new TimestampMicrosecond(),
  [DuckDBTypeId.TIMESTAMP_TZ]: () => new TimestampMicrosecond('UTC'),
  [DuckDBTypeId.BLOB]: () => new Binary(),
};

function columnData(type: DataType, values: readonly DuckDBValue[]): Data {
  const { nullBitmap, nullCount } = nullsOf(values);
  const common = { length: values.length, nullCount, nullBitmap };
  if (type instanceof Utf8) return makeData({ type, ...common, ...bytesOf(values, (value) => Buffer.from(value as string, 'utf8')) });
  if (type instanceof Binary) return makeData({ type, ...common, ...bytesOf(values, (value) => (value as Pick<DuckDBBlobValue, 'bytes'>).bytes) });
  return makeData({ type, ...common, data: fixedWidth(type, values) } as Parameters<typeof makeData>[0]);
}

function nullsOf(values: readonly DuckDBValue[]): { nullBitmap: Uint8Array; nullCount: number } {
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 8));
  let nullCount = 0;
  for (const [index, value] of values.entries()) {
    if (value === null) nullCount++;
    else nullBitmap[index >> 3]! |= 1 << (index & 7);
  }
  return { nullBitmap, nullCount };
}

function bytesOf(values: readonly DuckDBValue[], bytes: (value: DuckDBValue) => Uint8Array): { valueOffsets: Int32Array; data: Uint8Array } {
  const parts = values.map((value) => (value === null ? new Uint8Array() : bytes(value)));
  const valueOffsets = new Int32Array(values.length + 1);
  for (const [index, part] of parts.entries()) valueOffsets[index + 1] = (valueOffsets[index] ?? 0) + part.byteLength;
  return { valueOffsets, data: Buffer.concat(parts) };
}

function fixedWidth(type: DataType, values: readonly DuckDBValue[]): ArrayBufferView {
  const numbers = (): number[] => values.map((value) => Number(value ?? 0));
  if (type instanceof Bool) return bits(values);
  if (type instanceof Decimal) return decimals(values);
  if (type instanceof DateDay) return Int32Array.from(values, (value) => (value as DuckDBDateValue | null)?.days ?? 0);
  if (type instanceof TimestampMicrosecond) return BigInt64Array.from(values, (value) => (value as Pick<DuckDBTimestampValue, 'micros'> | null)?.micros ?? 0n);
  if (type instanceof Int64) return BigInt64Array.from(values, (value) => (value as bigint | null) ?? 0n);
  if (type instanceof Uint64) return BigUint64Array.from(values, (value) => (value as bigint | null) ?? 0n);
  const array = type.ArrayType as { from(values: readonly number[]): ArrayBufferView };
  return array.from(numbers());
}

function bits(values: readonly DuckDBValue[]): Uint8Array {
  const packed = new Uint8Array(Math.ceil(values.length / 8));
  for (const [index, value] of values.entries()) if (value === true) packed[index >> 3]! |= 1 << (index & 7);
  return packed;
}

/** 128 bits each, little-endian, two's complement. */
function decimals(values: readonly DuckDBValue[]): Uint32Array {
  const halves = new BigUint64Array(values.length * 2);
  for (const [index, value] of values.entries()) {
    const unscaled = (value as DuckDBDecimalValue | null)?.value ?? 0n;
    halves[2 * index] = BigInt.asUintN(64, unscaled);
    halves[2 * index + 1] = BigInt.asUintN(64, unscaled >> 64n);
  }
  return new Uint32Array(halves.buffer);
}
