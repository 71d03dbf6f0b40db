import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { eventTimeOf, type Dataset } from '../dataset.js';
import { write } from '../engines/duckdb.js';
import type { AddFile } from '../lake/actions.js';
import { textList, type Session } from '../lake/duckdb.js';
import { filePath } from '../lake/layout.js';
import type { Lake } from '../lake/lake.js';
import { overlapping } from '../lake/overlap.js';
import type { TableSpec } from '../lake/schema.js';
import { fill, identifier, sqlFile } from '../lake/sql.js';
import { rowsOf, type StagedFile } from '../lake/staged.js';
import type { FileMark } from '../sources/source.js';
import { readAgain } from './gone.js';
import type { Landed, LandedMessages } from './land.js';
import type { Taken } from './manifest.js';
import { bronzeSpec, rejectedSpec } from './tables.js';

const knownTemplate = sqlFile(import.meta.url, './absent.sql');
const absentTemplate = sqlFile(import.meta.url, './absent-rows.sql');

/** Tag of the files that a backfill has built or landed: its id. */
export const backfillTag = 'ingot.backfill';

/** Raw history that lands beside what bronze has of it. */
export interface History {
  /** The backfill's id: its own rows are told by their message ids, those of others by their bodies. */
  readonly id: string;
  /** Event dates that land, both included; null: all, and what has none. */
  readonly range: { readonly since: string; readonly until: string } | null;
  /** How far this process has taken the files of the history; bronze's manifest says nothing of it. Grows. */
  readonly taken: Map<string, FileMark>;
}

/** What the manifest is told of a history's files: nothing of a range, which leaves rows out, and nothing less than it says. */
export function newMarks(marks: readonly FileMark[], { range }: History, taken: Taken): readonly FileMark[] {
  return range !== null ? [] : marks.filter((mark) => (taken.marks.get(mark.sha256)?.lines ?? -1) < mark.lines);
}

/** The rows of a window that bronze does not have. */
export interface Absent extends LandedMessages {
  /** Rows that are not of the range: not received. */
  readonly outside: number;
  /** False when bronze has got more files meanwhile that may have some of the rows. */
  stands(): Promise<boolean>;
}

/**
 * Leaves out what bronze has. A row is there when a row of its partition, or a rejected one, has the same body (of a dataset without
 * event times any row: it keeps the date on which it was first loaded); a row that
 * this backfill has landed itself, only when it has the same message id: what the history says twice lands twice.
 * @param stagingDir an absent folder
 */
export async function absentRows(session: Session, lake: Lake, dataset: Dataset, staged: LandedMessages, history: History, stagingDir: string): Promise<Absent> {
  const inRange = staged.landed.filter((file) => isInside(file, history));
  const whole = history.range === null;
  const rejected = whole ? staged.rejected : [];
  const forgotten = whole ? staged.forgotten : 0;
  const outside = rowsOf(staged.landed) - rowsOf(inRange) + (whole ? 0 : rowsOf(staged.rejected) + staged.forgotten);
  const fresh: Landed = { landed: inRange, rejected };
  return readAgain(async () => {
    const known = await knownFiles(lake, dataset, fresh, history.id);
    const rows = await withoutKnown(session, dataset, fresh, known, join(stagingDir, randomUUID()));
    const looked = new Set([...known.landed, ...known.rejected]);
    const stands = async (): Promise<boolean> => {
      const now = await knownFiles(lake, dataset, fresh, history.id);
      return [...now.landed, ...now.rejected].every((path) => looked.has(path));
    };
    const tags = { [backfillTag]: history.id };
    const tagged = (files: readonly StagedFile[]): StagedFile[] => files.map((file) => ({ ...file, tags }));
    return { landed: tagged(rows.landed), rejected: tagged(rows.rejected), forgotten, outside, stands };
  });
}

function isInside({ partition }: StagedFile, { range }: History): boolean {
  const date = partition['event_date'] ?? '';
  return range === null || (date >= range.since && date <= range.until);
}

