import { identifier } from '../lake/sql.js';
import type { Body, Expression, GroupingElement, Query, Select, SetOperation, SortKey, Values } from './ast.js';
import { bindRelation } from './bind-relation.js';
import { windowSpec } from './bind-window.js';
import { coerce } from './convert.js';
import { invalid, refused } from './errors.js';
import { endsWith, Scope, type Bound, type BoundQuery, type Context, type Ctes, type Env, type Typed } from './scope.js';
import { bigint, boolean, commonType, sameType, show, type Type } from './types.js';
import { unified } from './unified.js';

interface Item extends Typed {
  readonly name: string | null;
}

/** A SELECT, and what ORDER BY of it may name. */
interface Ordered {
  readonly sql: string;
  readonly columns: BoundQuery['columns'];
  key(key: SortKey): string;
}

/** Binds a query with its WITH, ORDER BY and LIMIT; its columns are called c0, c1, …. */
export function bindQuery(context: Context, query: Query, outer: Scope | null, ctes: Ctes): BoundQuery {
  const known = new Map(ctes);
  const withs = query.ctes.map((cte) => {
    const name = context.alias();
    const found = query.recursive ? recursive(context, cte, outer, known, name) : context.query(cte.query, outer, known);
    known.set(cte.name.text.toLowerCase(), { sql: name, columns: named(found.columns, cte) });
    return `${name}(${found.columns.map(({ sql }) => sql).join(', ')}) AS (${found.sql})`;
  });
  const body = bindBody(context, query.body, outer, known);
  const order = query.orderBy.map((each) => body.key(each));
  const tail = [...(order.length === 0 ? [] : [`ORDER BY ${order.join(', ')}`]), ...limits(context, query, known)].join(' ');
  const head = withs.length === 0 ? '' : `WITH ${query.recursive ? 'RECURSIVE ' : ''}${withs.join(', ')} `;
  if (query.withTies) return { sql: `${head}${tied(query, body, order)}`, columns: body.columns };
  return { sql: `${head}${body.sql}${tail === '' ? '' : ` ${tail}`}`, columns: body.columns };
}

function named(columns: BoundQuery['columns'], { name, columns: names }: Query['ctes'][number]): BoundQuery['columns'] {
  if (names !== null && names.length !== columns.length) throw invalid(name.at, `${name.text} names ${names.length} columns, and there are ${columns.length}`);
  return columns.map((column, index) => ({ ...column, name: names?.[index]?.text.toLowerCase() ?? column.name }));
}

/** The first part of a union decides about the types of a query that names itself. */
function recursive(context: Context, cte: Query['ctes'][number], outer: Scope | null, ctes: Ctes, name: string): BoundQuery {
  const { body } = cte.query;
  if (body.kind !== 'set' || body.operator !== 'union') return context.query(cte.query, outer, ctes);
  const first = bindBody(context, body.left, outer, ctes);
  const own = new Map([...ctes, [cte.name.text.toLowerCase(), { sql: name, columns: named(first.columns, cte) }]]);
  const second = asTypes(body.right.at, bindBody(context, body.right, outer, own), first.columns.map(({ type }) => type), context);
  return { sql: `(${first.sql}) UNION ${body.all ? 'ALL ' : ''}(${second})`, columns: first.columns };
}

function limits(context: Context, { limit, offset, withTies }: Query, ctes: Ctes): string[] {
  const number = (each: Expression): string => coerce(each.at, context.bind(each, emptyEnv(context, ctes)), bigint).sql;
  return [...(limit === null || withTies ? [] : [`LIMIT ${number(limit)}`]), ...(offset === null ? [] : [`OFFSET ${number(offset)}`])];
}

function emptyEnv(context: Context, ctes: Ctes): Env {
  return { context, scope: new Scope([]), ctes, windows: new Map(), depth: 0, lifted: null };
}

