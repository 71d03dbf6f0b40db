import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { claimBackfill } from '../../src/backfill/claim.js';
import { backfill } from '../../src/commands/backfill.js';
import { run as gold } from '../../src/commands/gold.js';
import { pace } from '../../src/commands/pace.js';
import type { Plans } from '../../src/commands/plan.js';
import { run as silver } from '../../src/commands/silver.js';
import type { Context } from '../../src/commands/context.js';
import { LakeError } from '../../src/errors.js';
import { removeTemporaryFolders, temporaryFolder, TestClock } from '../support/lake.js';
import { eventBody, linesFile, withPipeline, type Pipeline } from '../support/pipeline.js';
import { ingot, jsonOf, startIngot } from './ingot.js';

const days = ['2026-01-01', '2026-01-02', '2026-01-03', '2026-01-04', '2026-01-05', '2026-01-06'];
const week = days.flatMap((date) => ['IOS', 'ANDROID'].map((platform) => eventBody({ event_timestamp: Date.parse(`${date}T10:00:00Z`), platform })));

async function printed(work: (context: Context) => Promise<number>, pipeline: Pipeline, options: Readonly<Record<string, unknown>>): Promise<{ summary: unknown; lines: readonly string[]; status: number }> {
  let kept: { summary: unknown; lines: readonly string[] } = { summary: null, lines: [] };
  const status = await work({ ...pipeline.context(options), result: (summary, lines) => { kept = { summary: JSON.parse(JSON.stringify(summary)), lines }; } });
  return { ...kept, status };
}

async function planOf(work: (context: Context) => Promise<number>, pipeline: Pipeline, options: Readonly<Record<string, unknown>> = {}): Promise<Plans & { readonly lines: readonly string[] }> {
  const { summary, lines } = await printed(work, pipeline, { plan: true, ...options });
  return { ...(summary as { plan: Plans }).plan, lines };
}

/** Every file of a lake, but for DuckDB's own folders. */
function filesIn(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => !path.startsWith('_ingot/staging')).sort();
}

