import type { JsonSql } from './compile-json.js';
import type { TrinoText } from './compile-values.js';
import { withValue } from './values.js';

const members = ['string_value', 'int_value', 'float_value', 'double_value'] as const;

/** SQL of a map from JSON text: a list of keys and values, or an object. Null where it can't be read. @param raw the text, whose numbers are quoted where `kind` says that it is no text in JSON */
export function mapOf({ json, text }: { readonly json: JsonSql; readonly text: TrinoText }, raw: string, kind: string): string {
  const within = `CASE WHEN regexp_like(${raw}, '\\A[ \\t\\r\\n]*[\\[{]') THEN CASE WHEN ${json.isJson(raw)} THEN ${json.at(withValue(json.safe(raw), 'verbatim', json.yyQuoted('verbatim')), `'$'`)} END END`;
  return withValue(`CASE WHEN ${kind} IN ('{', '[') THEN ${raw} ELSE ${within} END`, 'source', `CASE substr(source, 1, 1)
      WHEN '[' THEN ${listMap(json, text, 'source')}
      WHEN '{' THEN ${objectMap(json, text, 'source')} END`);
}

function listMap(json: JsonSql, text: TrinoText, list: string): string {
  const at = (cell: string, name: string): string => json.at(cell, `'$["${name}"]'`);
  const member = (name: string): string => text.clean(withValue(at('pair[2]', name), 'member', json.text('member')));
  const value = `CASE substr(pair[2], 1, 1) WHEN '{' THEN coalesce(${members.map(member).join(', ')}) ELSE ${withValue(json.text('pair[2]'), 'plain', text.clean('plain'))} END`;
  const nested = `coalesce(CASE substr(pair[2], 1, 1) WHEN '[' THEN true WHEN '{' THEN regexp_like(pair[2], '.[\\[{]') AND (${members.map((name) => `coalesce(substr(${at('pair[2]', name)}, 1, 1) IN ('{', '['), false)`).join(' OR ')}) ELSE false END, false)`;
  const pairs = `transform(filter(${json.elements(list)}, element -> substr(element, 1, 1) = '{'), element -> ROW(${withValue(at('element', 'key'), 'called', `CASE WHEN substr(called, 1, 1) IN ('{', '[') THEN ${json.asDuckDb('called')} ELSE ${json.text('called')} END`)}, ${at('element', 'value')}))`;
  const kept = withValue(`filter(pairs, pair -> pair[1] IS NOT NULL)`, 'kept', withValue('transform(kept, pair -> pair[1])', 'names',
    `map(array_distinct(names), transform(array_distinct(names), name -> ${withValue('kept[array_position(names, name)]', 'pair', value)}))`));
  return withValue(pairs, 'pairs', `CASE WHEN NOT any_match(pairs, pair -> ${nested}) THEN ${kept} END`);
}

function objectMap(json: JsonSql, text: TrinoText, object: string): string {
  const found = (group: number): string => `regexp_extract_all(${object}, ${json.pattern('member')}, ${group})`;
  const names = `transform(${found(1)}, name -> json_extract_scalar(name, '$'))`;
  const value = withValue('cells[array_position(names, name)]', 'cell', withValue(json.text('cell'), 'plain', text.clean('plain')));
  return `CASE WHEN regexp_like(${object}, ${json.pattern('flat_object')}) THEN ${withValue(names, 'names', withValue(found(2), 'cells', `map(array_distinct(names), transform(array_distinct(names), name -> ${value}))`))} END`;
}
