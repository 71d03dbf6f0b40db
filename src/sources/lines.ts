import { isUtf8 } from 'node:buffer';
import type { SlowLine } from './source.js';

const newline = 0x0a;
const carriageReturn = 0x0d;
const separator = 0x1f;

/** Lines longer than this are rejected, cut to the first MiB. */
export const maxLineBytes = 16 * 2 ** 20;
export const keptOfLargeBytes = 2 ** 20;

export interface SplitLines {
  readonly rows: number;
  readonly spool: Buffer;
  readonly slow: readonly SlowLine[];
}

/** Splits blocks into lines for the spool. One buffer serves all blocks: pages that are new for each cost more than the copying. */
export class LineSplitter {
  private out: Buffer = Buffer.alloc(0);

  /**
   * Numbers the lines of a block: `<file number>\x1f<line number>\x1f<body>\n`.
   * @param block whole lines, each ended by a newline but perhaps the last
   * @param firstLine the first line's number
   * @returns the spool is valid until the next call
   */
  split(block: Buffer, fileNumber: number, firstLine: number): SplitLines {
    const clean = isUtf8(block) && !block.includes(separator) && !block.includes(carriageReturn) && !block.includes(0);
    const prefix = Buffer.from(`${fileNumber}\x1f`, 'latin1');
    const slow: SlowLine[] = [];
    let used = 0;
    let rows = 0;
    this.reserve(0, block.length + (block.length >> 3));
    for (let start = 0; start < block.length; ) {
      const found = block.indexOf(newline, start);
      const next = found < 0 ? block.length : found + 1;
      let end = found < 0 ? block.length : found;
      if (end > start && block[end - 1] === carriageReturn) end--;
      const line = firstLine + rows++;
      const reason = end - start > maxLineBytes ? 'too_large' : clean ? null : reasonOf(block.subarray(start, end));
      if (reason === null) {
        this.reserve(used, end - start + prefix.length + mostDigits + 2);
        used = this.append(used, prefix, line, block, start, end);
      } else {
        const kept = reason === 'too_large' ? start + keptOfLargeBytes : end;
        slow.push({ line, body: Buffer.from(block.subarray(start, kept)), reason });
      }
      start = next;
    }
    return { rows, spool: this.out.subarray(0, used), slow };
  }

  private append(at: number, prefix: Buffer, line: number, block: Buffer, start: number, end: number): number {
    const { out } = this;
    let used = at;
    for (const byte of prefix) out[used++] = byte;
    const digits = String(line);
    for (let index = 0; index < digits.length; index++) out[used++] = digits.charCodeAt(index);
    out[used++] = separator;
    used += block.copy(out, used, start, end);
    out[used++] = newline;
    return used;
  }

  private reserve(used: number, bytes: number): void {
    if (used + bytes <= this.out.length) return;
    const larger = Buffer.allocUnsafe(Math.max(used + bytes, this.out.length * 2));
    this.out.copy(larger, 0, 0, used);
    this.out = larger;
  }
}

/** Digits of the largest whole number. */
const mostDigits = 16;

function reasonOf(line: Buffer): SlowLine['reason'] | null {
  if (!isUtf8(line)) return 'not_utf8';
  return line.includes(separator) || line.includes(carriageReturn) || line.includes(0) ? 'odd' : null;
}
