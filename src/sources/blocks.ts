import { maxLineBytes } from './lines.js';

const lineFeed = 0x0a;
const blockBytes = 4 * 2 ** 20;
/** Room for the last chunk of a block. */
const spareBytes = 2 * 2 ** 20;

/**
 * Cuts chunks into blocks of whole lines, about 4 MiB each; the last may lack its newline.
 * A line that is far too long is cut: its first bytes are given as one line, the rest is skipped,
 * so memory stays bounded. When reading fails, the whole lines before are given, then it throws.
 * A block is valid until the second one after it: buffers are used again, since new pages cost more than the copying.
 */
export async function* lineBlocks(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let partBytes = 0;
  let skipping = false;
  const failures: unknown[] = [];
  const rotation = new Rotation();
  for await (const chunk of untilFailure(chunks, (error) => failures.push(error))) {
    let rest = chunk;
    if (skipping) {
      const end = rest.indexOf(lineFeed);
      if (end < 0) continue;
      rest = rest.subarray(end);
      skipping = false;
    }
    parts.push(rest);
    partBytes += rest.length;
    if (partBytes < blockBytes) continue;
    // A buffer's turn ends with a block that is given: a line that goes on gets buffers of its own.
    const whole = rest.includes(lineFeed) ? rotation.join(parts, partBytes) : Buffer.concat(parts, partBytes);
    const last = whole.lastIndexOf(lineFeed);
    if (last >= 0) {
      yield whole.subarray(0, last + 1);
      parts = [whole.subarray(last + 1)];
      partBytes = whole.length - last - 1;
    } else if (whole.length > 2 * maxLineBytes) {
      parts = [whole.subarray(0, maxLineBytes + 1)];
      partBytes = maxLineBytes + 1;
      skipping = true;
    } else {
      parts = [whole];
    }
  }
  const tail = rotation.join(parts, partBytes);
  const whole = failures.length === 0 ? tail : tail.subarray(0, tail.lastIndexOf(lineFeed) + 1);
  if (whole.length > 0) yield whole;
  if (failures.length > 0) throw toError(failures[0]);
}

/** Three buffers by turns: the block given last, the one before it, and the one that is put together. */
class Rotation {
  private readonly buffers: Buffer[] = [Buffer.alloc(0), Buffer.alloc(0), Buffer.alloc(0)];
  private turn = 0;

  join(parts: readonly Buffer[], bytes: number): Buffer {
    this.turn = (this.turn + 1) % this.buffers.length;
    let buffer = this.buffers[this.turn]!;
    if (buffer.length < bytes) {
      buffer = Buffer.allocUnsafe(Math.max(bytes, blockBytes + spareBytes));
      this.buffers[this.turn] = buffer;
    }
    let used = 0;
    for (const part of parts) used += part.copy(buffer, used);
    return buffer.subarray(0, used);
  }
}

function toError(failure: unknown): Error {
  return failure instanceof Error ? failure : new Error(String(failure));
}

/** Ends where reading fails, so that the whole lines before are not lost. */
async function* untilFailure(chunks: AsyncIterable<Buffer>, failed: (error: unknown) => void): AsyncGenerator<Buffer> {
  try {
    yield* chunks;
  } catch (error) {
    failed(error);
  }
}
