import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSilver } from '../../src/silver/silver.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { datasetsDir, eventBody, linesFile, shopLines, standingClock, withPipeline, type Pipeline } from '../support/pipeline.js';

const item = { item_id: 'p1', price: 2, item_params: [{ key: 'note', value: { string_value: 'first' } }] };
const day = (date: string, values: Readonly<Record<string, unknown>> = {}): string => eventBody({ event_timestamp: Date.parse(`${date}T10:00:00Z`), ...values });

async function filesOf(pipeline: Pipeline, table: string): Promise<string[]> {
  return [...((await pipeline.lake.table('silver', table).snapshot())?.files.keys() ?? [])].sort();
}

async function clean(lines: readonly string[]): Promise<Record<string, string[]>> {
  return withPipeline(async (pipeline) => {
    await pipeline.land(linesFile(lines));
    await pipeline.build();
    return pipeline.contract();
  });
}

describe('new rows of a partition that silver has', () => {
  after(removeTemporaryFolders);

  it('are added to it: its files stay, and only the new bronze files are read', async () => {
    const first = [day('2026-01-01', { user_id: 'a', items: [item] }), day('2026-01-02')];
    const more = [day('2026-01-01', { user_id: 'b', items: [item, item] })];
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(first));
      await pipeline.build();
      const before = await Promise.all(['event', 'item_event'].map((table) => filesOf(pipeline, table)));
      await pipeline.land(linesFile(more));
      const summary = await pipeline.silver();
      assert.deepEqual([summary.partitions, summary.appended, summary.reason], [['event_date=2026-01-01/platform=IOS'], ['event_date=2026-01-01/platform=IOS'], 'new rows']);
      assert.deepEqual([summary.tables['event']?.rows, summary.tables['item_event']?.rows], [1, 2]);
      const after = await Promise.all(['event', 'item_event'].map((table) => filesOf(pipeline, table)));
      for (const [index, files] of before.entries()) {
        assert.ok(files.every((file) => after[index]?.includes(file)));
        assert.equal(after[index]?.length, files.length + 1);
      }
      await pipeline.gold();
      assert.deepEqual(await pipeline.contract(), await clean([...first, ...more]));
      assert.deepEqual((await pipeline.silver()).partitions, []);
    });
  });

  it('become duplicates where the partition has their event already', async () => {
    const said = day('2026-01-01', { items: [item] });
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile([said]));
      await pipeline.build();
      await pipeline.land(linesFile([said, said, day('2026-01-01', { user_id: 'b' })], 'again.ndjson'));
      const { tables, appended } = await pipeline.silver();
      assert.deepEqual([appended.length, tables['event']?.rows, tables['item_event']?.rows, tables['shop_duplicates']?.rows], [1, 1, 0, 2]);
      await pipeline.gold();
      assert.deepEqual(await pipeline.contract(), await clean([said, said, said, day('2026-01-01', { user_id: 'b' })]));
      assert.equal((await pipeline.audit()).balanced, true);
    });
  });

  it('rebuild the partition where the message that came later was received first, so that the first is kept', async () => {
    const root = temporaryFolder();
    const late = day('2026-01-01', { items: [item] });
    const early = day('2026-01-01', { items: [{ ...item, item_params: [{ key: 'note', value: { string_value: 'earlier' } }] }] });
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile([late]));
      await pipeline.build();
    }, { root, clock: standingClock('2026-03-10T12:00:00Z') });
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile([early, day('2026-01-01', { user_id: 'b' })], 'early.ndjson'));
      const { appended, partitions } = await pipeline.silver();
      assert.deepEqual([appended, partitions], [[], ['event_date=2026-01-01/platform=IOS']]);
      assert.deepEqual(await pipeline.rows("SELECT item_params['note'] AS note FROM silver.item_event"), [{ note: 'earlier' }]);
      assert.equal(await pipeline.count('silver.shop_duplicates'), 1);
    }, { root, clock: standingClock('2026-03-10T11:00:00Z') });
  });

  it('are refused together where more than the allowed share is rejected, and stay in bronze', async () => {
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile([day('2026-01-01')]));
      await pipeline.build();
      const versions = await pipeline.versions();
      await pipeline.land(linesFile([day('2026-01-01', { user_id: 'b' }), day('2026-01-01', { event_name: 'nonsense' })]));
      await assert.rejects(buildSilver(pipeline.lake, pipeline.dataset, { maxRejected: 0.49 }), /1 of 2 rows would be rejected, 50%, more than --max-rejected 49%: 1 event_name_unknown \(such as "nonsense"\)/);
      assert.deepEqual({ ...(await pipeline.versions()), 'bronze.shop': 0 }, { ...versions, 'bronze.shop': 0 });
      await buildSilver(pipeline.lake, pipeline.dataset, { maxRejected: 0.5 });
      assert.equal(await pipeline.count('silver.shop_rejected'), 1);
    });
  });
});

