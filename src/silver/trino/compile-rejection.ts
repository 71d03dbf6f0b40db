import { eventTimeOf, needsPlatform, segmentsOf, type ColumnType } from '../../dataset.js';
import { keysOf, parentsOf, type Field } from '../compile-values.js';
import { astray, isNoObject, type Parts } from './compile-columns.js';
import { pathOf } from './compile-json.js';
import { plainName } from './values.js';

/** Kinds of JSON that hold a column's values, for a strict contract. */
const kinds: Readonly<Record<ColumnType, readonly string[]>> = {
  text: ['"'], integer: ['0'], money: ['0'], text_map: ['{', '['], number: ['0'], boolean: ['b'], date: ['"'], timestamp: ['"', '0'],
};

/** A reason, when it holds, and what it shows. */
interface Rule {
  readonly when: string;
  readonly reason: string;
  readonly detail: string;
}

/** SQL of why a row is rejected: `rule` is the number of the reason, null for a row that isn't; the others follow from it, as `_rule`. */
export interface RejectionSql {
  readonly rule: string;
  readonly reason: string;
  readonly detail: string;
}

/** Why a row is rejected, in a fixed order. */
export function rejectionSql(parts: Parts, fields: readonly Field[]): RejectionSql {
  const { dataset, values } = parts;
  const rules: Rule[] = [
    { when: 'NOT _object', reason: 'not_an_object', detail: '_body' },
    ...timeRules(parts),
    ...platformRules(parts),
    ...fields.flatMap((field) => columnRules(parts, field, fields)),
  ];
  const required = fields.filter(({ column }) => column.required);
  const strict = dataset.strict === true ? fields.map((field) => unfit(field, fields)) : [];
  const wrong = [
    ...rules.filter(({ reason }) => reason === 'not_an_object').map(({ when }) => when),
    ...timeRules(parts).map(({ when }) => when), ...platformIll(parts), ...required.map((field) => `_column_${fields.indexOf(field)} IS NULL`), ...strict,
  ];
  const detail = rules.map(({ detail: shown }, index) => `WHEN ${index} THEN substr(${shown}, 1, 200)`);
  return {
    rule: `CASE WHEN ${wrong.map((each) => `coalesce(${each}, false)`).join(' OR ')} THEN CASE ${rules.map(({ when }, index) => `WHEN ${when} THEN ${index}`).join('\n    ')} END END`,
    reason: `element_at(${values.add('reasons', rules.map(({ reason }) => reason))}, _rule + 1)`,
    detail: `CASE _rule ${detail.join('\n    ')} END`,
  };
}

function timeRules({ dataset, values, json }: Parts): readonly Rule[] {
  const time = eventTimeOf(dataset);
  if (time === null) return [];
  const name = segmentsOf(time.key).join('_');
  const detail = json.verbatim('_safe', time.key, 'time');
  return [
    { when: `event_timestamp < CAST(${values.add('not_before', time.notBefore)} AS TIMESTAMP(6) WITH TIME ZONE)`, reason: `${name}_too_early`, detail },
    { when: `event_timestamp > received_at + ${Math.trunc(time.maxAheadMs / 1000)} * INTERVAL '1' SECOND + ${Math.trunc(time.maxAheadMs) % 1000} * INTERVAL '0.001' SECOND`, reason: `${name}_in_future`, detail },
  ];
}

/** When the platform of a row is wrong: its body is looked at only where bronze has found none. */
function platformIll({ dataset, text, json, values }: Parts): readonly string[] {
  const { platform, strict } = dataset;
  if (platform === undefined) return [];
  if (needsPlatform(dataset)) return ['platform IS NULL'];
  if (platform.key === undefined) return [];
  const found = json.verbatim('_safe', platform.key, 'platform');
  return [`CASE WHEN platform IS NULL THEN ${text.clean(found)} IS NOT NULL${strict === true ? ` OR ${misread({ dataset, text, json, values })}` : ''} ELSE false END`];
}

function misread({ dataset: { platform }, json, values }: Parts): string {
  const key = platform?.key ?? '';
  return [
    `coalesce(${json.kind(json.at(json.kinds('_safe'), values.add('platform_at', pathOf(key))))}, 'n') NOT IN ('"', 'n')`,
    ...parentsOf(key).map((parent, index) => isNoObject(json.kind(json.at('_doc', values.add(`platform_parent_${index}`, pathOf(parent)))))),
  ].join(' OR ');
}