describe('a plan', () => {
  after(removeTemporaryFolders);

  it('says of a first build what is read, and builds nothing', async () => {
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(week));
      const before = filesIn(pipeline.root);
      const plan = await planOf(silver, pipeline);
      const files = [...((await pipeline.lake.table('bronze', 'shop').snapshot())?.files.values() ?? [])];
      assert.equal(plan.silver?.bytes, files.reduce((bytes, { size }) => bytes + size, 0));
      assert.deepEqual([plan.silver.rows, plan.silver.runs, plan.silver.partitions.length, plan.silver.contract.from], [12, 1, 12, []]);
      const [first] = plan.silver.partitions;
      assert.deepEqual({ ...first, bytes: 0 }, { partition: 'event_date=2026-01-01/platform=ANDROID', how: 'rebuild', why: 'first build', contract: null, run: 1, rows: 1, bytes: 0 });
      assert.deepEqual((await planOf(gold, pipeline)).lines, ['gold    nothing to build: silver has no events yet', 'this is a plan: nothing was built']);
      assert.deepEqual(filesIn(pipeline.root), before);
    });
  });

  it('of a backfill names what the backfill then builds, layer by layer, in its order', async () => {
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(week));
      await pipeline.build();
      await pipeline.land(linesFile([eventBody({ event_timestamp: Date.parse('2026-01-06T11:00:00Z') })]));
      const before = filesIn(pipeline.root);
      const range = { since: '2026-01-02', until: '2026-01-02', platform: 'IOS' };
      const plan = await planOf(backfill, pipeline, range);
      assert.deepEqual(plan.silver?.partitions.map(({ partition, how, why }) => [partition, how, why]), [
        ['event_date=2026-01-02/platform=IOS', 'rebuild', 'asked'],
        ['event_date=2026-01-06/platform=IOS', 'append', 'new rows'],
      ]);
      assert.deepEqual(plan.gold?.dates.map(({ date, why }) => [date, why]), ['2026-01-01', '2026-01-02', '2026-01-03', '2026-01-04', '2026-01-05', '2026-01-06'].map((date) => [date, 'silver changes']));
      assert.deepEqual([plan.gold.runs, plan.gold.rows], [1, 12], 'events of all dates, and no items');
      assert.ok(plan.lines.some((line) => /2026-01-02\/platform=IOS {2}rebuild \(asked\) {4}1 row {2}\d\.\d kB/.test(line)), plan.lines.join('\n'));
      assert.deepEqual(filesIn(pipeline.root), before);
      const { summary } = await printed(backfill, pipeline, range);
      const { tables } = (summary as { silver: { tables: Record<string, { partitions: string[] }> } }).silver;
      assert.deepEqual(tables['event']?.partitions, plan.silver.partitions.map(({ partition }) => partition));
      const built = (summary as { gold: { tables: Record<string, { partitions: string[] }> } }).gold.tables['funnel_daily']?.partitions ?? [];
      assert.deepEqual([...new Set(built.map((name) => /event_date=([^/]+)/.exec(name)?.[1]))], plan.gold.dates.map(({ date }) => date));
      assert.equal((await planOf(silver, pipeline)).lines[0], 'silver  up to date, nothing to build');
      assert.equal((await planOf(gold, pipeline)).lines[0], 'gold    up to date, nothing to build');
    });
  });

  it('of gold names the dates that are asked for, and of raw history the files', async () => {
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(week));
      await pipeline.build();
      const { gold: planned } = await planOf(backfill, pipeline, { since: '2026-01-02', until: '2026-01-03', layer: 'gold' });
      assert.deepEqual(planned?.dates.map(({ date, why }) => [date, why]), [['2026-01-02', 'backfill'], ['2026-01-03', 'backfill']]);
      assert.equal(planned.rows, 8, 'events of 2025-12-31 to 2026-01-04');
      const file = linesFile(week);
      const { bronze, lines } = await planOf(backfill, pipeline, { from: file });
      assert.deepEqual(bronze, { files: [{ path: file, bytes: readFileSync(file).length }], bytes: readFileSync(file).length });
      assert.match(lines[0] ?? '', /^bronze {2}1 file to read, 1\.\d kB; only rows that are not there yet would land/);
    });
  });

  it('is cut for people and whole in JSON', async () => {
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(Array.from({ length: 30 }, (_none, index) => eventBody({ event_timestamp: Date.parse('2026-01-01T10:00:00Z') + index * 86_400_000 }))));
      const plan = await planOf(silver, pipeline);
      assert.equal(plan.silver?.partitions.length, 30);
      assert.deepEqual(plan.lines.slice(-2), ['        … and 10 more', 'this is a plan: nothing was built']);
    });
  });

  it('says so where there is no lake, and makes none', async () => {
    const lake = join(temporaryFolder(), 'none');
    await withPipeline(async (pipeline) => {
      assert.match((await planOf(silver, pipeline)).lines[0] ?? '', /nothing to build: there is no bronze\.shop in /);
      assert.match((await planOf(backfill, pipeline, { since: '2026-01-01', until: '2026-01-02' })).lines.join('\n'), /there is no bronze\.shop in .*\n.*silver has no events yet/);
    }, { root: lake });
    assert.equal(existsSync(lake), false);
  });
});

describe('a backfill of a range without rows', () => {
  after(removeTemporaryFolders);

  it('rebuilds nothing, says so and ends with 0', async () => {
    const lake = temporaryFolder();
    await withPipeline(async (pipeline) => {
      for (const options of [{ layer: 'silver' }, { layer: 'gold' }]) {
        const { status, lines } = await printed(backfill, pipeline, { since: '2025-01-01', until: '2025-01-02', ...options });
        assert.equal(status, 0);
        assert.match(lines.join(), /^nothing rebuilt: there are no (events|rows) from 2025-01-01 to 2025-01-02 in /);
      }
      await pipeline.land(linesFile([eventBody()]));
      const { lines } = await printed(backfill, pipeline, { since: '2026-01-02', until: '2026-01-02', platform: 'ANDROID' });
      assert.match(lines.join(), /^nothing rebuilt: there are no events from 2026-01-02 to 2026-01-02 of ANDROID in /);
    }, { root: lake });
  });
});

