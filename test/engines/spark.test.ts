import assert from 'node:assert/strict';
import { LakeError } from '../../src/errors.js';
import type { Lake } from '../../src/lake/lake.js';
import { Scope } from '../../src/lake/publication.js';
import { trimLog } from '../../src/lake/trim.js';
import { createView, readTables } from '../../src/lake/views.js';
import { compactScope } from '../../src/maintain/compact.js';
import { closedPartitions } from '../../src/maintain/plan.js';
import { removeTemporaryFolders, temporaryFolder, testLake } from '../support/lake.js';
import { byViews, fillToVersion, firstUs, inOrder, numbers, publish, questions, range, type Answers } from './published.js';
import { Spark } from './spark.js';

const texts = 'CAST(n AS STRING) AS n, CAST(unix_micros(event_timestamp) AS STRING) AS event_timestamp, CAST(amount AS STRING) AS amount, name, CAST(event_date AS STRING) AS event_date, platform';

describe('Spark', function () {
  this.timeout(300_000);
  let spark: Spark;
  let lake: Lake;
  let table = '';

  before(async () => {
    spark = await Spark.start();
  });
  after(async () => {
    await spark.stop();
    removeTemporaryFolders();
  });
  beforeEach(async () => {
    lake = testLake(temporaryFolder());
    await publish(lake, 0, 200);
    await publish(lake, 200, 300);
    table = `delta.\`${lake.storage.locate('silver/event')}\``;
  });
  afterEach(() => lake.close());

  async function bySpark(): Promise<Answers> {
    const answers: Answers = {};
    for (const { name, sql } of questions) {
      answers[name] = inOrder(await spark.sql(`SELECT ${texts} FROM ${table} WHERE ${sql.replace('TIMESTAMPTZ_US', 'timestamp_micros')}`));
    }
    return answers;
  }

  async function judged(): Promise<Answers> {
    const views = await byViews(lake);
    assert.deepEqual(await bySpark(), views);
    return views;
  }

  it('reads what Ingot has published, whole and pruned, with partitions of any text', async () => {
    assert.deepEqual(numbers(await judged()), range(0, 300));
  });

  it('reads replaced partitions, merged files, checkpoints and a trimmed log', async () => {
    await publish(lake, 1000, 1000, [{ event_date: '2026-03-11', platform: null }]);
    const before = await judged();
    await compactScope(new Scope(lake, 'silver.shop', 'silver', 'event'), ['event'], { rule: closedPartitions(Date.parse('2026-06-01T00:00:00Z'), 0) });
    await fillToVersion(lake, 203);
    assert.equal(await trimLog(lake.storage, 'silver/event', 203, 50), 100);
    assert.deepEqual(await judged(), before);
  });

  it('appends, updates, merges, deletes, optimizes and vacuums, and Ingot reads it right and writes on', async () => {
    const row = (n: number, platform: string): string => `SELECT CAST(${n} AS BIGINT) AS n, timestamp_micros(${firstUs + n * 1001}) AS event_timestamp, CAST(1.5 AS DECIMAL(18,4)) AS amount, 'from outside' AS name, DATE'2026-03-11' AS event_date, ${platform} AS platform`;
    await spark.sql(`INSERT INTO ${table} ${row(500, "'50% off'")} UNION ALL ${row(501, 'CAST(NULL AS STRING)')} UNION ALL ${row(502, "'São Paulo'")} UNION ALL ${row(503, "'a=b/c'")}`);
    assert.deepEqual(numbers(await judged()), [...range(0, 300), ...range(500, 504)]);
    await spark.sql(`UPDATE ${table} SET name = 'changed' WHERE n = 7`);
    await spark.sql(`MERGE INTO ${table} AS t USING (${row(502, "'São Paulo'")} UNION ALL ${row(504, "'IOS'")}) AS s ON t.n = s.n WHEN MATCHED THEN UPDATE SET amount = 2 WHEN NOT MATCHED THEN INSERT *`);
    await spark.sql(`DELETE FROM ${table} WHERE n >= 10 AND n < 20`);
    const left = [...range(0, 10), ...range(20, 300), ...range(500, 505)];
    const changed = await judged();
    assert.deepEqual(numbers(changed), left);
    assert.deepEqual(changed['everything']?.filter(({ n }) => n === '7' || n === '502').map(({ name, amount }) => [name, amount]), [['changed', '-42.9993'], ['from outside', '2.0000']]);
    await spark.sql(`OPTIMIZE ${table}`);
    await spark.sql(`VACUUM ${table} RETAIN 0 HOURS`);
    assert.deepEqual(await judged(), changed);
    assert.equal(await publish(lake, 600, 606, [{ event_date: '2026-03-11', platform: '50% off' }]), 3);
    assert.deepEqual(numbers(await judged()), [...left.filter((n) => !(n === 500 || (n >= 100 && n % 6 === 2))), ...range(600, 606)]);
  });

  const properties = (...pairs: readonly string[]): string => `TBLPROPERTIES (${pairs.map((pair) => pair.replace(/^(.*)=(.*)$/, "'$1' = '$2'")).join(', ')})`;
  const features: readonly { readonly name: string; readonly columns?: string; readonly options: string; readonly reads: boolean; readonly writes: boolean; readonly told: RegExp }[] = [
    { name: 'nothing special', options: '', reads: true, writes: true, told: /^$/ },
    { name: 'deletion vectors', options: properties('delta.enableDeletionVectors=true'), reads: false, writes: false, told: /deletionVectors/ },
    { name: 'column mapping', options: properties('delta.columnMapping.mode=name', 'delta.minReaderVersion=2', 'delta.minWriterVersion=5'), reads: false, writes: false, told: /columnMapping/ },
    { name: 'checkpoints of version 2', options: properties('delta.checkpointPolicy=v2'), reads: false, writes: false, told: /v2Checkpoint/ },
    { name: 'timestamps without a zone', columns: 'n BIGINT, at TIMESTAMP_NTZ', options: '', reads: false, writes: false, told: /timestampNtz/ },
    { name: 'variants', columns: 'n BIGINT, v VARIANT', options: '', reads: false, writes: false, told: /variantType/ },
    { name: 'types that widen', options: properties('delta.enableTypeWidening=true'), reads: false, writes: false, told: /typeWidening/ },
    { name: 'row tracking', options: properties('delta.enableRowTracking=true'), reads: true, writes: false, told: /rowTracking/ },
    { name: 'clustering', options: 'CLUSTER BY (n)', reads: true, writes: false, told: /clustering/ },
    { name: 'commit times inside', options: properties('delta.enableInCommitTimestamps=true'), reads: true, writes: false, told: /inCommitTimestamp/ },
    { name: 'a change feed', options: properties('delta.enableChangeDataFeed=true'), reads: true, writes: false, told: /writer version 4|changeDataFeed/ },
    { name: 'defaults of columns', columns: "n BIGINT, s STRING DEFAULT 'x'", options: properties('delta.feature.allowColumnDefaults=supported'), reads: true, writes: false, told: /allowColumnDefaults/ },
    { name: 'a column that is never null', columns: 'n BIGINT NOT NULL, s STRING', options: '', reads: true, writes: false, told: /NOT NULL/ },
  ];

  for (const { name, columns = 'n BIGINT, s STRING', options, reads, writes, told } of features) {
    it(`writes a table with ${name}: Ingot ${reads ? 'reads it' : 'refuses to read it by name'}${reads && !writes ? ' and refuses to write it by name' : ''}`, async () => {
      const other = lake.storage.locate('silver/other');
      await spark.sql(`CREATE TABLE delta.\`${other}\` (${columns}) USING delta ${options}`);
      await spark.sql(`INSERT INTO delta.\`${other}\` (n) VALUES (1), (2), (3)`);
      const opened = lake.table('silver', 'other');
      if (reads) {
        assert.equal(await rowsOf(lake), 3);
      } else {
        await assert.rejects(opened.snapshot(), (error) => error instanceof LakeError && error.code === 'TABLE_UNSUPPORTED' && told.test(error.message));
        return;
      }
      const commit = opened.commit(() => [{ txn: { appId: 'ingot.run', version: 1 } }]);
      if (writes) await commit;
      else await assert.rejects(commit, (error) => error instanceof LakeError && error.code === 'TABLE_UNSUPPORTED' && told.test(error.message));
      assert.equal(await rowsOf(lake), 3);
      assert.deepEqual(await spark.sql(`SELECT CAST(count(*) AS STRING) AS rows FROM delta.\`${other}\``), [{ rows: '3' }]);
    });
  }
});

async function rowsOf(lake: Lake): Promise<number> {
  const session = await lake.session();
  for (const reading of await readTables(lake, [{ layer: 'silver', table: 'other' }])) await createView(session, lake, reading);
  const [row] = await session.rows('SELECT count(*) AS rows FROM silver.other');
  return Number(row?.['rows']);
}
