import type { DuckDBValue } from '@duckdb/node-api';
import { listValue } from '@duckdb/node-api';
import type { Column, Columns, Dataset } from '../dataset.js';
import { pointerOf, segmentsOf, sqlTypes } from '../dataset.js';
import { identifier } from '../lake/sql.js';

/** The values of a contract, by the name that the SQL text uses for them. */
export class Values {
  readonly parameters: Record<string, DuckDBValue> = {};

  /** Binds a value and gives `$name`, with a number behind it where the name has another value already: columns of two tables may be called the same. */
  add(name: string, value: string | readonly string[]): string {
    const bound = typeof value === 'string' ? value : listValue(value);
    const same = (other: DuckDBValue | undefined): boolean => other === undefined || JSON.stringify(other) === JSON.stringify(bound);
    let own = name;
    for (let times = 2; !same(this.parameters[own]); times++) own = `${name}_of_${times}`;
    this.parameters[own] = bound;
    return `$${own}`;
  }

  /** Binds each of the texts and gives `$name_0, $name_1`, for IN. */
  each(name: string, values: readonly string[]): string {
    return values.map((value, index) => this.add(`${name}_${index}`, value)).join(', ');
  }
}

/** A contract's columns with what every compiler of SQL asks of them. */
export interface Field {
  readonly name: string;
  readonly column: Column;
  /** The keys to look under, the first that isn't null wins. */
  readonly keys: readonly string[];
  readonly quoted: string;
}

export function fieldsOf(columns: Columns): Field[] {
  return Object.entries(columns).map(([name, column]) => ({
    name,
    column,
    keys: column.keys.length > 0 ? column.keys : [name],
    quoted: identifier(name),
  }));
}

/** All keys of the fields, each once. */
export function keysOf(fields: readonly Field[]): string[] {
  return [...new Set(fields.flatMap((field) => field.keys))];
}

/** The objects that a nested key lies in, as pointers, the outermost first; none for a key of the body itself. */
export function parentsOf(key: string): string[] {
  const segments = segmentsOf(key);
  return segments.slice(1).map((_segment, index) => segments.slice(0, index + 1).map((segment) => pointerOf(`/${segment}`)).join(''));
}

/** All objects that keys of the fields lie in, each once. */
export function allParents(fields: readonly Field[]): string[] {
  return [...new Set(keysOf(fields).flatMap(parentsOf))];
}

/** The names under which the values of keys stand in a JSON text. */
export function leavesOf(keys: readonly string[]): string[] {
  return [...new Set(keys.map((key) => segmentsOf(key).at(-1) ?? ''))];
}

/** SQL on texts as a contract reads them. The same for both ways, so that they can't differ. */
export class TextSql {
  private readonly nulls: string;
  private readonly numeric: string;
  private readonly whole: string;
  private readonly emptyIsNull: boolean;

  constructor(dataset: Dataset, private readonly values: Values) {
    this.nulls = values.each('null_text', dataset.nulls);
    this.emptyIsNull = dataset.nulls.includes('');
    this.numeric = values.add('numeric_text', '-?[0-9]+(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?');
    this.whole = values.add('whole_text', '-?[0-9]+(?:\\.0+)?');
  }

  /** The text, or null where it is one of the contract's nulls. */
  clean(text: string): string {
    return this.nulls === '' ? text : `CASE WHEN ${text} IN (${this.nulls}) THEN NULL ELSE ${text} END`;
  }

  /** A cleaned text as the column's type; null where it can't be read. Maps are read elsewhere. Dates may look at the column event_date beside it. */
  typed(field: Field, text: string): string {
    switch (field.column.type) {
      case 'text':
        return this.allowed(field, field.column.upper ? `upper(${text})` : text);
      case 'integer':
        return `CASE WHEN regexp_full_match(${text}, ${this.whole}) THEN TRY_CAST(split_part(${text}, '.', 1) AS BIGINT)
          WHEN regexp_full_match(${text}, ${this.numeric}) AND TRY_CAST(${text} AS DOUBLE) = trunc(TRY_CAST(${text} AS DOUBLE))
            AND abs(TRY_CAST(${text} AS DOUBLE)) <= 9007199254740992 THEN TRY_CAST(TRY_CAST(${text} AS DOUBLE) AS BIGINT) END`;
      case 'money':
        return `CASE WHEN regexp_full_match(${text}, ${this.numeric}) THEN coalesce(TRY_CAST(${text} AS ${sqlTypes.money}),
          TRY_CAST(TRY_CAST(${text} AS DOUBLE) AS ${sqlTypes.money})) END`;
      case 'number':
        return `CASE WHEN regexp_full_match(${text}, ${this.numeric}) AND isfinite(TRY_CAST(${text} AS DOUBLE)) THEN TRY_CAST(${text} AS DOUBLE) + 0 END`;
      case 'boolean':
        return `CASE lower(${text}) WHEN 'true' THEN true WHEN 'false' THEN false END`;
      case 'date':
        return this.date(field, text);
      case 'timestamp':
        return this.timestamp(field, text);
      case 'text_map':
        throw new Error('a map has no text of its own');
    }
  }

