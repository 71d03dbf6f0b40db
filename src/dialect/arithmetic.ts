import type { BinaryOperator, Comparison } from './ast.js';
import { coerce } from './convert.js';
import { invalid, refused } from './errors.js';
import type { Typed } from './scope.js';
import { asDecimal, boolean, commonType, decimal, duckType, instant, isDay, isFloating, isNumber, show, varchar, type Type } from './types.js';
import { timeArithmetic } from './time-arithmetic.js';

type Arithmetic = '+' | '-' | '*' | '/' | '%';

/** `+ - * / %` of two values, with Trino's types and its errors. */
export function arithmetic(at: number, operator: Arithmetic, left: Typed, right: Typed): Typed {
  const time = timeArithmetic(at, operator, left, right);
  if (time !== null) return time;
  const type = commonType(left.type, right.type);
  if (type?.kind === 'unknown') return { sql: 'NULL', type };
  if (type === null || !isNumber(type)) throw cannot(at, operator, left, right);
  if (type.kind === 'decimal') return decimals(operator, left, right);
  const a = coerce(at, left, type).sql;
  const b = coerce(at, right, type).sql;
  if (isFloating(type)) return { sql: operator === '%' ? `fmod(${a}, ${b})` : `(${a} ${operator} ${b})`, type, isNumber: operator !== '/' && operator !== '%' && left.isNumber === true && right.isNumber === true };
  if (operator === '/' || operator === '%') return { sql: `CAST(${operator === '/' ? 'tr_divide' : 'tr_remainder'}(${a}, ${b}) AS ${duckType(type)})`, type };
  return { sql: `(${a} ${operator} ${b})`, type };
}

export function cannot(at: number, operator: BinaryOperator, left: Typed, right: Typed): Error {
  return invalid(at, `${show(left.type)} ${operator} ${show(right.type)} is nothing that Trino computes`, 'Cast one of them to the type of the other.');
}

function decimals(operator: Arithmetic, left: Typed, right: Typed): Typed {
  const a = asDecimal(left.type) ?? { kind: 'decimal', precision: 1, scale: 0 };
  const b = asDecimal(right.type) ?? { kind: 'decimal', precision: 1, scale: 0 };
  const scale = Math.max(a.scale, b.scale);
  if (operator === '/') return division(left.sql, right.sql, a, b);
  if (operator === '%') {
    const type = decimal(Math.min(b.precision - b.scale, a.precision - a.scale) + scale, scale);
    return { sql: scaledTo(`tr_remainder(${unscaled(left.sql, a.scale, scale)}, ${unscaled(right.sql, b.scale, scale)})`, type), type };
  }
  const type = operator === '*' ? decimal(a.precision + b.precision, a.scale + b.scale) : decimal(Math.max(a.precision - a.scale, b.precision - b.scale) + scale + 1, scale);
  const [x, y] = [`CAST(${left.sql} AS ${duckType(a)})`, `CAST(${right.sql} AS ${duckType(b)})`];
  return { sql: `CAST(${x} ${operator} ${y} AS ${duckType(type)})`, type };
}

type Decimal = Extract<Type, { kind: 'decimal' }>;

/** Rounds half up to the greater of both scales. */
function division(left: string, right: string, a: Decimal, b: Decimal): Typed {
  const scale = Math.max(a.scale, b.scale);
  const type = decimal(a.precision + b.scale + Math.max(0, b.scale - a.scale), scale);
  return { sql: scaledTo(`tr_half_up(${unscaled(left, a.scale, scale + b.scale)}, ${unscaled(right, b.scale, b.scale)})`, type), type };
}

/** A decimal's digits as a whole number, with zeros added up to a scale. */
function unscaled(sql: string, from: number, to: number): string {
  const digits = from === 0 ? `CAST(${sql} AS HUGEINT)` : `tr_unscaled(${sql})`;
  return to === from ? digits : `(${digits} * CAST('1${'0'.repeat(to - from)}' AS HUGEINT))`;
}

function scaledTo(sql: string, type: Type): string {
  return `CAST(tr_scaled(${sql}, ${type.kind === 'decimal' ? type.scale : 0}) AS ${duckType(type)})`;
}

