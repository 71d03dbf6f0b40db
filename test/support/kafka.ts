import assert from 'node:assert/strict';
import { AclOperations, AclPermissionTypes, Admin, Producer, ResourcePatternTypes, ResourceTypes, type MessageToProduce } from '@platformatic/kafka';
import { KafkaBroker, type KafkaSettings } from '../../scripts/engines/kafka.js';
import { systemClock } from '../../src/clock.js';
import { eventBody, withPipeline, type Pipeline } from './pipeline.js';

type Sent = Omit<MessageToProduce, 'topic' | 'partition' | 'value'> & { readonly value: Buffer | string | null };

/** A broker of our own and what puts records into it. */
export class KafkaServer {
  private topics = 0;
  private readonly producers: Producer[] = [];

  private constructor(
    readonly broker: KafkaBroker,
    readonly admin: Admin,
    private readonly producer: Producer,
  ) {}

  static async start(settings: KafkaSettings = {}): Promise<KafkaServer> {
    const broker = await KafkaBroker.start(settings);
    const options = { clientId: 'test', bootstrapBrokers: [broker.address], retries: 120, retryDelay: 250 };
    return new KafkaServer(broker, new Admin(options), new Producer(options));
  }

  async stop(): Promise<void> {
    for (const producer of [this.producer, ...this.producers]) await new Promise<void>((resolve) => producer.close(true, () => resolve()));
    await this.admin.close();
    await this.broker.stop();
  }

  /** A new topic; its name begins so. */
  async topic(name: string, partitions = 1, configs: Readonly<Record<string, string>> = {}): Promise<string> {
    const topic = `${name}-${++this.topics}`;
    await this.admin.createTopics({ topics: [topic], partitions, replicas: 1, configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })) });
    return topic;
  }

  uri(topic: string, settings: Readonly<Record<string, string>> = {}): string {
    const query = new URLSearchParams(settings).toString();
    return `kafka://${this.broker.address}/${topic}${query === '' ? '' : `?${query}`}`;
  }

  /** Sends records to one partition, in their order, in one batch. @returns the first one's offset */
  async send(topic: string, partition: number, records: readonly Sent[]): Promise<number> {
    // What it knows of a topic is old by seconds, and it would take another partition for one that is new.
    this.producer.clearMetadata();
    const messages = records.map((record) => ({ ...record, topic, partition, value: bytes(record.value) })) as MessageToProduce[];
    const { offsets } = await this.producer.send({ messages, acks: -1 });
    return Number(offsets?.[0]?.offset ?? -1n);
  }

  /** Good events of their own. @param from the first one's number */
  async sendEvents(topic: string, partition: number, count: number, from = 0): Promise<void> {
    const records = Array.from({ length: count }, (_none, index) => ({ value: eventBody({ user_id: `p${partition}-${from + index}` }) }));
    for (let start = 0; start < count; start += 500) await this.send(topic, partition, records.slice(start, start + 500));
  }

  /** A producer whose sends are transactions. */
  transactional(id: string): Producer {
    const producer = new Producer({ clientId: 'test', bootstrapBrokers: [this.broker.address], transactionalId: id, idempotent: true, retries: 5, retryDelay: 100 });
    this.producers.push(producer);
    return producer;
  }

  /** Lets a user do something with a topic. */
  async allow(user: string, topic: string, operations: readonly ('READ' | 'DESCRIBE')[]): Promise<void> {
    const creations = operations.map((operation) => ({ resourceType: ResourceTypes.TOPIC, resourceName: topic, resourcePatternType: ResourcePatternTypes.LITERAL, principal: `User:${user}`, host: '*', operation: AclOperations[operation], permissionType: AclPermissionTypes.ALLOW }));
    await this.admin.createAcls({ creations });
  }

  /** Removes the records of a partition below an offset, as retention does. */
  async removeBelow(topic: string, partition: number, offset: number): Promise<void> {
    await this.admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition, offset: BigInt(offset) }] }] });
  }
}

function bytes(value: Buffer | string | null): Buffer | null {
  return typeof value === 'string' ? Buffer.from(value) : value;
}

/** Sends records as one transaction, and commits or aborts it. */
export async function transaction(producer: Producer, topic: string, bodies: readonly string[], end: 'commit' | 'abort' | 'leave open', partition = 0): Promise<() => Promise<void>> {
  const begun = await producer.beginTransaction();
  // Small batches: an aborted transaction may be longer than a fetch.
  for (const body of bodies) await begun.send({ messages: [{ topic, partition, value: Buffer.from(body) }] });
  if (end === 'commit') await begun.commit();
  if (end === 'abort') await begun.abort();
  return () => begun.commit();
}

/** Opens the same lake for each step, as one process after the other would. */
export function inLake<T>(root: string, work: (pipeline: Pipeline) => Promise<T>): Promise<T> {
  return withPipeline(work, { root, clock: systemClock });
}

/** Positions of all rows that bronze has, rejected ones too, as `<partition>:<offset>`, sorted. None is there twice. */
export async function positions(pipeline: Pipeline): Promise<string[]> {
  const tables = await pipeline.lake.tableNames('bronze');
  const rows = await pipeline.rows(tables.map((table) => `SELECT source_position, message_id FROM bronze.${table}`).join(' UNION ALL '));
  assert.equal(new Set(rows.map((row) => row['message_id'])).size, rows.length);
  return rows.map((row) => String(row['source_position'])).sort();
}

/** `<partition>:<offset>` of so many offsets in a row. */
export function span(partition: number, from: number, count: number): string[] {
  return Array.from({ length: count }, (_none, index) => `${partition}:${from + index}`);
}
