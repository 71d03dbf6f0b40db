import Table from 'cli-table3';
import { DuckDBTypeId } from '@duckdb/node-api';
import type { Lake } from '../lake/lake.js';
import { sqlFile } from '../lake/sql.js';
import { textForm, type ResultColumn } from './casts.js';
import { answer, type QueryRequest } from './query.js';

const firstRowsSql = sqlFile(import.meta.url, './first-rows.sql');
const countSql = sqlFile(import.meta.url, './count.sql');

/** The first rows of a result, as text. */
export interface Preview {
  readonly columns: readonly ResultColumn[];
  /** By column; null is null. */
  readonly rows: readonly (readonly (string | null)[])[];
  readonly totalRows: number;
}

/** Reads the first rows of a query and counts the others, without computing their columns. @throws LakeError as `answer` does */
export async function previewQuery(lake: Lake, request: QueryRequest, maxRows: number): Promise<Preview> {
  return answer(lake, request, async (query) => {
    const found = await query.rows(firstRowsSql, { ingot_rows: BigInt(maxRows + 1) }, textForm);
    const rows = found.slice(0, maxRows).map((row) => query.columns.map(({ name }) => row[name] as string | null));
    if (found.length <= maxRows) return { columns: query.columns, rows, totalRows: found.length };
    const [counted] = await query.rows(countSql);
    return { columns: query.columns, rows, totalRows: Number(counted?.['rows']) };
  }, (preview) => Promise.resolve(preview));
}

const maxCellChars = 60;
const edges = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right', 'left', 'left-mid', 'mid-mid', 'right', 'right-mid'] as const;
const noBorders = { ...Object.fromEntries(edges.map((edge) => [edge, ''])), mid: '', middle: '  ' };

/**
 * A preview as lines: columns aligned, numbers to the right, nulls as NULL.
 * @param widthChars of the terminal: cells are cut and the last columns left out to fit it; null: everything is shown
 */
export function tableLines(preview: Preview, widthChars: number | null): string[] {
  const cells = preview.rows.map((row) => row.map((cell) => shown(cell, widthChars)));
  const heads = preview.columns.map(({ name }) => shown(name, widthChars));
  const widths = heads.map((head, index) => Math.max(head.length, ...cells.map((row) => row[index]?.length ?? 0)));
  const fitting = widthChars === null ? widths.length : countFitting(widths, widthChars);
  const table = new Table({
    head: heads.slice(0, fitting),
    colAligns: preview.columns.slice(0, fitting).map(({ type }) => (numberIds.has(type.typeId) ? 'right' : 'left')),
    chars: noBorders,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(widths.slice(0, fitting).map((width) => '─'.repeat(width)), ...cells.map((row) => row.slice(0, fitting)));
  const lines = table.toString().split('\n').map((line) => line.trimEnd());
  const hidden = preview.columns.slice(fitting).map(({ name }) => name);
  return hidden.length === 0 ? lines : [...lines, `… more columns: ${hidden.join(', ')}`];
}

/** At least one column. */
function countFitting(widths: readonly number[], widthChars: number): number {
  let used = 0;
  const first = widths.findIndex((width, index) => {
    used += width + (index === 0 ? 0 : 2);
    return used > widthChars;
  });
  return first < 0 ? widths.length : Math.max(first, 1);
}

/** Line breaks and control characters are written out: data must not steer a terminal. */
function shown(cell: string | null, widthChars: number | null): string {
  if (cell === null) return 'NULL';
  const text = cell.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (char) => escapes[char] ?? `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
  return widthChars !== null && text.length > maxCellChars ? `${text.slice(0, maxCellChars - 1)}…` : text;
}

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const numberIds: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.TINYINT, DuckDBTypeId.SMALLINT, DuckDBTypeId.INTEGER, DuckDBTypeId.BIGINT, DuckDBTypeId.HUGEINT, DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT, DuckDBTypeId.UINTEGER, DuckDBTypeId.UBIGINT, DuckDBTypeId.UHUGEINT, DuckDBTypeId.FLOAT, DuckDBTypeId.DOUBLE, DuckDBTypeId.DECIMAL,
]);
