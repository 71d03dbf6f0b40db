import { pointerOf, segmentsOf, sqlTypes, type ColumnType, type DatasetWithItems } from '../dataset.js';
import { fill, identifier, sqlFile } from '../lake/sql.js';
import { eventKey, itemKey, mapFromPairs } from './compile-exact.js';
import { flatFields } from './compile-patterns.js';
import { fieldsOf, itemEnd, type Field, type TextSql, type Values } from './compile-values.js';

/** The forms that items come in and the quick way knows. */
export type Form = 'array' | 'json' | 'java';
export const forms: readonly Form[] = ['array', 'json', 'java'];

const pairs = [{ key: 'VARCHAR', value: { string_value: 'VARCHAR', int_value: 'VARCHAR', float_value: 'VARCHAR', double_value: 'VARCHAR' } }];
const template = sqlFile(import.meta.url, './sql/quick-item.sql');

/** `quick-item.sql` for each form of items. */
export function quickItems(dataset: DatasetWithItems, text: TextSql, values: Values): Record<Form, string> {
  const event = fieldsOf(dataset.event.columns);
  const items = fieldsOf(dataset.items.columns);
  const keys = itemSchema(items);
  const javaKeys = Object.fromEntries(flatFields(dataset.items.columns).flatMap(({ keys: names, column }) => names.map((key) => [javaKey(key), readAs(column.type, 'VARCHAR')])));
  const eventSchema = event.flatMap(({ keys: names, column }) => names.map((key): Place => [key, column.type === 'text_map' ? pairs : 'VARCHAR']));
  const itemsText = values.add('items_at', pointerOf(dataset.items.key));
  const build = (form: Form): string => {
    const cell = (field: Field): string => itemCell(field, text, form);
    return fill(template, {
      quoted: `CAST(json_extract(body, ${itemsText}) AS VARCHAR)`,
      body_schema: form === 'array'
        ? values.add('body_with_items', JSON.stringify(nested([...eventSchema, [dataset.items.key, [keys]]])))
        : values.add('body_alone', JSON.stringify(nested([...eventSchema, [dataset.items.key, 'NULL']]))),
      items: itemsOf(form, { dataset, itemsText, keys: values.add('item_keys', JSON.stringify([keys])), javaKeys: values.add('java_item_keys', JSON.stringify([javaKeys])) }),
      event_columns: event.map((field) => `${eventCell(field, text)} AS ${field.quoted}, `).join(''),
      event_key: eventKey(dataset, text, (piece) => piece),
      item_key: itemKey(items, text, cell, (piece) => piece),
      item_end: itemEnd,
      columns: event.map(({ quoted }) => `${quoted}, `).join(''),
      pairs: items.flatMap((field, index) => (field.column.type === 'text_map' ? [`,\n    ${pairsOf(field, text, form)} AS _pairs_${index}`] : [])).join(''),
      item_columns: items.map((field, index) => `${field.column.type === 'text_map' ? quickMap(`_pairs_${index}`, text) : cell(field)} AS ${field.quoted}`).join(',\n  '),
    });
  };
  return { array: build('array'), json: build('json'), java: build('java') };
}

interface Source {
  readonly dataset: DatasetWithItems;
  readonly itemsText: string;
  readonly keys: string;
  readonly javaKeys: string;
}

function itemsOf(form: Form, { dataset, itemsText, keys, javaKeys }: Source): string {
  switch (form) {
    case 'array':
      return cellAt('_read', dataset.items.key);
    case 'json':
      return `CASE WHEN starts_with(_quoted, '"[{\\"') THEN from_json(json_extract_string(body, ${itemsText}), ${keys}) END`;
    case 'java':
      // `\0` alone, and keys as they stand in the text: RE2 is several times slower when it has to capture.
      return `CASE WHEN starts_with(_quoted, '"[{') AND NOT starts_with(_quoted, '"[{\\"') THEN from_json('[' || substr(regexp_replace(
        regexp_replace('}, {' || substr(_quoted, 4, length(_quoted) - 6), $next_key, '","\\0":"', 'g'),
        $next_item, '"},{", \\1=":"', 'g'), 4) || '"}]', ${javaKeys}) END`;
  }
}

