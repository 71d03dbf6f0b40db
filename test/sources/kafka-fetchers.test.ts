import assert from 'node:assert/strict';
import { Change } from '../../src/sources/change.js';
import type { FetchedPartition, KafkaClient } from '../../src/sources/kafka-client.js';
import { Fetchers } from '../../src/sources/kafka-fetchers.js';
import { kafkaUri } from '../../src/sources/kafka-uri.js';
import { LakeError } from '../../src/errors.js';
import { Topic } from '../../src/sources/kafka-topic.js';
import { hastyClock } from './faults.js';

type Answer = Partial<FetchedPartition> & { readonly partitionIndex: number };

const ends = [10, 10];

/** A cluster that is made up: its topic has two partitions of ten offsets, and it gives these answers to fetches, one after the other. */
function madeUp(answers: readonly (readonly Answer[] | Error)[]): { readonly client: KafkaClient; readonly asked: number[][] } {
  const asked: number[][] = [];
  const left = [...answers];
  const client = {
    topic: () => Promise.resolve({ cluster: 'c', topicId: 'id', leaders: [1, 1] }),
    offsets: (which: string) => Promise.resolve(which === 'earliest' ? [0, 0] : ends),
    fetch: (_node: number, _id: string, wanted: readonly { readonly offset: number }[]) => {
      asked.push(wanted.map(({ offset }) => offset));
      const answer = left.shift() ?? new Error('nothing more was expected');
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer.map((each) => ({ errorCode: 0, highWatermark: 10n, lastStableOffset: 10n, logStartOffset: 0n, abortedTransactions: [], preferredReadReplica: -1, ...each })));
    },
  };
  return { client: client as unknown as KafkaClient, asked };
}

const batch = (firstOffset: number, count: number): NonNullable<FetchedPartition['records']>[number] => ({
  firstOffset: BigInt(firstOffset), length: 0, partitionLeaderEpoch: 0, magic: 2, crc: 0, attributes: 0, lastOffsetDelta: count - 1, firstTimestamp: 0n, maxTimestamp: 0n, producerId: -1n, producerEpoch: 0, firstSequence: 0,
  records: Array.from({ length: count }, (_none, offsetDelta) => ({ length: 1, attributes: 0, timestampDelta: 0n, offsetDelta, key: null, value: Buffer.from('{}'), headers: [] })),
});

/** Reads until the drain's ends are reached, or until it fails. */
async function read(answers: readonly (readonly Answer[] | Error)[]): Promise<{ readonly asked: number[][]; readonly given: number[][]; readonly said: string[]; readonly failure: LakeError | null }> {
  const { client, asked } = madeUp(answers);
  const said: string[] = [];
  const options = { follow: false, clock: hastyClock, log: (text: string) => void said.push(text), offsets: () => Promise.resolve(new Map<string, number>()) };
  const topic = new Topic(kafkaUri('kafka://h/t'), client, options);
  await topic.open();
  for (const partition of topic.partitions) partition.assigned = true;
  const changed = new Change();
  const fetchers = new Fetchers(topic, client, options, changed, async () => {
    await topic.refresh();
  });
  const given: number[][] = [];
  fetchers.ensure(new AbortController().signal);
  await fetchers.settle();
  for (let fetched = fetchers.take(); fetched !== null; fetched = fetchers.take()) given.push([fetched.partition.index, fetched.from, fetched.next]);
  return { asked, given, said, failure: fetchers.failure };
}

describe('fetching from the leaders of a topic', () => {
  it('asks on behind what it was given, until each partition has reached its end', async () => {
    const { asked, given } = await read([
      [{ partitionIndex: 0, records: [batch(0, 10)] }, { partitionIndex: 1 }],
      [{ partitionIndex: 1, records: [batch(0, 4), batch(4, 6)] }],
    ]);
    assert.deepEqual(asked, [[0, 0], [0]]);
    assert.deepEqual(given, [[0, 0, 10], [1, 0, 10]]);
  });

  it('goes on behind a hole at the end when the broker has nothing at all, and not when others had more', async () => {
    const { asked, given } = await read([
      [{ partitionIndex: 0, records: [batch(0, 7)] }, { partitionIndex: 1 }],
      [{ partitionIndex: 1 }, { partitionIndex: 0 }],
    ]);
    assert.deepEqual(asked, [[0, 0], [0, 7]]);
    assert.deepEqual(given, [[0, 0, 7]]);
  });

  it('takes an answer without partitions, as a broker that throttles gives it, for nothing', async () => {
    const { asked } = await read([[], [{ partitionIndex: 0, records: [batch(0, 10)] }, { partitionIndex: 1, records: [batch(0, 10)] }]]);
    assert.deepEqual(asked, [[0, 0], [0, 0]]);
  });

  it('tries again, and says it once, when brokers are away or a leader has changed', async () => {
    const away = new LakeError('away', { code: 'SOURCE_UNREACHABLE', op: 'kafka' });
    const whole = [{ partitionIndex: 0, records: [batch(0, 10)] }, { partitionIndex: 1, records: [batch(0, 10)] }];
    const { asked, said, given } = await read([away, away, [{ partitionIndex: 0, errorCode: 6 }, { partitionIndex: 1, errorCode: 6 }], whole]);
    assert.equal(asked.length, 4);
    assert.deepEqual(said, ['away; trying again', 'the brokers of t answer again']);
    assert.equal(given.length, 2);
  });

  it('fails at once when the user may not read, and on what it can\'t understand', async () => {
    assert.equal((await read([[{ partitionIndex: 0, errorCode: 29 }, { partitionIndex: 1 }]])).failure?.code, 'SOURCE_DENIED');
    assert.equal((await read([[{ partitionIndex: 0, records: [{ ...batch(0, 1), magic: 1 }] }, { partitionIndex: 1 }]])).failure?.code, 'SOURCE_UNREADABLE');
    assert.equal((await read([new RangeError('out of bounds')])).failure?.code, 'INTERNAL');
  });
});
