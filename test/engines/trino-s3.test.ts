import assert from 'node:assert/strict';
import { Trino } from '../../scripts/engines/trino.js';
import { Lake } from '../../src/lake/lake.js';
import { startIngot, type Ended } from '../commands/ingot.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { S3Bench } from '../support/s3.js';
import { allDates, assertEqualTables, done, generated, tablesOfLayer } from '../support/two-engines.js';
import { required } from './judges.js';

describe('Trino as the engine of a lake in S3', () => {
  let bench: S3Bench;
  let trino: Trino;

  before(async function () {
    this.timeout(240_000);
    bench = await S3Bench.start();
    await bench.server.makeBucket('engine-metastore');
    trino = await Trino.start({ s3: { endpoint: bench.server.endpoint, region: 'us-east-1', accessKeyId: bench.server.keyId, secretAccessKey: bench.server.secret, bucket: 'engine-metastore' } });
  });

  after(async () => {
    await trino.stop();
    await bench.stop();
    removeTemporaryFolders();
  });

  async function there(args: readonly string[], root: string): Promise<Ended> {
    const environment = { ...bench.environment, INGOT_DUCKDB_EXTENSIONS: required('INGOT_HTTPFS_EXTENSION'), INGOT_SCRATCH: temporaryFolder(), INGOT_LAKE: root, INGOT_ENGINE: `trino://test@127.0.0.1:${trino.port}/hive` };
    const ended = await startIngot(args, '', environment).ended;
    assert.equal(ended.status, 0, `${args.join(' ')}\n${ended.stderr}\n${ended.stdout}`);
    return ended;
  }

  for (const name of ['shop', 'actions'] as const) {
    it(`builds ${name} there, with the rows that DuckDB gives in a folder, and leaves nothing of its own behind`, async function () {
      this.timeout(300_000);
      const source = generated(name, 1_500);
      const local = temporaryFolder();
      await done(['run', name, '--from', source, '--lake', local]);
      const root = bench.root();
      await there(['run', name, '--from', source], root);
      await there(['backfill', name, ...allDates], root);
      await there(['audit', name], root);
      const storage = bench.storage(root);
      const [expected, actual] = [Lake.local(local), new Lake({ ...Lake.local(local).options, storage })];
      try {
        for (const layer of ['silver', 'gold']) for (const table of await tablesOfLayer(local, layer)) await assertEqualTables(expected, actual, layer, table, { without: ['received_at'] });
      } finally {
        await expected.close();
        await actual.close();
      }
      assert.deepEqual((await storage.walk('_ingot/engine')).files, []);
      assert.deepEqual(await storage.list('_ingot/uploads'), []);
      assert.deepEqual([...(await trino.rows('SHOW TABLES FROM hive.ingot')), ...(await trino.rows('SHOW TABLES FROM iceberg.ingot'))], []);
      const { stdout } = await there(['query', `SELECT count(*) AS n FROM gold.${name === 'shop' ? 'funnel_daily' : 'product_funnel'}`, '--format', 'csv'], root);
      assert.match(stdout, /^n\n[1-9]/);
    });
  }
});
