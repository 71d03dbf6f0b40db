import type { Dataset } from '../dataset.js';
import type { AddFile } from '../lake/actions.js';
import { textList } from '../lake/duckdb.js';
import type { Lake } from '../lake/lake.js';
import { filePath } from '../lake/layout.js';
import { fill, sqlFile } from '../lake/sql.js';
import { partitionName } from '../lake/staged.js';
import { forgottenFilter, type Forgotten } from './forgotten.js';
import { contractParameters, landSelect, placedSelect } from './contract.js';

const passingTemplate = sqlFile(import.meta.url, './passing.sql');
const placingTemplate = sqlFile(import.meta.url, './placing.sql');

/** SQL of rejected messages that can be read again; the others are `keptSelect`'s. */
export const againSelect = sqlFile(import.meta.url, './again.sql');
export const keptSelect = sqlFile(import.meta.url, './kept.sql');

/** A data file that may hold rows which the contract reads otherwise now: rejected ones, or ones without a platform. */
export interface Candidate {
  readonly kind: 'rejected' | 'unplaced';
  readonly file: AddFile;
  /** Absolute. */
  readonly path: string;
}

/** What moves, or would move. */
export interface Moves {
  /** Rejected messages that have an event time now, by the reason they were rejected for. */
  readonly landed: Readonly<Record<string, number>>;
  /** Rows of bronze that had no platform and have one now, by platform. */
  readonly placed: Readonly<Record<string, number>>;
  /** Partitions of bronze that get them. */
  readonly partitions: readonly string[];
}

export const noMoves: Moves = { landed: {}, placed: {}, partitions: [] };

/** The live data files that have to be looked through. */
export async function candidatesOf(lake: Lake, dataset: Dataset): Promise<Candidate[]> {
  const [rejected, bronze] = await Promise.all([`${dataset.name}_rejected`, dataset.name].map(async (table) => {
    const files = (await lake.table('bronze', table).snapshot())?.files.values() ?? [];
    return [...files].map((file) => ({ file, path: lake.storage.locate(`bronze/${table}/${filePath(file.path)}`) }));
  }));
  return [
    ...(rejected ?? []).map((each) => ({ kind: 'rejected' as const, ...each })),
    // A dataset without platforms places no row anew.
    ...(dataset.platform === undefined ? [] : (bronze ?? [])).filter(({ file }) => (file.partitionValues['platform'] ?? null) === null).map((each) => ({ kind: 'unplaced' as const, ...each })),
  ];
}

/** Reads candidates by the contract: those that lose rows, and what moves. @param persons those who were forgotten don't */
export async function probe(lake: Lake, dataset: Dataset, candidates: readonly Candidate[], persons: Forgotten): Promise<{ readonly losing: readonly Candidate[]; readonly moves: Moves }> {
  const session = await lake.session();
  const filter = forgottenFilter(dataset, persons);
  const parameters = { ...contractParameters(dataset), ...filter.parameters };
  const rows = async (kind: Candidate['kind'], select: string, name: string): Promise<Record<string, unknown>[]> => {
    const paths = pathsOf(candidates, kind);
    return paths.length === 0 ? [] : session.rows(select, { ...parameters, [name]: textList(paths) });
  };
  const passing = await rows('rejected', fill(passingTemplate, { again: landSelect(dataset, againSelect, 'filename, rejected_as,', filter.sql) }), 'kept_paths');
  const placing = await rows('unplaced', fill(placingTemplate, { placed: placedSelect(dataset, 'filename,') }), 'unplaced_paths');
  const all = [...passing, ...placing];
  const found = new Set(all.map((row) => String(row['filename'])));
  return {
    losing: candidates.filter(({ path }) => found.has(path)),
    moves: {
      landed: countsBy(passing, 'rejected_as'),
      placed: countsBy(placing, 'platform'),
      partitions: [...new Set(all.map((row) => partitionName({ event_date: String(row['event_date']), platform: row['platform'] as string | null })))].sort(),
    },
  };
}

export function pathsOf(candidates: readonly Candidate[], kind: Candidate['kind']): string[] {
  return candidates.filter((candidate) => candidate.kind === kind).map(({ path }) => path);
}

function countsBy(rows: readonly Record<string, unknown>[], column: string): Record<string, number> {
  return addedCounts({}, rows.map((row) => [String(row[column]), Number(row['rows'])] as const));
}

function addedCounts(counts: Readonly<Record<string, number>>, more: readonly (readonly [string, number])[]): Record<string, number> {
  const sums = new Map(Object.entries(counts));
  for (const [name, rows] of more) sums.set(name, (sums.get(name) ?? 0) + rows);
  return Object.fromEntries([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function addMoves(a: Moves, b: Moves): Moves {
  return {
    landed: addedCounts(a.landed, Object.entries(b.landed)),
    placed: addedCounts(a.placed, Object.entries(b.placed)),
    partitions: [...new Set([...a.partitions, ...b.partitions])].sort(),
  };
}
