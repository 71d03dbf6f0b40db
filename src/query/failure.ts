import { LakeError } from '../errors.js';
import { isOutOfMemory } from '../lake/duckdb.js';

/** A query that DuckDB or the lake refuses. */
export function queryFailed(message: string, cause: unknown, hint?: string): LakeError {
  return new LakeError(message.replaceAll(/\n{2,}/g, '\n').trimEnd(), { code: 'QUERY_FAILED', op: 'query', ...(hint === undefined ? {} : { hint }), ...(cause === undefined ? {} : { cause }) });
}

/**
 * What DuckDB threw while it ran somebody's query, as an error with a hint. `LakeError`s stay what they are.
 * @param tables all tables of the lake, `silver.event`, asked only when a name is unknown
 */
export async function failureOf(error: unknown, tables: () => Promise<readonly string[]>): Promise<LakeError> {
  const text = error instanceof Error ? error.message : String(error);
  if (isOutOfMemory(error)) return new LakeError(text, { code: 'OUT_OF_MEMORY', op: 'query', hint: 'Give it more with --memory, or ask for fewer columns and rows.', cause: error });
  if (error instanceof LakeError) return error;
  const unknown = /^Catalog Error: Table with name "?(.+?)"? does not exist/.exec(text);
  if (unknown?.[1] !== undefined) return unknownTable(unknown[1], await tables(), placeOf(text), error);
  if (/^Permission Error|is disabled (?:by|through) configuration/.test(text)) return queryFailed(text, error, 'A query reads the tables of the lake and nothing else.');
  if (/^Binder Error: Referenced (?:column|table) /.test(text)) return queryFailed(text, error, 'DESCRIBE silver.event, as a query, lists the columns of a table.');
  return queryFailed(text, error);
}

/** The error for a name that no table has, with those that there are and the nearest one. */
export function unknownTable(name: string, tables: readonly string[], place = '', cause?: unknown): LakeError {
  const near = nearest(name, tables);
  const hint = tables.length === 0 ? 'The lake has no tables yet: land events first, or give another one with --lake.' : `The lake has: ${tables.join(', ')}.${near === null ? '' : ` Did you mean ${near}?`}`;
  return queryFailed(`there is no table ${name}${place}`, cause, hint);
}

/** DuckDB's `LINE 1: …` with the caret under the place. */
function placeOf(text: string): string {
  const start = text.indexOf('\nLINE ');
  return start < 0 ? '' : text.slice(start);
}

/** The name that takes the fewest edits, if few enough; a name without a layer is compared with the table's alone. */
function nearest(name: string, tables: readonly string[]): string | null {
  const wanted = name.toLowerCase();
  const ranked = tables
    .map((table) => ({ table, edits: editDistance(wanted, wanted.includes('.') ? table : (table.split('.')[1] ?? table)) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return best === undefined || best.edits > Math.max(2, wanted.length / 3) ? null : best.table;
}

/** Levenshtein's distance. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
