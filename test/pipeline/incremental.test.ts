import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { LakeError } from '../../src/errors.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { datasetsDir, eventBody, linesFile, Pipeline, shopLines, withPipeline } from '../support/pipeline.js';
import { runs } from '../support/thorough.js';

const days = ['2026-01-01', '2026-01-02', '2026-01-03', '2026-01-04', '2026-01-05', '2026-01-06', '2026-01-07'];
const item = { item_id: 'a', item_list_id: 'L1', price: 2 };
/** One event of each platform on each day, at noon. */
const week = days.flatMap((day) => ['IOS', 'ANDROID'].map((platform) => eventBody({ event_timestamp: Date.parse(`${day}T12:00:00Z`), platform, items: [item] })));

/** The dates in names such as `event_date=2026-01-01/platform=IOS`. */
function datesIn(partitions: readonly string[]): string[] {
  return [...new Set(partitions.map((name) => /event_date=([^/]+)/.exec(name)?.[1] ?? ''))];
}

describe('the pipeline, run again', () => {
  let pipeline: Pipeline;
  let contract: Record<string, string[]>;

  before(async () => {
    pipeline = await Pipeline.open();
    await pipeline.land(linesFile(week));
    await pipeline.build();
    contract = await pipeline.contract();
  });

  after(async () => {
    await pipeline.close();
    removeTemporaryFolders();
  });

  it('commits nothing when nothing is new', async () => {
    const versions = await pipeline.versions();
    const { silver, gold } = await pipeline.build();
    assert.deepEqual([silver.partitions, gold.dates], [[], []]);
    assert.deepEqual(await pipeline.versions(), versions);
  });

  it('rebuilds exactly these dates on a backfill, and what depends on them, to the same rows', async () => {
    const silver = await pipeline.silver({ since: '2026-01-03', until: '2026-01-04', platform: 'IOS' });
    assert.deepEqual([...silver.partitions].sort(), ['event_date=2026-01-03/platform=IOS', 'event_date=2026-01-04/platform=IOS']);
    const gold = await pipeline.gold();
    assert.deepEqual(gold.dates, ['2026-01-02', '2026-01-03', '2026-01-04', '2026-01-05', '2026-01-06']);
    assert.deepEqual((await pipeline.gold({ since: '2026-01-01', until: '2026-01-01' })).dates, ['2026-01-01']);
    assert.deepEqual(await pipeline.contract(), contract);
  });

  it('gives the same rows when silver and gold were deleted', async () => {
    await pipeline.close();
    for (const layer of ['silver', 'gold']) rmSync(join(pipeline.root, layer), { recursive: true });
    pipeline = await Pipeline.open({ root: pipeline.root });
    const { silver, gold } = await pipeline.build();
    assert.deepEqual([silver.reason, gold.reason], ['first build', 'first build']);
    assert.deepEqual(await pipeline.contract(), contract);
    assert.deepEqual((await pipeline.audit()).differences, []);
  });

  for (const table of ['silver/item_event', 'silver/shop_duplicates', 'silver/event', 'gold/list_metrics', 'gold/session']) {
    it(`gives ${table} back when it alone was deleted`, async () => {
      await pipeline.close();
      rmSync(join(pipeline.root, table), { recursive: true });
      pipeline = await Pipeline.open({ root: pipeline.root });
      await pipeline.build();
      assert.deepEqual(await pipeline.contract(), contract);
      const versions = await pipeline.versions();
      assert.deepEqual([(await pipeline.build()).gold.dates, (await pipeline.audit()).differences], [[], []]);
      assert.deepEqual(await pipeline.versions(), versions);
    });
  }

  it('rebuilds for a late event its partition alone, and of gold the dates that are there from the day before to two days after', async () => {
    await pipeline.land(linesFile([eventBody({ event_timestamp: Date.parse('2026-01-04T12:05:00Z'), user_id: 'late', items: [item] })]));
    const { silver, gold } = await pipeline.build();
    assert.deepEqual(silver.partitions, ['event_date=2026-01-04/platform=IOS']);
    assert.deepEqual(gold.dates, ['2026-01-03', '2026-01-04', '2026-01-05', '2026-01-06']);
    assert.deepEqual(datesIn(gold.tables['funnel_daily']?.partitions ?? []), gold.dates);
    await pipeline.land(linesFile([eventBody({ event_timestamp: Date.parse('2026-01-07T12:05:00Z'), user_id: 'late' })]));
    assert.deepEqual((await pipeline.build()).gold.dates, ['2026-01-06', '2026-01-07']);
    const sameRows = await withPipeline(async (other) => {
      await other.land(linesFile([...week, eventBody({ event_timestamp: Date.parse('2026-01-04T12:05:00Z'), user_id: 'late', items: [item] }), eventBody({ event_timestamp: Date.parse('2026-01-07T12:05:00Z'), user_id: 'late' })]));
      await other.build();
      return other.contract();
    });
    assert.deepEqual(await pipeline.contract(), sameRows);
  });
});

describe('gold over a silver that was deleted', () => {
  after(removeTemporaryFolders);

  it('is built again when silver is, though silver counts its versions from 0 again', async () => {
    const root = temporaryFolder();
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(week.slice(0, 2)));
      await pipeline.build();
    }, { root });
    rmSync(join(root, 'silver'), { recursive: true });
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(week.slice(2, 4)));
      const { silver, gold } = await pipeline.build();
      assert.deepEqual([silver.partitions.length, gold.dates], [4, ['2026-01-01', '2026-01-02']]);
      assert.equal(await pipeline.count('gold.session'), 4);
    }, { root });
  });
});

