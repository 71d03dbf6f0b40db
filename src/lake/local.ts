import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { LakeError, messageOf, systemCode } from '../errors.js';
import type { Move, Staged, Storage, StoredFile, StoredFolder, Walk } from './storage.js';
import { inTurns } from './turns.js';

/** A lake in a folder. Files appear by rename or link after an fsync, never half written. */
export class LocalStorage implements Storage {
  readonly root: string;
  readonly remote = null;

  constructor(root: string) {
    this.root = resolve(root);
  }

  locate(path: string): string {
    return join(this.root, path);
  }

  engineStaging(staging: string): string {
    return staging;
  }

  stagedPath(located: string): string {
    if (located.startsWith(`${this.root}/`)) return located.slice(this.root.length + 1);
    throw new LakeError('a staged file lies outside the lake', { code: 'INTERNAL', op: 'stage', path: located });
  }

  async prepare(): Promise<void> {
    const probe = `_ingot/probe-${randomUUID()}`;
    await this.put(probe, '');
    await this.remove([probe]);
  }

  async read(path: string): Promise<Buffer | null> {
    return this.doing('read', path, (target) => unlessAbsent(() => readFile(target), null));
  }

  async list(folder: string): Promise<string[]> {
    const names = await this.doing('read', folder, (target) => unlessAbsent(() => readdir(target), []));
    return names.filter((name) => !name.startsWith(temporaryPrefix)).sort();
  }

  async size(path: string): Promise<number | null> {
    const facts = await this.doing('read', path, (target) => unlessAbsent(() => stat(target), null));
    return facts?.size ?? null;
  }

  async putIfAbsent(path: string, content: string | Buffer): Promise<boolean> {
    return this.writing(path, async (target) => {
      const temporary = await writeTemporary(target, content);
      try {
        await link(temporary, target);
      } catch (error) {
        if (systemCode(error) === 'EEXIST') return false;
        throw error;
      } finally {
        await rm(temporary, { force: true });
      }
      await syncPath(dirname(target));
      return true;
    });
  }

  async put(path: string, content: string | Buffer): Promise<void> {
    await this.writing(path, async (target) => {
      await rename(await writeTemporary(target, content), target);
      await syncPath(dirname(target));
    });
  }

  async stage(_staging: string, moves: readonly Move[]): Promise<void> {
    const paths = moves.map(({ from }) => from);
    await inTurns(paths, (path) => this.writing(path, syncFile));
    const folders = new Set(paths.flatMap(foldersOf));
    await inTurns([...folders], (folder) => this.writing(folder, syncPath));
  }

  unstage(): Promise<void> {
    return Promise.resolve();
  }

  staged(): Promise<readonly Staged[]> {
    return Promise.resolve([]);
  }

  async adopt(moves: readonly Move[]): Promise<void> {
    const folders = new Set(moves.map((move) => dirname(move.to)));
    await inTurns([...folders], (folder) => this.writing(folder, makeFolder));
    await inTurns(moves, async ({ from, to }) => {
      await this.writing(to, (target) => this.move(this.locate(from), target));
    });
    await inTurns([...folders], (folder) => this.writing(folder, (target) => unlessAbsent(() => syncPath(target), undefined)));
  }

  async remove(paths: readonly string[]): Promise<void> {
    await inTurns(paths, (path) => this.writing(path, (target) => unlessAbsent(() => unlink(target), undefined)));
  }

  async removeFolder(folder: string): Promise<void> {
    await this.writing(folder, (target) => rm(target, { recursive: true, force: true }));
  }

  async walk(folder: string): Promise<Walk> {
    const files: StoredFile[] = [];
    const folders: StoredFolder[] = [];
    const visit = async (path: string): Promise<void> => {
      const entries = await this.doing('read', path, (target) => unlessAbsent(() => readdir(target, { withFileTypes: true }), []));
      for (const entry of entries) if (entry.isDirectory()) await visit(`${path}/${entry.name}`);
      await inTurns(entries, async (entry) => {
        const below = `${path}/${entry.name}`;
        const facts = await this.doing('read', below, (target) => unlessAbsent(() => stat(target), null));
        if (facts === null) return;
        if (entry.isDirectory()) folders.push({ path: below, modifiedMs: facts.mtimeMs });
        else files.push({ path: below, modifiedMs: facts.mtimeMs, bytes: facts.size, temporary: entry.name.startsWith(temporaryPrefix) });
      });
    };
    await visit(folder);
    return { files: files.sort(byPath), folders: folders.sort(byPath).reverse() };
  }

