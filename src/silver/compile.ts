import type { DuckDBValue } from '@duckdb/node-api';
import type { Dataset } from '../dataset.js';
import { fill, pointer, sqlFile } from '../lake/sql.js';
import { checkKeys, columnSql, eventKey, itemKey, quotedNumbers, rejection } from './compile-exact.js';
import { patternsOf } from './compile-patterns.js';
import { quickItems, type Form } from './compile-quick.js';
import { escaped, fieldsOf, itemEnd, keysOf, TextSql, Values, type Field } from './compile-values.js';

/** Issues that an event lists at most; one more says that there were others. */
export const mostIssues = 100;

/** A contract's SQL: one SELECT each. `transform.ts` has their order. */
export interface Compiled {
  readonly message: string;
  readonly held: string;
  readonly exactEvent: string;
  readonly exactItem: string;
  readonly exact: string;
  /** The item table, of these forms by the quick way. */
  readonly item: (quick: readonly Form[]) => string;
  /** The event table; `items` tells whether any item file was written. */
  readonly event: (items: boolean) => string;
  readonly rejected: string;
  readonly duplicates: string;
  readonly parameters: Readonly<Record<string, DuckDBValue>>;
}

const file = (name: string): string => sqlFile(import.meta.url, `./sql/${name}.sql`);

/**
 * Compiles a contract to SQL.
 * @throws LakeError `DATASET_INVALID` when a key can't be looked up in JSON.
 */
export function compile(dataset: Dataset): Compiled {
  checkKeys(dataset);
  const values = new Values();
  const text = new TextSql(dataset, values);
  const event = fieldsOf(dataset.event.columns);
  const items = fieldsOf(dataset.items.columns);
  bindPlaces(dataset, event, values);
  const columns = names(event);
  const sure = ['event_timestamp', 'platform', ...event.filter(({ column }) => column.required && column.type === 'text').map(({ quoted }) => quoted)];
  const same = sure.join(', ');
  const shared = { columns, same, same_of_any: sure.map((name) => `any_value(${name}) AS ${name}`).join(', '), item_end: itemEnd };
  const unusual = unusualIn(dataset);
  const reading = (source: string): string => eventReading(dataset, text, values, source, unusual);
  const quick = quickItems(dataset, text, values);
  const itemColumns = ['event_id', 'item_index', 'event_date', 'platform', ...event.map(({ quoted }) => quoted), 'event_timestamp', ...items.map(({ quoted }) => quoted)].join(', ');
  return {
    message: fill(file('message'), { ...shared, event_reading: reading('bronze_rows'), text_unusual: unusual('_text') }),
    held: fill(file('held'), shared),
    exactEvent: fill(file('exact-event'), {
      ...shared,
      event_reading: reading('(SELECT * FROM bronze_rows SEMI JOIN held USING (message_id))'),
      text_is_null: `coalesce(${text.clean('_text')}, '') = ''`,
      text_quoted: `CASE WHEN ${unusual('_text')} THEN ${quotedNumbers('_text', values)} ELSE _text END`,
      items_reason: `${dataset.items.key.replaceAll("'", "''")}_unreadable`,
    }),
    exactItem: exactItem(dataset, items, text, values),
    exact: fill(file('exact'), { ...shared, event_key: eventKey(event, text, escaped) }),
    item: (forms) => fill(file('item'), { columns: itemColumns, quick: forms.map((form) => `(${quick[form]})\nUNION ALL\n`).join('') }),
    event: (written) => fill(file('event'), {
      ...shared,
      event_key: eventKey(event, text, (piece) => piece),
      written: written ? fill(file('written'), shared) : `SELECT '' AS event_id, ${same}, 0 AS item_count FROM message WHERE false`,
    }),
    rejected: file('rejected'),
    duplicates: file('duplicates'),
    parameters: values.parameters,
  };
}

function bindPlaces(dataset: Dataset, event: readonly Field[], values: Values): void {
  const patterns = patternsOf(dataset);
  const items = pointer(dataset.items.key);
  values.add('unusual_json', patterns.unusualJson);
  values.add('escaped_ascii', '\\\\u00[0-7]');
  values.add('plain_items', patterns.plainItems);
  values.add('next_key', patterns.nextKey);
  values.add('next_item', patterns.nextItem);
  values.add('map_text', patterns.mapText);
  values.add('map_entry', patterns.mapEntry);
  values.add('swallowed_item', `[}][}]\\]${patterns.nextItem}`);
  values.add('items_at', items);
  values.add('item_types_at', `$."${dataset.items.key}"[*]`);
  values.add('empty_items', ['', '[]', ...dataset.nulls].map((none) => JSON.stringify(none)));
  values.add('event_at', keysOf(event).map(pointer));
  values.parameters['most_issues'] = mostIssues;
}

/**
 * SQL that tells of a JSON text whether the quick way might misread it: by its values, or since ASCII written as an escape
 * could hide a key or a control character. A number that means null is read as a number by the quick way.
 */
function unusualIn(dataset: Dataset): (json: string) => string {
  if (dataset.nulls.some((none) => /\d/.test(none))) return () => 'true';
  return (json) => `(regexp_matches(${json}, $unusual_json) OR CASE WHEN contains(${json}, '\\u00') THEN regexp_matches(${json}, $escaped_ascii) ELSE false END)`;
}

function eventReading(dataset: Dataset, text: TextSql, values: Values, source: string, unusual: (json: string) => string): string {
  const event = fieldsOf(dataset.event.columns);
  const sql = columnSql(event, text, `''`);
  return fill(file('event-reading'), {
    source,
    unusual: unusual('_body'),
    body_quoted: quotedNumbers('_body', values),
    raw: sql.raw === '' ? 'NULL AS _none' : sql.raw,
    typed: sql.typed === '' ? 'NULL AS _nothing' : sql.typed,
    rejection: rejection(dataset, event, text, values),
    issues: sql.issues,
  });
}

function exactItem(dataset: Dataset, items: readonly Field[], text: TextSql, values: Values): string {
  values.add('unknown_key', ', [a-z][a-z0-9]*(?:_[a-z0-9]+)+=');
  const sql = columnSql(items, text, `'${dataset.items.key}[' || item_index || '].'`,
    (field, index) => (field.column.type === 'text' ? `(_java AND coalesce(regexp_matches(_raw_${index}, $unknown_key), false))` : 'false'));
  values.add('item_at', sql.paths);
  return fill(file('exact-item'), {
    raw: sql.raw,
    typed: sql.typed,
    columns: names(items),
    issues: sql.issues,
    item_key: itemKey(items, text, (field) => field.quoted, escaped),
  });
}

function names(fields: readonly Field[]): string {
  return fields.map(({ quoted }) => `${quoted}, `).join('');
}
