import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { write } from '../../src/engines/duckdb.js';
import type { Lake } from '../../src/lake/lake.js';
import { Scope } from '../../src/lake/publication.js';
import { removeTemporaryFolders, temporaryFolder, TestClock, testLake } from '../support/lake.js';

const partition = { platform: 'IOS' };
const spec = {
  layer: 'silver', table: 'event', partitionBy: ['platform'], statistics: [], anchor: 'silver/event',
  columns: [{ name: 'n', type: 'BIGINT' }, { name: 'platform', type: 'VARCHAR' }],
};

async function replace(lake: Lake, n: number): Promise<void> {
  const scope = new Scope(lake, 'silver.shop', 'silver', 'event');
  const staging = scope.newStaging();
  const files = await write(await lake.session(), `SELECT CAST(${n} AS BIGINT) AS n, 'IOS' AS platform`, { partitionBy: ['platform'], stagingDir: lake.storage.locate(staging) });
  await scope.publish(staging, [{ spec, files, replaces: [partition], txns: {}, metrics: {} }], [], () => Promise.resolve());
}

const dataFiles = (lake: Lake): number => readdirSync(join(lake.storage.root, 'silver/event/platform=IOS')).length;

describe('replaced files', () => {
  after(removeTemporaryFolders);

  it('go right after the commit when nothing is retained', async () => {
    const lake = testLake(temporaryFolder());
    await replace(lake, 1);
    await replace(lake, 2);
    assert.equal(dataFiles(lake), 1);
    await lake.close();
  });

  it('stay for the time that they are retained, and go with the first run after it', async () => {
    const clock = new TestClock();
    const lake = testLake(temporaryFolder(), { clock, retainMs: 60_000 });
    await replace(lake, 1);
    await replace(lake, 2);
    clock.advance(59_000);
    await replace(lake, 3);
    assert.equal(dataFiles(lake), 3);
    clock.advance(1_000);
    await replace(lake, 4);
    assert.equal(dataFiles(lake), 3, 'that of run 1 has gone, those of runs 2 and 3 stay');
    clock.advance(60_000);
    await replace(lake, 5);
    assert.equal(dataFiles(lake), 2);
    assert.deepEqual((await lake.storage.list('_ingot/discard/silver.shop')).length, 1);
    await lake.close();
  });
});
