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

export type Batch = MessageBatch | LineBatch;

/** Where events come from. */
export interface Source {
  readonly uri: string;
  /** Ends when the source is drained, or when the signal aborts. */
  batches(signal: AbortSignal): AsyncIterable<Batch>;
  /** What the last commit did: a queue that lets nothing be deleted is drained when nothing fresh comes. */
  committed(counts: { readonly fresh: number; readonly redelivered: number }): void;
  /** What could not be read: files, messages. Reported at the end. */
  readonly failures: readonly LakeError[];
  close(): Promise<void>;
}
