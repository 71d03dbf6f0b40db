import assert from 'node:assert/strict';
import { statusLines } from '../../src/commands/status.js';
import { exposition } from '../../src/report/exposition.js';
import type { StatusSummary } from '../../src/report/status.js';

const shares = { rejected: 0, rows: 0, share: null, newestDay: null };
const summary: StatusSummary = {
  dataset: 'shop', at: '2026-03-10T12:00:00.000Z', tables: [], silver: { stale: [], contracts: [] }, gold: { stale: [], reason: null, whole: null }, rejected: { bronze: shares, silver: shares }, errors: [],
  source: {
    kind: 'topic', uri: 'kafka://h:9092/events', lagMessages: 1_250, greatestLag: 1_200, lostMessages: 3,
    partitions: [{ partition: 0, offset: 10, end: 63, lag: 50, lost: 3 }, { partition: 1, offset: null, end: 1_200, lag: 1_200, lost: 0 }],
  },
};

describe('how far the lake is behind a topic', () => {
  it('is told to people by its sum, the worst partition, and what is lost', () => {
    assert.equal(statusLines(summary).at(-1), 'source    1,250 messages waiting in 2 partitions, at most 1,200 in partition 1; 3 offsets removed by retention before they were read: kafka://h:9092/events');
  });

  it('is told to Prometheus by partition', async () => {
    const text = await exposition(summary, { received: 0, landed: 0, rejected: 0, redelivered: 0, forgotten: 0, commits: 0, refreshes: 0, refreshMs: null });
    const samples = text.split('\n').filter((line) => line.startsWith('ingot_source_')).sort();
    assert.deepEqual(samples, [
      'ingot_source_lag_messages{partition="0",dataset="shop"} 50',
      'ingot_source_lag_messages{partition="1",dataset="shop"} 1200',
      'ingot_source_lost_messages{partition="0",dataset="shop"} 3',
      'ingot_source_lost_messages{partition="1",dataset="shop"} 0',
    ]);
  });
});
