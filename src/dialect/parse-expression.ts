import type { BinaryOperator, Comparison, Expression } from './ast.js';
import type { Cursor } from './cursor.js';
import { parsePrimary } from './parse-primary.js';

const comparisons: ReadonlyMap<string, Comparison> = new Map([['=', '='], ['<>', '<>'], ['!=', '<>'], ['<', '<'], ['<=', '<='], ['>', '>'], ['>=', '>=']]);

/** An expression, by Trino's ranks: OR, AND, NOT, predicates, `||`, sums, products, signs, AT TIME ZONE. */
export function parseExpression(cursor: Cursor): Expression {
  let left = parseAnd(cursor);
  while (cursor.is('or')) left = binary(cursor, 'or', left, parseAnd);
  return left;
}

function binary(cursor: Cursor, operator: BinaryOperator, left: Expression, parse: (cursor: Cursor) => Expression): Expression {
  const { at } = cursor.take();
  return { kind: 'binary', at, operator, left, right: parse(cursor) };
}

function parseAnd(cursor: Cursor): Expression {
  let left = parseNot(cursor);
  while (cursor.is('and')) left = binary(cursor, 'and', left, parseNot);
  return left;
}

function parseNot(cursor: Cursor): Expression {
  const { at } = cursor;
  if (cursor.accept('not')) return { kind: 'unary', at, operator: 'not', of: parseNot(cursor) };
  return parsePredicates(cursor);
}

function parsePredicates(cursor: Cursor): Expression {
  let left = parseConcat(cursor);
  for (;;) {
    const next = parsePredicate(cursor, left);
    if (next === null) return left;
    left = next;
  }
}

function parsePredicate(cursor: Cursor, left: Expression): Expression | null {
  const { at } = cursor;
  const comparison = cursor.token.kind === 'operator' ? comparisons.get(cursor.token.text) : undefined;
  if (comparison !== undefined) return parseComparison(cursor, comparison, left);
  if (cursor.accept('is')) {
    const not = cursor.accept('not');
    if (cursor.accept('null')) return { kind: 'isNull', at, not, of: left };
    cursor.expect('distinct', 'from');
    return { kind: 'distinct', at, not, left, right: parseConcat(cursor) };
  }
  const not = cursor.is('not') && ['between', 'in', 'like'].includes(cursor.ahead(1).text);
  if (not) cursor.take();
  if (cursor.accept('between')) {
    const low = parseConcat(cursor);
    cursor.expect('and');
    return { kind: 'between', at, not, of: left, low, high: parseConcat(cursor) };
  }
  if (cursor.accept('like')) {
    const pattern = parseConcat(cursor);
    return { kind: 'like', at, not, of: left, pattern, escape: cursor.accept('escape') ? parseConcat(cursor) : null };
  }
  return cursor.accept('in') ? parseIn(cursor, at, not, left) : null;
}

function parseComparison(cursor: Cursor, operator: Comparison, left: Expression): Expression {
  const { at } = cursor.take();
  const all = cursor.is('all', '(');
  if (!all && !cursor.is('any', '(') && !cursor.is('some', '(')) return { kind: 'binary', at, operator, left, right: parseConcat(cursor) };
  cursor.take();
  return { kind: 'quantified', at, operator, left, all, query: cursor.bracketed(() => cursor.query(cursor)) };
}

function parseIn(cursor: Cursor, at: number, not: boolean, of: Expression): Expression {
  return cursor.bracketed((): Expression => {
    if (startsQuery(cursor)) return { kind: 'inQuery', at, not, of, query: cursor.query(cursor) };
    return { kind: 'inList', at, not, of, list: cursor.list(() => parseExpression(cursor)) };
  });
}

/** Whether a query follows, behind any number of brackets. */
export function startsQuery(cursor: Cursor): boolean {
  let ahead = 0;
  while (cursor.ahead(ahead).kind === 'operator' && cursor.ahead(ahead).text === '(') ahead++;
  const { kind, text } = cursor.ahead(ahead);
  return kind === 'word' && ['select', 'with', 'values', 'table'].includes(text);
}

function parseConcat(cursor: Cursor): Expression {
  let left = parseSum(cursor);
  while (cursor.is('||')) left = binary(cursor, '||', left, parseSum);
  return left;
}

function parseSum(cursor: Cursor): Expression {
  let left = parseProduct(cursor);
  while (cursor.is('+') || cursor.is('-')) left = binary(cursor, cursor.token.text as BinaryOperator, left, parseProduct);
  return left;
}

function parseProduct(cursor: Cursor): Expression {
  let left = parseSigned(cursor);
  while (cursor.is('*') || cursor.is('/') || cursor.is('%')) left = binary(cursor, cursor.token.text as BinaryOperator, left, parseSigned);
  return left;
}

function parseSigned(cursor: Cursor): Expression {
  const { at } = cursor;
  if (cursor.accept('-')) return { kind: 'unary', at, operator: '-', of: parseSigned(cursor) };
  if (cursor.accept('+')) return { kind: 'unary', at, operator: '+', of: parseSigned(cursor) };
  let left = parsePostfix(cursor);
  while (cursor.is('at', 'time', 'zone')) {
    const { at: place } = cursor;
    cursor.expect('at', 'time', 'zone');
    left = { kind: 'zone', at: place, of: left, zone: parsePostfix(cursor) };
  }
  return left;
}

function parsePostfix(cursor: Cursor): Expression {
  let left = parsePrimary(cursor, parseExpression);
  for (;;) {
    const { at } = cursor;
    if (cursor.accept('[')) {
      left = { kind: 'subscript', at, of: left, index: parseExpression(cursor) };
      cursor.expect(']');
    } else if (cursor.accept('.')) left = { kind: 'field', at, of: left, name: cursor.name() };
    else return left;
  }
}
