import { ownColumns, type ColumnType, type Key } from '../dataset.js';
import { deduce, wordsOf, type Deduced } from './kinds.js';
import { columnNameOf, keyOf, tableOf, type Path } from './path.js';
import { isKeyName } from '../silver/compile-patterns.js';
import type { Statistics } from './statistics.js';
import { rowsAround, type Findings } from './walk.js';

/** A column that a contract could have. */
export interface ProposedColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Null: the name itself. */
  readonly key: Key | null;
  readonly path: Path;
  /** It can be read in every row. */
  readonly required: boolean;
  readonly format: string | null;
  readonly past: boolean;
  /** No two rows have the same value. */
  readonly unique: boolean;
  /** What a person should know before keeping it. */
  readonly comment: string;
}

const birthWord = /(?:^|_)(?:birth\w*|dob|born)(?:_|$)/;
const mostShownValues = 8;
const counts = new Intl.NumberFormat('en-US');

/** `12,345`. */
export function counted(value: number): string {
  return counts.format(value);
}

export function isBirth(path: Path): boolean {
  return birthWord.test(wordsOf(path)) || /dob$/i.test(wordsOf(path));
}

/** Whether a path is the root of a map: an array of `{key, value}`, or an object with many keys that few rows have. */
export function isMap(found: Findings, statistics: Statistics): boolean {
  const { path } = statistics;
  if (statistics.arrays > 0) {
    const children = found.paths.filter((each) => parentOf(each.path) === `${path}/[]`).map((each) => each.path.slice(path.length + '/[]/'.length));
    return children.length === 2 && children.includes('key') && children.includes('value');
  }
  if (statistics.objects === 0) return false;
  const children = found.paths.filter((each) => parentOf(each.path) === path);
  return children.length > 60 && children.reduce((sum, each) => sum + each.rows, 0) < 0.2 * children.length * statistics.objects;
}

function parentOf(path: Path): Path {
  return path.slice(0, path.lastIndexOf('/'));
}

/** Paths below these are told by them. */
export function mapsOf(found: Findings): Path[] {
  return found.paths.filter((statistics) => !statistics.path.endsWith('/[]') && isMap(found, statistics)).map(({ path }) => path);
}

function below(roots: readonly Path[], path: Path): boolean {
  return roots.some((root) => path.startsWith(`${root}/`));
}

/** Paths that hold objects too, but more often a plain value. */
function plainOf(found: Findings): Path[] {
  return found.paths.filter(({ objects, arrays, booleans, numbers, texts }) => objects > 0 && arrays === 0 && booleans + numbers + texts > objects).map(({ path }) => path);
}

/** Whether a path that holds arrays is a plain value's all the same: they are rare, and none has objects in it. */
export function isPlainAside(found: Findings, { path, arrays, booleans, numbers, texts }: Statistics): boolean {
  return arrays * 10 < booleans + numbers + texts && !found.paths.some((each) => each.path === `${path}/[]` && each.objects > 0);
}

/** Paths with values that no column reads, and why; not those of arrays. */
export function unread(found: Findings): { readonly path: Path; readonly why: string }[] {
  const plain = plainOf(found);
  return found.paths.flatMap((statistics) => {
    const { path, objects, booleans, numbers, texts } = statistics;
    const values = booleans + numbers + texts;
    if (path.endsWith('/[]')) return [];
    if (values > 0 && !isKeyName(keyOf(path))) return [{ path, why: 'a contract can\'t look up such a key' }];
    if (plain.includes(path)) return [{ path, why: `an object in ${counted(objects)}, whose values no column reads` }];
    return objects > 0 && values > 0 && !mapsOf(found).includes(path) ? [{ path, why: `an object in ${counted(objects)}; the plain values in ${counted(values)} are read by no column` }] : [];
  });
}

/**
 * The columns that the paths of one table could be: those of the body ('') or of an array's elements.
 * @param taken names that are others' already
 * @param used paths that the contract reads elsewhere: time and platform
 * @param prefix goes before a name that is taken
 */
export function columnsOf(found: Findings, table: Path, taken: readonly string[], used: readonly Path[], prefix: string): ProposedColumn[] {
  const maps = mapsOf(found);
  const plain = plainOf(found);
  const others = new Set([...ownColumns, ...taken].map((name) => name.toLowerCase()));
  const names = new Set(others);
  const columns: ProposedColumn[] = [];
  for (const statistics of found.paths) {
    const { path } = statistics;
    if (tableOf(path) !== table || path.endsWith('/[]') || used.includes(path) || below(maps, path) || below(plain, path) || !isKeyName(keyOf(path))) continue;
    const map = maps.includes(path);
    // What an array holds is a table's; an object's values are columns, and a contract reads it or them.
    if (!map && ((statistics.arrays > 0 && !isPlainAside(found, statistics)) || (statistics.objects > 0 && !plain.includes(path)))) continue;
    const wanted = columnNameOf(path);
    const name = free(others.has(wanted.toLowerCase()) ? `${prefix}_${wanted}` : wanted, names);
    names.add(name.toLowerCase());
    columns.push(map ? mapColumn(found, statistics, name) : column(found, statistics, name, table === ''));
  }
  return columns;
}

