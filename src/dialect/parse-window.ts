import type { Bound, Expression, SortKey, Window } from './ast.js';
import type { Cursor } from './cursor.js';
import { refused } from './errors.js';

type Parse = (cursor: Cursor) => Expression;

/** What follows ORDER BY. Nulls come last unless it says otherwise, in both directions. */
export function parseSortKeys(cursor: Cursor, parse: Parse): SortKey[] {
  return cursor.list(() => {
    const key = parse(cursor);
    const descending = cursor.accept('desc') || (cursor.accept('asc'), false);
    const nullsFirst = cursor.accept('nulls', 'first') || (cursor.accept('nulls', 'last'), false);
    return { key, descending, nullsFirst };
  });
}

/** A window in brackets. */
export function parseWindow(cursor: Cursor, parse: Parse): Window {
  const { at } = cursor;
  return cursor.bracketed(() => {
    const base = cursor.token.kind === 'quoted' || (cursor.token.kind === 'word' && !['partition', 'order', 'rows', 'range', 'groups'].includes(cursor.token.text)) ? cursor.name() : null;
    const partitionBy = cursor.accept('partition', 'by') ? cursor.list(() => parse(cursor)) : [];
    const orderBy = cursor.accept('order', 'by') ? parseSortKeys(cursor, parse) : [];
    return { at, base, partitionBy, orderBy, frame: parseFrame(cursor, parse) };
  });
}

function parseFrame(cursor: Cursor, parse: Parse): Window['frame'] {
  const unit = (['rows', 'range', 'groups'] as const).find((each) => cursor.is(each));
  if (unit === undefined) return null;
  cursor.take();
  const both = cursor.accept('between');
  const start = parseBound(cursor, parse);
  if (!both) return { unit, start, end: null };
  cursor.expect('and');
  return { unit, start, end: parseBound(cursor, parse) };
}

function parseBound(cursor: Cursor, parse: Parse): Bound {
  for (const kind of ['unbounded preceding', 'unbounded following', 'current row'] as const) {
    if (cursor.accept(...kind.split(' '))) return { kind, by: null };
  }
  const by = parse(cursor);
  if (cursor.accept('preceding')) return { kind: 'preceding', by };
  if (cursor.accept('following')) return { kind: 'following', by };
  throw refused(cursor.at, 'this frame', 'A bound is UNBOUNDED, CURRENT ROW or a number or interval, PRECEDING or FOLLOWING.');
}
