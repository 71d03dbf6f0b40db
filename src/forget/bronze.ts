import { forgetKey, forgottenPath, forgottenTxn, personHash, readForgotten } from '../bronze/forgotten.js';
import type { Dataset } from '../dataset.js';
import { write } from '../engines/duckdb.js';
import { LakeError } from '../errors.js';
import type { AddFile } from '../lake/actions.js';
import { publishBuild } from '../lake/build.js';
import { partitionKey } from '../lake/changes.js';
import { chunksOf } from '../lake/chunks.js';
import { textList, type Parameters } from '../lake/duckdb.js';
import type { Lake } from '../lake/lake.js';
import { filePath } from '../lake/layout.js';
import { Scope, type TableWrite } from '../lake/publication.js';
import { specOf } from '../lake/schema.js';
import type { Snapshot } from '../lake/snapshot.js';
import { fill, identifier, sqlFile } from '../lake/sql.js';
import { addedTotals } from '../lake/totals.js';
import { createView } from '../lake/views.js';
import { redactedMetric } from './commits.js';

const scanOfBronze = sqlFile(import.meta.url, './bronze-scan.sql');
const scanOfRejected = sqlFile(import.meta.url, './rejected-scan.sql');
const rowsOfBronze = sqlFile(import.meta.url, './bronze-rows.sql');
const rowsOfRejected = sqlFile(import.meta.url, './rejected-rows.sql');

/** Bytes of data files that one statement scans, and that one run rewrites. */
const chunkBytes = 256e6;

/** What forgetting did, or would do, to a table of bronze. */
export interface ForgottenRows {
  readonly files: number;
  /** Rows of the person, that went. */
  readonly removed: number;
  /** Rows of others that named the person, and don't any more. */
  readonly redacted: number;
}

export interface ForgetEvents {
  scanned?(bytes: number, of: number): void;
}

function scopeOf(lake: Lake, dataset: Dataset): Scope {
  return new Scope(lake, `bronze.${dataset.name}`, 'bronze', dataset.name);
}

/**
 * Puts the person's keyed hash on the dataset's list: from then on no window lands an event of that person.
 * @returns the hash, and whether it was there already; null when bronze has no table
 */
export async function listPerson(lake: Lake, dataset: Dataset, person: string): Promise<{ readonly hash: string; readonly known: boolean } | null> {
  const scope = scopeOf(lake, dataset);
  const hash = personHash(await forgetKey(lake), person);
  let known = true;
  const bronze = await publishBuild(scope, {
    onTop: 'same run',
    plan: async (run) => {
      const snapshot = await scope.anchor.snapshot();
      if (snapshot === null) return null;
      const forgotten = await readForgotten(lake, dataset, snapshot);
      return forgotten.hashes.includes(hash) ? null : { run, snapshot, forgotten };
    },
    build: async ({ snapshot, forgotten }, staging) => {
      known = false;
      const version = forgotten.version + 1;
      const stagedPath = `${staging}/forgotten.json`;
      await lake.storage.put(stagedPath, JSON.stringify({ hashes: [...forgotten.hashes, hash] }));
      const write: TableWrite = { spec: specOf('bronze', dataset.name, snapshot.metaData), files: [], replaces: null, txns: { [forgottenTxn]: version }, metrics: {} };
      return { writes: [write], extras: [{ stagedPath, path: forgottenPath(dataset, version) }], result: snapshot };
    },
  });
  return bronze === null && (await scope.anchor.snapshot()) === null ? null : { hash, known };
}

interface Found {
  readonly file: AddFile;
  readonly removed: number;
  readonly redacted: number;
}

/** The data files of a bronze table that hold the person, by a look at every body. */
async function find(lake: Lake, dataset: Dataset, table: string, parameters: Parameters, events: ForgetEvents): Promise<Found[]> {
  const snapshot = await lake.table('bronze', table).snapshot();
  const session = await lake.session();
  const files = [...(snapshot?.files.values() ?? [])];
  const of = bytesOf(files);
  const found: Found[] = [];
  let done = 0;
  for (const chunk of chunksOf(files, (file) => file.size, chunkBytes)) {
    const byPath = new Map(chunk.map((file) => [lake.storage.locate(`bronze/${table}/${filePath(file.path)}`), file]));
    const select = table === dataset.name ? scanOfBronze : scanOfRejected;
    for (const row of await session.rows(select, { ...parameters, paths: textList([...byPath.keys()]) })) {
      const file = byPath.get(String(row['path']));
      if (file !== undefined) found.push({ file, removed: Number(row['removed']), redacted: Number(row['redacted']) });
    }
    done += bytesOf(chunk);
    events.scanned?.(done, of);
  }
  return found;
}

/** What would be done; nothing is changed. */
export async function previewBronze(lake: Lake, dataset: Dataset, table: string, parameters: Parameters, events: ForgetEvents): Promise<ForgottenRows> {
  return total(await find(lake, dataset, table, parameters, events));
}

