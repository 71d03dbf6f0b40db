import { eventTimeOf, type Dataset } from '../../dataset.js';
import { allParents, cellEnd, fieldsOf, itemEnd, keysOf, parentsOf, type Field } from '../compile-values.js';
import { pathOf, type JsonSql } from './compile-json.js';
import { mapOf } from './compile-maps.js';
import { epochMicros } from './compile-times.js';
import { trinoTypes, type TrinoText } from './compile-values.js';
import { joined, type TrinoValues } from './values.js';

/** Everything that SQL for a contract is made of. */
export interface Parts {
  readonly dataset: Dataset;
  readonly values: TrinoValues;
  readonly json: JsonSql;
  readonly text: TrinoText;
}

/** SQL that reads columns out of JSON, a step after the other: each uses what the one before it gives. */
export interface ColumnsSql {
  /** `_cell_0`, …: the JSON under each key; `_parent_0`, …: what kind the objects around them are. */
  readonly cells: string;
  /** `_text_0`, …: their texts; `_kind_0`, …: what kind they are. */
  readonly texts: string;
  /** `_raw_0`, …: what is under the first key that isn't null, cleaned; `_type_0`, …: its kind. */
  readonly raw: string;
  /** `_column_0`, …: the typed columns. */
  readonly typed: string;
  /** A list with a name for each column that was there and couldn't be read. */
  readonly issues: string;
}

export interface Reading {
  /** Names the parameters. */
  readonly name: string;
  /** The column with the JSON, its numbers quoted. */
  readonly json: string;
  /** The column with the JSON whose numbers are numbers, where kinds must tell them. */
  readonly kinds: string | null;
  /** SQL text put before a column's name in issues. */
  readonly prefix: string;
  /** Tells in SQL whether a column is an issue although it could be read. */
  readonly doubtful: (field: Field, index: number) => string;
}

export function columnsSql(fields: readonly Field[], { values, json, text }: Parts, reading: Reading): ColumnsSql {
  const keys = keysOf(fields);
  const path = keys.map((key, index) => values.add(`${reading.name}_at_${index}`, pathOf(key)));
  const cells = [
    ...path.map((at, index) => `${json.at(reading.json, at)} AS _cell_${index}`),
    ...(reading.kinds === null ? [] : path.map((at, index) => `${json.kind(json.at(reading.kinds ?? '', at))} AS _kind_${index}`)),
    ...allParents(fields).map((parent, index) => `${json.kind(json.at(reading.json, values.add(`${reading.name}_around_${index}`, pathOf(parent))))} AS _parent_${index}`),
  ];
  const texts = keys.flatMap((_key, index) => [
    `${json.text(`_cell_${index}`)} AS _text_${index}`,
    ...(reading.kinds === null ? [`${json.kind(`_cell_${index}`)} AS _kind_${index}`] : []),
  ]);
  const raw = fields.map((field, index) => {
    const at = field.keys.map((key) => keys.indexOf(key));
    const cleaned = at.map((place) => cleanedRaw(field, text, `_text_${place}`));
    const kinds = at.slice(0, -1).map((place, n) => `WHEN ${cleaned[n] ?? ''} IS NOT NULL THEN _kind_${place}`);
    const last = `_kind_${at.at(-1) ?? 0}`;
    return `${coalesce(cleaned)} AS _raw_${index}, ${kinds.length === 0 ? last : `CASE ${kinds.join(' ')} ELSE ${last} END`} AS _type_${index}`;
  });
  const typed = fields.map((field, index) => `CAST(${field.column.type === 'text_map'
    ? mapOf({ json, text }, `_raw_${index}`, `_type_${index}`)
    : `CASE WHEN coalesce(_type_${index}, '') NOT IN ('{', '[') THEN ${text.typed(field, `_raw_${index}`)} END`} AS ${trinoTypes[field.column.type]}) AS _column_${index}`);
  const issues = fields.map((field, index) =>
    `CASE WHEN (_raw_${index} IS NOT NULL AND _column_${index} IS NULL) OR ${astray(field, fields) ?? 'false'} OR ${reading.doubtful(field, index)} THEN ${reading.prefix} || ${values.add(`${reading.name}_name_${index}`, field.name)} END`);
  return {
    cells: cells.map((cell) => `, ${cell}`).join('\n    '),
    texts: texts.map((each) => `, ${each}`).join('\n    '),
    raw: raw.map((each) => `, ${each}`).join('\n    '),
    typed: typed.map((each) => `, ${each}`).join('\n    '),
    issues: issues.length === 0 ? 'CAST(ARRAY[] AS ARRAY(VARCHAR))' : `CAST(filter(ARRAY[${issues.join(',\n    ')}], issue -> issue IS NOT NULL) AS ARRAY(VARCHAR))`,
  };
}

/** SQL that tells whether a column is null since what should be an object around its value is something else; null where its values are not nested. */
export function astray(field: Field, fields: readonly Field[]): string | null {
  const all = allParents(fields);
  const own = [...new Set(field.keys.flatMap(parentsOf))];
  if (own.length === 0) return null;
  return `(_raw_${fields.indexOf(field)} IS NULL AND (${own.map((parent) => isNoObject(`_parent_${all.indexOf(parent)}`)).join(' OR ')}))`;
}

/** Whether what is of a kind is there and can hold no nested value. */
export function isNoObject(kind: string): string {
  return `coalesce(${kind}, 'n') NOT IN ('{', 'n')`;
}

/** The columns of a step under the names that a table has, each with a comma after it. */
export function namedColumns(fields: readonly Field[], prefix = '_column'): string {
  return fields.map(({ quoted }, index) => `${prefix}_${index} AS ${quoted}, `).join('');
}

/** The duplicate key's text of one item over its columns but the maps, and its end. */
export function itemKey(fields: readonly Field[], text: TrinoText): string {
  const pieces = piecesOf(fields, text);
  return joined(...(pieces.length === 0 ? [cellEnd] : pieces), itemEnd);
}

/** The duplicate key's text of an event. Of a time of receipt only the date counts. @param further SQL of texts that count too; @param items SQL of its items' keys */
export function eventKey({ dataset, text }: Parts, further: readonly string[], items: readonly string[] = []): string {
  const time = eventTimeOf(dataset) === null ? 'CAST(event_date AS VARCHAR)' : `CAST(${epochMicros('event_timestamp')} AS VARCHAR)`;
  return joined(...piecesOf(fieldsOf(dataset.event.columns), text), time, cellEnd, 'platform', cellEnd, ...further.flatMap((each) => [each, cellEnd]), ...items);
}

function piecesOf(fields: readonly Field[], text: TrinoText): string[] {
  return fields.flatMap((field, index) => (field.column.type === 'text_map' ? [] : [text.keyPiece(field, `_column_${index}`), cellEnd]));
}

function cleanedRaw(field: Field, text: TrinoText, cell: string): string {
  return field.column.type === 'text_map' ? `nullif(nullif(${text.clean(cell)}, '[]'), '{}')` : text.clean(cell);
}

function coalesce(cells: readonly string[]): string {
  return cells.length === 1 ? (cells[0] ?? '') : `coalesce(${cells.join(', ')})`;
}
