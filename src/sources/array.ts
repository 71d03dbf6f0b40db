const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;

/** After so many blanks no array is looked for. */
const maxBlankBytes = 2 ** 20;

const isBlank = (byte: number): boolean => byte === space || byte === 0x09 || byte === lineFeed || byte === carriageReturn;

/** Where the text begins behind a byte order mark. */
export function afterMark(start: Buffer): number {
  return start[0] === 0xef && start[1] === 0xbb && start[2] === 0xbf ? 3 : 0;
}

/** Where the first byte that is not blank is, or −1. */
export function firstByte(start: Buffer, from: number): number {
  for (let index = from; index < start.length; index++) {
    if (!isBlank(start[index]!)) return index;
  }
  return -1;
}

/**
 * Turns a JSON array into lines, one element each, byte for byte but for line breaks inside an element: between
 * tokens they become spaces; inside a text, where JSON allows none, carriage returns. What is no array passes through
 * as it is, without its byte order mark; so does what comes behind an array's end, unless it is another array.
 * @throws Error at the end of an array that was not closed, after all its whole elements
 */
export async function* arrayElements(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const splitter = new ArraySplitter();
  for await (const chunk of chunks) {
    const lines = splitter.push(chunk);
    if (lines.length > 0) yield lines;
  }
  const rest = splitter.end();
  if (rest.length > 0) yield rest;
  if (splitter.open) throw new Error('is cut short: its JSON array has no end');
}

class ArraySplitter {
  private mode: 'start' | 'lines' | 'array' | 'after' = 'start';
  /** Blanks that a file begins with: rows of their own, unless an array follows. */
  private blanks = Buffer.alloc(0);
  private depth = 0;
  private inText = false;
  private escaped = false;
  private inElement = false;

  get open(): boolean {
    return this.mode === 'array';
  }

  push(chunk: Buffer): Buffer {
    if (this.mode === 'lines') return chunk;
    if (this.mode !== 'start') return this.elements(chunk, 0);
    const start = Buffer.concat([this.blanks, chunk]);
    const from = afterMark(start);
    const first = firstByte(start, from);
    if (first < 0 && start.length < maxBlankBytes) {
      this.blanks = start;
      return chunk.subarray(0, 0);
    }
    this.mode = start[first] === openBracket ? 'array' : 'lines';
    return this.mode === 'array' ? this.elements(start, first + 1) : start.subarray(from);
  }

  /** What is left when there are no more chunks. */
  end(): Buffer {
    return this.mode === 'start' ? this.blanks.subarray(afterMark(this.blanks)) : Buffer.alloc(0);
  }

  private elements(chunk: Buffer, from: number): Buffer {
    const out = Buffer.allocUnsafe(chunk.length - from);
    let used = 0;
    for (let index = from; index < chunk.length; index++) {
      const byte = chunk[index]!;
      if (this.inText) {
        out[used++] = byte === lineFeed ? carriageReturn : byte;
        if (this.escaped) this.escaped = false;
        else if (byte === backslash) this.escaped = true;
        else if (byte === quote) this.inText = false;
      } else if (isBlank(byte)) {
        if (this.inElement) out[used++] = space;
      } else if (this.mode === 'after') {
        this.mode = byte === openBracket ? 'array' : 'lines';
        if (this.mode === 'lines') return Buffer.concat([out.subarray(0, used), chunk.subarray(index)]);
      } else if (this.depth === 0 && (byte === comma || byte === closeBracket)) {
        if (this.inElement || byte === comma) out[used++] = lineFeed;
        this.inElement = false;
        if (byte === closeBracket) this.mode = 'after';
      } else {
        this.token(byte);
        out[used++] = byte;
      }
    }
    return out.subarray(0, used);
  }

  private token(byte: number): void {
    this.inElement = true;
    if (byte === quote) this.inText = true;
    else if (byte === openBracket || byte === 0x7b) this.depth++;
    else if ((byte === closeBracket || byte === 0x7d) && this.depth > 0) this.depth--;
  }
}
