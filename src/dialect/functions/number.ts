import { arithmetic } from '../arithmetic.js';
import { coerce } from '../convert.js';
import { invalid, refused } from '../errors.js';
import type { Typed } from '../scope.js';
import { bigint, decimal, double, duckType, integer, isFloating, isInteger, isNumber, show, type Type } from '../types.js';
import { argument, count, plain, type Bound, type Make } from './signature.js';
import { unified } from '../unified.js';

const signatures = [
  'power(double, double) double: power($1, $2)', 'pow(double, double) double: power($1, $2)', 'sqrt(double) double: tr_sqrt($1)', 'cbrt(double) double: cbrt($1)', 'exp(double) double: exp($1)',
  'ln(double) double: tr_ln($1)', 'log2(double) double: tr_log2($1)', 'log10(double) double: tr_log10($1)', 'log(double, double) double: tr_log($1, $2)', 'pi() double: pi()', 'e() double: exp(CAST(1 AS DOUBLE))',
  'sin(double) double: sin($1)', 'cos(double) double: cos($1)', 'tan(double) double: tan($1)', 'asin(double) double: asin($1)', 'acos(double) double: acos($1)', 'atan(double) double: atan($1)', 'atan2(double, double) double: atan2($1, $2)', 'degrees(double) double: degrees($1)', 'radians(double) double: radians($1)',
  "nan() double: CAST('NaN' AS DOUBLE)", "infinity() double: CAST('Infinity' AS DOUBLE)", 'is_nan(double) boolean: isnan($1)', 'is_finite(double) boolean: isfinite($1)', 'is_infinite(double) boolean: isinf($1)',
  'width_bucket(double, double, double, bigint) bigint: CAST(tr_width_bucket($1, $2, $3, $4) AS BIGINT)',
  'bitwise_and(bigint, bigint) bigint: ($1 & $2)', 'bitwise_or(bigint, bigint) bigint: ($1 | $2)', 'bitwise_xor(bigint, bigint) bigint: xor($1, $2)', 'bitwise_not(bigint) bigint: (~ $1)',
];

/** abs and the like keep the type of whole numbers. */
function rounding(name: string, bound: Bound): Typed {
  const of = argument(bound, 0);
  const { sql, type } = of;
  count(bound, ...(name === 'round' || name === 'truncate' ? [1, 2] : [1]));
  if (type.kind === 'unknown') return { sql: 'CAST(NULL AS DOUBLE)', type: double };
  if (!isNumber(type)) throw invalid(bound.call.at, `${bound.call.name} of ${show(type)} is nothing that Trino computes`);
  const digits = bound.args.length === 2 ? argument(bound, 1) : null;
  if (digits !== null && typeof digits.constant !== 'number' && type.kind === 'decimal') throw invalid(bound.call.at, `${name} of a decimal to digits that are not constant`, 'Write their number.');
  if (isInteger(type)) return digits === null ? of : { sql: `CAST(${name === 'truncate' ? 'trunc' : name}(${sql}, ${digits.sql}) AS ${duckType(type)})`, type };
  if (name === 'truncate' && digits !== null && isFloating(type)) throw invalid(bound.call.at, 'truncate of a double takes no digits', 'Cast it to a decimal.');
  if (isFloating(type)) return floating(name, of, digits);
  return decimalRounding(bound.call.at, name, of, digits);
}

function floating(name: string, { sql, type }: Typed, digits: Typed | null): Typed {
  if (digits === null) return { sql: `${name === 'truncate' ? 'trunc' : name}(${sql})`, type };
  return { sql: `round(${sql}, CAST(${digits.sql} AS INTEGER))`, type };
}

function decimalRounding(at: number, name: string, { sql, type }: Typed, digits: Typed | null): Typed {
  if (type.kind !== 'decimal') throw new TypeError('a decimal is wanted');
  const { precision, scale } = type;
  const called = name === 'truncate' ? 'trunc' : name;
  if (digits === null) {
    const to = decimal(precision - scale + (name === 'truncate' ? 0 : Math.min(scale, 1)), 0);
    return { sql: `CAST(${called}(${sql}) AS ${duckType(to)})`, type: to };
  }
  const to = name === 'truncate' ? type : decimal(precision + 1, scale);
  const places = Math.min(Number(digits.constant), scale);
  if (name === 'truncate' && places < 0) throw refused(at, 'a decimal cut before its point', 'Divide, truncate and multiply.');
  if (name === 'round') return { sql: `CAST(round(${sql}, ${places}) AS ${duckType(to)})`, type: to };
  return { sql: `CAST(CASE WHEN ${sql} < 0 THEN 0 - CAST(floor(CAST(abs(${sql}) * CAST(1${'0'.repeat(places)} AS DECIMAL(${places + 1}, 0)) AS DECIMAL(38, ${scale}))) AS DECIMAL(38, 0)) ELSE CAST(floor(${sql} * CAST(1${'0'.repeat(places)} AS DECIMAL(${places + 1}, 0))) AS DECIMAL(38, 0)) END * CAST(${places === 0 ? '1' : `0.${'0'.repeat(places - 1)}1`} AS DECIMAL(${places + 1}, ${places})) AS ${duckType(to)})`, type: to };
}

function sign(bound: Bound): Typed {
  const { sql, type } = argument(bound, 0);
  if (isFloating(type)) return { sql: `CASE WHEN isnan(${sql}) THEN ${sql} ELSE CAST(sign(${sql}) AS DOUBLE) END`, type };
  const to: Type = type.kind === 'decimal' ? decimal(1, 0) : type;
  return { sql: `CAST(sign(${sql}) AS ${duckType(to)})`, type: to };
}

/** Of the greatest and the least one, nothing is known when one is NULL. */
function extreme(macro: string): Make {
  return (bound) => {
    const items = unified(bound.call.at, bound.args.map((_arg, index) => argument(bound, index)));
    const type = items[0]?.type ?? integer;
    return { sql: `${macro}([${items.map(({ sql }) => sql).join(', ')}])`, type };
  };
}

const own: Readonly<Record<string, Make>> = {
  abs: (bound) => {
    const of = argument(bound, 0);
    if (!isNumber(of.type)) throw invalid(bound.call.at, `abs of ${show(of.type)} is nothing that Trino computes`);
    return { sql: `abs(${of.sql})`, type: of.type };
  },
  round: (bound) => rounding('round', bound),
  truncate: (bound) => rounding('truncate', bound),
  ceil: (bound) => rounding('ceil', bound),
  ceiling: (bound) => rounding('ceil', bound),
  floor: (bound) => rounding('floor', bound),
  sign,
  greatest: extreme('tr_greatest'),
  least: extreme('tr_least'),
  mod: (bound) => arithmetic(bound.call.at, '%', argument(bound, 0), argument(bound, 1)),
  bitwise_left_shift: (bound) => ({ sql: `(${coerce(bound.call.at, argument(bound, 0), bigint).sql} << ${coerce(bound.call.at, argument(bound, 1), bigint).sql})`, type: bigint }),
};

export const numberFunctions: ReadonlyMap<string, Make> = new Map([...plain(signatures), ...Object.entries(own)]);
