import { join } from 'node:path';
import { Admin, Consumer, MessagesStreamModes, Producer } from '@platformatic/kafka';
import type { Dataset } from '../../src/dataset.js';
import { generateActions } from '../../src/generate/actions.js';
import { generateShop } from '../../src/generate/shop.js';
import { loadDataset } from '../../src/load.js';
import { KafkaClient } from '../../src/sources/kafka-client.js';
import { offsetAfter } from '../../src/sources/kafka-records.js';
import { kafkaUri, type KafkaUri } from '../../src/sources/kafka-uri.js';
import { cachedKafka, KafkaBroker } from '../engines/kafka.js';
import { compare, type PartResult } from './figures.js';
import { pair } from './landing.js';
import { alternate, type Side } from './measure.js';
import { stepsOf, stepText } from './steps.js';
import { datasetsDir, generated, landFrom, type Workbench } from './workbench.js';

const partitions = 4;
const batchRows = 500;
/** Actions are a sixth of a shop's event, so that both topics have about as many bytes. */
const actionsPerEvent = 6;
const fetchBytes = 8 * 2 ** 20;

/** A topic into bronze, against consumers that only read, by the same client; and where a consumer's time goes. */
export async function kafka(bench: Workbench): Promise<PartResult> {
  const libs = await cachedKafka();
  if (libs === null) return { figures: [], notes: ['Kafka is not in the cache: `npm run test:engines` puts it there; nothing was measured of it'] };
  const broker = await KafkaBroker.start({}, libs);
  try {
    const actions = await loadDataset(datasetsDir, 'actions');
    const shop = await compareReads(bench, { dataset: bench.dataset, uri: kafkaUri(`kafka://${broker.address}/bench-shop`), lines: generateShop({ ...generated, events: bench.events, form: 'json' }), events: bench.events });
    const many = bench.events * actionsPerEvent;
    const small = await compareReads(bench, { dataset: actions, uri: kafkaUri(`kafka://${broker.address}/bench-actions`), lines: generateActions({ ...generated, events: many, days: 1 }), events: many });
    return { figures: [...shop.figures, ...small.figures], notes: [...shop.notes, ...small.notes] };
  } finally {
    await broker.stop();
  }
}

/** What is sent into a topic and landed from it. */
interface Load {
  readonly dataset: Dataset;
  readonly uri: KafkaUri;
  readonly lines: Iterable<string>;
  readonly events: number;
}

/** @returns bytes of all events */
async function fill({ uri: { brokers, topic }, lines }: Load): Promise<number> {
  const options = { clientId: 'bench', bootstrapBrokers: [...brokers] };
  const admin = new Admin(options);
  await admin.createTopics({ topics: [topic], partitions, replicas: 1 });
  await admin.close();
  const producer = new Producer(options);
  let bytes = 0;
  let sent = 0;
  let batch: Buffer[] = [];
  const send = async (): Promise<void> => {
    const partition = Math.floor(sent / batchRows) % partitions;
    if (batch.length > 0) await producer.send({ messages: batch.map((value) => ({ topic, partition, value })), acks: 1 });
    sent += batch.length;
    batch = [];
  };
  for (const line of lines) {
    const value = Buffer.from(line);
    bytes += value.length;
    batch.push(value);
    if (batch.length === batchRows) await send();
  }
  await send();
  await producer.close();
  return bytes;
}

async function compareReads(bench: Workbench, load: Load): Promise<PartResult> {
  const { dataset, uri, events } = load;
  const bytes = await fill(load);
  const from = `kafka://${uri.brokers.join(',')}/${uri.topic}`;
  const whole = (read: number): void => {
    if (read !== events) throw new Error(`${read} of ${events} records were read`);
  };
  const ingot: Side = { name: 'Ingot', events, work: (folder) => landFrom(join(folder, 'lake'), from, dataset) };
  const fetches: Side = { name: 'fetch alone', events, work: async () => whole(await fetchAll(uri)) };
  const stream: Side = { name: 'the client\'s stream', events, work: async () => whole(await streamAll(uri, events)) };
  const sides = [ingot, fetches, stream];
  const costs = await alternate(sides, bench.runs, bench.folder);
  const against = (side: Side, what: string) => compare('kafka', what, pair(ingot, sides, costs), pair(side, sides, costs), null);
  const figures = [against(fetches, `A topic of ${dataset.name} into bronze, against fetching alone`), against(stream, `A topic of ${dataset.name} into bronze, against the client's stream`)];
  const megabytes = (wallMs: number | null): string => `${(bytes / 1e3 / (wallMs ?? NaN)).toFixed(1)} MB/s`;
  const steps = await stepsOf(join(bench.folder, 'steps'), from, dataset);
  return {
    figures,
    notes: [
      `kafka, ${dataset.name}: ${(bytes / 1e6).toFixed(1)} MB in ${partitions} partitions; Ingot ${megabytes(figures[0]!.ours.wallMs)}, fetch alone ${megabytes(figures[0]!.peer.wallMs)}, the client's stream ${megabytes(figures[1]!.peer.wallMs)}`,
      `kafka, ${dataset.name}, a consumer's time by step: ${stepText(steps)}`,
    ],
  };
}

/** Reads all partitions to their ends, and does nothing with the records. */
async function fetchAll(uri: KafkaUri): Promise<number> {
  const client = new KafkaClient(uri);
  try {
    const { topicId, leaders } = await client.topic();
    const ends = await client.offsets('stable');
    const positions = leaders.map(() => 0);
    let read = 0;
    while (positions.some((position, partition) => position < (ends[partition] ?? 0))) {
      const wanted = positions.map((offset, partition) => ({ partition, offset, maxBytes: fetchBytes / partitions })).filter(({ offset, partition }) => offset < (ends[partition] ?? 0));
      for (const { partitionIndex, records = [] } of await client.fetch(leaders[0]!, topicId, wanted, 500, fetchBytes)) {
        positions[partitionIndex] = offsetAfter(records, positions[partitionIndex] ?? 0);
        for (const batch of records) read += batch.records.length;
      }
    }
    return read;
  } finally {
    await client.close();
  }
}

/** Reads as the client's users do. */
async function streamAll(uri: KafkaUri, events: number): Promise<number> {
  const consumer = new Consumer({ clientId: 'bench', groupId: `bench-${Date.now()}`, bootstrapBrokers: [...uri.brokers], autocommit: false });
  try {
    const stream = await consumer.consume({ topics: [uri.topic], mode: MessagesStreamModes.EARLIEST });
    let read = 0;
    for await (const message of stream) {
      if (message.value.length > 0) read++;
      if (read === events) break;
    }
    return read;
  } finally {
    await new Promise<void>((resolve) => consumer.close(true, () => resolve()));
  }
}
