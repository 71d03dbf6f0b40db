import type { AckResult, Batch, Message, Source } from '../../src/sources/source.js';

/** A queue as bronze sees it: what has not been let go comes again, marked, with the id it had. */
export class MessageQueue {
  private readonly delivered = new Set<string>();
  readonly acked: string[] = [];

  constructor(private readonly bodies: ReadonlyMap<string, string>) {}

  get left(): string[] {
    return [...this.bodies.keys()].filter((id) => !this.acked.includes(id));
  }

  /** A new consumer of the queue; `onAck` is called before each message is let go and may throw. */
  open(batchRows: number, onAck: (messageId: string) => void = () => undefined): Source {
    return new QueueSource(this, batchRows, onAck);
  }

  message(messageId: string): Message {
    const redelivered = this.delivered.has(messageId);
    this.delivered.add(messageId);
    return { body: this.bodies.get(messageId) ?? '', messageId, position: messageId, sentAtMs: Date.parse('2026-03-10T11:59:00Z'), receivedAtMs: Date.parse('2026-03-10T12:00:00Z'), redelivered };
  }
}

class QueueSource implements Source {
  readonly uri = 'test://queue';
  readonly failures = [];

  constructor(
    private readonly queue: MessageQueue,
    private readonly batchRows: number,
    private readonly onAck: (messageId: string) => void,
  ) {}

  async *batches(): AsyncGenerator<Batch> {
    const ids = this.queue.left;
    for (let start = 0; start < ids.length; start += this.batchRows) {
      const messages = ids.slice(start, start + this.batchRows).map((id) => this.queue.message(id));
      yield await Promise.resolve({ kind: 'messages', messages, bytes: messages.reduce((total, { body }) => total + body.length, 0), ack: () => this.ack(messages) } as const);
    }
  }

  private ack(messages: readonly Message[]): Promise<AckResult> {
    try {
      for (const { messageId } of messages) {
        this.onAck(messageId);
        this.queue.acked.push(messageId);
      }
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
    return Promise.resolve({ acked: messages.length, failed: 0 });
  }

  committed(): void {
    return;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
