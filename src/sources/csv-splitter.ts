import { maxLineBytes } from './lines.js';

const quote = 0x22;
const backslash = 0x5c;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const hex = Buffer.from('0123456789abcdef', 'latin1');
/** Room for a byte as JSON writes it at most, `\u001f`, for a lone carriage return before it, and for a record's end. */
const spareBytes = 16;

/** Where in a record the next byte is: before it, before a field of it, in one, within quotes, or behind a quote that may have ended them. */
const enum Place { record, field, plain, quoted, closed }

/** Turns CSV behind its header into lines, chunk by chunk: what `csvRecords` says of records. */
export class CsvSplitter {
  /** What is wrong behind the records that were given. */
  failure: Error | null = null;
  /** What comes before each column's text: `{"name":"`, `","name":"`. */
  private readonly before: readonly Buffer[];
  private readonly longestBefore: number;
  private out = Buffer.alloc(0);
  private used = 0;
  /** Where in `out` the open record begins, and the texts of its fields begin and end. */
  private recordAt = 0;
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  private place: Place = Place.record;
  /** A carriage return was the last byte, perhaps of a line's end. */
  private returned = false;
  /** Bytes of the open record in the chunks before. */
  private openBytes = 0;
  /** Bytes that a byte has become, lately. */
  private growth = 2;

  /** @param names the columns'; none: every record becomes a list */
  constructor(
    private readonly delimiter: number,
    names: readonly string[],
  ) {
    this.before = names.map((name, index) => Buffer.from(`${index === 0 ? '{' : '",'}${JSON.stringify(name)}:"`));
    this.longestBefore = Math.max(0, ...this.before.map(({ length }) => length));
  }

  /** The whole records up to the chunk's end; the open one waits for the next chunk. */
  push(chunk: Buffer): Buffer {
    const openAt = this.renew(chunk.length);
    let openFrom = -1;
    for (let index = 0; index < chunk.length; index++) {
      this.reserve(this.longestBefore + spareBytes);
      if (this.take(chunk[index]!)) openFrom = index + 1;
    }
    this.openBytes = openFrom < 0 ? this.openBytes + chunk.length : chunk.length - openFrom;
    if (this.openBytes > maxLineBytes) this.failure = new Error('has a record of more than 16 MiB: is a quote never closed?');
    this.growth = Math.max(2, (this.used - openAt) / Math.max(1, chunk.length));
    return this.out.subarray(0, this.recordAt);
  }

  /** What is left when there are no more chunks. */
  end(): Buffer {
    this.renew(0);
    this.reserve(this.longestBefore + spareBytes);
    if (this.place === Place.quoted) this.failure = new Error('is cut short: it ends within quotes');
    else if (this.place !== Place.record) this.take(lineFeed);
    return this.out.subarray(0, this.recordAt);
  }

  /** Takes a byte; true when it ends a record, or a line without one. */
  private take(byte: number): boolean {
    if (this.returned) {
      this.returned = false;
      if (byte === lineFeed) return this.endRecord();
      // It stood alone, and is text.
      this.begin(Place.plain);
      this.write(carriageReturn);
    }
    if (this.place === Place.quoted) {
      if (byte === quote) this.place = Place.closed;
      else this.write(byte);
      return false;
    }
    if (byte === this.delimiter) {
      this.begin(Place.field);
      this.ends.push(this.used);
      return false;
    }
    if (byte === lineFeed) return this.endRecord();
    if (byte === carriageReturn) {
      this.returned = true;
    } else if (byte === quote && this.place !== Place.plain) {
      // Two quotes within quotes are one of the text.
      const again = this.place === Place.closed;
      this.begin(Place.quoted);
      if (again) this.write(quote);
    } else {
      this.begin(Place.plain);
      this.write(byte);
    }
    return false;
  }

  /** Opens a field unless one is open. @param next the place of the next byte */
  private begin(next: Place): void {
    if (this.place === Place.record || this.place === Place.field) {
      const before = this.before[this.starts.length];
      if (before !== undefined) this.used += before.copy(this.out, this.used);
      this.starts.push(this.used);
    }
    this.place = next;
  }

  private endRecord(): boolean {
    if (this.place === Place.record) return true;
    this.begin(Place.record);
    this.ends.push(this.used);
    if (this.ends.length !== this.before.length) this.rewrite();
    this.out[this.used++] = this.ends.length === this.before.length ? quote : 0x5d;
    if (this.ends.length === this.before.length) this.out[this.used++] = 0x7d;
    this.out[this.used++] = lineFeed;
    this.recordAt = this.used;
    this.starts.length = 0;
    this.ends.length = 0;
    return true;
  }

  /** Makes of the open record, which has not the header's columns, a list of its texts that lacks its bracket. */
  private rewrite(): void {
    const texts = this.starts.map((start, index) => this.out.toString('latin1', start, this.ends[index]));
    const list = Buffer.from(`["${texts.join('","')}"`, 'latin1');
    this.used = this.recordAt;
    this.reserve(list.length + spareBytes);
    this.used += list.copy(this.out, this.used);
  }

  /** A byte of a text, as JSON writes it. */
  private write(byte: number): void {
    const { out } = this;
    if (byte >= 0x20) {
      if (byte === quote || byte === backslash) out[this.used++] = backslash;
      out[this.used++] = byte;
      return;
    }
    for (const each of [backslash, 0x75, 0x30, 0x30, hex[byte >> 4]!, hex[byte & 15]!]) out[this.used++] = each;
  }

  /** Begins another buffer, as the last one was given away, with the open record in it; gives its length. */
  private renew(bytes: number): number {
    const open = this.used - this.recordAt;
    const renewed = Buffer.allocUnsafe(Math.ceil(open + bytes * this.growth * 1.1) + this.longestBefore + 2 * spareBytes);
    this.out.copy(renewed, 0, this.recordAt, this.used);
    for (const places of [this.starts, this.ends]) places.forEach((place, index) => (places[index] = place - this.recordAt));
    this.out = renewed;
    this.used = open;
    this.recordAt = 0;
    return open;
  }

  private reserve(bytes: number): void {
    if (this.used + bytes <= this.out.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.used + bytes, this.out.length * 2));
    this.out.copy(larger, 0, 0, this.used);
    this.out = larger;
  }
}
