import type { DuckDBValue } from '@duckdb/node-api';
import { eventTimeOf, needsPlatform, pointerOf, segmentsOf, timeColumn, type DatasetWithItems } from '../dataset.js';
import { fill, identifier, sqlFile } from '../lake/sql.js';
import { arrayTexts, compileArrays, type CompiledArray } from './compile-arrays.js';
import { eventReading, unusualIn } from './compile-event.js';
import { checkKeys, columnSql, eventKey, itemKey, quotedNumbers } from './compile-exact.js';
import { patternsOf } from './compile-patterns.js';
import { quickItems, type Form } from './compile-quick.js';
import { allParents, escaped, fieldsOf, itemEnd, TextSql, Values, type Field } from './compile-values.js';

/** Issues that an event lists at most; one more says that there were others. */
export const mostIssues = 100;

/** The SQL of a contract with items: one SELECT each. `transform.ts` has their order. */
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
  /** The tables of further arrays, from the event files just written. */
  readonly arrays: readonly CompiledArray[];
  readonly rejected: string;
  readonly duplicates: string;
  readonly parameters: Readonly<Record<string, DuckDBValue>>;
}

const file = (name: string): string => sqlFile(import.meta.url, `./sql/${name}.sql`);

/**
 * Compiles a contract with items to SQL; `compileFlat` is for those without.
 * @throws LakeError `DATASET_INVALID` when a key can't be looked up in JSON.
 */
export function compile(dataset: DatasetWithItems): Compiled {
  checkKeys(dataset);
  const values = new Values();
  const text = new TextSql(dataset, values);
  const event = fieldsOf(dataset.event.columns);
  const items = fieldsOf(dataset.items.columns);
  bindPlaces(dataset, values);
  const columns = names(event);
  const time = identifier(timeColumn(dataset));
  // Those that no event that the quick way reads is without.
  const sure = [eventTimeOf(dataset) === null ? 'event_date' : 'event_timestamp', ...(needsPlatform(dataset) ? ['platform'] : []), ...event.filter(({ column }) => column.required && column.type === 'text').map(({ quoted }) => quoted)];
  const same = sure.join(', ');
  const shared = { columns, same, same_of_any: sure.map((name) => `any_value(${name === 'event_timestamp' ? time : name}) AS ${name}`).join(', '), item_end: itemEnd, time };
  const unusual = unusualIn(dataset, values);
  const reading = (source: string): string => eventReading(dataset, text, values, source, unusual('_body'));
  const quick = quickItems(dataset, text, values);
  const itemColumns = (named: string): string => ['event_id', 'item_index', 'event_date', 'platform', ...event.map(({ quoted }) => quoted), named, ...items.map(({ quoted }) => quoted)].join(', ');
  return {
    message: fill(file('message'), { ...shared, event_reading: reading('bronze_rows'), text_unusual: unusual('_text') }),
    held: fill(file('held'), shared),
    exactEvent: fill(file('exact-event'), {
      ...shared,
      event_reading: reading('(SELECT * FROM bronze_rows SEMI JOIN held USING (message_id))'),
      text_is_null: `coalesce(${text.clean('_text')}, '') = ''`,
      text_quoted: `CASE WHEN ${unusual('_text')} THEN ${quotedNumbers('_text', values)} ELSE _text END`,
      items_reason: `${segmentsOf(dataset.items.key).join('_').replaceAll("'", "''")}_unreadable`,
    }),
    exactItem: exactItem(dataset, items, text, values),
    exact: fill(file('exact'), { ...shared, event_key: eventKey(dataset, text, escaped, arrayTexts(dataset, values)) }),
    item: (forms) => fill(file('item'), { columns: itemColumns('event_timestamp'), named: itemColumns(`event_timestamp AS ${time}`), quick: forms.map((form) => `(${quick[form]})\nUNION ALL\n`).join('') }),
    event: (written) => fill(file('event'), {
      ...shared,
      event_key: eventKey(dataset, text, (piece) => piece),
      written: written ? fill(file('written'), shared) : `SELECT '' AS event_id, ${same}, 0 AS item_count FROM message WHERE false`,
    }),
    arrays: compileArrays(dataset, text, values),
    rejected: file('rejected'),
    duplicates: file('duplicates'),
    parameters: values.parameters,
  };
}

function bindPlaces(dataset: DatasetWithItems, values: Values): void {
  const patterns = patternsOf(dataset);
  const items = pointerOf(dataset.items.key);
  values.add('plain_items', patterns.plainItems);
  values.add('next_key', patterns.nextKey);
  values.add('next_item', patterns.nextItem);
  values.add('map_text', patterns.mapText);
  values.add('map_entry', patterns.mapEntry);
  values.add('swallowed_item', `[}][}]\\]${patterns.nextItem}`);
  values.add('items_at', items);
  values.add('item_types_at', `$${segmentsOf(dataset.items.key).map((segment) => `."${segment}"`).join('')}[*]`);
  values.add('empty_items', ['', '[]', ...dataset.nulls].map((none) => JSON.stringify(none)));
  values.parameters['most_issues'] = mostIssues;
}

function exactItem(dataset: DatasetWithItems, items: readonly Field[], text: TextSql, values: Values): string {
  values.add('unknown_key', ', [a-z][a-z0-9]*(?:_[a-z0-9]+)+=');
  const sql = columnSql(items, text, `'${segmentsOf(dataset.items.key).join('.')}[' || item_index || '].'`,
    (field, index) => (field.column.type === 'text' ? `(_java AND coalesce(regexp_matches(_raw_${index}, $unknown_key), false))` : 'false'));
  values.add('item_at', sql.paths);
  const parents = allParents(items);
  if (parents.length > 0) values.add('item_parents_at', parents);
  return fill(file('exact-item'), {
    parents: parents.length === 0 ? '' : 'json_type(_element, $item_parents_at) AS _parents,',
    event_date: items.some(({ column }) => column.past === true) ? 'event_date,' : '',
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
