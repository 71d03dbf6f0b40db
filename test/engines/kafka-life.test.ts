import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { offsetsOf } from '../../src/bronze/offsets.js';
import { probeDepth, type Depth } from '../../src/sources/depth.js';
import { inLake, KafkaServer, positions, span } from '../support/kafka.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { eventBody, type Pipeline } from '../support/pipeline.js';

/** What a probe says of a topic, with the offsets of a lake. */
async function depthOf(uri: string, pipeline: Pipeline): Promise<Depth> {
  const probe = probeDepth(uri);
  try {
    return await probe.read(() => Promise.resolve(new Map()), async () => offsetsOf(await pipeline.lake.table('bronze', 'shop').snapshot()));
  } finally {
    probe.close();
  }
}

describe('what befalls a topic over time', function () {
  this.timeout(120_000);
  let server: KafkaServer;

  before(async () => {
    server = await KafkaServer.start();
  });
  after(async () => {
    await server.stop();
    removeTemporaryFolders();
  });

  it('says how far the lake is behind, by partition', async () => {
    const topic = await server.topic('lag', 2);
    await server.sendEvents(topic, 0, 7);
    await server.sendEvents(topic, 1, 3);
    await inLake(temporaryFolder(), async (pipeline) => {
      const uri = `kafka://${server.broker.address}/${topic}`;
      const partitions = (offsets: readonly (number | null)[], ends: readonly number[]): object[] => offsets.map((offset, partition) => ({ partition, offset, end: ends[partition], lag: (ends[partition] ?? 0) - (offset ?? 0), lost: 0 }));
      assert.deepEqual(await depthOf(uri, pipeline), { kind: 'topic', uri, partitions: partitions([null, null], [7, 3]), lagMessages: 10, greatestLag: 7, lostMessages: 0 });
      await pipeline.land(uri);
      await server.sendEvents(topic, 1, 2, 3);
      assert.deepEqual(await depthOf(uri, pipeline), { kind: 'topic', uri, partitions: partitions([7, 3], [7, 5]), lagMessages: 2, greatestLag: 2, lostMessages: 0 });
    });
  });

  it('tells loudly which offsets retention removed before they were read, and goes on behind them', async () => {
    const topic = await server.topic('gap', 2);
    for (const partition of [0, 1]) await server.sendEvents(topic, partition, 10);
    const root = temporaryFolder();
    await inLake(root, (pipeline) => pipeline.land(server.uri(topic)));
    for (const partition of [0, 1]) await server.sendEvents(topic, partition, 10, 10);
    await server.removeBelow(topic, 1, 16);
    await inLake(root, async (pipeline) => {
      const depth = await depthOf(server.uri(topic), pipeline);
      assert.deepEqual(depth.kind === 'topic' && [depth.lagMessages, depth.lostMessages], [14, 6]);
      const { summary, failures } = await pipeline.land(server.uri(topic));
      assert.deepEqual(summary.gaps, [{ topic, partition: 1, first: 10, last: 15 }]);
      assert.deepEqual(failures.map(({ code, message }) => [code, message]), [['SOURCE_UNREADABLE', `retention removed offsets 10 to 15 of partition 1 of ${topic} before they were read (6 offsets)`]]);
      assert.equal(summary.received, 14);
      assert.deepEqual(await positions(pipeline), [...span(0, 0, 20), ...span(1, 0, 10), ...span(1, 16, 4)].sort());
      const again = await pipeline.land(server.uri(topic));
      assert.deepEqual([again.failures, again.summary.gaps, again.summary.commits], [[], undefined, 0]);
    });
  });

  it('begins at what retention has left, and calls nothing lost, when the lake has nothing of the topic yet', async () => {
    const topic = await server.topic('begun-late');
    await server.sendEvents(topic, 0, 10);
    await server.removeBelow(topic, 0, 4);
    await inLake(temporaryFolder(), async (pipeline) => {
      const { failures } = await pipeline.land(server.uri(topic));
      assert.deepEqual([failures, await positions(pipeline)], [[], span(0, 4, 6)]);
    });
  });

  it('reads a topic that was made again from its beginning, under other message ids', async () => {
    const topic = await server.topic('again');
    await server.sendEvents(topic, 0, 3);
    await inLake(temporaryFolder(), async (pipeline) => {
      await pipeline.land(server.uri(topic));
      await server.admin.deleteTopics({ topics: [topic] });
      await delay(500);
      await server.admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 });
      await server.sendEvents(topic, 0, 2, 3);
      assert.equal((await pipeline.land(server.uri(topic))).summary.received, 2);
      assert.deepEqual(await positions(pipeline), [...span(0, 0, 2), ...span(0, 0, 3)].sort());
    });
  });

  it('refuses a topic that ends before what the lake has of it', async () => {
    const topic = await server.topic('shorter');
    await server.sendEvents(topic, 0, 3);
    await inLake(temporaryFolder(), async (pipeline) => {
      await pipeline.land(server.uri(topic));
      const table = pipeline.lake.table('bronze', 'shop');
      const appId = [...offsetsOf(await table.snapshot()).keys()][0]!;
      await table.commit(() => [{ txn: { appId, version: 50 } }]);
      await assert.rejects(pipeline.land(server.uri(topic)), (error: { code?: string; message?: string; hint?: string }) => error.code === 'SOURCE_UNREADABLE' && /ends at offset 3, and the lake has read it up to 50/.test(error.message ?? '') && /Make the topic again/.test(error.hint ?? ''));
    });
  });

  it('passes the holes that compaction makes, at the end too, and then does not read them again', async () => {
    const configs = { 'cleanup.policy': 'compact', 'segment.ms': '100', 'min.cleanable.dirty.ratio': '0.01', 'delete.retention.ms': '0', 'max.compaction.lag.ms': '100' };
    const topic = await server.topic('compacted', 1, configs);
    const record = (key: string, value: string | null) => ({ key: Buffer.from(key), value: value === null ? null : eventBody({ user_id: value }) });
    for (let round = 0; round < 5; round++) await server.send(topic, 0, ['a', 'b', 'c'].map((key) => record(key, `${key}${round}`)));
    await server.send(topic, 0, [record('c', null)]);
    await delay(300);
    await server.send(topic, 0, [record('d', 'last')]);
    await compacted(topic, 6);
    await inLake(temporaryFolder(), async (pipeline) => {
      const { summary } = await pipeline.land(server.uri(topic));
      const depth = await depthOf(server.uri(topic), pipeline);
      assert.deepEqual(depth.kind === 'topic' && [depth.lagMessages, depth.partitions[0]?.offset], [0, 17]);
      assert.ok(summary.received < 17 && summary.received >= 3, `${summary.received}`);
      assert.equal((await pipeline.land(server.uri(topic))).summary.commits, 0);
    });
  });

  /** Waits until a new lake finds fewer records than there were. */
  async function compacted(topic: string, atMost: number): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      const received = await inLake(temporaryFolder(), async (pipeline) => (await pipeline.land(server.uri(topic))).summary.received);
      if (received <= atMost) return;
      await delay(300);
    }
    throw new Error('it was not compacted');
  }

  it('begins where the URI says, once: from then on where the lake says', async () => {
    const topic = await server.topic('from', 2);
    for (const partition of [0, 1]) await server.sendEvents(topic, partition, 5);
    const uri = server.uri(topic, { from: 'latest' });
    const root = temporaryFolder();
    await inLake(root, async (pipeline) => assert.equal((await pipeline.land(uri)).summary.received, 0));
    for (const partition of [0, 1]) await server.sendEvents(topic, partition, 2, 5);
    await inLake(root, async (pipeline) => {
      assert.equal((await pipeline.land(uri)).summary.received, 4);
      assert.deepEqual(await positions(pipeline), [...span(0, 5, 2), ...span(1, 5, 2)].sort());
    });
  });

  it('begins at a time', async () => {
    const topic = await server.topic('since');
    const at = (iso: string) => ({ value: eventBody(), timestamp: BigInt(Date.parse(iso)) });
    await server.send(topic, 0, [at('2026-01-01T00:00:00Z'), at('2026-01-02T00:00:00Z'), at('2026-01-03T00:00:00Z')]);
    await inLake(temporaryFolder(), async (pipeline) => {
      await pipeline.land(server.uri(topic, { from: '2026-01-02' }));
      assert.deepEqual(await positions(pipeline), span(0, 1, 2));
    });
  });
});
