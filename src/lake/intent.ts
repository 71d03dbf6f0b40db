import { checkAppendOnly, checkWritable, type Action, type AddFile, type CommitInfo } from './actions.js';
import type { Lake } from './lake.js';
import { filePath, intentRoot, logPath, tableFolder } from './layout.js';
import { creation, evolvedMetaData, type TableSpec } from './schema.js';
import type { Snapshot } from './snapshot.js';
import type { Move } from './storage.js';
import { discard } from './discard.js';
import { runTxn } from './table.js';

/** A run written down before it changes anything: enough for any process to finish it, again and again. */
export interface Intent {
  readonly id: string;
  readonly scope: string;
  /** Runs of a scope are numbered without gaps. */
  readonly run: number;
  readonly done: boolean;
  readonly staging: string;
  readonly nowMs: number;
  readonly tables: readonly TableChange[];
  readonly extras: readonly { readonly stagedPath: string; readonly path: string }[];
}

export interface TableChange {
  readonly spec: TableSpec;
  readonly replaces: readonly Readonly<Record<string, string | null>>[] | null;
  /** Files that go with their rows, by their paths in the log. */
  readonly removes: readonly string[];
  /** Files that go and whose rows are in files of this run: nothing is new to those who build from this table. */
  readonly rewritten: readonly string[];
  readonly txns: Readonly<Record<string, number>>;
  /** Added to what the transactions of these names say. */
  readonly totals: Readonly<Record<string, number>>;
  readonly metrics: Readonly<Record<string, number>>;
  readonly files: readonly ChangedFile[];
}

export interface ChangedFile {
  readonly stagedPath: string;
  readonly path: string;
  readonly partition: Readonly<Record<string, string | null>>;
  readonly bytes: number;
  readonly stats: string;
  /** False for a file that repeats rows of rewritten ones. */
  readonly dataChange: boolean;
  readonly tags: Readonly<Record<string, string>> | null;
}

export function intentPath(scope: string, run: number): string {
  return `${intentRoot}/${scope}/${String(run).padStart(20, '0')}.json`;
}

export async function readIntent(lake: Lake, path: string): Promise<Intent | null> {
  const content = await lake.storage.read(path);
  return content === null ? null : (JSON.parse(content.toString('utf8')) as Intent);
}

/** Puts the files in place and commits table by table. Doing it twice, or by two processes at once, is doing it once. */
export async function applyIntent(lake: Lake, intent: Intent): Promise<void> {
  await adoptFiles(lake, intent);
  await commitTables(lake, intent);
}

/** Puts the files of a run in place; those that are there already stay. */
export async function adoptFiles(lake: Lake, intent: Intent): Promise<void> {
  await lake.storage.adopt(movesOf(intent));
}

/** The ways of all files of a run. Data files have names of their own; two runs may want another extra under the same name. */
export function movesOf(intent: Intent): Move[] {
  return [...dataMoves(intent), ...intent.extras.map((extra) => ({ from: extra.stagedPath, to: extra.path }))];
}

function dataMoves(intent: Intent): Move[] {
  return intent.tables.flatMap(({ spec, files }) =>
    files.map((file) => ({ from: file.stagedPath, to: `${tableFolder(spec.layer, spec.table)}/${file.path}`, own: true })),
  );
}

/** A data file of a run that is not in its place, or null: somebody deleted it, or the run is done and others have replaced it. */
export async function missingFile(lake: Lake, intent: Intent): Promise<string | null> {
  for (const { to } of dataMoves(intent)) if ((await lake.storage.size(to)) === null) return to;
  return null;
}

/** Commits a run whose files are in place, table by table. */
export async function commitTables(lake: Lake, intent: Intent): Promise<void> {
  const last = intent.tables.length - 1;
  for (const [index, change] of intent.tables.entries()) {
    if (isIdle(change) && index !== last) continue;
    await lake.table(change.spec.layer, change.spec.table).commit((snapshot) => {
      if (snapshot !== null && snapshot.txn(runTxn, 0) >= intent.run) return null;
      return actionsOf(intent, change, snapshot);
    });
  }
}

function isIdle({ files, replaces, removes, rewritten, txns }: TableChange): boolean {
  return files.length === 0 && replaces === null && removes.length === 0 && rewritten.length === 0 && Object.keys(txns).length === 0;
}

/**
 * Proves that a run can be committed, before it is written down: one that can't would stop every later run.
 * @throws LakeError TABLE_UNSUPPORTED
 */
export async function checkIntent(lake: Lake, intent: Intent): Promise<void> {
  for (const change of intent.tables) {
    const { folder, snapshot } = await newestOf(lake, change.spec);
    const actions = actionsOf(intent, change, snapshot);
    if (snapshot === null) continue;
    checkWritable(snapshot.protocol, snapshot.metaData, folder);
    checkAppendOnly(snapshot.metaData, actions, folder);
  }
}

