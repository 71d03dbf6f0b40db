import { identifier } from '../lake/sql.js';
import { arithmetic, compare, concatenate, negated } from './arithmetic.js';
import type { Expression, Name, Query, TypeName } from './ast.js';
import { bindCall, outside } from './bind-call.js';
import { literal, typedLiteral } from './literals.js';
import { castTo, coerce, text } from './convert.js';
import { invalid, refused } from './errors.js';
import { unified } from './unified.js';
import { extractPart } from './functions/time.js';
import { jsonPathCall } from './functions/json.js';
import { atZone } from './functions/zones.js';
import type { BoundQuery, Env, Typed } from './scope.js';
import { array, boolean, duckType, fieldName, isFloating, show, typeOf, unknown, varchar, type Type } from './types.js';

/** What an expression is in DuckDB, and its type in Trino. @throws DialectError for what it can't be */
export function bindExpression(expression: Expression, env: Env): Typed {
  const { at } = expression;
  const bind = (each: Expression): Typed => bindExpression(each, env);
  switch (expression.kind) {
    case 'null':
    case 'boolean':
    case 'string':
    case 'hex':
    case 'integer':
    case 'decimal':
    case 'double':
    case 'interval':
      return literal(expression);
    case 'typed':
      return typedLiteral(at, typeOf(expression.type), expression.type, expression.value);
    case 'parameter':
      return parameter(at, expression.value, env);
    case 'name':
      return named(expression.parts, env);
    case 'field':
      return field(bind(expression.of), expression.name);
    case 'subscript':
      return subscript(at, bind(expression.of), bind(expression.index));
    case 'unary':
      return unary(at, expression.operator, bind(expression.of));
    case 'binary':
      return binary(expression, bind);
    case 'case':
      return conditional(expression, bind);
    case 'cast': {
      const of = bind(expression.of);
      const done = fitted(castTo(at, of, typeOf(expression.type)), of.type, expression.type);
      return expression.try ? { ...done, sql: `TRY(${done.sql})` } : done;
    }
    case 'extract':
      return extractPart(at, expression.unit, bind(expression.of));
    case 'zone':
      return atZone(at, bind(expression.of), bind(expression.zone));
    case 'array':
      return list(at, expression.items.map(bind));
    case 'row':
      return row(expression.items.map(bind));
    case 'lambda':
      throw invalid(at, 'a lambda stands only in a call that takes one');
    case 'call':
      return bindCall(expression, env);
    case 'jsonPath':
      return jsonPathCall(expression, bind(expression.of), expression.returning === null ? null : typeOf(expression.returning));
    default:
      return predicate(expression, env, bind);
  }
}

type Predicate = Extract<Expression, { kind: 'distinct' | 'isNull' | 'between' | 'inList' | 'inQuery' | 'like' | 'quantified' | 'subquery' | 'exists' }>;

function predicate(expression: Predicate, env: Env, bind: (each: Expression) => Typed): Typed {
  const { at } = expression;
  const not = (typed: Typed): Typed => ('not' in expression && expression.not ? { sql: `(NOT ${typed.sql})`, type: boolean } : typed);
  const query = (each: Query): BoundQuery => env.context.query(each, env.scope, env.ctes);
  switch (expression.kind) {
    case 'isNull':
      return { sql: `(${bind(expression.of).sql} IS ${expression.not ? 'NOT ' : ''}NULL)`, type: boolean };
    case 'distinct': {
      const [a, b] = pair(at, bind(expression.left), bind(expression.right));
      return { sql: `(${a.sql} IS ${expression.not ? 'NOT ' : ''}DISTINCT FROM ${b.sql})`, type: boolean };
    }
    case 'between': {
      const of = bind(expression.of);
      return not({ sql: `(${compare(at, '>=', of, bind(expression.low)).sql} AND ${compare(at, '<=', of, bind(expression.high)).sql})`, type: boolean });
    }
    case 'inList': {
      const [of, ...items] = unified(at, [bind(expression.of), ...expression.list.map(bind)]);
      return not({ sql: `(${of!.sql} IN (${items.map(({ sql }) => sql).join(', ')}))`, type: boolean });
    }
    case 'inQuery': {
      const found = query(expression.query);
      const [of, column] = pair(at, bind(expression.of), only(at, found));
      return not({ sql: `(${of.sql} IN (SELECT ${column.sql} FROM (${found.sql}) AS q))`, type: boolean });
    }
    case 'like':
      return not(like(at, bind(expression.of), bind(expression.pattern), expression.escape === null ? null : bind(expression.escape)));
    case 'quantified': {
      const found = query(expression.query);
      const [left, column] = pair(at, bind(expression.left), only(at, found));
      return { sql: `(${left.sql} ${expression.operator} ${expression.all ? 'ALL' : 'ANY'} (SELECT ${column.sql} FROM (${found.sql}) AS q))`, type: boolean };
    }
    case 'subquery': {
      return outside(env, () => {
        const found = query(expression.query);
        return { sql: `(${found.sql})`, type: only(at, found).type };
      });
    }
    case 'exists':
      return outside(env, () => ({ sql: `EXISTS (${query(expression.query).sql})`, type: boolean }));
  }
}

/** A text is cut to the length of `varchar(n)`; what else is longer fails. */
function fitted(typed: Typed, from: Type, { name, numbers }: TypeName): Typed {
  const [length] = numbers;
  if (name !== 'varchar' || length === undefined) return typed;
  return { ...typed, sql: from.kind === 'varchar' ? `left(${typed.sql}, ${length})` : `tr_fitting(${typed.sql}, ${length})` };
}

