import { LakeError, messageOf } from '../errors.js';
import type { Change } from './change.js';
import type { FetchedPartition, KafkaClient } from './kafka-client.js';
import { isPassing } from './kafka-error.js';
import type { Fetched, Partition } from './kafka-partition.js';
import { offsetAfter } from './kafka-records.js';
import type { Topic } from './kafka-topic.js';
import { kafkaName } from './kafka-uri.js';
import type { SourceOptions } from './open.js';

/** What an answer may hold, as the brokers keep it; of several brokers, all together. One batch of records comes whole, however large. */
const fetchBytes = 8 * 2 ** 20;
const partitionBytes = 2 * 2 ** 20;
/** Fetched and not asked for yet; bounds memory when the consumer is slow. */
const maxWaitingBytes = 16 * 2 ** 20;
const longPollMs = 1_000;
const firstBackoffMs = 100;
const maxBackoffMs = 5_000;
/** A drain gives up when no broker has answered for so long. Following never does. */
const outageMs = 60_000;

const outOfRange = 1;
const denied = 29;
/** The library knows no older format. */
const recordsMagic = 2;

/** Asks the leaders of partitions for records, each in a task of its own, as long as what they bring is taken. */
export class Fetchers {
  private readonly tasks = new Map<number, Promise<void>>();
  private readonly waiting: Fetched[] = [];
  private waitingBytes = 0;
  private turns = 0;
  /** When the brokers stopped to answer; null while they do. */
  private silentSinceMs: number | null = null;
  failure: LakeError | null = null;

  constructor(
    private readonly topic: Topic,
    private readonly client: KafkaClient,
    private readonly options: Pick<SourceOptions, 'follow' | 'clock' | 'log'>,
    private readonly changed: Change,
    private readonly refresh: () => Promise<void>,
  ) {}

  /** Starts the tasks that are wanted and not there. */
  ensure(signal: AbortSignal): void {
    for (const node of new Set(this.wanted().map((partition) => this.topic.leaderOf(partition)))) {
      if (this.tasks.has(node) || this.failure !== null) continue;
      this.tasks.set(node, this.run(node, signal).finally(() => {
        this.tasks.delete(node);
        this.changed.fire();
      }));
    }
  }

  /** The next answer, in the order of offsets; null while there is none. */
  take(): Fetched | null {
    const fetched = this.waiting.shift() ?? null;
    if (fetched === null) return null;
    fetched.partition.waiting--;
    this.waitingBytes -= fetched.bytes;
    this.changed.fire();
    return fetched;
  }

  async settle(): Promise<void> {
    await Promise.all(this.tasks.values());
  }

  private wanted(): Partition[] {
    return this.topic.partitions.filter((partition) => partition.assigned && !partition.done);
  }

  private async run(node: number, signal: AbortSignal): Promise<void> {
    const isStopped = (): boolean => signal.aborted;
    let failures = 0;
    while (!isStopped() && this.failure === null) {
      const asked = this.wanted().filter((partition) => this.topic.leaderOf(partition) === node).sort((a, b) => a.turn - b.turn);
      if (asked.length === 0) return;
      if (this.waitingBytes >= maxWaitingBytes) {
        await this.changed.wait();
        continue;
      }
      try {
        await this.ask(node, asked);
        failures = 0;
        this.answered();
      } catch (error) {
        if (isStopped()) return;
        await this.failed(error, ++failures, signal);
      }
      this.changed.fire();
    }
  }

