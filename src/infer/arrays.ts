import { pointerTo, type Key } from '../dataset.js';
import { isKeyName } from '../silver/compile-patterns.js';
import { columnsOf, counted, elementColumn, isPlainAside, mapsOf, type ProposedColumn } from './columns.js';
import { segmentsOfPath, snakeCase, type Path } from './path.js';
import type { Statistics } from './statistics.js';
import type { Findings } from './walk.js';

/** A table for the elements of an array, at any depth. */
export interface ProposedArray {
  /** Of the elements. */
  readonly path: Path;
  readonly table: string;
  readonly key: Key;
  readonly columns: readonly ProposedColumn[];
  readonly comment: string;
}

const suffix = '/[]';
/** Further ones are named in the notes. */
const mostArrays = 50;

/**
 * Tables for all arrays that are found but the one of the items.
 * @param tables names that are taken
 * @param taken names of columns that are taken
 */
export function arraysOf(found: Findings, name: string, items: Path | null, tables: readonly string[], taken: readonly string[]): ProposedArray[] {
  const maps = mapsOf(found);
  const names = new Set([...tables, `${name}_rejected`, `${name}_duplicates`]);
  const arrays: ProposedArray[] = [];
  for (const elements of found.paths) {
    const { path } = elements;
    if (!path.endsWith(suffix) || path === items || arrays.length === mostArrays || maps.some((map) => path.startsWith(`${map}/`)) || !isReachable(path)) continue;
    const array = found.paths.find((each) => each.path === path.slice(0, -suffix.length));
    if (array !== undefined && isPlainAside(found, array)) continue;
    const columns = columnsIn(found, elements, taken);
    if (columns.length === 0) continue;
    const table = free([name, ...segmentsOfPath(path).filter((segment) => segment !== null).map(snakeCase)].join('_'), names);
    names.add(table);
    arrays.push({ path, table, key: keyOfArray(path), columns, comment: `elements: ${counted(elements.rows)}${array === undefined ? '' : `, arrays: ${counted(array.arrays)}`}` });
  }
  return arrays;
}

function columnsIn(found: Findings, elements: Statistics, taken: readonly string[]): ProposedColumn[] {
  const columns = elements.objects === 0 ? [] : columnsOf(found, elements.path, taken, [], 'item');
  const plain = elements.booleans + elements.numbers + elements.texts;
  return plain === 0 || columns.some(({ name }) => name.toLowerCase() === 'value') ? columns : [...columns, elementColumn(elements)];
}

/** `/orders/[]/lines/[]` → `/orders/` + `*` + `/lines`. */
function keyOfArray(path: Path): Key {
  return segmentsOfPath(path.slice(0, -suffix.length)).map((segment) => pointerTo(segment ?? '*')).join('');
}

function isReachable(path: Path): boolean {
  return segmentsOfPath(path).every((segment) => segment === null || (segment !== '*' && isKeyName(segment)));
}

function free(name: string, names: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const tried = number === 1 ? name : `${name}_${number}`;
    if (!names.has(tried)) return tried;
  }
}
