import type { Query } from './ast.js';
import { bindExpression } from './bind-expression.js';
import { bindQuery, outputName } from './bind-query.js';
import { told } from './errors.js';
import { macrosOf } from './macros.js';
import { parseStatement } from './parse-query.js';
import type { Catalog, Context } from './scope.js';
import type { Type } from './types.js';

/** A query of Athena as DuckDB runs it. */
export interface Translation {
  readonly text: string;
  /** Statements that make what the text needs, before the session is locked. */
  readonly macros: readonly string[];
  /** Names of the `$name` parameters that it uses. */
  readonly parameters: readonly string[];
  /** Types of its columns, as Trino has them. */
  readonly types: readonly Type[];
}

/** A query that is parsed, and whose tables can be opened. */
export interface Parsed {
  readonly source: string;
  readonly query: Query;
  /** Names of tables with a schema, as they are written. */
  readonly tables: readonly (readonly string[])[];
}

/** Catalogs that name the lake. */
const catalogs = new Set(['awsdatacatalog']);

/** @throws LakeError QUERY_FAILED, with the place, for what is no query of Trino or can't be had */
export function parseAthena(source: string): Parsed {
  try {
    const query = parseStatement(source);
    const tables = new Map<string, readonly string[]>();
    const open: unknown[] = [query];
    while (open.length > 0) {
      const node = open.pop();
      if (typeof node !== 'object' || node === null) continue;
      for (const child of Object.values(node)) open.push(child);
      const { kind, parts } = node as { readonly kind?: unknown; readonly parts?: readonly { readonly text: string }[] };
      if (kind !== 'table' || parts === undefined) continue;
      const names = withoutCatalog(parts.map(({ text }) => text));
      if (names.length > 1) tables.set(JSON.stringify(names), names);
    }
    return { source, query, tables: [...tables.values()] };
  } catch (error) {
    throw told(error, source);
  }
}

/** A name without the catalog before it, where that is the lake's own. */
export function withoutCatalog(names: readonly string[]): readonly string[] {
  return names.length === 3 && catalogs.has((names[0] ?? '').toLowerCase()) ? names.slice(1) : names;
}

/**
 * Translates a query into DuckDB's SQL, by the types of its tables' columns and of its parameters.
 * @throws LakeError QUERY_FAILED, with the place, for what Trino rejects or can't be had
 */
export function translateAthena({ source, query }: Parsed, catalog: Catalog, parameters: ReadonlyMap<string, Type> = new Map()): Translation {
  let aliases = 0;
  const usedParameters = new Set<string>();
  const context: Context = {
    catalog: (names) => catalog(withoutCatalog(names)),
    parameters,
    usedParameters,
    alias: () => `t${++aliases}`,
    query: (each, scope, ctes) => bindQuery(context, each, scope, ctes),
    bind: bindExpression,
  };
  try {
    const { sql, columns } = bindQuery(context, query, null, new Map());
    const text = `SELECT ${columns.map((column, index) => `${column.sql} AS ${outputName(column.name, index)}`).join(', ')} FROM (${sql}) AS answer`;
    return { text, macros: macrosOf(text), parameters: [...usedParameters], types: columns.map(({ type }) => type) };
  } catch (error) {
    throw told(error, source);
  }
}
