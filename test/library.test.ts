import assert from 'node:assert/strict';
import { join } from 'node:path';
import { LakeError, openLake, type EventRow, type OpenedLake } from '../src/index.js';
import type shop from '../datasets/shop/dataset.js';
import type { Lake } from '../src/lake/lake.js';
import { removeTemporaryFolders, temporaryFolder } from './support/lake.js';
import { eventColumns, eventRows, publishTables, smallLake } from './support/small-lake.js';

describe('openLake', () => {
  let writer: Lake;
  let lake: OpenedLake;

  beforeEach(async () => {
    const root = temporaryFolder();
    writer = await smallLake(root);
    lake = await openLake(root);
  });

  afterEach(async () => {
    await lake.close();
    await writer.close();
    removeTemporaryFolders();
  });

  it('lists the tables by layer', async () => {
    assert.deepEqual(await lake.tables(), ['silver.event', 'silver.item_event', 'gold.session']);
  });

  it('tells a snapshot: version, files, rows, columns, partitions', async () => {
    const { version, files, rows, columns, partitionColumns, partitions } = await lake.snapshot('silver.event');
    assert.deepEqual({ version, rows, columns, partitionColumns }, { version: 0, rows: 3, columns: eventColumns, partitionColumns: ['event_date', 'platform'] });
    assert.deepEqual(partitions, [
      { event_date: '2026-01-30', platform: 'IOS' },
      { event_date: '2026-01-31', platform: 'ANDROID' },
      { event_date: '2026-01-31', platform: null },
    ]);
    assert.deepEqual(files.map((file) => [file.rows, file.bytes > 0]), Array.from({ length: 3 }, () => [1, true]));
    await assert.rejects(lake.snapshot('silver.evnt'), (error) => error instanceof LakeError && error.code === 'QUERY_FAILED' && (error.hint ?? '').includes('Did you mean silver.event?'));
    await assert.rejects(lake.snapshot('../silver'), (error) => error instanceof LakeError && error.code === 'QUERY_FAILED');
  });

  it('gives rows with the types of JavaScript', async () => {
    const rows = await lake.query<Pick<EventRow<typeof shop>, 'event_id' | 'event_date' | 'event_timestamp' | 'item_count' | 'issues'>>(
      'SELECT event_id, event_date, event_timestamp, item_count, issues FROM silver.event WHERE event_date >= $since AND item_count >= $least ORDER BY 1',
      { since: '2026-01-30', least: 1 },
    );
    assert.deepEqual(rows, [
      { event_id: 'a', event_date: '2026-01-30', event_timestamp: new Date('2026-01-30T23:59:59.123Z'), item_count: 2n, issues: ['late', 'odd "price"'] },
      { event_id: 'b', event_date: '2026-01-31', event_timestamp: new Date('2026-01-31T10:00:00Z'), item_count: 9007199254740993n, issues: [] },
    ]);
    assert.deepEqual(await lake.query('SELECT price, item_params FROM silver.item_event ORDER BY item_index'), [
      { price: '12.5000', item_params: new Map([['in_stock', '1'], ['note', 'a,b']]) },
      { price: '99999999999999.9999', item_params: null },
    ]);
    assert.deepEqual(await lake.query("SELECT {'a': [1.5::DECIMAL(3,1)]} AS s, TIMESTAMPTZ '1969-12-31 23:59:59.9995Z' AS t, 5::HUGEINT AS h, '\\x00'::BLOB AS b, 1.5::DOUBLE AS d, TIME '01:02:03' AS c, INTERVAL 2 DAY AS i, -0.05::DECIMAL(4,2) AS m"), [
      { s: { a: ['1.5'] }, t: new Date(-1), h: 5n, b: Buffer.of(0), d: 1.5, c: '01:02:03', i: '2 days', m: '-0.05' },
    ]);
  });

  it('binds texts, numbers, booleans, instants and null', async () => {
    const at = new Date('2026-01-31T10:00:00Z');
    const sql = 'SELECT $t AS t, $i AS i, $f AS f, $b AS b, $n AS n, (SELECT event_id FROM silver.event WHERE event_timestamp = $at) AS at';
    assert.deepEqual(await lake.query(sql, { t: "it's", i: 7, f: 0.5, b: true, n: null, at, unused: 1 }), [{ t: "it's", i: 7n, f: 0.5, b: true, n: null, at: 'b' }]);
    await assert.rejects(lake.query('SELECT $missing'), (error) => error instanceof LakeError && error.code === 'USAGE' && error.message.includes('$missing'));
  });

  it('gives an Arrow table', async () => {
    const table = await lake.arrow('SELECT event_id, item_count, event_date FROM silver.event ORDER BY 1');
    assert.deepEqual(['event_id', 'item_count', 'event_date'].map((name): unknown[] => Array.from(table.getChild(name) ?? [])), [
      ['a', 'b', 'c'],
      [2n, 9007199254740993n, 0n],
      ['2026-01-30', '2026-01-31', '2026-01-31'].map((date) => Date.parse(date)),
    ]);
    assert.equal((await lake.arrow('FROM gold.session')).numRows, 0);
  });

  it('answers queries at once, and sees what was committed between them', async () => {
    const counts = await Promise.all(Array.from({ length: 4 }, () => lake.query('SELECT count(*) AS n FROM silver.event')));
    assert.deepEqual(counts, Array.from({ length: 4 }, () => [{ n: 3n }]));
    const select = `SELECT * REPLACE (DATE '2026-02-01' AS event_date) FROM (${eventRows})`;
    await publishTables(writer, 'silver.shop', [{ layer: 'silver', table: 'event', columns: eventColumns, select }]);
    assert.deepEqual(await lake.query('SELECT count(*) AS n FROM silver.event'), [{ n: 6n }]);
  });

  it('reads siblings at one run, whichever has been committed so far', async () => {
    const { version } = await lake.snapshot('silver.item_event');
    const table = writer.table('silver', 'item_event');
    await table.commit((snapshot) => [
      { txn: { appId: 'ingot.run', version: 2 } },
      ...[...(snapshot?.files.values() ?? [])].map((file) => ({ remove: { path: file.path, deletionTimestamp: 0, dataChange: true, extendedFileMetadata: true, partitionValues: file.partitionValues, size: file.size } })),
    ]);
    assert.equal((await lake.snapshot('silver.item_event')).version, version);
    assert.deepEqual(await lake.query('SELECT count(*) AS n FROM silver.item_event'), [{ n: 2n }]);
  });

  it('says when there is no lake', async () => {
    await assert.rejects(openLake(join(writer.storage.root, 'none')), (error) => error instanceof LakeError && error.code === 'TABLE_NOT_FOUND');
  });
});