/** Rows that are equal to the last one in all keys come too. */
function tied(query: Query, body: Ordered, order: readonly string[]): string {
  if (query.offset !== null || query.limit?.kind !== 'integer' || order.length === 0) throw refused(query.at, 'FETCH … WITH TIES without ORDER BY, or with OFFSET', 'Filter by rank() in a subquery.');
  const keys = order.map((key) => {
    const place = /^(\d+)( .*)?$/.exec(key);
    if (place === null) throw refused(query.at, 'FETCH … WITH TIES ordered by what is not selected', 'Select the keys of ORDER BY.');
    return `c${Number(place[1]) - 1}${place[2] ?? ''}`;
  });
  return `SELECT ${body.columns.map(({ sql }) => sql).join(', ')} FROM (SELECT *, rank() OVER (ORDER BY ${keys.join(', ')}) AS place FROM (${body.sql}) AS q) AS q WHERE place <= ${query.limit.value} ORDER BY place`;
}

function bindBody(context: Context, body: Body, outer: Scope | null, ctes: Ctes): Ordered {
  switch (body.kind) {
    case 'select':
      return bindSelect(context, body, outer, ctes);
    case 'values':
      return values(context, body, outer, ctes);
    case 'nested': {
      const found = context.query(body.query, outer, ctes);
      return byOutput(`(${found.sql})`, found.columns);
    }
    case 'set':
      return setOperation(context, body, outer, ctes);
  }
}

function direction({ descending, nullsFirst }: SortKey): string {
  return `${descending ? ' DESC' : ''} NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`;
}

/** A body whose ORDER BY may only name what comes out. */
function byOutput(sql: string, columns: BoundQuery['columns']): Ordered {
  return {
    sql,
    columns,
    key: (sort) => {
      const place = placeOf(sort.key, columns);
      if (place === null) throw refused(sort.key.at, 'an ORDER BY of a union by something computed', 'Order by a column or its number, or around it: SELECT … FROM (…) ORDER BY ….');
      return `${place}${direction(sort)}`;
    },
  };
}

/** Which output column a key names, from 1. */
function placeOf(key: Expression, columns: readonly { readonly name: string | null }[]): number | null {
  if (key.kind === 'integer') {
    const place = Number(key.value);
    if (place < 1 || place > columns.length) throw invalid(key.at, `there is no column ${place}: ${columns.length} are selected`);
    return place;
  }
  if (key.kind !== 'name' || key.parts.length > 1) return null;
  const name = key.parts[0]?.text.toLowerCase();
  const places = columns.flatMap((column, index) => (column.name?.toLowerCase() === name ? [index + 1] : []));
  if (places.length > 1) throw invalid(key.at, `the column ${name ?? ''} is ambiguous`);
  return places[0] ?? null;
}

function setOperation(context: Context, { at, operator, all, left, right }: SetOperation, outer: Scope | null, ctes: Ctes): Ordered {
  const [a, b] = [bindBody(context, left, outer, ctes), bindBody(context, right, outer, ctes)];
  if (a.columns.length !== b.columns.length) throw invalid(at, `${operator.toUpperCase()} of ${a.columns.length} columns and ${b.columns.length}`);
  const types = a.columns.map(({ type, name }, index) => {
    const common = commonType(type, b.columns[index]!.type);
    if (common === null) throw invalid(at, `column ${name ?? index + 1} of ${operator.toUpperCase()} is ${show(type)} and ${show(b.columns[index]!.type)}`, 'Cast one of them.');
    return common;
  });
  const columns = a.columns.map((column, index) => ({ ...column, type: types[index]! }));
  return byOutput(`(${asTypes(at, a, types, context)}) ${operator.toUpperCase()}${all ? ' ALL' : ''} (${asTypes(at, b, types, context)})`, columns);
}

function asTypes(at: number, { sql, columns }: Ordered, types: readonly Type[], context: Context): string {
  if (columns.every(({ type }, index) => sameType(type, types[index]!))) return sql;
  const alias = context.alias();
  return `SELECT ${columns.map((column, index) => `${coerce(at, { sql: `${alias}.${column.sql}`, type: column.type }, types[index]!).sql} AS ${column.sql}`).join(', ')} FROM (${sql}) AS ${alias}`;
}

