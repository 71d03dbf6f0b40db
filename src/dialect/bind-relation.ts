import { identifier } from '../lake/sql.js';
import { compare } from './arithmetic.js';
import type { Alias, Expression, Relation } from './ast.js';
import { coerce } from './convert.js';
import { invalid, refused } from './errors.js';
import { Scope, type Bound, type Column, type Env, type Typed } from './scope.js';
import { bigint, boolean, fieldName, show, type Type } from './types.js';
import { unified } from './unified.js';

/** What a relation of FROM is in DuckDB. @param left what stands before it, which LATERAL and UNNEST see */
export function bindRelation(relation: Relation, env: Env, left: Bound | null): Bound {
  switch (relation.kind) {
    case 'table':
      return table(relation, env);
    case 'derived': {
      const alias = env.context.alias();
      const outer = relation.lateral ? new Scope(left?.columns ?? [], env.scope.outer) : env.scope.outer;
      const { sql, columns } = env.context.query(relation.query, outer, env.ctes);
      return renamed({ sql: `${relation.lateral ? 'LATERAL ' : ''}(${sql}) AS ${alias}`, columns: columns.map((column) => ({ ...column, sql: `${alias}.${identifier(column.sql)}`, qualifier: [] })) }, relation.alias);
    }
    case 'unnest':
      return unnest(relation, env, left, false);
    case 'join':
      return join(relation, env, left);
  }
}

function table({ parts, alias, at }: Extract<Relation, { kind: 'table' }>, env: Env): Bound {
  const names = parts.map(({ text }) => text.toLowerCase());
  const own = env.context.alias();
  const cte = names.length === 1 ? env.ctes.get(names[0]!) : undefined;
  const found = cte ?? env.context.catalog(names);
  if (found === undefined) throw invalid(at, `there is no table ${parts.map(({ text }) => text).join('.')}`, 'Tables have two names: silver.event. SHOW TABLES in the dialect duckdb lists them.');
  const columns = found.columns.map(({ name, sql, type }): Column => ({ name, qualifier: names, type, sql: `${own}.${identifier(sql)}` }));
  return renamed({ sql: `${found.sql} AS ${own}`, columns }, alias);
}

function renamed({ sql, columns }: Bound, alias: Alias | null): Bound {
  if (alias === null) return { sql, columns };
  if (alias.columns !== null && alias.columns.length !== columns.length) throw invalid(alias.name.at, `${alias.name.text} names ${alias.columns.length} columns, and there are ${columns.length}`);
  return { sql, columns: columns.map((column, index) => ({ ...column, name: alias.columns?.[index]?.text.toLowerCase() ?? column.name, qualifier: [alias.name.text.toLowerCase()] })) };
}

function join(relation: Extract<Relation, { kind: 'join' }>, env: Env, before: Bound | null): Bound {
  const { type, at } = relation;
  const left = bindRelation(relation.left, env, before);
  if (relation.right.kind === 'unnest') {
    const isTrue = relation.on === null || (relation.on.kind === 'boolean' && relation.on.value);
    if (!isTrue || relation.using !== null || type === 'right' || type === 'full') throw refused(at, `${type.toUpperCase()} JOIN UNNEST with a condition`, 'Write CROSS JOIN UNNEST, or LEFT JOIN UNNEST(…) ON TRUE, and filter in WHERE or a subquery.');
    return unnest(relation.right, env, left, type === 'left');
  }
  const right = bindRelation(relation.right, env, left);
  if (type === 'cross') return { sql: `${left.sql} CROSS JOIN ${right.sql}`, columns: [...left.columns, ...right.columns] };
  const nested = relation.right.kind === 'join' ? `(${right.sql})` : right.sql;
  const joined = `${left.sql} ${type.toUpperCase()} JOIN ${nested} ON `;
  if (relation.using !== null) return using(relation, joined, left, right);
  const columns = [...left.columns, ...right.columns];
  const on = relation.on as Expression;
  return { sql: `${joined}${coerce(on.at, env.context.bind(on, { ...env, scope: new Scope(columns, env.scope.outer) }), boolean).sql}`, columns };
}

