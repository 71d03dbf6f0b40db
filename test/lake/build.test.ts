import assert from 'node:assert/strict';
import { write } from '../../src/engines/duckdb.js';
import { LakeError } from '../../src/errors.js';
import { publishBuild } from '../../src/lake/build.js';
import { Lake } from '../../src/lake/lake.js';
import { LocalStorage } from '../../src/lake/local.js';
import { Scope } from '../../src/lake/publication.js';
import type { Move } from '../../src/lake/storage.js';
import { createView, readTables } from '../../src/lake/views.js';
import { removeTemporaryFolders, temporaryFolder, testLake } from '../support/lake.js';

const spec = {
  layer: 'silver', table: 'event', partitionBy: ['platform'], statistics: [], anchor: 'silver/event',
  columns: [{ name: 'n', type: 'BIGINT' }, { name: 'platform', type: 'VARCHAR' }],
};

/** Has no room once, at the moment when files are put in place. */
class FullOnce extends LocalStorage {
  private full = true;

  override adopt(moves: readonly Move[]): Promise<void> {
    if (!this.full) return super.adopt(moves);
    this.full = false;
    return Promise.reject(new LakeError('the disk of the lake is full', { code: 'DISK_FULL', op: 'write' }));
  }
}

function publish(lake: Lake, n: number, plans: number[] = []): Promise<number | null> {
  const scope = new Scope(lake, 'silver.shop', 'silver', 'event');
  return publishBuild(scope, {
    plan: (run) => {
      plans.push(run);
      return Promise.resolve({ run });
    },
    build: async (plan, staging) => {
      const files = await write(await lake.session(), `SELECT CAST(${n} AS BIGINT) AS n, 'IOS' AS platform`, { partitionBy: ['platform'], stagingDir: lake.storage.locate(`${staging}/rows`) });
      if (n === 2 && plans.length === 1) await publish(lake, 1);
      return { writes: [{ spec, files, replaces: [{ platform: 'IOS' }], txns: {}, metrics: {} }], result: plan.run };
    },
  });
}

async function rows(lake: Lake): Promise<unknown[]> {
  const session = await lake.session();
  for (const reading of await readTables(lake, [{ layer: 'silver', table: 'event' }])) await createView(session, lake, reading);
  return (await session.rows('SELECT n FROM silver.event')).map((row) => row['n']);
}

describe('building and publishing', () => {
  after(removeTemporaryFolders);

  it('keeps the staged files of a run that is written down when it fails, so that the next run finishes it', async () => {
    const root = temporaryFolder();
    const failing = new Lake({ ...testLake(root).options, storage: new FullOnce(root) });
    await assert.rejects(publish(failing, 1), { code: 'DISK_FULL' });
    await failing.close();
    const lake = testLake(root);
    await new Scope(lake, 'silver.shop', 'silver', 'event').recover();
    assert.deepEqual(await rows(lake), ['1']);
    await lake.close();
  });

  it('plans again when another process has published meanwhile, and leaves no staging behind', async () => {
    const lake = testLake(temporaryFolder());
    const plans: number[] = [];
    assert.equal(await publish(lake, 2, plans), 1);
    assert.deepEqual(plans, [0, 1]);
    assert.deepEqual(await rows(lake), ['2']);
    assert.deepEqual(await lake.storage.list('_ingot/staging/silver.shop'), []);
    await lake.close();
  });
});
