import { type Dataset } from '../../dataset.js';
import type { Field } from '../compile-values.js';
import { doubleText, moneyOf } from './compile-numbers.js';
import { dateText, instantText, isoDate, isoInstant } from './compile-times.js';
import { patternDate, patternInstant } from './compile-strptime.js';
import { plainName, type TrinoValues } from './values.js';

/** The types of Trino that a contract's types are. */
export const trinoTypes = {
  text: 'VARCHAR', integer: 'BIGINT', money: 'DECIMAL(18,4)', text_map: 'MAP(VARCHAR, VARCHAR)', number: 'DOUBLE', boolean: 'BOOLEAN', date: 'DATE', timestamp: 'TIMESTAMP(6) WITH TIME ZONE',
} as const;

/** Letters whose capitals are others in Trino than in DuckDB. */
const otherCapitals = 'ßƛɤᲊꟍꟛ𐵰-𐶅';

/** SQL on texts as a contract reads them, with the meaning that it has on DuckDB. */
export class TrinoText {
  private readonly nulls: string;
  private readonly numeric: string;
  private readonly whole: string;

  constructor(private readonly dataset: Dataset, private readonly values: TrinoValues) {
    this.nulls = dataset.nulls.map((none, index) => values.add(`null_text_${index}`, none)).join(', ');
    this.numeric = values.add('numeric_text', '\\A-?[0-9]+(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\\z');
    this.whole = values.add('whole_text', '\\A-?[0-9]+(?:\\.0+)?\\z');
  }

  /** The text, or null where it is one of the contract's nulls. */
  clean(text: string): string {
    return this.nulls === '' ? text : `CASE WHEN ${text} IN (${this.nulls}) THEN NULL ELSE ${text} END`;
  }

  /** A cleaned text as the column's type; null where it can't be read. Dates may look at the column event_date beside it. */
  typed(field: Field, text: string): string {
    switch (field.column.type) {
      case 'text':
        return this.allowed(field, field.column.upper ? this.upper(text) : text);
      case 'integer':
        return `CASE WHEN regexp_like(${text}, ${this.whole}) THEN TRY_CAST(split_part(${text}, '.', 1) AS BIGINT)
          WHEN regexp_like(${text}, ${this.numeric}) AND TRY_CAST(${text} AS DOUBLE) = truncate(TRY_CAST(${text} AS DOUBLE))
            AND abs(TRY_CAST(${text} AS DOUBLE)) <= 9007199254740992e0 THEN CAST(TRY_CAST(${text} AS DOUBLE) AS BIGINT) END`;
      case 'money':
        return `CASE WHEN regexp_like(${text}, ${this.numeric}) THEN ${moneyOf(text)} END`;
      case 'number':
        return `CASE WHEN regexp_like(${text}, ${this.numeric}) AND is_finite(TRY_CAST(${text} AS DOUBLE)) THEN TRY_CAST(${text} AS DOUBLE) + 0e0 END`;
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
    if (formats !== undefined) return `coalesce(${formats.map((format) => patternInstant(this.dataset, field.name, format, text, this.values)).join(', ')}, NULL)`;
    return isoInstant(text, this.values);
  }

  private date(field: Field, text: string): string {
    const { formats, past } = field.column;
    if (formats === undefined) return isoDate(text, this.values);
    const read = formats.map((format) => {
      const found = patternDate(this.dataset, field.name, format, text, this.values);
      if (past !== true || !/%-?y/.test(format)) return found;
      // Of a 29th of February there may be none a century earlier.
      return `element_at(transform(ARRAY[${found}], found -> CASE WHEN found <= event_date THEN found WHEN day(date_add('year', -100, found)) = day(found) THEN date_add('year', -100, found) END), 1)`;
    });
    return `coalesce(${read.join(', ')}, NULL)`;
  }

  /** DuckDB has a capital of ß, and none of letters that are younger than its Unicode. */
  private upper(text: string): string {
    const letters = this.values.add('other_capitals', otherCapitals);
    return `CASE WHEN regexp_like(${text}, '[' || ${letters} || ']') THEN regexp_replace(replace(${text}, 'ß', 'ẞ'), '([^' || ${letters} || ']++)', usual -> upper(usual[1])) ELSE upper(${text}) END`;
  }

  /** The text where the contract allows it. */
  private allowed(field: Field, text: string): string {
    const { values } = field.column;
    return values === null ? text : `CASE WHEN contains(${this.values.add(`allowed_${plainName(field.name)}`, values)}, ${text}) THEN ${text} END`;
  }

  /** A typed cell as a piece of the duplicate key's text: a null differs from every value. */
  keyPiece(field: Field, cell: string): string {
    switch (field.column.type) {
      case 'text':
        return this.dataset.nulls.includes('') ? escaped(cell) : `coalesce(${escaped(cell)}, chr(29))`;
      case 'number':
        return doubleText(cell);
      case 'date':
        return dateText(cell);
      case 'timestamp':
        return instantText(cell);
      default:
        return `CAST(${cell} AS VARCHAR)`;
    }
  }
}

/** Marks the characters that the key's text is built with, so that different keys never give the same text. */
function escaped(text: string): string {
  return `regexp_replace(${text}, '([\\x1b\\x1d\\x1e\\x1f])', chr(27) || '$1')`;
}
