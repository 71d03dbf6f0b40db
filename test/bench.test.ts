import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { compare, figureLine, isMet, tableLines } from '../scripts/bench/figures.js';
import { spreadOf } from '../scripts/bench/measure.js';
import { removeTemporaryFolders, temporaryFolder } from './support/lake.js';

const root = fileURLToPath(new URL('..', import.meta.url));

const spread = z.strictObject({ median: z.number().positive(), min: z.number().positive(), max: z.number().positive() });
const quantity = z.strictObject({ name: z.string(), events: z.literal(500), wallMs: z.number().positive(), cpuMs: z.number().nonnegative(), peakBytes: z.null() });
const results = z.strictObject({
  startedAt: z.iso.datetime(),
  machine: z.strictObject({ cpus: z.int().positive(), model: z.string(), node: z.string(), loadAtStart: z.array(z.number()).length(3), loadAtEnd: z.array(z.number()).length(3) }),
  options: z.strictObject({ events: z.literal(500), runs: z.literal(1), parts: z.array(z.string()), days: z.literal(7), seed: z.literal(1), since: z.literal('2026-01-01') }),
  figures: z.array(z.strictObject({
    part: z.string(), what: z.string(), ours: quantity, peer: quantity, ratio: spread, cpuRatio: spread.extend({ median: z.number(), min: z.number(), max: z.number() }),
    aim: z.strictObject({ atLeast: z.number() }).nullable(), met: z.boolean().nullable(),
  })),
  notes: z.array(z.string()),
});

describe('the benchmark', function () {
  this.timeout(60_000);
  after(removeTemporaryFolders);

  it('writes each comparison as JSON, says it in a line, and leaves no folder behind', async () => {
    const out = join(temporaryFolder(), 'results.json');
    const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/bench.ts', '--events', '500', '--runs', '1', '--only', 'landing,silver,gold', '--out', out], { cwd: root });
    const exit = once(child, 'exit');
    const [printed, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
    assert.deepEqual([(await exit)[0], errors], [0, '']);

    const { figures, notes } = results.parse(JSON.parse(readFileSync(out, 'utf8')));
    const compared = figures.map(({ part, peer }) => `${part}: ${peer.name}`).filter((name) => name !== 'landing: zstd -1');
    assert.deepEqual(compared, ['landing: bare COPY', 'landing: parquetjs-lite loop', 'silver: bare SQL', 'silver: bare SQL', 'gold: bare SELECTs']);
    assert.equal(figures.length + notes.length, 6, 'without zstd a note says so');
    for (const { what } of figures) assert.ok(printed.split('\n').some((line) => line.startsWith(`${what}: `)), what);
    const left = readdirSync(join(root, '.bench'), { withFileTypes: true }).filter((entry) => entry.name === `work-${child.pid ?? 0}`);
    assert.deepEqual(left, []);
  });

  it('refuses an unknown part and a number that is none, with the usage', async () => {
    for (const [option, value, message] of [['--only', 'landing,platinum', /no part platinum/], ['--runs', '0', /--runs 0/]] as const) {
      const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/bench.ts', option, value], { cwd: root });
      const exit = once(child, 'exit');
      const [printed, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
      assert.deepEqual([(await exit)[0], printed], [1, '']);
      assert.match(errors, message);
      assert.match(errors, /npm run bench/);
    }
  });

  it('takes ratios pair by pair and event by event', () => {
    const side = (name: string, events: number) => ({ name, events, work: () => Promise.resolve() });
    const cost = (wallMs: number, cpuMs: number) => ({ wallMs, cpuMs });
    const figure = compare('landing', 'Landing', [side('Ingot', 1000), [cost(100, 100), cost(200, 100), cost(400, 100)]], [side('loop', 100), [cost(50, 10), cost(50, 20), cost(50, 30)]], { atLeast: 2.5 });
    assert.deepEqual(figure.ratio, { median: 2.5, min: 1.25, max: 5 });
    assert.deepEqual(figure.cpuRatio, { median: 2, min: 1, max: 3 });
    assert.deepEqual([figure.ours.wallMs, figure.peer.wallMs, figure.met], [200, 50, true]);
    assert.equal(figureLine(figure), 'Landing: 200 ms (CPU 100), 5,000/s | loop 50 ms (CPU 20), 2,000/s | 2.50 (1.25–5.00), by CPU 2.00 | aim ≥ 2.5: met');
    assert.equal(tableLines([figure])[2], '| Landing | 200 ms (CPU 100), 5,000/s | loop: 50 ms (CPU 20), 2,000/s | 2.50 (1.25–5.00) | 2.00 | ≥ 2.5 | yes |');
  });

  it('judges a ratio by its aim, both ends included', () => {
    assert.deepEqual([isMet(0.8, { atLeast: 0.8 }), isMet(0.79, { atLeast: 0.8 }), isMet(1.25, { atMost: 1.25 }), isMet(1.26, { atMost: 1.25 }), isMet(3, null)], [true, false, true, false, null]);
  });

  it('takes the middle of an odd number of runs and the mean of the two in the middle of an even one', () => {
    assert.deepEqual(spreadOf([3, 1, 2]), { median: 2, min: 1, max: 3 });
    assert.deepEqual(spreadOf([4, 1, 2, 3]), { median: 2.5, min: 1, max: 4 });
    assert.throws(() => spreadOf([]), /nothing was measured/);
  });
});