/** The mean of decimals from their sum and count, as Trino rounds it. */
export function decimalMean(sum: string, count: string, type: Decimal): string {
  return `CASE WHEN ${count} > 0 THEN ${scaledTo(`tr_half_up(${unscaled(sum, type.scale, type.scale)}, CAST(greatest(${count}, 1) AS HUGEINT))`, type)} END`;
}

export function negated(at: number, { sql, type, isNumber: isReal, constant }: Typed): Typed {
  if (type.kind === 'unknown' || isNumber(type) || type.kind.startsWith('interval')) return { sql: `(- ${sql})`, type, ...(isReal === undefined ? {} : { isNumber: isReal }), ...(typeof constant === 'number' ? { constant: -constant } : {}) };
  throw invalid(at, `a ${show(type)} has no negative`);
}

const unordered = new Set<string>(['map', 'json', 'opaque']);

/** A comparison of values of one type. Unlike DuckDB, Trino finds nothing equal to NaN, greater or less. */
export function compare(at: number, operator: Comparison, left: Typed, right: Typed): Typed {
  const type = commonType(left.type, right.type);
  if (type === null) throw invalid(at, `${show(left.type)} ${operator} ${show(right.type)} is nothing that Trino compares`, hintFor(left.type, right.type));
  if (type.kind === 'opaque' || (unordered.has(type.kind) && operator !== '=' && operator !== '<>')) throw invalid(at, `${show(type)} can't be compared by ${operator}`);
  if (type.kind === 'json') throw refused(at, 'a comparison of JSON', 'Compare what is in it: json_extract_scalar(…), or json_format(…).');
  const a = coerce(at, left, asCompared(type));
  const b = coerce(at, right, asCompared(type));
  const sql = `(${a.sql} ${operator} ${b.sql})`;
  if (!isFloating(type)) return { sql, type: boolean };
  const may = (typed: Typed): boolean => typed.isNumber !== true;
  const guards = operator === '<>' ? [] : [...(may(a) && operator !== '<' && operator !== '<=' ? [a.sql] : []), ...(may(b) && (operator === '<' || operator === '<=') ? [b.sql] : [])];
  if (operator === '=' && !may(b)) return { sql, type: boolean };
  if (operator === '<>' && may(a) && may(b)) return { sql: `(${sql} OR isnan(${a.sql}))`, type: boolean };
  return { sql: guards.length === 0 ? sql : `(${sql} AND NOT isnan(${guards[0]!}))`, type: boolean };
}

/** Instants are equal whatever their zones. */
function asCompared(type: Type): Type {
  return type.kind === 'timestamptz' ? instant(type.precision, type.zone) : type;
}

function hintFor(left: Type, right: Type): string {
  if (left.kind === 'varchar' && isDay(right)) return `Cast the text: CAST(… AS ${show(right)}), or compare with a text: '2026-01-31'.`;
  if (isDay(left) && right.kind === 'varchar') return `Cast the text, or write ${left.kind === 'date' ? "DATE '2026-01-31'" : "TIMESTAMP '2026-01-31 00:00:00'"}.`;
  return 'Cast one of them to the type of the other.';
}

/** `||` of texts, arrays, or an array and an element. */
export function concatenate(at: number, left: Typed, right: Typed): Typed {
  if (left.type.kind === 'array' || right.type.kind === 'array') {
    const list = (typed: Typed): Typed => (typed.type.kind === 'array' ? typed : { sql: `[${typed.sql}]`, type: { kind: 'array', of: typed.type } });
    const [a, b] = [list(left), list(right)];
    const type = commonType(a.type, b.type);
    if (type === null) throw cannot(at, '||', left, right);
    return { sql: `tr_concat(${coerce(at, a, type).sql}, ${coerce(at, b, type).sql})`, type };
  }
  const text = (type: Type): boolean => type.kind === 'varchar';
  if (left.type.kind === 'varbinary' && right.type.kind === 'varbinary') return { sql: `(${left.sql} || ${right.sql})`, type: left.type };
  if (left.type.kind === 'unknown' || right.type.kind === 'unknown') throw invalid(at, 'NULL in || has no type', 'Write CAST(NULL AS varchar).');
  if (!text(left.type) || !text(right.type)) throw cannot(at, '||', left, right);
  return { sql: `(${coerce(at, left, varchar).sql} || ${coerce(at, right, varchar).sql})`, type: varchar };
}

