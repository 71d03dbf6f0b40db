import { DuckDBTypeId } from '@duckdb/node-api';
import type { Lake } from '../lake/lake.js';
import { fill, identifier, sqlFile } from '../lake/sql.js';
import { textForm, type ResultColumn } from '../query/casts.js';
import { answer } from '../query/query.js';
import { statisticsOf, type Statistics } from './statistics.js';

const columnSql = sqlFile(import.meta.url, './sql/column.sql');

/** A table's column and what it holds. */
export interface TableColumn {
  readonly name: string;
  /** DuckDB's. */
  readonly type: string;
  readonly statistics: Statistics;
}

/** Counts a table of the lake column by column, at one version. @throws LakeError QUERY_FAILED when there is none */
export async function tableColumns(lake: Lake, layer: string, table: string, signal: AbortSignal): Promise<{ readonly rows: number; readonly columns: readonly TableColumn[] }> {
  const sql = `SELECT * FROM ${identifier(layer)}.${identifier(table)}`;
  return answer(lake, { sql, signal }, async (query) => {
    const columns: TableColumn[] = [];
    const [counted] = await query.rows('SELECT count(*) AS rows FROM (\n{{query}}\n) AS source');
    for (const column of query.columns) {
      const nodes = fill(columnSql, { query: sql, column: identifier(column.name), kind: `'${kindOf(column)}'`, text: textOf(column) });
      const [statistics] = await statisticsOf((text, parameters) => query.session.rows(text, parameters), nodes, { path: '/column' });
      columns.push({ name: column.name, type: column.type.toString(), statistics: statistics ?? none });
    }
    return { rows: Number(counted?.['rows']), columns };
  }, (result) => Promise.resolve(result));
}

const none: Statistics = {
  path: '/column', rows: 0, place: 0, nulls: 0, nullTexts: 0, objects: 0, arrays: 0, booleans: 0, numbers: 0, wholeNumbers: 0, texts: 0, wholeTexts: 0, numericTexts: 0, booleanTexts: 0,
  dateTexts: 0, instantTexts: 0, fineFractions: 0, wideNumbers: 0, clocks: 0, patterns: [], distinct: 0, exact: true, leastNumber: null, greatestNumber: null, leastText: null, greatestText: null, top: [],
};

/** Of its values, in JSON's words. */
function kindOf({ type }: ResultColumn): string {
  if (type.typeId === DuckDBTypeId.BOOLEAN) return 'BOOLEAN';
  return numberIds.has(type.typeId) ? 'DOUBLE' : 'VARCHAR';
}

/** Timestamps in ISO 8601, nested values as JSON. */
function textOf(column: ResultColumn): string {
  return textForm(column);
}

const numberIds: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.TINYINT, DuckDBTypeId.SMALLINT, DuckDBTypeId.INTEGER, DuckDBTypeId.BIGINT, DuckDBTypeId.HUGEINT, DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT, DuckDBTypeId.UINTEGER, DuckDBTypeId.UBIGINT, DuckDBTypeId.UHUGEINT, DuckDBTypeId.FLOAT, DuckDBTypeId.DOUBLE, DuckDBTypeId.DECIMAL,
]);