/** Rewrites the files of a bronze table that hold the person, in as many runs as their bytes need. Safe to repeat. */
export async function forgetInBronze(lake: Lake, dataset: Dataset, table: string, parameters: Parameters, events: ForgetEvents): Promise<ForgottenRows & { readonly commits: number }> {
  const done: Found[] = [];
  let commits = 0;
  for (let whole = false; !whole; ) {
    whole = true;
    const found = await find(lake, dataset, table, parameters, events);
    for (const group of [...groupsOf(found, false), ...groupsOf(found, true)]) {
      const rewritten = await rewrite(lake, dataset, table, parameters, group);
      // A file that went meanwhile has been merged into another: that one is to be found.
      whole &&= rewritten.length === group.length;
      done.push(...rewritten);
      if (rewritten.length > 0) commits++;
    }
  }
  return { ...total(done), commits };
}

/** Partitions in which others' rows change are rewritten apart: silver has to build those anew, and no others. */
function groupsOf(found: readonly Found[], redacted: boolean): Found[][] {
  const changed = new Set(found.filter((each) => each.redacted > 0).map(({ file }) => partitionKey(file.partitionValues)));
  return chunksOf(found.filter(({ file }) => changed.has(partitionKey(file.partitionValues)) === redacted), ({ file }) => file.size, chunkBytes);
}

/** One run. @returns what it has rewritten: files that are not live any more are left out */
async function rewrite(lake: Lake, dataset: Dataset, table: string, parameters: Parameters, group: readonly Found[]): Promise<readonly Found[]> {
  const session = await lake.session();
  const done = await publishBuild(scopeOf(lake, dataset), {
    onTop: 'any run',
    plan: async (run) => {
      const snapshot = await lake.table('bronze', table).snapshot();
      const live = group.filter(({ file }) => snapshot?.files.has(file.path) === true);
      return snapshot === null || live.length === 0 ? null : { run, snapshot, live };
    },
    build: async ({ snapshot, live }, staging) => {
      const paths = new Set(live.map(({ file }) => file.path));
      await createView(session, lake, { layer: 'bronze', table, snapshot }, (_partition, path) => paths.has(path));
      const select = fill(table === dataset.name ? rowsOfBronze : rowsOfRejected, { table: `bronze.${identifier(table)}`, ...besidesBody(snapshot) });
      const spec = specOf('bronze', table, snapshot.metaData);
      const files = await write(session, select, { parameters, partitionBy: spec.partitionBy, stagingDir: lake.storage.locate(`${staging}/rows`) });
      const { removed, redacted } = total(live);
      const own: TableWrite = { spec, files, replaces: null, removes: [...paths], txns: {}, metrics: { forgotten: removed, [redactedMetric]: redacted } };
      return { writes: await withTotals(lake, dataset, own, removed), result: live };
    },
  });
  return done ?? [];
}

/** SQL for what stands beside the body; a table of before there were keys and headers does not have them. */
function besidesBody({ columns }: Snapshot): { readonly also: string; readonly besides: string } {
  const names = ['message_key', 'message_headers'].filter((name) => columns.some((column) => column.name === name)).map(identifier);
  const redacted = (name: string): string => `regexp_replace(regexp_replace(${name}, $mention, '\\1forgotten\\2', 'g'), $mention, '\\1forgotten\\2', 'g')`;
  return {
    also: names.map((name) => `, ${redacted(name)} AS ${name}`).join(''),
    besides: names.map((name) => `coalesce(regexp_matches(${name}, $mention), false) OR `).join(''),
  };
}

/** The run's writes: the totals are the anchor's, which comes last. */
async function withTotals(lake: Lake, dataset: Dataset, own: TableWrite, removed: number): Promise<TableWrite[]> {
  if (own.spec.table === dataset.name) return [{ ...own, totals: addedTotals({ landed: -removed, forgotten: removed }) }];
  const anchor = await lake.table('bronze', dataset.name).snapshot();
  if (anchor === null) throw new LakeError(`bronze.${dataset.name} is gone`, { code: 'LAKE_CORRUPT', op: 'forget', path: `bronze/${dataset.name}`, hint: 'Bring it back from a backup.' });
  const totals = addedTotals({ rejected: -removed, forgotten: removed });
  return [own, { spec: specOf('bronze', dataset.name, anchor.metaData), files: [], replaces: null, txns: {}, totals, metrics: {} }];
}

function total(found: readonly Found[]): ForgottenRows {
  return {
    files: found.length,
    removed: found.reduce((rows, each) => rows + each.removed, 0),
    redacted: found.reduce((rows, each) => rows + each.redacted, 0),
  };
}

function bytesOf(files: readonly AddFile[]): number {
  return files.reduce((bytes, file) => bytes + file.size, 0);
}
