/**
 * Where a lake's bytes are. Paths are relative to the lake's root and use `/`.
 * Whatever a method has reported done survives a crash of the process and of the machine.
 */
export interface Storage {
  /** The lake as DuckDB and messages name it: an absolute folder. */
  readonly root: string;
  /** Makes the root and proves that it can be written. @throws LakeError LAKE_NOT_WRITABLE */
  prepare(): Promise<void>;
  /** Whole content, or null when there is no such file. */
  read(path: string): Promise<Buffer | null>;
  /** Names in a folder, sorted; empty when there is no such folder. */
  list(folder: string): Promise<string[]>;
  /** Creates a file whole, or gives false when the name is taken: the one primitive that settles races. */
  putIfAbsent(path: string, content: string | Buffer): Promise<boolean>;
  /** Creates or replaces a file whole. */
  put(path: string, content: string | Buffer): Promise<void>;
  /** Makes staged files durable where they are, before an intent names them. */
  sync(paths: readonly string[]): Promise<void>;
  /** Moves staged files to their final names; one that has been moved already is left alone. */
  adopt(moves: readonly Move[]): Promise<void>;
  /** Removes files; absent ones are no error. */
  remove(paths: readonly string[]): Promise<void>;
  /** Removes a folder and all in it; an absent one is no error. */
  removeFolder(folder: string): Promise<void>;
  /** Size in bytes, or null when there is no such file. */
  size(path: string): Promise<number | null>;
  /** All that is below a folder, at any depth, what dead writers left too; empty when there is no such folder. */
  walk(folder: string): Promise<Walk>;
  /** Removes folders that nothing is in, in the order given; others and absent ones are left alone. A writer may want one at the same moment: it makes it again. */
  removeEmpty(folders: readonly string[]): Promise<void>;
  /** What DuckDB opens: a path or URL. */
  locate(path: string): string;
}

export interface Move {
  readonly from: string;
  readonly to: string;
}

export interface Walk {
  /** By their paths. */
  readonly files: readonly StoredFile[];
  /** Those inside others before them. A storage without folders of their own has none. */
  readonly folders: readonly StoredFolder[];
}

export interface StoredFolder {
  readonly path: string;
  /** When it, or for a folder the names in it, last changed, by the storage's clock. */
  readonly modifiedMs: number;
}

export interface StoredFile extends StoredFolder {
  readonly bytes: number;
  /** A writer's unfinished content, which `list` doesn't show. */
  readonly temporary: boolean;
}
