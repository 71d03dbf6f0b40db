import { stat } from 'node:fs/promises';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { systemClock } from '../clock.js';
import { LakeError, messageOf, systemCode } from '../errors.js';
import { hashFile } from './file.js';
import { foundIn, membersOf } from './found.js';
import type { TopicDepth, TopicProbe } from './kafka-depth.js';
import { kafkaName, withCredentials, type Environment, type KafkaUri } from './kafka-uri.js';
import type { FileMark } from './source.js';
import { isArchive, readableNames, type StoredFile } from './stored.js';
import { nameOfPlace, parseSourceUri, type FilesUri, type S3Uri, type SqsUri } from './uri.js';

/** A reader of a status waits no longer than this for a queue. */
const timeoutMs = 8_000;

/** What a queue says it holds; SQS counts approximately, and late by seconds up to a minute. */
export interface QueueDepth {
  readonly kind: 'queue';
  readonly uri: string;
  /** Messages that a receiver can have now. */
  readonly visible: number;
  /** Received by somebody, and not deleted yet. */
  readonly inFlight: number;
  readonly delayed: number;
  /** All of these: messages that no commit is known to hold. */
  readonly lagMessages: number;
}

export interface FilesDepth {
  readonly kind: 'files';
  readonly uri: string;
  /** All files that the source means, landed or not. */
  readonly files: number;
  /** Those with content that is not landed. */
  readonly waitingFiles: number;
  /** Their bytes as stored (packed ones packed); of one that has grown, those behind what is landed; of one half landed, all. */
  readonly lagBytes: number;
}

export type Depth = QueueDepth | TopicDepth | FilesDepth;

/** How much of a source waits to be landed. Takes nothing from it, and can be asked again and again. */
export interface DepthProbe {
  readonly uri: string;
  /**
   * @param taken the marks of files in the lake, by content hash; asked for when the source is files
   * @param offsets the offsets of topics in the lake, by transaction; asked for when the source is a topic
   * @throws LakeError SOURCE_NOT_FOUND, SOURCE_DENIED, SOURCE_UNREACHABLE (within 8 s), SOURCE_UNREADABLE
   */
  read(taken: () => Promise<ReadonlyMap<string, FileMark>>, offsets: () => Promise<ReadonlyMap<string, number>>): Promise<Depth>;
  close(): void;
}

/**
 * Names a source whose depth is to be asked for; connects when it is first asked.
 * @param environment variables that may name a user and a password
 * @throws LakeError USAGE for what is no source, and for stdin
 */
export function probeDepth(text: string, environment: Environment = {}): DepthProbe {
  const uri = parseSourceUri(text);
  if (uri.kind === 'sqs') return new QueueProbe(uri);
  if (uri.kind === 'kafka') return topicProbe(withCredentials(uri, environment));
  if (uri.kind === 'sql') throw new LakeError('--from: a database can\'t be asked how much waits in it', { code: 'USAGE', op: 'depth', path: uri.name, hint: 'A run compares its rows with the lake; leave --from out.' });
  if (uri.kind === 'files' && uri.pattern === '-') throw new LakeError('--from: stdin can\'t be asked how much waits in it', { code: 'USAGE', op: 'depth', path: '-', hint: 'Give a queue, a topic, a file, a folder or a glob, or leave --from out.' });
  return { uri: nameOfPlace(uri), read: async (taken) => filesDepth(uri, await taken()), close: () => undefined };
}

/** The library for it is loaded when it is first asked. */
function topicProbe(uri: KafkaUri): DepthProbe {
  let probe: TopicProbe | null = null;
  return {
    uri: kafkaName(uri),
    read: async (_taken, offsets) => {
      const { TopicProbe } = await import('./kafka-depth.js');
      probe ??= new TopicProbe(uri, timeoutMs, systemClock);
      return probe.read(await offsets());
    },
    close: () => probe?.close(),
  };
}

/** Keeps its client: credentials may cost a request each time they are looked for. */
class QueueProbe implements DepthProbe {
  readonly uri: string;
  private client: SQSClient | null = null;
  private url: string | null = null;

  constructor(private readonly settings: SqsUri) {
    this.uri = `sqs://${settings.queue}`;
    this.url = settings.queue.includes('://') ? settings.queue : null;
  }

  async read(): Promise<QueueDepth> {
    const { sqsClient, sqsError } = await import('./sqs-client.js');
    const abortSignal = AbortSignal.timeout(timeoutMs);
    try {
      this.client ??= sqsClient(this.settings);
      return await this.ask(this.client, abortSignal);
    } catch (error) {
      this.close();
      throw sqsError(abortSignal.aborted ? new Error(`no answer within ${timeoutMs / 1000} s`) : error, this.settings);
    }
  }

