import assert from 'node:assert/strict';
import { inLake, KafkaServer, positions, span, transaction } from '../support/kafka.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { eventBody } from '../support/pipeline.js';

describe('a topic of a real Kafka', function () {
  this.timeout(120_000);
  let server: KafkaServer;

  before(async () => {
    server = await KafkaServer.start();
  });
  after(async () => {
    await server.stop();
    removeTemporaryFolders();
  });

  it('is drained with every offset once, and read on from there', async () => {
    const topic = await server.topic('drained', 3);
    for (const partition of [0, 1, 2]) await server.sendEvents(topic, partition, 40);
    const root = temporaryFolder();
    const first = await inLake(root, (pipeline) => pipeline.land(server.uri(topic), { windowRows: '50' }));
    assert.deepEqual([first.summary.received, first.summary.landed, first.summary.rejected, first.failures], [120, 120, 0, []]);
    await server.sendEvents(topic, 1, 5, 40);
    await inLake(root, async (pipeline) => {
      assert.equal((await pipeline.land(server.uri(topic))).summary.received, 5);
      assert.equal((await pipeline.land(server.uri(topic))).summary.commits, 0);
      assert.deepEqual(await positions(pipeline), [...span(0, 0, 40), ...span(1, 0, 45), ...span(2, 0, 40)].sort());
      const audit = await pipeline.audit();
      assert.deepEqual([audit.balanced, audit.received, audit.redelivered], [true, 125, 0]);
    });
  });

  it('ends at once when it is empty', async () => {
    const topic = await server.topic('empty', 4);
    await inLake(temporaryFolder(), async (pipeline) => assert.equal((await pipeline.land(server.uri(topic))).summary.commits, 0));
  });

  it('gives tombstones, empty values and bytes as rejected rows, and odd text verbatim', async () => {
    const topic = await server.topic('kinds');
    const odd = [eventBody({ note: 'a' }).replace('{', '{\n'), eventBody({ note: 'b' }).replace('{', '{\r\n\t'), `${eventBody({ note: 'ç漢😀' })} `];
    await server.send(topic, 0, [...odd.map((value) => ({ value })), { value: null }, { value: '' }, { value: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]) }, { value: 'x\x1fy\x00' }, { value: 'no json' }]);
    await inLake(temporaryFolder(), async (pipeline) => {
      const { summary } = await pipeline.land(server.uri(topic));
      assert.deepEqual([summary.received, summary.landed, summary.rejected], [8, 3, 5]);
      assert.deepEqual((await pipeline.rows('SELECT body FROM bronze.shop ORDER BY source_position')).map((row) => row['body']), odd);
      const rejected = await pipeline.rows('SELECT source_position, reason, hex(body) AS body FROM bronze.shop_rejected ORDER BY source_position');
      assert.deepEqual(rejected.map((row) => [row['source_position'], row['reason'], row['body']]), [
        ['0:3', 'tombstone', null],
        ['0:4', 'empty', ''],
        ['0:5', 'not_utf8', '7BFFFE7D'],
        ['0:6', 'not_json', '781F7900'],
        ['0:7', 'not_json', Buffer.from('no json').toString('hex').toUpperCase()],
      ]);
      assert.equal((await pipeline.audit()).balanced, true);
    });
  });

  for (const compression of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
    it(`reads records that are packed by ${compression}`, async () => {
      // The broker packs them, whatever the producer does.
      const topic = await server.topic(compression, 1, { 'compression.type': compression });
      const bodies = Array.from({ length: 100 }, (_none, index) => eventBody({ user_id: `u${index}`, note: 'again and again' }));
      await server.send(topic, 0, bodies.map((value) => ({ value })));
      await inLake(temporaryFolder(), async (pipeline) => {
        await pipeline.land(server.uri(topic));
        assert.deepEqual((await pipeline.rows('SELECT body FROM bronze.shop')).map((row) => row['body']).sort(), [...bodies].sort());
      });
    });
  }

  it('leaves out aborted transactions, several of one producer too, and ends behind markers', async () => {
    const topic = await server.topic('transactions');
    const producer = server.transactional('aborts');
    const bodies = (name: string, count: number): string[] => Array.from({ length: count }, (_none, index) => eventBody({ user_id: `${name}${index}` }));
    await transaction(producer, topic, bodies('kept', 3), 'commit');
    await transaction(producer, topic, bodies('first', 2), 'abort');
    await server.send(topic, 0, [{ value: eventBody({ user_id: 'between' }) }]);
    await transaction(producer, topic, bodies('second', 4), 'abort');
    await transaction(producer, topic, bodies('late', 1), 'commit');
    await transaction(producer, topic, bodies('third', 1), 'abort');
    const root = temporaryFolder();
    await inLake(root, async (pipeline) => {
      assert.equal((await pipeline.land(server.uri(topic))).summary.received, 5);
      const users = await pipeline.rows("SELECT body->>'user_id' AS id FROM bronze.shop ORDER BY id");
      assert.deepEqual(users.map((row) => row['id']), ['between', 'kept0', 'kept1', 'kept2', 'late0']);
      assert.equal((await pipeline.land(server.uri(topic))).summary.commits, 0);
    });
  });

  it('does not wait for a transaction that is open, and reads it once it is committed', async () => {
    const topic = await server.topic('open');
    await server.sendEvents(topic, 0, 2);
    const commit = await transaction(server.transactional('opens'), topic, [eventBody({ user_id: 'held' })], 'leave open');
    await server.sendEvents(topic, 0, 2, 2);
    await inLake(temporaryFolder(), async (pipeline) => {
      assert.equal((await pipeline.land(server.uri(topic))).summary.received, 2);
      await commit();
      assert.equal((await pipeline.land(server.uri(topic))).summary.received, 3);
      assert.deepEqual(await positions(pipeline), span(0, 0, 5));
    });
  });
});
