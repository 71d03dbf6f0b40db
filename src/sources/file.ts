import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ArrayLines } from './array.js';
import { lineBlocks } from './blocks.js';
import type { FileMark } from './source.js';

const hashChunkBytes = 2 ** 20;

/** A file's content as it was when it was hashed. */
export interface Content {
  readonly sha256: string;
  readonly bytes: number;
  /** Hash of the first so many bytes, when asked for and there are that many. */
  readonly prefixSha256: string | null;
}

/**
 * Hashes a file.
 * @param prefixBytes also hash this many of its first bytes, to see whether it has grown
 * @param wholeLines leave out an unfinished last line: somebody is still writing it
 */
export async function hashFile(path: string, prefixBytes: number | null, wholeLines: boolean): Promise<Content> {
  const file = await open(path, 'r');
  try {
    const size = (await file.stat()).size;
    const bytes = wholeLines ? await endOfLastLine(file, size) : size;
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(hashChunkBytes);
    let prefixSha256: string | null = null;
    for (let position = 0; position < bytes; ) {
      const until = prefixBytes !== null && position < prefixBytes ? Math.min(prefixBytes, bytes) : bytes;
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, until - position), position);
      if (bytesRead === 0) throw new Error('the file was cut while it was read');
      hash.update(buffer.subarray(0, bytesRead));
      position += bytesRead;
      if (position === prefixBytes) prefixSha256 = hash.copy().digest('hex');
    }
    return { sha256: hash.digest('hex'), bytes, prefixSha256 };
  } finally {
    await file.close();
  }
}

async function endOfLastLine(file: FileHandle, size: number): Promise<number> {
  const buffer = Buffer.allocUnsafe(64 * 1024);
  for (let end = size; end > 0; end -= buffer.length) {
    const start = Math.max(0, end - buffer.length);
    const { bytesRead } = await file.read(buffer, 0, end - start, start);
    const last = buffer.subarray(0, bytesRead).lastIndexOf(0x0a);
    if (last >= 0) return start + last + 1;
  }
  return 0;
}

export interface LineBlock {
  /** Whole lines. */
  readonly block: Buffer;
  readonly last: boolean;
}

/** The lines of a file's first bytes, unpacked if its name ends in `.gz`, elements of a JSON array a line each. */
export async function* readBlocks(path: string, name: string, content: Content): AsyncGenerator<LineBlock> {
  if (content.bytes === 0) return;
  const file = createReadStream(path, { end: content.bytes - 1, highWaterMark: hashChunkBytes });
  const unpack = /\.gz$/i.test(name) ? createGunzip({ chunkSize: 256 * 1024 }) : new PassThrough({ highWaterMark: hashChunkBytes });
  const lines: Readable = pipeline(file, unpack, new ArrayLines({ highWaterMark: hashChunkBytes }), () => undefined);
  let held: Buffer | null = null;
  try {
    for await (const block of lineBlocks(lines)) {
      if (held !== null) yield { block: held, last: false };
      held = block;
    }
  } catch (error) {
    if (held !== null) yield { block: held, last: false };
    throw error;
  } finally {
    file.destroy();
  }
  if (held !== null) yield { block: held, last: true };
}

/** Leaves out the first lines of a block: where they end, and how many there were. */
export function skipLines(block: Buffer, lines: number): { readonly rest: Buffer; readonly skipped: number } {
  let start = 0;
  let skipped = 0;
  while (skipped < lines && start < block.length) {
    const end = block.indexOf(0x0a, start);
    start = end < 0 ? block.length : end + 1;
    skipped++;
  }
  return { rest: block.subarray(start), skipped };
}

/** Where reading a file begins, by what was taken of it: null when all of it was. */
export function resume(path: string, content: Content, taken: FileMark | null, grownFrom: FileMark | null): FileMark | null {
  if (taken?.complete === true) return null;
  const fresh: FileMark = { fileId: content.sha256, sha256: content.sha256, path, bytes: content.bytes, lines: 0, complete: false };
  if (taken !== null) return { ...fresh, fileId: taken.fileId, lines: taken.lines };
  if (grownFrom !== null && content.prefixSha256 === grownFrom.sha256) return { ...fresh, fileId: grownFrom.fileId, lines: grownFrom.lines };
  return fresh;
}
