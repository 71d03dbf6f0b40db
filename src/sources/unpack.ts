import { createGunzip } from 'node:zlib';

const unpackedChunkBytes = 256 * 1024;

/** JSON of events packs twenty- to fiftyfold; what packs far better is made to fill a disk. */
export const maxRatio = 250;
/** Below it no ratio is judged. */
export const judgedFromBytes = 256e6;

/**
 * Unpacks gzip. Driven by hand and not by a pipe, which would drop what is unpacked and not read yet when the data
 * turn out to be damaged or cut short: here all that comes before is given, then it throws.
 * @param judgedFrom bytes from which on the ratio is judged
 * @throws Error for damaged data, and for data that unpack to more than 250 times their size
 */
export async function* gunzipped(chunks: AsyncIterable<Buffer>, judgedFrom = judgedFromBytes): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: unpackedChunkBytes });
  const failures: Error[] = [];
  let unpacked: Buffer[] = [];
  let settle: () => void = () => undefined;
  const bytes = { packed: 0, unpacked: 0 };
  gunzip.on('data', (chunk: Buffer) => {
    unpacked.push(chunk);
    bytes.unpacked += chunk.length;
  });
  gunzip.on('close', () => settle());
  gunzip.on('error', (error) => {
    failures.push(error);
    settle();
  });
  const taken = (): Buffer[] => {
    const buffers = unpacked;
    unpacked = [];
    return buffers;
  };
  try {
    for await (const chunk of chunks) {
      await new Promise<void>((resolve) => {
        settle = resolve;
        gunzip.write(chunk, () => resolve());
      });
      bytes.packed += chunk.length;
      if (bytes.unpacked > judgedFrom && bytes.unpacked > bytes.packed * maxRatio) throw new Error(`it unpacks to more than ${maxRatio} times its size`);
      yield* taken();
      if (failures[0] !== undefined) throw failures[0];
    }
    await new Promise<void>((resolve) => {
      settle = resolve;
      gunzip.end();
    });
    yield* taken();
    if (failures[0] !== undefined) throw failures[0];
  } finally {
    gunzip.destroy();
  }
}
