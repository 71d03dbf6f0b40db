import { pointerTo, type Key } from '../dataset.js';

/** Where a value stands in bodies: a segment for each key, `[]` for an array's elements. */
export type Path = string;

const element = '[]';

/** The keys of a path; an array's elements are null. */
export function segmentsOfPath(path: Path): (string | null)[] {
  return path.split('/').slice(1).map((segment) => (segment === element ? null : segment.replaceAll('~2', '[').replaceAll('~1', '/').replaceAll('~0', '~')));
}

/** The path of the elements that a value lies in, itself aside; empty: it lies in the body alone. */
export function tableOf(path: Path): Path {
  const segments = path.split('/');
  const last = segments.lastIndexOf(element, segments.length - 2);
  return last < 0 ? '' : segments.slice(0, last + 1).join('/');
}

/** A path as people read it: `score_score`; what lies in arrays begins behind the innermost one. */
export function nameOf(path: Path): string {
  const own = segmentsOfPath(path.slice(tableOf(path).length));
  const names = own.map((segment) => segment ?? element);
  return names.length === 1 ? (names[0] ?? '') : names.join('_');
}

/** A table of elements as people read it: `items`, `orders.items`. */
export function tableNameOf(table: Path): string {
  return segmentsOfPath(table).filter((segment) => segment !== null).join('.');
}

/** Where a contract finds the value, from the table that it lies in. */
export function keyOf(path: Path): Key {
  const segments = segmentsOfPath(path.slice(tableOf(path).length)).map((segment) => segment ?? '');
  const [only] = segments;
  if (segments.length === 1 && only !== undefined && only !== '' && !only.startsWith('/')) return only;
  return segments.map(pointerTo).join('');
}

/** MongoDB's words for types: `$date`, `$oid`, `$numberLong`. */
export function isTypeWord(segment: string | null): boolean {
  return segment !== null && /^\$(?:date|oid|numberLong|numberInt|numberDouble|numberDecimal)$/.test(segment);
}

/** A name that a column may have: the path's keys without MongoDB's words, other characters as `_`. */
export function columnNameOf(path: Path): string {
  const own = segmentsOfPath(path.slice(tableOf(path).length)).filter((segment) => segment !== null && !isTypeWord(segment));
  const name = own.join('_').normalize('NFKD').replaceAll(/\p{M}/gu, '').replaceAll(/[^A-Za-z0-9]+/g, '_').replaceAll(/^_+|_+$/g, '');
  if (name === '') return 'column';
  return /^[A-Za-z]/.test(name) ? name : `c_${name}`;
}

/** `TransactionID` → `transaction_id`: for names of tables and datasets. */
export function snakeCase(text: string): string {
  const name = text.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase().replaceAll(/[^a-z0-9]+/g, '_').replaceAll(/^_+|_+$/g, '');
  if (name === '') return 'data';
  return /^[a-z]/.test(name) ? name : `d_${name}`;
}
