import { textList, type Parameters } from '../lake/duckdb.js';
import { fill, sqlFile } from '../lake/sql.js';
import type { Path } from './path.js';

const statisticsSql = sqlFile(import.meta.url, './sql/statistics.sql');
const valuesSql = sqlFile(import.meta.url, './sql/values.sql');
const frequentSql = sqlFile(import.meta.url, './sql/frequent.sql');
const patternsSql = sqlFile(import.meta.url, './sql/patterns.sql');

/** Texts that are likely to mean null. */
export const nullTexts: readonly string[] = ['', 'null', 'NULL', 'Null', 'nan', 'NaN', 'NAN', 'N/A', 'n/a', 'None', '(not set)', 'undefined', '\\N'];
/** strptime's, the likelier of those that read the same texts first. */
const patterns = ['%d/%m/%y', '%m/%d/%y', '%d/%m/%Y', '%m/%d/%Y', '%d-%m-%Y', '%d.%m.%Y', '%Y/%m/%d', '%d-%b-%Y', '%d-%b-%y', '%d/%m/%Y %H:%M:%S', '%m/%d/%Y %H:%M:%S', '%d/%m/%Y %H:%M', '%m/%d/%Y %H:%M', '%d.%m.%Y %H:%M:%S', '%d-%m-%Y %H:%M:%S', '%Y/%m/%d %H:%M:%S'];
/** Up to so many, distinct values are counted exactly. */
const exactValues = 50_000;
/** Rarer paths are left out: keys that are values make any number of them. */
export const mostPaths = 2_000;
const topValues = 25;

export interface TopValue {
  readonly value: string;
  readonly rows: number;
}

export interface PatternFit {
  readonly pattern: string;
  readonly rows: number;
  /** `2026-01-31 00:00:00`. */
  readonly least: string;
  readonly greatest: string;
}

/** What stands at one path; numbers are rows. */
export interface Statistics {
  readonly path: Path;
  readonly rows: number;
  /** Where among its siblings it first stands; only their order means something. */
  readonly place: number;
  readonly nulls: number;
  /** Texts that are likely to mean null; they are none of `texts`. */
  readonly nullTexts: number;
  readonly objects: number;
  readonly arrays: number;
  readonly booleans: number;
  readonly numbers: number;
  readonly wholeNumbers: number;
  readonly texts: number;
  readonly wholeTexts: number;
  readonly numericTexts: number;
  readonly booleanTexts: number;
  /** ISO 8601. */
  readonly dateTexts: number;
  readonly instantTexts: number;
  /** Numbers with more than four digits behind the point. */
  readonly fineFractions: number;
  /** Whole numbers beyond 64 bits. */
  readonly wideNumbers: number;
  /** Whole numbers that are a time of day in HHMMSS. */
  readonly clocks: number;
  /** Patterns that read some texts, the best first. */
  readonly patterns: readonly PatternFit[];
  readonly distinct: number;
  /** False: `distinct` is an estimate, a few per cent off. */
  readonly exact: boolean;
  readonly leastNumber: string | null;
  readonly greatestNumber: string | null;
  /** Texts are cut to 200 characters. */
  readonly leastText: string | null;
  readonly greatestText: string | null;
  /** The most frequent values, 25 at most. */
  readonly top: readonly TopValue[];
}

/** Reads rows of a statement; the slot `nodes` is the caller's relation. */
export type ReadRows = (sql: string, parameters: Parameters) => Promise<Record<string, unknown>[]>;

/**
 * Counts what stands at each path of a relation (path, kind, text), by DuckDB; only a row per path comes out of it.
 * @param nodes the relation, as SQL
 * @returns the most frequent paths first, `mostPaths` at most
 */
