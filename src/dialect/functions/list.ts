import { coerce } from '../convert.js';
import { invalid } from '../errors.js';
import type { Typed } from '../scope.js';
import { unified } from '../unified.js';
import { array, bigint, boolean, commonType, map, sameType, show, unknown, varchar, type Type } from '../types.js';
import { argument, asMap, count, lambda, list, type Bound, type Make } from './signature.js';

/** Two arrays with elements of one type. */
function two(bound: Bound): { readonly a: string; readonly b: string; readonly type: Type } {
  count(bound, 2);
  const [a, b] = unified(bound.call.at, [argument(bound, 0), argument(bound, 1)]);
  if (a!.type.kind !== 'array') throw invalid(bound.call.at, `${bound.call.name} takes arrays, and this is ${show(a!.type)}`);
  return { a: a!.sql, b: b!.sql, type: a!.type };
}

/** An array and a value of its elements' type. */
function member(bound: Bound): { readonly sql: string; readonly x: string; readonly of: Type } {
  count(bound, 2);
  const { sql, of } = list(bound, 0);
  const x = argument(bound, 1);
  const common = commonType(of, x.type);
  if (common === null) throw invalid(bound.call.at, `an array of ${show(of)} has no ${show(x.type)}`);
  return { sql: coerce(bound.call.at, { sql, type: array(of) }, array(common)).sql, x: coerce(bound.call.at, x, common).sql, of: common };
}

const set = (macro: string): Make => (bound) => {
  const { a, b, type } = two(bound);
  return { sql: `${macro}(${a}, ${b})`, type };
};

function transform(bound: Bound): Typed {
  const { sql, of } = list(bound, 0);
  const { names, body } = lambda(bound, 1, [of]);
  return { sql: `list_transform(${sql}, lambda ${names[0]!}: ${body.sql})`, type: array(body.type) };
}

const matches = (fold: (list: string) => string): Make => (bound) => {
  const { sql, of } = list(bound, 0);
  const { names, body } = lambda(bound, 1, [of]);
  return { sql: fold(`list_transform(${sql}, lambda ${names[0]!}: ${coerce(bound.call.at, body, boolean).sql})`), type: boolean };
};

function filter(bound: Bound): Typed {
  const { sql, of } = list(bound, 0);
  const { names, body } = lambda(bound, 1, [of]);
  return { sql: `list_filter(${sql}, lambda ${names[0]!}: coalesce(${coerce(bound.call.at, body, boolean).sql}, false))`, type: array(of) };
}

/** The state's type must hold what each step makes of it. */
function reduce(bound: Bound): Typed {
  const { at } = bound.call;
  const { sql, of } = list(bound, 0);
  const d = bound.env.depth;
  const first = argument(bound, 1);
  const once = lambda(bound, 2, [first.type, of]);
  const state = commonType(first.type, once.body.type);
  if (state === null) throw invalid(at, `the state of reduce is ${show(first.type)} and becomes ${show(once.body.type)}`);
  const step = sameType(state, first.type) ? once : lambda(bound, 2, [state, of]);
  const last = lambda(bound, 3, [state]);
  const folded = `list_reduce(list_transform(${sql}, lambda i${d}: {s: ${coerce(at, { sql: 'NULL', type: unknown }, state).sql}, x: i${d}}), lambda r${d}, y${d}: {s: ${replaced(coerce(at, step.body, state).sql, step.names, [`r${d}.s`, `y${d}.x`])}, x: y${d}.x}, {s: ${coerce(at, first, state).sql}, x: ${coerce(at, { sql: 'NULL', type: unknown }, of).sql}}).s`;
  return { sql: `list_transform([${folded}], lambda ${last.names[0]!}: ${last.body.sql})[1]`, type: last.body.type };
}

function replaced(sql: string, names: readonly string[], by: readonly string[]): string {
  return names.reduce((done, name, index) => done.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), by[index]!), sql);
}

