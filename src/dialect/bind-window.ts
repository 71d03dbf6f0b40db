import type { Bound, Call, SortKey, Window } from './ast.js';
import { coerce } from './convert.js';
import { invalid, refused } from './errors.js';
import type { Env, Typed } from './scope.js';
import { bigint, commonType, double } from './types.js';

/** `ORDER BY` keys of a window or an aggregate; nulls have their place as Trino has it. */
export function sortKeys(keys: readonly SortKey[], bind: (key: SortKey['key']) => string): string {
  return keys.map(({ key, descending, nullsFirst }) => `${bind(key)}${descending ? ' DESC' : ''} NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`).join(', ');
}

/** What stands in the brackets of OVER. */
export function windowSpec(window: Window, env: Env): string {
  const bind = (key: SortKey['key']): Typed => env.context.bind(key, env);
  const parts: string[] = [];
  if (window.base !== null) parts.push(baseOf(window.base, env));
  if (window.partitionBy.length > 0) parts.push(`PARTITION BY ${window.partitionBy.map((key) => bind(key).sql).join(', ')}`);
  const measured = window.frame?.unit === 'range' && (window.frame.start.by ?? window.frame.end?.by ?? null) !== null;
  const key = (each: SortKey['key']): string => {
    const { sql, type } = bind(each);
    return measured && type.kind === 'date' ? `CAST(${sql} AS TIMESTAMP)` : sql;
  };
  if (window.orderBy.length > 0) parts.push(`ORDER BY ${sortKeys(window.orderBy, key)}`);
  const { frame } = window;
  if (frame !== null) parts.push(`${frame.unit.toUpperCase()} ${frame.end === null ? bound(frame.start, env) : `BETWEEN ${bound(frame.start, env)} AND ${bound(frame.end, env)}`}`);
  return parts.join(' ');
}

function baseOf({ text, at }: { readonly text: string; readonly at: number }, env: Env): string {
  const found = env.windows.get(text.toLowerCase());
  if (found === undefined) throw invalid(at, `there is no window ${text}`);
  return found;
}

function bound({ kind, by }: Bound, env: Env): string {
  return by === null ? kind.toUpperCase() : `${env.context.bind(by, env).sql} ${kind.toUpperCase()}`;
}

/** ` OVER (…)`, or nothing. */
export function over(call: Call, env: Env): string {
  if (call.over === null) return '';
  if ('text' in call.over) return ` OVER (${baseOf(call.over, env)})`;
  return ` OVER (${windowSpec(call.over, env)})`;
}

const ranks = new Map([['row_number', bigint], ['rank', bigint], ['dense_rank', bigint], ['ntile', bigint], ['percent_rank', double], ['cume_dist', double]]);
const values = ['lag', 'lead', 'first_value', 'last_value', 'nth_value'];

export const windowFunctions: readonly string[] = [...ranks.keys(), ...values];

/** A function that only a window has. */
export function windowCall(call: Call, args: readonly Typed[], env: Env): Typed {
  const { at, name } = call;
  if (call.over === null) throw invalid(at, `${name} needs OVER (…)`);
  if (call.distinct || call.filter !== null) throw refused(at, `${name} with DISTINCT or FILTER`, 'Filter in a subquery before.');
  const type = ranks.get(name);
  if (type !== undefined) return { sql: `${name}(${args.map((each) => coerce(at, each, bigint).sql).join(', ')})${over(call, env)}`, type, isNumber: true };
  const [of, place, fallback] = args;
  if (of === undefined) throw invalid(at, `${name} has no argument`);
  const common = fallback === undefined ? of.type : commonType(of.type, fallback.type);
  if (common === null) throw invalid(at, `the default of ${name} is of another type`);
  const more = [...(place === undefined ? [] : [coerce(at, place, bigint).sql]), ...(fallback === undefined ? [] : [coerce(at, fallback, common).sql])];
  return { sql: `${name}(${[coerce(at, of, common).sql, ...more].join(', ')}${call.nulls === 'ignore' ? ' IGNORE NULLS' : ''})${over(call, env)}`, type: common };
}
