import type { Body, GroupingElement, Query, Select, SelectItem } from './ast.js';
import { Cursor } from './cursor.js';
import { refused } from './errors.js';
import { parseExpression } from './parse-expression.js';
import { parseRelation } from './parse-relation.js';
import { parseSortKeys, parseWindow } from './parse-window.js';

const statements = ['alter', 'analyze', 'call', 'create', 'deallocate', 'delete', 'desc', 'describe', 'drop', 'execute', 'explain', 'grant', 'insert', 'merge', 'msck', 'optimize', 'prepare', 'refresh', 'revoke', 'set', 'show', 'truncate', 'unload', 'update', 'use', 'vacuum'];

/**
 * Parses one query of Trino; a semicolon may end it.
 * @throws DialectError
 */
export function parseStatement(source: string): Query {
  const cursor = new Cursor(source, parseQuery);
  if (cursor.token.kind === 'word' && statements.includes(cursor.token.text)) throw refused(cursor.at, cursor.token.text.toUpperCase(), 'Only a query can be run: SELECT, WITH, VALUES or TABLE. The dialect duckdb has DESCRIBE and SHOW TABLES.');
  const query = parseQuery(cursor);
  while (cursor.accept(';')) continue;
  if (cursor.token.kind !== 'end') throw unknownClause(cursor);
  return query;
}

const foreign: Readonly<Record<string, string>> = {
  qualify: 'Compute the window function in a subquery, and filter around it.',
  tablesample: 'A sample differs from run to run: filter by a hash of a key.',
  match_recognize: 'Say the pattern with window functions: lag, lead and sums over them.',
  asof: 'Join on the greatest time before, by max_by or a window function.',
};

function unknownClause(cursor: Cursor): Error {
  const instead = foreign[cursor.token.text];
  return instead === undefined || cursor.token.kind !== 'word' ? cursor.unexpected() : refused(cursor.at, cursor.token.text.toUpperCase(), instead);
}

/** A query with its WITH, ORDER BY, OFFSET and LIMIT. */
export function parseQuery(cursor: Cursor): Query {
  const { at } = cursor;
  const recursive = cursor.is('with', 'recursive');
  const ctes = cursor.accept('with') ? (cursor.accept('recursive'), cursor.list(() => parseCte(cursor))) : [];
  const body = parseUnion(cursor);
  const orderBy = cursor.accept('order', 'by') ? parseSortKeys(cursor, parseExpression) : [];
  const offset = cursor.accept('offset') ? parseExpression(cursor) : null;
  if (offset !== null && !cursor.accept('rows')) cursor.accept('row');
  if (cursor.accept('limit')) return { at, recursive, ctes, body, orderBy, offset, limit: cursor.accept('all') ? null : parseExpression(cursor), withTies: false };
  if (!cursor.accept('fetch')) return { at, recursive, ctes, body, orderBy, offset, limit: null, withTies: false };
  if (!cursor.accept('first')) cursor.expect('next');
  const limit = cursor.is('row') || cursor.is('rows') ? ({ kind: 'integer', at: cursor.at, value: '1' } as const) : parseExpression(cursor);
  if (!cursor.accept('rows')) cursor.expect('row');
  const withTies = cursor.accept('with', 'ties') || (cursor.expect('only'), false);
  return { at, recursive, ctes, body, orderBy, offset, limit, withTies };
}

function parseCte(cursor: Cursor): Query['ctes'][number] {
  const name = cursor.name('the name of a WITH query');
  const columns = cursor.is('(') ? cursor.bracketed(() => cursor.list(() => cursor.name())) : null;
  cursor.expect('as');
  return { name, columns, query: cursor.bracketed(() => parseQuery(cursor)) };
}

function parseUnion(cursor: Cursor): Body {
  let left = parseIntersect(cursor);
  while (cursor.is('union') || cursor.is('except')) left = setOperation(cursor, left, parseIntersect);
  return left;
}

