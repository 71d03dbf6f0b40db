import type { Clock } from '../clock.js';
import { LakeError } from '../errors.js';
import { KafkaClient } from './kafka-client.js';
import { noOffset, offsetTxn } from './kafka-partition.js';
import { kafkaName, type KafkaUri } from './kafka-uri.js';

export interface PartitionDepth {
  readonly partition: number;
  /** The next offset that the lake wants; null when it has nothing of the partition. */
  readonly offset: number | null;
  /** Behind the last record that can be read. */
  readonly end: number;
  /** Offsets between the two, as an upper bound of records: markers, aborted and compacted records count too. */
  readonly lag: number;
  /** Offsets among these that retention has removed: they can't be landed any more. */
  readonly lost: number;
}

/** How far the lake is behind a topic. */
export interface TopicDepth {
  readonly kind: 'topic';
  readonly uri: string;
  readonly partitions: readonly PartitionDepth[];
  /** Sum of the partitions' lags that still can be read. */
  readonly lagMessages: number;
  /** The greatest of them. */
  readonly greatestLag: number;
  readonly lostMessages: number;
}

/** Asks a topic how far it goes, and keeps its connection. */
export class TopicProbe {
  readonly uri: string;
  private client: KafkaClient | null = null;

  constructor(
    private readonly settings: KafkaUri,
    private readonly timeoutMs: number,
    private readonly clock: Clock,
  ) {
    this.uri = kafkaName(settings);
  }

  /** @param offsets what the lake has, by transaction */
  async read(offsets: ReadonlyMap<string, number>): Promise<TopicDepth> {
    const client = (this.client ??= new KafkaClient(this.settings));
    const done = new AbortController();
    try {
      const late = this.clock.sleep(this.timeoutMs, done.signal).then(() => {
        throw new LakeError(`the brokers of ${this.settings.topic} gave no answer within ${this.timeoutMs / 1000} s`, { code: 'SOURCE_UNREACHABLE', op: 'depth', path: this.uri, hint: 'Check the network and the brokers.' });
      });
      late.catch(() => undefined);
      const asking = this.ask(client, offsets);
      asking.catch(() => undefined);
      return await Promise.race([asking, late]);
    } catch (error) {
      this.close();
      throw error;
    } finally {
      done.abort();
    }
  }

  close(): void {
    this.client?.close().catch(() => undefined);
    this.client = null;
  }

  private async ask(client: KafkaClient, offsets: ReadonlyMap<string, number>): Promise<TopicDepth> {
    const { cluster, topicId, leaders } = await client.topic();
    const [earliest, stable] = [await client.offsets('earliest'), await client.offsets('stable')];
    // Of a topic that is to be read from later on, nothing waits before its first window.
    const begins = this.settings.from === 'earliest' ? earliest : stable;
    const partitions = leaders.map((_leader, partition): PartitionDepth => {
      const stored = offsets.get(offsetTxn(cluster, this.settings.topic, topicId, partition)) ?? noOffset;
      const [first = 0, end = 0] = [earliest[partition], stable[partition]];
      const next = stored === noOffset ? (begins[partition] ?? 0) : stored;
      const lost = Math.max(0, Math.min(first, end) - next);
      return { partition, offset: stored === noOffset ? null : stored, end, lag: Math.max(0, end - next - lost), lost };
    });
    return {
      kind: 'topic',
      uri: this.uri,
      partitions,
      lagMessages: partitions.reduce((total, { lag }) => total + lag, 0),
      greatestLag: Math.max(0, ...partitions.map(({ lag }) => lag)),
      lostMessages: partitions.reduce((total, { lost }) => total + lost, 0),
    };
  }
}