  private timestamp(field: Field, text: string): string {
    const { formats } = field.column;
    if (formats !== undefined) return `coalesce(${this.patterns(field, formats).map((pattern) => `CAST(${this.strptime(text, pattern)} AS ${sqlTypes.timestamp})`).join(', ')})`;
    return `CASE WHEN regexp_full_match(${text}, ${this.values.add('milliseconds_text', '-?[0-9]{1,15}(?:[.][0-9]+)?')}) THEN make_timestamptz(CAST(CAST(TRY_CAST(${text} AS DECIMAL(18,3)) AS DECIMAL(28,3)) * 1000 AS BIGINT))
          WHEN ${this.isIso(text)} THEN TRY_CAST(${text} AS ${sqlTypes.timestamp}) END`;
  }

  private date(field: Field, text: string): string {
    const { formats, past } = field.column;
    if (formats === undefined) return `CASE WHEN ${this.isIso(text)} THEN CAST(TRY_CAST(${text} AS ${sqlTypes.timestamp}) AS DATE) END`;
    const read = this.patterns(field, formats).map((pattern, index) => {
      const found = `CAST(${this.strptime(text, pattern)} AS DATE)`;
      if (past !== true || !/%-?y/.test(formats[index] ?? '')) return found;
      const earlier = `CAST(${found} - INTERVAL 100 YEAR AS DATE)`;
      // Of a 29th of February there may be none a century earlier.
      return `CASE WHEN ${found} <= event_date THEN ${found} WHEN day(${earlier}) = day(${found}) THEN ${earlier} END`;
    });
    return `coalesce(${read.join(', ')})`;
  }

  /** DuckDB takes `epoch` and `infinity` for times that they are not, whatever the pattern. */
  private strptime(text: string, pattern: string): string {
    return `CASE WHEN NOT regexp_matches(${text}, ${this.values.add('no_time_text', '(?i)^\\s*[+-]?(?:epoch|inf)')}) THEN try_strptime(${text}, ${pattern}) END`;
  }

  private patterns({ name }: Field, formats: readonly string[]): string[] {
    return formats.map((format, index) => this.values.add(`format_${name.replace(/\W/g, '_')}_${index}`, format));
  }

  /** No name of a zone but those of UTC: DuckDB would read it, and then take it for the zone of the texts that come after it. */
  private isIso(text: string): string {
    return `regexp_matches(${text}, ${this.values.add('iso_text', '^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ](?:[^A-Za-z]*Z?[^A-Za-z]*|[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.][0-9]+)? (?:UTC|GMT)))?$')})`;
  }

  /** The text where the contract allows it. */
  allowed(field: Field, text: string): string {
    const { values } = field.column;
    return values === null ? text : `CASE WHEN ${text} IN (${this.values.each(`allowed_${field.name.replace(/\W/g, '_')}`, values)}) THEN ${text} END`;
  }

  /** A typed cell as a piece of the duplicate key's text: a null differs from every value. */
  keyPiece(field: Field, cell: string, escape: (text: string) => string): string {
    if (field.column.type !== 'text') return `CAST(${cell} AS VARCHAR)`;
    const text = escape(cell);
    return this.emptyIsNull ? text : `coalesce(${text}, chr(29))`;
  }
}

/** Ends a cell, and an item, in the duplicate key's text. Values hold neither: see `escaped`. */
export const cellEnd = 'chr(31)';
export const itemEnd = 'chr(30)';

/** Marks the characters that the key's text is built with, so that different keys never give the same text. */
export function escaped(text: string): string {
  return `regexp_replace(${text}, '[\\x1b\\x1d\\x1e\\x1f]', chr(27) || '\\0', 'g')`;
}
