import type { Call, Expression, SortKey } from './ast.js';
import type { Cursor } from './cursor.js';
import { refused } from './errors.js';
import { parseType } from './parse-type.js';
import { parseSortKeys, parseWindow } from './parse-window.js';

type Parse = (cursor: Cursor) => Expression;

/** A call, with all that may follow one; null where none stands. */
export function parseCall(cursor: Cursor, parse: Parse): Expression | null {
  const { at, kind, text: name } = cursor.token;
  if ((kind !== 'word' && kind !== 'quoted') || cursor.ahead(1).text !== '(' || cursor.ahead(1).kind !== 'operator') return null;
  cursor.take();
  const special = specials[name];
  if (special !== undefined) return cursor.bracketed(() => special(cursor, parse, at));
  cursor.expect('(');
  const distinct = cursor.accept('distinct') || (cursor.accept('all'), false);
  const star = cursor.accept('*');
  const args = star || cursor.is(')') || cursor.is('order') ? [] : cursor.list(() => parse(cursor));
  if (name === 'listagg' && cursor.accept('on', 'overflow')) overflow(cursor, at);
  let orderBy: readonly SortKey[] = cursor.accept('order', 'by') ? parseSortKeys(cursor, parse) : [];
  cursor.expect(')');
  if (cursor.accept('within', 'group')) orderBy = cursor.bracketed(() => (cursor.expect('order', 'by'), parseSortKeys(cursor, parse)));
  const filter = cursor.is('filter', '(') ? (cursor.take(), cursor.bracketed(() => (cursor.expect('where'), parse(cursor)))) : null;
  const nulls = cursor.accept('ignore', 'nulls') ? 'ignore' : cursor.accept('respect', 'nulls') ? 'respect' : null;
  const over: Call['over'] = cursor.accept('over') ? (cursor.is('(') ? parseWindow(cursor, parse) : cursor.name('a window')) : null;
  return { kind: 'call', at, name, args, star, distinct, orderBy, filter, nulls, over };
}

function overflow(cursor: Cursor, at: number): void {
  if (!cursor.accept('error')) throw refused(at, 'listagg with ON OVERFLOW TRUNCATE', 'Texts may have any length here: leave it out, and cut the text with substr.');
}

const specials: Readonly<Record<string, (cursor: Cursor, parse: Parse, at: number) => Expression>> = {
  cast: (cursor, parse, at) => parseCast(cursor, parse, at, false),
  try_cast: (cursor, parse, at) => parseCast(cursor, parse, at, true),
  extract: (cursor, parse, at) => {
    const { text: unit } = cursor.take();
    cursor.expect('from');
    return { kind: 'extract', at, unit, of: parse(cursor) };
  },
  position: (cursor, parse, at) => {
    // The IN of POSITION is not the one that asks for membership.
    const part = parseUpTo(cursor, parse);
    cursor.expect('in');
    return plain(at, 'strpos', [parse(cursor), part]);
  },
  substring: (cursor, parse, at) => {
    const of = parse(cursor);
    if (!cursor.accept('from')) return plain(at, 'substr', [of, ...(cursor.accept(',') ? cursor.list(() => parse(cursor)) : [])]);
    const from = parse(cursor);
    return plain(at, 'substr', cursor.accept('for') ? [of, from, parse(cursor)] : [of, from]);
  },
  trim: (cursor, parse, at) => {
    const side = cursor.accept('leading') ? 'ltrim' : cursor.accept('trailing') ? 'rtrim' : (cursor.accept('both'), 'trim');
    if (cursor.accept('from')) return plain(at, side, [parse(cursor)]);
    const first = parse(cursor);
    if (cursor.accept('from')) return plain(at, side, [parse(cursor), first]);
    return plain(at, side, cursor.accept(',') ? [first, parse(cursor)] : [first]);
  },
  normalize: (cursor, parse, at) => {
    const of = parse(cursor);
    return plain(at, 'normalize', [of, { kind: 'string', at, value: cursor.accept(',') ? cursor.take().text : 'nfc' }]);
  },
  json_value: (cursor, parse, at) => parseJsonPath(cursor, parse, at, 'json_value'),
  json_exists: (cursor, parse, at) => parseJsonPath(cursor, parse, at, 'json_exists'),
  json_query: (cursor, parse, at) => parseJsonPath(cursor, parse, at, 'json_query'),
};

function plain(at: number, name: string, args: readonly Expression[]): Expression {
  return { kind: 'call', at, name, args, star: false, distinct: false, orderBy: [], filter: null, nulls: null, over: null };
}

function parseCast(cursor: Cursor, parse: Parse, at: number, isTry: boolean): Expression {
  const of = parse(cursor);
  cursor.expect('as');
  return { kind: 'cast', at, try: isTry, of, type: parseType(cursor) };
}

/** A value before IN, which may be no predicate: a text, a name or something in brackets. */
function parseUpTo(cursor: Cursor, parse: Parse): Expression {
  if (cursor.token.kind === 'string') return { kind: 'string', at: cursor.at, value: cursor.take().text };
  if (cursor.is('(')) return cursor.bracketed(() => parse(cursor));
  const called = parseCall(cursor, parse);
  if (called !== null) return called;
  const parts = [cursor.name()];
  while (cursor.accept('.')) parts.push(cursor.name());
  return { kind: 'name', at: parts[0]?.at ?? 0, parts };
}

function parseJsonPath(cursor: Cursor, parse: Parse, at: number, name: 'json_value' | 'json_exists' | 'json_query'): Expression {
  const of = parse(cursor);
  cursor.expect(',');
  const path = cursor.string();
  const returning = cursor.accept('returning') ? parseType(cursor) : null;
  if (!cursor.is(')')) throw refused(cursor.at, `${cursor.token.text.toUpperCase()} in ${name}`, 'Give the path and RETURNING only: nothing there and an error are NULL then.');
  return { kind: 'jsonPath', at, name, of, path, returning };
}
