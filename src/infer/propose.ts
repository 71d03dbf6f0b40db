import type { Key } from '../dataset.js';
import { arraysOf, type ProposedArray } from './arrays.js';
import { columnsOf, counted, isPlainAside, mapsOf, unread, type ProposedColumn } from './columns.js';
import { wordsOf } from './kinds.js';
import { keyOf, nameOf, segmentsOfPath, snakeCase, tableNameOf, tableOf, type Path } from './path.js';
import type { Statistics } from './statistics.js';
import { isKeyName } from '../silver/compile-patterns.js';
import { bestTime, timeCandidates, timeColumnName, type TimeCandidate } from './time.js';
import { rowsAround, type Findings } from './walk.js';

/** A contract that fits what was found, with what contradicts it. */
export interface Proposal {
  readonly name: string;
  readonly rows: number;
  readonly time: (TimeCandidate & { readonly column: string | null }) | null;
  /** Other times that there are, with what they say. */
  readonly otherTimes: readonly { readonly key: Key; readonly says: string }[];
  readonly platform: { readonly key: Key; readonly values: readonly string[]; readonly required: boolean; readonly comment: string } | null;
  readonly nulls: readonly { readonly text: string; readonly rows: number }[];
  readonly person: string | null;
  readonly table: string;
  readonly columns: readonly ProposedColumn[];
  readonly items: { readonly table: string; readonly key: Key; readonly columns: readonly ProposedColumn[]; readonly comment: string } | null;
  /** Tables of all other arrays. */
  readonly arrays: readonly ProposedArray[];
  /** What the contract leaves out, one sentence each. */
  readonly notes: readonly string[];
}

const personWord = /(?:^|_)(?:user|customer|client|member|person|visitor|subscriber)_?(?:identifiers?_)?(?:id|identifier)$|(?:^|_)(?:customerid|userid|clientid)$/;
const platformWord = /(?:^|_)platform$/;
const mostPlatforms = 20;
/** A platform that fewer than one in so many rows have is taken for a mistake. */
const rareAmong = 1_000;

/** @param name of the dataset, lower_snake_case */
export function propose(found: Findings, name: string): Proposal {
  const candidates = timeCandidates(found);
  const time = bestTime(found, candidates);
  const column = time === null ? null : timeColumnName(time.path);
  const platform = platformOf(found);
  const used = [...(time === null ? [] : [time.path, ...(time.clock === null ? [] : [time.clock.path])]), ...(platform === null ? [] : [platform.path])];
  const columns = columnsOf(found, '', column === null ? [] : [column], used, 'own');
  const itemsTable = biggestArray(found);
  const taken = column === null ? [] : [column];
  const items = itemsTable === null ? null : itemsOf(found, name, itemsTable, [...columns.map((each) => each.name), ...taken]);
  const arrays = arraysOf(found, name, items === null ? null : itemsTable?.path ?? null, [name, ...(items === null ? [] : [items.table])], taken);
  return {
    name,
    rows: found.rows,
    time: time === null ? null : { ...time, column },
    otherTimes: candidates.filter((each) => each !== time).map(({ key, says }) => ({ key, says })),
    platform: platform === null ? null : platform.platform,
    nulls: nullsOf(found),
    person: columns.find(({ type, path }) => type === 'text' && personWord.test(wordsOf(path)))?.name ?? null,
    table: name,
    columns,
    items,
    arrays,
    notes: notesOf(found, [...(itemsTable === null ? [] : [itemsTable.path]), ...arrays.map(({ path }) => path)]),
  };
}

function nullsOf(found: Findings): Proposal['nulls'] {
  const nulls = found.nullTexts.map(({ value, rows }) => ({ text: value, rows }));
  return found.csv && !nulls.some(({ text }) => text === '') ? [{ text: '', rows: 0 }, ...nulls] : nulls;
}

