import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { ConnectionPool, Consumer, FetchIsolationLevels, kGetApi, ListOffsetTimestamps, ResponseError, type API, type Connection, type ConsumerOptions, type fetchV17 } from '@platformatic/kafka';
import { LakeError, messageOf } from '../errors.js';
import { completeCompression } from './kafka-compression.js';
import { hide, isLeaderless, kafkaError } from './kafka-error.js';
import { kafkaName, type KafkaUri } from './kafka-uri.js';

type FetchRequest = fetchV17.FetchRequest;
type FetchResponse = fetchV17.FetchResponse;
/** What a fetch has brought of one partition. */
export type FetchedPartition = fetchV17.FetchResponsePartition;

const clientId = 'ingot';
const connectTimeoutMs = 5_000;
const requestTimeoutMs = 30_000;
/** Until a request is given up, an open waits no longer than this. */
export const openTimeoutMs = 25_000;
/** Fetches name topics by their ids from this version on. */
const leastFetchVersion = 13;
/** Each fetch stands for itself: no session is made of it at the broker. */
const sessionless = { id: 0, epoch: -1 };

/** A topic as the cluster has it now. */
export interface TopicFacts {
  readonly cluster: string;
  readonly topicId: string;
  /** By partition: the node that leads it; -1 for none. */
  readonly leaders: readonly number[];
}

export interface FetchWanted {
  readonly partition: number;
  readonly offset: number;
  readonly maxBytes: number;
}

/** What a client of the library is made of. @throws LakeError USAGE when a file can't be read */
export function clientOptions(uri: KafkaUri): Omit<ConsumerOptions<Buffer, Buffer, Buffer, Buffer>, 'groupId'> {
  const tls = tlsOptions(uri);
  return {
    clientId,
    bootstrapBrokers: [...uri.brokers],
    connectTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    retries: 2,
    retryDelay: 300,
    autocommit: false,
    ...(tls === null ? {} : { tls, tlsServerName: !uri.brokers.some((broker) => /^(\[|[\d.]+:)/.test(broker)) }),
    ...(uri.sasl === null ? {} : { sasl: { mechanism: uri.sasl.mechanism, username: uri.sasl.username ?? '', password: uri.sasl.password ?? '' } }),
  };
}

function tlsOptions(uri: KafkaUri): TlsOptions | null {
  if (uri.tls === null) return null;
  const { ca, cert, key } = uri.tls;
  return { ...(ca === null ? {} : { ca: pem(ca, uri) }), ...(cert === null ? {} : { cert: pem(cert, uri) }), ...(key === null ? {} : { key: pem(key, uri) }) };
}

function pem(path: string, uri: KafkaUri): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new LakeError(`--from: ${path} can't be read: ${messageOf(error)}`, { code: 'USAGE', op: 'options', path: kafkaName(uri), hint: 'ca, cert and key are PEM files.' });
  }
}

/** A new leader is there within seconds, as a rule. */
const leaderLooks = 40;
const leaderLookMs = 500;

/** One client of a cluster for one topic. What the library answers wrongly or not at all is put right here. */
export class KafkaClient {
  private readonly consumer: Consumer;
  /** Of their own, so that nothing else waits behind a long fetch. */
  private readonly fetches: ConnectionPool;
  private fetchApi: API<FetchRequest, FetchResponse> | null = null;
  private brokers = new Map<number, { readonly host: string; readonly port: number }>();

  constructor(readonly uri: KafkaUri) {
    completeCompression();
    const options = clientOptions(uri);
    this.consumer = new Consumer({ ...options, groupId: clientId });
    this.fetches = new ConnectionPool(clientId, options);
  }

  /** @throws LakeError as `kafkaError` gives it */
  topic(): Promise<TopicFacts> {
    return this.guard(async () => {
      const { topic } = this.uri;
      const metadata = await this.consumer.metadata({ topics: [topic], forceUpdate: true });
      const facts = metadata.topics.get(topic);
      if (facts === undefined) throw new Error(`Unknown topic ${topic}.`);
      this.brokers = new Map(metadata.brokers);
      return { cluster: metadata.id, topicId: facts.id, leaders: Array.from({ length: facts.partitionsCount }, (_none, index) => facts.partitions[index]?.leader ?? -1) };
    });
  }

