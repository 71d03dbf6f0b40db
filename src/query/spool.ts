import { createReadStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DuckDBDataChunk, DuckDBValue } from '@duckdb/node-api';
import { LakeError, systemCode } from '../errors.js';
import type { Lake } from '../lake/lake.js';
import { sqlFile } from '../lake/sql.js';
import { arrowForm, csvForm, jsonForm, parquetForm, type ColumnForm } from './casts.js';
import { answer, type OpenQuery, type QueryRequest } from './query.js';

/** Formats that carry a result whole. */
export type ExportFormat = 'csv' | 'json' | 'ndjson' | 'arrow' | 'parquet';

interface Spool {
  readonly path: string;
  readonly rows: number;
}

const readSpool = sqlFile(import.meta.url, './read-spool.sql');
const parquet = 'FORMAT parquet, COMPRESSION zstd';

const spools: Readonly<Record<ExportFormat, { readonly form: ColumnForm; readonly options: string }>> = {
  csv: { form: csvForm, options: 'FORMAT csv, HEADER true' },
  json: { form: jsonForm, options: 'FORMAT json' },
  ndjson: { form: jsonForm, options: 'FORMAT json' },
  arrow: { form: arrowForm, options: parquet },
  parquet: { form: parquetForm, options: parquet },
};

/**
 * Runs a query into a private file and only then streams it out, with backpressure: when the query fails nothing has been
 * written. Memory is bounded by DuckDB's limit and one batch. A reader that closes the stream early is no error.
 * @returns the number of rows
 * @throws LakeError as `answer` does
 */
export async function exportQuery(lake: Lake, request: QueryRequest, format: ExportFormat, output: Writable): Promise<number> {
  const { form, options } = spools[format];
  return answer(lake, request, (query) => query.copy(form, options), async (spool, query) => {
    try {
      await pipeline(content(format, spool, query), output, { end: false, ...(request.signal === undefined ? {} : { signal: request.signal }) });
    } catch (error) {
      if (!isClosedPipe(error)) throw error;
    }
    return spool.rows;
  });
}

function content(format: ExportFormat, spool: Spool, query: OpenQuery): AsyncIterable<Uint8Array> {
  if (format === 'arrow') return arrowContent(spool, query);
  const file = createReadStream(spool.path);
  return format === 'json' ? jsonArray(file) : file;
}

/** Lines of JSON as one array on one line; a line break is never within a value. */
async function* jsonArray(lines: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array> {
  let before = '[';
  for await (const chunk of lines) {
    const text = chunk.toString('latin1');
    const endsLine = text.endsWith('\n');
    yield Buffer.from(before + text.slice(0, endsLine ? -1 : undefined).replaceAll('\n', ','), 'latin1');
    before = endsLine ? ',' : '';
  }
  yield Buffer.from(before === '[' ? '[]\n' : ']\n');
}

/** The library is loaded when it is needed: it is large. */
async function* arrowContent(spool: Spool, query: OpenQuery): AsyncGenerator<Uint8Array> {
  const { arrowSchema, batchRows, ipcStream, recordBatch } = await import('./arrow.js');
  const result = await query.session.connection.stream(readSpool, { ingot_spool: spool.path });
  const types = result.columnTypes();
  const schema = arrowSchema(result.columnNames().map((name, index) => ({ name, type: types[index]! })));
  const batches = groups(result, batchRows, spool.rows);
  yield* ipcStream(schema, (async function* () {
    for await (const chunks of batches) {
      const columns = types.map((_type, index) => chunks.flatMap((chunk): DuckDBValue[] => chunk.getColumnValues(index)));
      yield recordBatch(schema, columns, chunks.reduce((rows, chunk) => rows + chunk.rowCount, 0));
    }
  })());
}

/** Chunks in groups of at most `maxRows` rows. A streamed result that breaks looks like its end: only the number of rows tells. */
async function* groups(chunks: AsyncIterable<DuckDBDataChunk>, maxRows: number, expectedRows: number): AsyncGenerator<DuckDBDataChunk[]> {
  let group: DuckDBDataChunk[] = [];
  let rows = 0;
  let total = 0;
  for await (const chunk of chunks) {
    if (rows + chunk.rowCount > maxRows && group.length > 0) {
      yield group;
      group = [];
      rows = 0;
    }
    group.push(chunk);
    rows += chunk.rowCount;
    total += chunk.rowCount;
  }
  if (total !== expectedRows) {
    throw new LakeError(`the result broke off after ${total} of ${expectedRows} rows`, { code: 'QUERY_FAILED', op: 'query', hint: 'The spool could not be read to its end: check the disk and run it again.' });
  }
  if (group.length > 0) yield group;
}

function isClosedPipe(error: unknown): boolean {
  return ['EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'].includes(systemCode(error) ?? '');
}
