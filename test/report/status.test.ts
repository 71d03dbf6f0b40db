import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, ago } from '../../src/commands/status.js';
import type { LakeError } from '../../src/errors.js';
import type { Action } from '../../src/lake/actions.js';
import { smallFileBytes } from '../../src/maintain/plan.js';
import { status, type StatusReport, type StatusSummary } from '../../src/report/status.js';
import { contractName } from '../../src/silver/built.js';
import { probeDepth, type DepthProbe } from '../../src/sources/depth.js';
import { ingot, jsonOf } from '../commands/ingot.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { datasetsDir, eventBody, linesFile, standingClock, withPipeline, type Pipeline } from '../support/pipeline.js';

const received = '2026-03-10T12:00:00.000Z';
const item = { item_id: 'a', item_list_id: 'L1', price: 2 };
const day = (date: string, values: Readonly<Record<string, unknown>> = {}): string => eventBody({ event_timestamp: Date.parse(`${date}T12:00:00Z`), ...values });

/** Two days; on each an event with an item, its duplicate, another event and a rejected one. One line is no event at all. */
const bodies = [...['2026-01-01', '2026-01-02'].flatMap((date) => [day(date, { items: [item] }), day(date, { items: [item] }), day(date, { user_id: 'u2' }), day(date, { event_name: 'refund' })]), 'no json'];

function told(pipeline: Pipeline, probe: DepthProbe | null = null, datasets = datasetsDir): Promise<StatusReport> {
  return status(pipeline.lake, pipeline.dataset, join(datasets, 'shop', 'gold'), probe);
}

function tableOf({ tables }: StatusSummary, name: string) {
  const table = tables.find((each) => `${each.layer}.${each.table}` === name);
  assert.ok(table !== undefined, `${name} is not told of`);
  return table;
}

/** The datasets' folder with another contract or other models of the shop. */
function otherDatasets(change: (shop: string) => void): string {
  const datasets = temporaryFolder();
  cpSync(join(datasetsDir, 'shop'), join(datasets, 'shop'), { recursive: true });
  change(join(datasets, 'shop'));
  return datasets;
}

function replaceIn(path: string, from: string, to: string): void {
  const text = readFileSync(path, 'utf8');
  assert.ok(text.includes(from), `${path} has no ${from}`);
  writeFileSync(path, text.replace(from, to));
}