  close(): void {
    this.client?.destroy();
    this.client = null;
  }

  private async ask(client: SQSClient, abortSignal: AbortSignal): Promise<QueueDepth> {
    const { GetQueueAttributesCommand, GetQueueUrlCommand } = await import('@aws-sdk/client-sqs');
    this.url ??= (await client.send(new GetQueueUrlCommand({ QueueName: this.settings.queue }), { abortSignal })).QueueUrl ?? null;
    if (this.url === null) throw new Error('the queue has no URL');
    const { Attributes = {} } = await client.send(new GetQueueAttributesCommand({ QueueUrl: this.url, AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible', 'ApproximateNumberOfMessagesDelayed'] }), { abortSignal });
    const visible = countOf(Attributes, 'ApproximateNumberOfMessages');
    const inFlight = countOf(Attributes, 'ApproximateNumberOfMessagesNotVisible');
    const delayed = countOf(Attributes, 'ApproximateNumberOfMessagesDelayed');
    return { kind: 'queue', uri: this.uri, visible, inFlight, delayed, lagMessages: visible + inFlight + delayed };
  }
}

function countOf(attributes: Readonly<Partial<Record<string, string>>>, name: string): number {
  const value = Number(attributes[name] ?? NaN);
  if (!Number.isInteger(value)) throw new Error(`it does not say its ${name}`);
  return value;
}

async function filesDepth(uri: FilesUri | S3Uri, taken: ReadonlyMap<string, FileMark>): Promise<FilesDepth> {
  const failures: LakeError[] = [];
  const place = nameOfPlace(uri);
  const found = await foundIn(uri, '', (path, error) => void failures.push(unreadable(path, error)), false, () => AbortSignal.timeout(timeoutMs));
  const landed = new Landed(taken);
  const depth = { files: 0, waitingFiles: 0, lagBytes: 0 };
  const add = (bytes: number): void => {
    depth.files++;
    if (bytes === 0) return;
    depth.waitingFiles++;
    depth.lagBytes += bytes;
  };
  try {
    for await (const file of found.all()) {
      if (uri.kind === 'files' && isArchive(file.name)) for await (const member of members(file)) add(await landed.waitingOf(member));
      else add(uri.kind === 's3' ? await landed.waitingOf(file) : await landed.waitingBytes(file.name));
    }
  } finally {
    await found.close();
  }
  if (failures[0] !== undefined) throw failures[0];
  if (depth.files === 0 && uri.kind === 'files' && !(await isFolder(place))) throw new LakeError(`no file matches ${place}`, { code: 'SOURCE_NOT_FOUND', op: 'depth', path: place, hint: `Give a file, a folder with ${readableNames}, or a glob in quotes.` });
  return { kind: 'files', uri: place, ...depth };
}

async function* members(archive: StoredFile): AsyncGenerator<StoredFile> {
  try {
    yield* membersOf(archive, '', new AbortController().signal);
  } catch (error) {
    throw unreadable(archive.name, error);
  }
}

/** What is in the lake, by path and size, so that files need not be read: only one that has been renamed may have to be. */
class Landed {
  private readonly byPath = new Map<string, FileMark>();
  private readonly sizes = new Set<number>();

  constructor(private readonly marks: ReadonlyMap<string, FileMark>) {
    for (const mark of marks.values()) {
      this.byPath.set(mark.path, mark);
      this.sizes.add(mark.bytes);
    }
  }

  /** Of what lies in an archive or a bucket, by what is said of it there. An archive in a bucket is not looked into. */
  async waitingOf(file: StoredFile): Promise<number> {
    const mark = this.byPath.get(file.name);
    const bytes = await file.bytes();
    return mark?.complete === true && (file.etag === null ? mark.bytes === bytes : mark.etag === file.etag) ? 0 : bytes;
  }

  /** Bytes of a file that are not landed; 0 for one that has gone meanwhile, and for what is no file. */
  async waitingBytes(path: string): Promise<number> {
    try {
      const facts = await stat(path);
      if (!facts.isFile()) return 0;
      const { size } = facts;
      const mark = this.byPath.get(path);
      if (mark?.complete === true && size >= mark.bytes) return size - mark.bytes;
      if (!this.sizes.has(size)) return size;
      const { sha256 } = await hashFile(path, path, null, false);
      return this.marks.get(sha256)?.complete === true ? 0 : size;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return 0;
      throw unreadable(path, error);
    }
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then((facts) => facts.isDirectory(), () => false);
}

function unreadable(path: string, error: unknown): LakeError {
  return new LakeError(`${path} can't be looked at: ${messageOf(error)}`, { code: 'SOURCE_UNREADABLE', op: 'depth', path, hint: 'Let this user read it, or leave it out of --from.', cause: error });
}