function sorted(bound: Bound): Typed {
  const { sql, of } = list(bound, 0);
  if (bound.args.length === 1) return { sql: `list_sort(${sql}, 'ASC', 'NULLS LAST')`, type: array(of) };
  const { names, body } = lambda(bound, 1, [of, of]);
  const compared = coerce(bound.call.at, body, bigint).sql;
  const d = bound.env.depth;
  const before = replaced(compared, names, [`y${d}`, `x${d}.v`]);
  // Each element goes behind those that are not greater: a stable insertion.
  const step = `{l: list_concat(list_filter(a${d}.l, lambda y${d}: ${before} <= 0), [x${d}.v], list_filter(a${d}.l, lambda y${d}: ${before} > 0)), v: x${d}.v}`;
  const items = `list_transform(${sql}, lambda v: {l: list_filter([v], lambda w: false), v: v})`;
  return { sql: `CASE WHEN len(${sql}) < 2 THEN ${sql} ELSE list_reduce(list_concat([{l: list_filter(${sql}, lambda w: false), v: list_extract(${sql}, 0)}], ${items}), lambda a${d}, x${d}: ${step}).l END`, type: array(of) };
}

function zipWith(bound: Bound): Typed {
  const [a, b] = [list(bound, 0), list(bound, 1)];
  const { names, body } = lambda(bound, 2, [a.of, b.of]);
  return { sql: `list_transform(range(1, greatest(len(${a.sql}), len(${b.sql})) + 1), lambda z${bound.env.depth}: ${replaced(body.sql, names, [`(${a.sql})[z${bound.env.depth}]`, `(${b.sql})[z${bound.env.depth}]`])})`, type: array(body.type) };
}

function elementAt(bound: Bound): Typed {
  count(bound, 2);
  const of = argument(bound, 0);
  if (of.type.kind === 'map') return { sql: `tr_map_element(${of.sql}, ${coerce(bound.call.at, argument(bound, 1), of.type.key).sql})`, type: of.type.value };
  return { sql: `tr_element_at(${list(bound, 0).sql}, ${coerce(bound.call.at, argument(bound, 1), bigint).sql})`, type: list(bound, 0).of };
}

function cardinality(bound: Bound): Typed {
  const of = argument(bound, 0);
  if (of.type.kind === 'map') return { sql: `CAST(cardinality(${of.sql}) AS BIGINT)`, type: bigint };
  return { sql: `CAST(len(${list(bound, 0).sql}) AS BIGINT)`, type: bigint };
}

function joined(bound: Bound): Typed {
  count(bound, 2, 3);
  const { at } = bound.call;
  const { sql, of } = list(bound, 0);
  const texts = of.kind === 'varchar' ? sql : `list_transform(${sql}, lambda t: ${coerceText(at, 't', of)})`;
  const d = coerce(at, argument(bound, 1), varchar).sql;
  return { sql: bound.args.length === 2 ? `tr_join(${texts}, ${d})` : `tr_join_null(${texts}, ${d}, ${coerce(at, argument(bound, 2), varchar).sql})`, type: varchar };
}

function coerceText(at: number, sql: string, of: Type): string {
  if (['tinyint', 'smallint', 'integer', 'bigint', 'boolean', 'decimal', 'date', 'unknown'].includes(of.kind)) return `CAST(${sql} AS VARCHAR)`;
  if (of.kind === 'double') return `tr_double_text(${sql})`;
  throw invalid(at, `array_join takes no array of ${show(of)}`, 'Cast its elements to varchar: transform(a, x -> CAST(x AS varchar)).');
}

