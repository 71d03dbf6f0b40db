/** What a column holds in silver, and the type it has in Parquet. */
export type ColumnType = 'text' | 'integer' | 'money' | 'text_map';

/** Parquet (DuckDB) type of each column type. */
export const sqlTypes: Readonly<Record<ColumnType, string>> = {
  text: 'VARCHAR',
  integer: 'BIGINT',
  money: 'DECIMAL(18,4)',
  text_map: 'MAP(VARCHAR, VARCHAR)',
};

/**
 * Where a value stands in a body: a key of its own, whatever is in it (`user.id` is one key), or the way to a nested one as a
 * JSON pointer (RFC 6901), which begins with a slash: `/user/id`.
 */
export type Key = string;

/** The keys on the way to a value, from the outermost. */
export function segmentsOf(key: Key): string[] {
  if (!key.startsWith('/')) return [key];
  return key.slice(1).split('/').map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The key as a JSON pointer: unlike a JSON path it takes any key. */
export function pointerOf(key: Key): string {
  return segmentsOf(key).map((segment) => `/${segment.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

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
  /** Where it is in the JSON object, the first that isn't null wins: a missing key is like a null. Empty: the column's own name. */
  readonly keys: readonly Key[];
  /** A row without it is rejected. */
  readonly required: R;
  /** Allowed values, after cleaning; anything else counts as unreadable. */
  readonly values: readonly V[] | null;
  /** Upper-cased before it is compared with `values`. */
  readonly upper: boolean;
}

export interface ColumnOptions<R extends boolean, V extends string> {
  readonly keys?: readonly Key[];
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
  /** When the event happened. */
  readonly time: {
    readonly key: Key;
    /** Its column in silver's event and item tables; `event_timestamp` by default. */
    readonly column?: string | undefined;
    /**
     * `any`, the default: numbers are s, ms, µs or ns, told by their magnitude; text is ISO 8601, or such a number.
     * `iso`: text in ISO 8601 alone. A time without a zone is UTC.
     */
    readonly format?: 'any' | 'iso' | undefined;
    /** Events before this date (UTC) are rejected. */
    readonly notBefore: string;
    /** Events later than receipt by more than this are rejected. */
    readonly maxAheadMs: number;
  };
  /**
   * The second partition column: one of the values, matched without case and written as it is here. Anything else is null
   * in bronze and rejected by silver, and so is an event without one, unless it says `required: false`.
   */
  readonly platform: { readonly key: Key; readonly values: readonly string[]; readonly required?: boolean | undefined };
  /** Texts that mean null. */
  readonly nulls: readonly string[];
  /** The event column that names a person: `forget` removes by it. */
  readonly person?: string | undefined;
  /**
   * What becomes of a value of the event's columns that is of another JSON type than the column's, or can't be read as it:
   * false, the default: it is null and named in the event's issues, and a number is read where text is meant; true: the
   * event is rejected. Of an item's columns it is always null.
   */
  readonly strict?: boolean | undefined;
  /** `silver.<table>`: a row per event. event_id, event_date, platform, the event time and the like come by themselves. */
  readonly event: { readonly table: string; readonly columns: E };
  /** `silver.<table>`: a row per element of an array in the event. Left out: events have none, and no such table. */
  readonly items?: Items<I> | undefined;
}

export interface Items<I extends Columns = Columns> {
  readonly table: string;
  readonly key: Key;
  readonly columns: I;
}

/** A dataset whose events have items. */
export type DatasetWithItems = Dataset & { readonly items: Items };

export function hasItems(dataset: Dataset): dataset is DatasetWithItems {
  return dataset.items !== undefined;
}

/** Checks a contract's types and gives it back; the rows' types follow from it: `EventRow<typeof shop>`. */
export function defineDataset<const D extends Dataset>(dataset: D): D {
  return dataset;
}

/** The event time's column in silver's event and item tables. */
export function timeColumn({ time }: Dataset): string {
  return time.column ?? 'event_timestamp';
}

/** Silver's tables that gold reads: the event table, and that of items if there is one. */
export function rowTables({ event, items }: Dataset): string[] {
  return [event.table, ...(items === undefined ? [] : [items.table])];
}

/** All of silver's tables, the event table first. */
export function silverTables(dataset: Dataset): string[] {
  return [...rowTables(dataset), `${dataset.name}_rejected`, `${dataset.name}_duplicates`];
}

type Cell<C> = C extends Column<infer T, infer R, infer V>
  ? (T extends 'text' ? V : ColumnValue[T]) | (R extends true ? never : null)
  : never;
type Cells<C extends Columns> = { readonly [K in keyof C]: Cell<C[K]> };

type TimeCell<D extends Dataset> = Readonly<Record<D['time'] extends { readonly column: infer N extends string } ? N : 'event_timestamp', Date>>;
type PlatformCell<D extends Dataset> = D['platform'] extends { readonly required: false } ? string | null : string;

/** A row of the event table, as the library gives it. */
export type EventRow<D extends Dataset> = Cells<D['event']['columns']> & TimeCell<D> & (D extends { readonly items: Items } ? { readonly item_count: bigint } : unknown) & {
  readonly event_id: string;
  readonly event_date: string;
  readonly platform: PlatformCell<D>;
  readonly issues: readonly string[];
  readonly message_id: string;
  readonly received_at: Date;
};

/** A row of the item table, as the library gives it. */
export type ItemRow<D extends Dataset> = D extends { readonly items: Items<infer I> }
  ? Cells<D['event']['columns']> & Cells<I> & TimeCell<D> & {
    readonly event_id: string;
    readonly item_index: bigint;
    readonly event_date: string;
    readonly platform: PlatformCell<D>;
  }
  : never;
