import type { TypeName } from './ast.js';
import type { Cursor } from './cursor.js';

/** A type: `decimal(12, 2)`, `array(row(a bigint, b varchar))`, `timestamp(3) with time zone`. */
export function parseType(cursor: Cursor): TypeName {
  const { at } = cursor;
  const { text: name } = cursor.name('a type');
  if (name === 'double') cursor.accept('precision');
  if (name === 'array' || name === 'map') {
    const close = cursor.accept('<') ? '>' : (cursor.expect('('), ')');
    const of = cursor.list(() => parseType(cursor));
    cursor.expect(close);
    return { at, name, numbers: [], of, names: [] };
  }
  if (name === 'row') return parseRow(cursor, at);
  const numbers = cursor.is('(') ? cursor.bracketed(() => cursor.list(() => Number(cursor.take().text))) : [];
  if (cursor.accept('with', 'time', 'zone')) return { at, name: `${name} with time zone`, numbers, of: [], names: [] };
  cursor.accept('without', 'time', 'zone');
  return { at, name, numbers, of: [], names: [] };
}

function parseRow(cursor: Cursor, at: number): TypeName {
  const fields = cursor.bracketed(() =>
    cursor.list(() => {
      const named = cursor.ahead(1);
      const hasName = cursor.token.kind === 'quoted' || named.kind === 'word' || named.kind === 'quoted';
      const unnamed = cursor.is('double', 'precision') || (cursor.ahead(1).text === 'with' && cursor.token.kind === 'word');
      const name = hasName && !unnamed ? cursor.name().text : null;
      return { name, type: parseType(cursor) };
    }),
  );
  return { at, name: 'row', numbers: [], of: fields.map(({ type }) => type), names: fields.map(({ name }) => name) };
}
