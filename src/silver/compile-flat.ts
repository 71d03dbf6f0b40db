import type { DuckDBValue } from '@duckdb/node-api';
import { timeColumn, type Dataset } from '../dataset.js';
import { fill, identifier, sqlFile } from '../lake/sql.js';
import { arrayTexts, compileArrays, type CompiledArray } from './compile-arrays.js';
import { eventReading, unusualIn } from './compile-event.js';
import { checkKeys, eventKey } from './compile-exact.js';
import { escaped, fieldsOf, TextSql, Values } from './compile-values.js';

/** The SQL of a contract without items: one SELECT each, in their order. */
export interface CompiledFlat {
  readonly message: string;
  readonly held: string;
  readonly exact: string;
  readonly event: string;
  /** As of `Compiled`. */
  readonly arrays: readonly CompiledArray[];
  readonly rejected: string;
  readonly duplicates: string;
  readonly parameters: Readonly<Record<string, DuckDBValue>>;
}

const file = (name: string): string => sqlFile(import.meta.url, `./sql/${name}.sql`);

/**
 * Compiles a contract without items to SQL: an event is all in its own columns, so one reading gives its id as well.
 * @param exactly read every row value by value: slower, and the same rows
 * @throws LakeError `DATASET_INVALID` when a key can't be looked up in JSON.
 */
export function compileFlat(dataset: Dataset, exactly: boolean): CompiledFlat {
  checkKeys(dataset);
  const values = new Values();
  const text = new TextSql(dataset, values);
  const event = fieldsOf(dataset.event.columns);
  const unusual = unusualIn(dataset, values);
  const further = arrayTexts(dataset, values);
  const shared = { columns: event.map(({ quoted }) => `${quoted}, `).join(''), time: identifier(timeColumn(dataset)) };
  return {
    message: fill(file('flat-message'), {
      ...shared,
      event_reading: eventReading(dataset, text, values, 'bronze_rows', exactly ? 'true' : unusual('_body')),
      event_key: eventKey(dataset, text, (piece) => piece, further),
      escaped_key: eventKey(dataset, text, escaped, further),
    }),
    held: file('flat-held'),
    exact: file('flat-exact'),
    event: fill(file('flat-event'), shared),
    arrays: compileArrays(dataset, text, values),
    rejected: file('flat-rejected'),
    duplicates: file('duplicates'),
    parameters: values.parameters,
  };
}
