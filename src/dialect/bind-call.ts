import type { Call, Expression } from './ast.js';
import { aggregateCall, aggregateFunctions } from './bind-aggregate.js';
import { windowCall, windowFunctions } from './bind-window.js';
import { invalid, refused } from './errors.js';
import { conditionalFunctions } from './functions/conditional.js';
import { jsonFunctions } from './functions/json.js';
import { listFunctions } from './functions/list.js';
import { numberFunctions } from './functions/number.js';
import { textFunctions } from './functions/text.js';
import { timeFunctions } from './functions/time.js';
import type { Make } from './functions/signature.js';
import type { Env, Typed } from './scope.js';
import { integer } from './types.js';

const scalars: ReadonlyMap<string, Make> = new Map([...conditionalFunctions, ...jsonFunctions, ...listFunctions, ...numberFunctions, ...textFunctions, ...timeFunctions]);
const aggregates = new Set(aggregateFunctions);
const windows = new Set(windowFunctions);

/** Names of all functions that the dialect has. */
export const functionNames: readonly string[] = [...scalars.keys(), ...aggregates, ...windows, 'try', 'grouping'].sort();

/** What to write instead of functions that can't be had. */
const instead: Readonly<Record<string, string>> = {
  random: 'An answer is the same whenever it is asked for: order by a hash of a key, to_hex(md5(to_utf8(id))).', rand: 'Order by a hash of a key, to_hex(md5(to_utf8(id))).', uuid: 'Use a key of the row.', shuffle: 'Order by a hash of a key.',
  typeof: 'DESCRIBE in the dialect duckdb shows types.', array_remove_all: 'Use filter.', approx_most_frequent: 'Count, and take the first by max_by or row_number.', approx_set: 'Use count(DISTINCT …).', merge: 'Use count(DISTINCT …) over all rows.', numeric_histogram: 'Group by width_bucket.', word_stem: 'Cut endings with regexp_replace.', json_query: 'Use json_format(json_extract(…)).', xxhash64: 'Use md5, sha1 or sha256.', sha512: 'Use sha256.', crc32: 'Use md5.', kurtosis: 'Compute it from sums of powers.', skewness: 'Compute it from sums of powers.', entropy: 'Compute it from counts and ln.',
};

/** A call: a scalar function, an aggregate or a window function. @throws DialectError for one that is not on the list */
export function bindCall(call: Call, env: Env): Typed {
  const { at, name } = call;
  if (name === 'try') return guarded(call, env);
  if (name === 'grouping') return { sql: `CAST(GROUPING(${call.args.map((each) => env.context.bind(each, env).sql).join(', ')}) AS INTEGER)`, type: integer };
  if (aggregates.has(name) || windows.has(name)) return outside(env, (inner) => groupCall(call, inner));
  const make = scalars.get(name);
  if (make === undefined) throw refused(at, `the function ${name}`, instead[name] ?? 'docs/athena.md lists the functions that there are.');
  if (name === 'json_format' && call.args.some((each) => each.kind === 'call' && each.name === 'json_parse')) throw refused(at, 'json_format of json_parse', 'Trino sorts the keys there: print the text itself, or json_format(json_extract(…)).');
  if (call.over !== null || call.filter !== null || call.distinct || call.star || call.orderBy.length > 0) throw invalid(at, `${name} is no aggregate: it takes no OVER, FILTER, DISTINCT, ORDER BY or *`);
  return make({ call, env, args: call.args.map((each) => (each.kind === 'lambda' ? null : env.context.bind(each, env))) });
}

function groupCall(call: Call, env: Env): Typed {
  if (env.depth > 0) throw invalid(call.at, `${call.name} can't stand in a lambda`);
  const args = call.args.map((each) => {
    if (each.kind === 'lambda') throw refused(each.at, `${call.name} with a lambda`, 'Collect by array_agg, and use reduce.');
    return env.context.bind(each, env);
  });
  return windows.has(call.name) ? windowCall(call, args, env) : aggregateCall(call, args, env);
}

/** Computes something before the TRY around it, whose lambda then has it as a field. */
export function outside(env: Env, make: (env: Env) => Typed): Typed {
  const { lifted } = env;
  if (lifted === null) return make(env);
  const found = make({ ...env, lifted: null });
  return { ...found, sql: `tried.f${lifted.push(found.sql) - 1}` };
}

/** TRY: what fails is NULL. Aggregates, windows and subqueries are computed outside, as Trino does. */
function guarded(call: Call, env: Env): Typed {
  const [only] = call.args;
  if (only === undefined || call.args.length > 1) throw invalid(call.at, 'try takes one expression');
  const lifted: string[] = [];
  const nested = env.lifted !== null || holds(only, 'lambda');
  const found = env.context.bind(only, { ...env, lifted: nested ? env.lifted : lifted });
  if (lifted.length === 0) return { ...found, sql: `TRY(${found.sql})` };
  return { ...found, sql: `list_transform([{${lifted.map((sql, index) => `f${index}: ${sql}`).join(', ')}}], lambda tried: TRY(${found.sql}))[1]` };
}

function holds(expression: Expression, kind: string): boolean {
  return JSON.stringify(expression).includes(`"kind":"${kind}"`);
}
