import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ArrivalQueue } from '../../src/generate/queue.js';
import { DailyCurve } from '../../src/generate/curve.js';
import { Random, Weighted, mix32, zipf } from '../../src/generate/random.js';
import { Users, homePlatform, userId } from '../../src/generate/users.js';

describe('random numbers', () => {
  it('are the same for the same seed, for good', () => {
    const random = new Random(42);
    assert.deepEqual(Array.from({ length: 4 }, () => random.uint32()), [660_444_221, 3_652_823_732, 77_678_286, 922_035_873]);
  });

  it('are even: 16 bins of the unit interval within five standard deviations', () => {
    const random = new Random(1);
    const bins = new Array<number>(16).fill(0);
    const draws = 160_000;
    for (let draw = 0; draw < draws; draw += 1) bins[Math.floor(random.unit() * 16)]! += 1;
    for (const count of bins) assert.ok(Math.abs(count - draws / 16) < 5 * Math.sqrt(draws / 16), bins.join(' '));
  });

  it('are drawn in proportion to any weights', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 30 }).filter((list) => list.some((weight) => weight > 0));
    const property = fc.property(weights, fc.maxSafeInteger(), (list, seed) => {
      const random = new Random(seed);
      const table = new Weighted(list);
      const counts = list.map(() => 0);
      const draws = 5000;
      for (let draw = 0; draw < draws; draw += 1) counts[table.draw(random)]! += 1;
      const total = list.reduce((a, b) => a + b, 0);
      list.forEach((weight, index) => {
        const share = weight / total;
        assert.ok(Math.abs(counts[index]! - share * draws) <= 6 * Math.sqrt(draws * share * (1 - share)) + 1);
      });
    });
    fc.assert(property, { seed: 3, numRuns: 50 });
  });

  it("fall by rank as Zipf's law says", () => {
    const random = new Random(9);
    const table = zipf(100, 1);
    const counts = new Array<number>(100).fill(0);
    for (let draw = 0; draw < 100_000; draw += 1) counts[table.draw(random)]! += 1;
    for (const rank of [2, 4, 10]) assert.ok(Math.abs(counts[0]! / counts[rank - 1]! - rank) < 0.12 * rank, counts.join(' '));
  });

  it('are scrambled one to one', () => {
    assert.equal(new Set(Array.from({ length: 100_000 }, (_, value) => mix32(value))).size, 100_000);
  });
});

describe('the queue of arrivals', () => {
  it('gives entries by arrival, then by order, whatever the order in which they came', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 200 }), (arrivals) => {
        const queue = new ArrivalQueue<{ arrivalMs: number; order: number }>();
        const entries = arrivals.map((arrivalMs, order) => ({ arrivalMs, order }));
        for (const entry of entries) queue.push(entry);
        const sorted = [...entries].sort((a, b) => a.arrivalMs - b.arrivalMs || a.order - b.order);
        assert.equal(queue.size, sorted.length);
        for (const entry of sorted) {
          assert.equal(queue.nextMs, entry.arrivalMs);
          assert.equal(queue.pop(), entry);
        }
        assert.equal(queue.nextMs, Infinity);
        assert.equal(queue.pop(), undefined);
      }),
      { seed: 4 },
    );
  });
});

describe('the daily curve', () => {
  it('rises from the first midnight to the last', () => {
    const sinceMs = Date.parse('2026-01-30T00:00:00Z');
    const curve = new DailyCurve(sinceMs, 3);
    assert.equal(curve.timeMs(0), sinceMs);
    assert.equal(curve.timeMs(1), sinceMs + 3 * 86_400_000);
    const times = Array.from({ length: 1001 }, (_, step) => curve.timeMs(step / 1000));
    times.slice(1).forEach((time, index) => assert.ok(time > times[index]!));
  });
});

describe('users', () => {
  it('have ids of their own, most of them beyond 2^53', () => {
    const ids = Array.from({ length: 50_000 }, (_, rank) => userId(rank));
    assert.equal(new Set(ids).size, ids.length);
    const large = ids.filter((id) => /^\d+$/.test(id) && BigInt(id) > 2n ** 53n && BigInt(id) < 2n ** 63n).length;
    assert.ok(large > 25_000 && large < 40_000, `${large}`);
    assert.ok(ids.some((id) => id.startsWith('u-')));
  });

  it('are on both platforms', () => {
    const ios = Array.from({ length: 10_000 }, (_, rank) => homePlatform(rank)).filter((platform) => platform === 'IOS').length;
    assert.ok(ios > 3800 && ios < 4600, `${ios}`);
  });

  it('are never busy when they arrive, as long as one is free', () => {
    const users = new Users(10, 1);
    const random = new Random(1);
    const arrived = Array.from({ length: users.count }, () => {
      const rank = users.arrive(1000, random);
      users.busy(rank, 1000);
      return rank;
    });
    assert.equal(new Set(arrived).size, users.count);
  });
});
