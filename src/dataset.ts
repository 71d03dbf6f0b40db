import type { Column, Columns, ColumnValue, Key } from './columns.js';

export * from './columns.js';

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

/** Rows that have no time at all, such as a catalogue: they are one partition, that of 1970-01-01, so that equal ones are one row whenever they come. */
export interface NoTime {
  readonly none: true;
  /** As of `EventTime`. */
  readonly column?: string | undefined;
}

/** Where a row's platform is told: by a key of it, or by the path of its file, whose innermost folder or name begins with it (`iOS/a.json`, `iOS_20160201.json`). */
export type PlatformPlace = { readonly key: Key; readonly path?: undefined } | { readonly path: true; readonly key?: undefined };

/** What a team writes in `datasets/<name>/dataset.ts`. */
export interface Dataset<E extends Columns = Columns, I extends Columns = Columns> {
  readonly name: string;
  /** Rises with each change of the contract. */
  readonly version: number;
  /** When the event happened, or that only its receipt is known. */
  readonly time: EventTime | LoadTime | NoTime;
  /**
   * The second partition column: one of the values, matched without case and written as it is here. Anything else is null
   * in bronze and rejected by silver, and so is an event without one, unless it says `required: false`. Left out: null for all.
   */
  readonly platform?: (PlatformPlace & { readonly values: readonly string[]; readonly required?: boolean | undefined }) | undefined;
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
  /** Further arrays, at any depth, each with a table of its own. Left out: they stay in bronze. */
  readonly arrays?: readonly ArrayTable[] | undefined;
  /** Of several contracts in one folder: the names of files that hold such rows, globs without regard to case, `*listening*.csv*`. Left out: any file. */
  readonly files?: readonly string[] | undefined;
  /** Rows are taken from a database. `query`: a file in the dataset's folder, a SELECT for PostgreSQL of `id`, `at` and `body`. */
  readonly database?: { readonly query: string } | undefined;
  /** Set by whoever loads it: the folder that it is part of. */
  readonly family?: Family | undefined;
}

/** A folder under `datasets/`: its contracts, whose silver tables its gold reads together. */
export interface Family {
  readonly name: string;
  readonly parts: readonly Dataset[];
}

export interface Items<I extends Columns = Columns> {
  readonly table: string;
  readonly key: Key;
  readonly columns: I;
}

/**
 * `silver.<table>`: a row per element of an array, by its event (event_id), the places of the elements around it (parent_path) and its
 * place among its siblings (item_index). An element that is no object is read as `{"value": …}`.
 */
export interface ArrayTable<C extends Columns = Columns> {
  readonly table: string;
  /** A JSON pointer to the array; `*` stands for each element of an array around it: `/orders/` + `*` + `/lines`. */
  readonly key: Key;
  readonly columns: C;
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

/** Several contracts of one folder, each a kind of rows with tables of its own: `music_track`, `music_listening` in `datasets/music`. */
export function defineDatasets<const D extends readonly Dataset[]>(...datasets: D): D {
  return datasets;
}

/** The folder that a contract is part of; one that stands alone is its own. */
export function familyOf(dataset: Dataset): Family {
  return dataset.family ?? { name: dataset.name, parts: [dataset] };
}

/** When events happened; null when they don't say. */
export function eventTimeOf({ time }: Dataset): EventTime | null {
  return 'load' in time || 'none' in time ? null : time;
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
export const ownColumns: readonly string[] = ['event_id', 'item_index', 'parent_path', 'event_date', 'platform', 'event_timestamp', 'item_count', 'issues', 'message_id', 'received_at'];

/** The event time's column in silver's event and item tables. */
export function timeColumn({ time }: Dataset): string {
  return time.column ?? 'event_timestamp';
}

/** Silver's tables that gold reads: the event table, that of items if there is one, and those of further arrays. */
export function rowTables({ event, items, arrays = [] }: Dataset): string[] {
  return [event.table, ...(items === undefined ? [] : [items.table]), ...arrays.map(({ table }) => table)];
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
