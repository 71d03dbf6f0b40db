import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { freePorts } from '../../scripts/engines/server.js';
import { Trino } from '../../scripts/engines/trino.js';
import { systemClock } from '../../src/clock.js';
import { TrinoClient } from '../../src/engines/trino/client.js';
import { trinoTarget } from '../../src/engines/trino/target.js';
import { parseDurationMs } from '../../src/config.js';
import { generators, type GeneratedDataset } from '../../src/generate/generators.js';
import { Lake } from '../../src/lake/lake.js';
import { ingot, startIngot } from '../commands/ingot.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { allDates, assertEqualTables, done, generated, generatedLake, tablesOfLayer, until } from '../support/two-engines.js';
import { deltaRs, duckdbDelta } from './judges.js';
import { Spark } from './spark.js';

/** Datasets by the folders of the project, so that a new one is compared too. */
const datasets = Object.keys(generators) as GeneratedDataset[];

describe('Trino as the engine, a coordinator and a worker', () => {
  let trino: Trino;
  const lakes = new Map<GeneratedDataset, string>();

  before(async function () {
    this.timeout(240_000);
    // A worker that is gone is given up soon: the default is five minutes.
    trino = await Trino.start({ properties: { 'query.remote-task.max-error-duration': '10s', 'exchange.max-error-duration': '10s', 'query-manager.required-workers-max-wait': '5s' } });
  });

  after(async () => {
    await trino.stop();
    removeTemporaryFolders();
  });

  const engine = (settings = ''): string => `trino://test@127.0.0.1:${trino.port}/hive${settings}`;

  async function lakeOf(name: GeneratedDataset): Promise<string> {
    const known = lakes.get(name) ?? (await generatedLake(name, 3_000));
    lakes.set(name, known);
    return known;
  }

  async function copyOf(name: GeneratedDataset): Promise<string> {
    const copy = temporaryFolder();
    cpSync(await lakeOf(name), copy, { recursive: true });
    return copy;
  }

  async function assertSameLayer(name: GeneratedDataset, other: string, layer: string): Promise<number> {
    const [expected, actual] = [Lake.local(await lakeOf(name)), Lake.local(other)];
    try {
      let rows = 0;
      for (const table of await tablesOfLayer(expected.storage.root, layer)) rows += await assertEqualTables(expected, actual, layer, table);
      return rows;
    } finally {
      await expected.close();
      await actual.close();
    }
  }

  /** What a run has left in the engine: tables of its own. */
  async function leftTables(): Promise<string[]> {
    const rows = [...(await trino.rows('SHOW TABLES FROM hive.ingot')), ...(await trino.rows('SHOW TABLES FROM iceberg.ingot'))];
    return rows.map(([name]) => String(name));
  }

  for (const name of datasets) {
    it(`builds gold of ${name} with the rows that DuckDB gives, cell by cell`, async function () {
      this.timeout(180_000);
      const copy = await copyOf(name);
      rmSync(join(copy, 'gold'), { recursive: true });
      await done(['gold', name, '--lake', copy, '--engine', engine()]);
      assert.ok((await assertSameLayer(name, copy, 'gold')) > 0);
      assert.deepEqual(await leftTables(), []);
    });
  }

  it('builds silver and gold from bronze, adds new rows, and each table is the one that DuckDB builds', async function () {
    this.timeout(240_000);
    const copy = temporaryFolder();
    const [first, second] = [generated('shop', 2_000), generated('shop', 3_000)];
    await done(['bronze', 'shop', '--from', first, '--lake', copy]);
    await done(['silver', 'shop', '--lake', copy, '--engine', engine('?partitions=2')]);
    await done(['bronze', 'shop', '--from', second, '--lake', copy]);
    const { stdout } = await done(['silver', 'shop', '--lake', copy, '--engine', engine()]);
    assert.match(stdout, /appended to|rebuilt/);
    await done(['gold', 'shop', '--lake', copy, '--engine', engine()]);
    await done(['audit', 'shop', '--lake', copy]);
    const again = temporaryFolder();
    for (const from of [first, second]) await done(['run', 'shop', '--from', from, '--lake', again]);
    const [expected, actual] = [Lake.local(again), Lake.local(copy)];
    try {
      for (const table of ['list_metrics', 'product_metrics', 'funnel_daily', 'session']) assert.ok((await assertEqualTables(expected, actual, 'gold', table)) > 0);
      assert.equal((await done(['gold', 'shop', '--lake', copy, '--engine', engine()])).stdout.includes('up to date'), true);
    } finally {
      await expected.close();
      await actual.close();
    }
  });

  it('backfills dates: only their partitions are replaced, and a plain glob equals the snapshot', async function () {
    this.timeout(180_000);
    const copy = await copyOf('actions');
    const before = filesOf(copy, 'silver/user_action');
    await done(['backfill', 'actions', '--since', '2026-01-02', '--until', '2026-01-02', '--lake', copy, '--engine', engine()]);
    const after = filesOf(copy, 'silver/user_action');
    const isAsked = (path: string): boolean => path.includes('event_date=2026-01-02');
    assert.deepEqual(after.filter((path) => !isAsked(path)), before.filter((path) => !isAsked(path)));
    assert.equal(after.filter((path) => isAsked(path) && before.includes(path)).length, 0, 'all files of the date are new');
    await assertSameLayer('actions', copy, 'silver');
    await assertSameLayer('actions', copy, 'gold');
    const { stdout } = await done(['query', 'SELECT count(*) AS n FROM silver.user_action', '--lake', copy, '--json']);
    const lake = Lake.local(copy);
    try {
      const [row] = await (await lake.session()).rows('SELECT count(*) AS n FROM read_parquet($glob, hive_partitioning = true)', { glob: `${copy}/silver/user_action/*/*/*.parquet` });
      assert.equal(Number(row?.['n']), (JSON.parse(stdout) as { n: number }[])[0]?.n);
    } finally {
      await lake.close();
    }
  });

  it('writes tables that delta-rs, Spark, DuckDB’s own Delta extension and hyparquet read as Ingot does', async function () {
    this.timeout(300_000);
    const copy = await copyOf('actions');
    await done(['backfill', 'actions', '--since', '2026-01-01', '--until', '2026-01-02', '--lake', copy, '--engine', engine()]);
    const sql = 'SELECT count(*) AS n, count(DISTINCT event_id) AS ids, count(platform) AS platforms, count("SKU") AS skus FROM ';
    const { stdout } = await done(['query', `${sql} silver.user_action WHERE event_date = DATE '2026-01-01'`, '--lake', copy, '--json']);
    const expected = JSON.parse(stdout) as Record<string, number>[];
    const folder = join(copy, 'silver/user_action');
    const asNumbers = (rows: unknown): Record<string, number>[] => (rows as Record<string, unknown>[]).map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)])));
    assert.deepEqual(asNumbers((await deltaRs([{ op: 'datafusion', table: folder, sql: `${sql} t WHERE event_date = DATE '2026-01-01'` }]))[0]), expected, 'delta-rs');
    const duckdb = await duckdbDelta();
    try {
      assert.deepEqual(asNumbers(await duckdb.rows(`${sql} delta_scan($folder) WHERE event_date = DATE '2026-01-01'`, { folder })), expected, 'DuckDB’s Delta extension');
    } finally {
      duckdb.close();
    }
    const spark = await Spark.start();
    try {
      assert.deepEqual(asNumbers(await spark.sql(`${sql.replaceAll('"', '`')} delta.\`${folder}\` WHERE event_date = DATE '2026-01-01'`)), expected, 'Spark');
    } finally {
      await spark.stop();
    }
    const files = filesOf(copy, 'silver/user_action').filter((path) => path.startsWith('event_date=2026-01-01'));
    const rows = await Promise.all(files.map(async (path) => (await parquetReadObjects({ file: await asyncBufferFromFile(join(folder, path)), compressors })).length));
    assert.equal(rows.reduce((total, each) => total + each, 0), expected[0]?.['n'], 'hyparquet');
  });

  it('answers a query in its own SQL, over one version of each table, in the order of the query', async () => {
    const lake = await lakeOf('shop');
    const sql = 'SELECT platform, count(*) AS events, count_if(event_name = \'purchase\') AS purchases FROM silver.event WHERE event_date >= $since GROUP BY 1 ORDER BY events DESC, platform';
    const there = await done(['query', sql, '--since', '2026-01-02', '--lake', lake, '--engine', engine(), '--format', 'csv']);
    const here = await done(['query', sql, '--since', '2026-01-02', '--lake', lake, '--format', 'csv']);
    assert.equal(there.stdout, here.stdout);
    const { stdout } = await done(['query', `SELECT 9223372036854775807 AS big, DECIMAL '1.10' AS money, ARRAY[1, NULL] AS list, MAP(ARRAY['a'], ARRAY[2]) AS pairs, CAST(ROW(1, 'x') AS ROW(n integer, t varchar)) AS r, TIMESTAMP '2026-01-01 00:00:00.123456 UTC' AS at, 1, 2`, '--lake', lake, '--engine', engine(), '--format', 'csv']);
    assert.equal(stdout.split('\n')[1], '9223372036854775807,1.10,"[1,null]","{""a"":2}","{""n"":1,""t"":""x""}",2026-01-01T00:00:00.123456Z,1,2');
  });

  describe('when something is wrong', () => {
    async function refused(args: readonly string[], code: string, message: RegExp, environment?: Readonly<Record<string, string>>): Promise<void> {
      const ended = await (environment === undefined ? ingot([...args, '--json']) : startIngot([...args, '--json'], '', environment).ended);
      assert.equal(ended.status, code === 'USAGE' ? 2 : 1, ended.stdout);
      const { error } = JSON.parse(ended.stdout) as { error: { code: string; message: string; hint?: string } };
      assert.equal(error.code, code, JSON.stringify(error));
      assert.match(error.message, message);
      assert.ok((error.hint ?? '') !== '', 'it says what to do next');
    }

    it('an engine that is away is one error within half a minute', async function () {
      this.timeout(60_000);
      const lake = await lakeOf('actions');
      const [port = 0] = await freePorts(1);
      await refused(['backfill', 'actions', '--layer', 'gold', ...allDates, '--lake', lake, '--engine', `trino://me@127.0.0.1:${port}/hive`], 'ENGINE_UNREACHABLE', /does not answer: .*ECONNREFUSED/);
    });

    it('a wrong catalog, staging catalog or place of the lake is told by its name', async function () {
      this.timeout(120_000);
      const copy = await copyOf('actions');
      const before = filesOf(copy, 'gold');
      const backfill = ['backfill', 'actions', '--layer', 'gold', ...allDates, '--lake', copy];
      await refused([...backfill, '--engine', engine().replace('/hive', '/hove')], 'ENGINE_FAILED', /hove/);
      await refused([...backfill, '--engine', engine('?staging=ice')], 'ENGINE_FAILED', /ice/);
      await refused([...backfill, '--engine', engine('?lake=local:///nowhere')], 'ENGINE_FAILED', /nowhere|0 of the/);
      await refused([...backfill, '--engine', engine('?colour=red')], 'USAGE', /colour/);
      assert.deepEqual(filesOf(copy, 'gold'), before);
    });

    it('a query that an administrator ends is one error, and the lake is as before', async function () {
      this.timeout(120_000);
      const lake = await lakeOf('shop');
      const slow = startIngot(['query', slowSql, '--lake', lake, '--engine', engine(), '--json']);
      const id = await until(() => runningQuery(trino));
      await trino.rows(`CALL system.runtime.kill_query(query_id => '${id}', message => 'too dear')`);
      const { status, stdout } = await slow.ended;
      assert.equal(status, 1);
      const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
      assert.deepEqual([error.code, /too dear/.test(error.message)], ['ENGINE_FAILED', true]);
    });

    it('SIGINT cancels the query in the engine, and leaves no table there', async function () {
      this.timeout(120_000);
      const lake = await lakeOf('shop');
      const slow = startIngot(['query', slowSql, '--lake', lake, '--engine', engine(), '--json']);
      const id = await until(() => runningQuery(trino));
      slow.child.kill('SIGINT');
      const { status } = await slow.ended;
      assert.equal(status, 1);
      await until(async () => ((await trino.rows(`SELECT state FROM system.runtime.queries WHERE query_id = '${id}'`))[0]?.[0] === 'FAILED' ? true : null));
      assert.deepEqual(await leftTables(), []);
    });

    it('a worker that is killed while it writes ends the run with one error; the next run builds all of it', async function () {
      this.timeout(300_000);
      const copy = await copyOf('shop');
      const before = filesOf(copy, 'gold');
      const build = startIngot(['backfill', 'shop', '--layer', 'gold', ...allDates, '--lake', copy, '--engine', engine(), '--json']);
      await until(async () => ((await trino.rows(`SELECT count(*) FROM system.runtime.queries WHERE state = 'RUNNING' AND query LIKE '%CREATE TABLE%' AND query NOT LIKE '%system.runtime%'`))[0]?.[0] === 0 ? null : true));
      await trino.killWorker();
      const { status, stdout } = await build.ended;
      if (status !== 0) {
        const { error } = JSON.parse(stdout) as { error: { code: string } };
        assert.equal(error.code, 'ENGINE_FAILED');
        assert.deepEqual(filesOf(copy, 'gold'), before, 'the lake is as before');
      }
      await trino.startWorker();
      await trino.ready(2);
      await done(['backfill', 'shop', '--layer', 'gold', ...allDates, '--lake', copy, '--engine', engine()]);
      await assertSameLayer('shop', copy, 'gold');
    });

    it('a process that is killed leaves the lake as before, and the next run takes its place', async function () {
      this.timeout(180_000);
      const copy = await copyOf('shop');
      const before = filesOf(copy, 'gold');
      const build = startIngot(['backfill', 'shop', '--layer', 'gold', ...allDates, '--lake', copy, '--engine', engine()]);
      await until(async () => ((await leftTables()).length > 2 ? true : null));
      build.child.kill('SIGKILL');
      await build.ended;
      assert.deepEqual(filesOf(copy, 'gold'), before);
      await done(['backfill', 'shop', '--layer', 'gold', ...allDates, '--lake', copy, '--engine', engine()]);
      await assertSameLayer('shop', copy, 'gold');
      assert.equal(existsSync(join(copy, '_ingot/staging/gold.shop')) && readdirSync(join(copy, '_ingot/staging/gold.shop')).length > 0, false, 'what the killed one had staged is gone');
    });

    it('a full staging location is one error, and the lake as before', async function () {
      this.timeout(180_000);
      const disk = temporaryFolder();
      const source = await lakeOf('shop');
      const bytes = readdirSync(source, { recursive: true }).reduce((total, path) => total + statSync(join(source, String(path))).blocks * 512, 0);
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${Math.ceil(bytes / 1024) + 600}k`, 'tmpfs', disk], { stdio: 'ignore' });
      } catch {
        // Where nobody may mount, no disk can be filled.
        this.skip();
      }
      try {
        cpSync(source, disk, { recursive: true });
        const before = filesOf(disk, 'gold');
        await refused(['backfill', 'shop', '--layer', 'gold', ...allDates, '--lake', disk, '--engine', engine()], 'ENGINE_FAILED', /./);
        assert.deepEqual(filesOf(disk, 'gold'), before);
        await assertSameLayer('shop', disk, 'gold');
      } finally {
        // The engine may still hold a file of it.
        execFileSync('umount', ['-l', disk]);
      }
    });

    it('a model that only DuckDB reads is refused before anything runs, by its name and the construct', async () => {
      const datasetsDir = temporaryFolder();
      cpSync('datasets', datasetsDir, { recursive: true });
      const path = join(datasetsDir, 'actions/gold/product_actions.sql');
      writeFileSync(path, readFileSync(path, 'utf8').replace('GROUP BY event_date, platform, SKU', 'GROUP BY ALL'));
      await refused(['gold', 'actions', '--lake', await copyOf('actions'), '--datasets', datasetsDir, '--engine', engine()], 'DATASET_INVALID', /product_actions\.sql:\d+: GROUP BY ALL/);
    });
  });

  it('is asked again when the coordinator says that it is busy, and told to stop by a signal', async () => {
    const target = trinoTarget(engine(), {}, parseDurationMs);
    const stop = new AbortController();
    const client = new TrinoClient(target, systemClock);
    await assert.rejects(client.run('SELECT count(*) FROM UNNEST(sequence(1, 10000)) a(x), UNNEST(sequence(1, 10000)) b(y), UNNEST(sequence(1, 1000)) c(z)', { signal: stop.signal, told: () => stop.abort() }), { code: 'STOPPED' });
  });
});

const slowSql = 'SELECT count(*) AS slow_n FROM UNNEST(sequence(1, 10000)) AS a(x) CROSS JOIN UNNEST(sequence(1, 10000)) AS b(y) CROSS JOIN UNNEST(sequence(1, 10000)) AS c(z)';

async function runningQuery(trino: Trino): Promise<string | null> {
  const [row] = await trino.rows(`SELECT query_id FROM system.runtime.queries WHERE state = 'RUNNING' AND query LIKE '%slow_n%' AND query NOT LIKE '%system.runtime%'`);
  return row === undefined ? null : String(row[0]);
}

function filesOf(lake: string, folder: string): string[] {
  return readdirSync(join(lake, folder), { recursive: true }).map(String).filter((path) => path.endsWith('.parquet') && !path.includes('_delta_log')).sort();
}
