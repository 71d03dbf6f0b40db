/** Each node says the offset at which it begins, for messages. */
interface Node {
  readonly at: number;
}

export interface Name extends Node {
  readonly text: string;
}

export type Expression = Node & (
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'hex'; readonly value: string }
  | { readonly kind: 'integer'; readonly value: string }
  | { readonly kind: 'decimal'; readonly value: string }
  | { readonly kind: 'double'; readonly value: string }
  | { readonly kind: 'parameter'; readonly value: string }
  | { readonly kind: 'interval'; readonly sign: number; readonly value: string; readonly from: string; readonly to: string | null }
  /** `BIGINT '1'`, `DATE '2026-01-31'`: a type and a text. */
  | { readonly kind: 'typed'; readonly type: TypeName; readonly value: string }
  | { readonly kind: 'name'; readonly parts: readonly Name[] }
  | { readonly kind: 'field'; readonly of: Expression; readonly name: Name }
  | { readonly kind: 'subscript'; readonly of: Expression; readonly index: Expression }
  | { readonly kind: 'unary'; readonly operator: '-' | '+' | 'not'; readonly of: Expression }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'distinct'; readonly not: boolean; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'isNull'; readonly not: boolean; readonly of: Expression }
  | { readonly kind: 'between'; readonly not: boolean; readonly of: Expression; readonly low: Expression; readonly high: Expression }
  | { readonly kind: 'inList'; readonly not: boolean; readonly of: Expression; readonly list: readonly Expression[] }
  | { readonly kind: 'inQuery'; readonly not: boolean; readonly of: Expression; readonly query: Query }
  | { readonly kind: 'like'; readonly not: boolean; readonly of: Expression; readonly pattern: Expression; readonly escape: Expression | null }
  | { readonly kind: 'quantified'; readonly operator: Comparison; readonly left: Expression; readonly all: boolean; readonly query: Query }
  | { readonly kind: 'case'; readonly of: Expression | null; readonly whens: readonly { readonly when: Expression; readonly then: Expression }[]; readonly otherwise: Expression | null }
  | { readonly kind: 'cast'; readonly try: boolean; readonly of: Expression; readonly type: TypeName }
  | { readonly kind: 'extract'; readonly unit: string; readonly of: Expression }
  | { readonly kind: 'zone'; readonly of: Expression; readonly zone: Expression }
  | { readonly kind: 'array' | 'row'; readonly items: readonly Expression[] }
  | { readonly kind: 'lambda'; readonly parameters: readonly Name[]; readonly body: Expression }
  | { readonly kind: 'subquery' | 'exists'; readonly query: Query }
  | { readonly kind: 'jsonPath'; readonly name: 'json_value' | 'json_exists' | 'json_query'; readonly of: Expression; readonly path: string; readonly returning: TypeName | null }
  | Call
);

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=';
export type BinaryOperator = Comparison | 'and' | 'or' | '+' | '-' | '*' | '/' | '%' | '||';

export interface Call extends Node {
  readonly kind: 'call';
  readonly name: string;
  readonly args: readonly Expression[];
  readonly star: boolean;
  readonly distinct: boolean;
  readonly orderBy: readonly SortKey[];
  readonly filter: Expression | null;
  readonly nulls: 'ignore' | 'respect' | null;
  readonly over: Window | Name | null;
}

export interface SortKey {
  readonly key: Expression;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export interface Window extends Node {
  readonly base: Name | null;
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly SortKey[];
  readonly frame: Frame | null;
}

export interface Frame {
  readonly unit: 'rows' | 'range' | 'groups';
  readonly start: Bound;
  readonly end: Bound | null;
}

export interface Bound {
  readonly kind: 'unbounded preceding' | 'unbounded following' | 'current row' | 'preceding' | 'following';
  readonly by: Expression | null;
}

export interface TypeName extends Node {
  readonly name: string;
  readonly numbers: readonly number[];
  readonly of: readonly TypeName[];
  /** Of a row: names of its fields, null where there is none. */
  readonly names: readonly (string | null)[];
}

export interface Query extends Node {
  readonly recursive: boolean;
  readonly ctes: readonly { readonly name: Name; readonly columns: readonly Name[] | null; readonly query: Query }[];
  readonly body: Body;
  readonly orderBy: readonly SortKey[];
  readonly offset: Expression | null;
  readonly limit: Expression | null;
  readonly withTies: boolean;
}

export type Body = Select | Values | Nested | SetOperation;

export interface Nested extends Node {
  readonly kind: 'nested';
  readonly query: Query;
}

export interface SetOperation extends Node {
  readonly kind: 'set';
  readonly operator: 'union' | 'intersect' | 'except';
  readonly all: boolean;
  readonly left: Body;
  readonly right: Body;
}

export interface Values extends Node {
  readonly kind: 'values';
  readonly rows: readonly (readonly Expression[])[];
}

export type SelectItem = Node & (
  | { readonly kind: 'star'; readonly of: readonly Name[] }
  | { readonly kind: 'item'; readonly expression: Expression; readonly alias: Name | null }
);

export type GroupingElement = Node & ({ readonly kind: 'key'; readonly key: Expression } | { readonly kind: 'rollup' | 'cube' | 'sets'; readonly sets: readonly (readonly Expression[])[] });

export interface Select extends Node {
  readonly kind: 'select';
  readonly distinct: boolean;
  readonly items: readonly SelectItem[];
  readonly from: Relation | null;
  readonly where: Expression | null;
  readonly groupBy: readonly GroupingElement[] | null;
  readonly having: Expression | null;
  readonly windows: readonly { readonly name: Name; readonly window: Window }[];
}

export interface Alias {
  readonly name: Name;
  readonly columns: readonly Name[] | null;
}

export type Relation = Node & { readonly alias: Alias | null } & (
  | { readonly kind: 'table'; readonly parts: readonly Name[] }
  | { readonly kind: 'derived'; readonly query: Query; readonly lateral: boolean }
  | { readonly kind: 'unnest'; readonly items: readonly Expression[]; readonly ordinality: boolean }
  | { readonly kind: 'join'; readonly type: 'inner' | 'left' | 'right' | 'full' | 'cross'; readonly left: Relation; readonly right: Relation; readonly on: Expression | null; readonly using: readonly Name[] | null }
);
