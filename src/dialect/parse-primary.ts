import type { Expression, Name, TypeName } from './ast.js';
import type { Cursor } from './cursor.js';
import { refused } from './errors.js';
import { parseCall } from './parse-call.js';
import { parseType } from './parse-type.js';

type Parse = (cursor: Cursor) => Expression;

/** Words that are calls without brackets. */
const bare = new Set(['current_date', 'current_time', 'current_timestamp', 'localtime', 'localtimestamp']);
const typed = new Set(['date', 'timestamp', 'time', 'bigint', 'integer', 'int', 'smallint', 'tinyint', 'double', 'real', 'decimal', 'varchar', 'char', 'json', 'boolean', 'varbinary']);
const units = ['year', 'month', 'day', 'hour', 'minute', 'second'];

/** What stands between operators: a value, a name, a call, something in brackets. */
export function parsePrimary(cursor: Cursor, parse: Parse): Expression {
  const { token } = cursor;
  const { kind, text, at } = token;
  switch (kind) {
    case 'string':
    case 'hex':
    case 'integer':
    case 'decimal':
    case 'double':
    case 'parameter':
      cursor.take();
      return { kind, at, value: text };
    case 'operator':
      if (text === '(') return parseBracket(cursor, parse);
      if (text === '?') throw refused(at, 'a ? without a name', 'Parameters have names: $since and $until (--since, --until), or those that the library is given.');
      throw cursor.unexpected();
    case 'word':
      return parseKeyword(cursor, parse) ?? parseName(cursor, parse);
    default:
      return parseName(cursor, parse);
  }
}

function parseKeyword(cursor: Cursor, parse: Parse): Expression | null {
  const { text, at } = cursor.token;
  const opens = cursor.ahead(1).text === '(' && cursor.ahead(1).kind === 'operator';
  if (cursor.accept('null')) return { kind: 'null', at };
  if (cursor.accept('true')) return { kind: 'boolean', at, value: true };
  if (cursor.accept('false')) return { kind: 'boolean', at, value: false };
  if (cursor.accept('case')) return parseCase(cursor, parse, at);
  if (text === 'interval' && (cursor.ahead(1).kind === 'string' || ['+', '-'].includes(cursor.ahead(1).text))) return parseInterval(cursor);
  if (text === 'exists' && opens) {
    cursor.take();
    return { kind: 'exists', at, query: cursor.bracketed(() => cursor.query(cursor)) };
  }
  if (text === 'array' && cursor.ahead(1).text === '[') return parseArray(cursor, parse);
  if (text === 'row' && opens) {
    cursor.take();
    return { kind: 'row', at, items: cursor.bracketed(() => cursor.list(() => parse(cursor))) };
  }
  if (bare.has(text)) {
    cursor.take();
    if (opens) cursor.bracketed(() => cursor.take());
    return call(at, text, []);
  }
  return typed.has(text) ? parseTyped(cursor) : null;
}

/** A call with nothing but its arguments. */
export function call(at: number, name: string, args: readonly Expression[]): Expression {
  return { kind: 'call', at, name, args, star: false, distinct: false, orderBy: [], filter: null, nulls: null, over: null };
}

function parseTyped(cursor: Cursor): Expression | null {
  return cursor.attempt((): Expression | null => {
    const { at } = cursor;
    const ends = cursor.ahead(1).kind === 'string' || cursor.is('double', 'precision') || cursor.ahead(1).text === '(' || cursor.ahead(1).text === 'with';
    if (!ends) return null;
    const { name } = (cursor.ahead(1).text === '(' && cursor.ahead(2).kind !== 'integer') ? { name: '' } : { name: cursor.token.text };
    if (name === '') return null;
    const type: TypeName = parseType(cursor);
    return cursor.token.kind === 'string' ? { kind: 'typed', at, type, value: cursor.string() } : null;
  });
}

function parseInterval(cursor: Cursor): Expression {
  const { at } = cursor.take();
  const sign = cursor.accept('-') ? -1 : (cursor.accept('+'), 1);
  const value = cursor.string();
  const unit = (): string => {
    const { text } = cursor.take();
    if (!units.includes(text)) throw refused(at, `an interval of ${text}`, 'Give it in YEAR, MONTH, DAY, HOUR, MINUTE or SECOND.');
    return text;
  };
  const from = unit();
  return { kind: 'interval', at, sign, value, from, to: cursor.accept('to') ? unit() : null };
}

function parseArray(cursor: Cursor, parse: Parse): Expression {
  const { at } = cursor.take();
  cursor.expect('[');
  const items = cursor.is(']') ? [] : cursor.list(() => parse(cursor));
  cursor.expect(']');
  return { kind: 'array', at, items };
}

function parseCase(cursor: Cursor, parse: Parse, at: number): Expression {
  const of = cursor.is('when') ? null : parse(cursor);
  const whens: { when: Expression; then: Expression }[] = [];
  while (cursor.accept('when')) {
    const when = parse(cursor);
    cursor.expect('then');
    whens.push({ when, then: parse(cursor) });
  }
  const otherwise = cursor.accept('else') ? parse(cursor) : null;
  cursor.expect('end');
  return { kind: 'case', at, of, whens, otherwise };
}

/** `(x, y) -> …`, `(SELECT …)`, `(a, b)` or `(a)`. */
function parseBracket(cursor: Cursor, parse: Parse): Expression {
  const { at } = cursor;
  const lambda = cursor.attempt(() => {
    cursor.take();
    const parameters: Name[] = [];
    while (cursor.token.kind === 'word' || cursor.token.kind === 'quoted') {
      const { text, at: place } = cursor.take();
      parameters.push({ text, at: place });
      if (!cursor.accept(',')) break;
    }
    return cursor.accept(')', '->') ? parameters : null;
  });
  if (lambda !== null) return { kind: 'lambda', at, parameters: lambda, body: parse(cursor) };
  const query = cursor.attempt(() => {
    cursor.take();
    let depth = 0;
    while (cursor.ahead(depth).text === '(' && cursor.ahead(depth).kind === 'operator') depth++;
    const { kind, text } = cursor.ahead(depth);
    if (kind !== 'word' || !['select', 'with', 'values', 'table'].includes(text) || depth > 0) return null;
    const found = cursor.query(cursor);
    cursor.expect(')');
    return found;
  });
  if (query !== null) return { kind: 'subquery', at, query };
  const items = cursor.bracketed(() => cursor.list(() => parse(cursor)));
  const [only] = items;
  return items.length === 1 && only !== undefined ? only : { kind: 'row', at, items };
}

function parseName(cursor: Cursor, parse: Parse): Expression {
  const called = parseCall(cursor, parse);
  if (called !== null) return called;
  const first = cursor.name('an expression');
  if (cursor.accept('->')) return { kind: 'lambda', at: first.at, parameters: [first], body: parse(cursor) };
  const parts = [first];
  while (cursor.accept('.')) parts.push(cursor.name());
  return { kind: 'name', at: first.at, parts };
}