  async removeEmpty(folders: readonly string[]): Promise<void> {
    for (const folder of folders) await this.writing(folder, (target) => unlessAbsent(() => unlessFull(() => rmdir(target)), undefined));
  }

  /** Its folder may have been removed as empty since it was made: then it is made again. */
  private async move(from: string, to: string): Promise<void> {
    try {
      await rename(from, to);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      if ((await unlessAbsent(() => stat(from), null)) === null) return;
      await makeFolder(dirname(to));
      await rename(from, to);
    }
  }

  private writing<T>(path: string, work: (target: string) => Promise<T>): Promise<T> {
    return this.doing('write', path, work);
  }

  private async doing<T>(op: 'read' | 'write', path: string, work: (target: string) => Promise<T>): Promise<T> {
    try {
      return await work(this.locate(path));
    } catch (error) {
      throw storageError(error, op, this.root, this.locate(path));
    }
  }
}

function byPath(a: StoredFolder, b: StoredFolder): number {
  return a.path < b.path ? -1 : 1;
}

const temporaryPrefix = '.tmp-';

/** Files are for their owner and those of the group, whatever the process's umask would give others besides. */
const fileMode = 0o640;
const folderMode = 0o750;

/** `a/b/c.parquet` → `a/b`, `a`. */
function foldersOf(path: string): string[] {
  const names = path.split('/').slice(0, -1);
  return names.map((_name, index) => names.slice(0, index + 1).join('/'));
}

async function writeTemporary(target: string, content: string | Buffer): Promise<string> {
  const temporary = join(dirname(target), `${temporaryPrefix}${randomUUID()}`);
  await makeFolder(dirname(target));
  try {
    const file = await open(temporary, 'wx', fileMode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return temporary;
}

/**
 * Makes a folder and those above it; each new name is synced, or a crash could lose it.
 * Node's own recursive mkdir never returns where the system answers ENOENT under a folder that exists (/proc).
 */
async function makeFolder(folder: string): Promise<void> {
  try {
    await makeNewFolder(folder);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    await makeFolder(dirname(folder));
    await makeNewFolder(folder);
  }
}

/** One that is there already is fine, also when another writer makes it, or removes it as empty, at this moment. */
async function makeNewFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, folderMode);
  } catch (error) {
    const facts = systemCode(error) === 'EEXIST' ? await unlessAbsent(() => stat(folder), null) : undefined;
    if (facts === null || facts?.isDirectory() === true) return;
    throw error;
  }
  await syncPath(dirname(folder));
}

/** DuckDB makes its files by the umask alone. */
async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    const { mode } = await handle.stat();
    if ((mode & 0o777 & ~fileMode) !== 0) await handle.chmod(mode & fileMode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function unlessAbsent<T, N>(work: () => Promise<T>, absent: N): Promise<T | N> {
  try {
    return await work();
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return absent;
    throw error;
  }
}

async function unlessFull(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const code = systemCode(error);
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}

const denied: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'EISDIR', 'ENAMETOOLONG', 'ENOTSUP', 'ENOSYS']);

/** A system error as a `LakeError` with a hint; what is no system error stays as it is. */
export function storageError(error: unknown, op: 'read' | 'write', root: string, path: string): unknown {
  const code = systemCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new LakeError('the disk of the lake is full', { code: 'DISK_FULL', op, path, hint: 'Free some space and run it again: what was not committed is taken again.', cause: error });
  }
  if (denied.has(code) || isRefusedFolder(error)) {
    const hint = op === 'read' ? 'Let this user read the lake, or give --lake (or INGOT_LAKE) another folder.' : 'Give --lake (or INGOT_LAKE) a folder that this user may write.';
    return new LakeError(`the lake can't be ${op === 'read' ? 'read' : 'written'}: ${messageOf(error)}`, { code: 'LAKE_NOT_WRITABLE', op, path: root, hint, cause: error });
  }
  return error;
}

function isRefusedFolder(error: unknown): boolean {
  return systemCode(error) === 'ENOENT' && error instanceof Error && 'syscall' in error && error.syscall === 'mkdir';
}