function free(name: string, names: ReadonlySet<string>): string {
  for (let number = 2; ; number++) {
    const tried = number === 2 && !names.has(name.toLowerCase()) ? name : `${name}_${number}`;
    if (!names.has(tried.toLowerCase())) return tried;
  }
}

function keyUnlessName(path: Path, name: string): Key | null {
  const key = keyOf(path);
  return key === name ? null : key;
}

function mapColumn(found: Findings, statistics: Statistics, name: string): ProposedColumn {
  const around = rowsAround(found, statistics.path);
  const there = statistics.objects + statistics.arrays;
  const comment = there === around ? '' : `in ${counted(there)} of ${counted(around)}`;
  return { name, type: 'text_map', key: keyUnlessName(statistics.path, name), path: statistics.path, required: false, format: null, past: false, unique: false, comment };
}

function column(found: Findings, statistics: Statistics, name: string, ofEvent: boolean): ProposedColumn {
  const { path } = statistics;
  const around = rowsAround(found, path);
  const deduced = deduce(statistics);
  const past = deduced.type === 'date' && deduced.format !== null && /%y/.test(deduced.format) && isBirth(path);
  const nameable = deduced.values === around && around > 1 && (deduced.type === 'text' || deduced.type === 'integer');
  const unique = nameable && statistics.exact && statistics.distinct === around;
  const perhaps = nameable && !statistics.exact && Math.abs(statistics.distinct - around) < 0.05 * around;
  return {
    name,
    type: deduced.type,
    key: keyUnlessName(path, name),
    path,
    required: ofEvent && around > 0 && deduced.fitting === around,
    format: deduced.format,
    past,
    unique,
    comment: [contradictions(statistics, deduced, around), unique ? 'unique' : perhaps ? 'perhaps unique' : '', valuesShown(statistics, deduced)].filter((part) => part !== '').join('; '),
  };
}

/** The column of elements that are plain values. */
export function elementColumn(elements: Statistics): ProposedColumn {
  const deduced = deduce(elements);
  const comment = [contradictions({ ...elements, objects: 0, arrays: 0 }, deduced, elements.rows - elements.objects - elements.arrays), valuesShown(elements, deduced)].filter((part) => part !== '').join('; ');
  return { name: 'value', type: deduced.type, key: null, path: elements.path, required: false, format: deduced.format, past: false, unique: false, comment };
}

/** What speaks against a column's type or against its being there: `integer in 2,142 of 2,143, missing in 1`. */
export function contradictions(statistics: Statistics, { type, fitting, values, alsoFormat, byName }: Deduced, around: number): string {
  if (values === 0) return `never a value in ${counted(around)}`;
  const missing = Math.max(0, around - statistics.rows) + statistics.nulls + statistics.nullTexts;
  // Ids are numbers often, and name something all the same.
  const numbers = byName && 2 * statistics.numbers > values;
  const said = [`${numbers ? (statistics.wholeNumbers === statistics.numbers ? 'integer' : 'number') : type} in ${counted(numbers ? statistics.numbers : fitting)} of ${counted(around)}`];
  if (type === 'text' && !numbers && statistics.numbers > 0) said.push(`numbers among them: ${counted(statistics.numbers)}`);
  if (missing > 0) said.push(`missing in ${counted(missing)}`);
  if (values > fitting) said.push(`another type or form in ${counted(values - fitting)}`);
  if (statistics.arrays > 0) said.push(`an array in ${counted(statistics.arrays)}`);
  if (statistics.objects > 0) said.push(`an object in ${counted(statistics.objects)}`);
  return [...(said.length > 1 || numbers ? [said.join(', ')] : []), ...(numbers ? ['kept as text'] : []), ...(alsoFormat === null ? [] : [`${alsoFormat} reads as many`])].join('; ');
}

/** Few different texts, with their counts. */
function valuesShown(statistics: Statistics, { type, values }: Deduced): string {
  const { exact, distinct, top } = statistics;
  const few = top.filter(({ value }) => value.length <= 30);
  if (type !== 'text' || !exact || distinct === 0 || distinct > mostShownValues || few.length < distinct || distinct * 3 > values) return '';
  return `only ${few.map(({ value, rows }) => `${JSON.stringify(value)} ${counted(rows)}`).join(', ')}`;
}
