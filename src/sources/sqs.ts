import { GetQueueAttributesCommand, ReceiveMessageCommand, type Message as SqsMessage } from '@aws-sdk/client-sqs';
import type { LakeError } from '../errors.js';
import type { SourceOptions } from './open.js';
import { Acks, type Held } from './sqs-acks.js';
import { isPassing, openQueue, sqsError, type Queue } from './sqs-client.js';
import type { Batch, Message, Source } from './source.js';
import type { SqsUri } from './uri.js';

/** SQS allows 120,000 messages in flight; receivers wait below that. */
const maxInFlight = 110_000;
/** Received and not asked for yet; bounds memory when the consumer is slow. */
const maxBuffered = 2_000;
const longPollSeconds = 20;
const drainPollSeconds = 1;
const waitMs = 50;
const maxBackoffMs = 10_000;
const maxFailuresInRow = 8;

/** @throws LakeError SOURCE_NOT_FOUND, SOURCE_DENIED, SOURCE_UNREACHABLE */
export async function openSqs(uri: SqsUri, options: SourceOptions): Promise<Source> {
  return new SqsSource(uri, await openQueue(uri), options);
}

interface Received {
  readonly message: Message;
  readonly held: Held;
  readonly bytes: number;
}

class SqsSource implements Source {
  readonly failures: LakeError[] = [];
  readonly uri: string;
  private readonly acks: Acks;
  private readonly stop = new AbortController();
  private readonly idle = new Set<number>();
  private buffer: Received[] = [];
  private wake: (() => void) | null = null;
  private drained = false;
  private failure: LakeError | null = null;
  private freshAtMs: number;

  constructor(
    private readonly settings: SqsUri,
    private readonly queue: Queue,
    private readonly options: SourceOptions,
  ) {
    this.uri = `sqs://${settings.queue}`;
    this.acks = new Acks(queue, settings, options.clock, options.log);
    this.freshAtMs = options.clock.nowMs();
  }

  async *batches(signal: AbortSignal): AsyncGenerator<Batch> {
    const stopping = AbortSignal.any([signal, this.stop.signal]);
    stopping.addEventListener('abort', () => this.notify(), { once: true });
    const receivers = Array.from({ length: this.settings.receivers }, (_none, index) => this.receive(index, stopping));
    const heartbeats = this.keepHidden();
    try {
      for (;;) {
        if (this.buffer.length > 0) yield this.takeBuffer();
        else if (this.failure !== null) throw this.failure;
        else if (this.drained || stopping.aborted) return;
        else await new Promise<void>((resolve) => (this.wake = resolve));
      }
    } finally {
      this.drained = true;
      await Promise.all(receivers);
      heartbeats.catch(() => undefined);
    }
  }

  committed(counts: { readonly fresh: number; readonly redelivered: number }): void {
    if (counts.fresh > 0) this.freshAtMs = this.options.clock.nowMs();
  }

  close(): Promise<void> {
    this.stop.abort();
    this.queue.client.destroy();
    return Promise.resolve();
  }

  private takeBuffer(): Batch {
    const received = this.buffer;
    this.buffer = [];
    return {
      kind: 'messages',
      messages: received.map((each) => each.message),
      bytes: received.reduce((total, each) => total + each.bytes, 0),
      ack: () => this.acks.ack(received.map((each) => each.held)),
    };
  }

  private notify(): void {
    this.wake?.();
    this.wake = null;
  }

  private async receive(index: number, signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!this.drained && !signal.aborted) {
      if (this.acks.inFlight >= maxInFlight || this.buffer.length >= maxBuffered) {
        await this.options.clock.sleep(waitMs, signal);
        continue;
      }
      try {
        const messages = await this.poll(signal);
        failures = 0;
        for (const message of messages) this.take(message);
        if (messages.length > 0) this.idle.delete(index);
        else await this.checkDrained(index, signal);
      } catch (error) {
        if (signal.aborted) break;
        const reason = sqsError(error, this.settings);
        failures++;
        if (!isPassing(reason) || (!this.options.follow && failures >= maxFailuresInRow)) {
          this.failure ??= reason;
          this.drained = true;
          break;
        }
        this.options.log(`${reason.message}; trying again`);
        await this.options.clock.sleep(Math.min(maxBackoffMs, waitMs * 2 ** failures), signal);
      }
    }
    this.notify();
  }

  private async poll(abortSignal: AbortSignal): Promise<SqsMessage[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.queue.url,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: this.options.follow ? longPollSeconds : drainPollSeconds,
      VisibilityTimeout: this.settings.visibilitySeconds,
      MessageSystemAttributeNames: ['SentTimestamp', 'ApproximateReceiveCount'],
    });
    return (await this.queue.client.send(command, { abortSignal })).Messages ?? [];
  }

  private take(message: SqsMessage): void {
    const body = message.Body ?? '';
    const messageId = message.MessageId ?? '';
    const sentAt = Number(message.Attributes?.SentTimestamp);
    this.buffer.push({
      message: {
        body,
        messageId,
        position: messageId,
        sentAtMs: Number.isFinite(sentAt) ? sentAt : null,
        receivedAtMs: this.options.clock.nowMs(),
        redelivered: Number(message.Attributes?.ApproximateReceiveCount ?? 1) > 1,
      },
      held: this.acks.hold(message.ReceiptHandle ?? ''),
      bytes: Buffer.byteLength(body),
    });
    this.notify();
  }

  /** A drain ends when every receiver has found nothing and the queue shows nothing visible. */
  private async checkDrained(index: number, abortSignal: AbortSignal): Promise<void> {
    this.idle.add(index);
    if (this.options.follow) return;
    if (this.acks.denied && this.options.clock.nowMs() - this.freshAtMs > this.settings.visibilitySeconds * 1000) this.drained = true;
    if (this.idle.size < this.settings.receivers || this.drained) return;
    const command = new GetQueueAttributesCommand({ QueueUrl: this.queue.url, AttributeNames: ['ApproximateNumberOfMessages'] });
    const { Attributes } = await this.queue.client.send(command, { abortSignal });
    if (Number(Attributes?.['ApproximateNumberOfMessages'] ?? 0) === 0) this.drained = true;
    else this.idle.clear();
    this.notify();
  }

  /** Runs on after the last batch was given, until the source is closed: its messages are acknowledged later. */
  private async keepHidden(): Promise<void> {
    while (!this.stop.signal.aborted) {
      await this.options.clock.sleep(this.settings.visibilitySeconds * 250, this.stop.signal);
      if (!this.stop.signal.aborted) await this.acks.heartbeat();
    }
  }
}
