import assert from 'node:assert/strict';
import { Change } from '../../src/sources/change.js';
import { Others } from '../../src/sources/kafka-others.js';
import { Partition } from '../../src/sources/kafka-partition.js';
import type { Topic } from '../../src/sources/kafka-topic.js';
import { kafkaUri } from '../../src/sources/kafka-uri.js';
import { TestClock } from '../support/lake.js';

/** Waits for two partitions of others, of ten offsets each; the lake has so much of them, look by look. */
async function waited(looks: readonly (readonly number[])[]): Promise<{ readonly others: Others; readonly landed: boolean; readonly looked: number; readonly closed: number }> {
  const partitions = [0, 1].map((index) => new Partition(index + 1, index, `p${index}`, 'id', -1, 0));
  for (const partition of partitions) partition.target = 10;
  let looked = 0;
  const stored = (): Promise<(partition: Partition) => number> => {
    const offsets = looks[Math.min(looked++, looks.length - 1)] ?? [];
    return Promise.resolve(({ index }) => offsets[index] ?? -1);
  };
  const changed = new Change();
  const others = new Others(kafkaUri('kafka://h/t?group=g'), { partitions, stored } as unknown as Topic, new TestClock(), changed);
  let closed = 0;
  const ask = (): boolean => others.haveLanded(partitions, new AbortController().signal, () => closed++);
  while (!ask()) await changed.wait();
  return { others, landed: ask(), looked, closed };
}

describe('a drain that shares a topic', () => {
  it('ends when the others have landed their partitions, and has its own window committed first', async () => {
    const { others, landed, looked, closed } = await waited([[-1, -1], [4, 10], [10, 10]]);
    assert.deepEqual([landed, looked, closed, others.failures], [true, 3, 1, []]);
  });

  it('waits as long as they land something', async () => {
    const looks = Array.from({ length: 101 }, (_none, index) => [Math.floor(index / 10), 10]);
    assert.deepEqual((await waited(looks)).others.failures, []);
  });

  it('fails when nothing of theirs lands for a minute: they may be at work for another lake', async () => {
    const { others } = await waited([[3, -1]]);
    assert.equal(others.failures.length, 1);
    assert.match(others.failures[0]?.message ?? '', /partitions 0, 1 of t are other members' of the group g/);
    assert.match(others.failures[0]?.hint ?? '', /one dataset in one lake/);
  });
});
