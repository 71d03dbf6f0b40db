import { decimalMean } from './arithmetic.js';
import type { Call } from './ast.js';
import { over, sortKeys } from './bind-window.js';
import { coerce } from './convert.js';
import { invalid, refused } from './errors.js';
import type { Env, Typed } from './scope.js';
import { array, bigint, boolean, decimal, double, duckType, isFloating, isInteger, isNumber, map, show, varchar, type Type } from './types.js';

interface Aggregate {
  readonly call: Call;
  readonly args: readonly Typed[];
  /** `DISTINCT `, or nothing. */
  readonly distinct: string;
  /** ` ORDER BY …`, or nothing. */
  readonly order: string;
  /** FILTER, with a condition more, and OVER. */
  tail(condition?: string): string;
}

type Make = (aggregate: Aggregate) => Typed;

function arg({ call, args }: Aggregate, place = 0): Typed {
  const found = args[place];
  if (found === undefined) throw invalid(call.at, `${call.name} has no argument ${place + 1}`);
  return found;
}

const as = (aggregate: Aggregate, type: Type, place = 0): string => coerce(aggregate.call.at, arg(aggregate, place), type).sql;

/** Aggregates of doubles. */
const doubles = (name: string, arity = 1): Make => (aggregate) => ({
  sql: `${name}(${aggregate.distinct}${Array.from({ length: arity }, (_, place) => as(aggregate, double, place)).join(', ')})${aggregate.tail()}`,
  type: double,
});

/** Where DuckDB says NaN, Trino says NULL. */
const finite = (name: string): Make => (aggregate) => {
  const { sql, type } = doubles(name, 2)(aggregate);
  return { sql: `CASE WHEN isfinite(${sql}) THEN ${sql} END`, type };
};

function sum(aggregate: Aggregate): Typed {
  const { type, sql } = arg(aggregate);
  if (type.kind.startsWith('interval')) throw refused(aggregate.call.at, 'a sum of intervals', 'Sum seconds: date_diff or to_milliseconds.');
  if (type.kind !== 'unknown' && !isNumber(type)) throw invalid(aggregate.call.at, `sum of ${show(type)} is nothing that Trino computes`, 'Cast it to a number.');
  const to: Type = isInteger(type) || type.kind === 'unknown' ? bigint : type.kind === 'decimal' ? decimal(38, type.scale) : type;
  return { sql: `CAST(sum(${aggregate.distinct}${sql})${aggregate.tail()} AS ${duckType(to)})`, type: to };
}

function avg(aggregate: Aggregate): Typed {
  const { type, sql } = arg(aggregate);
  if (type.kind !== 'unknown' && !isNumber(type)) throw invalid(aggregate.call.at, `avg of ${show(type)} is nothing that Trino computes`, 'Cast it to a number.');
  if (type.kind === 'decimal') return { sql: decimalMean(`sum(${aggregate.distinct}${sql})${aggregate.tail()}`, `count(${aggregate.distinct}${sql})${aggregate.tail()}`, type), type };
  return { sql: `avg(${aggregate.distinct}${isFloating(type) ? sql : `CAST(${sql} AS DOUBLE)`})${aggregate.tail()}`, type: type.kind === 'real' ? type : double };
}

const extreme = (name: 'min' | 'max'): Make => (aggregate) => {
  const { type, sql } = arg(aggregate);
  if (['map', 'json', 'opaque'].includes(type.kind)) throw invalid(aggregate.call.at, `${name} of ${show(type)} is nothing that Trino computes`);
  if (aggregate.args.length === 1) return { sql: `${name}(${sql})${aggregate.tail()}`, type };
  return { sql: `${name}(${sql}, ${as(aggregate, bigint, 1)})${aggregate.tail(`${sql} IS NOT NULL`)}`, type: array(type) };
};

const by = (name: 'min' | 'max'): Make => (aggregate) => {
  const [x, y] = [arg(aggregate), arg(aggregate, 1)];
  if (aggregate.args.length === 2) return { sql: `arg_${name}_null(${x.sql}, ${y.sql})${aggregate.tail(`${y.sql} IS NOT NULL`)}`, type: x.type };
  if (aggregate.call.over !== null) throw refused(aggregate.call.at, `${name}_by of several in a window`, 'Number the rows, and array_agg those that are wanted.');
  const direction = name === 'max' ? ' DESC' : '';
  return { sql: `list_slice(list(${x.sql} ORDER BY ${y.sql}${direction})${aggregate.tail(`${y.sql} IS NOT NULL`)}, 1, ${as(aggregate, bigint, 2)})`, type: array(x.type) };
};

function percentile(aggregate: Aggregate): Typed {
  const { at } = aggregate.call;
  if (aggregate.args.length > 2) throw refused(at, 'approx_percentile with weights or an accuracy', 'Give the value and the percentage: percentiles are exact here.');
  const { type, sql } = arg(aggregate);
  if (!isNumber(type)) throw invalid(at, `approx_percentile of ${show(type)} is nothing that Trino computes`);
  const share = arg(aggregate, 1);
  const of = type.kind === 'decimal' || isFloating(type) ? coerce(at, arg(aggregate), type.kind === 'real' ? type : double) : coerce(at, arg(aggregate), bigint);
  const result = isInteger(type) ? type : of.type;
  const value = isInteger(type) ? sql : of.sql;
  const many = share.type.kind === 'array';
  return { sql: `quantile_disc(${value}, ${coerce(at, share, many ? array(double) : double).sql})${aggregate.tail()}`, type: many ? array(result) : result };
}

