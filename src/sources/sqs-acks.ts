import { ChangeMessageVisibilityBatchCommand, DeleteMessageBatchCommand } from '@aws-sdk/client-sqs';
import type { Clock } from '../clock.js';
import { parallelDeletes, sqsError, type Queue } from './sqs-client.js';
import type { AckResult } from './source.js';
import type { SqsUri } from './uri.js';

const batchEntries = 10;
const deleteAttempts = 4;
const firstBackoffMs = 200;
const releaseTimeoutMs = 5_000;

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
    let failed = 0;
    await this.inBatches(messages, async (batch) => {
      failed += await this.deleteBatch(batch);
      for (const message of batch) this.held.delete(message);
    });
    return { acked: messages.length - failed, failed };
  }

  /** Hides longer what has used up half of its time. */
  async heartbeat(): Promise<void> {
    const nowMs = this.clock.nowMs();
    const due = [...this.held].filter((held) => nowMs - held.hiddenFromMs > this.uri.visibilitySeconds * 500);
    await this.inBatches(due, async (batch) => {
      try {
        await this.changeVisibility(batch, this.uri.visibilitySeconds);
        for (const held of batch) held.hiddenFromMs = nowMs;
      } catch (error) {
        this.log(`messages could not be hidden longer: ${sqsError(error, this.uri).message}`);
      }
    });
  }

  /** Lets others see at once what was received and will not be acknowledged; at the latest they do when its time is up. */
  async release(): Promise<void> {
    const abortSignal = AbortSignal.timeout(releaseTimeoutMs);
    const left = [...this.held];
    this.held.clear();
    await this.inBatches(left, async (batch) => {
      if (!abortSignal.aborted) await this.changeVisibility(batch, 0, abortSignal).catch(() => undefined);
    });
  }

  private async changeVisibility(batch: readonly Held[], seconds: number, abortSignal?: AbortSignal): Promise<void> {
    const entries = batch.map((held, index) => ({ Id: String(index), ReceiptHandle: held.receiptHandle, VisibilityTimeout: seconds }));
    await this.queue.client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.queue.url, Entries: entries }), abortSignal === undefined ? {} : { abortSignal });
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
      const { Failed = [] } = await this.queue.client.send(new DeleteMessageBatchCommand({ QueueUrl: this.queue.url, Entries: entries }));
      const failed = Failed.filter((entry) => !/ReceiptHandleIsInvalid/.test(entry.Code ?? ''));
      if (failed.length > 0 && failed.every((entry) => /AccessDenied/.test(entry.Code ?? ''))) this.refuse('access denied');
      const ids = new Set(failed.map((entry) => entry.Id));
      return batch.filter((_held, index) => ids.has(String(index)));
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

  /** Ten messages a request, so many requests at once. */
  private async inBatches(messages: readonly Held[], work: (batch: readonly Held[]) => Promise<void>): Promise<void> {
    const batches: Promise<void>[] = [];
    for (let start = 0; start < messages.length; start += batchEntries) {
      const batch = messages.slice(start, start + batchEntries);
      batches.push(this.inTurn(() => work(batch)));
    }
    await Promise.all(batches);
  }

  private async inTurn(work: () => Promise<void>): Promise<void> {
    if (this.running >= parallelDeletes) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.running++;
    try {
      await work();
    } finally {
      this.running--;
      this.waiting.shift()?.();
    }
  }
}
