import type { Dataset } from '../dataset.js';
import { needsPlatform, pointerOf } from '../dataset.js';
import { fill, sqlFile } from '../lake/sql.js';
import { columnSql, quotedNumbers } from './compile-exact.js';
import { unusualJsonOf } from './compile-patterns.js';
import { rejection } from './compile-rejection.js';
import { allParents, fieldsOf, keysOf, type TextSql, type Values } from './compile-values.js';

const template = sqlFile(import.meta.url, './sql/event-reading.sql');

/**
 * SQL that reads the own columns of a source's events, each with `_unusual`, `_rejection` and `issues`.
 * @param unusual SQL that tells of a body whether it must be read value by value
 */
export function eventReading(dataset: Dataset, text: TextSql, values: Values, source: string, unusual: string): string {
  const event = fieldsOf(dataset.event.columns);
  const sql = columnSql(event, text, `''`);
  const parents = allParents(event);
  values.add('event_at', keysOf(event).map(pointerOf));
  if (parents.length > 0) values.add('event_parents_at', parents);
  const nothingRequired = !needsPlatform(dataset) && event.every(({ column }) => !column.required);
  return fill(template, {
    source,
    unusual: nothingRequired ? `(${unusual} OR NOT starts_with(_body, '{'))` : unusual,
    body_quoted: quotedNumbers('_body', values),
    types_in: dataset.strict === true ? '_body' : '_doc',
    parents: parents.length === 0 ? '' : 'CASE WHEN _unusual THEN json_type(_body, $event_parents_at) END AS _parents,',
    raw: sql.raw === '' ? 'NULL AS _none' : sql.raw,
    typed: sql.typed === '' ? 'NULL AS _nothing' : sql.typed,
    rejection: rejection(dataset, event, text, values),
    // A strict contract has rejected what would be one.
    issues: dataset.strict === true ? 'CAST([] AS VARCHAR[])' : sql.issues,
  });
}

/**
 * SQL that tells of a JSON text whether the quick way might misread it: by its values, or since ASCII written as an escape
 * could hide a key or a control character. A number that means null is read as a number by the quick way.
 */
export function unusualIn(dataset: Dataset, values: Values): (json: string) => string {
  values.add('unusual_json', unusualJsonOf(dataset));
  values.add('escaped_ascii', '\\\\u00[0-7]');
  if (dataset.nulls.some((none) => /\d/.test(none))) return () => 'true';
  return (json) => `(regexp_matches(${json}, $unusual_json) OR CASE WHEN contains(${json}, '\\u00') THEN regexp_matches(${json}, $escaped_ascii) ELSE false END)`;
}