  /**
   * Offsets of all partitions, in their order.
   * @param which of the first record; behind the last one that no open transaction holds back; of the first record of a time (ms), -1 where there is none
   */
  offsets(which: 'earliest' | 'stable' | 'end' | number): Promise<number[]> {
    return this.guard(async () => {
      const { topic } = this.uri;
      const timestamp = which === 'earliest' ? ListOffsetTimestamps.EARLIEST : typeof which === 'string' ? ListOffsetTimestamps.LATEST : BigInt(which);
      const isolationLevel = which === 'end' ? FetchIsolationLevels.READ_UNCOMMITTED : FetchIsolationLevels.READ_COMMITTED;
      const found = await this.led(() => this.consumer.listOffsets({ topics: [topic], timestamp, isolationLevel }));
      return [...(found.get(topic) ?? [])].map(Number);
    });
  }

  /** What partitions have from their offsets on, of one node, without what open transactions hold back. An error of one partition is in its part of the answer. */
  fetch(node: number, topicId: string, wanted: readonly FetchWanted[], maxWaitMs: number, maxBytes: number): Promise<readonly FetchedPartition[]> {
    return this.guard(async () => {
      const broker = this.brokers.get(node);
      if (broker === undefined) throw new LakeError(`no broker leads a partition of ${this.uri.topic} now`, { code: 'SOURCE_UNREACHABLE', op: 'kafka', path: kafkaName(this.uri), hint: 'Look at the brokers: a partition has no leader.' });
      const api = await this.api();
      const connection = await this.fetches.get(broker);
      const partitions = wanted.map(({ partition, offset, maxBytes: partitionMaxBytes }) => ({ partition, fetchOffset: BigInt(offset), partitionMaxBytes, currentLeaderEpoch: -1, lastFetchedEpoch: -1 }));
      const request: FetchRequest = [maxWaitMs, 1, maxBytes, FetchIsolationLevels.READ_COMMITTED, sessionless.id, sessionless.epoch, [{ topicId, partitions }], [], ''];
      const response = await answered(connection, () => api.async(connection, ...request));
      return response.responses.flatMap((topic) => topic.partitions);
    });
  }

  /** Ends all requests that are under way. */
  async close(): Promise<void> {
    await Promise.allSettled([this.fetches.close(), this.consumer.close()]);
  }

  private async api(): Promise<API<FetchRequest, FetchResponse>> {
    const api = (this.fetchApi ??= await new Promise<API<FetchRequest, FetchResponse>>((resolve, reject) => {
      this.consumer[kGetApi]<FetchRequest, FetchResponse>('Fetch', (error, found) => (found === undefined ? reject(error ?? new Error('no Fetch')) : resolve(found)));
    }));
    if (api.version >= leastFetchVersion) return api;
    throw new LakeError('the cluster is too old: topics have no ids there', { code: 'SOURCE_UNREADABLE', op: 'kafka', path: kafkaName(this.uri), hint: 'Kafka 3.1 or newer is needed.' });
  }

  /** Asks again, with the leaders of now, while a partition has none. */
  private async led<T>(work: () => Promise<T>): Promise<T> {
    for (let look = 1; ; look++) {
      try {
        return await work();
      } catch (error) {
        if (look === leaderLooks || !isLeaderless(error)) throw error;
      }
      await delay(leaderLookMs);
      await this.consumer.metadata({ topics: [this.uri.topic], forceUpdate: true });
    }
  }

  private async guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw hide(kafkaError(error, this.uri), this.uri);
    }
  }
}

/** An answer in which only some partitions have errors is one; after any other error the connection can't be trusted any more. */
async function answered(connection: Connection, work: () => Promise<FetchResponse>): Promise<FetchResponse> {
  try {
    return await work();
  } catch (error) {
    const response = error instanceof ResponseError ? (error as ResponseError & { readonly response?: FetchResponse }).response : undefined;
    if (response !== undefined && response.errorCode === 0) return response;
    connection.close().catch(() => undefined);
    throw error;
  }
}
