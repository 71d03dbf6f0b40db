import type { LakeError } from '../errors.js';

/** One message of a queue, as it came. */
export interface Message {
  readonly body: string;
  readonly messageId: string;
  /** Where in the source it was; the queue's name has no order, so its own id again. */
  readonly position: string;
  readonly sentAtMs: number | null;
  readonly receivedAtMs: number;
  /** The source says that it was delivered before. */
  readonly redelivered: boolean;
  /** What bronze keeps beside it, as of a topic's records. */
  readonly key?: string;
  readonly headers?: string;
}

/**
 * A line of a file that can't go the fast way. `odd`: text that the line spool can't hold (NUL, U+001F, a carriage
 * return inside); the others are rejected with their reason.
 */
export interface SlowLine {
  readonly line: number;
  readonly body: Buffer;
  readonly reason: 'odd' | 'not_utf8' | 'too_large';
}

/** How far a file has been taken. Commits with the rows. */
export interface FileMark {
  /** The content's hash when it was first seen: names its messages, also when the file grows. */
  readonly fileId: string;
  /** Hash of the bytes that this mark speaks of. */
  readonly sha256: string;
  readonly path: string;
  readonly bytes: number;
  readonly lines: number;
  readonly complete: boolean;
  /** What the store said of this content, so that it needs not be fetched again. */
  readonly etag?: string;
}

/** Records of a topic that its retention removed before they were read. */
export interface OffsetGap {
  readonly topic: string;
  readonly partition: number;
  /** First and last offset of those that are gone. */
  readonly first: number;
  readonly last: number;
}

export interface AckResult {
  readonly acked: number;
  readonly failed: number;
}

interface Acknowledged {
  readonly bytes: number;
  /** Tells the source that the messages are in the lake. Keep it alone, and not the batch with its bodies. */
  readonly ack: () => Promise<AckResult>;
}

export interface MessageBatch extends Acknowledged {
  readonly kind: 'messages';
  readonly messages: readonly Message[];
}

export interface LineBatch extends Acknowledged {
  readonly kind: 'lines';
  /** The file's path. */
  readonly source: string;
  /** Numbers the files of one source. */
  readonly fileNumber: number;
  readonly fileId: string;
  readonly rows: number;
  /** `<file number>\x1f<line number>\x1f<body>\n` for each line that goes the fast way; valid until the next batch is asked for. */
  readonly spool: Buffer;
  readonly slow: readonly SlowLine[];
  readonly receivedAtMs: number;
  readonly mark: FileMark;
}

/** A record of a topic that can't go the fast way. `odd`: text that the record spool can't hold; the others are rejected with their reason. */
export interface SlowRecord {
  readonly offset: number;
  readonly sentAtMs: number | null;
  readonly key: string | null;
  readonly headers: string | null;
  /** Null for a tombstone. */
  readonly body: Buffer | null;
  readonly reason: 'odd' | 'not_utf8' | 'too_large' | 'tombstone';
}

/** Where a partition of a topic was read. Commits with the rows: the lake's offset is the only one that counts. */
export interface OffsetMark {
  /** The transaction of the lake that holds the next offset to read; -1 stands for none. */
  readonly appId: string;
  /** What the transaction said when this was read, or what the batch before it has brought it to. */
  readonly from: number;
  /** All offsets below have been read. */
  readonly next: number;
}

/** What one partition of a topic has given, in the order of its offsets. May be without rows: then only the offset moves. */
export interface RecordBatch extends Acknowledged {
  readonly kind: 'records';
  /** Numbers the partitions of one source; one of a topic that was made again has another. */
  readonly number: number;
  readonly partition: number;
  /** A record's message id is this, `-` and its offset. */
  readonly idPrefix: string;
  readonly rows: number;
  /** Lines of fields apart by U+001F: number, offset, sent at, received at (ms), key, headers, body; valid until the next batch is asked for. */
  readonly spool: Buffer;
  readonly slow: readonly SlowRecord[];
  readonly receivedAtMs: number;
  readonly mark: OffsetMark;
  /** The window is to be committed now: others wait for it. */
  readonly closes: boolean;
}

export type Batch = MessageBatch | LineBatch | RecordBatch;

/** What a commit did. */
export interface Committed {
  readonly fresh: number;
  readonly redelivered: number;
  /** Rows that were left out, since the lake had their offsets from another consumer. */
  readonly dropped?: number;
}

/** Where events come from. */
export interface Source {
  readonly uri: string;
  /** Ends when the source is drained, or when the signal aborts. */
  batches(signal: AbortSignal): AsyncIterable<Batch>;
  /** What the last commit did: a queue that lets nothing be deleted is drained when nothing fresh comes. */
  committed(counts: Committed): void;
  /** What could not be read: files, messages. Reported at the end. */
  readonly failures: readonly LakeError[];
  /** Offsets of a topic that were gone before they were read: failures too, which are told besides. */
  readonly gaps?: readonly OffsetGap[];
  close(): Promise<void>;
}
