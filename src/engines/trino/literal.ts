/** A value of a statement: texts, numbers, lists of texts, dates, instants, null. */
export type TrinoValue = string | number | bigint | boolean | null | readonly string[] | { readonly date: string } | { readonly instant: string };

/** A statement and its values in the order of its question marks. */
export interface Statement {
  readonly sql: string;
  readonly values: readonly TrinoValue[];
}

/** One piece of an SQL text: what is quoted and what is a comment is told apart from the rest. */
export interface Piece {
  readonly kind: 'code' | 'text' | 'name' | 'comment';
  readonly text: string;
}

const pieces = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//g;

/** Splits an SQL text into quoted and other pieces; joined again they are the text. */
export function piecesOf(sql: string): Piece[] {
  const found: Piece[] = [];
  let end = 0;
  const code = (until: number): void => {
    if (until > end) found.push({ kind: 'code', text: sql.slice(end, until) });
  };
  for (const match of sql.matchAll(pieces)) {
    code(match.index);
    found.push({ kind: match[0].startsWith("'") ? 'text' : match[0].startsWith('"') ? 'name' : 'comment', text: match[0] });
    end = match.index + match[0].length;
  }
  code(sql.length);
  return found;
}

/** An SQL text with comments and what is quoted blanked: places and lines stay. */
export function codeOf(sql: string): string {
  return piecesOf(sql).map(({ kind, text }) => (kind === 'code' ? text : text.replace(/[^\n]/g, ' '))).join('');
}

/**
 * Puts a question mark for each `$name`, and the values in their order.
 * @throws Error for a name without a value: a bug, not an input
 */
export function positional(sql: string, parameters: Readonly<Record<string, TrinoValue>>): Statement {
  const values: TrinoValue[] = [];
  const text = piecesOf(sql).map((piece) => {
    if (piece.kind === 'comment') return ' ';
    if (piece.kind !== 'code') return piece.text;
    return piece.text.replace(/\$([a-z_]\w*)/gi, (_all, name: string) => {
      const value = parameters[name];
      if (value === undefined) throw new Error(`the SQL has no value for $${name}`);
      values.push(value);
      return '?';
    });
  }).join('');
  return { sql: text, values };
}

/** The protocol has no values beside a statement, so they are written as literals after its USING: here alone. */
export function bound({ sql, values }: Statement): string {
  return values.length === 0 ? sql : `EXECUTE IMMEDIATE ${literal(sql)} USING ${values.map(literal).join(', ')}`;
}

/** A value as Trino writes it. Source: Trino's documentation, "Lexical structure" and "Data types". */
export function literal(value: TrinoValue): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  if (typeof value === 'object' && 'date' in value) return `DATE ${literal(value.date)}`;
  if (typeof value === 'object' && 'instant' in value) return `from_iso8601_timestamp_nanos(${literal(value.instant)})`;
  if (typeof value === 'object') return value.length === 0 ? 'CAST(ARRAY[] AS ARRAY(VARCHAR))' : `ARRAY[${value.map(literal).join(', ')}]`;
  return typeof value === 'number' && !Number.isInteger(value) ? value.toExponential() : String(value);
}
