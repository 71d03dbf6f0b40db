import assert from 'node:assert/strict';
import type { KafkaRecord, RecordsBatch } from '@platformatic/kafka';
import { headersText, keyText, offsetAfter, RecordSpooler, visibleRecords } from '../../src/sources/kafka-records.js';

const transactional = 1 << 4;
const control = 1 << 5;
const logAppendTime = 1 << 3;

function record(offsetDelta: number, parts: Partial<KafkaRecord> = {}): KafkaRecord {
  return { length: 0, attributes: 0, timestampDelta: BigInt(offsetDelta), offsetDelta, key: null, value: Buffer.from('{}'), headers: [], ...parts };
}

function batch(firstOffset: number, count: number, parts: Partial<RecordsBatch> = {}): RecordsBatch {
  return {
    firstOffset: BigInt(firstOffset), length: 0, partitionLeaderEpoch: 0, magic: 2, crc: 0, attributes: 0, lastOffsetDelta: count - 1, firstTimestamp: 1000n, maxTimestamp: 2000n, producerId: -1n, producerEpoch: 0, firstSequence: 0,
    records: Array.from({ length: count }, (_none, index) => record(index)), ...parts,
  };
}

const inTransaction = (firstOffset: number, count: number, producerId: bigint): RecordsBatch => batch(firstOffset, count, { attributes: transactional, producerId });
const marker = (offset: number, producerId: bigint, type: 'abort' | 'commit'): RecordsBatch => batch(offset, 1, { attributes: transactional | control, producerId, records: [record(0, { key: Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1]) })] });

const offsets = (batches: readonly RecordsBatch[], aborted: readonly (readonly [bigint, number])[], from = 0): number[] =>
  [...visibleRecords(batches, aborted.map(([producerId, first]) => ({ producerId, firstOffset: BigInt(first) })), from)].map(({ offset }) => offset);

describe('records of a fetch', () => {
  it('are those from the offset on, although a batch begins before it', () => {
    assert.deepEqual(offsets([batch(10, 5)], [], 12), [12, 13, 14]);
    assert.equal(offsetAfter([batch(10, 5)], 12), 15);
    assert.equal(offsetAfter([], 12), 12);
  });

  it('are not those of any aborted transaction, of several of one producer neither', () => {
    const batches = [inTransaction(0, 2, 7n), marker(2, 7n, 'abort'), inTransaction(3, 1, 7n), marker(4, 7n, 'commit'), inTransaction(5, 2, 7n), marker(7, 7n, 'abort'), batch(8, 1)];
    assert.deepEqual(offsets(batches, [[7n, 0], [7n, 5]]), [3, 8]);
  });

  it('are not those of an aborted transaction whose marker comes with a later fetch, or that began in an earlier one', () => {
    assert.deepEqual(offsets([inTransaction(0, 2, 7n), batch(2, 1), inTransaction(3, 2, 7n)], [[7n, 0]]), [2]);
    assert.deepEqual(offsets([inTransaction(3, 2, 7n), marker(5, 7n, 'abort'), inTransaction(6, 1, 7n)], [[7n, 0]], 3), [6]);
  });

  it('are those of transactions that run beside an aborted one', () => {
    assert.deepEqual(offsets([inTransaction(0, 1, 7n), inTransaction(1, 1, 8n), marker(2, 7n, 'abort'), marker(3, 8n, 'commit')], [[7n, 0]]), [1]);
  });

  it('take a marker that was emptied by compaction', () => {
    assert.deepEqual(offsets([batch(0, 1, { attributes: transactional | control, producerId: 7n, records: [] }), batch(1, 1)], []), [1]);
  });

  it('have the time of their producer, or that of the broker, or none', () => {
    const times = (parts: Partial<RecordsBatch>): (number | null)[] => [...visibleRecords([batch(0, 2, parts)], [], 0)].map(({ sentAtMs }) => sentAtMs);
    assert.deepEqual(times({}), [1000, 1001]);
    assert.deepEqual(times({ attributes: logAppendTime }), [2000, 2000]);
    assert.deepEqual(times({ firstTimestamp: -5n }), [null, null]);
  });

  it('go into the spool as lines, and past it with a reason', () => {
    const values = [Buffer.from('{"a":1}'), null, Buffer.from(''), Buffer.from('a\nb'), Buffer.from([0xff]), Buffer.alloc(17 * 2 ** 20, 0x61)];
    const keys = [Buffer.from('k'), null, null, null, null, null];
    const records = values.map((value, index) => record(index, { value, key: keys[index] ?? null }));
    const { rows, spool, slow } = new RecordSpooler().spool(visibleRecords([batch(40, 6, { records })], [], 0), 3, 9000);
    assert.equal(rows, 6);
    assert.deepEqual(spool.toString().split('\n'), ['3\x1f40\x1f1000\x1f9000\x1fk\x1f\x1e\x1e\x1f{"a":1}', '3\x1f42\x1f1002\x1f9000\x1f\x1e\x1e\x1f\x1e\x1e\x1f', '']);
    assert.deepEqual(slow.map(({ offset, reason, body }) => [offset, reason, body?.length ?? null]), [[41, 'tombstone', null], [43, 'odd', 3], [44, 'not_utf8', 1], [45, 'too_large', 2 ** 20]]);
  });
});

describe('what comes with a record', () => {
  it('is a key as text, or as base64 that says so', () => {
    assert.equal(keyText(null), null);
    assert.equal(keyText(Buffer.from('')), '');
    assert.equal(keyText(Buffer.from('user ç')), 'user ç');
    assert.equal(keyText(Buffer.from([0xff, 0])), 'base64:/wA=');
    assert.equal(keyText(Buffer.from('base64:')), 'base64:YmFzZTY0Og==');
  });

  it('is headers in their order, twice the same too, with bytes as base64', () => {
    assert.equal(headersText([]), null);
    const headers = [['a', 'x'], ['a', ''], ['b', null]].map(([key, value]) => [Buffer.from(key ?? ''), value === null ? null : Buffer.from(value ?? '')] as [Buffer, Buffer | null]);
    assert.equal(headersText([...headers, [Buffer.from('c'), Buffer.from([0xfe])]]), '[{"key":"a","value":"x"},{"key":"a","value":""},{"key":"b","value":null},{"key":"c","base64":"/g=="}]');
  });
});
