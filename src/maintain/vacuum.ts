import { releaseDiscarded } from '../lake/discard.js';
import type { Lake } from '../lake/lake.js';
import { stagingRoot, tableFolder } from '../lake/layout.js';
import { pendingRuns, retainedFiles } from '../lake/leftovers.js';
import { deadStaging, isDeadStaging } from '../lake/staging.js';
import type { StoredFile } from '../lake/storage.js';
import type { ScopeTables } from './scopes.js';
import { Age, unneededFiles } from './unneeded.js';

/**
 * Why a file goes: `replaced`: the time that readers had for it is over; `unnamed`: no version needs it; `staging`: work
 * of a dead process; `temporary`: unfinished content of one; `log`: entries behind a checkpoint that nobody needs.
 */
export type Kind = 'replaced' | 'unnamed' | 'staging' | 'temporary' | 'log';

export interface Removed {
  readonly kind: Kind;
  /** Relative to the lake's root; of `staging`, the folder. */
  readonly path: string;
  readonly files: number;
  readonly bytes: number;
}

export interface Kept {
  /** When it may go. */
  readonly untilMs: number;
  readonly files: number;
  readonly bytes: number;
}

export interface VacuumResult {
  readonly removed: readonly Removed[];
  /** Partition folders that were empty. */
  readonly folders: readonly string[];
  /** Replaced files that readers have until a time. */
  readonly kept: readonly Kept[];
  /** Files without a version that are too young to go. */
  readonly young: { readonly files: number; readonly bytes: number };
  /** Runs that a process had begun and that are done now; of a dry run, that would be finished first. */
  readonly finished: number;
}

export interface VacuumOptions {
  /** Files without a version that are younger stay. */
  readonly olderThanMs: number;
  /** Tells what would go, and removes nothing. */
  readonly dryRun?: boolean;
  /** Versions whose log entries stay; by default as many as a commit leaves. */
  readonly keptVersions?: number;
  readonly signal?: AbortSignal;
}

export interface VacuumEvents {
  /** A table was looked through. */
  looked?(table: string): void;
}

/**
 * Removes what no version, reader or writer of these tables needs any more, and what dead processes have left anywhere in
 * the lake. Safe beside living writers; it may be killed and done again.
 * @param tables `layer`, `table` of all tables that are looked through
 */
export async function vacuum(lake: Lake, scopes: readonly ScopeTables[], tables: readonly { readonly layer: string; readonly table: string }[], options: VacuumOptions, events: VacuumEvents = {}): Promise<VacuumResult> {
  const { storage } = lake;
  const dryRun = options.dryRun === true;
  const age = new Age(lake.clock.nowMs(), options.olderThanMs);
  const removed: Removed[] = [];
  // Before any run is finished: a process that dies after that may leave a run that needs its staging.
  const dead = await deadFolders(lake);
  const finished = await finishRuns(lake, scopes, dryRun);
  const { due, kept } = await discarded(lake, scopes);
  removed.push(...due);
  if (!dryRun) for (const { scope } of scopes) await releaseDiscarded(lake, scope.name, lake.clock.nowMs());
  const folders: string[] = [];
  const young: StoredFile[] = [];
  for (const { layer, table } of tables) {
    if (options.signal?.aborted === true) break;
    const unneeded = await unneededFiles(lake, lake.table(layer, table), age, options.keptVersions);
    events.looked?.(tableFolder(layer, table));
    if (unneeded === null) continue;
    young.push(...unneeded.young);
    const going = (['unnamed', 'temporary', 'log'] as const).flatMap((kind) => unneeded[kind].map((file) => removedFile(kind, file)));
    folders.push(...unneeded.folders);
    removed.push(...going);
    if (dryRun) continue;
    await storage.remove(going.map(({ path }) => path));
    await storage.removeEmpty(unneeded.folders);
  }
  removed.push(...(await ownLeftovers(lake, age, dead, dryRun)));
  return { removed, folders, kept, young: sumOf(young), finished };
}

/** Finishes what dead processes have begun; gives how many runs. */
async function finishRuns(lake: Lake, scopes: readonly ScopeTables[], dryRun: boolean): Promise<number> {
  const names = new Set(scopes.map(({ scope }) => scope.name));
  const pending = async (): Promise<string[]> => (await pendingRuns(lake)).filter(({ scope }) => names.has(scope)).map(({ scope, run }) => `${scope} ${run}`);
  const before = await pending();
  if (dryRun) return before.length;
  for (const { scope } of scopes) await scope.recover();
  const after = new Set(await pending());
  return before.filter((each) => !after.has(each)).length;
}

async function discarded(lake: Lake, scopes: readonly ScopeTables[]): Promise<{ readonly due: readonly Removed[]; readonly kept: readonly Kept[] }> {
  const names = new Set(scopes.map(({ scope }) => scope.name));
  const due: Removed[] = [];
  const kept: Kept[] = [];
  for (const { scope, dueMs, paths } of await retainedFiles(lake)) {
    if (!names.has(scope)) continue;
    const there: Removed[] = [];
    for (const path of paths) {
      const bytes = await lake.storage.size(path);
      if (bytes !== null) there.push({ kind: 'replaced', path, files: 1, bytes });
    }
    if (dueMs <= lake.clock.nowMs()) due.push(...there);
    else if (there.length > 0) kept.push({ untilMs: dueMs, files: there.length, bytes: there.reduce((total, { bytes }) => total + bytes, 0) });
  }
  return { due, kept: kept.sort((a, b) => a.untilMs - b.untilMs) };
}

/** The staging folders of processes that are no more, of every group, with what they hold. */
async function deadFolders(lake: Lake): Promise<Removed[]> {
  const found: Removed[] = [];
  for (const group of await lake.storage.list(stagingRoot)) {
    for (const path of await deadStaging(lake.storage, group, lake.clock.nowMs())) {
      found.push({ kind: 'staging', path, ...sumOf((await lake.storage.walk(path)).files) });
    }
  }
  return found;
}

/** Dead staging folders, but for those that a begun run of another dataset needs, and temporary files in the lake's own folder. */
async function ownLeftovers(lake: Lake, age: Age, dead: readonly Removed[], dryRun: boolean): Promise<Removed[]> {
  const needed = new Set((await pendingRuns(lake)).map(({ staging }) => staging));
  const staging = dead.filter(({ path }) => !needed.has(path));
  const { files } = await lake.storage.walk('_ingot');
  const temporary = files.filter((file) => file.temporary && !file.path.startsWith(`${stagingRoot}/`) && age.isOldTemporary(file)).map((file) => removedFile('temporary', file));
  const uploads = (await lake.storage.staged()).map((each) => each.staging).filter((path) => isDeadStaging(path, lake.clock.nowMs()) && !needed.has(path));
  if (!dryRun) {
    for (const { path } of staging) await lake.storage.removeFolder(path);
    for (const path of uploads) await lake.storage.unstage(path, []);
    await lake.storage.remove(temporary.map(({ path }) => path));
  }
  return [...staging, ...temporary];
}

function removedFile(kind: Kind, { path, bytes }: StoredFile): Removed {
  return { kind, path, files: 1, bytes };
}

function sumOf(files: readonly StoredFile[]): { readonly files: number; readonly bytes: number } {
  return { files: files.length, bytes: files.reduce((total, { bytes }) => total + bytes, 0) };
}
