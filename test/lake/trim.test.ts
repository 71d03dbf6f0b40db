import assert from 'node:assert/strict';
import type { Lake } from '../../src/lake/lake.js';
import { commitName } from '../../src/lake/layout.js';
import { creation } from '../../src/lake/schema.js';
import { trimLog } from '../../src/lake/trim.js';
import { removeTemporaryFolders, temporaryFolder, testLake } from '../support/lake.js';
import { specOf } from '../support/publications.js';

const folder = 'silver/event';
const log = `${folder}/_delta_log`;

async function commits(lake: Lake, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    await lake.table('silver', 'event').commit((snapshot) => {
      const version = (snapshot?.version ?? -1) + 1;
      const add = { path: `${version}.parquet`, partitionValues: {}, size: 1, modificationTime: 1, dataChange: true, stats: '{"numRecords":1}' };
      return [...(snapshot === null ? creation(specOf('event'), 0) : []), { txn: { appId: 'ingot.run', version } }, { add }];
    });
  }
}

describe('trimming a log', () => {
  let root = '';
  let lake: Lake;

  beforeEach(async () => {
    root = temporaryFolder();
    lake = testLake(root);
    await commits(lake, 331);
  });
  afterEach(() => lake.close());
  after(removeTemporaryFolders);

  it('leaves the newest checkpoint with enough versions after it, and all entries from there on', async () => {
    assert.equal(await trimLog(lake.storage, folder, 330, 100), 201);
    const names = await lake.storage.list(log);
    assert.equal(names[0], '00000000000000000200.checkpoint.parquet');
    assert.deepEqual(names.filter((name) => /^\d+\.json$/.test(name)), Array.from({ length: 131 }, (_none, index) => commitName(200 + index)));
    assert.equal(await trimLog(lake.storage, folder, 330, 100), 0);
  });

  it('changes nothing for those who open the table, commit to it, or ask for a kept version', async () => {
    await trimLog(lake.storage, folder, 330, 100);
    await commits(lake, 1);
    const fresh = testLake(root);
    const table = fresh.table('silver', 'event');
    const snapshot = await table.snapshot();
    assert.deepEqual([snapshot?.version, snapshot?.files.size, snapshot?.txn('ingot.run', -1)], [331, 332, 331]);
    assert.equal((await table.log.snapshotAt(200)).files.size, 201);
    await assert.rejects(table.log.snapshotAt(199), { code: 'LAKE_CORRUPT' });
    assert.deepEqual(await fresh.tableNames('silver'), ['event']);
    await fresh.close();
  });

  it('takes nothing while no checkpoint is old enough', async () => {
    assert.equal(await trimLog(lake.storage, folder, 330, 231), 0);
    assert.equal((await lake.storage.list(log)).includes(commitName(0)), true);
  });
});
