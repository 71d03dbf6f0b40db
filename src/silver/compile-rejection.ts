import { eventTimeOf, needsPlatform, pointerOf, segmentsOf, type ColumnType, type Dataset } from '../dataset.js';
import { astray, isNoObject } from './compile-exact.js';
import { keysOf, parentsOf, type Field, type TextSql, type Values } from './compile-values.js';

/** JSON types that hold a column's values, for a strict contract. */
const jsonTypes: Readonly<Record<ColumnType, readonly string[]>> = {
  text: ['VARCHAR'],
  integer: ['BIGINT', 'UBIGINT', 'DOUBLE'],
  money: ['BIGINT', 'UBIGINT', 'DOUBLE'],
  text_map: ['OBJECT', 'ARRAY'],
  number: ['BIGINT', 'UBIGINT', 'DOUBLE'],
  boolean: ['BOOLEAN'],
  date: ['VARCHAR'],
  timestamp: ['VARCHAR', 'BIGINT', 'UBIGINT', 'DOUBLE'],
};

/** A reason, when it holds, and what it shows. */
interface Rule {
  readonly when: string;
  readonly reason: string;
  readonly detail: string;
}

/** Why a row is rejected, as `{reason, detail}`; null for a row that isn't. The order is fixed. */
export function rejection(dataset: Dataset, fields: readonly Field[], text: TextSql, values: Values): string {
  const time = timeRules(dataset, values);
  const platform = platformRules(dataset, text, values);
  const required = fields.filter(({ column }) => column.required);
  const strict = dataset.strict === true ? fields.map((field) => `NOT ${unfit(field, fields)}`) : [];
  const well = [
    ...time.map(({ when }) => `NOT coalesce(${when}, false)`), ...platform.well, ...required.map(({ quoted }) => `${quoted} IS NOT NULL`), ...strict,
    ...(required.length === 0 && !needsPlatform(dataset) ? [`NOT (_unusual AND json_type(_body) <> 'OBJECT')`] : []),
  ];
  const rules: Rule[] = [
    { when: `json_type(_body) <> 'OBJECT'`, reason: 'not_an_object', detail: '_body' },
    ...time,
    ...platform.rules,
    ...fields.flatMap((field) => columnRules(dataset, field, fields)),
  ];
  const branches = rules.map(({ when, reason, detail }) => `WHEN ${when} THEN {'reason': '${reason.replaceAll("'", "''")}', 'detail': left(${detail}, 200)}`);
  return `CASE WHEN ${well.join(' AND ')} THEN NULL\n    ${branches.join('\n    ')} END`;
}

function timeRules(dataset: Dataset, values: Values): readonly Rule[] {
  const time = eventTimeOf(dataset);
  if (time === null) return [];
  const name = segmentsOf(time.key).join('_');
  const detail = `json_extract_string(_body, ${values.add('time_path', pointerOf(time.key))})`;
  return [
    { when: `event_timestamp < CAST(${values.add('not_before', time.notBefore)} AS TIMESTAMPTZ)`, reason: `${name}_too_early`, detail },
    { when: `event_timestamp > received_at + to_milliseconds(${Math.trunc(time.maxAheadMs)})`, reason: `${name}_in_future`, detail },
  ];
}

