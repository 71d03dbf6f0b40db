import { isUtf8 } from 'node:buffer';
import type { SlowLine } from './source.js';

const newline = 0x0a;
const carriageReturn = 0x0d;
const separator = 0x1f;

/** Lines longer than this are rejected, cut to the first MiB. */
export const maxLineBytes = 16 * 2 ** 20;
const keptOfLargeBytes = 2 ** 20;

export interface SplitLines {
  readonly rows: number;
  readonly spool: Buffer;
  readonly slow: readonly SlowLine[];
}

/**
 * Numbers the lines of a block for the spool: `<file number>\x1f<line number>\x1f<body>\n`.
 * @param block whole lines, each ended by a newline but perhaps the last
 * @param firstLine the first line's number
 */
export function splitLines(block: Buffer, fileNumber: number, firstLine: number): SplitLines {
  const clean = isUtf8(block) && !block.includes(separator) && !block.includes(carriageReturn) && !block.includes(0);
  const prefix = `${fileNumber}\x1f`;
  const slow: SlowLine[] = [];
  let out: Buffer = Buffer.allocUnsafe(block.length + Math.ceil(block.length / 8) + 1024);
  let used = 0;
  let rows = 0;
  for (let start = 0; start < block.length; ) {
    const found = block.indexOf(newline, start);
    const next = found < 0 ? block.length : found + 1;
    let end = found < 0 ? block.length : found;
    if (end > start && block[end - 1] === carriageReturn) end--;
    const line = firstLine + rows++;
    const reason = end - start > maxLineBytes ? 'too_large' : clean ? null : reasonOf(block.subarray(start, end));
    if (reason === null) {
      const need = end - start + prefix.length + 24;
      if (used + need > out.length) out = grown(out, used, need);
      used += out.write(`${prefix}${line}\x1f`, used, 'latin1');
      used += block.copy(out, used, start, end);
      out[used++] = newline;
    } else {
      const kept = reason === 'too_large' ? start + keptOfLargeBytes : end;
      slow.push({ line, body: Buffer.from(block.subarray(start, kept)), reason });
    }
    start = next;
  }
  return { rows, spool: out.subarray(0, used), slow };
}

function reasonOf(line: Buffer): SlowLine['reason'] | null {
  if (!isUtf8(line)) return 'not_utf8';
  return line.includes(separator) || line.includes(carriageReturn) || line.includes(0) ? 'odd' : null;
}

function grown(buffer: Buffer, used: number, need: number): Buffer {
  const larger = Buffer.allocUnsafe(buffer.length * 2 + need);
  buffer.copy(larger, 0, 0, used);
  return larger;
}