function platformOf(found: Findings): { readonly path: Path; readonly platform: NonNullable<Proposal['platform']> } | null {
  const statistics = found.paths.find(({ path, exact, distinct, texts, nulls, nullTexts, rows }) =>
    tableOf(path) === '' && platformWord.test(wordsOf(path)) && exact && distinct > 0 && distinct <= mostPlatforms && texts > 0 && texts + nulls + nullTexts === rows);
  if (statistics === undefined) return null;
  const known = new Set(found.nullTexts.map(({ value }) => value));
  const values = new Map<string, string>();
  for (const { value } of statistics.top) {
    if (!known.has(value) && value.trim() !== '' && !values.has(value.toLowerCase())) values.set(value.toLowerCase(), value);
  }
  if (values.size === 0) return null;
  const rowsOf = (value: string): number => statistics.top.find((each) => each.value === value)?.rows ?? 0;
  const said = (some: readonly string[]): string => some.map((value) => `${JSON.stringify(value)} ${counted(rowsOf(value))}`).join(', ');
  const rare = [...values.values()].filter((value) => rowsOf(value) * rareAmong < found.rows);
  const usual = [...values.values()].filter((value) => !rare.includes(value));
  const without = found.rows - statistics.texts;
  return {
    path: statistics.path,
    platform: {
      key: keyOf(statistics.path), values: usual, required: without <= 0,
      comment: [said(usual), ...(rare.length === 0 ? [] : [`left out, and so rejected: ${said(rare)}`]), ...(without > 0 ? [`missing in ${counted(without)}`] : [])].join('; '),
    },
  };
}

/** The elements of arrays of objects right in the body, of which there are the most. */
function biggestArray(found: Findings): Statistics | null {
  const maps = mapsOf(found);
  const arrays = found.paths.filter(({ path, objects }) => path.endsWith('/[]') && objects > 0 && tableOf(path) === '' && isKeyName(keyOf(path.slice(0, -'/[]'.length))) && !maps.some((map) => path.startsWith(`${map}/`)));
  return arrays.sort((a, b) => b.objects - a.objects)[0] ?? null;
}

function itemsOf(found: Findings, name: string, elements: Statistics, taken: readonly string[]): Proposal['items'] {
  const array = elements.path.slice(0, -'/[]'.length);
  const own = found.paths.find(({ path }) => path === array);
  const leaf = snakeCase(segmentsOfPath(array).at(-1) ?? 'items');
  const table = `${name}_${['rejected', 'duplicates'].includes(leaf) ? `${leaf}_item` : leaf}`;
  const columns = columnsOf(found, elements.path, taken, [], 'item');
  if (columns.length === 0) return null;
  const said = [`${counted(elements.rows)} elements in ${counted(own?.arrays ?? 0)} of ${counted(rowsAround(found, array))} rows`];
  if ((own?.texts ?? 0) > 0) said.push(`as text in ${counted(own?.texts ?? 0)}`);
  if (elements.rows > elements.objects) said.push(`${counted(elements.rows - elements.objects)} elements are no objects`);
  return { table, key: keyOf(array), columns, comment: said.join(', ') };
}

function notesOf(found: Findings, proposed: readonly Path[]): string[] {
  const maps = mapsOf(found);
  const notes = Object.entries(found.others).map(([kind, rows]) => `${others[kind] ?? `Rejected, as they are no object but ${kind}`}: ${counted(rows)}.`);
  for (const { path, rows, objects } of found.paths) {
    if (!path.endsWith('/[]') || proposed.includes(path) || maps.some((map) => path.startsWith(`${map}/`))) continue;
    const array = found.paths.find((each) => each.path === path.slice(0, -'/[]'.length));
    if (array !== undefined && isPlainAside(found, array)) continue;
    const what = objects > 0 ? 'of objects' : 'of values';
    notes.push(`The array ${shownTable(path)} (${what}, ${counted(rows)} elements) has no column: it stays in bronze.`);
  }
  for (const { path, why } of unread(found)) {
    if (!maps.some((map) => path.startsWith(`${map}/`))) notes.push(`${keyOf(path)}: ${why}.`);
  }
  if (found.cut) notes.push('There are more keys than can be proposed: the rarest are left out.');
  return notes;
}

function shownTable(path: Path): string {
  const outer = tableNameOf(tableOf(path));
  const own = nameOf(path.slice(0, -'/[]'.length));
  return outer === '' ? own : `${outer}.${own}`;
}

const others: Readonly<Record<string, string>> = {
  empty: 'Rejected, as they are empty lines',
  not_json: 'Rejected, as they are no JSON',
  array: 'Rejected, as they are arrays',
  left_out: 'Not looked at, as they are no UTF-8 text, over 16 MiB, or have control characters in them',
};