function using({ using: names, type }: Extract<Relation, { kind: 'join' }>, joined: string, left: Bound, right: Bound): Bound {
  const keys: Column[] = [];
  const conditions: string[] = [];
  const hidden = new Set<Column>();
  for (const name of names ?? []) {
    const [a, b] = [left, right].map(({ columns }) => columns.filter((column) => column.name === name.text.toLowerCase() && column.hidden !== true));
    if (a?.length !== 1 || b?.length !== 1) throw invalid(name.at, `${name.text} is no column of both tables`);
    const [x, y] = [a[0]!, b[0]!];
    conditions.push(compare(name.at, '=', x, y).sql);
    const [p, q] = unified(name.at, [x, y]);
    keys.push({ name: x.name, qualifier: [], type: p!.type, sql: type === 'inner' || type === 'left' ? p!.sql : type === 'right' ? q!.sql : `coalesce(${p!.sql}, ${q!.sql})` });
    hidden.add(x).add(y);
  }
  const others = [...left.columns, ...right.columns].map((column) => (hidden.has(column) ? { ...column, hidden: true } : column));
  return { sql: joined + conditions.join(' AND '), columns: [...keys, ...others] };
}

interface Opened {
  readonly list: string;
  readonly columns: readonly { readonly name: string | null; readonly type: Type; readonly of: string }[];
}

/** Elements as rows, beside the row that they are of. Arrays of rows open to their fields, maps to keys and values. */
function unnest(relation: Extract<Relation, { kind: 'unnest' }>, env: Env, left: Bound | null, keep: boolean): Bound {
  const scope = left === null ? (env.scope.outer ?? new Scope([])) : new Scope(left.columns, env.scope.outer);
  const opened = relation.items.flatMap((item) => open(item.at, env.context.bind(item, { ...env, scope })));
  const alias = env.context.alias();
  const lengths = `greatest(${opened.map(({ list }) => `coalesce(len(${list}), 0)`).join(', ')})`;
  const kept = (list: string): string => (keep ? `CASE WHEN ${lengths} = 0 THEN [NULL] ELSE ${list} END` : list);
  const parts = opened.map(({ list }, index) => `unnest(${kept(list)}) AS u${index}`);
  if (relation.ordinality) parts.push(`unnest(${kept(`range(1, CAST(${lengths} AS BIGINT) + 1)`)}) AS ordinality`);
  const mine = left?.columns.map((column, index) => ({ column, name: `l${index}` })) ?? [];
  const select = [...mine.map(({ column, name }) => `${column.sql} AS ${name}`), ...parts].join(', ');
  const columns = opened.flatMap(({ columns: each }, index) => each.map(({ name, type, of }): Column => ({ name, qualifier: [], type, sql: of === '' ? `${alias}.u${index}` : `(${alias}.u${index}).${of}` })));
  if (relation.ordinality) columns.push({ name: 'ordinality', qualifier: [], type: bigint, sql: `${alias}.ordinality` });
  const own = renamed({ sql: '', columns }, relation.alias);
  return { sql: `(SELECT ${select}${left === null ? '' : ` FROM ${left.sql}`}) AS ${alias}`, columns: [...mine.map(({ column, name }) => ({ ...column, sql: `${alias}.${name}` })), ...own.columns] };
}

function open(at: number, { sql, type }: Typed): Opened[] {
  if (type.kind === 'map') {
    return [{ list: `map_keys(${sql})`, columns: [{ name: null, type: type.key, of: '' }] }, { list: `map_values(${sql})`, columns: [{ name: null, type: type.value, of: '' }] }];
  }
  if (type.kind !== 'array') throw invalid(at, `UNNEST of ${show(type)}: it takes arrays and maps`);
  const { of } = type;
  if (of.kind !== 'row') return [{ list: sql, columns: [{ name: null, type: of, of: '' }] }];
  return [{ list: sql, columns: of.fields.map((field, index) => ({ name: field.name, type: field.type, of: identifier(fieldName(of.fields, index)) })) }];
}
