import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { Lake } from '../../src/lake/lake.js';
import { duckdbDdl } from '../../src/query/ddl.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { eventColumns, eventRows, publishTables, smallLake } from '../support/small-lake.js';

describe('duckdbDdl', () => {
  let lake: Lake;
  let instance: DuckDBInstance;
  let connection: DuckDBConnection;

  beforeEach(async () => {
    lake = await smallLake(join(temporaryFolder(), "it's [an] odd*name"));
    instance = await DuckDBInstance.create(':memory:');
    connection = await instance.connect();
  });

  afterEach(async () => {
    connection.closeSync();
    instance.closeSync();
    await lake.close();
    removeTemporaryFolders();
  });

  const rows = async (sql: string): Promise<unknown[][]> => (await connection.runAndReadAll(sql)).getRowsJson();

  it('gives statements that run as they are, with the columns and types of the log', async () => {
    const { statements, empty } = await duckdbDdl(lake);
    for (const statement of statements) await connection.run(statement);
    assert.equal(statements.length, 1 + 2 + 3);
    assert.deepEqual(empty, ['gold.session']);
    for (const [layer, table] of [['silver', 'event'], ['silver', 'item_event'], ['gold', 'session']] as const) {
      const described = (await rows(`DESCRIBE ${layer}.${table}`)).map(([name, type]) => ({ name, type }));
      assert.deepEqual(described, (await lake.table(layer, table).snapshot())?.columns, table);
    }
    assert.deepEqual(await rows('SELECT event_id, event_date, platform, event_timestamp FROM silver.event ORDER BY ALL'), [
      ['a', '2026-01-30', 'IOS', '2026-01-30 23:59:59.123456+00'],
      ['b', '2026-01-31', 'ANDROID', '2026-01-31 10:00:00+00'],
      ['c', '2026-01-31', null, '2026-01-31 11:00:00+00'],
    ]);
    assert.deepEqual(await rows('FROM gold.session'), []);
  });

  it('gives views that stay right as partitions are replaced and added', async () => {
    for (const statement of (await duckdbDdl(lake)).statements) await connection.run(statement);
    const select = `SELECT * REPLACE ('again' AS event_id) FROM (${eventRows}) UNION ALL SELECT * REPLACE (DATE '2026-02-01' AS event_date) FROM (${eventRows})`;
    await publishTables(lake, 'silver.shop', [{ layer: 'silver', table: 'event', columns: eventColumns, select }]);
    assert.deepEqual(await rows('SELECT event_id, count(*)::INTEGER FROM silver.event GROUP BY ALL ORDER BY ALL'), [['a', 1], ['again', 3], ['b', 1], ['c', 1]]);
  });
});
