import { BIGINT, VARCHAR } from '@duckdb/node-api';
import type { Lake } from '../lake/lake.js';
import { tableLines, type Preview } from '../query/table.js';
import { counted } from './columns.js';
import { deduce } from './kinds.js';
import { keyOf, nameOf, tableNameOf, tableOf, type Path } from './path.js';
import type { ReadingOptions } from './source.js';
import type { Statistics, TopValue } from './statistics.js';
import { tableColumns } from './table.js';
import { findings, rowsAround, type Findings } from './walk.js';

/** One column, or one path of JSON. */
export interface ColumnProfile {
  /** The array that it lies in: `items`; empty: the rows themselves. */
  readonly table: string;
  /** `score_score`. */
  readonly column: string;
  /** Where a contract finds it; null for an array's plain elements and a table of the lake. */
  readonly key: string | null;
  /** What is there: JSON's types by rows, most first; of a table its type. */
  readonly types: readonly { readonly type: string; readonly rows: number }[];
  /** What a contract would read it as; null for objects, arrays and tables of the lake. */
  readonly reads: string | null;
  /** Rows of the table that it lies in. */
  readonly rows: number;
  readonly nulls: number;
  /** Rows without the key; of CSV those with an empty field. */
  readonly missing: number;
  readonly distinct: number;
  /** False: `distinct` is an estimate. */
  readonly exact: boolean;
  readonly least: string | null;
  readonly greatest: string | null;
  /** The most frequent values, five at most. */
  readonly top: readonly TopValue[];
}

export interface Profile {
  readonly source: string;
  readonly rows: number;
  /** Lines that are no row, by what they are. */
  readonly others: Readonly<Record<string, number>>;
  readonly columns: readonly ColumnProfile[];
  /** There are more paths than these. */
  readonly cut: boolean;
}

const shownTop = 5;

/** Profiles files as they would land. @throws LakeError as `findings` */
export async function profileFiles(from: string, options: ReadingOptions): Promise<Profile> {
  const found = await findings(from, options);
  const shown = found.paths.filter((each) => !isElement(each.path) || each.rows > each.objects + each.arrays);
  const tables = [...new Set(shown.map(({ path }) => shownIn(path)))].sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  const columns = tables.flatMap((table) => shown.filter(({ path }) => shownIn(path) === table).map((each) => pathProfile(found, each)));
  return { source: from, rows: found.rows, others: found.others, columns, cut: found.cut };
}

/** Profiles a table of the lake at its newest version. @throws LakeError QUERY_FAILED when there is none */
export async function profileTable(lake: Lake, layer: string, table: string, signal: AbortSignal): Promise<Profile> {
  const { rows, columns } = await tableColumns(lake, layer, table, signal);
  return {
    source: `${layer}.${table}`, rows, others: {}, cut: false,
    columns: columns.map(({ name, type, statistics }) => ({ table: '', column: name, key: null, types: [{ type, rows: rows - statistics.nulls }], reads: null, rows, nulls: statistics.nulls, missing: 0, ...values(statistics, statistics.numbers > 0 ? 'number' : 'text') })),
  };
}

function isElement(path: Path): boolean {
  return path.endsWith('/[]');
}

/** Plain elements stand in the table of their array, as `[]`. */
function shownIn(path: Path): Path {
  return isElement(path) ? path : tableOf(path);
}

