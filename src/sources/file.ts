import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { afterMark, arrayElements, firstByte } from './array.js';
import { lineBlocks } from './blocks.js';
import { csvRecords } from './csv.js';
import type { FileMark } from './source.js';
import { gunzipped } from './unpack.js';

const chunkBytes = 2 ** 20;
/** Small, as a packed chunk may unpack to a thousand times its size. */
const packedChunkBytes = 64 * 1024;
const peekBytes = 4 * 1024;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

export type Form = 'lines' | 'array' | 'csv' | 'packed';

/** A file's content as it was when it was hashed. */
export interface Content {
  readonly form: Form;
  readonly sha256: string;
  readonly bytes: number;
  /** Hash of the first so many bytes, when asked for and there are that many. */
  readonly prefixSha256: string | null;
  /** True if those first bytes ended within a line that goes on behind them. */
  readonly prefixTorn: boolean;
}

/**
 * Hashes a file.
 * @param name what it is called; `-` for stdin
 * @param prefixBytes also hash this many of its first bytes, to see whether it has grown
 * @param growing somebody may be writing it: an unfinished last line is left out, an unfinished array altogether
 */
export async function hashFile(path: string, name: string, prefixBytes: number | null, growing: boolean): Promise<Content> {
  const file = await open(path, 'r');
  try {
    const size = (await file.stat()).size;
    const form = formOf(await readAt(file, 0, peekBytes), name);
    const bytes = growing ? await finishedBytes(file, form, size) : size;
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, bytes));
    let prefixSha256: string | null = null;
    for (let position = 0; position < bytes; ) {
      const until = prefixBytes !== null && position < prefixBytes ? Math.min(prefixBytes, bytes) : bytes;
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, until - position), position);
      if (bytesRead === 0) throw cutShort();
      hash.update(buffer.subarray(0, bytesRead));
      position += bytesRead;
      if (position === prefixBytes) prefixSha256 = hash.copy().digest('hex');
    }
    const prefixTorn = (form === 'lines' || form === 'csv') && prefixSha256 !== null && prefixBytes !== null && prefixBytes < bytes && (await isTorn(file, prefixBytes));
    return { form, sha256: hash.digest('hex'), bytes, prefixSha256, prefixTorn };
  } finally {
    await file.close();
  }
}

function formOf(start: Buffer, name: string): Form {
  if (/\.gz$/i.test(name) || (start[0] === 0x1f && start[1] === 0x8b)) return 'packed';
  if (isCsv(name)) return 'csv';
  const first = firstByte(start, afterMark(start));
  return first >= 0 && start[first] === 0x5b ? 'array' : 'lines';
}

/** Whether a file is CSV, packed or not: only its name says so. */
export function isCsv(name: string): boolean {
  return /\.[ct]sv(?:\.gz)?$/i.test(name);
}

async function finishedBytes(file: FileHandle, form: Form, size: number): Promise<number> {
  if (form === 'packed') return size;
  if (form === 'lines' || form === 'csv') return endOfLastLine(file, size);
  const end = await readAt(file, Math.max(0, size - peekBytes), peekBytes);
  return /\]\s*$/.test(end.toString('latin1')) ? size : 0;
}

async function endOfLastLine(file: FileHandle, size: number): Promise<number> {
  for (let end = size; end > 0; end -= packedChunkBytes) {
    const start = Math.max(0, end - packedChunkBytes);
    const last = (await readAt(file, start, end - start)).lastIndexOf(lineFeed);
    if (last >= 0) return start + last + 1;
  }
  return 0;
}

async function isTorn(file: FileHandle, at: number): Promise<boolean> {
  const around = await readAt(file, at - 1, 2);
  return around[0] !== lineFeed && around[1] !== lineFeed && around[1] !== carriageReturn;
}

async function readAt(file: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(bytes);
  const { bytesRead } = await file.read(buffer, 0, bytes, position);
  return buffer.subarray(0, bytesRead);
}

export interface LineBlock {
  /** Whole lines. */
  readonly block: Buffer;
  readonly last: boolean;
}

/** The lines of a file's hashed bytes, unpacked, elements of a JSON array and records of CSV a line each. @param name as of `hashFile` */
export async function* readBlocks(path: string, name: string, content: Content): AsyncGenerator<LineBlock> {
  const packed = content.form === 'packed';
  const stored = fileChunks(path, content.bytes, packed ? packedChunkBytes : chunkBytes, content.form === 'lines' || content.form === 'csv' ? chunksHeld : 1);
  const unpacked = packed ? gunzipped(stored) : stored;
  let held: Buffer | null = null;
  try {
    for await (const block of lineBlocks(isCsv(name) ? csvRecords(unpacked) : arrayElements(unpacked))) {
      if (held !== null) yield { block: held, last: false };
      held = block;
    }
  } catch (error) {
    if (held !== null) yield { block: held, last: false };
    throw error;
  }
  if (held !== null) yield { block: held, last: true };
}

/** A block is put together from so many chunks at most. */
const chunksHeld = 8;

/** @param reused so many buffers are used by turns; 1: each chunk has its own */
async function* fileChunks(path: string, bytes: number, size: number, reused: number): AsyncGenerator<Buffer> {
  const file = await open(path, 'r');
  const buffers: Buffer[] = [];
  try {
    for (let position = 0; position < bytes; ) {
      const buffer = reused > 1 && buffers.length === reused ? buffers.shift()! : Buffer.allocUnsafe(Math.min(size, bytes));
      if (reused > 1) buffers.push(buffer);
      const { bytesRead } = await file.read(buffer, 0, Math.min(size, bytes - position), position);
      if (bytesRead === 0) throw cutShort();
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

function cutShort(): Error {
  return new Error('was cut short while it was read');
}

/** Leaves out the first lines of a block: where they end, and how many there were. */
export function skipLines(block: Buffer, lines: number): { readonly rest: Buffer; readonly skipped: number } {
  let start = 0;
  let skipped = 0;
  while (skipped < lines && start < block.length) {
    const end = block.indexOf(lineFeed, start);
    start = end < 0 ? block.length : end + 1;
    skipped++;
  }
  return { rest: block.subarray(start), skipped };
}

/**
 * Where reading a file begins, by what was taken of it: null when all of it was.
 * @param taken what was taken of this very content
 * @param grownFrom what was taken of the file at this path, perhaps when it was shorter
 */
export function resume(path: string, content: Content, taken: FileMark | null, grownFrom: FileMark | null): FileMark | null {
  if (taken?.complete === true) return null;
  const fresh: FileMark = { fileId: content.sha256, sha256: content.sha256, path, bytes: content.bytes, lines: 0, complete: false };
  if (taken !== null) return { ...fresh, fileId: taken.fileId, lines: taken.lines };
  if (grownFrom === null || content.prefixSha256 !== grownFrom.sha256) return fresh;
  // A last line that was taken unfinished is taken again, now that there is more of it.
  const torn = grownFrom.complete && content.prefixTorn ? 1 : 0;
  return { ...fresh, fileId: grownFrom.fileId, lines: Math.max(0, grownFrom.lines - torn) };
}
