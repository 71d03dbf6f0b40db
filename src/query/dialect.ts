import { LakeError } from '../errors.js';
import type { Session } from '../lake/duckdb.js';
import { identifier } from '../lake/sql.js';
import type { Reading } from '../lake/views.js';
import type { Parsed, Table, Type } from '../dialect/dialect.js';
import { queryFailed } from './failure.js';
import { CalendarDate, type QueryParameter, type QueryParameters } from './parameters.js';
import type { Statement } from './statement.js';

/** Whose SQL a query is written in. */
export type Dialect = 'duckdb' | 'athena';

export interface ParsedAthena {
  readonly parsed: Parsed;
  /** The tables that it names; its text follows once their columns are known. */
  readonly statement: Statement;
}

/** Parses Athena's SQL; the dialect is loaded when it is used first. @throws LakeError */
export async function parsedAthena(sql: string): Promise<ParsedAthena> {
  const { parseAthena } = await import('../dialect/dialect.js');
  const parsed = parseAthena(sql);
  const tables = parsed.tables.map((names) => ({ layer: names.at(-2) ?? '', table: names.at(-1) ?? '' }));
  return { parsed, statement: { text: '', tables, parameters: [] } };
}

/** Translates it by the types of its tables, and makes the macros that it needs in a session that is not locked yet. @throws LakeError */
export async function runAsAthena(session: Session, { parsed, statement }: ParsedAthena, readings: readonly Reading[], parameters: QueryParameters): Promise<Statement> {
  const { fromDuckType, translateAthena } = await import('../dialect/dialect.js');
  const tables = new Map(readings.map(({ layer, table, snapshot }): [string, Table] => {
    const columns = snapshot.columns.flatMap(({ name, type }) => {
      const known = fromDuckType(type);
      return known === null ? [] : [{ name: name.toLowerCase(), sql: name, type: known }];
    });
    return [`${layer}.${table}`.toLowerCase(), { sql: `${identifier(layer)}.${identifier(table)}`, columns }];
  }));
  const types = new Map(Object.entries(parameters).map(([name, value]): [string, Type] => [name.toLowerCase(), typeOf(value)]));
  const translation = translateAthena(parsed, (names) => tables.get(names.join('.')), types);
  for (const macro of translation.macros) await session.run(macro);
  return { text: translation.text, tables: statement.tables, parameters: translation.parameters };
}

function typeOf(value: QueryParameter): Type {
  if (value === null) return { kind: 'unknown' };
  if (value instanceof CalendarDate) return { kind: 'date' };
  if (value instanceof Date) return { kind: 'timestamptz', precision: 6, zone: 'UTC' };
  if (typeof value === 'string') return { kind: 'varchar' };
  if (typeof value === 'boolean') return { kind: 'boolean' };
  return { kind: typeof value === 'bigint' || Number.isSafeInteger(value) ? 'bigint' : 'double' };
}

/** What a macro says when Trino fails too: DuckDB has no way to raise it but a cast, whose words and place say nothing. */
export function athenaFailure(error: unknown): unknown {
  if (error instanceof LakeError) return error;
  // What is loaded by import() may have a class LakeError of its own, where a loader keeps modules twice.
  if (error instanceof Error && error.name === 'LakeError') return queryFailed(error.message, error, 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined);
  const text = error instanceof Error ? error.message : '';
  const own = /string ['"]Athena: ([\s\S]*)['"] to [A-Z][A-Z0-9]+|(?:date|timestamp)[^"]*"Athena: ([^"]*)"|Athena: ([^\n]*)/i.exec(text);
  if (own !== null) return queryFailed(own[1] ?? own[2] ?? own[3] ?? text, error, 'The row makes the query fail in Athena too: filter it, or write TRY(…) for NULL instead.');
  const line = text.indexOf('\n\nLINE ');
  return line < 0 ? error : Object.assign(new Error(text.slice(0, line), { cause: error }));
}
