import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { messageOf } from '../errors.js';
import { isHidden, isReadable, type LocalCopy, type StoredFile } from './stored.js';
import { judgedFromBytes, maxRatio } from './unpack.js';

/** Of how a member is packed. */
const storedMethod = 0;
const deflateMethod = 8;

/**
 * The members of an archive that are read, in its order, each unpacked into a folder when it is opened. Directories, hidden names and
 * other extensions are left out. What is wrong with a member is thrown when it is opened.
 * @param name the archive's; a member's is this, `/` and its path
 * @throws Error when it is no archive, or is cut short
 */
export async function* zipMembers(path: string, name: string, spoolDir: string): AsyncGenerator<StoredFile> {
  const zip = await opened(path);
  try {
    let number = 0;
    let made: Promise<unknown> | null = null;
    for await (const entry of entriesOf(zip)) {
      const member = nameOf(entry);
      if (member.endsWith('/') || isHidden(member.replaceAll(/(?:^|\/)\.\.(?=\/)/g, '')) || !isReadable(member)) continue;
      const spool = join(spoolDir, `member-${++number}`);
      yield {
        name: `${name}/${member}`,
        look: () => Promise.resolve(`${entry.crc32} ${entry.uncompressedSize} ${entry.lastModFileDate} ${entry.lastModFileTime}`),
        bytes: () => Promise.resolve(entry.uncompressedSize),
        mayGrow: false,
        etag: null,
        open: async (signal) => {
          await (made ??= mkdir(spoolDir, { recursive: true }));
          return unpacked(zip, entry, member, spool, signal);
        },
      };
    }
  } finally {
    zip.close();
  }
}

/** Names are not looked at: one that leads out of the archive is only a name here, as members are unpacked under names of our own. */
async function opened(path: string): Promise<ZipFile> {
  try {
    return await openPromise(path, { lazyEntries: true, autoClose: false, decodeStrings: false, validateEntrySizes: false });
  } catch (error) {
    const text = messageOf(error);
    throw /central directory|signature not found|end of central/i.test(text) ? new Error('is no ZIP archive, or is cut short') : error;
  }
}

async function* entriesOf(zip: ZipFile): AsyncGenerator<Entry> {
  let entries = 0;
  try {
    for await (const entry of zip.eachEntry()) {
      entries++;
      yield entry;
    }
  } catch (error) {
    throw new Error(`is damaged: its directory breaks off after ${entries} of ${zip.entryCount} entries: ${messageOf(error)}`, { cause: error });
  }
}

function nameOf({ fileNameRaw: bytes, generalPurposeBitFlag }: Entry): string {
  const text = bytes.toString((generalPurposeBitFlag & 0x800) === 0 && !isAscii(bytes) ? 'latin1' : 'utf8');
  return text.replaceAll('\\', '/').replace(/^\/+/, '');
}

function isAscii(bytes: Buffer): boolean {
  return bytes.every((byte) => byte < 0x80);
}

async function unpacked(zip: ZipFile, entry: Entry, member: string, spool: string, signal: AbortSignal): Promise<LocalCopy> {
  if (member.split('/').includes('..')) throw new Error('has .. in its path, and is left out');
  if (entry.isEncrypted()) throw new Error('is encrypted: unpack the archive, and give the files');
  if (entry.compressionMethod !== storedMethod && entry.compressionMethod !== deflateMethod) throw new Error(`is packed by a method (${entry.compressionMethod}) that is not known: pack it anew by deflate`);
  try {
    const stream = await zip.openReadStreamPromise(entry);
    await pipeline(stream, checked(entry), createWriteStream(spool), { signal });
  } catch (error) {
    await rm(spool, { force: true });
    throw error;
  }
  return { path: spool, release: () => rm(spool, { force: true }) };
}

/** Passes bytes on, and fails when they are other than the archive says. */
function checked({ crc32: expected, compressedSize }: Entry): Transform {
  let crc = 0;
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      crc = crc32(chunk, crc);
      bytes += chunk.length;
      done(bytes > judgedFromBytes && bytes > compressedSize * maxRatio ? new Error(`unpacks to more than ${maxRatio} times its size`) : null, chunk);
    },
    flush(done) {
      done(crc === expected ? null : new Error('is damaged: its checksum is another'));
    },
  });
}
