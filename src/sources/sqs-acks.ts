import { ChangeMessageVisibilityBatchCommand, DeleteMessageBatchCommand } from '@aws-sdk/client-sqs';
import type { Clock } from '../clock.js';
import { parallelDeletes, sqsError, type Queue } from './sqs-client.js';
import type { AckResult } from './source.js';
import type { SqsUri } from './uri.js';

const batchEntries = 10;
const deleteAttempts = 4;
const firstBackoffMs = 200;

/** A message that was received and not deleted yet. */
export interface Held {
  readonly receiptHandle: string;
  hiddenFromMs: number;
}

/** Messages of this process that are in flight: deletes them, and keeps them hidden while a window is open. */
export class Acks {
  private readonly held = new Set<Held>();
  private readonly waiting: (() => void)[] = [];
  private running = 0;
  /** True once the queue has refused a delete for want of permission. */
  denied = false;

  constructor(
    private readonly queue: Queue,
    private readonly uri: SqsUri,
    private readonly clock: Clock,
    private readonly log: (text: string) => void,
  ) {}

  get inFlight(): number {
    return this.held.size;
  }

  hold(receiptHandle: string): Held {
    const held = { receiptHandle, hiddenFromMs: this.clock.nowMs() };
    this.held.add(held);
    return held;
  }

  /** Deletes messages that are in the lake. What can't be deleted comes again, and is known then. */
  async ack(messages: readonly Held[]): Promise<AckResult> {
    const batches: Held[][] = [];
    for (let start = 0; start < messages.length; start += batchEntries) batches.push(messages.slice(start, start + batchEntries));
    const failed = await Promise.all(batches.map((batch) => this.inTurn(() => this.deleteBatch(batch))));
    for (const message of messages) this.held.delete(message);
    const failures = failed.reduce((total, each) => total + each, 0);
    return { acked: messages.length - failures, failed: failures };
  }

  /** Hides longer what has used up half of its time. */
  async heartbeat(): Promise<void> {
    const nowMs = this.clock.nowMs();
    const due = [...this.held].filter((held) => nowMs - held.hiddenFromMs > this.uri.visibilitySeconds * 500);
    for (let start = 0; start < due.length; start += batchEntries) {
      const batch = due.slice(start, start + batchEntries);
      const entries = batch.map((held, index) => ({ Id: String(index), ReceiptHandle: held.receiptHandle, VisibilityTimeout: this.uri.visibilitySeconds }));
      try {
        await this.queue.client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.queue.url, Entries: entries }));
        for (const held of batch) held.hiddenFromMs = nowMs;
      } catch (error) {
        this.log(`messages could not be hidden longer: ${sqsError(error, this.uri).message}`);
      }
    }
  }

  /** Gives how many entries were not deleted. */
  private async deleteBatch(batch: readonly Held[]): Promise<number> {
    let left = batch;
    for (let attempt = 0; attempt < deleteAttempts && left.length > 0 && !this.denied; attempt++) {
      if (attempt > 0) await this.clock.sleep(firstBackoffMs * 2 ** (attempt - 1));
      left = await this.tryDelete(left);
    }
    return left.length;
  }

  private async tryDelete(batch: readonly Held[]): Promise<readonly Held[]> {
    const entries = batch.map((held, index) => ({ Id: String(index), ReceiptHandle: held.receiptHandle }));
    try {
      const { Failed } = await this.queue.client.send(new DeleteMessageBatchCommand({ QueueUrl: this.queue.url, Entries: entries }));
      const failed = new Set((Failed ?? []).filter((entry) => !/ReceiptHandleIsInvalid/.test(entry.Code ?? '')).map((entry) => entry.Id));
      if (failed.size > 0 && (Failed ?? []).every((entry) => /AccessDenied/.test(entry.Code ?? ''))) this.refuse('access denied');
      return batch.filter((_held, index) => failed.has(String(index)));
    } catch (error) {
      const reason = sqsError(error, this.uri);
      if (reason.code === 'SOURCE_DENIED') this.refuse(reason.message);
      return batch;
    }
  }

  private refuse(reason: string): void {
    if (!this.denied) this.log(`messages may not be deleted (${reason}): they will come again and be counted as redelivered`);
    this.denied = true;
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= parallelDeletes) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.running++;
    try {
      return await work();
    } finally {
      this.running--;
      this.waiting.shift()?.();
    }
  }
}
