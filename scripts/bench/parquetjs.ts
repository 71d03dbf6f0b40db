import { createReadStream, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

interface Writer {
  appendRow(row: Readonly<Record<string, unknown>>): Promise<void>;
  close(): Promise<void>;
}

interface ParquetJs {
  ParquetSchema: new (fields: Readonly<Record<string, object>>) => object;
  ParquetWriter: { openFile(schema: object, path: string): Promise<Writer> };
}

/** The package has no types. */
const parquet = createRequire(import.meta.url)('parquetjs-lite') as ParquetJs;

interface Body {
  readonly event_timestamp?: unknown;
  readonly platform?: unknown;
}

/** Lands NDJSON the usual way in JavaScript: JSON.parse, a row, a writer per partition. What is no JSON is left out. */
export async function writeByParquetJs(file: string, folder: string): Promise<void> {
  const schema = new parquet.ParquetSchema({ body: { type: 'UTF8', compression: 'SNAPPY' }, event_timestamp: { type: 'TIMESTAMP_MILLIS', compression: 'SNAPPY' } });
  const writers = new Map<string, Writer>();
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    const body = parsed(line);
    const timeMs = Number(body?.event_timestamp);
    if (body === null || !Number.isFinite(timeMs)) continue;
    const time = new Date(Math.trunc(timeMs < 1e11 ? timeMs * 1000 : timeMs));
    const partition = `event_date=${time.toISOString().slice(0, 10)}/platform=${String(body.platform).toUpperCase()}`;
    let writer = writers.get(partition);
    if (writer === undefined) {
      mkdirSync(join(folder, partition), { recursive: true });
      writer = await parquet.ParquetWriter.openFile(schema, join(folder, partition, 'part-0.parquet'));
      writers.set(partition, writer);
    }
    await writer.appendRow({ body: line, event_timestamp: time });
  }
  for (const writer of writers.values()) await writer.close();
}

function parsed(line: string): Body | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
