import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { Moto } from '../../scripts/engines/aws.js';
import { Trino } from '../../scripts/engines/trino.js';
import { Lake } from '../../src/lake/lake.js';
import { ddlFor, type Ddl, type DdlEngine, type DdlOptions } from '../../src/query/ddl.js';
import { startIngot } from '../commands/ingot.js';
import { removeTemporaryFolders, temporaryFolder, testLake } from '../support/lake.js';
import { linesFile, shopLines, withPipeline } from '../support/pipeline.js';
import { S3Bench } from '../support/s3.js';
import { eventColumns, eventRows, smallLake } from '../support/small-lake.js';
import { fillForCatalogs, publishTable, rowsByIngot, rowsByTrino, sorted } from './ddl-lake.js';
import { required } from './judges.js';
import { Spark } from './spark.js';

const base: DdlOptions = { location: null, databasePrefix: '', catalog: null, plain: false, today: '2026-02-01', platformsOf: () => [], server: null };
const microseconds = { 'X-Trino-Session': 'hive.timestamp_precision=MICROSECONDS,bucket.timestamp_precision=MICROSECONDS,glue.timestamp_precision=MICROSECONDS' };

/** Those that readers of plain files can be shown. */
const tables = ['silver.visit', 'silver.kinds', 'silver.grown', 'gold.customer', 'gold.session'];

function made(engine: DdlEngine, lake: Lake, options: Partial<DdlOptions>): Promise<Ddl> {
  return ddlFor(engine, lake, { ...base, ...options });
}

function bare(statement: string): string {
  return statement.replace(/;$/, '');
}

