import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { LakeError, messageOf, systemCode } from '../errors.js';

/** Characters that are put together before they are written. */
const blockLength = 1 << 20;

/** What was written; bytes are those before compression. */
export interface Written {
  readonly lines: number;
  readonly bytes: number;
}

/**
 * Writes lines as NDJSON (UTF-8, a newline after each), compressed when the name ends in `.gz`. The file appears whole or not at all:
 * it is written under a temporary name in the same folder, synced and renamed.
 * @throws LakeError USAGE if the folder can't be written, DISK_FULL if there is no room; errors of `lines` as they are
 */
export async function writeLines(lines: Iterable<string>, file: string): Promise<Written> {
  const temporary = join(dirname(file), `.${basename(file)}.${randomUUID()}.tmp`);
  const count = { lines: 0, bytes: 0 };
  try {
    const handle = await open(temporary, 'wx');
    try {
      const append = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
        for await (const chunk of chunks) await handle.writeFile(chunk);
      };
      const blocks = Readable.from(blocksOf(lines, count));
      if (file.endsWith('.gz')) await pipeline(blocks, createGzip({ level: 6 }), append);
      else await pipeline(blocks, append);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw fileError(error, file);
  }
  return count;
}

/** Counts the newlines of a file, of a `.gz` those of its content. */
export async function countLines(file: string): Promise<number> {
  let count = 0;
  const add = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of chunks) for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) count += 1;
  };
  const stream = createReadStream(file);
  if (file.endsWith('.gz')) await pipeline(stream, createGunzip(), add);
  else await pipeline(stream, add);
  return count;
}

/**
 * Writes lines to a stream such as standard output, waiting whenever it is full; the stream stays open.
 * @throws the stream's error, such as EPIPE
 */
export async function writeLinesTo(lines: Iterable<string>, stream: Writable): Promise<Written> {
  const count = { lines: 0, bytes: 0 };
  for (const block of blocksOf(lines, count)) {
    await new Promise<void>((resolve, reject) => {
      stream.write(block, (error) => (error ? reject(error) : resolve()));
    });
  }
  return count;
}

function* blocksOf(lines: Iterable<string>, count: { lines: number; bytes: number }): Generator<Buffer, void, undefined> {
  let text = '';
  const block = (): Buffer => {
    const bytes = Buffer.from(text, 'utf8');
    count.bytes += bytes.length;
    text = '';
    return bytes;
  };
  for (const line of lines) {
    text += line + '\n';
    count.lines += 1;
    if (text.length >= blockLength) yield block();
  }
  if (text !== '') yield block();
}

function fileError(error: unknown, file: string): unknown {
  const code = systemCode(error);
  if (code === undefined || error instanceof LakeError) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new LakeError(`No room to write ${file}`, { code: 'DISK_FULL', op: 'write', path: file, hint: 'Free some space and run it again.', cause: error });
  }
  return new LakeError(`Can't write ${file}: ${messageOf(error)}`, { code: 'USAGE', op: 'write', path: file, hint: 'Choose a file in a folder that exists and can be written.', cause: error });
}
