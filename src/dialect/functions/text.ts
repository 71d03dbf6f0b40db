import { coerce, text } from '../convert.js';
import { invalid, refused } from '../errors.js';
import { array, bigint, boolean, show, varchar } from '../types.js';
import { mayBeAbsent, neverEmpty, toRe2 } from './patterns.js';
import { argument, constantText, count, plain, type Bound, type Make } from './signature.js';

const signatures = [
  'upper(varchar) varchar: tr_upper($1)', 'lower(varchar) varchar: lower($1)', 'length(varchar) bigint: length($1)', 'length(varbinary) bigint: octet_length($1)', 'char_length(varchar) bigint: length($1)', 'character_length(varchar) bigint: length($1)',
  'substr(varchar, bigint) varchar: tr_substr($1, $2)', 'substr(varchar, bigint, bigint) varchar: tr_substr_of($1, $2, $3)', 'substring(varchar, bigint) varchar: tr_substr($1, $2)',
  'strpos(varchar, varchar) bigint: CAST(strpos($1, $2) AS BIGINT)', 'strpos(varchar, varchar, bigint) bigint: tr_strpos_nth($1, $2, $3)', 'starts_with(varchar, varchar) boolean: starts_with($1, $2)', 'ends_with(varchar, varchar) boolean: ends_with($1, $2)',
  'lpad(varchar, bigint, varchar) varchar: tr_lpad($1, $2, $3)', 'rpad(varchar, bigint, varchar) varchar: tr_rpad($1, $2, $3)',
  'trim(varchar) varchar: tr_trim($1)', 'ltrim(varchar) varchar: tr_ltrim($1)', 'rtrim(varchar) varchar: tr_rtrim($1)', 'trim(varchar, varchar) varchar: trim($1, $2)', 'ltrim(varchar, varchar) varchar: ltrim($1, $2)', 'rtrim(varchar, varchar) varchar: rtrim($1, $2)',
  "replace(varchar, varchar) varchar: replace($1, $2, '')", 'replace(varchar, varchar, varchar) varchar: tr_replace($1, $2, $3)', 'translate(varchar, varchar, varchar) varchar: translate($1, $2, $3)',
  'split_part(varchar, varchar, bigint) varchar: tr_split_part($1, $2, $3)', 'chr(bigint) varchar: chr(CAST($1 AS INTEGER))', 'codepoint(varchar) integer: tr_codepoint($1)',
  'levenshtein_distance(varchar, varchar) bigint: levenshtein($1, $2)', 'hamming_distance(varchar, varchar) bigint: tr_hamming($1, $2)', 'soundex(varchar) varchar: tr_soundex($1)',
  'url_extract_host(varchar) varchar: tr_url_host($1)', 'url_extract_path(varchar) varchar: tr_url_path($1)', 'url_extract_query(varchar) varchar: tr_url_query($1)', 'url_extract_protocol(varchar) varchar: tr_url_protocol($1)', 'url_extract_fragment(varchar) varchar: tr_url_fragment($1)', 'url_extract_port(varchar) bigint: tr_url_port($1)', 'url_extract_parameter(varchar, varchar) varchar: tr_url_parameter($1, $2)',
  'url_encode(varchar) varchar: tr_url_encode($1)', 'url_decode(varchar) varchar: tr_url_decode($1)',
  'to_utf8(varchar) varbinary: encode($1)', 'from_utf8(varbinary) varchar: decode($1)', 'to_hex(varbinary) varchar: hex($1)', 'from_hex(varchar) varbinary: tr_from_hex($1)', 'to_base64(varbinary) varchar: base64($1)', 'from_base64(varchar) varbinary: from_base64($1)',
  'md5(varbinary) varbinary: unhex(md5($1))', 'sha1(varbinary) varbinary: unhex(sha1($1))', 'sha256(varbinary) varbinary: unhex(sha256($1))',
  'from_base(varchar, bigint) bigint: tr_from_base($1, $2)', 'to_base(bigint, bigint) varchar: tr_to_base($1, CAST($2 AS INTEGER))',
];

