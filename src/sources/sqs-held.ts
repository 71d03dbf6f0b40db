import { ChangeMessageVisibilityBatchCommand, type BatchResultErrorEntry } from '@aws-sdk/client-sqs';
import type { Clock } from '../clock.js';
import { batchEntries, parallelHeartbeats, sqsError, type Queue } from './sqs-client.js';
import type { SqsUri } from './uri.js';

/** A message that was received and not deleted yet. */
export interface Held {
  readonly messageId: string;
  /** The newest: older ones may delete and hide nothing. */
  receiptHandle: string;
  /** How often it was received, by whomever, when it got this handle. */
  receives: number;
  /** When it was hidden last. */
  hiddenAtMs: number;
  /** The queue takes this handle no more. */
  lost: boolean;
}

/** Messages of this process that are in flight, each once. Keeps them hidden while a window is open. */
export class HeldMessages {
  private readonly byId = new Map<string, Held>();

  constructor(
    private readonly queue: Queue,
    private readonly uri: SqsUri,
    private readonly clock: Clock,
    private readonly log: (text: string) => void,
  ) {}

  get size(): number {
    return this.byId.size;
  }

  /**
   * Notes a message that was received. One that is held already, since it was hidden for too short a time, gets the new handle.
   * @returns null for one that is held already: it is not to be given again
   */
  hold(messageId: string, receiptHandle: string, receives: number): Held | null {
    const nowMs = this.clock.nowMs();
    const known = this.byId.get(messageId);
    if (known === undefined) {
      const held = { messageId, receiptHandle, receives, hiddenAtMs: nowMs, lost: false };
      this.byId.set(messageId, held);
      return held;
    }
    // Answers to two polls may come in the other order.
    if (receives >= known.receives) Object.assign(known, { receiptHandle, receives, hiddenAtMs: nowMs, lost: false });
    return null;
  }

  letGo(held: Held): void {
    if (this.byId.get(held.messageId) === held) this.byId.delete(held.messageId);
  }

  /** Lets all of them go. @returns them */
  clear(): Held[] {
    const all = [...this.byId.values()];
    this.byId.clear();
    return all;
  }

  /** Hides longer what has used up half of its time: first what has the least left, last what has none. */
  async heartbeat(): Promise<void> {
    const halfMs = this.uri.visibilitySeconds * 500;
    const nowMs = this.clock.nowMs();
    const hasTime = (held: Held): boolean => nowMs - held.hiddenAtMs < 2 * halfMs;
    const due = [...this.byId.values()].filter((held) => this.isDue(held)).sort((one, other) => Number(hasTime(other)) - Number(hasTime(one)) || one.hiddenAtMs - other.hiddenAtMs);
    const rest = due.values();
    await Promise.all(Array.from({ length: Math.min(parallelHeartbeats, Math.ceil(due.length / batchEntries)) }, async () => {
      for (let batch = this.next(rest); batch.length > 0; batch = this.next(rest)) await this.hide(batch);
    }));
  }

  /** Begins the time of messages anew, or with 0 ends it, so that others see them. @returns what the queue did not do, by the place in the batch as `Id` */
  async changeVisibility(batch: readonly Held[], seconds: number, abortSignal?: AbortSignal): Promise<readonly BatchResultErrorEntry[]> {
    const entries = batch.map((held, index) => ({ Id: String(index), ReceiptHandle: held.receiptHandle, VisibilityTimeout: seconds }));
    const { Failed } = await this.queue.client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.queue.url, Entries: entries }), abortSignal === undefined ? {} : { abortSignal });
    return Failed ?? [];
  }

  private isDue(held: Held): boolean {
    return !held.lost && this.clock.nowMs() - held.hiddenAtMs > this.uri.visibilitySeconds * 500;
  }

  /** Meanwhile some may have been deleted, or received again. */
  private next(due: Iterator<Held>): Held[] {
    const batch: Held[] = [];
    while (batch.length < batchEntries) {
      const result = due.next();
      if (result.done === true) break;
      const held = result.value;
      if (this.byId.get(held.messageId) === held && this.isDue(held)) batch.push(held);
    }
    return batch;
  }

  private async hide(batch: readonly Held[]): Promise<void> {
    const handles = batch.map((held) => held.receiptHandle);
    const nowMs = this.clock.nowMs();
    try {
      const failures = new Map((await this.changeVisibility(batch, this.uri.visibilitySeconds)).map((entry) => [entry.Id, entry.Code ?? '']));
      for (const [index, held] of batch.entries()) {
        // Received again meanwhile: this says nothing of its new handle.
        if (held.receiptHandle !== handles[index]) continue;
        const code = failures.get(String(index));
        if (code === undefined) held.hiddenAtMs = nowMs;
        else held.lost = /ReceiptHandleIsInvalid|NotInflight|InvalidParameterValue/.test(code);
      }
    } catch (error) {
      this.log(`messages could not be hidden longer: ${sqsError(error, this.uri).message}`);
    }
  }
}