export async function statisticsOf(read: ReadRows, nodes: string, parameters: Parameters = {}): Promise<Statistics[]> {
  const rows = await read(fill(statisticsSql, { nodes }), { ...parameters, null_texts: textList(nullTexts), most_paths: mostPaths });
  const few = pathsWhere(rows, (row) => Number(row['distinct_values']) <= exactValues);
  const many = pathsWhere(rows, (row) => Number(row['distinct_values']) > exactValues);
  const dated = pathsWhere(rows, (row) => Number(row['pattern_texts']) > 0);
  const exact = new Map<string, { readonly distinct: number; readonly top: TopValue[] }>();
  const frequent = new Map<string, TopValue[]>();
  if (few.length > 0) {
    for (const row of await read(fill(valuesSql, { nodes }), { ...parameters, paths: textList(few), top_values: topValues })) {
      const top = row['top'] as readonly { readonly less: unknown; readonly text: string }[];
      exact.set(String(row['path']), { distinct: Number(row['distinct_values']), top: top.map(({ less, text }) => ({ value: text, rows: -Number(less) })) });
    }
  }
  if (many.length > 0) {
    for (const row of await read(fill(frequentSql, { nodes }), { ...parameters, paths: textList(many), top_values: topValues })) {
      const path = String(row['path']);
      frequent.set(path, [...(frequent.get(path) ?? []), { value: String(row['text']), rows: Number(row['rows']) }]);
    }
  }
  const fits = dated.length > 0 ? await patternsOf(read, nodes, parameters, dated) : new Map<string, PatternFit[]>();
  return rows.map((row) => {
    const path = String(row['path']);
    const known = exact.get(path);
    return statistics(path, row, { distinct: known?.distinct ?? Number(row['distinct_values']), exact: !many.includes(path), top: known?.top ?? frequent.get(path) ?? [], patterns: fits.get(path) ?? [] });
  });
}

function statistics(path: Path, row: Readonly<Record<string, unknown>>, found: Pick<Statistics, 'distinct' | 'exact' | 'top' | 'patterns'>): Statistics {
  const count = (name: string): number => Number(row[name]);
  const text = (name: string): string | null => (row[name] ?? null) as string | null;
  return {
    path,
    rows: count('rows'), place: count('place'), nulls: count('nulls'), nullTexts: count('null_texts'),
    objects: count('objects'), arrays: count('arrays'), booleans: count('booleans'),
    numbers: count('numbers'), wholeNumbers: count('whole_numbers'),
    texts: count('texts'), wholeTexts: count('whole_texts'), numericTexts: count('numeric_texts'), booleanTexts: count('boolean_texts'),
    dateTexts: count('date_texts'), instantTexts: count('instant_texts'), fineFractions: count('fine_fractions'), wideNumbers: count('wide_numbers'), clocks: count('clocks'),
    leastNumber: text('least_number'), greatestNumber: text('greatest_number'), leastText: text('least_text'), greatestText: text('greatest_text'),
    ...found,
  };
}

function pathsWhere(rows: readonly Record<string, unknown>[], test: (row: Record<string, unknown>) => boolean): string[] {
  return rows.filter(test).map((row) => String(row['path']));
}

async function patternsOf(read: ReadRows, nodes: string, parameters: Parameters, paths: readonly string[]): Promise<Map<string, PatternFit[]>> {
  const own = Object.fromEntries(patterns.map((pattern, index) => [`pattern_${index}`, pattern]));
  const fits = patterns.map((pattern, index) => {
    // `%Y` takes years of two digits for those of the first century.
    const read = `try_strptime(text, $pattern_${index})`;
    const time = /%Y/.test(pattern) ? `CASE WHEN regexp_matches(text, '(?:^|[^0-9])[0-9]{4}(?:[^0-9]|$)') THEN ${read} END` : read;
    return `{'rows': count(${time}), 'least': CAST(min(${time}) AS VARCHAR), 'greatest': CAST(max(${time}) AS VARCHAR)}`;
  });
  const found = await read(fill(patternsSql, { nodes, fits: `[${fits.join(', ')}]` }), { ...parameters, ...own, paths: textList(paths) });
  return new Map(found.map((row) => {
    const each = row['fits'] as readonly { readonly rows: unknown; readonly least: string | null; readonly greatest: string | null }[];
    const known = each.map(({ rows, least, greatest }, index) => ({ pattern: patterns[index] ?? '', rows: Number(rows), least: least ?? '', greatest: greatest ?? '' }));
    return [String(row['path']), byFit(known.filter(({ rows }) => rows > 0))];
  }));
}

/** The best first. What reads as many but for a few broken texts is as good: the likelier goes first then. */
function byFit(fits: readonly PatternFit[]): PatternFit[] {
  const most = Math.max(...fits.map(({ rows }) => rows));
  return [...fits.filter((fit) => readsAsMany(fit.rows, most)), ...fits.filter((fit) => !readsAsMany(fit.rows, most)).sort((a, b) => b.rows - a.rows)];
}

/** Whether a pattern reads as many texts as another, a thousandth aside. */
export function readsAsMany(rows: number, others: number): boolean {
  return Math.abs(rows - others) <= others / 1_000;
}