function pattern(bound: Bound, mayBeEmpty = false): string {
  const found = constantText(bound, 1, 'a pattern');
  const at = bound.call.args[1]?.at ?? bound.call.at;
  if (!mayBeEmpty) neverEmpty(at, found);
  return toRe2(at, found);
}

const subject = (bound: Bound): string => coerce(bound.call.at, argument(bound, 0), varchar).sql;
const group = (bound: Bound): string => {
  const place = bound.args[2];
  if (place == null) return '0';
  if (typeof place.constant !== 'number') throw refused(bound.call.at, `${bound.call.name} with a group that is not constant`, 'Write its number.');
  return String(place.constant);
};

/** `$1` as RE2 writes it; a lambda instead of a text can't be had. */
function replacement(bound: Bound): string {
  if (bound.args.length === 2) return "''";
  if (bound.call.args[2]?.kind === 'lambda') throw refused(bound.call.at, 'regexp_replace with a lambda', 'Give a text with $1 for the first group.');
  const found = constantText(bound, 2, 'a replacement');
  const re2 = found.replaceAll(/\\(.)|\$(\d)|\$\{(\w+)\}|\$/g, (all, escaped?: string, digit?: string, name?: string) => {
    if (name !== undefined) throw refused(bound.call.at, 'a named group in a replacement', 'Give its number: $1.');
    if (digit !== undefined) return `\\${digit}`;
    if (escaped === undefined) throw invalid(bound.call.at, `${all} in a replacement names no group`, 'Write \\$ for the character.');
    return escaped === '\\' ? '\\\\' : escaped;
  });
  return text(re2);
}

const own: Readonly<Record<string, Make>> = {
  concat: (bound) => {
    const { call, args } = bound;
    const items = args.map((_arg, index) => argument(bound, index));
    if (items[0]?.type.kind === 'array') {
      const sql = items.map((each) => coerce(call.at, each, items[0]!.type).sql).reduce((left, right) => `tr_concat(${left}, ${right})`);
      return { sql, type: items[0].type };
    }
    return { sql: `(${items.map((each) => coerce(call.at, each, varchar).sql).join(' || ')})`, type: varchar };
  },
  concat_ws: (bound) => {
    const separator = subject(bound);
    const second = argument(bound, 1);
    if (second.type.kind === 'array') return { sql: `tr_join(${coerce(bound.call.at, second, array(varchar)).sql}, ${separator})`, type: varchar };
    return { sql: `concat_ws(${bound.args.map((_arg, index) => coerce(bound.call.at, argument(bound, index), varchar).sql).join(', ')})`, type: varchar };
  },
  reverse: (bound) => {
    const of = argument(bound, 0);
    return of.type.kind === 'array' ? { sql: `list_reverse(${of.sql})`, type: of.type } : { sql: `tr_reverse(${subject(bound)})`, type: varchar };
  },
  split: (bound) => {
    count(bound, 2, 3);
    const [s, d] = [subject(bound), coerce(bound.call.at, argument(bound, 1), varchar).sql];
    return { sql: bound.args.length === 2 ? `tr_split(${s}, ${d})` : `tr_split_limit(${s}, ${d}, ${coerce(bound.call.at, argument(bound, 2), bigint).sql})`, type: array(varchar) };
  },
  split_to_map: (bound) => {
    count(bound, 3);
    const [s, d, e] = [0, 1, 2].map((place) => coerce(bound.call.at, argument(bound, place), varchar).sql);
    return { sql: `tr_split_to_map(${s}, ${d}, ${e})`, type: { kind: 'map', key: varchar, value: varchar } };
  },
  normalize: (bound) => {
    const form = constantText(bound, 1, 'a form').toUpperCase();
    if (form === 'NFC') return { sql: `nfc_normalize(${subject(bound)})`, type: varchar };
    const of = argument(bound, 0).constant;
    if (typeof of !== 'string') throw refused(bound.call.at, `normalize to ${form}`, 'NFC can be had; other forms of constants only.');
    return { sql: text(of.normalize(form)), type: varchar };
  },
  regexp_like: (bound) => ({ sql: `regexp_matches(${subject(bound)}, ${pattern(bound, true)})`, type: boolean }),
  regexp_extract: (bound) => {
    const sql = `tr_regexp_extract(${subject(bound)}, ${pattern(bound, true)}, ${group(bound)})`;
    return { sql: mayBeAbsent(bound.call.at, constantText(bound, 1, 'a pattern'), Number(group(bound))) ? `nullif(${sql}, '')` : sql, type: varchar };
  },
  regexp_extract_all: (bound) => {
    if (mayBeAbsent(bound.call.at, constantText(bound, 1, 'a pattern'), Number(group(bound)))) throw refused(bound.call.at, 'regexp_extract_all of a group that may be absent', 'Give a pattern without alternatives, or take the whole match.');
    return { sql: `regexp_extract_all(${subject(bound)}, ${pattern(bound)}, ${group(bound)})`, type: array(varchar) };
  },
  regexp_count: (bound) => ({ sql: `CAST(len(regexp_extract_all(${subject(bound)}, ${pattern(bound)})) AS BIGINT)`, type: bigint }),
  regexp_split: (bound) => ({ sql: `regexp_split_to_array(${subject(bound)}, ${pattern(bound)})`, type: array(varchar) }),
  regexp_replace: (bound) => ({ sql: `regexp_replace(${subject(bound)}, ${pattern(bound)}, ${replacement(bound)}, 'g')`, type: varchar }),
  format: (bound) => format(bound),
};

