import { hasItems, segmentsOf, timeColumn, type Dataset, type DatasetWithItems } from '../../dataset.js';
import { fill, identifier, sqlFile } from '../../lake/sql.js';
import { mostIssues } from '../compile.js';
import { checkKeys } from '../compile-exact.js';
import { patternsOf } from '../compile-patterns.js';
import { fieldsOf, type Field } from '../compile-values.js';
import { arrayTexts, compileArrays } from './compile-arrays.js';
import { columnsSql, eventKey, itemKey, namedColumns, type Parts } from './compile-columns.js';
import { JsonSql, pathOf } from './compile-json.js';
import { rejectionSql } from './compile-rejection.js';
import { TrinoText } from './compile-values.js';
import type { TrinoStep } from './step.js';
import { joined, TrinoValues, withValue, type TrinoValue } from './values.js';

export type { TrinoStep } from './step.js';

export interface TrinoSilver {
  /** In their order. */
  readonly steps: readonly TrinoStep[];
  /** Values by name, as `$name` in the SELECTs. */
  readonly parameters: Readonly<Record<string, TrinoValue>>;
}

const file = (name: string): string => sqlFile(import.meta.url, `./sql/${name}.sql`);

/**
 * Compiles a contract to SQL for Trino that gives the rows that DuckDB gives: each row is read value by value. The session's time zone must be UTC.
 * @throws LakeError `DATASET_INVALID` when a key can't be looked up in JSON, or a column needs what only DuckDB has.
 */
export function compileTrino(dataset: Dataset): TrinoSilver {
  checkKeys(dataset);
  const values = new TrinoValues();
  const parts: Parts = { dataset, values, json: new JsonSql(values), text: new TrinoText(dataset, values) };
  return { steps: hasItems(dataset) ? withItems(dataset, parts) : withoutItems(parts), parameters: values.parameters };
}

function withoutItems(parts: Parts): TrinoStep[] {
  const { dataset } = parts;
  const event = fieldsOf(dataset.event.columns);
  const time = identifier(timeColumn(dataset));
  return [
    {
      name: 'message', kind: 'work', select: fill(file('message'), {
        event_reading: eventReading(parts), event_key: keyOf(parts), columns: workColumns(event), doc: docOf(dataset),
      }),
    },
    { name: dataset.event.table, kind: 'table', select: fill(file('message-event'), { columns: namedColumns(event), time }) },
    ...compileArrays(parts, 'message', '_reason IS NULL AND _place = 1'),
    { name: `${dataset.name}_rejected`, kind: 'table', select: file('rejected') },
    { name: `${dataset.name}_duplicates`, kind: 'table', select: fill(file('duplicates'), { source: 'message', kept: '_reason IS NULL AND ' }) },
  ];
}

function withItems(dataset: DatasetWithItems, parts: Parts): TrinoStep[] {
  const { values, json, text } = parts;
  const event = fieldsOf(dataset.event.columns);
  const items = fieldsOf(dataset.items.columns);
  const time = identifier(timeColumn(dataset));
  const columns = workColumns(event);
  bindPlaces(dataset, values);
  return [
    {
      name: 'message', kind: 'work', select: fill(file('items'), {
        event_reading: eventReading(parts), columns, doc: docOf(dataset),
        items_cell: json.at('_doc', '$items_at'),
        items_kind: json.kind(json.at(json.kinds('_safe'), '$items_at')),
        text_is_null: `coalesce(${text.clean('_text')}, '') = ''`,
        text_is_json: json.isJson('_text'),
        text_minified: json.at(withValue(json.safe('_text'), 'verbatim', json.quoted('verbatim')), `'$'`),
        java_is_json: json.isJson('_json'),
        elements: json.elements('_list'),
        items_reason: values.add('items_reason', `${segmentsOf(dataset.items.key).join('_')}_unreadable`),
        items_detail: json.verbatimJson('_safe', dataset.items.key, 'items'),
      }),
    },
    { name: 'item_part', kind: 'work', select: itemPart(dataset, items, parts) },
    { name: 'placed', kind: 'work', select: fill(file('placed'), { columns, doc: docOf(dataset, 'message.'), event_key: keyOf(parts, ['_items_key']) }) },
    {
      name: dataset.items.table, kind: 'table', select: fill(file('item'), {
        columns: namedColumns(event), time, item_columns: items.map(({ quoted }, index) => `, _item_${index} AS ${quoted}`).join(''),
      }),
    },
    { name: dataset.event.table, kind: 'table', select: fill(file('placed-event'), { columns: namedColumns(event), time }) },
    ...compileArrays(parts, 'placed', '_place = 1'),
    { name: `${dataset.name}_rejected`, kind: 'table', select: file('rejected') },
    { name: `${dataset.name}_duplicates`, kind: 'table', select: fill(file('duplicates'), { source: 'placed', kept: '' }) },
  ];
}

