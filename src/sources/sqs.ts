import { setMaxListeners } from 'node:events';
import { GetQueueAttributesCommand, ReceiveMessageCommand, type Message as SqsMessage } from '@aws-sdk/client-sqs';
import type { LakeError } from '../errors.js';
import { Change } from './change.js';
import type { SourceOptions } from './open.js';
import { Acks } from './sqs-acks.js';
import { isPassing, openQueue, sqsError, type Queue } from './sqs-client.js';
import { HeldMessages, type Held } from './sqs-held.js';
import type { AckResult, Batch, Message, Source } from './source.js';
import type { SqsUri } from './uri.js';
import { whenReachable } from './wait.js';

/** SQS allows 120,000 messages in flight; receivers wait below that. */
const maxInFlight = 110_000;
/** Received and not asked for yet; bounds memory when the consumer is slow. */
const maxBuffered = 2_000;
const maxBufferedBytes = 32 * 2 ** 20;
const longPollSeconds = 20;
const drainPollSeconds = 1;
const fullWaitMs = 1_000;
const firstBackoffMs = 100;
const maxBackoffMs = 10_000;
const maxFailuresInRow = 8;

/**
 * @param connect tests put a client with faults here
 * @throws LakeError SOURCE_NOT_FOUND, SOURCE_DENIED, SOURCE_UNREACHABLE
 */
export async function openSqs(uri: SqsUri, options: SourceOptions, connect: (uri: SqsUri, signal: AbortSignal) => Promise<Queue> = openQueue): Promise<Source> {
  const where = uri.endpoint ?? 'SQS';
  return new SqsSource(uri, await whenReachable(() => connect(uri, options.signal), where, uri.waitSeconds, options), options);
}

interface Received {
  readonly message: Message;
  readonly held: Held;
  readonly bytes: number;
}

class SqsSource implements Source {
  readonly failures: LakeError[] = [];
  readonly uri: string;
  private readonly held: HeldMessages;
  private readonly acks: Acks;
  private readonly closing = new AbortController();
  private readonly changed = new Change();
  private buffer: Received[] = [];
  private bufferedBytes = 0;
  /** Receivers at work. */
  private running = 0;
  /** Receivers that have found nothing in this round; a round ends when one finds something. */
  private resting = 0;
  private round = 0;
  private drained = false;
  private failure: LakeError | null = null;
  private freshAtMs: number;

  constructor(
    private readonly settings: SqsUri,
    private readonly queue: Queue,
    private readonly options: SourceOptions,
  ) {
    this.uri = `sqs://${settings.queue}`;
    this.held = new HeldMessages(queue, settings, options.clock, options.log);
    this.acks = new Acks(queue, settings, options.clock, options.log, this.held);
    this.freshAtMs = options.clock.nowMs();
  }

  async *batches(signal: AbortSignal): AsyncGenerator<Batch> {
    const left = new AbortController();
    const stopping = AbortSignal.any([signal, this.closing.signal, left.signal]);
    // Each receiver listens once for its poll and once for its rest: no leak, whatever Node takes for one.
    setMaxListeners(2 * this.settings.receivers + 8, stopping);
    stopping.addEventListener('abort', () => this.changed.fire(), { once: true });
    this.running = this.settings.receivers;
    const receivers = Array.from({ length: this.settings.receivers }, () => this.receive(stopping));
    void this.keepHidden();
    try {
      for (;;) {
        if (this.buffer.length > 0) yield this.takeBuffer();
        else if (this.failure !== null) throw this.failure;
        else if (this.running === 0) return;
        else await this.changed.wait();
      }
    } finally {
      left.abort();
      await Promise.all(receivers);
    }
  }

  /** Where nothing can be deleted, the queue is drained when one visibility time has brought nothing fresh. */
  committed(counts: { readonly fresh: number; readonly redelivered: number }): void {
    const nowMs = this.options.clock.nowMs();
    if (counts.fresh > 0) this.freshAtMs = nowMs;
    if (this.options.follow || !this.acks.denied || nowMs - this.freshAtMs <= this.settings.visibilitySeconds * 1000) return;
    this.drained = true;
    this.changed.fire();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.acks.release();
    this.queue.client.destroy();
  }

  private takeBuffer(): Batch {
    const received = this.buffer;
    const held = received.map((each) => each.held);
    const bytes = this.bufferedBytes;
    this.buffer = [];
    this.bufferedBytes = 0;
    this.changed.fire();
    return {
      kind: 'messages',
      messages: received.map((each) => each.message),
      bytes,
      ack: () => this.ack(held),
    };
  }

