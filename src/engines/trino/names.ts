import { identifier } from '../../lake/sql.js';
import { piecesOf } from './literal.js';

/** What may follow a table in FROM without being another name for it. */
const keywords = new Set('where group order having limit offset fetch union intersect except join left right full inner outer cross natural on using window tablesample as for'.split(' '));

/**
 * Puts what names stand for before a SELECT, as WITH: `silver.event` and the names of steps. One of two parts becomes a
 * plain one, and is called by its last part where the SELECT gives it no other name.
 * @param selects by name, in small letters
 */
export function namedTables(select: string, selects: ReadonlyMap<string, string>): string {
  const used = new Set<string>();
  const text = piecesOf(select);
  const out = text.map((piece, index) => {
    if (piece.kind === 'comment') return ' ';
    if (piece.kind !== 'code') return piece.text;
    return piece.text.replace(/(?<![\w.$])([A-Za-z_]\w*)\s*\.\s*([A-Za-z_]\w*)(?!\w)(?!\s*[.(])|(?<![\w.$])([A-Za-z_]\w*)(?![\w(])/g, (found, schema: string | undefined, table: string | undefined, plain: string | undefined, at: number) => {
      if (schema !== undefined && table !== undefined) {
        const key = `${schema}.${table}`.toLowerCase();
        if (!selects.has(key)) return found;
        used.add(key);
        const after = piece.text.slice(at + found.length) + (text[index + 1]?.text ?? '');
        return isNamed(after) ? flat(key) : `${flat(key)} AS ${table}`;
      }
      const key = (plain ?? '').toLowerCase();
      if (selects.has(key)) used.add(key);
      return found;
    });
  }).join('');
  const parts = [...used].map((key) => `${key.includes('.') ? flat(key) : identifier(key)} AS (${selects.get(key) ?? ''})`);
  return parts.length === 0 ? out : putBefore(parts, out);
}

/** Puts `name AS (SELECT …)` before a SELECT, and before those of its own WITH. */
export function putBefore(parts: readonly string[], select: string): string {
  const own = /^\s*WITH\s+(RECURSIVE\s+)?/i.exec(select);
  return `WITH ${own?.[1] ?? ''}${parts.join(', ')}${own === null ? ' ' : ', '}${select.slice(own?.[0].length ?? 0)}`;
}

function flat(key: string): string {
  return `ingot_${key.replace('.', '__')}`;
}

function isNamed(after: string): boolean {
  const next = /^\s*(?:"|([A-Za-z_]\w*))/.exec(after);
  if (next === null) return false;
  const word = next[1]?.toLowerCase();
  return word === undefined || word === 'as' || !keywords.has(word);
}