describe('the status of a lake', () => {
  let good: string;

  before(async () => {
    good = temporaryFolder();
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(bodies));
      await pipeline.build();
    }, { root: good });
  });

  after(removeTemporaryFolders);

  function copy(): string {
    const root = temporaryFolder();
    cpSync(good, root, { recursive: true });
    return root;
  }

  it('tells each table\'s rows, files, partitions, newest event, freshness and last commit', async () => {
    const clock = standingClock('2026-03-10T12:01:30Z');
    await withPipeline(async (pipeline) => {
      const { summary, failures } = await told(pipeline);
      assert.deepEqual([failures, summary.at, summary.dataset], [[], '2026-03-10T12:01:30.000Z', 'shop']);
      const expected: readonly (readonly [string, number, number, number, string | null, string | null])[] = [
        ['bronze.shop', 8, 2, 2, '2026-01-02T12:00:00.000Z', '2026-01-02'],
        ['bronze.shop_rejected', 1, 1, 1, null, null],
        ['silver.event', 4, 2, 2, '2026-01-02T12:00:00.000Z', '2026-01-02'],
        ['silver.item_event', 2, 2, 2, '2026-01-02T12:00:00.000Z', '2026-01-02'],
        ['silver.shop_rejected', 2, 2, 2, '2026-01-02T12:00:00.000Z', '2026-01-02'],
        ['silver.shop_duplicates', 2, 2, 2, null, '2026-01-02'],
        ['gold.funnel_daily', 2, 2, 2, null, '2026-01-02'],
      ];
      for (const [name, rows, files, partitions, newestEventAt, newestEventDate] of expected) {
        const { layer, table, bytes, ...told } = tableOf(summary, name);
        assert.equal(`${layer}.${table}`, name);
        assert.ok(bytes > 0);
        assert.deepEqual(told, { version: 0, rows, files, partitions, smallFiles: 0, newestEventAt, newestEventDate, freshnessMs: 90_000, committedAt: received }, name);
      }
      assert.deepEqual(summary.tables.map(({ layer, table }) => `${layer}.${table}`), [...expected.slice(0, 6).map(([name]) => name), ...['funnel_daily', 'list_metrics', 'product_metrics', 'session'].map((name) => `gold.${name}`)]);
    }, { root: good, clock });
  });

  it('finds nothing stale, and tells the rejected share overall and of the newest day', async () => {
    await withPipeline(async (pipeline) => {
      const { summary } = await told(pipeline);
      assert.deepEqual(summary.silver, { stale: [], contracts: [{ contract: contractName(pipeline.dataset), current: true, partitions: 2 }] });
      assert.deepEqual([summary.gold, summary.source, summary.errors], [{ stale: [], reason: null, whole: null }, null, []]);
      assert.deepEqual(summary.rejected, {
        bronze: { rejected: 1, rows: 9, share: 1 / 9, newestDay: { date: '2026-03-10', rejected: 1, rows: 9, share: 1 / 9 } },
        silver: { rejected: 2, rows: 8, share: 0.25, newestDay: { date: '2026-01-02', rejected: 1, rows: 4, share: 0.25 } },
      });
    }, { root: good });
  });

  it('counts another day of receipt by itself, and takes no event of the far future for the newest day', async () => {
    const clock = standingClock('2026-03-11T12:00:00Z');
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile([day('2026-01-02', { user_id: 'u3' }), day('2199-01-01'), 'no json', '{}'], 'next.ndjson'));
      await pipeline.build();
      const { summary } = await told(pipeline);
      assert.deepEqual(summary.rejected.bronze.newestDay, { date: '2026-03-11', rejected: 2, rows: 4, share: 0.5 });
      assert.deepEqual([summary.rejected.bronze.rejected, summary.rejected.bronze.rows], [3, 13]);
      assert.deepEqual(summary.rejected.silver, { rejected: 3, rows: 10, share: 0.3, newestDay: { date: '2026-01-02', rejected: 1, rows: 5, share: 0.2 } });
    }, { root: copy(), clock });
  });

  it('names the partitions of silver that a landing has made stale, then the dates of gold, and how old they are', async () => {
    const clock = standingClock('2026-03-10T13:00:00Z');
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile([day('2026-01-02', { user_id: 'u3' }), day('2026-01-05')], 'late.ndjson'));
      const landed = (await told(pipeline)).summary;
      assert.deepEqual(landed.silver.stale?.map(({ partition, why, rows }) => [partition, why, rows]), [
        ['event_date=2026-01-02/platform=IOS', 'new rows', 1],
        ['event_date=2026-01-05/platform=IOS', 'first build', 1],
      ]);
      assert.deepEqual(landed.gold, { stale: [], reason: null, whole: null });
      assert.deepEqual(['bronze.shop', 'silver.event', 'silver.item_event', 'gold.session'].map((name) => tableOf(landed, name).freshnessMs), [0, 3_600_000, 3_600_000, 3_600_000]);
      await pipeline.silver();
      const typed = (await told(pipeline)).summary;
      assert.deepEqual(typed.silver.stale, []);
      assert.deepEqual(typed.gold, { stale: ['2026-01-01', '2026-01-02', '2026-01-05'], reason: 'changed', whole: null });
      assert.deepEqual(['silver.event', 'silver.item_event', 'gold.session'].map((name) => tableOf(typed, name).freshnessMs), [0, 0, 3_600_000]);
      await pipeline.gold();
      const built = (await told(pipeline)).summary;
      assert.deepEqual([built.gold.stale, tableOf(built, 'gold.session').freshnessMs, tableOf(built, 'gold.session').newestEventDate], [[], 0, '2026-01-05']);
    }, { root: copy(), clock });
  });

  it('counts as small only files below 32 MB that share a partition', async () => {
    await withPipeline(async (pipeline) => {
      for (const user_id of ['b', 'c']) await pipeline.land(linesFile([day('2026-01-02', { user_id })], `${user_id}.ndjson`));
      assert.deepEqual([tableOf((await told(pipeline)).summary, 'bronze.shop')].map(({ files, smallFiles }) => [files, smallFiles]), [[4, 3]]);
      const table = pipeline.lake.table('bronze', 'shop');
      await table.commit((snapshot) => {
        const grown = [...(snapshot?.files.values() ?? [])].filter((file) => file.partitionValues['event_date'] === '2026-01-02').slice(0, 2);
        return grown.map((add, index): Action => ({ add: { ...add, size: smallFileBytes - index, dataChange: false } }));
      });
      assert.equal(tableOf((await told(pipeline)).summary, 'bronze.shop').smallFiles, 2);
    }, { root: copy() });
  });

  it('counts partitions by the contract that built them', async () => {
    const root = copy();
    const before = await withPipeline((pipeline) => Promise.resolve(contractName(pipeline.dataset)), { root });
    const datasets = otherDatasets((shop) => replaceIn(join(shop, 'dataset.ts'), 'version: 1', 'version: 2'));
    await withPipeline(async (pipeline) => {
      const { contracts, stale } = (await told(pipeline, null, datasets)).summary.silver;
      assert.deepEqual(contracts, [{ contract: before, current: false, partitions: 2 }]);
      assert.deepEqual(stale?.map(({ why }) => why), ['new contract', 'new contract']);
      await pipeline.silver();
      assert.deepEqual((await told(pipeline, null, datasets)).summary.silver.contracts, [{ contract: contractName(pipeline.dataset), current: true, partitions: 2 }]);
    }, { root, datasets });
  });

  it('tells the rest when the contract is older than the one that built silver', async () => {
    const root = copy();
    const datasets = otherDatasets((shop) => replaceIn(join(shop, 'dataset.ts'), 'version: 1', 'version: 2'));
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile([day('2026-01-03')], 'new.ndjson'));
      await pipeline.silver();
    }, { root, datasets });
    await withPipeline(async (pipeline) => {
      const { summary, failures } = await told(pipeline);
      assert.deepEqual([summary.silver.stale, failures.map(({ code }) => code), summary.errors.length], [null, ['DATASET_INVALID'], 1]);
      assert.equal(tableOf(summary, 'bronze.shop').rows, 9);
    }, { root });
  });

  it('tells the rest when a model can\'t be read, and when bronze is gone', async () => {
    const datasets = otherDatasets((shop) => rmSync(join(shop, 'gold'), { recursive: true }));
    const root = copy();
    rmSync(join(root, 'bronze'), { recursive: true });
    await withPipeline(async (pipeline) => {
      const { summary, failures } = await told(pipeline, null, datasets);
      assert.deepEqual([summary.silver.stale, summary.gold], [null, { stale: null, reason: null, whole: null }]);
      assert.deepEqual(failures.map(({ code }) => code), ['DATASET_INVALID', 'TABLE_NOT_FOUND']);
      assert.deepEqual(summary.tables.map(({ layer }) => layer), ['silver', 'silver', 'silver', 'silver']);
      assert.equal(summary.rejected.bronze.share, null);
    }, { root, datasets });
  });

  it('tells what waits in files, and the rest when the source is not there', async () => {
    await withPipeline(async (pipeline) => {
      const path = linesFile([day('2026-01-02')], 'waiting.ndjson');
      const { source, errors } = (await told(pipeline, probeDepth(path))).summary;
      assert.deepEqual([source, errors], [{ kind: 'files', uri: path, files: 1, waitingFiles: 1, lagBytes: readFileSync(path).length }, []]);
      const absent = await told(pipeline, probeDepth(`${path}.absent`));
      assert.deepEqual([absent.summary.source, absent.failures.map(({ code }) => code)], [null, ['SOURCE_NOT_FOUND']]);
      assert.equal(absent.summary.tables.length, 10);
    }, { root: good });
  });

  it('has no tables in an empty lake, writes nothing anywhere, and the command says what to do', async () => {
    const root = join(temporaryFolder(), 'absent');
    await withPipeline(async (pipeline) => {
      const { summary, failures } = await told(pipeline);
      assert.deepEqual([summary.tables, summary.silver, summary.gold, failures], [[], { stale: [], contracts: [] }, { stale: [], reason: 'no silver', whole: null }, []]);
      await assert.rejects(run(pipeline.context()), (error: LakeError) => error.code === 'TABLE_NOT_FOUND' && /land events first/.test(error.hint ?? ''));
      assert.deepEqual(await pipeline.lake.storage.list(''), []);
    }, { root });
  });

  it('says that silver has nothing yet when only bronze has landed', async () => {
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(bodies));
      const { summary, failures } = await told(pipeline);
      assert.deepEqual([failures, summary.silver.stale?.map(({ why }) => why), summary.silver.contracts, summary.gold], [[], ['first build', 'first build'], [], { stale: [], reason: 'no silver', whole: null }]);
      assert.deepEqual(summary.rejected.silver, { rejected: 0, rows: 0, share: null, newestDay: null });
    });
  });
});