describe('statements for catalogs', function () {
  this.timeout(300_000);
  let bench: S3Bench;
  let moto: Moto;
  let trino: Trino;
  let lake: Lake;
  let remote: Lake;

  before(async () => {
    bench = await S3Bench.start();
    moto = await Moto.start();
    const { endpoint, keyId, secret } = bench.server;
    const storage = ['fs.native-s3.enabled=true', `s3.endpoint=${endpoint}`, 's3.region=us-east-1', 's3.path-style-access=true', `s3.aws-access-key=${keyId}`, `s3.aws-secret-key=${secret}`];
    const hive = ['connector.name=hive', 'hive.security=allow-all', 'hive.timestamp-precision=MICROSECONDS', ...storage];
    const bucket = [...hive, 'hive.metastore=file', 'hive.metastore.catalog.dir=s3://ingot-lakes/metastore'];
    const glue = [...hive, 'hive.partition-projection-enabled=true', 'hive.metastore=glue', `hive.metastore.glue.endpoint-url=${moto.endpoint}`, 'hive.metastore.glue.region=us-east-1', 'hive.metastore.glue.aws-access-key=test', 'hive.metastore.glue.aws-secret-key=test'];
    trino = await Trino.start({ workers: 0, files: { 'catalog/bucket.properties': bucket.join('\n'), 'catalog/glue.properties': glue.join('\n') } });
    lake = testLake(join(temporaryFolder(), "an [odd] 50% lake's"));
    await fillForCatalogs(lake);
    remote = new Lake({ ...Lake.local('.').options, storage: bench.storage(bench.root()) });
    await fillForCatalogs(remote);
  });

  after(async () => {
    await remote.close();
    await lake.close();
    await trino.stop();
    await moto.stop();
    await bench.stop();
    removeTemporaryFolders();
  });

  /** The scheduler knows of a node some seconds after the node calls itself active. */
  async function ask(sql: string): Promise<unknown[][]> {
    for (let waitedMs = 0; ; waitedMs += 250) {
      try {
        return await trino.rows(sql, microseconds);
      } catch (error) {
        if (!String(error).includes('NO_NODES_AVAILABLE') || waitedMs >= 30_000) throw error;
        await delay(250);
      }
    }
  }

  async function runOnTrino({ statements }: Ddl): Promise<void> {
    for (const statement of statements) await ask(bare(statement));
  }

  async function assertSame(of: Lake, tables: readonly string[], nameOf: (table: string) => string): Promise<void> {
    for (const name of tables) {
      const [layer = '', table = ''] = name.split('.');
      assert.deepEqual(await rowsByTrino(of, layer, table, nameOf(name), ask), await rowsByIngot(of, layer, table), name);
    }
  }

  describe('plain ones of Trino', () => {
    it('make its Hive connector read what `ingot query` reads: types, names and a folder of any kind', async () => {
      const ddl = await made('trino', lake, { plain: true, databasePrefix: 'odd_' });
      await runOnTrino(ddl);
      assert.deepEqual(ddl.omitted.map(({ table }) => table), ['silver.event']);
      assert.deepEqual(ddl.empty, ['gold.session']);
      await assertSame(lake, tables, (name) => `hive.odd_${name}`);
      assert.deepEqual(await ask(`SELECT count(*) FROM hive.odd_silver.visit WHERE platform IS NULL`), [[1]]);
    });

    it('read new partitions once they are run again, and are wrong about other letters than ASCII in a partition', async () => {
      const other = testLake(temporaryFolder());
      await publishTable(other, 'silver', 'visit', eventColumns, ['event_date', 'platform'], eventRows);
      const ddl = await made('trino', other, { plain: true, databasePrefix: 'new_' });
      await runOnTrino(ddl);
      await publishTable(other, 'silver', 'visit', eventColumns, ['event_date', 'platform'], `SELECT * REPLACE (DATE '2026-02-03' AS event_date, coalesce(platform, 'Fernsehgerät') AS platform) FROM (${eventRows})`);
      assert.deepEqual(await ask('SELECT count(*) FROM hive.new_silver.visit'), [[3]]);
      await runOnTrino(ddl);
      assert.deepEqual(await ask('SELECT count(*) FROM hive.new_silver.visit'), [[6]]);
      assert.deepEqual(await ask(`SELECT count(*) FROM hive.new_silver.visit WHERE platform = 'Fernsehgerät'`), [[0]]);
      assert.deepEqual((await made('trino', other, { plain: true })).omitted.map(({ table }) => table), ['silver.visit']);
      await other.close();
    });

    it('show every table of a dataset that has gone through all layers', async () => {
      await withPipeline(async (pipeline) => {
        await pipeline.land(linesFile([...shopLines(300).map((line) => line.text), Buffer.from('{"no JSON: \xff', 'latin1')]));
        await pipeline.build();
        const ddl = await made('trino', pipeline.lake, { plain: true, databasePrefix: 'shop_' });
        await runOnTrino(ddl);
        const tables = (await Promise.all(['bronze', 'silver', 'gold'].map(async (layer) => (await pipeline.lake.tableNames(layer)).map((table) => `${layer}.${table}`)))).flat();
        assert.equal(tables.length, 10);
        assert.deepEqual(ddl.omitted, []);
        await assertSame(pipeline.lake, tables, (name) => `hive.shop_${name}`);
      });
    });

    it('read a lake in a bucket, by a catalog of another name', async () => {
      await runOnTrino(await made('trino', remote, { plain: true, catalog: 'bucket' }));
      await assertSame(remote, tables, (name) => `bucket.${name}`);
    });
  });

  it('of Trino with Delta are taken by its parser, and fail for want of that catalog alone', async () => {
    const { statements } = await made('trino', lake, {});
    assert.equal(statements.length, 2 + 6);
    for (const statement of statements) {
      await assert.rejects(ask(bare(statement)), /^Error: (CATALOG_NOT_FOUND|PROCEDURE_NOT_FOUND|SCHEMA_NOT_FOUND)/, statement);
      await assert.rejects(ask(`${bare(statement)} AND`), /^Error: SYNTAX_ERROR/);
    }
  });

  it('of DuckDB, read a bucket of a server of one’s own by the credentials of the environment', async () => {
    const { statements } = await made('duckdb', remote, { server: { endpoint: new URL(bench.server.endpoint), region: 'us-east-1', pathStyle: true } });
    const instance = await DuckDBInstance.create(':memory:', { allow_unsigned_extensions: 'true' });
    const connection = await instance.connect();
    for (const statement of statements) {
      const [, extension] = /^LOAD (\w+);/.exec(statement) ?? [];
      if (statement.startsWith('INSTALL ')) continue;
      await connection.run(extension === undefined ? statement : `LOAD '${required(`INGOT_${extension.toUpperCase()}_EXTENSION`)}'`);
    }
    const counts = await connection.runAndReadAll('SELECT (SELECT count(*)::INTEGER FROM silver.event), (SELECT count(*)::INTEGER FROM silver.grown), (SELECT count(*)::INTEGER FROM gold.customer)');
    assert.deepEqual(counts.getRowsJson(), [[300, 2, 5]]);
    connection.closeSync();
    instance.closeSync();
  });

  it('of a lake in a bucket, are printed by the command with what its server needs, and refused for Athena', async () => {
    const ddl = (...args: string[]) => startIngot(['ddl', '--lake', remote.storage.root, ...args], '', { ...bench.environment, INGOT_SCRATCH: temporaryFolder(), INGOT_DUCKDB_EXTENSIONS: required('INGOT_HTTPFS_EXTENSION') }).ended;
    const spark = await ddl('--engine', 'spark');
    assert.equal(spark.status, 0, spark.stderr);
    assert.ok(spark.stdout.includes(`USING DELTA LOCATION '${remote.storage.root.replace('s3:', 's3a:')}/silver/event';`));
    assert.ok(spark.stdout.includes(`fs.s3a.endpoint=${bench.server.endpoint}`));
    for (const secret of [bench.server.keyId, bench.server.secret]) assert.ok(!spark.stdout.includes(secret));
    const athena = await ddl('--engine', 'athena');
    assert.equal(athena.status, 2);
    assert.match(athena.stderr, /Athena reads Amazon's S3 only, not s3:\S+ at http:\/\/127/);
  });

  describe('of Glue', () => {
    async function sh({ statements }: Ddl): Promise<{ readonly status: number | null; readonly errors: string }> {
      const child = spawn('sh', { env: moto.environment, stdio: ['pipe', 'ignore', 'pipe'] });
      child.stdin.end(`${statements.join('\n')}\n`);
      const [errors, [status]] = await Promise.all([text(child.stderr), once(child, 'close') as Promise<[number | null]>]);
      return { status, errors };
    }

    it('are a script that the AWS CLI runs, once and again, and that leaves another table of the name alone', async () => {
      const options = { location: 's3://ingot-lakes/it-is/here', databasePrefix: 'again_' };
      const small = await smallLake(temporaryFolder());
      for (const run of ['first', 'second']) assert.deepEqual(await sh(await made('glue', small, options)), { status: 0, errors: '' }, run);
      const elsewhere = await sh(await made('glue', small, { ...options, location: 's3://ingot-lakes/else/where' }));
      assert.equal(elsewhere.status, 1);
      await small.close();
      assert.match(elsewhere.errors, /there is another table again_silver\.event, at s3:\/\/ingot-lakes\/it-is\/here\/silver\/event\//);
    });

    it('make tables that Trino takes for Delta', async () => {
      assert.equal((await sh(await made('glue', remote, { location: remote.storage.root, databasePrefix: 'delta_' }))).status, 0);
      await assert.rejects(ask('SELECT * FROM glue.delta_silver.kinds'), /Cannot query Delta Lake table 'delta_silver.kinds'/);
    });

    it('made plain, have their partitions projected by Trino: the same rows, but for `IS NULL`', async () => {
      const ddl = await made('glue', remote, { location: remote.storage.root, plain: true, platformsOf: () => ['WEB'] });
      assert.deepEqual(await sh(ddl), { status: 0, errors: '' });
      assert.deepEqual(ddl.omitted.map(({ table }) => table), ['silver.event']);
      await assertSame(remote, tables, (name) => `glue.${name}`);
      await publishTable(remote, 'silver', 'visit', eventColumns, ['event_date', 'platform'], `SELECT * REPLACE (DATE '2026-02-03' AS event_date, 'WEB' AS platform) FROM (${eventRows})`);
      assert.deepEqual(await ask(`SELECT count(*) FROM glue.silver.visit WHERE platform = 'WEB' AND event_date > DATE '2026-02-01'`), [[3]]);
      assert.deepEqual(await ask('SELECT count(*) FROM glue.silver.visit WHERE platform IS NULL'), [[0]]);
      assert.deepEqual(await ask(`SELECT count(*) FROM glue.silver.visit WHERE coalesce(platform, '') = ''`), [[1]]);
    });
  });

  describe('of Spark and Athena', () => {
    let spark: Spark;

    before(async () => {
      spark = await Spark.start();
    });

    after(() => spark.stop());

    it('make Spark read the log: the same rows in a folder of any name', async () => {
      for (const statement of (await made('spark', lake, { databasePrefix: 'odd_' })).statements) await spark.sql(bare(statement));
      for (const statement of (await made('spark', lake, { databasePrefix: 'odd_' })).statements) await spark.sql(bare(statement));
      const texts = `date_format(event_timestamp, 'yyyy-MM-dd HH:mm:ss.SSSSSS') AS event_timestamp, CAST(amount AS STRING) AS amount, name, CAST(event_date AS STRING) AS event_date, platform`;
      const rows = await spark.sql(`SELECT CAST(n AS STRING) AS n, ${texts} FROM odd_silver.event`);
      assert.deepEqual(sorted(rows.map((row) => Object.values(row)), []), await rowsByIngot(lake, 'silver', 'event'));
      for (const [table, count] of [['silver.visit', '3'], ['silver.kinds', '3'], ['silver.grown', '2'], ['gold.customer', '5'], ['gold.session', '0']]) {
        assert.deepEqual(await spark.sql(`SELECT CAST(count(*) AS STRING) AS n FROM odd_${table}`), [{ n: count }], table);
      }
    });

    it('for Athena, are taken by Spark’s parser of the same DDL', async () => {
      const statements = [];
      for (const plain of [false, true]) statements.push(...(await made('athena', lake, { location: "s3://a/b", plain, databasePrefix: plain ? 'plain_' : 'delta_' })).statements);
      assert.equal(statements.length, 2 + 6 + 2 + 5);
      for (const statement of statements) {
        await spark.sql(bare(statement)).catch((error: unknown) => assert.match(String(error), /NOT_SUPPORTED_COMMAND_WITHOUT_HIVE_SUPPORT|No FileSystem for scheme "s3"/));
        await assert.rejects(spark.sql(`${bare(statement)} TWICE`), /PARSE_SYNTAX_ERROR/);
      }
    });
  });
});
