import type { Expression } from '../ast.js';
import { castTo, coerce, text } from '../convert.js';
import { invalid, refused } from '../errors.js';
import type { Typed } from '../scope.js';
import { bigint, boolean, isFloating, isInteger, json, show, varchar, type Type } from '../types.js';
import { argument, constantText, plain, type Bound, type Make } from './signature.js';

const signatures = [
  'json_parse(varchar) json: tr_json_parse($1)', 'json_format(json) varchar: CAST($1 AS VARCHAR)', 'json_array_length(json) bigint: tr_json_array_length($1)', 'json_array_length(varchar) bigint: tr_json_array_length($1)', 'is_json_scalar(json) boolean: tr_json_is_scalar($1)', 'is_json_scalar(varchar) boolean: tr_json_is_scalar(tr_json_parse($1))',
];

/** A path of keys and places, as DuckDB writes it. @throws DialectError for others */
function path(at: number, written: string): string {
  const strict = written.replace(/^\s*lax\s+/i, '').trim();
  const steps = /^\$((?:\.\w+|\.\*|\.\.\w*|\[[^\]]*\])*)$/.exec(strict)?.[1];
  if (steps === undefined) throw refused(at, `the JSON path ${written}`, 'A path has keys and places only: $.a.b[0], $["a b"].');
  const done = Array.from(steps.matchAll(/\.(\w+)|\[\s*(\d+)\s*\]|\[\s*"((?:[^"\\])*)"\s*\]|(.)/g), ([, key, place, quoted, other]) => {
    if (other !== undefined) throw refused(at, `the JSON path ${written}`, 'A path has keys and places only: $.a.b[0], $["a b"]; cast to an ARRAY and UNNEST it.');
    return place === undefined ? `."${key ?? quoted ?? ''}"` : `[${place}]`;
  });
  return text(`$${done.join('')}`);
}

function source(bound: Bound): string {
  const of = argument(bound, 0);
  return of.type.kind === 'json' ? of.sql : coerce(bound.call.at, of, varchar).sql;
}

const pathOf = (bound: Bound): string => path(bound.call.args[1]?.at ?? bound.call.at, constantText(bound, 1, 'a path'));

function contains(bound: Bound): Typed {
  const wanted = argument(bound, 1);
  const { type } = wanted;
  const kind = type.kind === 'varchar' ? 'text' : isInteger(type) ? 'whole' : isFloating(type) ? 'double' : type.kind === 'boolean' ? 'boolean' : null;
  if (kind === null) throw invalid(bound.call.at, `json_array_contains takes no ${show(type)}`);
  return { sql: `tr_json_contains_${kind}(${source(bound)}, ${wanted.sql})`, type: boolean };
}

const own: Readonly<Record<string, Make>> = {
  json_extract: (bound) => ({ sql: `CAST(tr_json_extract(${source(bound)}, ${pathOf(bound)}) AS JSON)`, type: json }),
  json_extract_scalar: (bound) => ({ sql: `tr_json_scalar(${source(bound)}, ${pathOf(bound)})`, type: varchar }),
  json_size: (bound) => ({ sql: `tr_json_size(${source(bound)}, ${pathOf(bound)})`, type: bigint }),
  json_array_contains: contains,
};

/** `json_value`, `json_query` and `json_exists`, in lax mode. */
export function jsonPathCall({ at, name, path: written, returning }: Extract<Expression, { kind: 'jsonPath' }>, of: Typed, type: Type | null): Typed {
  if (/^\s*strict/i.test(written)) throw refused(at, `a strict path in ${name}`, 'Give a lax one.');
  const sql = of.type.kind === 'json' ? of.sql : coerce(at, of, varchar).sql;
  if (/[?@()*]/.test(written)) throw refused(at, `the JSON path ${written}`, 'A path has keys and places only: lax $.a.b[0].');
  const steps = path(at, written);
  if (name === 'json_exists') return { sql: `tr_json_exists(${sql}, ${steps})`, type: boolean };
  if (name === 'json_query') throw refused(at, 'json_query', 'Use json_format(json_extract(…)).');
  const value: Typed = { sql: `tr_json_value(${sql}, ${steps})`, type: varchar };
  if (returning === null || type === null || type.kind === 'varchar') return value;
  const cast = castTo(at, value, type);
  return { ...cast, sql: `TRY(${cast.sql})` };
}

export const jsonFunctions: ReadonlyMap<string, Make> = new Map([...plain(signatures), ...Object.entries(own)]);
