/** A file of a source, wherever it is stored. */
export interface StoredFile {
  /** Its path; within an archive the archive's path and then the member's; in S3 its URL. */
  readonly name: string;
  /** Something that differs when its content may: size and time, say. */
  readonly look: () => Promise<string>;
  /** Of its content, unpacked if it is a member of an archive. */
  readonly bytes: () => Promise<number>;
  /** Somebody may be writing it: an unfinished end is left for later. */
  readonly mayGrow: boolean;
  /** What the store says of this very content, to be kept beside it; null: nothing. */
  readonly etag: string | null;
  /** A local file with its content. @param signal ends the fetching of it */
  readonly open: (signal: AbortSignal) => Promise<LocalCopy>;
}

export interface LocalCopy {
  readonly path: string;
  /** Removes what was made for it. */
  readonly release: () => Promise<void>;
}

/** What a source reads in folders, archives and buckets. */
const readable = /\.(ndjson|jsonl|json|csv|tsv)(\.gz)?$/i;

export function isReadable(name: string): boolean {
  return readable.test(name);
}

export function isArchive(name: string): boolean {
  return /\.zip$/i.test(name);
}

/** Whether a name, or that of a folder around it, means that it is no data: `.hidden`, `_log`, `__MACOSX`. */
export function isHidden(name: string): boolean {
  return name.split('/').some((segment) => segment.startsWith('.') || segment.startsWith('_'));
}

/** The extensions that are read, for people. */
export const readableNames = '.ndjson, .jsonl, .json, .csv or .tsv files (also .gz, or in .zip)';