function pathProfile(found: Findings, statistics: Statistics): ColumnProfile {
  const { path, rows, nulls, nullTexts, objects, arrays, booleans, numbers, wholeNumbers, texts } = statistics;
  const around = isElement(path) ? rows : rowsAround(found, path);
  const emptyTexts = found.csv ? nullTexts : 0;
  const types = [
    { type: 'object', rows: objects }, { type: 'array', rows: arrays }, { type: 'boolean', rows: booleans },
    { type: 'integer', rows: wholeNumbers }, { type: 'number', rows: numbers - wholeNumbers }, { type: 'text', rows: texts + (found.csv ? 0 : nullTexts) },
  ].filter((each) => each.rows > 0).sort((a, b) => b.rows - a.rows);
  const deduced = deduce(statistics);
  const reads = deduced.values === 0 ? null : deduced.type;
  return {
    table: tableNameOf(shownIn(path)), column: isElement(path) ? '[]' : nameOf(path), key: isElement(path) ? null : keyOf(path), types,
    reads: reads !== null && deduced.format !== null ? `${reads} ${deduced.format}` : reads,
    rows: around, nulls, missing: Math.max(0, around - rows) + emptyTexts,
    ...values(statistics, deduced.format !== null ? 'pattern' : ['integer', 'money', 'number'].includes(reads ?? '') ? 'number' : 'text'),
  };
}

function values(statistics: Statistics, by: 'number' | 'text' | 'pattern'): Pick<ColumnProfile, 'distinct' | 'exact' | 'least' | 'greatest' | 'top'> {
  const { distinct, exact, leastNumber, greatestNumber, patterns } = statistics;
  const leastText = statistics.leastText ?? leastNumber;
  const greatestText = statistics.greatestText ?? greatestNumber;
  const [fit] = patterns;
  const range = by === 'number' ? [leastNumber, greatestNumber] : by === 'pattern' && fit !== undefined ? [fit.least, fit.greatest].map((time) => time.replace(/ 00:00:00$/, '')) : [leastText, greatestText];
  return { distinct, exact, least: range[0] ?? null, greatest: range[1] ?? null, top: statistics.top.filter(({ rows }) => rows > 1).slice(0, shownTop) };
}

const mostValueChars = 24;
const shownValues = 3;

/** A profile for people: a table for the rows, one for each array. @param widthChars as of `tableLines` */
export function profileLines(profile: Profile, widthChars: number | null): string[] {
  const others = Object.entries(profile.others).map(([kind, rows]) => `, ${plural(rows, 'other line')} (${kind})`).join('');
  const lines = [`${profile.source}: ${plural(profile.rows, 'row')}${others}`];
  for (const table of new Set(profile.columns.map((column) => column.table))) {
    const columns = profile.columns.filter((column) => column.table === table);
    lines.push('', ...(table === '' ? [] : [`${table}: ${plural(columns[0]?.rows ?? 0, 'element')}`, '']), ...tableLines(preview(columns), widthChars));
  }
  if (profile.cut) lines.push('', '… more keys than can be shown: the rarest are left out');
  if (profile.columns.some(({ exact }) => !exact)) lines.push('', '~ an estimate, a few per cent off');
  return lines;
}

function preview(columns: readonly ColumnProfile[]): Preview {
  const rows = columns.map((column) => [
    column.column,
    column.types.map(({ type, rows: own }) => (column.types.length === 1 ? type : `${type} ${counted(own)}`)).join(', '),
    column.reads ?? '',
    counted(column.nulls),
    counted(column.missing),
    `${column.exact ? '' : '~'}${counted(column.distinct)}`,
    shortened(column.least ?? ''),
    shortened(column.greatest ?? ''),
    column.top.slice(0, shownValues).map(({ value, rows: own }) => `${shortened(value)} ${counted(own)}`).join(', '),
  ]);
  const number = new Set(['nulls', 'missing', 'distinct']);
  const heads = ['column', 'type', 'reads as', 'nulls', 'missing', 'distinct', 'least', 'greatest', 'most often'];
  const kept = heads.map((head, index) => ({ head, index })).filter(({ head, index }) => head !== 'reads as' || rows.some((row) => row[index] !== ''));
  return { columns: kept.map(({ head }) => ({ name: head, type: number.has(head) ? BIGINT : VARCHAR })), rows: rows.map((row) => kept.map(({ index }) => row[index] ?? '')), totalRows: rows.length };
}

function plural(value: number, one: string): string {
  return `${counted(value)} ${one}${value === 1 ? '' : 's'}`;
}

function shortened(text: string): string {
  return text.length > mostValueChars ? `${text.slice(0, mostValueChars - 1)}…` : text;
}