const own: Readonly<Record<string, Make>> = {
  transform, filter, reduce, zip_with: zipWith, element_at: elementAt, cardinality, array_join: joined, array_sort: sorted,
  any_match: matches((l) => `tr_any(${l})`), all_match: matches((l) => `tr_all(${l})`), none_match: matches((l) => `(NOT tr_any(${l}))`),
  array_intersect: set('tr_intersect'), array_union: set('tr_union'), array_except: set('tr_except'),
  arrays_overlap: (bound) => ({ ...set('tr_overlap')(bound), type: boolean }),
  array_distinct: (bound) => ({ sql: `tr_distinct(${list(bound, 0).sql})`, type: argument(bound, 0).type }),
  array_max: (bound) => ({ sql: `tr_list_max(${list(bound, 0).sql})`, type: list(bound, 0).of }),
  array_min: (bound) => ({ sql: `tr_list_min(${list(bound, 0).sql})`, type: list(bound, 0).of }),
  contains: (bound) => { const { sql, x } = member(bound); return { sql: `tr_contains(${sql}, ${x})`, type: boolean }; },
  array_position: (bound) => { const { sql, x } = member(bound); return { sql: `tr_position(${sql}, ${x})`, type: bigint }; },
  array_remove: (bound) => { const { sql, x, of } = member(bound); return { sql: `tr_remove(${sql}, ${x})`, type: array(of) }; },
  slice: (bound) => ({ sql: `tr_slice(${list(bound, 0).sql}, ${coerce(bound.call.at, argument(bound, 1), bigint).sql}, ${coerce(bound.call.at, argument(bound, 2), bigint).sql})`, type: argument(bound, 0).type }),
  flatten: (bound) => ({ sql: `tr_flatten(${list(bound, 0).sql})`, type: list(bound, 0).of }),
  repeat: (bound) => ({ sql: `tr_repeat(${argument(bound, 0).sql}, ${coerce(bound.call.at, argument(bound, 1), bigint).sql})`, type: array(argument(bound, 0).type) }),
  ngrams: (bound) => ({ sql: `tr_ngrams(${list(bound, 0).sql}, ${coerce(bound.call.at, argument(bound, 1), bigint).sql})`, type: array(argument(bound, 0).type) }),
  map: (bound) => {
    if (bound.args.length === 0) return { sql: 'MAP {}', type: map(unknown, unknown) };
    return { sql: `tr_map(${list(bound, 0).sql}, ${list(bound, 1).sql})`, type: map(list(bound, 0).of, list(bound, 1).of) };
  },
  map_keys: (bound) => ({ sql: `map_keys(${asMap(bound, 0).sql})`, type: array(asMap(bound, 0).key) }),
  map_values: (bound) => ({ sql: `map_values(${asMap(bound, 0).sql})`, type: array(asMap(bound, 0).value) }),
  map_concat: (bound) => {
    const maps = unified(bound.call.at, bound.args.map((_arg, index) => argument(bound, index)));
    return { sql: maps.map(({ sql }) => sql).reduce((a, b) => `tr_map_concat(${a}, ${b})`), type: maps[0]!.type };
  },
  map_entries: (bound) => {
    const { sql, key, value } = asMap(bound, 0);
    return { sql: `list_transform(map_entries(${sql}), lambda m: struct_pack(field0 := m.key, field1 := m.value))`, type: array({ kind: 'row', fields: [{ name: null, type: key }, { name: null, type: value }] }) };
  },
  map_filter: (bound) => {
    const { sql, key, value } = asMap(bound, 0);
    const { names, body } = lambda(bound, 1, [key, value]);
    return { sql: `map_from_entries(list_filter(map_entries(${sql}), lambda m${bound.env.depth}: coalesce(${replaced(coerce(bound.call.at, body, boolean).sql, names, [`m${bound.env.depth}.key`, `m${bound.env.depth}.value`])}, false)))`, type: map(key, value) };
  },
  transform_values: (bound) => {
    const { sql, key, value } = asMap(bound, 0);
    const { names, body } = lambda(bound, 1, [key, value]);
    return { sql: `map_from_entries(list_transform(map_entries(${sql}), lambda m${bound.env.depth}: {k: m${bound.env.depth}.key, v: ${replaced(body.sql, names, [`m${bound.env.depth}.key`, `m${bound.env.depth}.value`])}}))`, type: map(key, body.type) };
  },
  transform_keys: (bound) => {
    const { sql, key, value } = asMap(bound, 0);
    const { names, body } = lambda(bound, 1, [key, value]);
    return { sql: `map_from_entries(list_transform(map_entries(${sql}), lambda m${bound.env.depth}: {k: ${replaced(body.sql, names, [`m${bound.env.depth}.key`, `m${bound.env.depth}.value`])}, v: m${bound.env.depth}.value}))`, type: map(body.type, value) };
  },
};

/** Functions of arrays and maps. */
export const listFunctions: ReadonlyMap<string, Make> = new Map(Object.entries(own));
