import { segmentsOf, type Key } from '../../dataset.js';
import { yyNumber } from './compile-numbers.js';
import { joined, withValue, type TrinoValues } from './values.js';

/** A text in JSON. One that doesn't end reaches to the end, so that it isn't looked for again from each of its characters. */
const string = '"[^"\\\\]*+(?:\\\\.[^"\\\\]*+)*+(?:"|\\\\?\\z)';

/** An object or array with so many levels of others in it, at most. */
function container(levels: number): string {
  return `[\\[{](?:[^"\\[\\]{}]++|${string}${levels === 0 ? '' : `|${container(levels - 1)}`})*+[\\]}]`;
}

/** Levels of a JSON text beyond which a part is cut, and levels that are kept of it. */
const mostLevels = 900;
const keptLevels = 250;
const mostNameLength = 12_000;

/** JSON as DuckDB reads it, which takes NaN, infinity and a comma too many, keeps equal keys, and every digit of a number. */
export const patterns = {
  /** A JSON text that is an object. */
  object_start: '\\A[ \\t\\r\\n]*\\{',
  /** A comma too many, numbers that JSON does not have, or a text that looks so: three patterns, as one would be ten times as slow. */
  odd_comma: ',[ \\t\\r\\n]*+[}\\]]',
  odd_number: '[:\\[,][ \\t\\r\\n]*+-?+(?:[nN][aA][nN]|[iI][nN][fF])',
  odd_start: '\\A[ \\t\\r\\n]*+-?+(?:[nN][aA][nN]|[iI][nN][fF])',
  /** A text, a number, or a comma too many. */
  json_token: `(${string})|(-?[0-9][0-9.eE+-]*+|-?[iI][nN][fF](?:[iI][nN][iI][tT][yY])?+(?![A-Za-z])|-?[nN][aA][nN](?![A-Za-z]))|(?<=["0-9A-Za-z}\\]])[ \\t\\r\\n]*+,(?=[ \\t\\r\\n]*+[}\\]])`,
  /** What stands before a number, and it. */
  number_in_json: `([^"0-9-]*+(?:${string}[^"0-9-]*+)*+)(-?[0-9][0-9.eE+-]*+|-[A-Za-z]++)`,
  /** A text of a marked JSON, of a text or of a number. */
  marked_token: '"s([^"\\\\]*+(?:\\\\.[^"\\\\]*+)*+)"|"n([^"]*+)"',
  /** An escape; a character beyond the basic plane as two. */
  json_escape: '\\\\u(D[89AB][0-9A-F]{2})\\\\u(D[C-F][0-9A-F]{2})|(\\\\.)',
  /** Half of a character beyond the basic plane, alone. */
  lone_surrogate: '(?<!\\\\)(?:\\\\\\\\)*+(?:\\\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\\\u[dD][c-fC-F])|(?<!\\\\u[dD][89abAB][0-9a-fA-F]{2})\\\\u[dD][c-fC-F])',
  /** A minified object whose values are no objects or arrays. */
  flat_object: `\\A\\{(?:${string}:(?:${string}|[^"\\[\\]{},]++),?+)*+\\}\\z`,
  /** A member of one: its name and its value. */
  member: `(${string}):(${string}|[^"\\[\\]{},]++)`,
  /** A text, and whether it is a name. */
  name: `(${string})([ \\t\\r\\n]*+:)?+`,
  /** A text, a bracket, or what is between them. */
  bracket: `${string}|[\\[{]|[\\]}]|[^"\\[\\]{}]++`,
  /** An element of a minified array, or what stands in its place in one that is no deeper. */
  element: `${string}|${container(16)}|[^"\\[\\]{},]++`,
} as const;

/** SQL on JSON texts. */
export class JsonSql {
  constructor(private readonly values: TrinoValues) {}

  pattern(name: keyof typeof patterns): string {
    return this.values.add(name, patterns[name]);
  }

  /** The JSON text under a path, or null: of equal keys the first. @param path a parameter */
  at(json: string, path: string): string {
    return `json_format(json_extract(${json}, ${path}))`;
  }

  /** The text of a cell (JSON text): of a text what it says, of JSON's null null, else the JSON. */
  text(cell: string): string {
    return `CASE WHEN starts_with(${cell}, '"') THEN json_extract_scalar(${cell}, '$') WHEN ${cell} = 'null' THEN NULL ELSE ${cell} END`;
  }

  /** What a cell is: `"` a text, `{`, `[`, `b` a boolean, `n` JSON's null, `0` a number; null where nothing is. */
  kind(cell: string): string {
    return `translate(substr(${cell}, 1, 1), 'tf-123456789', 'bb0000000000')`;
  }

