import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { storageError } from '../lake/local.js';
import type { AckResult, Batch, FileMark, Message } from '../sources/source.js';

/** Message ids of file lines: enough of the content's hash to be unique, and the line. */
const fileIdLength = 32;

/** A message that its source delivered before. */
export interface Redelivery {
  readonly messageId: string;
  readonly sentAtMs: number | null;
}

export interface WindowFile {
  readonly fileId: string;
  readonly source: string;
  readonly receivedAtMs: number;
}

/** Messages between two commits, spooled to files; memory holds what acknowledging them needs. */
export class Window {
  rows = 0;
  bytes = 0;
  /** Messages that are in the window twice: the first counts. */
  repeated = 0;
  readonly redeliveries: Redelivery[] = [];
  /** By file number: a path's content may be replaced while the window is open. */
  private readonly markByFile = new Map<number, FileMark>();
  /** The files whose lines are in the spool, by number. */
  readonly files = new Map<number, WindowFile>();
  private readonly ids = new Set<string>();
  private readonly acks: (() => Promise<AckResult>)[] = [];

  private constructor(
    readonly openedAtMs: number,
    /** Absolute. */
    readonly folder: string,
    private readonly source: string,
    private readonly lines: FileHandle,
    private readonly messages: FileHandle,
    private readonly bad: FileHandle,
  ) {}

  static async open(folder: string, source: string, nowMs: number): Promise<Window> {
    await mkdir(folder, { recursive: true });
    const [lines, messages, bad] = await Promise.all(
      spoolNames.map((name) => open(join(folder, name), 'w')),
    );
    return new Window(nowMs, folder, source, lines!, messages!, bad!);
  }

  async add(batch: Batch): Promise<void> {
    this.acks.push(batch.ack);
    this.bytes += batch.bytes;
    if (batch.kind === 'messages') {
      await this.addMessages(batch.messages);
      return;
    }
    this.rows += batch.rows;
    const fileId = batch.fileId.slice(0, fileIdLength);
    if (!this.files.has(batch.fileNumber)) this.files.set(batch.fileNumber, { fileId, source: batch.source, receivedAtMs: batch.receivedAtMs });
    this.markByFile.set(batch.fileNumber, batch.mark);
    await this.spool(this.lines, batch.spool);
    for (const { line, body, reason } of batch.slow) {
      const facts = { message_id: `${fileId}:${line}`, source: batch.source, source_position: String(line), sent_at_ms: null, received_at_ms: batch.receivedAtMs };
      if (reason === 'odd') await this.append(this.messages, { body: body.toString('utf8'), ...facts });
      else await this.append(this.bad, { body: body.toString('base64'), ...facts, reason });
    }
  }

  private async addMessages(messages: readonly Message[]): Promise<void> {
    const good: string[] = [];
    for (const message of messages) {
      if (this.ids.has(message.messageId)) {
        this.repeated++;
        continue;
      }
      this.ids.add(message.messageId);
      this.rows++;
      if (message.redelivered) this.redeliveries.push(message);
      const facts = { message_id: message.messageId, source: this.source, source_position: message.position, sent_at_ms: message.sentAtMs, received_at_ms: message.receivedAtMs };
      if (isWellFormed(message.body)) good.push(JSON.stringify({ body: message.body, ...facts }));
      else await this.append(this.bad, { body: Buffer.from(message.body).toString('base64'), ...facts, reason: 'not_utf8' });
    }
    if (good.length > 0) await this.spool(this.messages, `${good.join('\n')}\n`);
  }

  private append(file: FileHandle, record: object): Promise<void> {
    return this.spool(file, `${JSON.stringify(record)}\n`);
  }

  private async spool(file: FileHandle, content: string | Buffer): Promise<void> {
    try {
      await file.writeFile(content);
    } catch (error) {
      throw storageError(error, 'write', this.folder, this.folder);
    }
  }

  /** How far each file has been taken. */
  get marks(): readonly FileMark[] {
    return [...this.markByFile.values()];
  }

  /** Closes the spool; nothing can be added any more. */
  async seal(): Promise<void> {
    await Promise.all([this.lines, this.messages, this.bad].map((file) => file.close()));
  }

  path(name: 'lines' | 'messages' | 'bad'): string {
    return join(this.folder, `${name}.spool`);
  }

  /** Tells the source that the window's messages are in the lake. Only after its commit. */
  async ack(): Promise<AckResult> {
    const results = await Promise.all(this.acks.map((ack) => ack()));
    return { acked: sum(results.map((each) => each.acked)), failed: sum(results.map((each) => each.failed)) };
  }
}

const spoolNames = ['lines.spool', 'messages.spool', 'bad.spool'] as const;

/** False for text with half of a surrogate pair: it has no UTF-8. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
