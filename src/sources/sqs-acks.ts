import { DeleteMessageBatchCommand, type DeleteMessageBatchRequestEntry } from '@aws-sdk/client-sqs';
import type { Clock } from '../clock.js';
import { Lane } from './lane.js';
import { batchEntries, parallelDeletes, sqsError, type Queue } from './sqs-client.js';
import type { Held, HeldMessages } from './sqs-held.js';
import type { AckResult } from './source.js';
import type { SqsUri } from './uri.js';

const deleteAttempts = 4;
const firstBackoffMs = 200;
const releaseTimeoutMs = 5_000;

/** Deletes messages of this process that are in the lake, and gives back at the end what is not. */
export class Acks {
  private readonly lane = new Lane(parallelDeletes);
  /** True once the queue has refused a delete for want of permission. */
  denied = false;

  constructor(
    private readonly queue: Queue,
    private readonly uri: SqsUri,
    private readonly clock: Clock,
    private readonly log: (text: string) => void,
    private readonly held: HeldMessages,
  ) {}

  /** Deletes messages that are in the lake. What can't be deleted comes again, and is known then. */
  async ack(messages: readonly Held[]): Promise<AckResult> {
    let failed = 0;
    await this.inBatches(messages, async (batch) => {
      failed += await this.deleteBatch(batch);
      for (const message of batch) this.held.letGo(message);
    });
    return { acked: messages.length - failed, failed };
  }

  /** Lets others see at once what was received and will not be acknowledged; at the latest they do when its time is up. */
  async release(): Promise<void> {
    const abortSignal = AbortSignal.timeout(releaseTimeoutMs);
    await this.inBatches(this.held.clear(), async (batch) => {
      if (!abortSignal.aborted) await this.held.changeVisibility(batch, 0, abortSignal).catch(() => undefined);
    });
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
    const failed = await this.failing(entries);
    // Received again while it was being deleted: an older handle may have done nothing.
    const renewed = batch.filter((held, index) => held.receiptHandle !== entries[index]?.ReceiptHandle);
    const left = batch.filter((held, index) => failed.has(String(index)) && !renewed.includes(held));
    return renewed.length === 0 || this.denied ? [...left, ...renewed] : [...left, ...(await this.tryDelete(renewed))];
  }

  /** Asks once for messages to be deleted. Gives the `Id`s of those that may be there still. */
  private async failing(entries: DeleteMessageBatchRequestEntry[]): Promise<ReadonlySet<string | undefined>> {
    try {
      const { Failed = [] } = await this.queue.client.send(new DeleteMessageBatchCommand({ QueueUrl: this.queue.url, Entries: entries }));
      const failed = Failed.filter((entry) => !/ReceiptHandleIsInvalid/.test(entry.Code ?? ''));
      if (failed.length > 0 && failed.every((entry) => /AccessDenied/.test(entry.Code ?? ''))) this.refuse('access denied');
      return new Set(failed.map((entry) => entry.Id));
    } catch (error) {
      const reason = sqsError(error, this.uri);
      if (reason.code === 'SOURCE_DENIED') this.refuse(reason.message);
      return new Set(entries.map((entry) => entry.Id));
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
      batches.push(this.lane.run(() => work(batch)));
    }
    await Promise.all(batches);
  }
}
