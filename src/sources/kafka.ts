import { LakeError } from '../errors.js';
import { Change } from './change.js';
import { KafkaClient, openTimeoutMs } from './kafka-client.js';
import { Fetchers } from './kafka-fetchers.js';
import { Membership } from './kafka-group.js';
import { Others } from './kafka-others.js';
import type { Fetched, Partition } from './kafka-partition.js';
import { RecordSpooler, visibleRecords, type SpooledRecords } from './kafka-records.js';
import { Topic } from './kafka-topic.js';
import { kafkaName, type KafkaUri } from './kafka-uri.js';
import type { SourceOptions } from './open.js';
import type { AckResult, Batch, Committed, OffsetGap, RecordBatch, Source } from './source.js';
import { whenReachable } from './wait.js';

/** How often it is looked whether the topic has more partitions. */
const metadataMs = 30_000;

/** @throws LakeError SOURCE_NOT_FOUND, SOURCE_DENIED, SOURCE_UNREACHABLE (within 30 s, and the time that it waits for brokers that are away), SOURCE_UNREADABLE, USAGE */
export function openKafka(uri: KafkaUri, options: SourceOptions): Promise<Source> {
  return whenReachable(() => openOnce(uri, options), uri.brokers.join(', '), uri.waitSeconds, options);
}

