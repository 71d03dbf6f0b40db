import { readFile } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { LakeError, messageOf } from '../errors.js';
import { CalendarDate, type QueryParameters } from '../query/parameters.js';
import type { QueryRequest } from '../query/query.js';
import { exportQuery, type ExportFormat } from '../query/spool.js';
import { previewQuery, tableLines } from '../query/table.js';
import type { Context } from './context.js';
import { engineOf, tellEngine } from './engine.js';
import { count, plural } from './output.js';

/** Rows that the table format shows. */
const maxShownRows = 100;

/** Where a query is read from and its result is written to. */
export interface QueryStreams {
  readonly input: Readable;
  readonly output: Writable & { readonly isTTY?: boolean; readonly columns?: number };
}

export function run(context: Context): Promise<number> {
  return runQuery(context, { input: process.stdin, output: process.stdout });
}

/** Answers one query. @throws LakeError USAGE, QUERY_FAILED, FILE_GONE */
export async function runQuery(context: Context, { input, output }: QueryStreams): Promise<number> {
  const { lake, signal } = context;
  const format = formatOf(context, output.isTTY === true);
  const target = engineOf(context);
  const engine = target === undefined ? {} : { engine: { target, told: tellEngine(context, 'query') } };
  const request: QueryRequest = { sql: await sqlOf(context, input), parameters: parametersOf(context), signal, dialect: context.config.dialect ?? 'duckdb', ...engine };
  if (format !== 'table') {
    await exportQuery(lake, request, format, output);
    return 0;
  }
  const preview = await previewQuery(lake, request, maxShownRows);
  context.progress.end();
  const lines = tableLines(preview, output.isTTY === true ? (output.columns ?? 80) : null);
  const more = preview.totalRows - preview.rows.length;
  lines.push('', more > 0 ? `… ${count(more)} more rows: --format csv gives them all` : plural(preview.totalRows, 'row'));
  for (const line of lines) output.write(`${line}\n`);
  return 0;
}

function formatOf({ config }: Context, terminal: boolean): ExportFormat | 'table' {
  const format = config.format ?? 'table';
  if (config.json) {
    if (format !== 'table' && format !== 'json') throw usage(`--json and --format ${format} exclude each other`, '--json', 'Give one of them.');
    return 'json';
  }
  if (terminal && (format === 'parquet' || format === 'arrow')) throw usage(`${format} is not for a terminal`, '--format', `Send it to a file: … --format ${format} > result.${format}`);
  return format;
}

async function sqlOf({ args, config }: Context, input: Readable): Promise<string> {
  const [sql] = args;
  if (sql !== undefined && config.file !== undefined) throw usage('the SQL is given twice', '--file', 'Give it as the argument or by --file, not both.');
  if (sql !== undefined) return sql;
  if (config.file === undefined) throw usage('there is no SQL to run', '--file', 'ingot query "SELECT …" or ingot query --file report.sql (- is stdin).');
  if (config.file === '-') return text(input);
  try {
    return await readFile(config.file, 'utf8');
  } catch (error) {
    throw usage(`the SQL can't be read: ${messageOf(error)}`, config.file, 'Give a file with one SELECT.');
  }
}

function parametersOf({ config }: Context): QueryParameters {
  return {
    ...(config.since === undefined ? {} : { since: new CalendarDate(config.since) }),
    ...(config.until === undefined ? {} : { until: new CalendarDate(config.until) }),
  };
}

function usage(message: string, path: string, hint: string): LakeError {
  return new LakeError(message, { code: 'USAGE', op: 'query', path, hint });
}
