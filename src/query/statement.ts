import { LakeError, messageOf } from '../errors.js';
import type { Session } from '../lake/duckdb.js';
import { sqlFile } from '../lake/sql.js';
import { queryFailed } from './failure.js';

export interface TableName {
  readonly layer: string;
  readonly table: string;
}

/** What is known of a query before anything is opened. */
export interface Statement {
  /** One SELECT without a closing semicolon; it may end in a comment, so a line break must follow. */
  readonly text: string;
  /** Names with a schema, as they are written; names of CTEs are not among them. */
  readonly tables: readonly TableName[];
  /** Names of `$name` parameters, without the dollar. */
  readonly parameters: readonly string[];
}

const parseSql = sqlFile(import.meta.url, './statement.sql');
const listTables = sqlFile(import.meta.url, './list-tables.sql').trimEnd();

/** Layers of a lake, in their order. */
export const layers = ['bronze', 'silver', 'gold'] as const;

/**
 * Takes a query apart by DuckDB's own parser. SELECT, WITH, FROM, VALUES, DESCRIBE, SUMMARIZE and SHOW TABLES are queries.
 * @param allTables gives the tables of the lake, for SHOW TABLES
 * @throws LakeError USAGE for what is not exactly one query, QUERY_FAILED for what DuckDB can't parse
 */
export async function parseStatement(session: Session, sql: string, allTables: () => Promise<readonly TableName[]>): Promise<Statement> {
  const parsed = await serialize(session, sql);
  const tree = JSON.parse(parsed) as SerializedSql;
  if (tree.error) throw await notParsed(session, sql, tree);
  if (tree.statements.length === 0) throw refused('there is no SQL to run');
  if (tree.statements.length > 1) throw refused('only one statement can be run at a time');
  const found = walk(tree);
  if (found.showsTables) return { text: listTables, tables: await allTables(), parameters: [] };
  return { text: await withoutSemicolon(session, sql, parsed), tables: found.tables, parameters: found.parameters };
}

type SerializedSql =
  | { readonly error: false; readonly statements: readonly unknown[] }
  | { readonly error: true; readonly error_message: string };

async function serialize(session: Session, sql: string): Promise<string> {
  const [row] = await session.rows(parseSql, { sql });
  return String(row?.['parsed']);
}

async function notParsed(session: Session, sql: string, tree: SerializedSql): Promise<LakeError> {
  if (tree.error && tree.error_message.startsWith('Only SELECT')) return refused('only a query can be run: SELECT, WITH, DESCRIBE, SUMMARIZE or SHOW TABLES');
  try {
    await session.connection.extractStatements(sql);
  } catch (error) {
    return queryFailed(messageWithPlace(error), error);
  }
  return queryFailed(tree.error ? tree.error_message : 'the SQL is not valid', undefined);
}

function messageWithPlace(error: unknown): string {
  return error instanceof Error ? error.message.replace(/^Failed to extract statements: /, '') : messageOf(error);
}

function refused(message: string): LakeError {
  return new LakeError(message, { code: 'USAGE', op: 'query', hint: 'Give one SELECT on bronze.x, silver.x or gold.x, or --file with one; PIVOT goes into a FROM (PIVOT …).' });
}

interface Found {
  readonly tables: TableName[];
  readonly parameters: string[];
  showsTables: boolean;
}

/** Looks at every node, without recursion: long chains of AND nest deep. */
function walk(tree: unknown): Found {
  const tables = new Map<string, TableName>();
  const parameters = new Set<string>();
  let showsTables = false;
  const open: unknown[] = [tree];
  while (open.length > 0) {
    const node = open.pop();
    if (typeof node !== 'object' || node === null) continue;
    for (const child of Object.values(node)) if (typeof child === 'object') open.push(child);
    const { type, class: kind, schema_name: schema, table_name: table, identifier, query } = node as Readonly<Record<string, unknown>>;
    if (type === 'BASE_TABLE' && typeof schema === 'string' && typeof table === 'string' && schema !== '') tables.set(JSON.stringify([schema, table]), { layer: schema, table });
    if (kind === 'PARAMETER' && typeof identifier === 'string') parameters.add(identifier);
    if (type === 'SHOW_REF' && query === null && (table === '"tables"' || table === '__show_tables_expanded')) showsTables = true;
  }
  return { tables: [...tables.values()], parameters: [...parameters], showsTables };
}

/** Cuts closing semicolons, told from those in comments and texts by the parse: without them it must stay the same and fit in brackets. */
async function withoutSemicolon(session: Session, sql: string, parsed: string): Promise<string> {
  let text = sql.trimEnd();
  for (;;) {
    const inBrackets = JSON.parse(await serialize(session, `SELECT * FROM (\n${text}\n) AS result`)) as SerializedSql;
    if (!inBrackets.error && (await serialize(session, text)) === parsed) return text;
    const end = text.lastIndexOf(';');
    if (end < 0) throw refused('the statement is no query that can be read as a table');
    text = text.slice(0, end).trimEnd();
  }
}