async function openOnce(uri: KafkaUri, options: SourceOptions): Promise<Source> {
  const source = new KafkaSource(uri, options);
  try {
    await withinOpenTime(source.open(), uri, options);
    return source;
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function withinOpenTime(opening: Promise<void>, uri: KafkaUri, { clock, signal }: SourceOptions): Promise<void> {
  const done = new AbortController();
  const opened = opening.finally(() => done.abort());
  const late = clock.sleep(openTimeoutMs, AbortSignal.any([done.signal, signal])).then(() => 'late' as const);
  if ((await Promise.race([opened, late])) !== 'late' || done.signal.aborted) return opened;
  opened.catch(() => undefined);
  const message = signal.aborted ? `stopped by a signal before the brokers of ${uri.topic} gave an answer` : `the brokers of ${uri.topic} gave no answer within ${openTimeoutMs / 1000} s`;
  throw new LakeError(message, { code: 'SOURCE_UNREACHABLE', op: 'kafka', path: kafkaName(uri), hint: 'Check the network and the brokers; brokers that speak TLS need tls=true.' });
}

class KafkaSource implements Source {
  readonly uri: string;
  private readonly client: KafkaClient;
  private readonly topic: Topic;
  private readonly fetchers: Fetchers;
  private readonly membership: Membership | null;
  private readonly spooler = new RecordSpooler();
  private readonly changed = new Change();
  private readonly closing = new AbortController();
  /** The open window is to be committed: others wait for it. */
  private closeWindow = false;
  private assigning: Promise<void> = Promise.resolve();
  private failure: LakeError | null = null;
  /** What is in the lake and not told to the group yet. */
  private readonly landed = new Map<number, number>();
  private readonly others: Others;

  constructor(
    settings: KafkaUri,
    private readonly options: SourceOptions,
  ) {
    this.uri = kafkaName(settings);
    this.client = new KafkaClient(settings);
    this.topic = new Topic(settings, this.client, options);
    this.fetchers = new Fetchers(this.topic, this.client, options, this.changed, () => this.refresh());
    this.others = new Others(settings, this.topic, options.clock, this.changed);
    this.membership = settings.group === null ? null : new Membership(settings, settings.group, options.clock, options.log, {
      assigned: (partitions) => this.assign(partitions),
      rebalancing: () => this.wantClosed(),
      failed: (error) => this.fail(error),
    });
  }

  get failures(): readonly LakeError[] {
    return this.others.failures;
  }

  get gaps(): readonly OffsetGap[] {
    return this.topic.gaps;
  }

  open(): Promise<void> {
    return this.topic.open();
  }

  async *batches(signal: AbortSignal): AsyncGenerator<Batch> {
    const left = new AbortController();
    const stopping = AbortSignal.any([signal, this.closing.signal, left.signal]);
    stopping.addEventListener('abort', () => this.changed.fire(), { once: true });
    try {
      void this.join(stopping);
      if (this.options.follow) void this.watch(stopping);
      for (;;) {
        if (stopping.aborted) return;
        const failure = this.failure ?? this.fetchers.failure;
        if (failure !== null) throw failure;
        const batch = this.next();
        if (batch !== null) yield batch;
        else if (!this.options.follow && this.isDrained(stopping)) return;
        else {
          this.fetchers.ensure(stopping);
          await this.changed.wait();
        }
      }
    } finally {
      left.abort();
    }
  }

  /** Others have landed some of it: what comes next need not be read. */
  committed({ dropped = 0 }: Committed): void {
    this.membership?.tell(this.landed);
    if (dropped === 0) return;
    this.topic.stored().then((stored) => {
      for (const partition of this.topic.partitions) partition.catchUp(stored(partition));
    }, () => undefined);
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.membership?.close();
    await this.client.close();
    await this.fetchers.settle();
  }

  /** What can be given now; null when something has to be waited for. */
  private next(): Batch | null {
    for (let fetched = this.fetchers.take(); fetched !== null; fetched = this.fetchers.take()) {
      const records = this.spool(fetched);
      if (records.rows > 0) return this.batch(fetched.partition, records, fetched.next, false);
    }
    const { partitions } = this.topic;
    const first = partitions[0];
    if (this.closeWindow && first !== undefined) {
      this.closeWindow = false;
      return this.batch(first, null, first.given, true);
    }
    const moved = partitions.find((partition) => partition.begins || (partition.assigned && partition.hasMoved));
    return moved === undefined ? null : this.batch(moved, null, moved.position, false);
  }

  private spool({ partition, batches, aborted, from }: Fetched): SpooledRecords {
    return this.spooler.spool(visibleRecords(batches, aborted, from), partition.number, this.options.clock.nowMs());
  }

  private batch(partition: Partition, records: SpooledRecords | null, next: number, closes: boolean): RecordBatch {
    const { number, index, idPrefix, appId, given: from } = partition;
    partition.give(next);
    return {
      kind: 'records',
      number,
      partition: index,
      idPrefix,
      rows: records?.rows ?? 0,
      bytes: records?.bytes ?? 0,
      spool: records?.spool ?? Buffer.alloc(0),
      slow: records?.slow ?? [],
      receivedAtMs: this.options.clock.nowMs(),
      mark: { appId, from, next },
      closes,
      ack: () => this.acknowledge(index, records?.rows ?? 0, next),
    };
  }

  /** The offset is in the commit itself; this is for the group's tools. */
  private acknowledge(index: number, rows: number, next: number): Promise<AckResult> {
    if (next > 0) this.landed.set(index, Math.max(next, this.landed.get(index) ?? 0));
    return Promise.resolve({ acked: rows, failed: 0 });
  }

  /** True when every partition has been read, by this process or by others, as far as it went when the drain began. */
  private isDrained(stopping: AbortSignal): boolean {
    const { partitions } = this.topic;
    const own = partitions.filter((partition) => partition.assigned);
    if (own.some((partition) => !partition.done || partition.waiting > 0)) return false;
    const left = partitions.filter((partition) => !partition.assigned && !partition.done);
    if (left.length === 0) return true;
    if (this.membership === null || this.membership.joining) return false;
    return this.others.haveLanded(left, stopping, () => this.wantClosed());
  }

  private async join(stopping: AbortSignal): Promise<void> {
    if (this.membership === null) {
      this.assign(this.topic.partitions.map(({ index }) => index));
      return;
    }
    try {
      await this.membership.start();
    } catch (error) {
      if (!stopping.aborted) this.fail(error as LakeError);
    }
  }

  private assign(indices: readonly number[]): void {
    this.assigning = this.assigning.then(() => this.assignNow(indices)).catch((error: unknown) => this.fail(error as LakeError));
  }

  private async assignNow(indices: readonly number[]): Promise<void> {
    // Another member has seen first that the topic has more partitions.
    if (indices.some((index) => index >= this.topic.partitions.length)) await this.topic.refresh();
    const stored = await this.topic.stored();
    const wanted = new Set(indices);
    for (const partition of this.topic.partitions) {
      const mine = wanted.has(partition.index);
      if (mine && !partition.assigned) partition.catchUp(stored(partition));
      partition.assigned = mine;
    }
    this.others.waitAnew();
    this.changed.fire();
  }

  private async refresh(): Promise<void> {
    if (!(await this.topic.refresh())) return;
    if (this.membership === null) this.assign(this.topic.partitions.map(({ index }) => index));
    else await this.membership.divideAgain();
  }

  private async watch(stopping: AbortSignal): Promise<void> {
    for (;;) {
      await this.options.clock.sleep(metadataMs, stopping);
      if (stopping.aborted) return;
      await this.refresh().catch(() => undefined);
    }
  }

  private wantClosed(): void {
    this.closeWindow = true;
    this.changed.fire();
  }

  private fail(error: LakeError): void {
    this.failure ??= error;
    this.changed.fire();
  }
}