/** Files of bronze that may have rows of a window, absolute. */
interface KnownFiles {
  readonly landed: readonly string[];
  readonly rejected: readonly string[];
  /** Those that this backfill has landed. */
  readonly own: readonly string[];
}

async function knownFiles(lake: Lake, dataset: Dataset, fresh: Landed, id: string): Promise<KnownFiles> {
  const files = async (table: string): Promise<AddFile[]> => [...((await lake.table('bronze', table).snapshot())?.files.values() ?? [])];
  const rejectedTable = `${dataset.name}_rejected`;
  // Equal bodies have equal times, unless it's that of their receipt.
  const near = (all: readonly AddFile[]): readonly AddFile[] => (eventTimeOf(dataset) === null ? all : overlapping(all, fresh.landed, 'event_timestamp'));
  const landed = fresh.landed.length === 0 ? [] : near(await files(dataset.name));
  const rejected = fresh.landed.length + fresh.rejected.length === 0 ? [] : await files(rejectedTable);
  const isOwn = (file: AddFile): boolean => file.tags?.[backfillTag] === id;
  const there = async (table: string, list: readonly AddFile[]): Promise<string[]> => {
    const paths = list.map((file) => `bronze/${table}/${filePath(file.path)}`);
    const sizes = await Promise.all(paths.map((path) => lake.storage.size(path)));
    return paths.filter((_path, index) => sizes[index] !== null).map((path) => lake.storage.locate(path));
  };
  return {
    landed: await there(dataset.name, landed.filter((file) => !isOwn(file))),
    rejected: await there(rejectedTable, rejected.filter((file) => !isOwn(file))),
    own: [...(await there(dataset.name, landed.filter(isOwn))), ...(await there(rejectedTable, rejected.filter(isOwn)))],
  };
}

async function withoutKnown(session: Session, dataset: Dataset, fresh: Landed, known: KnownFiles, stagingDir: string): Promise<Landed> {
  const searches = [
    { staged: fresh.landed, known: known.landed, same: 'known.body = fresh.body' },
    { staged: fresh.landed, known: known.rejected, same: 'known.body = encode(fresh.body)' },
    { staged: fresh.rejected, known: known.rejected, same: 'known.body = fresh.body' },
    ...[fresh.landed, fresh.rejected].map((staged) => ({ staged, known: known.own, same: 'known.message_id = fresh.message_id' })),
  ].filter((search) => search.staged.length > 0 && search.known.length > 0);
  if (searches.length === 0) return fresh;
  await session.run('CREATE OR REPLACE TEMP TABLE known_message (message_id VARCHAR)');
  try {
    for (const { staged, known: paths, same } of searches) {
      await session.run(`INSERT INTO known_message ${fill(knownTemplate, { same })}`, { staged: textList(staged.map(({ path }) => path)), known: textList(paths) });
    }
    const [row] = await session.rows('SELECT count(*) AS n FROM known_message');
    if (Number(row?.['n']) === 0) return fresh;
    return {
      landed: await writeAbsent(session, bronzeSpec(dataset), fresh.landed, join(stagingDir, 'rows')),
      rejected: await writeAbsent(session, rejectedSpec(dataset), fresh.rejected, join(stagingDir, 'rejected')),
    };
  } finally {
    await session.run('DROP TABLE known_message');
  }
}

async function writeAbsent(session: Session, spec: TableSpec, staged: readonly StagedFile[], stagingDir: string): Promise<readonly StagedFile[]> {
  if (staged.length === 0) return [];
  const types = spec.columns.filter(({ name }) => spec.partitionBy.includes(name)).map(({ name, type }) => `${identifier(name)}: ${type}`);
  const select = fill(absentTemplate, { columns: spec.columns.map(({ name }) => identifier(name)).join(', '), partition_types: types.join(', ') });
  return write(session, select, { partitionBy: spec.partitionBy, stagingDir, parameters: { staged: textList(staged.map(({ path }) => path)) } });
}