  private async ack(held: readonly Held[]): Promise<AckResult> {
    const result = await this.acks.ack(held);
    this.changed.fire();
    return result;
  }

  private isFull(): boolean {
    return this.held.size >= maxInFlight || this.buffer.length >= maxBuffered || this.bufferedBytes >= maxBufferedBytes;
  }

  private async receive(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!this.drained && !signal.aborted) {
      if (this.isFull()) {
        await this.changed.wait();
        continue;
      }
      try {
        const messages = await this.poll(signal);
        failures = 0;
        if (messages.length > 0) this.take(messages);
        else if (!this.options.follow) await this.rest(signal);
      } catch (error) {
        await this.failed(error, ++failures, signal);
      }
    }
    this.running--;
    this.changed.fire();
  }

  private async failed(error: unknown, failures: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const reason = sqsError(error, this.settings);
    if (!isPassing(reason) || (!this.options.follow && failures >= maxFailuresInRow)) {
      this.failure ??= reason;
      this.drained = true;
      return;
    }
    this.options.log(`${reason.message}; trying again`);
    await this.options.clock.sleep(Math.min(maxBackoffMs, firstBackoffMs * 2 ** (failures - 1)), signal);
  }

  private async poll(abortSignal: AbortSignal): Promise<SqsMessage[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.queue.url,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: this.options.follow ? longPollSeconds : drainPollSeconds,
      VisibilityTimeout: this.settings.visibilitySeconds,
      MessageSystemAttributeNames: ['SentTimestamp', 'ApproximateReceiveCount'],
    });
    try {
      return (await this.queue.client.send(command, { abortSignal })).Messages ?? [];
    } catch (error) {
      if (!(error instanceof Error) || !/OverLimit/.test(error.name)) throw error;
      await this.options.clock.sleep(fullWaitMs, abortSignal);
      return [];
    }
  }

  /** What is held already isn't given again, nor counted: the lake and the queue have to do with it once. */
  private take(messages: readonly SqsMessage[]): void {
    const receivedAtMs = this.options.clock.nowMs();
    for (const { Body: body = '', MessageId: messageId = '', Attributes, ReceiptHandle = '' } of messages) {
      const receives = Number(Attributes?.ApproximateReceiveCount ?? 1);
      const held = this.held.hold(messageId, ReceiptHandle, receives);
      if (held === null) continue;
      const sentAt = Number(Attributes?.SentTimestamp);
      const redelivered = receives > 1;
      if (!redelivered) this.freshAtMs = receivedAtMs;
      const message: Message = { body, messageId, position: messageId, sentAtMs: Number.isFinite(sentAt) ? sentAt : null, receivedAtMs, redelivered };
      const bytes = Buffer.byteLength(body);
      this.buffer.push({ message, held, bytes });
      this.bufferedBytes += bytes;
    }
    this.resting = 0;
    this.round++;
    this.changed.fire();
  }

  /** After an empty poll: waits until another receiver finds something, or all have found nothing. */
  private async rest(signal: AbortSignal): Promise<void> {
    const round = this.round;
    this.resting++;
    if (this.resting === this.settings.receivers) await this.checkDrained(signal);
    while (round === this.round && !this.drained && !signal.aborted) await this.changed.wait();
  }

  /** No poll is under way and none found anything: the queue is drained if it shows nothing visible. */
  private async checkDrained(abortSignal: AbortSignal): Promise<void> {
    try {
      const command = new GetQueueAttributesCommand({ QueueUrl: this.queue.url, AttributeNames: ['ApproximateNumberOfMessages'] });
      const { Attributes } = await this.queue.client.send(command, { abortSignal });
      this.drained = Number(Attributes?.['ApproximateNumberOfMessages'] ?? 0) === 0;
    } finally {
      this.resting = 0;
      this.round++;
      this.changed.fire();
    }
  }

  /** Runs on after the last batch was given, until the source is closed: its messages are acknowledged later. */
  private async keepHidden(): Promise<void> {
    const { clock } = this.options;
    const everyMs = this.settings.visibilitySeconds * 250;
    for (let tookMs = 0; ; ) {
      await clock.sleep(Math.max(0, everyMs - tookMs), this.closing.signal);
      if (this.closing.signal.aborted) return;
      const fromMs = clock.nowMs();
      await this.held.heartbeat();
      tookMs = clock.nowMs() - fromMs;
    }
  }
}
