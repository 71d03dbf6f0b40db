import { isUtf8 } from 'node:buffer';
import { afterMark } from './array.js';
import { CsvSplitter } from './csv-splitter.js';

const quote = 0x22;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const maxHeaderBytes = 2 ** 20;
const delimiters = [',', ';', '\t', '|'].map((delimiter) => delimiter.charCodeAt(0));

/**
 * Turns CSV into lines, one record each: a JSON object of texts under the header's names. A record with more or fewer fields than
 * the header is a JSON array of its texts. Bytes that are no UTF-8 stay as they are; empty lines are no records. The header says
 * whether comma, semicolon, tab or pipe stands between fields.
 * @throws Error after all whole records: for a header with an empty name or one that is there twice, for a file that ends within
 * quotes, for a record over 16 MiB
 */
export async function* csvRecords(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let start: Buffer = Buffer.alloc(0);
  let splitter: CsvSplitter | null = null;
  for await (const chunk of chunks) {
    let rest = chunk;
    if (splitter === null) {
      start = Buffer.concat([start, chunk]);
      const end = endOfHeader(start);
      if (end < 0 && start.length > maxHeaderBytes) throw new Error('has no header: its first line is longer than 1 MiB');
      if (end < 0) continue;
      splitter = splitterOf(start.subarray(startOfHeader(start), end));
      rest = start.subarray(end);
    }
    yield* given(splitter, splitter.push(rest));
  }
  if (splitter !== null) yield* given(splitter, splitter.end());
  // One without a newline has no records behind it, and is looked at all the same.
  else if (start.length > startOfHeader(start)) splitterOf(start.subarray(startOfHeader(start)));
}

/** The names in the header that a file begins with; none when there is none. @throws Error when a quote in it is never closed */
export function headerNames(start: Buffer): string[] {
  const end = endOfHeader(start);
  const header = start.subarray(startOfHeader(start), end < 0 ? start.length : end);
  return header.length === 0 ? [] : namesOf(header, delimiterOf(header));
}

function* given({ failure }: CsvSplitter, lines: Buffer): Generator<Buffer> {
  if (lines.length > 0) yield lines;
  if (failure !== null) throw failure;
}

/** Behind a byte order mark and empty lines. */
function startOfHeader(start: Buffer): number {
  let from = afterMark(start);
  while (start[from] === lineFeed || start[from] === carriageReturn) from++;
  return from;
}

/** Behind the newline of the first line that isn't empty, or −1. */
function endOfHeader(start: Buffer): number {
  let quoted = false;
  for (let index = startOfHeader(start); index < start.length; index++) {
    if (start[index] === quote) quoted = !quoted;
    else if (start[index] === lineFeed && !quoted) return index + 1;
  }
  return -1;
}

function splitterOf(header: Buffer): CsvSplitter {
  const line = header.toString('utf8');
  if (!isUtf8(header)) throw new Error(`has a header that is no UTF-8 text: ${line.trim().slice(0, 200)}`);
  const delimiter = delimiterOf(header);
  const names = namesOf(header, delimiter);
  const empty = names.findIndex((name) => name === '');
  if (empty >= 0) throw new Error(`has a header whose column ${empty + 1} has no name: ${line.trim().slice(0, 200)}`);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new Error(`has a header that names ${JSON.stringify(twice)} twice: ${line.trim().slice(0, 200)}`);
  return new CsvSplitter(delimiter, names);
}

/** What the header has most of outside quotes; a comma when it has none. */
function delimiterOf(header: Buffer): number {
  const counts = delimiters.map(() => 0);
  let quoted = false;
  for (const byte of header) {
    if (byte === quote) quoted = !quoted;
    const index = quoted ? -1 : delimiters.indexOf(byte);
    if (index >= 0) counts[index]!++;
  }
  return delimiters[counts.indexOf(Math.max(...counts))]!;
}

function namesOf(header: Buffer, delimiter: number): string[] {
  const splitter = new CsvSplitter(delimiter, []);
  const line = splitter.push(header).toString('utf8') + splitter.end().toString('utf8');
  if (splitter.failure !== null) throw splitter.failure;
  return JSON.parse(line) as string[];
}
