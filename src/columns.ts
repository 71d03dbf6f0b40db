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

/** One key as a JSON pointer (RFC 6901). */
export function pointerTo(key: string): string {
  return `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The key as a JSON pointer: unlike a JSON path it takes any key. */
export function pointerOf(key: Key): string {
  return segmentsOf(key).map(pointerTo).join('');
}

/** What the library gives for a column of each type. */
export interface ColumnValue {
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
