import { eventTimeOf, pointerOf, type Dataset } from '../dataset.js';
import { LakeError } from '../errors.js';
import { isKeyName } from './compile-patterns.js';
import { allParents, cellEnd, fieldsOf, keysOf, parentsOf, type Field, type TextSql, type Values } from './compile-values.js';

/** SQL for reading columns from the lists `_types` and `_texts`, that hold the JSON type and text under each key. */
export interface ColumnSql {
  /** Keys to read, as pointers. */
  readonly paths: readonly string[];
  /** `_raw_0`, …: what is under the first key that isn't null, cleaned; `_type_0`, …: its JSON type. */
  readonly raw: string;
  /** The typed columns under their names. */
  readonly typed: string;
  /** A list with a name for each column that was there and couldn't be read. */
  readonly issues: string;
}

/**
 * @param prefix SQL text put before a column's name in issues.
 * @param doubtful tells in SQL whether a column is an issue although it could be read.
 */
export function columnSql(fields: readonly Field[], text: TextSql, prefix: string, doubtful: (field: Field, index: number) => string = () => 'false'): ColumnSql {
  const keys = keysOf(fields);
  const at = (key: string): number => keys.indexOf(key) + 1;
  const raw = fields.map((field, index) => {
    const cleaned = field.keys.map((key) => cleanedRaw(field, text, `_texts[${at(key)}]`));
    const types = field.keys.slice(0, -1).map((key, n) => `WHEN ${cleaned[n] ?? ''} IS NOT NULL THEN _types[${at(key)}]`);
    const last = `_types[${at(field.keys.at(-1) ?? '')}]`;
    return `coalesce(${cleaned.join(', ')}) AS _raw_${index}, ${types.length === 0 ? last : `CASE ${types.join(' ')} ELSE ${last} END`} AS _type_${index}`;
  });
  const typed = fields.map((field, index) => `${field.column.type === 'text_map' ? mapOf(text, `_raw_${index}`) : scalarOf(field, text, index)} AS ${field.quoted}`);
  const issues = fields.map((field, index) =>
    `CASE WHEN (_raw_${index} IS NOT NULL AND ${field.quoted} IS NULL) OR ${astray(field, fields) ?? 'false'} OR ${doubtful(field, index)} THEN ${prefix} || '${field.name.replaceAll("'", "''")}' END`);
  return {
    paths: keys.map(pointerOf),
    raw: raw.join(',\n    '),
    typed: typed.join(',\n    '),
    issues: issues.length === 0 ? `CAST([] AS VARCHAR[])` : `list_filter([${issues.join(',\n    ')}], lambda issue: issue IS NOT NULL)`,
  };
}

/**
 * SQL that tells whether a column is null since what should be an object around its value is something else; null where
 * its values are not nested. `_parents` holds the JSON types of all parents of the fields.
 */
export function astray(field: Field, fields: readonly Field[]): string | null {
  const all = allParents(fields);
  const own = [...new Set(field.keys.flatMap(parentsOf))];
  if (own.length === 0) return null;
  return `(_raw_${fields.indexOf(field)} IS NULL AND (${own.map((parent) => isNoObject(`_parents[${all.indexOf(parent) + 1}]`)).join(' OR ')}))`;
}

/** Whether what has a JSON type is there and can hold no nested value. */
export function isNoObject(type: string): string {
  return `coalesce(${type}, 'NULL') NOT IN ('OBJECT', 'NULL')`;
}

function cleanedRaw(field: Field, text: TextSql, cell: string): string {
  return field.column.type === 'text_map' ? `nullif(nullif(${text.clean(cell)}, '[]'), '{}')` : text.clean(cell);
}

function scalarOf(field: Field, text: TextSql, index: number): string {
  return `CASE WHEN coalesce(_type_${index}, '') NOT IN ('OBJECT', 'ARRAY') THEN ${text.typed(field, `_raw_${index}`)} END`;
}