  /** Whether a text may have what only DuckDB takes for JSON. */
  odd(json: string): string {
    return `(regexp_like(${json}, ${this.pattern('odd_comma')}) OR regexp_like(${json}, ${this.pattern('odd_number')}))`;
  }

  /** A JSON text whose numbers are texts. @param number SQL of a number's text from `token[2]` */
  quoted(json: string, number = 'token[2]'): string {
    return this.tokens(json, joined(`'"'`, number, `'"'`));
  }

  /** A verbatim JSON text that tells the kinds of what is in it: its numbers are 0, as Trino makes a text of one that no DOUBLE can be. What stands behind the JSON is not read. */
  kinds(json: string): string {
    return `CASE WHEN ${this.odd(json)} THEN ${this.tokens(json, `'0'`)} ELSE regexp_replace(${joined(json, `'0'`)}, ${this.pattern('number_in_json')}, '$1 0') END`;
  }

  /** A JSON text whose numbers are the texts that DuckDB's JSON gives for them. */
  yyQuoted(json: string): string {
    return this.quoted(json, yyNumber('token[2]'));
  }

  /** The elements of a minified array, as JSON texts, with all that is in them. */
  elements(array: string): string {
    const inner = `substr(${array}, 2, length(${array}) - 2)`;
    const one = (place: string): string => `json_format(json_extract(${array}, '$[' || CAST(${place} AS VARCHAR) || ']'))`;
    // Of what is deeper Trino's own array has the elements, but of equal keys only one: where there are some, elements are taken one by one. A sequence has 10,000 at most.
    const each = `flatten(transform(sequence(0, (json_array_length(${array}) - 1) / 5000), part -> transform(sequence(part * 5000, least(part * 5000 + 4999, json_array_length(${array}) - 1)), place -> ${one('place')})))`;
    const deeper = withValue(`transform(CAST(json_extract(${array}, '$') AS ARRAY(JSON)), element -> json_format(element))`, 'trees', `CASE WHEN array_join(trees, ',') = ${this.asDuckDb(inner)} THEN trees ELSE ${each} END`);
    return withValue(`regexp_extract_all(${inner}, ${this.pattern('element')})`, 'elements', `CASE WHEN array_join(elements, ',') = ${inner} THEN elements ELSE ${deeper} END`);
  }

  /** A JSON text that Trino can take values out of: it copies no more than 1,000 levels, and reads no names beyond 50,000 bytes. The texts of what goes are never looked at. */
  safe(json: string): string {
    const names = `regexp_replace(${json}, ${this.pattern('name')}, name -> CASE WHEN name[2] IS NOT NULL AND length(name[1]) > ${mostNameLength} THEN '"\\u0000":' ELSE ${joined('name[1]', 'name[2]')} END)`;
    const short = `CASE WHEN length(${json}) > ${mostNameLength} AND any_match(regexp_extract_all(${json}, ${this.pattern('name')}), name -> length(name) > ${mostNameLength} AND substr(name, -1) = ':') THEN ${names} ELSE ${json} END`;
    return withValue(short, 'short', `CASE WHEN length(short) > ${2 * mostLevels} AND regexp_count(short, '[\\[{]') > ${mostLevels} THEN ${this.pruned('short')} ELSE short END`);
  }

  /** A JSON text without what lies deep in a part that is too deep. */
  private pruned(json: string): string {
    const state = 'CAST(ROW(0, 0, 0, false, 1, ARRAY[]) AS ROW(depth BIGINT, place BIGINT, opened BIGINT, deep BOOLEAN, since BIGINT, kept ARRAY(ROW(since BIGINT, length BIGINT))))';
    const type = 'ROW(depth BIGINT, place BIGINT, opened BIGINT, deep BOOLEAN, since BIGINT, kept ARRAY(ROW(since BIGINT, length BIGINT)))';
    const next = `CASE WHEN token IN ('[', '{') THEN CAST(ROW(state.depth + 1, state.place + 1, IF(state.depth + 1 = ${keptLevels}, state.place + 1, state.opened), state.deep OR state.depth >= ${mostLevels}, state.since, state.kept) AS ${type})
      WHEN token IN (']', '}') AND state.depth = ${keptLevels} AND state.deep THEN CAST(ROW(state.depth - 1, state.place + 1, state.opened, false, state.place + 1, state.kept || ROW(state.since, state.opened - state.since + 1)) AS ${type})
      ELSE CAST(ROW(IF(token IN (']', '}'), state.depth - 1, state.depth), state.place + 1, state.opened, state.deep, state.since, state.kept) AS ${type}) END`;
    return withValue(`regexp_extract_all(${json}, ${this.pattern('bracket')})`, 'tokens', `reduce(tokens, ${state}, (state, token) -> ${next},
      state -> array_join(flatten(transform(state.kept || ROW(state.since, cardinality(tokens) - state.since + 1), part -> slice(tokens, part[1], part[2]))), ''))`);
  }

