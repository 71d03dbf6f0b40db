import { identifier } from '../lake/sql.js';
import { invalid } from './errors.js';
import { duckType, fieldName, isFloating, isInteger, show, type Type } from './types.js';

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** JSON as a value: objects to rows by the names of their keys in small letters, arrays to rows by place. */
export function fromJson(at: number, sql: string, to: Type, level: number): string {
  const element = `e${level}`;
  if (to.kind === 'json') return sql;
  if (to.kind === 'array') return `list_transform(tr_json_elements(${sql}), lambda ${element}: ${fromJson(at, element, to.of, level + 1)})`;
  if (to.kind === 'map') {
    const key = to.key.kind === 'varchar' ? `${element}.key` : fromJson(at, `to_json(${element}.key)`, to.key, level + 1);
    return `map_from_entries(list_transform(tr_json_entries(${sql}), lambda ${element}: {k: ${key}, v: ${fromJson(at, `CAST(${element}.value AS JSON)`, to.value, level + 1)}}))`;
  }
  if (to.kind === 'row') {
    if (!/^\w+$/.test(sql)) return once(sql, `r${level}`, (name) => fromJson(at, name, to, level));
    const fields = to.fields.map((field, index) => {
      const found = `tr_json_field(${sql}, ${text(fieldName(to.fields, index))}, ${index})`;
      return `${identifier(fieldName(to.fields, index))} := ${once(found, `f${level}`, (name) => fromJson(at, name, field.type, level + 1))}`;
    });
    return `CASE WHEN NOT tr_json_is_null(${sql}) THEN struct_pack(${fields.join(', ')}) END`;
  }
  if (to.kind === 'varchar') return `tr_json_text(${sql})`;
  if (isInteger(to)) return `CAST(tr_json_whole(${sql}) AS ${duckType(to)})`;
  if (isFloating(to)) return `CAST(tr_json_double(${sql}) AS ${duckType(to)})`;
  if (to.kind === 'decimal') return `CAST(tr_json_decimal(${sql}) AS ${duckType(to)})`;
  if (to.kind === 'boolean') return `tr_json_boolean(${sql})`;
  throw invalid(at, `json can't be cast to ${show(to)}`, 'Take the text out first: CAST(json_extract_scalar(…) AS …).');
}

/** Gives an expression a name, so that its text and its work are not repeated. */
function once(sql: string, name: string, use: (name: string) => string): string {
  return `list_transform([${sql}], lambda ${name}: ${use(name)})[1]`;
}

/** A value as the text of its JSON. A map's keys are sorted. */
export function toJson(at: number, sql: string, from: Type, level: number): string {
  const element = `e${level}`;
  switch (from.kind) {
    case 'json':
      return `CAST(${sql} AS VARCHAR)`;
    case 'varchar':
      return `tr_json_quote(${sql})`;
    case 'double':
    case 'real':
      return `tr_java_double(${sql})`;
    case 'date':
      return `tr_json_quote(CAST(${sql} AS VARCHAR))`;
    case 'timestamp':
      return `tr_json_quote(tr_time_text(${sql}, ${from.precision}))`;
    case 'array':
      return `tr_json_list(list_transform(${sql}, lambda ${element}: ${toJson(at, element, from.of, level + 1)}))`;
    case 'map':
      if (from.key.kind !== 'varchar' && !isInteger(from.key)) break;
      return `tr_json_object(list_transform(map_entries(${sql}), lambda ${element}: {k: CAST(${element}.key AS VARCHAR), v: ${toJson(at, `${element}.value`, from.value, level + 1)}}))`;
    case 'row': {
      const fields = from.fields.map((field, index) => `${text(`${JSON.stringify(field.name ?? '')}:`)} || coalesce(${toJson(at, `(${sql}).${identifier(fieldName(from.fields, index))}`, field.type, level + 1)}, 'null')`);
      return `CASE WHEN ${sql} IS NOT NULL THEN '{' || ${fields.join(" || ',' || ")} || '}' END`;
    }
    default:
      if (isInteger(from) || from.kind === 'decimal' || from.kind === 'boolean' || from.kind === 'unknown') return `CAST(${sql} AS VARCHAR)`;
  }
  throw invalid(at, `${show(from)} can't be cast to json`);
}