async function newestOf(lake: Lake, { layer, table }: TableSpec): Promise<{ folder: string; snapshot: Snapshot | null }> {
  return { folder: tableFolder(layer, table), snapshot: await lake.table(layer, table).snapshot() };
}

function actionsOf(intent: Intent, change: TableChange, snapshot: Snapshot | null): Action[] {
  const removes = snapshot === null ? [] : removedFiles(snapshot, change);
  const totals = Object.entries(change.totals).map(([appId, added]) => [appId, (snapshot?.txn(appId, 0) ?? 0) + added] as const);
  const txns = { ...change.txns, ...Object.fromEntries(totals), [runTxn]: intent.run };
  return [
    { commitInfo: commitInfo(intent, change) },
    ...(snapshot === null ? creation(change.spec, intent.nowMs) : evolution(snapshot, change.spec)),
    ...Object.entries(txns).map(([appId, version]) => ({ txn: { appId, version, lastUpdated: intent.nowMs } })),
    ...removes.map(({ file, dataChange }) => ({
      remove: { path: file.path, deletionTimestamp: intent.nowMs, dataChange, extendedFileMetadata: true, partitionValues: file.partitionValues, size: file.size },
    })),
    ...change.files.map((file) => ({
      add: {
        path: logPath(file.path),
        partitionValues: file.partition,
        size: file.bytes,
        modificationTime: intent.nowMs,
        dataChange: file.dataChange,
        stats: file.stats,
        ...(file.tags === null ? {} : { tags: file.tags }),
      },
    })),
  ];
}

function commitInfo(intent: Intent, change: TableChange): CommitInfo {
  return {
    timestamp: intent.nowMs,
    operation: isRewrite(change) ? 'OPTIMIZE' : 'WRITE',
    operationParameters: { mode: change.replaces === null && change.removes.length === 0 ? 'Append' : 'Overwrite', partitionBy: JSON.stringify(change.spec.partitionBy) },
    operationMetrics: Object.fromEntries(Object.entries(change.metrics).map(([name, value]) => [name, String(value)])),
    engineInfo: 'ingot',
    ingot: { id: intent.id, run: intent.run },
  };
}

function isRewrite(change: TableChange): boolean {
  return change.rewritten.length > 0 && change.files.every((file) => !file.dataChange);
}

/** A new metaData when the columns or the table's settings have changed. */
function evolution(snapshot: Snapshot, spec: TableSpec): Action[] {
  const metaData = evolvedMetaData(snapshot.metaData, spec);
  return metaData === null ? [] : [{ metaData }];
}

interface RemovedFile {
  readonly file: AddFile;
  readonly dataChange: boolean;
}

function removedFiles(snapshot: Snapshot, change: TableChange): RemovedFile[] {
  const key = (values: Readonly<Record<string, string | null>>): string => JSON.stringify(change.spec.partitionBy.map((column) => noEmpty(values[column])));
  const replaced = new Set((change.replaces ?? []).map(key));
  const removes = new Set(change.removes);
  const rewritten = new Set(change.rewritten);
  return [...snapshot.files.values()].flatMap((file): RemovedFile[] => {
    if (removes.has(file.path) || replaced.has(key(file.partitionValues))) return [{ file, dataChange: true }];
    return rewritten.has(file.path) ? [{ file, dataChange: false }] : [];
  });
}

/** As a partition value the empty text reads as null everywhere. */
export function noEmpty(value: string | null | undefined): string | null {
  return value === undefined || value === '' ? null : value;
}

/** Removes what the run replaced, or notes it down to be removed later, and its staging; then marks it done. */
export async function finishIntent(lake: Lake, intent: Intent): Promise<void> {
  const replaced: string[] = [];
  for (const { spec, replaces, removes, rewritten } of intent.tables) {
    if (replaces !== null || removes.length + rewritten.length > 0) replaced.push(...(await replacedPaths(lake, spec, intent.run)));
  }
  await discard(lake, intent.scope, intent.run, replaced);
  await lake.storage.removeFolder(intent.staging);
  await lake.storage.unstage(intent.staging, []);
  await lake.storage.put(intentPath(intent.scope, intent.run), JSON.stringify({ id: intent.id, scope: intent.scope, run: intent.run, done: true }));
  const old = intent.run - intentsKept;
  if (old > 0) await lake.storage.remove([intentPath(intent.scope, old)]);
}

/** Done intents stay for a while, so that a slow writer can't take their number again. */
const intentsKept = 16;

/** Files that a run removed from the log and that no version has taken in again, relative to the lake's root. */
async function replacedPaths(lake: Lake, spec: TableSpec, run: number): Promise<string[]> {
  const table = lake.table(spec.layer, spec.table);
  const commit = await table.commitOfRun(run);
  const removed = commit?.actions.flatMap((action) => (action.remove ? [action.remove.path] : [])) ?? [];
  const live = (await table.snapshot())?.files;
  return removed.filter((path) => live?.has(path) !== true).map((path) => `${table.folder}/${filePath(path)}`);
}
