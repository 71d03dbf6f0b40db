import assert from 'node:assert/strict';
import { write } from '../../src/engines/duckdb.js';
import type { Lake } from '../../src/lake/lake.js';
import { Scope } from '../../src/lake/publication.js';
import type { TableColumn } from '../../src/lake/schema.js';
import { createView, readTables } from '../../src/lake/views.js';
import { removeTemporaryFolders, temporaryFolder, testLake } from '../support/lake.js';

async function publish(lake: Lake, select: string, columns: readonly TableColumn[]): Promise<void> {
  const scope = new Scope(lake, 'silver.shop', 'silver', 'event');
  const staging = scope.newStaging();
  const spec = { layer: 'silver', table: 'event', columns: [...columns, { name: 'platform', type: 'VARCHAR' }], partitionBy: ['platform'], statistics: ['n'], anchor: 'silver/event' };
  const files = await write(await lake.session(), select, { partitionBy: ['platform'], stagingDir: lake.storage.locate(staging) });
  await scope.publish(staging, [{ spec, files, replaces: null, txns: {}, metrics: {} }], [], () => Promise.resolve());
}

describe('a table whose columns have changed from run to run', () => {
  after(removeTemporaryFolders);

  it('shows old and new files as one: added columns null in old files, narrow numbers widened, dropped columns null in new ones', async () => {
    const lake = testLake(temporaryFolder());
    const note = { name: 'note', type: 'VARCHAR' };
    await publish(lake, "SELECT CAST(1 AS INTEGER) AS n, 'old' AS note, 'IOS' AS platform", [{ name: 'n', type: 'INTEGER' }, note]);
    await publish(lake, "SELECT CAST(3000000000 AS BIGINT) AS n, DATE '2026-03-10' AS day, 'IOS' AS platform", [{ name: 'n', type: 'BIGINT' }, { name: 'day', type: 'DATE' }]);
    await publish(lake, "SELECT CAST(2 AS INTEGER) AS n, 'new' AS note, NULL AS platform", [{ name: 'n', type: 'INTEGER' }, note]);
    const session = await lake.session();
    for (const reading of await readTables(lake, [{ layer: 'silver', table: 'event' }])) await createView(session, lake, reading);
    const rows = await session.rows('SELECT * FROM silver.event ORDER BY n');
    await lake.close();
    assert.deepEqual(rows, [
      { n: '1', note: 'old', platform: 'IOS', day: null },
      { n: '2', note: 'new', platform: null, day: null },
      { n: '3000000000', note: null, platform: 'IOS', day: '2026-03-10' },
    ]);
  });
});