const javaKey = (key: string): string => `, ${key}=`;

/** Types that `from_json` would read otherwise than a contract means them. */
function typedFromText(type: ColumnType): boolean {
  return ['number', 'boolean', 'date', 'timestamp'].includes(type);
}

/** What `from_json` is told of an item's value. */
function readAs<M>(type: ColumnType, map: M): M | string {
  if (type === 'text_map') return map;
  return typedFromText(type) ? 'VARCHAR' : sqlTypes[type];
}

/** A key and what `from_json` is told of the value there. */
type Place = readonly [key: string, type: unknown];

function itemSchema(items: readonly Field[]): Record<string, unknown> {
  return nested(items.flatMap(({ keys, column }) => keys.map((key): Place => [key, readAs(column.type, pairs)])));
}

function nested(places: readonly Place[]): Record<string, unknown> {
  const schema: Record<string, unknown> = {};
  for (const [key, type] of places) {
    const segments = segmentsOf(key);
    let within = schema;
    for (const segment of segments.slice(0, -1)) within = (within[segment] ??= {}) as Record<string, unknown>;
    within[segments.at(-1) ?? ''] = type;
  }
  return schema;
}

/** SQL of the value under a key in what `from_json` gave. */
function cellAt(read: string, key: string): string {
  return [read, ...segmentsOf(key).map(identifier)].join('.');
}

function eventCell(field: Field, text: TextSql): string {
  const cells = field.keys.map((key) => cellAt('_read', key));
  return field.column.type === 'text_map' ? quickMap(firstPairs(cells), text) : text.typed(field, coalesce(cells.map((cell) => text.clean(cell))));
}

function itemCell(field: Field, text: TextSql, form: Form): string {
  const cells = cellsOf(field, form);
  if (field.column.type !== 'text' && !typedFromText(field.column.type)) return coalesce(cells);
  const raw = coalesce(cells.map((cell) => text.clean(cell)));
  if (field.column.type !== 'text') return text.typed(field, raw);
  return field.column.upper ? `upper(${raw})` : raw;
}

/** Only plain entries get here: they hold nothing that JSON would escape. */
function pairsOf(field: Field, text: TextSql, form: Form): string {
  const json = (cell: string): string => `from_json(regexp_replace(${text.clean(cell)}, $map_entry,
      '{"key":"\\1","value":{"string_value":"\\2","int_value":"\\3","float_value":"\\4","double_value":"\\5"}}', 'g'), '${JSON.stringify(pairs)}')`;
  return firstPairs(cellsOf(field, form).map((cell) => (form === 'java' ? json(cell) : cell)));
}

const firstPairs = (cells: readonly string[]): string => (cells.length === 1 ? coalesce(cells) : `coalesce(${cells.map((cell) => `nullif(${cell}, [])`).join(', ')})`);

function cellsOf(field: Field, form: Form): string[] {
  if (form !== 'java') return field.keys.map((key) => cellAt('item', key));
  const cells = field.keys.filter((key) => !key.startsWith('/')).map((key) => `item.${identifier(javaKey(key))}`);
  if (cells.length > 0) return cells;
  return [`CAST(NULL AS ${readAs(field.column.type, 'VARCHAR')})`];
}

/** One pair is the rule: it needs no lambda. */
function quickMap(list: string, text: TextSql): string {
  const value = (pair: string): string => coalesce(['string_value', 'int_value', 'float_value', 'double_value'].map((name) => text.clean(`${pair}.value.${name}`)));
  const one = `${list}[1]`;
  const general = mapFromPairs(`list_transform(${list}, lambda pair: {'key': pair.key, 'value': ${value('pair')}})`);
  return `CASE WHEN coalesce(len(${list}), 0) = 0 THEN NULL WHEN len(${list}) = 1 AND ${one}.key IS NOT NULL THEN map([${one}.key], [${value(one)}]) ELSE ${general} END`;
}

function coalesce(cells: readonly string[]): string {
  const [only] = cells;
  return cells.length === 1 && only !== undefined ? only : `coalesce(${cells.join(', ')})`;
}
