import type { Alias, Relation } from './ast.js';
import type { Cursor } from './cursor.js';
import { refused } from './errors.js';
import { parseExpression, startsQuery } from './parse-expression.js';

type JoinType = Extract<Relation, { kind: 'join' }>['type'];

/** What follows FROM; a comma is a cross join of lower rank. */
export function parseRelation(cursor: Cursor): Relation {
  let left = parseJoined(cursor);
  while (cursor.is(',')) {
    const { at } = cursor.take();
    left = { kind: 'join', at, alias: null, type: 'cross', left, right: parseJoined(cursor), on: null, using: null };
  }
  return left;
}

function parseJoined(cursor: Cursor): Relation {
  let left = parseTable(cursor);
  for (;;) {
    const { at } = cursor;
    if (cursor.is('natural')) throw refused(at, 'NATURAL JOIN', 'Name the columns: JOIN … USING (…).');
    const type = joinType(cursor);
    if (type === null) return left;
    const right = parseTable(cursor);
    if (type === 'cross') left = { kind: 'join', at, alias: null, type, left, right, on: null, using: null };
    else if (cursor.accept('using')) left = { kind: 'join', at, alias: null, type, left, right, on: null, using: cursor.bracketed(() => cursor.list(() => cursor.name())) };
    else {
      cursor.expect('on');
      left = { kind: 'join', at, alias: null, type, left, right, on: parseExpression(cursor), using: null };
    }
  }
}

function joinType(cursor: Cursor): JoinType | null {
  if (cursor.accept('cross', 'join')) return 'cross';
  if (cursor.accept('join') || cursor.accept('inner', 'join')) return 'inner';
  for (const type of ['left', 'right', 'full'] as const) {
    if (cursor.accept(type, 'join') || cursor.accept(type, 'outer', 'join')) return type;
  }
  return null;
}

function parseTable(cursor: Cursor): Relation {
  const { at } = cursor;
  if (cursor.accept('unnest')) {
    const items = cursor.bracketed(() => cursor.list(() => parseExpression(cursor)));
    const ordinality = cursor.accept('with', 'ordinality');
    return { kind: 'unnest', at, items, ordinality, alias: parseAlias(cursor) };
  }
  if (cursor.accept('lateral')) {
    const query = cursor.bracketed(() => cursor.query(cursor));
    return { kind: 'derived', at, query, lateral: true, alias: parseAlias(cursor) };
  }
  if (cursor.is('table', '(') || cursor.is('json_table', '(')) throw refused(at, cursor.token.text === 'table' ? 'a table function' : 'json_table', 'Use UNNEST of a sequence, or of CAST(json_extract(…) AS ARRAY(ROW(…))).');
  if (cursor.is('(')) return parseBracketed(cursor);
  const parts = [cursor.name('a table')];
  while (cursor.accept('.')) parts.push(cursor.name());
  if (cursor.is('for') && ['timestamp', 'version', 'system_time', 'system_version'].includes(cursor.ahead(1).text)) throw refused(cursor.at, 'time travel (FOR … AS OF)', 'A query reads the newest version: filter by event_date.');
  const alias = parseAlias(cursor);
  if (cursor.is('tablesample')) throw refused(cursor.at, 'TABLESAMPLE', 'A sample differs from run to run: filter by a hash of a key.');
  if (cursor.is('match_recognize')) throw refused(cursor.at, 'MATCH_RECOGNIZE', 'Say the pattern with window functions: lag, lead and sums over them.');
  return { kind: 'table', at, parts, alias };
}

function parseBracketed(cursor: Cursor): Relation {
  const { at } = cursor;
  const query = cursor.attempt(() => {
    if (!startsQuery(cursor)) return null;
    cursor.take();
    const found = cursor.query(cursor);
    return cursor.accept(')') ? found : null;
  });
  if (query !== null) return { kind: 'derived', at, query, lateral: false, alias: parseAlias(cursor) };
  const inner = cursor.bracketed(() => parseRelation(cursor));
  const alias = parseAlias(cursor);
  if (alias !== null) throw refused(alias.name.at, 'an alias for a join in brackets', 'Give the tables within their own aliases.');
  return inner;
}

function parseAlias(cursor: Cursor): Alias | null {
  const name = cursor.alias();
  if (name === null) return null;
  return { name, columns: cursor.is('(') ? cursor.bracketed(() => cursor.list(() => cursor.name())) : null };
}
