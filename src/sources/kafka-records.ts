import { isUtf8 } from 'node:buffer';
import { IS_CONTROL, IS_TRANSACTIONAL, type KafkaRecord, type RecordsBatch } from '@platformatic/kafka';
import { keptOfLargeBytes, maxLineBytes } from './lines.js';
import type { SlowRecord } from './source.js';

const separator = 0x1f;
/** Stands for no key, no headers and no time in the spool. */
const none = '\x1e\x1e';
/** Bit of a batch's attributes: its records have the time at which the broker took them. */
const logAppendTime = 1 << 3;
/** Of a control record: what stands in its key behind the version. */
const abortMarker = 0;
/** Keys and headers up to this length go the fast way; a line has room for both, in UTF-8. */
const shortBytes = 64 * 1024;
const mostBesides = 8 * shortBytes;
/** A key that begins so is base64 of the key's bytes. */
const encodedKey = 'base64:';

/** A transaction that was given up: its producer's records from this offset on, up to its marker. */
export interface Aborted {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

/** Records that are to be read, with their offsets. */
export interface Visible {
  readonly offset: number;
  readonly sentAtMs: number | null;
  readonly record: KafkaRecord;
}

/** The offset behind batches; `from` when there are none. */
export function offsetAfter(batches: readonly RecordsBatch[], from: number): number {
  const last = batches.at(-1);
  return last === undefined ? from : Math.max(from, Number(last.firstOffset) + last.lastOffsetDelta + 1);
}

/**
 * The records of a fetch from an offset on, without markers and without those of transactions that were given up. A
 * broker names such transactions, and gives their records all the same; a marker may come with a later fetch.
 */
export function* visibleRecords(batches: readonly RecordsBatch[], aborted: readonly Aborted[], from: number): Generator<Visible> {
  const waiting = [...aborted].sort((a, b) => Number(a.firstOffset - b.firstOffset));
  const givenUp = new Set<bigint>();
  for (const batch of batches) {
    const first = Number(batch.firstOffset);
    while (waiting[0] !== undefined && Number(waiting[0].firstOffset) <= first + batch.lastOffsetDelta) givenUp.add(waiting.shift()!.producerId);
    if ((batch.attributes & IS_CONTROL) !== 0) {
      if (batch.records[0]?.key?.readInt16BE(2) === abortMarker) givenUp.delete(batch.producerId);
      continue;
    }
    if ((batch.attributes & IS_TRANSACTIONAL) !== 0 && givenUp.has(batch.producerId)) continue;
    for (const record of batch.records) {
      const offset = first + record.offsetDelta;
      if (offset >= from) yield { offset, sentAtMs: sentAt(batch, record), record };
    }
  }
}

function sentAt(batch: RecordsBatch, record: KafkaRecord): number | null {
  const ms = Number((batch.attributes & logAppendTime) !== 0 ? batch.maxTimestamp : batch.firstTimestamp + record.timestampDelta);
  return ms < 0 ? null : ms;
}

export interface SpooledRecords {
  readonly rows: number;
  readonly bytes: number;
  readonly spool: Buffer;
  readonly slow: readonly SlowRecord[];
}

/** Writes records as lines for the spool. One buffer serves all: pages that are new for each cost more than the copying. */
export class RecordSpooler {
  private out: Buffer = Buffer.alloc(0);
  private used = 0;

  /** @returns the spool is valid until the next call */
  spool(records: Iterable<Visible>, number: number, receivedAtMs: number): SpooledRecords {
    this.used = 0;
    const slow: SlowRecord[] = [];
    let rows = 0;
    let bytes = 0;
    for (const { offset, sentAtMs, record } of records) {
      rows++;
      const { value } = record;
      const key = keyText(record.key);
      const headers = headersText(record.headers);
      bytes += (value?.length ?? 0) + (key?.length ?? 0) + (headers?.length ?? 0);
      const reason = value === null ? 'tombstone' : reasonOf(value, key, headers);
      if (reason === null && value !== null) this.append(`${number}\x1f${offset}\x1f${sentAtMs ?? none}\x1f${receivedAtMs}\x1f${key ?? none}\x1f${headers ?? none}\x1f`, value);
      else slow.push({ offset, sentAtMs, key, headers, body: reason === 'too_large' ? (value?.subarray(0, keptOfLargeBytes) ?? null) : value, reason: reason ?? 'odd' });
    }
    return { rows, bytes, spool: this.out.subarray(0, this.used), slow };
  }

  private append(fields: string, body: Buffer): void {
    this.reserve(Buffer.byteLength(fields) + body.length + 1);
    this.used += this.out.write(fields, this.used);
    this.used += body.copy(this.out, this.used);
    this.out[this.used++] = 0x0a;
  }

  private reserve(bytes: number): void {
    if (this.used + bytes <= this.out.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.used + bytes, this.out.length * 2));
    this.out.copy(larger, 0, 0, this.used);
    this.out = larger;
  }
}

function reasonOf(value: Buffer, key: string | null, headers: string | null): SlowRecord['reason'] | null {
  if (!isUtf8(value)) return 'not_utf8';
  if (value.length > maxLineBytes) return 'too_large';
  if (value.includes(0x0a) || value.includes(0x0d) || value.includes(separator) || value.includes(0)) return 'odd';
  if ((key !== null && isOdd(key)) || (headers?.length ?? 0) > shortBytes || (key?.length ?? 0) > shortBytes) return 'odd';
  return value.length > maxLineBytes - mostBesides ? 'odd' : null;
}

/** True for text that the spool can't hold between its separators. */
function isOdd(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- these are what the spool is made of
  return /[\n\r\x00\x1e\x1f]/.test(text);
}

/** A key as text: its bytes as base64, and marked so, when they are no UTF-8, or look like the mark. */
export function keyText(key: Buffer | null): string | null {
  if (key === null) return null;
  const text = isUtf8(key) ? key.toString('utf8') : null;
  return text === null || text.startsWith(encodedKey) ? `${encodedKey}${key.toString('base64')}` : text;
}

/** Headers in their order as JSON, `[{"key": …, "value": …}]`; a value that is no UTF-8 stands in base64 under `base64`. Null when there are none. */
export function headersText(headers: KafkaRecord['headers']): string | null {
  if (headers.length === 0) return null;
  return JSON.stringify(headers.map(([key, value]) => {
    const name = key?.toString('utf8') ?? null;
    return value === null || isUtf8(value) ? { key: name, value: value?.toString('utf8') ?? null } : { key: name, base64: value.toString('base64') };
  }));
}
