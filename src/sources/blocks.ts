import { maxLineBytes } from './lines.js';

const blockBytes = 4 * 2 ** 20;

/**
 * Cuts chunks into blocks of whole lines, about 4 MiB each; the last may lack its newline.
 * A line that is far too long is cut: its first bytes are given as one line, the rest is skipped,
 * so memory stays bounded. When reading fails, the whole lines before are given, then it throws.
 */
export async function* lineBlocks(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let partBytes = 0;
  let skipping = false;
  const failures: unknown[] = [];
  for await (const chunk of untilFailure(chunks, (error) => failures.push(error))) {
    let rest = chunk;
    if (skipping) {
      const end = rest.indexOf(0x0a);
      if (end < 0) continue;
      rest = rest.subarray(end);
      skipping = false;
    }
    parts.push(rest);
    partBytes += rest.length;
    if (partBytes < blockBytes) continue;
    const whole = Buffer.concat(parts, partBytes);
    const last = whole.lastIndexOf(0x0a);
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
  const tail = Buffer.concat(parts, partBytes);
  const whole = failures.length === 0 ? tail : tail.subarray(0, tail.lastIndexOf(0x0a) + 1);
  if (whole.length > 0) yield whole;
  if (failures.length > 0) throw toError(failures[0]);
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