function platformRules(parts: Parts): readonly Rule[] {
  const { dataset, text, json } = parts;
  if (dataset.platform === undefined) return [];
  const { key, required } = dataset.platform;
  if (key === undefined) return required === false ? [] : [{ when: 'platform IS NULL', reason: 'platform_missing', detail: 'CAST(NULL AS VARCHAR)' }];
  const found = json.verbatim('_safe', key, 'platform');
  const absent = `${text.clean(found)} IS NULL`;
  const none = 'platform IS NULL';
  const around = parentsOf(key).map((parent, index) => `CASE WHEN ${isNoObject(json.kind(json.at('_doc', parts.values.add(`platform_parent_${index}`, pathOf(parent)))))} THEN ${json.verbatim('_safe', parent, `platform_around_${index}`)} END`);
  return [
    ...(dataset.strict === true ? [{ when: `${none} AND (${misread(parts)})`, reason: 'platform_unreadable', detail: `coalesce(${[found, ...around, 'NULL'].join(', ')})` }] : []),
    ...(required === false ? [] : [{ when: `${none} AND ${absent}`, reason: 'platform_missing', detail: found }]),
    { when: required === false ? `${none} AND NOT ${absent}` : none, reason: 'platform_unknown', detail: found },
  ];
}

function columnRules(parts: Parts, field: Field, fields: readonly Field[]): Rule[] {
  const { dataset } = parts;
  const index = fields.indexOf(field);
  const { name, column } = field;
  const bad = astray(field, fields);
  const strict = dataset.strict === true;
  if (!column.required && !strict) return [];
  const there = `_text_${keysOf(fields).indexOf(field.keys[0] ?? '')}`;
  const fits = strict ? `coalesce(_type_${index}, '${kinds[column.type][0] ?? ''}') IN (${kindList(column.type)})` : `coalesce(_type_${index}, '') NOT IN ('{', '[')`;
  const unread = `_column_${index} IS NULL AND _raw_${index} IS NOT NULL`;
  const detail = `CASE WHEN coalesce(_type_${index}, '') NOT IN ('{', '[') THEN _raw_${index} WHEN ${parts.json.odd('_safe')} THEN ${oddDetail(field, parts, fields)} ELSE ${parts.json.asDuckDb(`_raw_${index}`)} END`;
  return [
    ...(bad === null ? [] : [{ when: bad, reason: `${name}_unreadable`, detail: aroundOf(field, parts, index) }]),
    ...(column.required ? [{ when: `_raw_${index} IS NULL`, reason: `${name}_missing`, detail: there }] : []),
    ...(column.values === null ? [] : [{ when: `${unread} AND ${fits}`, reason: `${name}_unknown`, detail }]),
    { when: strict ? unfit(field, fields) : unread, reason: `${name}_unreadable`, detail },
  ];
}

/** An object or array of a body that has NaN, under the first of the column's keys that has something. */
function oddDetail(field: Field, { json, text }: Parts, fields: readonly Field[]): string {
  const keys = keysOf(fields);
  const found = field.keys.map((key) => ({ there: `${text.clean(`_text_${keys.indexOf(key)}`)} IS NOT NULL`, shown: json.quotedJson('_safe', key, `key_${keys.indexOf(key)}`) }));
  return `CASE ${found.map(({ there, shown }) => `WHEN ${there} THEN ${shown}`).join(' ')} END`;
}

/** SQL that tells whether a strict contract refuses what stands for a column. */
function unfit(field: Field, fields: readonly Field[]): string {
  const index = fields.indexOf(field);
  const bad = astray(field, fields);
  const other = `coalesce(_type_${index}, 'n') NOT IN ('n', ${kindList(field.column.type)})`;
  return `(_raw_${index} IS NOT NULL AND (_column_${index} IS NULL OR ${other})${bad === null ? '' : ` OR ${bad}`})`;
}

const kindList = (type: ColumnType): string => kinds[type].map((kind) => `'${kind}'`).join(', ');

/** What stands where an object should be. */
function aroundOf(field: Field, { json }: Parts, index: number): string {
  const parents = [...new Set(field.keys.flatMap(parentsOf))].map((parent) => json.verbatim('_safe', parent, plainName(`around_${index}_${parent}`)));
  return `element_at(filter(ARRAY[${parents.join(', ')}], around -> around IS NOT NULL AND NOT starts_with(around, '{')), 1)`;
}
