import { stat } from 'node:fs/promises';
import { findFiles, type NotFound } from './find.js';
import { isArchive, type LocalCopy, type StoredFile } from './stored.js';
import type { FilesUri, S3Uri } from './uri.js';

/** What a source of files finds, again and again. */
export interface Found {
  /** Files, objects and archives, archives whole. */
  all(): AsyncIterable<StoredFile>;
  close(): Promise<void>;
}

/**
 * @param spoolDir where what lies elsewhere is put while it is read
 * @param failed told of a folder that can't be looked into
 * @param mayGrow somebody may be writing local files
 * @param ending gives what ends a request for a page of a listing
 */
export async function foundIn(uri: FilesUri | S3Uri, spoolDir: string, failed: NotFound, mayGrow = false, ending: () => AbortSignal = () => new AbortController().signal): Promise<Found> {
  if (uri.kind === 's3') {
    const { S3Objects } = await import('./s3-objects.js');
    return new S3Objects(uri, spoolDir, ending);
  }
  return { all: () => localFiles(uri.pattern, failed, mayGrow), close: () => Promise.resolve() };
}

async function* localFiles(pattern: string, failed: NotFound, mayGrow: boolean): AsyncGenerator<StoredFile> {
  for (const path of await findFiles(pattern, failed)) yield localFile(path, path, mayGrow);
}

/** @param name what it is called */
export function localFile(path: string, name: string, mayGrow: boolean): StoredFile {
  return {
    name,
    look: async () => {
      const facts = await stat(path);
      if (!facts.isFile() && !facts.isDirectory()) throw new Error('is no regular file: pipe it into --from -');
      return `${facts.size} ${facts.mtimeMs}`;
    },
    bytes: async () => (await stat(path)).size,
    mayGrow,
    etag: null,
    open: (): Promise<LocalCopy> => Promise.resolve({ path, release: () => Promise.resolve() }),
  };
}

/** An archive's members, which are there as long as the next one is not asked for; any other file itself. @throws as `zipMembers` */
export async function* membersOf(file: StoredFile, spoolDir: string, signal: AbortSignal): AsyncGenerator<StoredFile> {
  if (!isArchive(file.name)) {
    yield file;
    return;
  }
  const copy = await file.open(signal);
  try {
    const { zipMembers } = await import('./zip.js');
    yield* zipMembers(copy.path, file.name, spoolDir);
  } finally {
    await copy.release();
  }
}