function values(context: Context, { at, rows }: Values, outer: Scope | null, ctes: Ctes): Ordered {
  const env: Env = { ...emptyEnv(context, ctes), scope: new Scope([], outer) };
  const bound = rows.map((row) => row.map((each) => context.bind(each, env)));
  const width = bound[0]?.length ?? 0;
  if (bound.some((row) => row.length !== width)) throw invalid(at, 'the rows of VALUES have different numbers of columns');
  const columns = Array.from({ length: width }, (_, index) => unified(at, bound.map((row) => row[index]!)));
  const lines = bound.map((_row, line) => `(${columns.map((column) => column[line]!.sql).join(', ')})`);
  const alias = context.alias();
  return byOutput(`SELECT * FROM (VALUES ${lines.join(', ')}) AS ${alias}(${columns.map((_column, index) => `c${index}`).join(', ')})`, columns.map((column, index) => ({ name: null, sql: `c${index}`, type: column[0]!.type })));
}

function bindSelect(context: Context, select: Select, outer: Scope | null, ctes: Ctes): Ordered {
  const base: Env = { ...emptyEnv(context, ctes), scope: new Scope([], outer) };
  const from = select.from === null ? null : bindRelation(select.from, base, null);
  const scope = new Scope(from?.columns ?? [], outer);
  const windows = new Map<string, string>();
  const env: Env = { ...base, scope, windows };
  for (const { name, window } of select.windows) windows.set(name.text.toLowerCase(), windowSpec(window, env));
  const items = select.items.flatMap((item) => (item.kind === 'star' ? star(item.at, item.of.map(({ text }) => text.toLowerCase()), from) : [{ ...context.bind(item.expression, env), name: item.alias?.text ?? ownName(item.expression) }]));
  const parts = [`SELECT ${select.distinct ? 'DISTINCT ' : ''}${items.map(({ sql }, index) => `${sql} AS c${index}`).join(', ')}`];
  if (from !== null) parts.push(`FROM ${from.sql}`);
  if (select.where !== null) parts.push(`WHERE ${coerce(select.where.at, context.bind(select.where, env), boolean).sql}`);
  if (select.groupBy !== null) parts.push(`GROUP BY ${select.groupBy.map((element) => grouping(element, items, env)).join(', ')}`);
  if (select.having !== null) parts.push(`HAVING ${coerce(select.having.at, context.bind(select.having, env), boolean).sql}`);
  const columns = items.map(({ name, type }, index) => ({ name, type, sql: `c${index}` }));
  return { sql: parts.join(' '), columns, key: (sort) => selectKey(sort, items, env) };
}

/** Trino calls a column by its alias or its own name. */
function ownName(expression: Expression): string | null {
  if (expression.kind === 'name') return expression.parts.at(-1)?.text ?? null;
  return expression.kind === 'field' ? expression.name.text : null;
}

function star(at: number, of: readonly string[], from: Bound | null): Item[] {
  const found = (from?.columns ?? []).filter((column) => (of.length === 0 ? column.hidden !== true : endsWith(column.qualifier, of)));
  if (found.length === 0) throw invalid(at, of.length === 0 ? 'SELECT * without FROM' : `there is no table ${of.join('.')}`);
  return found;
}

function grouping(element: GroupingElement, items: readonly Item[], env: Env): string {
  const key = (each: Expression): string => {
    if (each.kind !== 'integer') return env.context.bind(each, env).sql;
    const found = items[Number(each.value) - 1];
    if (found === undefined) throw invalid(each.at, `there is no column ${each.value}: ${items.length} are selected`);
    return found.sql;
  };
  if (element.kind === 'key') return key(element.key);
  const sets = element.sets.map((set) => `(${set.map(key).join(', ')})`).join(', ');
  return element.kind === 'sets' ? `GROUPING SETS (${sets})` : `${element.kind.toUpperCase()} (${sets})`;
}

/** ORDER BY sees what comes out first, then the tables' columns. */
function selectKey(sort: SortKey, items: readonly Item[], env: Env): string {
  const place = placeOf(sort.key, items);
  if (place !== null) return `${place}${direction(sort)}`;
  const aliases = new Map(items.flatMap((item) => (item.name === null ? [] : [[item.name.toLowerCase(), item] as const])));
  const direct = sort.key.kind === 'name' && sort.key.parts.length > 1;
  const bound = env.context.bind(sort.key, direct ? env : { ...env, scope: env.scope.withLambda(aliases) });
  const same = items.findIndex(({ sql }) => sql === bound.sql);
  return `${same < 0 ? bound.sql : same + 1}${direction(sort)}`;
}

export function outputName(name: string | null, index: number): string {
  return identifier(name ?? `_col${index}`);
}
