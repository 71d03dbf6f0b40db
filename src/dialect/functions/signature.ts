import type { Call } from '../ast.js';
import { coerce } from '../convert.js';
import { invalid, refused } from '../errors.js';
import type { Env, Typed } from '../scope.js';
import { bigint, boolean, coercible, date, double, integer, json, sameType, show, varbinary, varchar, type Type } from '../types.js';

/** A call of a function whose arguments are bound; lambdas among them are not, and stand as null. */
export interface Bound {
  readonly call: Call;
  readonly args: readonly (Typed | null)[];
  readonly env: Env;
}

/** What a function is in DuckDB. @throws DialectError for arguments that it doesn't take */
export type Make = (bound: Bound) => Typed;

const types: Readonly<Record<string, Type>> = { varchar, bigint, integer, double, boolean, date, json, varbinary };

interface Signature {
  readonly takes: readonly Type[];
  readonly gives: Type;
  readonly sql: string;
}

/**
 * Functions of plain types, each written `name(type, …) type: SQL` with `$1` for the first argument; a name may have several.
 */
export function plain(lines: readonly string[]): ReadonlyMap<string, Make> {
  const byName = new Map<string, Signature[]>();
  for (const line of lines) {
    const found = /^(\w+)\(([^)]*)\) (\w+): (.*)$/s.exec(line);
    const [, name = '', takes = '', gives = '', sql = ''] = found ?? [];
    const signature = { takes: takes === '' ? [] : takes.split(', ').map((type) => types[type]!), gives: types[gives]!, sql };
    byName.set(name, [...(byName.get(name) ?? []), signature]);
  }
  return new Map([...byName].map(([name, signatures]) => [name, (bound: Bound) => choose(bound, signatures)]));
}

function choose({ call, args }: Bound, signatures: readonly Signature[]): Typed {
  const given = args.map((each) => each ?? fail(call));
  const fits = (test: (from: Type, to: Type) => boolean) => signatures.find(({ takes }) => takes.length === given.length && takes.every((type, index) => test(given[index]!.type, type)));
  const found = fits(sameType) ?? fits(coercible);
  if (found === undefined) throw wrongArguments(call, given.map(({ type }) => type), signatures.map(({ takes }) => `${call.name}(${takes.map(show).join(', ')})`));
  const sql = found.sql.replace(/\$(\d)/g, (_all, place: string) => coerce(call.at, given[Number(place) - 1]!, found.takes[Number(place) - 1]!).sql);
  return { sql, type: found.gives };
}

function fail(call: Call): never {
  throw invalid(call.at, `${call.name} takes no lambda`);
}

export function wrongArguments(call: Call, given: readonly Type[], takes: readonly string[]): Error {
  return invalid(call.at, `${call.name}(${given.map(show).join(', ')}) is no call that Trino has`, `There is ${takes.join(', ')}: cast the arguments.`);
}

/** An argument that must be there. */
export function argument({ call, args }: Bound, place: number): Typed {
  const found = args[place];
  if (found == null) throw invalid(call.at, `${call.name} has no argument ${place + 1}`);
  return found;
}

/** @throws DialectError for a call with fewer or more arguments */
export function count({ call, args }: Bound, ...counts: readonly number[]): void {
  if (!counts.includes(args.length)) throw invalid(call.at, `${call.name} takes ${counts.join(' or ')} arguments and has ${args.length}`);
}

/** A text that must be constant, as it decides about the type or the plan. */
export function constantText(bound: Bound, place: number, what: string): string {
  const { constant } = argument(bound, place);
  if (typeof constant !== 'string') throw refused(bound.call.args[place]?.at ?? bound.call.at, `${bound.call.name} with ${what} that is not constant`, 'Write it out as a text.');
  return constant;
}

export function list(bound: Bound, place: number): { readonly sql: string; readonly of: Type } {
  const { sql, type } = argument(bound, place);
  if (type.kind !== 'array') throw invalid(bound.call.at, `argument ${place + 1} of ${bound.call.name} is no array but ${show(type)}`);
  return { sql, of: type.of };
}

export function asMap(bound: Bound, place: number): { readonly sql: string; readonly key: Type; readonly value: Type } {
  const { sql, type } = argument(bound, place);
  if (type.kind !== 'map') throw invalid(bound.call.at, `argument ${place + 1} of ${bound.call.name} is no map but ${show(type)}`);
  return { sql, key: type.key, value: type.value };
}

export interface Lambda {
  readonly names: readonly string[];
  readonly body: Typed;
}

/** Binds a lambda to the types of its parameters. Names follow the depth, so equal expressions have equal texts. */
export function lambda({ call, env }: Bound, place: number, takes: readonly Type[]): Lambda {
  const found = call.args[place];
  if (found?.kind !== 'lambda') throw invalid(found?.at ?? call.at, `argument ${place + 1} of ${call.name} is no lambda`, 'Write it like x -> x + 1.');
  if (found.parameters.length !== takes.length) throw invalid(found.at, `the lambda of ${call.name} has ${takes.length} parameters`);
  const names = found.parameters.map((_name, index) => `p${env.depth}_${index}`);
  const scope = env.scope.withLambda(new Map(found.parameters.map(({ text }, index) => [text.toLowerCase(), { sql: names[index]!, type: takes[index]! }])));
  return { names, body: env.context.bind(found.body, { ...env, scope, depth: env.depth + 1 }) };
}
