import assert from 'node:assert/strict';
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../src/commands/compact.js';
import { partitionChanges } from '../../src/lake/changes.js';
import { filePath } from '../../src/lake/layout.js';
import { Scope } from '../../src/lake/publication.js';
import { recordsOf } from '../../src/lake/statistics.js';
import { compactScope } from '../../src/maintain/compact.js';
import { closedPartitions, openPartitions } from '../../src/maintain/plan.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { standingClock, withPipeline, type Pipeline } from '../support/pipeline.js';
import { allRows, assertGlobIsSnapshot, compact, days, filesOf, fill, landing, landings, txns, type Summary } from './small-files.js';

describe('a compaction', () => {
  let full: string;

  before(async () => {
    full = temporaryFolder();
    await withPipeline(fill, { root: full });
  });

  after(removeTemporaryFolders);

  async function onCopy<T>(work: (pipeline: Pipeline) => Promise<T>, at?: string): Promise<T> {
    const root = temporaryFolder();
    cpSync(full, root, { recursive: true });
    return withPipeline(work, { root, ...(at === undefined ? {} : { clock: standingClock(at) }) });
  }

  it('leaves the same rows, transactions and tags in one file for each partition, and a plain glob reads them', async () => {
    await onCopy(async (pipeline) => {
      const rows = await allRows(pipeline);
      const before = await txns(pipeline);
      const tagged = await filesOf(pipeline, 'silver.event');
      assert.equal((await filesOf(pipeline, 'bronze.shop')).length, days.length * landings);
      assert.ok(tagged.length > days.length);
      const { summary } = await compact(pipeline);
      assert.deepEqual([summary.tables['bronze.shop']?.filesBefore, summary.tables['bronze.shop']?.filesAfter, summary.tables['bronze.shop']?.partitions], [8, 2, 2]);
      assert.deepEqual(await allRows(pipeline), rows);
      assert.deepEqual(await txns(pipeline), before);
      for (const name of ['bronze.shop', 'silver.event', 'silver.item_event', 'silver.shop_rejected', 'silver.shop_duplicates']) {
        const files = await filesOf(pipeline, name);
        assert.deepEqual(files.map((file) => file.partitionValues['event_date']).sort(), days, name);
        assert.equal(files.reduce((total, file) => total + (recordsOf(file.stats) ?? 0), 0), rows[name]?.length, name);
      }
      const newest = Math.max(...tagged.map((file) => Number(file.tags?.['ingot.bronze']?.split('/')[1])));
      for (const file of await filesOf(pipeline, 'silver.event')) {
        assert.equal(file.tags?.['ingot.contract'], tagged[0]?.tags?.['ingot.contract']);
        assert.equal(Number(file.tags?.['ingot.bronze']?.split('/')[1]), newest);
        assert.match(file.stats ?? '', /"minValues":\{"event_timestamp":"2026-01-0\dT12:00:00/);
      }
      assert.equal((await filesOf(pipeline, 'bronze.shop_rejected')).length, 1);
      await assertGlobIsSnapshot(pipeline);
      const globbed = await (await pipeline.lake.session()).rows(`SELECT count(*) AS n FROM read_parquet('${join(pipeline.root, 'silver/event/*/*/*.parquet')}', hive_partitioning = true)`);
      assert.equal(Number(globbed[0]?.['n']), rows['silver.event']?.length);
      const audit = await pipeline.audit();
      assert.deepEqual([audit.differences, audit.pending], [[], 0]);
    }, '2026-03-20T12:00:00Z');
  });

  it('is nothing new to silver and gold, and finds nothing to do the second time', async () => {
    await onCopy(async (pipeline) => {
      const before = await pipeline.versions();
      await compact(pipeline);
      for (const name of ['bronze.shop', 'silver.event']) {
        const [layer = '', table = ''] = name.split('.');
        const opened = pipeline.lake.table(layer, table);
        const after = (await opened.snapshot())?.version ?? -1;
        assert.equal(after, (before[name] ?? 0) + 1, 'one commit');
        assert.deepEqual(await partitionChanges(opened, before[name] ?? 0, after), new Map());
      }
      const { silver, gold } = await pipeline.build();
      assert.deepEqual([silver.partitions, gold.dates], [[], []]);
      const versions = await pipeline.versions();
      const { summary, lines } = await compact(pipeline);
      assert.deepEqual(summary.tables, {});
      assert.deepEqual(lines, ['nothing to merge: no partition of a date before 2026-03-09 has two small files or more']);
      assert.deepEqual(await pipeline.versions(), versions);
    });
  });

  it('lets new events of a merged partition be appended', async () => {
    await onCopy(async (pipeline) => {
      await compact(pipeline);
      await pipeline.land(landing(landings));
      const { silver } = await pipeline.build();
      assert.deepEqual([silver.partitions.length, silver.appended.length], [2, 2]);
      const whole = await withPipeline(async (other) => {
        for (let index = 0; index <= landings; index++) await other.land(landing(index));
        await other.build();
        return other.contract();
      });
      assert.deepEqual(await pipeline.contract(), whole);
      assert.ok((await pipeline.audit()).balanced);
    });
  });

  it('merges the days that ended before its time only: with 0 all but today', async () => {
    const clock = standingClock('2026-01-02T20:00:00Z');
    const root = temporaryFolder();
    cpSync(full, root, { recursive: true });
    await withPipeline(async (pipeline) => {
      assert.deepEqual((await compact(pipeline)).summary.tables, {});
      const { summary } = await compact(pipeline, { olderThan: '0' });
      assert.equal(summary.tables['bronze.shop']?.partitions, 1);
      assert.equal((await filesOf(pipeline, 'bronze.shop')).length, landings + 1);
    }, { root, clock });
  });

  it('says with --dry-run what it would do, and does nothing', async () => {
    await onCopy(async (pipeline) => {
      const listing = (): string[] => readdirSync(pipeline.root, { recursive: true, encoding: 'utf8' }).filter((path) => !path.startsWith('_ingot/staging')).sort();
      const before = listing();
      const planned = await compact(pipeline, { dryRun: true });
      assert.deepEqual(listing(), before);
      assert.equal(planned.lines.at(-1), 'nothing was changed (--dry-run)');
      const done = await compact(pipeline);
      const counts = ({ summary }: { readonly summary: Summary }) => Object.entries(summary.tables).map(([name, { partitions, filesBefore, filesAfter, rows }]) => [name, partitions, filesBefore, filesAfter, rows]);
      assert.deepEqual(counts(done), counts(planned));
      assert.equal(counts(done).length, 5);
    });
  });

  it('publishes in runs of bounded size, and ends with the same files', async () => {
    await onCopy(async (pipeline) => {
      const rows = await allRows(pipeline);
      const scope = new Scope(pipeline.lake, 'silver.shop', 'silver', 'event');
      const tables = ['item_event', 'shop_rejected', 'shop_duplicates', 'event'];
      const summary = await compactScope(scope, tables, { rule: closedPartitions(pipeline.lake.clock.nowMs(), 0), runBytes: 1 });
      assert.equal(summary.runs, tables.length * days.length);
      for (const table of tables) assert.equal((await filesOf(pipeline, `silver.${table}`)).length, days.length);
      assert.deepEqual(await allRows(pipeline), rows);
    });
  });

  it('merges in open partitions by number, whichever their date', async () => {
    await onCopy(async (pipeline) => {
      const scope = new Scope(pipeline.lake, 'bronze.shop', 'bronze', 'shop');
      assert.deepEqual((await compactScope(scope, ['shop'], { rule: openPartitions })).tables, {});
      const rows = await allRows(pipeline);
      const { tables } = await compactScope(scope, ['shop'], { rule: { ...openPartitions, leastFiles: landings } });
      assert.deepEqual([tables['bronze.shop']?.filesBefore, tables['bronze.shop']?.filesAfter], [8, 2]);
      assert.deepEqual(await allRows(pipeline), rows);
    });
  });

  it('stops when it is asked to, between what it merges, and goes on next time', async () => {
    await onCopy(async (pipeline) => {
      const stop = new AbortController();
      const scope = new Scope(pipeline.lake, 'silver.shop', 'silver', 'event');
      const options = { rule: closedPartitions(pipeline.lake.clock.nowMs(), 0), signal: stop.signal, runBytes: 1 };
      const first = await compactScope(scope, ['item_event', 'event'], options, { merged: () => stop.abort() });
      assert.deepEqual([first.runs, first.stopped], [1, true]);
      assert.deepEqual((await compactScope(scope, ['item_event', 'event'], options)).runs, 0);
      const second = await compactScope(scope, ['item_event', 'event'], { rule: options.rule });
      assert.equal(second.stopped, false);
      assert.equal((await filesOf(pipeline, 'silver.event')).length, days.length);
    });
  });

  it('gives files of before a change of the columns all columns of the table', async () => {
    await onCopy(async (pipeline) => {
      const { lake } = pipeline;
      const table = lake.table('silver', 'event');
      const rows = (await allRows(pipeline))['silver.event'];
      await table.commit((snapshot) => {
        assert.ok(snapshot !== null);
        const schema = JSON.parse(snapshot.metaData.schemaString) as { fields: object[] };
        const schemaString = JSON.stringify({ ...schema, fields: [...schema.fields, { name: 'added', type: 'long', nullable: true, metadata: {} }] });
        return [{ metaData: { ...snapshot.metaData, schemaString, configuration: { ...snapshot.metaData.configuration, 'ingot.evolved': 'true' } } }];
      });
      await compact(pipeline);
      const [file] = await filesOf(pipeline, 'silver.event');
      const path = lake.storage.locate(`silver/event/${filePath(file?.path ?? '')}`);
      const described = await (await lake.session()).rows('SELECT name FROM parquet_schema($path)', { path });
      assert.ok(described.some((row) => row['name'] === 'added'));
      assert.deepEqual((await pipeline.rows('SELECT * EXCLUDE (added) FROM silver.event')).map((row) => JSON.stringify(row)).sort(), rows);
    });
  });

  it('stops with what is wrong where files hold other rows than the log says, and changes nothing', async () => {
    await onCopy(async (pipeline) => {
      await pipeline.lake.table('silver', 'event').commit((snapshot) => {
        const [file] = snapshot?.files.values() ?? [];
        assert.ok(file !== undefined);
        return [{ add: { ...file, stats: '{"numRecords":7}', dataChange: false } }];
      });
      const files = await filesOf(pipeline, 'silver.event');
      await assert.rejects(compact(pipeline), { code: 'LAKE_CORRUPT', op: 'compact', path: /^silver\/event\/event_date=2026-01-0/ });
      assert.deepEqual(await filesOf(pipeline, 'silver.event'), files);
    });
  });

  it('refuses a lake that is not there, and a dataset that there is not', async () => {
    await withPipeline(async (pipeline) => {
      await assert.rejects(run(pipeline.context()), { code: 'TABLE_NOT_FOUND' });
      await assert.rejects(run({ ...pipeline.context(), args: ['none'] }), { code: 'DATASET_NOT_FOUND' });
    }, { root: join(temporaryFolder(), 'absent') });
  });
});
