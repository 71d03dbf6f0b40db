import type { RemoteAccess } from './duckdb.js';

/**
 * Where a lake's bytes are. Paths are relative to the lake's root and use `/`.
 * Whatever a method has reported done survives a crash of the process and of the machine.
 */
export interface Storage {
  /** The lake as DuckDB and messages name it: an absolute folder, or `s3://bucket/prefix`. */
  readonly root: string;
  /**
   * Lets DuckDB in to what `locate` names; null for a folder of this machine. There files also appear in a table only with
   * the run that names them, so that a plain glob counts nothing else; elsewhere nobody promises that.
   */
  readonly remote: RemoteAccess | null;
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
  /** Makes the files of a staging folder durable, and such that anybody who knows the moves can adopt them, before an intent names them. */
  stage(staging: string, moves: readonly Move[]): Promise<void>;
  /** Puts staged files in place under their final names; one that is in place already is left alone. */
  adopt(moves: readonly Move[]): Promise<void>;
  /** Forgets that files were staged. `abandoned`: those that no intent names and none will, which go. */
  unstage(staging: string, abandoned: readonly Move[]): Promise<void>;
  /** Files that `stage` has put under their final names, and nobody has unstaged yet. Their run may not be written down yet. */
  staged(): Promise<readonly Staged[]>;
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
  /** What DuckDB opens: a path or URL. What is below the staging root is always a path of this machine. */
  locate(path: string): string;
  /** Where an engine on other machines writes what belongs to a staging folder; the same folder where that can be reached. */
  engineStaging(staging: string): string;
  /** The inverse of `locate`, for what is staged. @throws LakeError INTERNAL when it lies elsewhere */
  stagedPath(located: string): string;
}

/** The way of a staged file. */
export interface Move {
  readonly from: string;
  readonly to: string;
  /** Nobody else ever puts another file under the final name: it may be there before the intent that names it. */
  readonly own?: boolean;
}

export interface Staged {
  readonly staging: string;
  /** Final names. */
  readonly paths: readonly string[];
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