describe('two backfills of one dataset', () => {
  after(removeTemporaryFolders);

  const range = { since: '2026-01-01', until: '2026-01-02' };

  it('at once: the second one fails at once and says who has it, since when and for what', async () => {
    const lake = temporaryFolder();
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(week));
      const held = await claimBackfill(pipeline.lake, 'shop', 'silver from 2026-01-01 to 2026-06-30');
      const ended = await ingot(['backfill', 'shop', '--lake', lake, '--since', range.since, '--until', range.until]);
      assert.equal(ended.status, 1);
      assert.match(ended.stderr, new RegExp(`a backfill of shop is going on already \\(process ${process.pid} on .*, since 2026-03-10T12:00:00.000Z: silver from 2026-01-01 to 2026-06-30\\)\n.*\n.*kill -INT ${process.pid}`));
      await held.release();
      const next = await ingot(['backfill', 'shop', '--lake', lake, '--json', '--since', range.since, '--until', range.until]);
      assert.equal(next.status, 0, next.stderr);
      assert.equal((jsonOf(next) as { backfill: { partitions: { now: number } } }).backfill.partitions.now, 4);
    }, { root: lake });
  });

  it('at the same moment: one of them gets it, and the claim of a dead process is taken over', async () => {
    await withPipeline(async (pipeline) => {
      const claims = await Promise.allSettled(Array.from({ length: 8 }, (_none, index) => claimBackfill(pipeline.lake, 'shop', String(index))));
      const won = claims.filter((claim) => claim.status === 'fulfilled');
      assert.equal(won.length, 1);
      const folder = join(pipeline.root, '_ingot/backfill/shop');
      const [name = ''] = readdirSync(folder);
      const note = JSON.parse(readFileSync(join(folder, name), 'utf8')) as object;
      writeFileSync(join(folder, name), JSON.stringify({ ...note, pid: spawnSync(process.execPath, ['-e', '']).pid }));
      const again = await Promise.allSettled(Array.from({ length: 8 }, () => claimBackfill(pipeline.lake, 'shop', 'again')));
      assert.equal(again.filter((claim) => claim.status === 'fulfilled').length, 1);
      assert.equal(readdirSync(folder).length, 1);
    });
  });

  it('with a claim of another machine: it stands for a week', async () => {
    const clock = new TestClock();
    await withPipeline(async (pipeline) => {
      const folder = join(pipeline.root, '_ingot/backfill/shop');
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, '00000000000000000007.json'), JSON.stringify({ name: 'elsewhere-0123abcd', pid: 1, sinceMs: clock.nowMs(), what: 'gold', released: false }));
      await assert.rejects(claimBackfill(pipeline.lake, 'shop', 'silver'), /process 1 on elsewhere, since 2026-03-10T12:00:00.000Z: gold/);
      clock.advance(7 * 86_400_000 + 1);
      await (await claimBackfill(pipeline.lake, 'shop', 'silver')).release();
      assert.deepEqual(readdirSync(folder), ['00000000000000000008.json']);
    }, { clock });
  });

  it('one after the other: an error gives the claim back', async () => {
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(week));
      const progress = { ...pipeline.context().progress, update: () => { throw new Error('dies'); } };
      await assert.rejects(backfill({ ...pipeline.context(range), progress }), /dies/);
      assert.equal((await printed(backfill, pipeline, range)).status, 0);
    });
  });
});