describe('a build of silver in several runs', () => {
  after(removeTemporaryFolders);

  it('goes on after the last run that was published, and gives the same rows', async () => {
    const lines = shopLines(400).map((line) => line.text);
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(lines));
      const all = new Set<string>();
      for (const file of (await pipeline.lake.table('bronze', 'shop').snapshot())?.files.values() ?? []) all.add(JSON.stringify(file.partitionValues));
      const stopped = buildSilver(pipeline.lake, pipeline.dataset, { runRows: 1 }, { built: (done) => { if (done > 3) throw new Error('stopped'); } });
      await assert.rejects(stopped, /stopped/);
      assert.equal((await pipeline.audit()).pending, await pipeline.count('bronze.shop'));
      const rest = await pipeline.silver();
      assert.equal(rest.partitions.length, all.size - 3);
      await pipeline.gold();
      assert.deepEqual(await pipeline.contract(), await clean(lines));
      assert.equal((await pipeline.audit()).balanced, true);
    });
  });
});

describe('a contract that changes', () => {
  after(removeTemporaryFolders);

  function contract(change: (text: string) => string): string {
    const datasets = temporaryFolder();
    cpSync(datasetsDir, datasets, { recursive: true });
    const path = join(datasets, 'shop', 'dataset.ts');
    const text = readFileSync(path, 'utf8');
    assert.notEqual(change(text), text);
    writeFileSync(path, change(text));
    return datasets;
  }

  async function landed(root: string): Promise<void> {
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile([day('2026-01-01', { items: [{ ...item, color: 'red' }] }), day('2026-01-02', { event_name: 'share' })]));
      await pipeline.build();
    }, { root });
  }

  it('rebuilds what an older one has built: a new column is filled, a new allowed value is let in', async () => {
    const root = temporaryFolder();
    await landed(root);
    const datasets = contract((text) => text.replace('version: 1,', 'version: 2,').replace("'purchase']", "'purchase', 'share']").replace('item_id: text(),', 'item_id: text(),\n      color: text(),'));
    await withPipeline(async (pipeline) => {
      assert.deepEqual(await pipeline.rows('SELECT item_id FROM silver.item_event'), [{ item_id: 'p1' }]);
      const { reason, partitions, appended } = await pipeline.silver();
      assert.deepEqual([reason, partitions.length, appended], ['new contract', 2, []]);
      assert.deepEqual(await pipeline.rows('SELECT color FROM silver.item_event'), [{ color: 'red' }]);
      assert.deepEqual([await pipeline.count('silver.event'), await pipeline.count('silver.shop_rejected')], [2, 0]);
      assert.equal((await pipeline.audit()).balanced, true);
      assert.deepEqual((await pipeline.silver()).partitions, []);
    }, { root, datasets });
  });

  it('is refused before anything is built where the table’s files could not be read together', async () => {
    const root = temporaryFolder();
    await landed(root);
    const datasets = contract((text) => text.replace('quantity: integer(),', 'quantity: text(),'));
    await withPipeline(async (pipeline) => {
      const versions = await pipeline.versions();
      await assert.rejects(pipeline.silver(), (error: Error & { code?: string; hint?: string }) =>
        error.code === 'TABLE_UNSUPPORTED' && error.message.includes('its column quantity is BIGINT, not VARCHAR') && (error.hint ?? '').includes('Give the column a new name'));
      assert.deepEqual(await pipeline.versions(), versions);
    }, { root, datasets });
  });

  it('of an older version does not undo what a newer one has built', async () => {
    const root = temporaryFolder();
    await landed(root);
    const datasets = contract((text) => text.replace('version: 1,', 'version: 2,'));
    await withPipeline(async (pipeline) => assert.equal((await pipeline.silver()).partitions.length, 2), { root, datasets });
    await withPipeline(async (pipeline) => {
      await assert.rejects(pipeline.silver(), /was built by version 2 of its contract, and this is version 1/);
    }, { root });
  });
});