  private async ask(node: number, asked: readonly Partition[]): Promise<void> {
    const offsets = new Map(asked.map((partition) => [partition.index, partition.position]));
    const wanted = asked.map(({ index, position }) => ({ partition: index, offset: position, maxBytes: partitionBytes }));
    const most = Math.max(partitionBytes, Math.floor(fetchBytes / Math.max(1, this.tasks.size)));
    const answers = await this.client.fetch(node, this.topic.id, wanted, longPollMs, most);
    const byIndex = new Map(asked.map((partition) => [partition.index, partition]));
    const lost: Partition[] = [];
    let stale: FetchedPartition | null = null;
    for (const answer of answers) {
      const partition = byIndex.get(answer.partitionIndex);
      if (partition === undefined || !partition.assigned || partition.position !== offsets.get(partition.index)) continue;
      if (answer.errorCode === 0) this.received(partition, answer);
      else if (answer.errorCode === outOfRange) lost.push(partition);
      else stale = answer;
    }
    const empty = answers.length === asked.length && answers.every(({ errorCode, records }) => errorCode === 0 && (records ?? []).length === 0);
    if (empty) for (const answer of answers) rest(byIndex.get(answer.partitionIndex), answer, offsets);
    for (const partition of lost) await this.topic.putRight(partition);
    if (stale !== null) throw this.staleError(stale);
  }

  private received(partition: Partition, { records = [], abortedTransactions, lastStableOffset }: FetchedPartition): void {
    const from = partition.position;
    if (records.some(({ magic }) => magic !== recordsMagic)) throw new LakeError(`records of ${this.topic.uri.topic} are of a format before Kafka 0.11`, { code: 'SOURCE_UNREADABLE', op: 'kafka', path: kafkaName(this.topic.uri), hint: 'Have them written anew by a producer of today.' });
    partition.position = offsetAfter(records, from);
    partition.resting = partition.position >= Number(lastStableOffset);
    if (records.length === 0) return;
    partition.turn = ++this.turns;
    partition.waiting++;
    const bytes = records.reduce((total, batch) => total + batch.records.reduce((sum, { length }) => sum + length, 0), 0);
    this.waiting.push({ partition, batches: records, aborted: abortedTransactions, from, next: partition.position, bytes });
    this.waitingBytes += bytes;
  }

  private answered(): void {
    if (this.silentSinceMs === null) return;
    this.silentSinceMs = null;
    this.options.log(`the brokers of ${this.topic.uri.topic} answer again`);
  }

  private async failed(error: unknown, failures: number, signal: AbortSignal): Promise<void> {
    if (!(error instanceof LakeError)) {
      this.failure ??= new LakeError(messageOf(error), { code: 'INTERNAL', op: 'kafka', path: kafkaName(this.topic.uri), cause: error });
      return;
    }
    const nowMs = this.options.clock.nowMs();
    if (this.silentSinceMs === null) this.options.log(`${error.message}; trying again`);
    this.silentSinceMs ??= nowMs;
    const silentMs = nowMs - this.silentSinceMs;
    // A topic that is made again is absent for a moment.
    const mayCome = isPassing(error) ? this.options.follow || silentMs < outageMs : error.code === 'SOURCE_NOT_FOUND' && silentMs < outageMs;
    if (!mayCome) {
      this.failure ??= error;
      return;
    }
    await this.options.clock.sleep(Math.min(maxBackoffMs, firstBackoffMs * 2 ** (failures - 1)), signal);
    if (!signal.aborted) await this.refresh().catch(() => undefined);
  }

  private staleError({ errorCode, partitionIndex }: FetchedPartition): LakeError {
    const parts = { op: 'kafka', path: kafkaName(this.topic.uri) };
    if (errorCode === denied) return new LakeError(`the user may not read the topic ${this.topic.uri.topic}`, { ...parts, code: 'SOURCE_DENIED', hint: 'Let it Describe and Read the topic.' });
    return new LakeError(`partition ${partitionIndex} of ${this.topic.uri.topic} can't be read now (Kafka's error ${errorCode})`, { ...parts, code: 'SOURCE_UNREACHABLE', hint: 'Look at the brokers: the partition may have no leader.' });
  }
}

/**
 * The broker has nothing in any of the partitions that were asked for. When it says nevertheless that there is more, all of it was
 * removed by compaction: reading goes on behind that.
 */
function rest(partition: Partition | undefined, { lastStableOffset }: FetchedPartition, offsets: ReadonlyMap<number, number>): void {
  if (partition === undefined || partition.position !== offsets.get(partition.index)) return;
  partition.resting = true;
  partition.position = Math.max(partition.position, Number(lastStableOffset));
}