/** `well` looks at the body only where bronze has found no platform. */
function platformRules(dataset: Dataset, text: TextSql, values: Values): { readonly well: readonly string[]; readonly rules: readonly Rule[] } {
  if (dataset.platform === undefined) return { well: [], rules: [] };
  const { key, required } = dataset.platform;
  if (key === undefined) return pathRules(required);
  const path = values.add('platform_path', pointerOf(key));
  const found = `json_extract_string(_body, ${path})`;
  const absent = `${text.clean(found)} IS NULL`;
  const misread = [
    `coalesce(json_type(_body, ${path}), 'NULL') NOT IN ('VARCHAR', 'NULL')`,
    ...parentsOf(key).map((parent, index) => isNoObject(`json_type(_body, ${values.add(`platform_parent_${index}`, parent)})`)),
  ].join(' OR ');
  const none = 'platform IS NULL';
  const around = parentsOf(key).map((_parent, index) => `CASE WHEN ${isNoObject(`json_type(_body, $platform_parent_${index})`)} THEN json_extract_string(_body, $platform_parent_${index}) END`);
  const rules: Rule[] = [
    ...(dataset.strict === true ? [{ when: `${none} AND (${misread})`, reason: 'platform_unreadable', detail: `coalesce(${[found, ...around].join(', ')})` }] : []),
    ...(required === false ? [] : [{ when: `${none} AND ${absent}`, reason: 'platform_missing', detail: found }]),
    { when: required === false ? `${none} AND NOT ${absent}` : none, reason: 'platform_unknown', detail: found },
  ];
  if (required !== false) return { well: ['platform IS NOT NULL'], rules };
  return { well: [`CASE WHEN platform IS NOT NULL THEN true ELSE ${absent}${dataset.strict === true ? ` AND NOT (${misread})` : ''} END`], rules };
}

/** Of a platform that the path of a row's file tells: bronze has read it, and silver has no other. */
function pathRules(required: boolean | undefined): { readonly well: readonly string[]; readonly rules: readonly Rule[] } {
  if (required === false) return { well: [], rules: [] };
  return { well: ['platform IS NOT NULL'], rules: [{ when: 'platform IS NULL', reason: 'platform_missing', detail: 'CAST(NULL AS VARCHAR)' }] };
}

function columnRules(dataset: Dataset, field: Field, fields: readonly Field[]): Rule[] {
  const index = fields.indexOf(field);
  const { name, column, quoted } = field;
  const bad = astray(field, fields);
  const strict = dataset.strict === true;
  if (!column.required && !strict) return [];
  const there = `_texts[${keysOf(fields).indexOf(field.keys[0] ?? '') + 1}]`;
  const fits = strict ? `coalesce(_type_${index}, '${jsonTypes[column.type][0] ?? ''}') IN (${typeList(column.type)})` : `coalesce(_type_${index}, '') NOT IN ('OBJECT', 'ARRAY')`;
  const unread = `${quoted} IS NULL AND _raw_${index} IS NOT NULL`;
  const detail = `_raw_${index}`;
  return [
    ...(bad === null ? [] : [{ when: bad, reason: `${name}_unreadable`, detail: aroundOf(field) }]),
    ...(column.required ? [{ when: `_raw_${index} IS NULL`, reason: `${name}_missing`, detail: there }] : []),
    ...(column.values === null ? [] : [{ when: `${unread} AND ${fits}`, reason: `${name}_unknown`, detail }]),
    { when: strict ? unfit(field, fields) : unread, reason: `${name}_unreadable`, detail },
  ];
}

/** SQL that tells whether a strict contract refuses what stands for a column. In a usual row types are not looked up: they fit. */
function unfit(field: Field, fields: readonly Field[]): string {
  const index = fields.indexOf(field);
  const bad = astray(field, fields);
  const other = `coalesce(_type_${index}, 'NULL') NOT IN ('NULL', ${typeList(field.column.type)})`;
  return `(_raw_${index} IS NOT NULL AND (${field.quoted} IS NULL OR ${other})${bad === null ? '' : ` OR ${bad}`})`;
}

const typeList = (type: ColumnType): string => jsonTypes[type].map((name) => `'${name}'`).join(', ');

/** What stands where an object should be. */
function aroundOf(field: Field): string {
  const parents = [...new Set(field.keys.flatMap(parentsOf))].map((parent) => `'${parent}'`);
  return `(list_filter(json_extract_string(_body, [${parents.join(', ')}]), lambda around: around IS NOT NULL AND NOT starts_with(around, '{')))[1]`;
}
