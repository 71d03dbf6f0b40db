import { Transform, type TransformCallback } from 'node:stream';

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;

const isOpening = (byte: number): boolean => byte === 0x5b || byte === 0x7b;
const isClosing = (byte: number): boolean => byte === 0x5d || byte === 0x7d;
const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;

/**
 * Turns a JSON array into lines, one element each, byte for byte but for line breaks inside an element,
 * which become spaces between tokens and carriage returns inside a text, where JSON allows neither.
 * What is no array passes through as it is.
 */
export class ArrayLines extends Transform {
  private mode: 'start' | 'lines' | 'array' | 'after' = 'start';
  private depth = 0;
  private inText = false;
  private escaped = false;
  private inElement = false;

  /** Fails at the end when the array was not closed. */
  override _flush(callback: TransformCallback): void {
    callback(this.mode === 'array' ? new Error('the JSON array is cut short') : null);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    let from = 0;
    if (this.mode === 'start') {
      if (chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) from = 3;
      const first = chunk.findIndex((byte, index) => index >= from && !isBlank(byte));
      if (first < 0) {
        callback(null, chunk.subarray(from));
        return;
      }
      this.mode = chunk[first] === 0x5b ? 'array' : 'lines';
      if (this.mode === 'array') from = first + 1;
    }
    if (this.mode === 'lines') callback(null, chunk.subarray(from));
    else callback(null, this.elements(chunk, from));
  }

  private elements(chunk: Buffer, from: number): Buffer {
    const out = Buffer.allocUnsafe(chunk.length - from + 1);
    let used = 0;
    for (let index = from; index < chunk.length; index++) {
      const byte = chunk[index] as number;
      if (this.mode === 'after') {
        if (isBlank(byte)) continue;
        this.mode = 'array';
      }
      if (this.inText) {
        out[used++] = byte === 0x0a ? 0x0d : byte;
        if (this.escaped) this.escaped = false;
        else if (byte === backslash) this.escaped = true;
        else if (byte === quote) this.inText = false;
        continue;
      }
      if (this.depth === 0 && (byte === comma || byte === 0x5d)) {
        if (this.inElement) out[used++] = 0x0a;
        this.inElement = false;
        if (byte === 0x5d) this.mode = 'after';
        continue;
      }
      if (isBlank(byte)) {
        if (this.inElement) out[used++] = 0x20;
        continue;
      }
      this.inElement = true;
      if (byte === quote) this.inText = true;
      else if (isOpening(byte)) this.depth++;
      else if (isClosing(byte)) this.depth--;
      out[used++] = byte;
    }
    return out.subarray(0, used);
  }
}