describe('the order and the portions in which events come', () => {
  const lines = shopLines(1200);
  const texts = lines.map((line) => line.text);

  after(removeTemporaryFolders);

  async function built(portions: readonly (readonly string[])[], windowRows: number): Promise<Record<string, string[]>> {
    return withPipeline(async (pipeline) => {
      for (const portion of portions) {
        await pipeline.land(linesFile(portion), { windowRows: String(windowRows) });
        await pipeline.build();
      }
      const audit = await pipeline.audit();
      assert.deepEqual([audit.differences, audit.pending, audit.received], [[], 0, texts.length]);
      return pipeline.contract();
    });
  }

  it('change no row: shuffled, in any windows, in one run or more', async () => {
    const expected = await built([texts], 1_000_000);
    const events = lines.filter((line) => line.kind === 'event').length;
    const duplicates = lines.filter((line) => line.kind === 'duplicate').length;
    assert.equal(expected['silver.event']?.length, events);
    assert.equal(expected['silver.shop_duplicates']?.length, duplicates);
    assert.ok(duplicates > 0);
    const orders = fc.shuffledSubarray(texts, { minLength: texts.length });
    const ways = fc.record({ order: orders, cut: fc.integer({ min: 1, max: texts.length - 1 }), windowRows: fc.constantFrom(100, 600, 5000), runs: fc.constantFrom(1, 2) });
    await fc.assert(
      fc.asyncProperty(ways, async ({ order, cut, windowRows, runs }) => {
        const portions = runs === 1 ? [order] : [order.slice(0, cut), order.slice(cut)];
        assert.deepEqual(await built(portions, windowRows), expected);
      }),
      { seed: 11, numRuns: runs(2, 6), endOnFailure: true },
    );
  });
});

describe('gold models', () => {
  let datasets: string;
  let pipeline: Pipeline;

  before(async () => {
    datasets = temporaryFolder();
    cpSync(datasetsDir, datasets, { recursive: true });
    pipeline = await Pipeline.open({ datasets });
    await pipeline.land(linesFile(week));
    await pipeline.build();
  });

  after(async () => {
    await pipeline.close();
    removeTemporaryFolders();
  });

  function edit(change: (sql: string) => string): void {
    const path = join(datasets, 'shop', 'gold', 'session.sql');
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  }

  it('rebuild gold whole when a text of theirs has changed, and silver not at all', async () => {
    edit((sql) => sql.replace('events = 1 AS is_bounce', 'events = 1 AS is_bounce,\n  events * 2 AS twice'));
    const { silver, gold } = await pipeline.build();
    assert.deepEqual([silver.partitions, gold.reason, gold.dates], [[], 'new models', days]);
    assert.deepEqual(await pipeline.rows('SELECT DISTINCT twice FROM gold.session'), [{ twice: '2' }]);
    assert.deepEqual((await pipeline.gold()).dates, []);
  });

  it('publish nothing when a check fails', async () => {
    const versions = await pipeline.versions();
    const contract = await pipeline.contract();
    edit((sql) => sql.replace('-- check: unique(session_id)', '-- check: unique(session_id)\n-- check: unique(platform)'));
    await assert.rejects(pipeline.gold(), (error: unknown) => error instanceof LakeError && error.code === 'CHECK_FAILED' && /unique\(platform\)/.test(error.message));
    assert.deepEqual(await pipeline.versions(), versions);
    assert.deepEqual(await pipeline.contract(), contract);
    assert.deepEqual(await pipeline.lake.storage.list('_ingot/staging/gold.shop'), []);
  });

  it('go on when the one that is published last was away for some runs', async () => {
    const path = join(datasets, 'shop', 'gold', 'session.sql');
    const text = readFileSync(path, 'utf8').replace('-- check: unique(platform)\n', '');
    rmSync(path);
    assert.deepEqual((await pipeline.gold()).dates, days);
    await pipeline.land(linesFile([eventBody({ event_timestamp: Date.parse('2026-03-01T12:00:00Z') })]));
    assert.ok((await pipeline.build()).gold.dates.includes('2026-03-01'));
    writeFileSync(path, text);
    assert.ok((await pipeline.gold()).dates.includes('2026-03-01'));
    const [row] = await pipeline.rows('SELECT (SELECT count(*) FROM gold.session) AS sessions, (SELECT sum(sessions) FROM gold.funnel_daily) AS counted');
    assert.equal(row?.['sessions'], row?.['counted']);
    assert.deepEqual((await pipeline.gold()).dates, []);
  });
});

describe('silver over a bronze that was deleted', () => {
  const deleted = temporaryFolder();

  after(removeTemporaryFolders);

  it('keeps no row of it, not even a rejected one of a date that is no more', async () => {
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile([eventBody({ event_timestamp: 1000 }), eventBody()]));
      await pipeline.build();
      assert.equal(await pipeline.count('silver.shop_rejected'), 1);
    }, { root: deleted });
    rmSync(join(deleted, 'bronze'), { recursive: true });
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile([eventBody({ user_id: 'other' })]));
      assert.equal((await pipeline.build()).silver.reason, 'new bronze');
      assert.equal(await pipeline.count('silver.shop_rejected'), 0);
      assert.equal((await pipeline.audit()).balanced, true);
    }, { root: deleted });
  });
});
