import { codeOf, piecesOf } from './literal.js';

/** What a function of DuckDB is on Trino, by its name and the text of its arguments. Each gives the same value for every argument. */
const functions: Readonly<Record<string, (args: string) => string>> = {
  md5: (args) => `lower(to_hex(md5(to_utf8(${args}))))`,
  // As a double, seconds keep a tenth of a microsecond until the year 2242.
  epoch_us: (args) => `CAST(round(to_unixtime(${args}) * 1E6) AS bigint)`,
};

/** Functions that are written otherwise on Trino. */
export const renamedFunctions: readonly string[] = Object.keys(functions);

/**
 * A model's text as Trino takes it. A model keeps to what both engines read alike, so little differs: the name of
 * the type of instants, the place of IGNORE NULLS, and a few functions.
 */
export function toTrino(sql: string): string {
  const code = piecesOf(sql).map((piece) => {
    if (piece.kind === 'comment') return ' ';
    return piece.kind === 'code' ? words(piece.text) : piece.text;
  }).join('');
  return withFunctions(code);
}

/** DuckDB has IGNORE NULLS within a call, Trino after it. */
function words(code: string): string {
  return code.replace(/\bTIMESTAMPTZ\b/gi, 'timestamp(6) with time zone').replace(/\s+IGNORE\s+NULLS\s*\)/gi, ') IGNORE NULLS');
}

function withFunctions(sql: string): string {
  const call = new RegExp(`\\b(${renamedFunctions.join('|')})\\s*\\(`, 'i');
  const found = call.exec(codeOf(sql));
  if (found === null) return sql;
  const open = found.index + found[0].length;
  const close = closing(codeOf(sql), open);
  const write = functions[(found[1] ?? '').toLowerCase()];
  if (write === undefined) return sql;
  // What was written holds the name again: only what comes after it, and its arguments, are looked through.
  return sql.slice(0, found.index) + write(withFunctions(sql.slice(open, close))) + withFunctions(sql.slice(close + 1));
}

function closing(sql: string, open: number): number {
  let depth = 1;
  for (let at = open; at < sql.length; at++) {
    if (sql[at] === '(') depth++;
    else if (sql[at] === ')' && --depth === 0) return at;
  }
  return sql.length;
}