function parseIntersect(cursor: Cursor): Body {
  let left = parseTerm(cursor);
  while (cursor.is('intersect')) left = setOperation(cursor, left, parseTerm);
  return left;
}

function setOperation(cursor: Cursor, left: Body, parse: (cursor: Cursor) => Body): Body {
  const { at, text } = cursor.take();
  const all = cursor.accept('all') || (cursor.accept('distinct'), false);
  return { kind: 'set', at, operator: text as 'union' | 'intersect' | 'except', all, left, right: parse(cursor) };
}

function parseTerm(cursor: Cursor): Body {
  const { at } = cursor;
  if (cursor.is('(')) return { kind: 'nested', at, query: cursor.bracketed(() => parseQuery(cursor)) };
  if (cursor.accept('values')) {
    const rows = cursor.list(() => parseExpression(cursor)).map((row) => (row.kind === 'row' ? row.items : [row]));
    return { kind: 'values', at, rows };
  }
  if (cursor.accept('table')) {
    const parts = [cursor.name('a table')];
    while (cursor.accept('.')) parts.push(cursor.name());
    return { kind: 'select', at, distinct: false, items: [{ kind: 'star', at, of: [] }], from: { kind: 'table', at, parts, alias: null }, where: null, groupBy: null, having: null, windows: [] };
  }
  cursor.expect('select');
  return parseSelect(cursor, at);
}

function parseSelect(cursor: Cursor, at: number): Select {
  const distinct = cursor.accept('distinct') || (cursor.accept('all'), false);
  const items = cursor.list(() => parseItem(cursor));
  const from = cursor.accept('from') ? parseRelation(cursor) : null;
  const where = cursor.accept('where') ? parseExpression(cursor) : null;
  const groupBy = cursor.accept('group', 'by') ? parseGroupBy(cursor) : null;
  const having = cursor.accept('having') ? parseExpression(cursor) : null;
  const windows = cursor.accept('window')
    ? cursor.list(() => {
        const name = cursor.name();
        cursor.expect('as');
        return { name, window: parseWindow(cursor, parseExpression) };
      })
    : [];
  return { kind: 'select', at, distinct, items, from, where, groupBy, having, windows };
}

function parseItem(cursor: Cursor): SelectItem {
  const { at } = cursor;
  if (cursor.accept('*')) return { kind: 'star', at, of: [] };
  const star = cursor.attempt((): SelectItem | null => {
    const of = [];
    while (cursor.token.kind === 'word' || cursor.token.kind === 'quoted') {
      const { text, at: place } = cursor.take();
      of.push({ text, at: place });
      if (!cursor.accept('.')) return null;
      if (cursor.accept('*')) return { kind: 'star', at, of };
    }
    return null;
  });
  if (star !== null) {
    if (cursor.is('as', '(')) throw refused(cursor.at, 'AS (…) behind a star', 'Name the columns one by one.');
    return star;
  }
  return { kind: 'item', at, expression: parseExpression(cursor), alias: cursor.alias() };
}

function parseGroupBy(cursor: Cursor): GroupingElement[] {
  if (cursor.is('distinct') || cursor.is('all') || cursor.is('auto')) throw refused(cursor.at, `GROUP BY ${cursor.token.text.toUpperCase()}`, 'Name the keys, or give their numbers.');
  return cursor.list((): GroupingElement => {
    const { at } = cursor;
    const kind = cursor.accept('rollup') ? 'rollup' : cursor.accept('cube') ? 'cube' : cursor.accept('grouping', 'sets') ? 'sets' : null;
    if (kind === null) {
      if (cursor.accept('(', ')')) return { kind: 'sets', at, sets: [[]] };
      return { kind: 'key', at, key: parseExpression(cursor) };
    }
    const sets = cursor.bracketed(() =>
      cursor.list(() => {
        if (cursor.accept('(', ')')) return [];
        const found = parseExpression(cursor);
        return found.kind === 'row' ? found.items : [found];
      }),
    );
    return { kind, at, sets };
  });
}
