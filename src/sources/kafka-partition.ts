import type { RecordsBatch } from '@platformatic/kafka';
import type { Aborted } from './kafka-records.js';

/** Begins the names of the lake's transactions that hold offsets. */
export const offsetTxnPrefix = 'ingot.kafka/';

/** What the lake says of a partition of which it has nothing. */
export const noOffset = -1;

/** The lake's transaction that holds the next offset of a partition. A topic that was made again has another id, so another one. */
export function offsetTxn(cluster: string, topic: string, topicId: string, partition: number): string {
  return `${topicTxns(cluster, topic)}${topicId}/${partition}`;
}

/** What the transactions of a topic begin with, whatever its id. */
export function topicTxns(cluster: string, topic: string): string {
  return `${offsetTxnPrefix}${cluster}/${topic}@`;
}

/** How far one partition of a topic has been read by this process. */
export class Partition {
  /** The next offset to fetch. */
  position: number;
  /** What has been given as read; the lake's offset when nothing has been given yet. */
  given: number;
  /** To be read by this process. */
  assigned = false;
  /** A drain is done with it here; null while it is not known. */
  target: number | null = null;
  /** The last fetch found nothing more. */
  resting = false;
  /** Batches that were fetched and not given. */
  waiting = 0;
  /** When it last gave something; who has waited longest is asked for first. */
  turn = 0;
  /** Its beginning is to be told to the lake before anything is read, whoever reads it. */
  begins = false;
  /** Up to here nobody needs to be told anything. */
  private told: number;

  constructor(
    /** Numbers the partitions of one source. */
    readonly number: number,
    readonly index: number,
    readonly appId: string,
    /** A record's message id is this, `-` and its offset. */
    readonly idPrefix: string,
    /** What the lake says. */
    stored: number,
    /** Where to begin when the lake says nothing. */
    start: number,
  ) {
    this.given = stored;
    this.position = stored === noOffset ? start : stored;
    this.told = this.position;
  }

  /** The lake may be further than this process: others have landed what comes next. */
  catchUp(stored: number): void {
    if (stored <= this.position) return;
    this.position = stored;
    this.told = stored;
  }

  /** Says that all below an offset is given. */
  give(next: number): void {
    this.given = next;
    this.told = Math.max(this.told, next);
    this.begins = false;
  }

  /** It has come further without a record that was given: markers, aborted or compacted records. */
  get hasMoved(): boolean {
    return this.waiting === 0 && (this.resting || this.done) && this.position > this.told;
  }

  get done(): boolean {
    return this.target !== null && this.position >= this.target;
  }
}

/** One answer of a broker for one partition, not given yet. */
export interface Fetched {
  readonly partition: Partition;
  readonly batches: readonly RecordsBatch[];
  readonly aborted: readonly Aborted[];
  /** The offset that was asked for. */
  readonly from: number;
  readonly next: number;
  readonly bytes: number;
}