function list(aggregate: Aggregate): Typed {
  return { sql: `list(${aggregate.distinct}${arg(aggregate).sql}${aggregate.order})${aggregate.tail()}`, type: array(arg(aggregate).type) };
}

const entries = (macro: string, type: (key: Type, value: Type) => Type): Make => (aggregate) => {
  const [key, value] = [arg(aggregate), arg(aggregate, 1)];
  return { sql: `${macro}(list({k: ${key.sql}, v: ${value.sql}}${aggregate.order})${aggregate.tail(`${key.sql} IS NOT NULL`)})`, type: type(key.type, value.type) };
};

function listagg(aggregate: Aggregate): Typed {
  const separator = aggregate.args.length > 1 ? as(aggregate, varchar, 1) : "''";
  return { sql: `string_agg(${aggregate.distinct}${as(aggregate, varchar)}, ${separator}${aggregate.order})${aggregate.tail()}`, type: varchar };
}

function count(aggregate: Aggregate): Typed {
  const { call, args, distinct } = aggregate;
  if (call.star || args.length === 0) return { sql: `count(*)${aggregate.tail()}`, type: bigint };
  return { sql: `count(${distinct}${arg(aggregate).sql})${aggregate.tail()}`, type: bigint };
}

const truth = (name: string): Make => (aggregate) => ({ sql: `${name}(${as(aggregate, boolean)})${aggregate.tail()}`, type: boolean });

const makes: Readonly<Record<string, Make>> = {
  count, sum, avg, min: extreme('min'), max: extreme('max'), min_by: by('min'), max_by: by('max'), array_agg: list, listagg,
  count_if: (aggregate) => ({ sql: `count(*)${aggregate.tail(as(aggregate, boolean))}`, type: bigint }),
  arbitrary: (aggregate) => ({ sql: `any_value(${arg(aggregate).sql})${aggregate.tail()}`, type: arg(aggregate).type }),
  any_value: (aggregate) => ({ sql: `any_value(${arg(aggregate).sql})${aggregate.tail()}`, type: arg(aggregate).type }),
  bool_and: truth('bool_and'), every: truth('bool_and'), bool_or: truth('bool_or'),
  map_agg: entries('tr_map_agg', map),
  multimap_agg: entries('tr_multimap', (key, value) => map(key, array(value))),
  histogram: (aggregate) => {
    const { sql, type } = arg(aggregate);
    return { sql: `CAST(histogram(${sql})${aggregate.tail(`${sql} IS NOT NULL`)} AS ${duckType(map(type, bigint))})`, type: map(type, bigint) };
  },
  approx_distinct: (aggregate) => ({ sql: `count(DISTINCT ${arg(aggregate).sql})${aggregate.tail()}`, type: bigint }),
  approx_percentile: percentile,
  stddev: doubles('stddev_samp'), stddev_samp: doubles('stddev_samp'), stddev_pop: doubles('stddev_pop'), variance: doubles('var_samp'), var_samp: doubles('var_samp'), var_pop: doubles('var_pop'),
  corr: finite('corr'), covar_samp: doubles('covar_samp', 2), covar_pop: doubles('covar_pop', 2), regr_slope: finite('regr_slope'), regr_intercept: finite('regr_intercept'),
  geometric_mean: (aggregate) => ({ sql: `exp(avg(tr_ln(${as(aggregate, double)}))${aggregate.tail()})`, type: double }),
  bitwise_and_agg: (aggregate) => ({ sql: `bit_and(${as(aggregate, bigint)})${aggregate.tail()}`, type: bigint }),
  bitwise_or_agg: (aggregate) => ({ sql: `bit_or(${as(aggregate, bigint)})${aggregate.tail()}`, type: bigint }),
  checksum: (aggregate) => ({ sql: `CASE WHEN count(*)${aggregate.tail()} > 0 THEN 1 END`, type: { kind: 'opaque', name: 'checksum' } }),
};

export const aggregateFunctions: readonly string[] = Object.keys(makes);

/** An aggregate, over groups or a window. */
export function aggregateCall(call: Call, args: readonly Typed[], env: Env): Typed {
  const { at, name } = call;
  if (call.distinct && call.over !== null) throw invalid(at, `${name} with DISTINCT in a window is nothing that Trino has`, 'Compute it in a subquery with GROUP BY, and join.');
  if (call.nulls === 'ignore' && name !== 'array_agg') throw invalid(at, `${name} has no IGNORE NULLS`);
  const bind = (key: Call['args'][number]): string => env.context.bind(key, env).sql;
  const given = call.filter === null ? [] : [coerce(call.filter.at, env.context.bind(call.filter, env), boolean).sql];
  if (call.nulls === 'ignore' && args[0] !== undefined) given.push(`${args[0].sql} IS NOT NULL`);
  const window = over(call, env);
  return makes[name]!({
    call,
    args,
    distinct: call.distinct ? 'DISTINCT ' : '',
    order: call.orderBy.length === 0 ? '' : ` ORDER BY ${sortKeys(call.orderBy, bind)}`,
    tail: (condition) => {
      const all = condition === undefined ? given : [...given, condition];
      return `${all.length === 0 ? '' : ` FILTER (WHERE ${all.join(' AND ')})`}${window}`;
    },
  });
}