/** `%d %s %.2f %05d %,d %%` of Java's Formatter. */
function format(bound: Bound): { readonly sql: string; readonly type: typeof varchar } {
  const form = constantText(bound, 0, 'a format');
  let place = 0;
  const pieces = form.split(/(%[^a-zA-Z%]*[a-zA-Z%])/).filter((piece) => piece !== '').map((piece) => {
    if (!piece.startsWith('%')) return text(piece);
    if (piece === '%%') return "'%'";
    const of = argument(bound, ++place);
    const spec = /^%(0?)(,?)(\d*)(?:\.(\d+))?([dsf])$/.exec(piece);
    const [, zero = '', comma = '', width = '', digits, kind = ''] = spec ?? [];
    const wrong = (kind === 'd' && !['tinyint', 'smallint', 'integer', 'bigint'].includes(of.type.kind)) || (kind === 'f' && !['double', 'decimal'].includes(of.type.kind)) || (kind === 's' && (digits !== undefined || of.type.kind !== 'varchar') && !['varchar', 'bigint', 'integer', 'boolean'].includes(of.type.kind));
    if (spec === null || wrong || (zero !== '' && kind === 's')) throw refused(bound.call.at, `${piece} of ${show(of.type)} in format`, 'There are %s of texts and whole numbers, %d of whole numbers and %f of doubles and decimals, with a width, zeros, commas and digits.');
    if (kind === 's') return `coalesce(lpad(CAST(${of.sql} AS VARCHAR), CAST(greatest(${width === '' ? 0 : Number(width)}, length(CAST(${of.sql} AS VARCHAR))) AS INTEGER), ' '), 'null')`;
    // Rounded half up as a decimal, as Java does.
    const value = kind === 'd' ? `CAST(${of.sql} AS VARCHAR)` : `CAST(CAST(CAST(${of.sql} AS VARCHAR) AS DECIMAL(38, ${digits ?? '6'})) AS VARCHAR)`;
    const grouped = comma === '' ? value : `tr_grouped(${value})`;
    return `coalesce(${width === '' ? grouped : `tr_format_pad(${grouped}, ${Number(width)}, ${text(zero === '' ? ' ' : '0')})`}, 'null')`;
  });
  return { sql: `(${pieces.length === 0 ? "''" : pieces.join(' || ')})`, type: varchar };
}

/** Functions of texts, patterns, URLs and bytes. */
export const textFunctions: ReadonlyMap<string, Make> = new Map([...plain(signatures), ...Object.entries(own)]);
