import { open, type FileHandle } from 'node:fs/promises';
import { codeOf, piecesOf, type TrinoValue } from '../engines/trino/literal.js';
import { putBefore } from '../engines/trino/names.js';
import { TrinoRun, type RunOptions } from '../engines/trino/run.js';
import type { TrinoColumn } from '../engines/trino/client.js';
import type { TrinoTarget } from '../engines/trino/target.js';
import { LakeError } from '../errors.js';
import type { Session } from '../lake/duckdb.js';
import type { Lake } from '../lake/lake.js';
import { identifier } from '../lake/sql.js';
import type { Reading } from '../lake/views.js';
import { cellOf, duckdbType } from './engine-types.js';
import { CalendarDate, type QueryParameter, type QueryParameters } from './parameters.js';
import { layers, type TableName } from './statement.js';
import type { Workspace } from './workspace.js';

/** Where a query runs instead of DuckDB; its SQL is the engine's then. */
export interface QueryEngine extends Pick<RunOptions, 'told'> {
  readonly target: TrinoTarget;
}

/** The rows that the engine has given are here, in the query's order. */
export const engineResult = 'SELECT * FROM engine_result';

/** DuckDB keeps buffers by the longest line that it is told of. */
const leastLineBytes = 1_000_000;

/** The tables that an SQL text names, as it writes them. */
export function tablesNamed(sql: string): TableName[] {
  const found = [...codeOf(sql).matchAll(new RegExp(`(?<![\\w.])(${layers.join('|')})\\s*\\.\\s*([a-z_]\\w*)(?!\\w)(?!\\s*[.(])`, 'gi'))];
  return [...new Map(found.map((match) => [match[0].toLowerCase(), { layer: match[1]?.toLowerCase() ?? '', table: match[2] ?? '' }])).values()];
}

/** Runs a query on an engine and makes its rows the table `engine_result` of a workspace. @throws LakeError ENGINE_…, QUERY_FAILED, USAGE */
export async function runOnEngine(lake: Lake, { session, spool }: Pick<Workspace, 'session'> & { readonly spool: string }, sql: string, parameters: QueryParameters, readings: readonly Reading[], options: RunOptions & QueryEngine): Promise<void> {
  const run = await TrinoRun.open(lake, options.target, options);
  try {
    for (const reading of readings) await run.view(reading);
    // Only a SELECT can stand after a WITH: what would change something is an error of the engine's parser.
    const select = onlySelect(sql);
    const file = await open(spool, 'w', 0o600);
    let columns: readonly TrinoColumn[] = [];
    let longestBytes = leastLineBytes;
    try {
      const result = await run.rows(select, engineValues(select, parameters), async (rows, page) => {
        columns = page;
        longestBytes = Math.max(longestBytes, await append(file, rows, page));
      });
      columns = result.columns;
    } finally {
      await file.close();
    }
    await load(session, spool, columns, longestBytes);
  } finally {
    await run.close();
  }
}

/** Makes the table of the spooled rows: each cell is cast from its text, but for lists and maps, which stay JSON until then. */
async function load(session: Session, spool: string, columns: readonly TrinoColumn[], longestBytes: number): Promise<void> {
  const names = namesOf(columns);
  const cells = columns.map(({ type }, index) => {
    const own = duckdbType(type);
    const cell = /\[\]$|^MAP|^JSON$/.test(own) ? `c${index}` : `c${index} ->> '$'`;
    return `CAST(${cell} AS ${own}) AS ${identifier(names[index] ?? '')}`;
  });
  const shape = columns.map((_column, index) => `c${index}: 'JSON'`).join(', ');
  await session.run('SET preserve_insertion_order = true');
  await session.run(`CREATE TEMP TABLE engine_result AS SELECT ${cells.join(', ')} FROM read_ndjson($spool, columns = {${shape}}, maximum_object_size = ${Math.trunc(longestBytes) + 1})`, { spool });
}

function onlySelect(sql: string): string {
  const text = piecesOf(sql).map(({ kind, text: piece }) => (kind === 'comment' ? ' ' : piece)).join('').trim().replace(/;$/, '');
  if (text === '') throw new LakeError('there is no SQL to run', { code: 'USAGE', op: 'query', hint: 'Give one SELECT on bronze.x, silver.x or gold.x.' });
  return putBefore(['ingot_none AS (SELECT 1 AS one)'], text);
}

/** @returns the bytes of the longest line */
async function append(file: FileHandle, rows: readonly (readonly unknown[])[], columns: readonly TrinoColumn[]): Promise<number> {
  const lines = rows.map((row) => `${JSON.stringify(Object.fromEntries(row.map((cell, index) => [`c${index}`, cellOf(cell, columns[index]?.type ?? '')])))}\n`);
  await file.write(lines.join(''));
  return Math.max(...lines.map((line) => Buffer.byteLength(line)));
}

/** Two columns may have one name, or none: DuckDB's tables take neither. */
function namesOf(columns: readonly TrinoColumn[]): string[] {
  const taken = new Set<string>();
  return columns.map(({ name }, index) => {
    let free = name === '' ? `_col${index}` : name;
    for (let n = 1; taken.has(free.toLowerCase()); n++) free = `${name}_${n}`;
    taken.add(free.toLowerCase());
    return free;
  });
}

function engineValues(sql: string, parameters: QueryParameters): Record<string, TrinoValue> {
  const known = new Map(Object.entries(parameters).map(([name, value]) => [name.toLowerCase(), value]));
  return Object.fromEntries([...codeOf(sql).matchAll(/\$([a-z_]\w*)/gi)].map((match) => {
    const name = match[1] ?? '';
    const value = known.get(name.toLowerCase());
    if (value === undefined) throw new LakeError(`the SQL uses $${name}, which has no value`, { code: 'USAGE', op: 'query', path: `$${name}`, hint: 'The command line gives values to $since and $until (--since, --until), the library to any name.' });
    return [name, engineValue(value)];
  }));
}

function engineValue(value: QueryParameter): TrinoValue {
  if (value instanceof CalendarDate) return { date: value.text };
  return value instanceof Date ? { instant: value.toISOString() } : value;
}
