import { segmentsOf, sqlTypes, type Columns, type ColumnType, type Dataset, type DatasetWithItems } from '../dataset.js';
import { otherThanInstant } from './compile-instants.js';
import { allParents, fieldsOf, keysOf, leavesOf, type Field } from './compile-values.js';

/**
 * RE2 patterns that tell, on the raw text, whether the quick way reads a row right.
 * They may send a row to the exact way without need, never the other way round.
 */
export interface Patterns {
  /** The whole of an items text in Java toString form, JSON-quoted, of plain values only. */
  readonly plainItems: string;
  /** `, <known key>=`, the key captured. */
  readonly nextKey: string;
  /** `}, {<known key>=`, the key captured. */
  readonly nextItem: string;
  /** One `{key=…, value={…}}` of a map in toString form: key, string, int, float, double. */
  readonly mapEntry: string;
  /** `<map key>=[…]` with its entries, the list captured. */
  readonly mapText: string;
}

/** Contract keys are plain names: no pattern or path needs escapes for them. */
const keyName = /^[A-Za-z0-9_$.\-() %#:&?!@+]+$/;
/** No text matches it. */
const nothing = '[^\\x00-\\x{10FFFF}]';
const space = '[ \\t\\r\\n]*';
const number = '(?:null|-?[0-9][0-9.eE+-]*|NaN|-?Infinity)';

export function patternsOf(dataset: DatasetWithItems): Patterns {
  const items = flatFields(dataset.items.columns);
  const known = items.length === 0 ? nothing : alternatives(keysOf(items));
  return {
    plainItems: items.length === 0 ? nothing : plainItems(items, dataset.nulls),
    nextKey: `, (${known})=`,
    nextItem: `[}], [{](${known})=`,
    mapEntry: `(?s)\\{key=(.*?), value=\\{string_value=(.*?), int_value=(${number}), float_value=(${number}), double_value=(${number})\\}\\}`,
    mapText: mapText(ofType(items, 'text_map')),
  };
}

/** An item's columns with the keys that a toString text can have: those that are not nested. */
export function flatFields(columns: Columns): Field[] {
  return fieldsOf(columns).map((field) => ({ ...field, keys: field.keys.filter((key) => !key.startsWith('/')) })).filter(({ keys }) => keys.length > 0);
}

/** False for a key that patterns and paths can't hold as it is, or that could also be a place in an array. */
export function isKeyName(key: string): boolean {
  const segments = segmentsOf(key);
  return segments.every((segment) => keyName.test(segment) && (segments.length === 1 || !/^[0-9-]/.test(segment)));
}

/** JSON in which some value of a column, or an object on the way to one, isn't of the plain form that one `from_json` reads as the contract says; of a strict contract, of its type. */
export function unusualJsonOf(dataset: Dataset): string {
  const event = fieldsOf(dataset.event.columns);
  const items = fieldsOf(dataset.items?.columns ?? {});
  return unusualJson(event, items, dataset);
}

const after = (keys: readonly string[], bad: string): string[] => (keys.length === 0 ? [] : [`(?:${alternatives(leavesOf(keys))})"${space}:${space}(?:${bad})`]);

function unusualJson(event: readonly Field[], items: readonly Field[], dataset: Dataset): string {
  const { nulls } = dataset;
  const all = [...event, ...items];
  const strict = dataset.strict === true ? event : [];
  const maps = keysOf(ofType(all, 'text_map'));
  const texts = ofType(all, 'text');
  const free = texts.filter(({ column }) => column.values === null);
  const numbers = [...ofType(all, 'integer'), ...ofType(all, 'money')];
  const none = otherText(nulls.map((text) => ({ text, upper: false })));
  return `"(?:${[
    ...after(allParents(all), `[^{n \\t\\r\\n]|n[^u]`),
    ...after(keysOf(ofType(strict, 'text')), `[^"n \\t\\r\\n]|n[^u]`),
    ...after(keysOf((['integer', 'money', 'number', 'boolean'] as const).flatMap((type) => ofType(strict, type))), `"`),
    ...after([...keysOf(free), ...(maps.length === 0 ? [] : ['key'])], `[^"0-9n \\t\\r\\n-]|n[^u]|-[^1-9]|-?[0-9]+[.eE]`),
    ...texts.filter(({ column }) => column.values !== null).flatMap(({ keys, column }) => after(keys,
      `[^"n \\t\\r\\n]|n[^u]|"${otherText([...nulls.map((text) => ({ text, upper: false })), ...(column.values ?? []).map((text) => ({ text, upper: column.upper }))])}`)),
    ...after(keysOf(numbers), `[^"0-9n \\t\\r\\n-]|n[^u]|${dataset.items === undefined ? '' : `"${none}|`}-[^0-9]|-?[0-9]{11}|-?[0-9]*[.][0-9]{5}|-?[0-9]*(?:[.][0-9]*)?[eE]`),
    ...after(keysOf(ofType(all, 'integer')), `-?[0-9]*[.]0*[1-9]`),
    ...(maps.length === 0 ? [] : unusualMap(maps)),
    ...unusualTyped(all, items, nulls),
  ].join('|')})`;
}

function unusualMap(maps: readonly string[]): string[] {
  const text = '"(?:[^"\\\\]|\\\\.)*"';
  const number = '-0|-?[0-9]*(?:[.][0-9]*)?[eE]|-?[0-9]*[.][0-9]+0[^0-9]|-?[0-9]*[.][0-9]{9}|-?[0-9]{11}[0-9]*[.]|-?0[.]0000';
  return [
    ...after(maps, `[^[n \\t\\r\\n]|n[^u]`),
    ...after(['string_value', 'int_value', 'float_value', 'double_value'], `[{[]|${number}`),
    `key"${space}:${space}${text}${space},${space}"value"${space}:${space}(?:[^{n \\t\\r\\n]|n[^u])`,
    `value"${space}:${space}(?:${text}|[^"{}\\[\\],n]*),${space}"key"${space}:`,
  ];
}

/** Values of types that are read from their text by both ways: what isn't a plain value, and in items, of which the quick way names no issues, what can't be read. */
function unusualTyped(all: readonly Field[], items: readonly Field[], nulls: readonly string[]): string[] {
  const allowed = nulls.map((text) => ({ text, upper: false }));
  const [written, iso] = [true, false].map((own) => [...ofType(items, 'date'), ...ofType(items, 'timestamp')].filter(({ column }) => (column.formats !== undefined) === own));
  const digits = `-[^0-9]|-?[0-9]{14}|-?[0-9]*(?:[.][0-9]*)?[eE]`;
  return [
    ...after(keysOf(ofType(all, 'number')), `[^"0-9n \\t\\r\\n-]|n[^u]|${digits}`),
    ...after(keysOf(ofType(all, 'boolean')), `[^"tfn \\t\\r\\n]|n[^u]`),
    ...after(keysOf(ofType(all, 'date')), `[^"n \\t\\r\\n]|n[^u]`),
    ...after(keysOf(ofType(all, 'timestamp')), `[^"0-9n \\t\\r\\n-]|n[^u]|${digits}|-?[0-9]+[.][0-9]{4}`),
    ...after(keysOf([...ofType(items, 'number'), ...ofType(items, 'boolean'), ...(written ?? [])]), `"${otherText(allowed)}`),
    ...after(keysOf(iso ?? []), `"${otherText(allowed, '0-9')}|"${otherThanInstant}`),
    // An item's number in a pattern may be one that the pattern can't read.
    ...after(keysOf(written ?? []), `[0-9-]`),
  ];
}

interface Allowed {
  readonly text: string;
  /** In any case. */
  readonly upper: boolean;
}

/** The rest of a JSON text, after its opening quote, that is none of these: RE2 has no complement, so it is spelled out as a trie. @param besides first characters, as in a class, of texts that are not meant either */
function otherText(allowed: readonly Allowed[], besides = ''): string {
  const branches = new Map<string, Allowed[]>();
  let ends = false;
  for (const { text, upper } of allowed) {
    const [first] = text;
    if (first === undefined) {
      ends = true;
      continue;
    }
    for (const character of upper ? new Set([first.toUpperCase(), first.toLowerCase()]) : [first]) {
      branches.set(character, [...(branches.get(character) ?? []), { text: text.slice(first.length), upper }]);
    }
  }
  const known = [...branches.keys(), ...(ends ? ['"'] : [])].map(inClass).join('') + besides;
  const deeper = [...branches].map(([character, rest]) => `${literal(character)}${otherText(rest)}`);
  return `(?:${[known === '' ? '' : `[^${known}]`, ...deeper].filter((part) => part !== '').join('|')})`;
}

function inClass(character: string): string {
  return /[\w ]/.test(character) || character.codePointAt(0)! > 127 ? character : `\\${character}`;
}

function plainItems(items: readonly Field[], nulls: readonly string[]): string {
  const inJson = (texts: readonly string[]): string[] => texts.map((text) => literal(JSON.stringify(text).slice(1, -1)));
  const none = inJson(nulls);
  const either = (...patterns: readonly string[]): string => `(?:${[...none, ...patterns].join('|')})`;
  // No control character, and `=` only where nothing that looks like a key stands before it.
  const plain = '=*(?:[^=\\\\]|\\\\[^u]|[^a-z0-9_=\\\\]=+|[^ {a-z0-9_=\\\\][a-z0-9_]+=+|[^,=\\\\] [a-z0-9_]+=+)*';
  const bare = '[^={}\\\\"]*';
  const entry = `\\{key=${bare}, value=\\{string_value=${bare}, int_value=${number}, float_value=${number}, double_value=${number}\\}\\}`;
  const values: Record<ColumnType, string> = {
    text: plain,
    money: either('-?[0-9]{1,10}(?:[.][0-9]{1,4})?'),
    integer: either('-?[0-9]{1,10}(?:[.]0+)?'),
    text_map: either(`\\[(?:${entry}(?:, ${entry})*)?\\]`),
    number: either('-?[0-9]{1,10}(?:[.][0-9]{1,4})?'),
    boolean: either('true', 'false'),
    date: either(nothing),
    timestamp: either(nothing),
  };
  const pieces = (Object.keys(sqlTypes) as ColumnType[]).flatMap((type) => {
    const keys = keysOf(ofType(items, type).filter(({ column }) => column.values === null));
    return keys.length === 0 ? [] : [`(?:${alternatives(keys)})=${values[type]}`];
  });
  const limited = items.filter(({ column }) => column.values !== null).map(({ keys, column }) =>
    `(?:${alternatives(keys)})=${either(...inJson(column.values ?? []))}`);
  const cell = `(?:${[...pieces, ...limited].join('|')})`;
  const item = `\\{${cell}(?:, ${cell})*\\}`;
  return `(?s)"\\[${item}(?:, ${item})*\\]"`;
}

function mapText(maps: readonly Field[]): string {
  if (maps.length === 0) return `(${nothing})(${nothing})`;
  const entry = `\\{key=.*?, value=\\{string_value=.*?, int_value=${number}, float_value=${number}, double_value=${number}\\}\\}`;
  return `(?s)((?:, |[{])(?:${alternatives(keysOf(maps))})=)(\\[${entry}(?:, ${entry})*\\])`;
}

function ofType(fields: readonly Field[], type: ColumnType): Field[] {
  return fields.filter(({ column }) => column.type === type);
}

function alternatives(keys: readonly string[]): string {
  return [...keys].sort((a, b) => b.length - a.length).map(literal).join('|');
}

/** The text as an RE2 pattern for itself. */
function literal(text: string): string {
  return text.replace(/[^\w ]/g, (character) => (character.codePointAt(0)! > 127 ? character : `\\${character}`));
}
