import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { LakeError } from '../errors.js';
import { storageError } from '../lake/local.js';
import type { AckResult, Batch, FileMark, Message, OffsetMark, RecordBatch } from '../sources/source.js';

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

/** A partition of a topic whose records are in the spool. */
export interface WindowPartition extends OffsetMark {
  readonly partition: number;
  readonly idPrefix: string;
}

/** Messages between two commits, spooled to files; memory holds what acknowledging them needs. */
export class Window {
  rows = 0;
  bytes = 0;
  /** The longest line of the spools that are JSON. */
  longestBytes = 0;
  /** Messages that are in the window twice: the first counts. */
  repeated = 0;
  readonly redeliveries: Redelivery[] = [];
  /** By file number: a path's content may be replaced while the window is open. */
  private readonly markByFile = new Map<number, FileMark>();
  /** The files whose lines are in the spool, by number. */
  readonly files = new Map<number, WindowFile>();
  /** The partitions that the window's records are of, by number. */
  readonly partitions = new Map<number, WindowPartition>();
  /** Its source wants it committed now. */
  closes = false;
  private readonly ids = new Set<string>();
  private readonly acks: (() => Promise<AckResult>)[] = [];

  private constructor(
    readonly openedAtMs: number,
    /** Absolute. */
    readonly folder: string,
    readonly source: string,
    private readonly lines: FileHandle,
    private readonly messages: FileHandle,
    private readonly bad: FileHandle,
    private readonly records: FileHandle,
  ) {}

  static async open(folder: string, source: string, nowMs: number): Promise<Window> {
    await mkdir(folder, { recursive: true });
    const [lines, messages, bad, records] = await Promise.all(
      spoolNames.map((name) => open(join(folder, name), 'w')),
    );
    return new Window(nowMs, folder, source, lines!, messages!, bad!, records!);
  }

  async add(batch: Batch): Promise<void> {
    this.acks.push(batch.ack);
    this.bytes += batch.bytes;
    if (batch.kind === 'messages') {
      await this.addMessages(batch.messages);
      return;
    }
    this.rows += batch.rows;
    if (batch.kind === 'records') {
      await this.addRecords(batch);
      return;
    }
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

  private async addRecords({ number, partition, idPrefix, mark, spool, slow, receivedAtMs, closes }: RecordBatch): Promise<void> {
    const known = this.partitions.get(number);
    if (known !== undefined && known.next !== mark.from) throw new LakeError(`partition ${partition} was read up to ${known.next}, and then from ${mark.from}`, { code: 'INTERNAL', op: 'window', path: this.source });
    this.partitions.set(number, { partition, idPrefix, appId: mark.appId, from: known?.from ?? mark.from, next: mark.next });
    this.closes ||= closes;
    if (spool.length > 0) await this.spool(this.records, spool);
    for (const { offset, sentAtMs, key, headers, body, reason } of slow) {
      const facts = { message_id: `${idPrefix}-${offset}`, source: this.source, source_position: `${partition}:${offset}`, sent_at_ms: sentAtMs, received_at_ms: receivedAtMs, message_key: key, message_headers: headers, number, record_offset: offset };
      if (reason === 'odd') await this.append(this.messages, { body: body?.toString('utf8') ?? null, ...facts });
      else await this.append(this.bad, { body: body?.toString('base64') ?? null, ...facts, reason });
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
      if (message.redelivered) this.redeliveries.push({ messageId: message.messageId, sentAtMs: message.sentAtMs });
      const facts = { message_id: message.messageId, source: this.source, source_position: message.position, sent_at_ms: message.sentAtMs, received_at_ms: message.receivedAtMs, ...(message.key === undefined ? {} : { message_key: message.key, message_headers: message.headers ?? null }) };
      if (isWellFormed(message.body)) good.push(this.measured(JSON.stringify({ body: message.body, ...facts })));
      else await this.append(this.bad, { body: Buffer.from(message.body).toString('base64'), ...facts, reason: 'not_utf8' });
    }
    if (good.length > 0) await this.spool(this.messages, `${good.join('\n')}\n`);
  }

  private append(file: FileHandle, record: object): Promise<void> {
    return this.spool(file, `${this.measured(JSON.stringify(record))}\n`);
  }

  private measured(line: string): string {
    this.longestBytes = Math.max(this.longestBytes, Buffer.byteLength(line));
    return line;
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
    await Promise.all([this.lines, this.messages, this.bad, this.records].map((file) => file.close()));
  }

  path(name: 'lines' | 'messages' | 'bad' | 'records'): string {
    return join(this.folder, `${name}.spool`);
  }

  /** Tells the source that the window's messages are in the lake. Only after its commit. */
  async ack(): Promise<AckResult> {
    const results = await Promise.all(this.acks.map((ack) => ack()));
    return { acked: sum(results.map((each) => each.acked)), failed: sum(results.map((each) => each.failed)) };
  }
}

const spoolNames = ['lines.spool', 'messages.spool', 'bad.spool', 'records.spool'] as const;

/** False for text with half of a surrogate pair: it has no UTF-8. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
