import type { Move, Staged, Storage, Walk } from '../../src/lake/storage.js';

/** A storage in memory, for tests that take thousands of steps. Every call is done at once. */
export class MemoryStorage implements Storage {
  readonly root = '/memory';
  readonly remote = null;
  private readonly files = new Map<string, Buffer>();

  /** All paths, sorted. */
  get paths(): string[] {
    return [...this.files.keys()].sort();
  }

  engineStaging(staging: string): string {
    return staging;
  }

  locate(path: string): string {
    return `${this.root}/${path}`;
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  read(path: string): Promise<Buffer | null> {
    return Promise.resolve(this.files.get(path) ?? null);
  }

  list(folder: string): Promise<string[]> {
    const inside = this.paths.filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1).split('/')[0] ?? '');
    return Promise.resolve([...new Set(inside)].sort());
  }

  putIfAbsent(path: string, content: string | Buffer): Promise<boolean> {
    if (this.files.has(path)) return Promise.resolve(false);
    this.files.set(path, Buffer.from(content));
    return Promise.resolve(true);
  }

  put(path: string, content: string | Buffer): Promise<void> {
    this.files.set(path, Buffer.from(content));
    return Promise.resolve();
  }

  stage(_staging: string, moves: readonly Move[]): Promise<void> {
    const absent = moves.find(({ from }) => !this.files.has(from));
    return absent === undefined ? Promise.resolve() : Promise.reject(new Error(`no such file: ${absent.from}`));
  }

  unstage(): Promise<void> {
    return Promise.resolve();
  }

  staged(): Promise<readonly Staged[]> {
    return Promise.resolve([]);
  }

  stagedPath(located: string): string {
    if (!located.startsWith(`${this.root}/`)) throw new Error(`lies elsewhere: ${located}`);
    return located.slice(this.root.length + 1);
  }

  adopt(moves: readonly Move[]): Promise<void> {
    for (const { from, to } of moves) {
      const content = this.files.get(from);
      if (content === undefined) continue;
      this.files.set(to, content);
      this.files.delete(from);
    }
    return Promise.resolve();
  }

  remove(paths: readonly string[]): Promise<void> {
    for (const path of paths) this.files.delete(path);
    return Promise.resolve();
  }

  removeFolder(folder: string): Promise<void> {
    return this.remove(this.paths.filter((path) => path.startsWith(`${folder}/`)));
  }

  size(path: string): Promise<number | null> {
    return Promise.resolve(this.files.get(path)?.length ?? null);
  }

  /** Everything is as old as the world. */
  walk(folder: string): Promise<Walk> {
    const paths = this.paths.filter((path) => path.startsWith(`${folder}/`));
    return Promise.resolve({ files: paths.map((path) => ({ path, modifiedMs: 0, bytes: this.files.get(path)?.length ?? 0, temporary: false })), folders: [] });
  }

  removeEmpty(): Promise<void> {
    return Promise.resolve();
  }
}
