import { createGunzip } from 'node:zlib';

const unpackedChunkBytes = 256 * 1024;

/**
 * Unpacks gzip. Driven by hand and not by a pipe, which would drop what is unpacked and not read yet when the data
 * turn out to be damaged or cut short: here all that comes before is given, then it throws.
 */
export async function* gunzipped(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: unpackedChunkBytes });
  const failures: Error[] = [];
  let unpacked: Buffer[] = [];
  let settle: () => void = () => undefined;
  gunzip.on('data', (chunk: Buffer) => unpacked.push(chunk));
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
