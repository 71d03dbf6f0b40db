import type { Expression, Name, Query } from './ast.js';
import { invalid } from './errors.js';
import type { Type } from './types.js';

/** An expression in DuckDB's SQL, of a type of Trino. */
export interface Typed {
  readonly sql: string;
  readonly type: Type;
  /** Of a constant text or whole number, its value. */
  readonly constant?: string | number;
  /** Of a double: it can be no NaN. */
  readonly isNumber?: boolean;
}

export interface Column {
  /** Null for an expression without an alias. */
  readonly name: string | null;
  /** Names that may go before it: `['silver', 'event']`, or an alias. */
  readonly qualifier: readonly string[];
  readonly sql: string;
  readonly type: Type;
  /** A key of USING is one column of two tables: it has no table's name then, and stars show it first and once. */
  readonly hidden?: boolean;
}

/** What a relation is in DuckDB, and its columns. */
export interface Bound {
  readonly sql: string;
  readonly columns: readonly Column[];
}

/** A table that the query may name. */
export interface Table {
  /** What stands for it in FROM. */
  readonly sql: string;
  readonly columns: readonly { readonly name: string; readonly sql: string; readonly type: Type }[];
}

/** Finds tables by the parts of their name, in small letters; undefined: there is none. */
export type Catalog = (parts: readonly string[]) => Table | undefined;

/** What names mean at a place. */
export class Scope {
  constructor(
    readonly columns: readonly Column[],
    readonly outer: Scope | null = null,
    /** Parameters of lambdas go before columns. */
    readonly lambdas: ReadonlyMap<string, Typed> = new Map(),
  ) {}

  withLambda(parameters: ReadonlyMap<string, Typed>): Scope {
    return new Scope(this.columns, this.outer, new Map([...this.lambdas, ...parameters]));
  }

  /** A column by the longest name that there is; what is behind it are fields of a row. */
  find(parts: readonly Name[]): { readonly found: Typed; readonly fields: readonly Name[] } | null {
    const [first] = parts;
    const lambda = first === undefined ? undefined : this.lambdas.get(first.text.toLowerCase());
    if (lambda !== undefined) return { found: lambda, fields: parts.slice(1) };
    const names = parts.map(({ text }) => text.toLowerCase());
    for (let length = names.length; length >= 1; length--) {
      const column = this.column(parts, names.slice(0, length));
      if (column !== null) return { found: { sql: column.sql, type: column.type }, fields: parts.slice(length) };
    }
    return this.outer?.find(parts) ?? null;
  }

  private column(parts: readonly Name[], names: readonly string[]): Column | null {
    const name = names.at(-1);
    const qualifier = names.slice(0, -1);
    const found = this.columns.filter((column) => column.name?.toLowerCase() === name && endsWith(column.qualifier, qualifier) && column.hidden !== true);
    if (found.length > 1) throw invalid(parts[0]?.at ?? 0, `the column ${names.join('.')} is ambiguous`, 'Say of which table it is: t.name.');
    return found[0] ?? null;
  }
}

export function endsWith(names: readonly string[], end: readonly string[]): boolean {
  return end.length <= names.length && end.every((name, index) => names[names.length - end.length + index]?.toLowerCase() === name);
}

/** What binding needs of the query as a whole. */
export interface Context {
  readonly catalog: Catalog;
  readonly parameters: ReadonlyMap<string, Type>;
  readonly usedParameters: Set<string>;
  /** A name for a relation that nothing else has. */
  alias(): string;
  /** Binds a query within an expression or a relation. */
  query(query: Query, scope: Scope | null, ctes: Ctes): BoundQuery;
  /** Binds an expression. */
  bind(expression: Expression, env: Env): Typed;
}

export interface BoundQuery {
  /** A SELECT whose columns are called as `columns` says. */
  readonly sql: string;
  readonly columns: readonly { readonly name: string | null; readonly sql: string; readonly type: Type }[];
}

export type Ctes = ReadonlyMap<string, { readonly sql: string; readonly columns: BoundQuery['columns'] }>;

/** Where an expression stands. */
export interface Env {
  readonly context: Context;
  readonly scope: Scope;
  readonly ctes: Ctes;
  readonly windows: ReadonlyMap<string, string>;
  /** How many lambdas are around it. */
  readonly depth: number;
  /** Within TRY: what DuckDB's TRY can't hold, and is computed before it. */
  readonly lifted: string[] | null;
}
