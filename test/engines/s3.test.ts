import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { listValue } from '@duckdb/node-api';
import { openLake } from '../../src/index.js';
import { LakeError } from '../../src/errors.js';
import { Session } from '../../src/lake/duckdb.js';
import { Lake } from '../../src/lake/lake.js';
import { LocalStorage } from '../../src/lake/local.js';
import { duckdbDdl } from '../../src/query/ddl.js';
import { previewQuery } from '../../src/query/table.js';
import { startIngot } from '../commands/ingot.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { lifeLines, liveThrough } from '../support/lake-life.js';
import { linesFile, shopLines, withPipeline, type Pipeline } from '../support/pipeline.js';
import { S3Bench } from '../support/s3.js';
import { describeStorage } from '../support/storage-contract.js';
import { deltaRs, required } from './judges.js';

describe('a lake in S3', () => {
  let bench: S3Bench;

  before(async () => {
    bench = await S3Bench.start();
  });

  after(async () => {
    await bench.stop();
    removeTemporaryFolders();
  });

  describeStorage({ name: 'a bucket', open: () => Promise.resolve(bench.storage(bench.root())) });

  const built = shopLines(300).map(({ text }) => text);

  async function builtLake(): Promise<string> {
    const root = bench.root();
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(built));
      await pipeline.build();
    }, { root, storage: bench.storage(root) });
    return root;
  }

  function opened(root: string): Lake {
    return new Lake({ ...Lake.local('.').options, storage: bench.storage(root) });
  }

  it('lives the life of a lake in a folder, command by command, each on another machine: same counts, same rows', async () => {
    const local = temporaryFolder();
    const root = bench.root();
    const expected = await liveThrough(() => ({ root: local, storage: new LocalStorage(local) }));
    assert.deepEqual(await liveThrough(() => ({ root, storage: bench.storage(root) })), expected);
    const audit = expected['audit'] as { readonly balanced: boolean; readonly received: number };
    assert.deepEqual([audit.balanced, audit.received], [true, lifeLines.length]);
    const storage = bench.storage(root);
    assert.deepEqual(await storage.list('_ingot/uploads'), [], 'no note of an upload is left');
  });

  it('has no object in the bucket that no version names, after its commands have ended', async () => {
    const root = await builtLake();
    const lake = opened(root);
    const named: string[] = [];
    for (const layer of ['bronze', 'silver', 'gold']) {
      for (const table of await lake.tableNames(layer)) {
        for (const { path } of (await lake.table(layer, table).snapshot())?.files.values() ?? []) named.push(`${layer}/${table}/${decodeURIComponent(path)}`);
      }
    }
    const { files } = await lake.storage.walk('');
    assert.deepEqual(files.map(({ path }) => path).filter((path) => path.endsWith('.parquet')).sort(), named.sort());
    await lake.close();
  });

  it('is read by delta-rs and by DuckDB’s Delta extension, with the rows that Ingot reads', async () => {
    const root = await builtLake();
    const lake = opened(root);
    const count = 'count(*) AS n, count(DISTINCT event_id) AS ids, min(event_timestamp) AS first, max(event_timestamp) AS last';
    const { rows } = await previewQuery(lake, { sql: `SELECT CAST(n AS VARCHAR), CAST(ids AS VARCHAR), CAST(epoch_us(first) AS VARCHAR), CAST(epoch_us(last) AS VARCHAR) FROM (SELECT ${count} FROM silver.event)` }, 10);
    assert.ok(Number(rows[0]?.[0]) > 200);

    const storage_options = { AWS_ENDPOINT_URL: bench.server.endpoint, AWS_ACCESS_KEY_ID: bench.server.keyId, AWS_SECRET_ACCESS_KEY: bench.server.secret, AWS_REGION: 'us-east-1', AWS_ALLOW_HTTP: 'true' };
    const [answer] = await deltaRs([{ op: 'datafusion', table: `${root}/silver/event`, sql: `SELECT ${count} FROM t`, storage_options }]) as [Record<string, string>[]];
    assert.deepEqual(Object.values(answer[0] ?? {}), rows[0]);

    const session = await lake.session();
    await session.run(`LOAD '${required('INGOT_DELTA_EXTENSION').replaceAll("'", "''")}'`);
    const scanned = await session.rows(`SELECT CAST(n AS VARCHAR) AS n, CAST(ids AS VARCHAR) AS ids, CAST(epoch_us(first) AS VARCHAR) AS first, CAST(epoch_us(last) AS VARCHAR) AS last FROM (SELECT ${count} FROM delta_scan($table))`, { table: `${root}/silver/event` });
    assert.deepEqual(Object.values(scanned[0] ?? {}), rows[0]);
    await lake.close();
  });

  it('prints statements with which another DuckDB reads it', async () => {
    const root = await builtLake();
    const lake = opened(root);
    const { statements } = await duckdbDdl(lake);
    const text = statements.join('\n');
    assert.match(text, new RegExp(`delta_scan\\('${root}/silver/event'\\)`));
    for (const secret of [bench.server.keyId, bench.server.secret]) assert.ok(!text.includes(secret));
    const session = await lake.session();
    await session.run(`LOAD '${required('INGOT_DELTA_EXTENSION').replaceAll("'", "''")}'`);
    for (const statement of statements) if (/^CREATE (SCHEMA|OR REPLACE VIEW)/.test(statement)) await session.run(statement);
    const expected = await withPipeline((pipeline) => pipeline.count('silver.item_event'), { root, storage: bench.storage(root) });
    assert.deepEqual(await session.rows('SELECT count(*) AS n FROM silver.item_event'), [{ n: String(expected) }]);
    await lake.close();
  });

  describe('asked by somebody’s SQL', () => {
    let root: string;
    const ask = async (sql: string): Promise<unknown> => {
      const lake = opened(root);
      try {
        return (await previewQuery(lake, { sql }, 10)).rows;
      } finally {
        await lake.close();
      }
    };

    before(async () => {
      root = await builtLake();
    });

    it('opens the folders of the tables that it names and nothing else', async () => {
      for (const sql of [
        `SELECT * FROM read_text('${root}/_ingot/intents/bronze.shop/00000000000000000001.json')`,
        `SELECT count(*) FROM silver.event, read_text('${root}/bronze/shop/_delta_log/00000000000000000000.json')`,
        `SELECT * FROM read_text('${bench.server.endpoint}/ingot-lakes')`,
        `SELECT * FROM read_text('s3://elsewhere/x')`,
        "SELECT * FROM read_text('/etc/hostname')",
      ]) await assert.rejects(ask(sql), (error) => error instanceof LakeError && /disabled by configuration/.test(error.message), sql);
    });

    it('sends no signed request to another server', async () => {
      const asked = `${root}/silver/event/_delta_log/00000000000000000000.json?s3_endpoint=127.0.0.1:9&s3_use_ssl=false`;
      await assert.rejects(ask(`SELECT max(content) FROM silver.event, read_text('${asked}')`), (error) => error instanceof LakeError && error.code === 'FILE_GONE' && /404/.test(error.message));
    });

    it('does not show the secret', async () => {
      assert.ok(!JSON.stringify(await ask('SELECT * FROM duckdb_secrets()')).includes(bench.server.secret));
      await assert.rejects(ask('SELECT * FROM duckdb_secrets(redact = false)'), /unredacted/);
      assert.ok(!JSON.stringify(await ask("SELECT * FROM duckdb_settings()")).includes(bench.server.secret));
    });

    it('says that a file is gone, and reads it again at a newer version', async () => {
      const lake = opened(root);
      const file = [...((await lake.table('silver', 'event').snapshot())?.files.keys() ?? [])][0] ?? '';
      await lake.storage.remove([`silver/event/${decodeURIComponent(file)}`]);
      await lake.close();
      await assert.rejects(ask('SELECT count(DISTINCT event_id) FROM silver.event'), { code: 'FILE_GONE' });
    });
  });

  it('is opened by a program, with a prefix and without one', async () => {
    const root = await builtLake();
    const lake = await openLake(`${root}/`, { s3: { scratch: temporaryFolder(), extensions: required('INGOT_HTTPFS_EXTENSION') } });
    assert.ok(Number((await lake.query('SELECT count(*) AS n FROM silver.event'))[0]?.['n']) > 200);
    await lake.close();
    await assert.rejects(openLake('s3://ingot-lakes/a/../b'), { code: 'USAGE' });
    await assert.rejects(openLake(bench.root(), { s3: { scratch: temporaryFolder() } }), { code: 'TABLE_NOT_FOUND' });
    const bucket = await bench.server.makeBucket('whole-bucket');
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(built));
      await pipeline.build();
      assert.equal((await pipeline.audit()).balanced, true);
    }, { root: 's3://whole-bucket', storage: bench.storage('s3://whole-bucket') });
    assert.ok(readdirSync(bucket).includes('silver'));
  });

  it('keeps replaced files for readers for an hour, unless the command is told otherwise', async () => {
    const environment = { ...bench.environment, INGOT_SCRATCH: temporaryFolder(), INGOT_DUCKDB_EXTENSIONS: required('INGOT_HTTPFS_EXTENSION') };
    const root = bench.root();
    const storage = bench.storage(root);
    const backfill = (...more: string[]) => startIngot(['backfill', 'shop', '--json', '--since', '2026-01-01', '--until', '2026-01-01', '--layer', 'silver', '--lake', root, ...more], '', environment).ended;
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(built));
      await pipeline.silver();
    }, { root, storage });
    const files = async (): Promise<number> => (await storage.walk('silver/event')).files.filter(({ path }) => path.endsWith('.parquet')).length;
    const before = await files();
    const first = await backfill('--retain', '0');
    assert.equal(first.status, 0, first.stderr);
    assert.equal(await files(), before);
    const second = await backfill();
    assert.equal(second.status, 0, second.stderr);
    assert.ok((await files()) > before);
    assert.equal((await storage.list('_ingot/discard/silver.shop')).length, 1);
  });

  it('has the credentials nowhere in its objects, its scratch folder or its messages', async () => {
    const root = await builtLake();
    const scratch = temporaryFolder();
    const errors: unknown[] = [];
    await withPipeline(async (pipeline: Pipeline) => {
      await pipeline.land(linesFile(shopLines(50, 3).map(({ text }) => text)));
      const session = await pipeline.lake.session();
      for (const sql of ['SELECT * FROM nowhere', `SELECT * FROM read_parquet('${root}/none')`, 'CREATE SECRET (TYPE s3, SECRET)']) await session.rows(sql).catch((error: unknown) => errors.push(error));
    }, { root, storage: bench.storage(root, { scratch }) });
    bench.set('AWS_SECRET_ACCESS_KEY', 'wrong-secret-0123456789');
    const refused = opened(root);
    await refused.storage.list('bronze').catch((error: unknown) => errors.push(error));
    await Session.open({ memoryLimitBytes: 2e8, threads: 1, spillDir: temporaryFolder(), remote: refused.storage.remote })
      .then((session) => session.rows('SELECT * FROM read_parquet($paths)', { paths: listValue([`${root}/silver/event/x.parquet`]) }).finally(() => session.close()))
      .catch((error: unknown) => errors.push(error));
    await refused.close();
    bench.set('AWS_SECRET_ACCESS_KEY', bench.server.secret);
    assert.deepEqual(errors.slice(3).map((error) => (error as LakeError).code), ['LAKE_DENIED', 'LAKE_DENIED']);
    for (const text of errors.map((error) => inspect(error, { depth: 9, showHidden: true }))) {
      for (const secret of [bench.server.secret, 'wrong-secret-0123456789']) assert.ok(!text.includes(secret), text);
    }
    for (const folder of [bench.folder, scratch]) {
      for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
        const path = join(folder, name);
        if (!statSync(path).isFile()) continue;
        const content = readFileSync(path, 'latin1');
        for (const secret of [bench.server.secret, bench.server.keyId]) assert.ok(!content.includes(secret), path);
      }
    }
  });

  it('goes on with new credentials when those that it began with expire', async () => {
    const folder = temporaryFolder();
    const current = join(folder, 'credentials.json');
    const give = async (keyId: string): Promise<void> => {
      await bench.server.makeUser(keyId, `secret-of-${keyId}`);
      writeFileSync(current, JSON.stringify({ Version: 1, AccessKeyId: keyId, SecretAccessKey: `secret-of-${keyId}`, Expiration: new Date(Date.now() + 60_000).toISOString() }), { mode: 0o600 });
    };
    writeFileSync(join(folder, 'config'), `[profile rolling]\nregion = us-east-1\ncredential_process = cat ${current}\n`);
    const root = await builtLake();
    await give('first-user');
    for (const [name, value] of Object.entries({ AWS_CONFIG_FILE: join(folder, 'config'), AWS_PROFILE: 'rolling', AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined })) bench.set(name, value);
    try {
      await withPipeline(async (pipeline) => {
        const before = await pipeline.count('silver.event');
        await give('second-user');
        const session = await pipeline.lake.session();
        const keyId = async (): Promise<unknown> => (await session.rows("SELECT regexp_extract(secret_string, 'key_id=([^;]*)', 1) AS key_id FROM duckdb_secrets()"))[0]?.['key_id'];
        for (let look = 0; (await keyId()) !== 'second-user'; look++) {
          assert.ok(look < 500, 'DuckDB still has the credentials that expire');
          await delay(10);
        }
        await bench.server.removeUser('first-user');
        await pipeline.land(linesFile(shopLines(40, 5).map(({ text }) => text)));
        await pipeline.build();
        assert.ok((await pipeline.count('silver.event')) > before);
      }, { root, storage: bench.storage(root) });
      await bench.server.removeUser('second-user');
      await assert.rejects(bench.storage(root).list('bronze'), { code: 'LAKE_DENIED' });
    } finally {
      for (const [name, value] of Object.entries(bench.environment)) bench.set(name, value);
      bench.set('AWS_PROFILE', undefined);
    }
  });
});
