/** What a column holds in silver, and the type it has in Parquet. */
export type ColumnType = 'text' | 'integer' | 'money' | 'text_map' | 'number' | 'boolean' | 'date' | 'timestamp';

/** Parquet (DuckDB) type of each column type. */
export const sqlTypes: Readonly<Record<ColumnType, string>> = {
  text: 'VARCHAR',
  integer: 'BIGINT',
  money: 'DECIMAL(18,4)',
  text_map: 'MAP(VARCHAR, VARCHAR)',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
  timestamp: 'TIMESTAMP WITH TIME ZONE',
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
  number: number;
  boolean: boolean;
  /** `2026-01-31`. */
  date: string;
  timestamp: Date;
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
  /** Of dates and timestamps: strptime patterns, the first that fits wins. Left out: ISO 8601. */
  readonly formats?: readonly string[] | undefined;
  /** Of dates: one that a two-digit year puts after the event's date is a century earlier. */
  readonly past?: boolean | undefined;
}

export interface ColumnOptions<R extends boolean, V extends string> {
  readonly keys?: readonly Key[];
  readonly required?: R;
  readonly values?: readonly V[];
  readonly upper?: boolean;
}

/** Of columns whose values have one form. */
export interface PlainOptions<R extends boolean> {
  readonly keys?: readonly Key[];
  readonly required?: R;
}

export interface TimestampOptions<R extends boolean> extends PlainOptions<R> {
  readonly formats?: readonly string[];
}

export interface DateOptions<R extends boolean> extends TimestampOptions<R> {
  readonly past?: boolean;
}

interface AnyOptions<R extends boolean, V extends string> extends ColumnOptions<R, V> {
  readonly formats?: readonly string[];
  readonly past?: boolean;
}

const usual = ['keys', 'required', 'values', 'upper'] as const;

/** @param names the options that there are */
function column<T extends ColumnType, R extends boolean, V extends string>(type: T, options: AnyOptions<R, V>, names: readonly (keyof AnyOptions<R, V>)[] = usual): Column<T, R, V> {
  const unknown = Object.keys(options).find((name) => !names.some((known) => known === name));
  if (unknown !== undefined) throw new TypeError(`${unknown} is no option of a ${type} column: ${names.join(', ')}`);
  return {
    type,
    keys: options.keys ?? [],
    required: (options.required ?? false) as R,
    values: options.values ?? null,
    upper: options.upper ?? false,
    ...(options.formats === undefined ? {} : { formats: options.formats }),
    ...(options.past === undefined ? {} : { past: options.past }),
  };
}

export const text = <const R extends boolean = false, const V extends string = string>(options: ColumnOptions<R, V> = {}): Column<'text', R, V> =>
  column('text', options);
export const integer = <const R extends boolean = false>(options: ColumnOptions<R, string> = {}): Column<'integer', R> => column('integer', options);
/** DECIMAL(18,4). */
export const money = <const R extends boolean = false>(options: ColumnOptions<R, string> = {}): Column<'money', R> => column('money', options);
/** A map of text to text, from GA4's `[{key, value: {string_value, int_value, …}}]` or a plain object. */
export const textMap = (options: ColumnOptions<false, string> = {}): Column<'text_map', false> => column('text_map', options);
/** DOUBLE; never infinite and never NaN. */
export const number = <const R extends boolean = false>(options: PlainOptions<R> = {}): Column<'number', R> => column('number', options, ['keys', 'required']);
/** BOOLEAN: `true` and `false`, in JSON or as texts, these in any case. */
export const boolean = <const R extends boolean = false>(options: PlainOptions<R> = {}): Column<'boolean', R> => column('boolean', options, ['keys', 'required']);
/**
 * DATE. By default from text in ISO 8601, of an instant its date in UTC. `formats: ['%d/%m/%y', …]` are strptime's patterns, tried in
 * order; days and months need no padding. A date that does not exist can't be read. `past: true`: a two-digit year never gives a date
 * after the event's own: `1/1/68` seen in 2016 is 1968. In an item's columns, `formats` cost the quick way of reading.
 */
export const date = <const R extends boolean = false>(options: DateOptions<R> = {}): Column<'date', R> => column('date', options, ['keys', 'required', 'formats', 'past']);
/**
 * TIMESTAMP WITH TIME ZONE, in UTC. By default from text in ISO 8601, one without a zone is UTC, an offset needs no colon, or from
 * milliseconds since 1970, as a number or as its digits. `formats` as of `date`.
 */
export const timestamp = <const R extends boolean = false>(options: TimestampOptions<R> = {}): Column<'timestamp', R> => column('timestamp', options, ['keys', 'required', 'formats']);

export type Columns = Readonly<Record<string, Column>>;

/** Events say when they happened. */
export interface EventTime {
  readonly key: Key;
  /** Its column in silver's event and item tables; `event_timestamp` by default. */
  readonly column?: string | undefined;
  /**
   * `any`, the default: numbers are s, ms, µs or ns, told by their magnitude; text is ISO 8601, or such a number.
   * `iso`: text in ISO 8601 alone. Or a pattern of its own.
   */
  readonly format?: 'any' | 'iso' | TimePattern | undefined;
  /** Of texts that name none: `-03:00`, or a name such as `Europe/Madrid`. UTC by default. */
  readonly zone?: string | undefined;
  /** Events before this date (UTC) are rejected. */
  readonly notBefore: string;
  /** Events later than receipt by more than this are rejected. */
  readonly maxAheadMs: number;
}

/** Text by one of strptime's patterns: `%d/%m/%y`. */
export interface TimePattern {
  readonly pattern: string;
  /** Where a time of day stands that is added: a whole number HHMMSS without padding, 100 is 00:01:00. */
  readonly clock?: Key | undefined;
}

/** Events don't say: their time is when they were received, and they are partitioned by the date of that. Equal ones are one event only on the same date. */
export interface LoadTime {
  readonly load: true;
  /** As of `EventTime`. */
  readonly column?: string | undefined;
}

/** What a team writes in `datasets/<name>/dataset.ts`. */
export interface Dataset<E extends Columns = Columns, I extends Columns = Columns> {
  readonly name: string;
  /** Rises with each change of the contract. */
  readonly version: number;
  /** When the event happened, or that only its receipt is known. */
  readonly time: EventTime | LoadTime;
  /**
   * The second partition column: one of the values, matched without case and written as it is here. Anything else is null
   * in bronze and rejected by silver, and so is an event without one, unless it says `required: false`. Left out: null for all.
   */
  readonly platform?: { readonly key: Key; readonly values: readonly string[]; readonly required?: boolean | undefined } | undefined;
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

/** When events happened; null when only their receipt is known. */
export function eventTimeOf({ time }: Dataset): EventTime | null {
  return 'load' in time ? null : time;
}

/** What an offset such as `-03:00` is; null for anything else. */
export function zoneOffsetMinutes(zone: string): number | null {
  const [, sign, hours, minutes] = /^([+-])([01]\d|2[0-3]):([0-5]\d)$/.exec(zone) ?? [];
  return sign === undefined ? null : (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
}

/** Whether every event of silver has a platform. */
export function needsPlatform({ platform }: Dataset): boolean {
  return platform !== undefined && platform.required !== false;
}

/** Columns that silver has beside the contract's: no column of a contract has such a name, case aside. */
export const ownColumns: readonly string[] = ['event_id', 'item_index', 'event_date', 'platform', 'event_timestamp', 'item_count', 'issues', 'message_id', 'received_at'];

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
type PlatformCell<D extends Dataset> = D extends { readonly platform: infer P } ? (P extends { readonly required: false } | undefined ? string | null : string) : string | null;

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
