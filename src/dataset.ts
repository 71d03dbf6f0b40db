/** What a column holds in silver, and the type it has in Parquet. */
export type ColumnType = 'text' | 'integer' | 'money' | 'text_map';

/** Parquet (DuckDB) type of each column type. */
export const sqlTypes: Readonly<Record<ColumnType, string>> = {
  text: 'VARCHAR',
  integer: 'BIGINT',
  money: 'DECIMAL(18,4)',
  text_map: 'MAP(VARCHAR, VARCHAR)',
};

interface ColumnValue {
  text: string;
  integer: bigint;
  /** Exact: the decimal's text. */
  money: string;
  text_map: ReadonlyMap<string, string>;
}

/** One column of a contract: where its value is, what it must be. */
export interface Column<T extends ColumnType = ColumnType, R extends boolean = boolean, V extends string = string> {
  readonly type: T;
  /** Keys in the JSON object, the first that isn't null wins: a missing key is like a null. Empty: the column's own name. */
  readonly keys: readonly string[];
  /** A row without it is rejected. */
  readonly required: R;
  /** Allowed values, after cleaning; anything else counts as unreadable. */
  readonly values: readonly V[] | null;
  /** Upper-cased before it is compared with `values`. */
  readonly upper: boolean;
}

export interface ColumnOptions<R extends boolean, V extends string> {
  readonly keys?: readonly string[];
  readonly required?: R;
  readonly values?: readonly V[];
  readonly upper?: boolean;
}

function column<T extends ColumnType, R extends boolean, V extends string>(type: T, options: ColumnOptions<R, V>): Column<T, R, V> {
  const unknown = Object.keys(options).find((name) => !['keys', 'required', 'values', 'upper'].includes(name));
  if (unknown !== undefined) throw new TypeError(`${unknown} is no option of a column: keys, required, values, upper`);
  return {
    type,
    keys: options.keys ?? [],
    required: (options.required ?? false) as R,
    values: options.values ?? null,
    upper: options.upper ?? false,
  };
}

export const text = <const R extends boolean = false, const V extends string = string>(options: ColumnOptions<R, V> = {}): Column<'text', R, V> =>
  column('text', options);
export const integer = <const R extends boolean = false>(options: ColumnOptions<R, string> = {}): Column<'integer', R> => column('integer', options);
/** DECIMAL(18,4). */
export const money = <const R extends boolean = false>(options: ColumnOptions<R, string> = {}): Column<'money', R> => column('money', options);
/** A map of text to text, from GA4's `[{key, value: {string_value, int_value, …}}]` or a plain object. */
export const textMap = (options: ColumnOptions<false, string> = {}): Column<'text_map', false> => column('text_map', options);

export type Columns = Readonly<Record<string, Column>>;

/** What a team writes in `datasets/<name>/dataset.ts`. */
export interface Dataset<E extends Columns = Columns, I extends Columns = Columns> {
  readonly name: string;
  /** Rises with each change of the contract. */
  readonly version: number;
  /** When the event happened. Numbers are s, ms, µs or ns, told by their magnitude; text is ISO 8601. */
  readonly time: {
    readonly key: string;
    /** Events before this date (UTC) are rejected. */
    readonly notBefore: string;
    /** Events later than receipt by more than this are rejected. */
    readonly maxAheadMs: number;
  };
  /** The second partition column; cleaned: upper case, one of the values, else null (and rejected by silver). */
  readonly platform: { readonly key: string; readonly values: readonly string[] };
  /** Texts that mean null. */
  readonly nulls: readonly string[];
  /** The event column that names a person: `forget` removes by it. */
  readonly person?: string | undefined;
  /** `silver.<table>`: a row per event. event_id, event_date, platform, event_timestamp and the like come by themselves. */
  readonly event: { readonly table: string; readonly columns: E };
  /** `silver.<table>`: a row per element of an array in the event. */
  readonly items: { readonly table: string; readonly key: string; readonly columns: I };
}

/** Checks a contract's types and gives it back; the rows' types follow from it: `EventRow<typeof shop>`. */
export function defineDataset<const E extends Columns, const I extends Columns>(dataset: Dataset<E, I>): Dataset<E, I> {
  return dataset;
}

type Cell<C> = C extends Column<infer T, infer R, infer V>
  ? (T extends 'text' ? V : ColumnValue[T]) | (R extends true ? never : null)
  : never;
type Cells<C extends Columns> = { readonly [K in keyof C]: Cell<C[K]> };

/** A row of the event table, as the library gives it. */
export type EventRow<D extends Dataset> = Cells<D['event']['columns']> & {
  readonly event_id: string;
  readonly event_date: string;
  readonly platform: string;
  readonly event_timestamp: Date;
  readonly item_count: bigint;
  readonly issues: readonly string[];
  readonly message_id: string;
  readonly received_at: Date;
};

/** A row of the item table, as the library gives it. */
export type ItemRow<D extends Dataset> = Cells<D['event']['columns']> & Cells<D['items']['columns']> & {
  readonly event_id: string;
  readonly item_index: bigint;
  readonly event_date: string;
  readonly platform: string;
  readonly event_timestamp: Date;
};