describe('a backfill that is sent SIGINT', () => {
  after(removeTemporaryFolders);

  it('ends with 0, gives its claim back and goes on when it is run again', async () => {
    const lake = temporaryFolder();
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(week));
    }, { root: lake });
    const args = ['backfill', 'shop', '--lake', lake, '--json', '--since', '2026-01-01', '--until', '2026-01-06'];
    const running = startIngot(args);
    while (!existsSync(join(lake, '_ingot/backfill/shop.json')) && running.child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 3));
    running.child.kill('SIGINT');
    const ended = await running.ended;
    assert.deepEqual([ended.status, ended.signal], [0, null], ended.stderr);
    const first = jsonOf(ended) as { backfill: { id: string; stopped: boolean } };
    const second = jsonOf(await ingot(args)) as { backfill: { id: string; resumed: boolean; partitions: { left: number } } };
    assert.equal(second.backfill.resumed, first.backfill.stopped);
    assert.equal(second.backfill.id === first.backfill.id, first.backfill.stopped);
    assert.equal(second.backfill.partitions.left, 0);
  });
});

describe('a backfill that is asked wrongly', () => {
  after(removeTemporaryFolders);

  const cases: readonly (readonly [string, Readonly<Record<string, unknown>>, RegExp])[] = [
    ['dates the wrong way round', { since: '2026-01-02', until: '2026-01-01' }, /--since 2026-01-02 is after --until 2026-01-01/],
    ['only --since', { since: '2026-01-02' }, /--until is missing/],
    ['only --until', { until: '2026-01-02', from: 'x' }, /--since is missing/],
    ['neither dates nor history', {}, /--since and --until are missing/],
    ['an unknown platform', { since: '2026-01-01', until: '2026-01-02', platform: 'ios' }, /--platform ios is none of IOS, ANDROID/],
    ['--layer gold with --platform', { since: '2026-01-01', until: '2026-01-02', platform: 'IOS', layer: 'gold' }, /--platform is for silver/],
    ['--layer bronze without --from', { since: '2026-01-01', until: '2026-01-02', layer: 'bronze' }, /--layer bronze needs --from/],
    ['--layer silver with --from', { from: 'x', layer: 'silver' }, /--from lands raw history in bronze, and --layer silver begins after that/],
    ['--platform with --from', { from: 'x', platform: 'IOS' }, /--platform is for silver: raw history lands whole/],
    ['a queue as history', { from: 'sqs://queue' }, /can't be read twice/],
    ['stdin as history', { from: '-' }, /can't be read twice/],
  ];

  for (const [what, options, message] of cases) {
    it(`is refused: ${what}`, async () => {
      const lake = join(temporaryFolder(), 'lake');
      await withPipeline(async (pipeline) => {
        await assert.rejects(backfill(pipeline.context(options)), (error: unknown) => error instanceof LakeError && error.code === 'USAGE' && message.test(error.message) && error.hint !== undefined);
      }, { root: lake });
      assert.equal(existsSync(lake), false);
    });
  }

  it('names history that is not there, and ends its claim', async () => {
    await withPipeline(async (pipeline) => {
      for (const plan of [true, false]) {
        await assert.rejects(backfill(pipeline.context({ from: join(pipeline.root, 'none'), plan })), (error: unknown) => error instanceof LakeError && error.code === 'SOURCE_NOT_FOUND');
      }
      await (await claimBackfill(pipeline.lake, 'shop', 'next')).release();
    });
  });
});

describe('how far a backfill is', () => {
  it('is said in parts, per cent and time', () => {
    const clock = new TestClock();
    const said = pace(clock, 'partition');
    assert.equal(said(0, 300), '0 of 300 partitions, 0 %');
    clock.advance(10_000);
    assert.equal(said(12, 300), '12 of 300 partitions, 4 %, 4 min left');
    assert.equal(said(299, 300), '299 of 300 partitions, 99 %, 1 s left');
    clock.advance(10 * 3_600_000);
    assert.equal(said(150, 300), '150 of 300 partitions, 50 %, 10.0 h left');
  });
});
