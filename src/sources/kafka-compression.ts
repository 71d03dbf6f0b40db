import { compressionsAlgorithms } from '@platformatic/kafka';
import { decompress } from 'fzstd';

type Decompress = (data: Buffer) => Buffer;

/** Begins what Java's clients and brokers pack by snappy: blocks, each behind its length. */
const framed = Buffer.from([0x82, ...Buffer.from('SNAPPY'), 0]);
const frameHeadBytes = 16;

let completed = false;

/**
 * Completes what the library can unpack: it knows snappy without frames only, as no Java client writes it, and has no zstd
 * where Node.js has none (before 22.15).
 */
export function completeCompression(): void {
  if (completed) return;
  completed = true;
  const snappy = compressionsAlgorithms.snappy as { decompressSync: Decompress };
  const bare = snappy.decompressSync;
  snappy.decompressSync = (data) => (data.subarray(0, framed.length).equals(framed) ? Buffer.concat([...frames(data)].map((frame) => bare(frame))) : bare(data));
  if (!compressionsAlgorithms.zstd.available) (compressionsAlgorithms.zstd as { decompressSync: Decompress }).decompressSync = (data) => Buffer.from(decompress(data));
}

function* frames(data: Buffer): Generator<Buffer> {
  for (let at = frameHeadBytes; at < data.length; ) {
    const bytes = data.readInt32BE(at);
    yield data.subarray(at + 4, at + 4 + bytes);
    at += 4 + bytes;
  }
}