describe('ingot status', () => {
  after(removeTemporaryFolders);

  it('prints a table and what is stale, rejected and waiting', async () => {
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(bodies));
      await pipeline.build();
      await pipeline.land(linesFile([day('2026-01-02', { user_id: 'u3' })], 'late.ndjson'));
      const waiting = linesFile([day('2026-01-03')], 'waiting.ndjson');
      const printed: string[] = [];
      const code = await run({ ...pipeline.context({ from: waiting }), result: (_summary, lines) => void printed.push(...lines) });
      assert.equal(code, 0);
      assert.match(printed[0] ?? '', /^table +version +rows +files +small +size +partitions +newest event +received +committed$/);
      assert.match(printed[2] ?? '', /^bronze\.shop +1 +9 +3 +2 +\S+ k?B +2 +2026-01-02 12:00:00Z +0 s ago +0 s ago$/);
      assert.equal(printed[12], '');
      assert.deepEqual(printed.slice(13), [
        'silver    1 partition stale (new rows: 1), 1 row to read: `ingot silver shop`',
        '          event_date=2026-01-02/platform=IOS  new rows, 1 row',
        `          by contract ${contractName(pipeline.dataset)} (current): 2 partitions`,
        'gold      up to date with silver',
        'rejected  bronze 1 of 10, 10%; received on 2026-03-10 1 of 10, 10%',
        '          silver 2 of 8, 25%; of 2026-01-02 1 of 4, 25%',
        '          why: `ingot rejected shop`',
        `source    1 of 1 file waiting, ${readFileSync(waiting).length} B: ${waiting}`,
      ]);
    });
  });

  it('prints one object and exits 1, with the error on stderr, when the source is not there', async () => {
    const root = temporaryFolder();
    await withPipeline((pipeline) => pipeline.land(linesFile(bodies)), { root });
    const ended = await ingot(['status', 'shop', '--lake', root, '--from', join(root, 'absent.ndjson'), '--json']);
    assert.equal(ended.status, 1);
    const summary = jsonOf(ended) as StatusSummary;
    assert.deepEqual([summary.tables.length, summary.source, summary.errors.length], [2, null, 1]);
    assert.match(ended.stderr, /^ingot: no file matches .*absent\.ndjson/);
    assert.deepEqual((await ingot(['status', 'shop', '--lake', root, '--from', '-'])).status, 2);
  });

  it('tells ages in the greatest unit that there are two of', () => {
    assert.deepEqual([-5, 0, 1_999, 119_999, 120_000, 7_199_000, 7_200_000, 172_799_000, 172_800_000].map(ago), ['0 s ago', '0 s ago', '1 s ago', '119 s ago', '2 m ago', '119 m ago', '2 h ago', '47 h ago', '2 d ago']);
  });
});