function only(at: number, { columns }: BoundQuery): Typed {
  const [column] = columns;
  if (column === undefined || columns.length > 1) throw invalid(at, `the subquery has ${columns.length} columns, and one is wanted`);
  return { sql: `q.${identifier(column.sql)}`, type: column.type };
}

function pair(at: number, left: Typed, right: Typed): [Typed, Typed] {
  const [a, b] = unified(at, [left, right]);
  return [a!, b!];
}

function parameter(at: number, name: string, { context }: Env): Typed {
  const type = context.parameters.get(name.toLowerCase());
  if (type === undefined) throw invalid(at, `the SQL uses $${name}, which has no value`, 'The command line gives values to $since and $until (--since, --until), the library to any name.');
  context.usedParameters.add(name);
  return { sql: `CAST($${name} AS ${duckType(type)})`, type };
}

function named(parts: readonly Name[], { scope }: Env): Typed {
  const found = scope.find(parts);
  const names = parts.map(({ text: each }) => each).join('.');
  if (found === null) throw invalid(parts[0]?.at ?? 0, `there is no column ${names}`, 'An alias of SELECT can be used in ORDER BY only.');
  return found.fields.reduce(field, found.found);
}

function field(of: Typed, name: Name): Typed {
  if (of.type.kind !== 'row') throw invalid(name.at, `${show(of.type)} has no field ${name.text}`);
  const { fields } = of.type;
  const index = fields.findIndex((each) => each.name?.toLowerCase() === name.text.toLowerCase());
  const found = fields[index];
  if (found === undefined) throw invalid(name.at, `the row has no field ${name.text}: ${show(of.type)}`);
  return { sql: `(${of.sql}).${identifier(fieldName(fields, index))}`, type: found.type };
}

function subscript(at: number, of: Typed, index: Typed): Typed {
  if (of.type.kind === 'array') return { sql: `tr_item(${of.sql}, ${coerce(at, index, { kind: 'bigint' }).sql})`, type: of.type.of };
  if (of.type.kind === 'map') return { sql: `tr_map_item(${of.sql}, ${coerce(at, index, of.type.key).sql})`, type: of.type.value };
  const place = Number(index.constant);
  const found = of.type.kind === 'row' ? of.type.fields[place - 1] : undefined;
  if (of.type.kind !== 'row' || found === undefined) throw invalid(at, `${show(of.type)} has no element ${index.sql}`);
  return { sql: `(${of.sql}).${identifier(fieldName(of.type.fields, place - 1))}`, type: found.type };
}

function unary(at: number, operator: '-' | '+' | 'not', of: Typed): Typed {
  if (operator === '-') return negated(at, of);
  if (operator === '+') return of;
  return { sql: `(NOT ${coerce(at, of, boolean).sql})`, type: boolean };
}

function binary(expression: Extract<Expression, { kind: 'binary' }>, bind: (each: Expression) => Typed): Typed {
  const { at, operator } = expression;
  const [left, right] = [bind(expression.left), bind(expression.right)];
  switch (operator) {
    case 'and':
    case 'or':
      return { sql: `(${coerce(at, left, boolean).sql} ${operator.toUpperCase()} ${coerce(at, right, boolean).sql})`, type: boolean };
    case '||':
      return concatenate(at, left, right);
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return arithmetic(at, operator, left, right);
    default:
      return compare(at, operator, left, right);
  }
}

function conditional({ at, of, whens, otherwise }: Extract<Expression, { kind: 'case' }>, bind: (each: Expression) => Typed): Typed {
  const subject = of === null ? null : bind(of);
  const conditions = whens.map(({ when }) => (subject === null ? coerce(at, bind(when), boolean) : compare(at, '=', subject, bind(when))).sql);
  const results = unified(at, [...whens.map(({ then }) => bind(then)), otherwise === null ? { sql: 'NULL', type: unknown } : bind(otherwise)]);
  const last = results.at(-1)!;
  const parts = conditions.map((condition, index) => `WHEN ${condition} THEN ${results[index]!.sql}`);
  return { sql: `CASE ${parts.join(' ')} ELSE ${last.sql} END`, type: last.type, ...(isFloating(last.type) ? { isNumber: results.every((each) => each.isNumber === true) } : {}) };
}

function list(at: number, items: readonly Typed[]): Typed {
  const same = unified(at, items);
  const of = same[0]?.type ?? unknown;
  return { sql: same.length === 0 ? '[]' : `[${same.map(({ sql }) => sql).join(', ')}]`, type: array(of) };
}

function row(items: readonly Typed[]): Typed {
  const fields = items.map(({ type }) => ({ name: null, type }));
  return { sql: `struct_pack(${items.map(({ sql }, index) => `${identifier(fieldName(fields, index))} := ${sql}`).join(', ')})`, type: { kind: 'row', fields } };
}

/** Without ESCAPE no character escapes another. */
function like(at: number, of: Typed, pattern: Typed, escape: Typed | null): Typed {
  const [subject, wanted] = [coerce(at, of, varchar).sql, coerce(at, pattern, varchar).sql];
  if (escape === null) return { sql: `(${subject} LIKE ${wanted})`, type: boolean };
  if (typeof escape.constant !== 'string' || escape.constant.length !== 1) throw refused(at, 'LIKE with an ESCAPE that is not one constant character', "Write it out: ESCAPE '!'.");
  return { sql: `(${subject} LIKE ${wanted} ESCAPE ${text(escape.constant)})`, type: boolean };
}