/** A map from JSON text: a list of keys and values, or an object. Null where it can't be read. */
function mapOf(text: TextSql, raw: string): string {
  const scalar = (json: string): string => text.clean(`json_extract_string(${json}, '$')`);
  const member = (name: string): string => text.clean(`json_extract_string(pair.value, '/${name}')`);
  const value = `CASE json_type(pair.value) WHEN 'OBJECT' THEN coalesce(${['string_value', 'int_value', 'float_value', 'double_value'].map(member).join(', ')}) ELSE ${scalar('pair.value')} END`;
  const nested = `json_type(pair.value) = 'ARRAY' OR (json_type(pair.value) = 'OBJECT' AND list_has_any(json_type(pair.value,
    ['/string_value', '/int_value', '/float_value', '/double_value']), ['OBJECT', 'ARRAY']))`;
  const list = (pairs: string, bad: string): string => `CASE WHEN len(list_filter(${pairs}, lambda pair: ${bad})) = 0 THEN ${mapFromPairs(`list_transform(${pairs}, lambda pair: {'key': pair.key, 'value': ${value}})`)} END`;
  return `CASE WHEN NOT json_valid(${raw}) THEN NULL
    WHEN json_type(${raw}) = 'ARRAY' THEN ${list(`from_json(${raw}, '[{"key":"VARCHAR","value":"JSON"}]')`, nested)}
    WHEN json_type(${raw}) = 'OBJECT' THEN ${list(`map_entries(from_json(${raw}, '"MAP(VARCHAR,JSON)"'))`, `json_type(pair.value) IN ('OBJECT', 'ARRAY')`)} END`;
}

/** A map of `{key, value}` pairs: pairs without a key are skipped, the first of equal keys wins. */
export function mapFromPairs(pairs: string): string {
  const kept = `list_filter(${pairs}, lambda pair, place: pair.key IS NOT NULL AND list_position(list_transform(${pairs}, lambda other: other.key), pair.key) = place)`;
  return `map_from_entries(list_transform(${kept}, lambda pair: {'key': pair.key, 'value': pair.value}))`;
}

/** The duplicate key's text of one item over its columns but the maps. */
export function itemKey(fields: readonly Field[], text: TextSql, cell: (field: Field) => string, escape: (text: string) => string): string {
  const pieces = fields.filter(({ column }) => column.type !== 'text_map').map((field) => `${text.keyPiece(field, cell(field), escape)}, ${cellEnd}`);
  return `concat(${pieces.length === 0 ? cellEnd : pieces.join(', ')})`;
}

/**
 * The duplicate key's text of an event without its items. Of a time of receipt only the date counts, as of a partition.
 * @param further SQL of texts that count too
 */
export function eventKey(dataset: Dataset, text: TextSql, escape: (text: string) => string, further: readonly string[] = []): string {
  const time = eventTimeOf(dataset) === null ? 'CAST(event_date AS VARCHAR)' : 'CAST(epoch_us(event_timestamp) AS VARCHAR)';
  const pieces = fieldsOf(dataset.event.columns).filter(({ column }) => column.type !== 'text_map').map((field) => `${text.keyPiece(field, field.quoted, escape)}, ${cellEnd}`);
  return `concat(${[...pieces, time, cellEnd, 'platform', cellEnd, ...further.flatMap((each) => [each, cellEnd])].join(', ')})`;
}

/** A JSON text with each of its numbers as a string, so that no digit is lost. The text must be an object or an array. */
export function quotedNumbers(json: string, values: Values): string {
  const pattern = values.add('number_in_json', '((?:[^"0-9-]|"(?:[^"\\\\]|\\\\.)*")*)(-?[0-9][0-9.eE+-]*|-[A-Za-z]+|$)');
  return `left(regexp_replace(${json}, ${pattern}, '\\1"\\2"', 'g'), -2)`;
}

/** @throws LakeError `DATASET_INVALID` when a key can't be looked up, or is the way to another key. */
export function checkKeys(dataset: Dataset): void {
  const { items, arrays = [] } = dataset;
  const event = [...keysOf(fieldsOf(dataset.event.columns)), ...(items === undefined ? [] : [items.key])];
  for (const keys of [event, ...[items?.columns ?? {}, ...arrays.map(({ columns }) => columns)].map((columns) => keysOf(fieldsOf(columns)))]) {
    const wrong = keys.find((key) => !isKeyName(key));
    if (wrong !== undefined) throw invalidKey(dataset, wrong, "can't be looked up", 'Keys are letters, digits, blanks, and any of _ $ . - ( ) % # : & ? ! @ + ; the way to a nested one is written /like/this, and none of its parts begins with a digit.');
    const parents = new Set(keys.flatMap(parentsOf));
    const both = keys.find((key) => parents.has(pointerOf(key)));
    if (both !== undefined) throw invalidKey(dataset, both, 'is a value, and the way to another one', 'Take one of them out.');
  }
}

function invalidKey(dataset: Dataset, key: string, what: string, hint: string): LakeError {
  return new LakeError(`the key ${JSON.stringify(key)} of the dataset ${dataset.name} ${what}`, { code: 'DATASET_INVALID', op: 'compile', path: dataset.name, hint });
}