/** SQL that reads the own columns of bronze's rows. */
function eventReading(parts: Parts): string {
  const { dataset, json } = parts;
  const event = fieldsOf(dataset.event.columns);
  const strict = dataset.strict === true;
  const sql = columnsSql(event, parts, { name: 'event', json: '_doc', kinds: strict ? '_typed' : null, prefix: `''`, doubtful: () => 'false' });
  const rejection = rejectionSql(parts, event);
  return fill(file('event-reading'), {
    object_start: json.pattern('object_start'), safe: json.safe('_body'),
    odd: json.odd('_safe'), quoted: joined(json.quoted('_safe'), `'000'`), quoted_fast: json.quotedFast('_safe'),
    types_in: strict ? `, CASE WHEN _object THEN ${json.kinds('_safe')} ELSE '{}' END AS _typed` : '',
    ...sql, ...rejection,
    columns: workColumns(event),
    // A strict contract has rejected what would be one.
    issues: strict ? 'CAST(ARRAY[] AS ARRAY(VARCHAR))' : sql.issues,
  });
}

function itemPart(dataset: DatasetWithItems, items: readonly Field[], parts: Parts): string {
  const { values } = parts;
  const unknownKey = values.add('unknown_key', ', [a-z][a-z0-9]*(?:_[a-z0-9]+)+=');
  const prefix = `${values.add('items_name', segmentsOf(dataset.items.key).join('.'))} || '[' || CAST(item_index AS VARCHAR) || '].'`;
  const sql = columnsSql(items, parts, {
    name: 'item', json: '_element', kinds: null, prefix,
    doubtful: (field, index) => (field.column.type === 'text' ? `(_java AND coalesce(regexp_like(_raw_${index}, ${unknownKey}), false))` : 'false'),
  });
  return fill(file('item-part'), {
    ...sql,
    columns: items.map((_field, index) => `_column_${index} AS _item_${index}, `).join(''),
    item_key: itemKey(items, parts.text),
  });
}

function keyOf(parts: Parts, items: readonly string[] = []): string {
  return eventKey(parts, arrayTexts(parts), items);
}

function bindPlaces(dataset: DatasetWithItems, values: TrinoValues): void {
  const patterns = patternsOf(dataset);
  // What matches no text is written otherwise for Trino.
  const bind = (name: string, pattern: string): string => values.add(name, pattern.replaceAll('[^\\x00-\\x{10FFFF}]', '(?!)'));
  bind('next_key', patterns.nextKey);
  bind('next_item', patterns.nextItem);
  bind('map_text', patterns.mapText);
  bind('map_entry', patterns.mapEntry);
  bind('swallowed_item', `[}][}]\\]${patterns.nextItem}`);
  values.add('items_at', pathOf(dataset.items.key));
  values.add('most_issues', mostIssues);
}

function workColumns(fields: readonly Field[]): string {
  return fields.map((_field, index) => `_column_${index}, `).join('');
}

/** Only further arrays read the body again. */
function docOf({ arrays = [] }: Dataset, of = ''): string {
  return arrays.length > 0 ? `${of}_doc` : 'CAST(NULL AS VARCHAR)';
}