  /** A JSON text without commas too many. @param number SQL of what is put for a number, `token[2]` */
  private tokens(json: string, number: string, text = 'token[1]'): string {
    return `regexp_replace(${json}, ${this.pattern('json_token')}, token -> CASE WHEN token[1] IS NOT NULL THEN ${text} WHEN token[2] IS NULL THEN '' ELSE ${number} END)`;
  }

  /** As `quoted`, of a whole JSON text, faster, with three characters too many behind it. */
  quotedFast(json: string): string {
    return `regexp_replace(${joined(json, `'0'`)}, ${this.pattern('number_in_json')}, '$1"$2"')`;
  }

  /** Whether a text is one JSON value as DuckDB reads it. */
  isJson(text: string): string {
    return `(${this.isWhole(text)} OR CASE WHEN ${this.odd(text)} OR regexp_like(${text}, ${this.pattern('odd_start')}) THEN ${withValue(this.tokens(text, "CASE WHEN regexp_like(token[2], '[a-df-zA-DF-Z]') THEN '0' ELSE token[2] END"), 'tolerated', this.isWhole('tolerated'))} ELSE false END) AND NOT CASE WHEN strpos(lower(${text}), '\\ud') > 0 THEN regexp_like(${text}, ${this.pattern('lone_surrogate')}) ELSE false END`;
  }

  /** Trino reads to the value that is looked for and no further: what stands behind the text is looked for, in both ways that a text could end what is around it. */
  private isWhole(json: string): string {
    return `coalesce(json_extract_scalar(${joined(`'['`, json, `',"end"]'`)}, '$[1]') = 'end' AND json_extract_scalar(${joined(`'{"value":'`, json, `',"end":"end"}'`)}, '$["end"]') = 'end', false)`;
  }

  /** What DuckDB gives as the text under a path of a verbatim JSON text. Dear: only for what is rejected. */
  verbatim(json: string, key: Key, name: string): string {
    return withValue(this.verbatimJson(json, key, name), 'cell', this.text('cell'));
  }

  /** An object or array under a path of a verbatim JSON text as DuckDB shows it once its numbers are quoted: NaN and infinity without a sign are not. */
  quotedJson(json: string, key: Key, name: string): string {
    const number = joined(`CASE WHEN regexp_like(token[2], '\\A[-0-9]') THEN '"s' ELSE '"n' END`, 'token[2]', `'"'`);
    return this.found(this.tokens(json, number, joined(`'"s'`, 'substr(token[1], 2)')), key, name);
  }

  /** What DuckDB gives as the JSON under a path of a verbatim JSON text. */
  verbatimJson(json: string, key: Key, name: string): string {
    return this.found(this.tokens(json, joined(`'"n'`, yyNumber('token[2]'), `'"'`), joined(`'"s'`, 'substr(token[1], 2)')), key, name);
  }

  /** What is under a path of a JSON text whose texts are marked with an s, and its numbers, as texts, with an n. */
  private found(marked: string, key: Key, name: string): string {
    const paths = markedPathsOf(key).map((path, index) => this.values.add(`${name}_marked_${index}`, path));
    const found = paths.length === 1 ? this.at(marked, paths[0] ?? '') : withValue(marked, 'marked', `coalesce(${paths.map((path) => this.at('marked', path)).join(', ')})`);
    return this.asDuckDb(`regexp_replace(${found}, ${this.pattern('marked_token')}, mark -> CASE WHEN mark[1] IS NULL THEN mark[2] ELSE ${joined(`'"'`, 'mark[1]', `'"'`)} END)`);
  }

  /** A JSON text with the escapes that DuckDB writes: Trino escapes what is beyond the basic plane. */
  asDuckDb(json: string): string {
    const code = `CAST(65536 + (from_base(half[1], 16) - 55296) * 1024 + from_base(half[2], 16) - 56320 AS BIGINT)`;
    return `regexp_replace(${json}, ${this.pattern('json_escape')}, half -> coalesce(half[3], chr(${code})))`;
  }
}

/** The key as a path of Trino's json_extract. */
export function pathOf(key: Key): string {
  return path(key === '' ? [] : segmentsOf(key));
}

/** A number is a place in an array, or a key. */
function markedPathsOf(key: Key): string[] {
  const segments = segmentsOf(key);
  const keys = path(segments.map((segment) => `s${segment}`));
  return key.startsWith('/') && segments.some((segment) => /^[0-9]+$/.test(segment)) ? [path(segments.map((segment) => (/^[0-9]+$/.test(segment) ? segment : `s${segment}`))), keys] : [keys];
}

function path(segments: readonly string[]): string {
  return `$${segments.map((segment) => `["${segment.replace(/[\\"]/g, '\\$&')}"]`).join('')}`;
}
