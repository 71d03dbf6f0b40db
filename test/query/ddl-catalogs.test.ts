import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run as runDdl } from '../../src/commands/ddl.js';
import type { Context } from '../../src/commands/context.js';
import { contractPlatforms } from '../../src/commands/platforms.js';
import { silentProgress } from '../../src/commands/progress.js';
import { parseConfig } from '../../src/config.js';
import { LakeError } from '../../src/errors.js';
import { discardRoot } from '../../src/lake/layout.js';
import type { Lake } from '../../src/lake/lake.js';
import type { DeltaField } from '../../src/lake/types.js';
import { ddlFor, type Ddl, type DdlEngine, type DdlOptions } from '../../src/query/ddl.js';
import { duckdbDdl } from '../../src/query/ddl/duckdb.js';
import { projection } from '../../src/query/ddl/projection.js';
import { backquoted, hiveText, shellWord } from '../../src/query/ddl/quote.js';
import { madeFor, type CatalogTable } from '../../src/query/ddl/tables.js';
import { hiveType, trinoHiveType } from '../../src/query/ddl/types.js';
import { removeTemporaryFolders, temporaryFolder, TestClock, testLake } from '../support/lake.js';
import { datasetsDir } from '../support/pipeline.js';
import { fillForCatalogs, publishTable } from '../engines/ddl-lake.js';
import { smallLake } from '../support/small-lake.js';

const base: DdlOptions = { location: null, databasePrefix: '', catalog: null, plain: false, today: '2026-02-01', platformsOf: () => [], server: null };
const usage = (pattern: RegExp) => (error: unknown): boolean => error instanceof LakeError && error.code === 'USAGE' && pattern.test(`${error.message} ${error.hint ?? ''}`);
const unsupported = (pattern: RegExp) => (error: unknown): boolean => error instanceof LakeError && error.code === 'TABLE_UNSUPPORTED' && pattern.test(error.message);

function field(name: string, type: DeltaField['type']): DeltaField {
  return { name, type, nullable: true, metadata: {} };
}

function tableOf(partitions: CatalogTable['partitions'], more: Partial<CatalogTable> = {}): CatalogTable {
  return { layer: 'silver', table: 'event', database: 'silver', location: 's3://b/silver/event', fields: [field('n', 'long'), field('event_date', 'date'), field('platform', 'string')], partitionBy: ['event_date', 'platform'], partitions, ...more };
}

describe('statements for catalogs', () => {
  let lake: Lake;
  const made = (engine: DdlEngine, options: Partial<DdlOptions> = {}): Promise<Ddl> => ddlFor(engine, lake, { ...base, ...options });

  before(async () => {
    lake = await smallLake(join(temporaryFolder(), "it's 50%"));
  });

  after(async () => {
    await lake.close();
    removeTemporaryFolders();
  });

  it('name Delta tables to Athena by their folders alone, a database for each layer', async () => {
    const { statements, empty, omitted } = await made('athena', { location: 's3://shop-lake/events', databasePrefix: 'shop_' });
    assert.deepEqual(statements, [
      'CREATE DATABASE IF NOT EXISTS `shop_silver`;',
      'CREATE DATABASE IF NOT EXISTS `shop_gold`;',
      "CREATE EXTERNAL TABLE IF NOT EXISTS `shop_silver`.`event` LOCATION 's3://shop-lake/events/silver/event/' TBLPROPERTIES ('table_type'='DELTA');",
      "CREATE EXTERNAL TABLE IF NOT EXISTS `shop_silver`.`item_event` LOCATION 's3://shop-lake/events/silver/item_event/' TBLPROPERTIES ('table_type'='DELTA');",
      "CREATE EXTERNAL TABLE IF NOT EXISTS `shop_gold`.`session` LOCATION 's3://shop-lake/events/gold/session/' TBLPROPERTIES ('table_type'='DELTA');",
    ]);
    assert.deepEqual([empty, omitted], [[], []]);
  });

  it('have Athena project the partitions of plain tables', async () => {
    const { statements, empty } = await made('athena', { location: 's3://b', plain: true, platformsOf: (layer, table) => (layer === 'silver' && table === 'item_event' ? ['WEB'] : []) });
    assert.equal(
      statements.find((each) => each.includes('item_event')),
      'CREATE EXTERNAL TABLE IF NOT EXISTS `silver`.`item_event` (`event_id` string, `item_index` bigint, `price` decimal(18,4), `item_params` map<string,string>) PARTITIONED BY (`event_date` date, `platform` string) '
      + "STORED AS PARQUET LOCATION 's3://b/silver/item_event/' TBLPROPERTIES ('projection.enabled'='true', 'projection.event_date.type'='date', 'projection.event_date.format'='yyyy-MM-dd', 'projection.event_date.range'='2026-01-30,NOW+1DAYS', "
      + "'projection.event_date.interval'='1', 'projection.event_date.interval.unit'='DAYS', 'projection.platform.type'='enum', 'projection.platform.values'='IOS,WEB,__HIVE_DEFAULT_PARTITION__');",
    );
    assert.deepEqual(empty, ['gold.session']);
  });

  it('are refused for Athena and Glue where the lake is not in Amazon’s S3', async () => {
    for (const engine of ['athena', 'glue'] as const) {
      await assert.rejects(made(engine), usage(/reads Amazon's S3 only, not \/.*--location s3:/));
      await assert.rejects(made(engine, { location: 'file:///lake' }), usage(/not file:\/\/\/lake/));
    }
  });

  it('write paths and names as each engine quotes them', async () => {
    const root = lake.storage.root;
    const texts = async (engine: DdlEngine, options: Partial<DdlOptions> = {}): Promise<string> => (await made(engine, options)).statements.join('\n');
    assert.ok((await texts('spark')).includes(`USING DELTA LOCATION 'file://${root.replaceAll("'", "\\'")}/silver/event';`));
    assert.ok((await texts('trino')).includes(`CALL "delta".system.register_table(schema_name => 'silver', table_name => 'event', table_location => 'local://${root.replaceAll("'", "''")}/silver/event');`));
    const plain = await texts('trino', { plain: true, catalog: 'lakes', location: 'local:///lake' });
    assert.ok(plain.startsWith(`SET SESSION "lakes".timestamp_precision = 'MICROSECONDS';\nCREATE SCHEMA IF NOT EXISTS "lakes"."silver";`));
    assert.ok(plain.includes(`("revenue" decimal(38,4), "event_date" date, "platform" varchar) WITH (external_location = 'local:///lake/gold/session', format = 'PARQUET', partitioned_by = ARRAY['event_date', 'platform']);`));
    assert.deepEqual([backquoted('a`b'), hiveText("a\\'b"), shellWord("it's"), shellWord('s3://b/c=1')], ['`a``b`', "'a\\\\\\'b'", "'it'\\''s'", 's3://b/c=1']);
  });

  it('give Glue requests whose columns are in small letters and of Hive’s types', async () => {
    const { statements } = await made('glue', { location: 's3://b/it' });
    assert.equal(statements[0], 'set -eu');
    const put = statements.find((each) => each.startsWith('put silver item_event s3://b/it/silver/item_event/ ')) ?? '';
    const request = JSON.parse(put.slice(put.indexOf("'") + 1, -1)) as { TableInput: { Parameters: object; PartitionKeys: unknown[]; StorageDescriptor: { Columns: unknown[]; SerdeInfo: { Parameters: { path: string } } } } };
    assert.deepEqual(request.TableInput.Parameters, { 'EXTERNAL': 'TRUE', 'table_type': 'DELTA', 'spark.sql.sources.provider': 'delta' });
    assert.deepEqual(request.TableInput.PartitionKeys, []);
    assert.equal(request.TableInput.StorageDescriptor.SerdeInfo.Parameters.path, 's3://b/it/silver/item_event/');
    assert.deepEqual(request.TableInput.StorageDescriptor.Columns.at(-1), { Name: 'item_params', Type: 'map<string,string>' });
    assert.equal(request.TableInput.StorageDescriptor.Columns.length, 6);
  });

  it('refuse options that an engine has no use for', async () => {
    await assert.rejects(made('duckdb', { location: 's3://b' }), usage(/take no --location.*athena, glue, spark, trino/));
    await assert.rejects(made('spark', { plain: true }), usage(/take no --plain/));
    await assert.rejects(made('athena', { catalog: 'x', location: 's3://b' }), usage(/take no --catalog.*trino/));
    for (const [option, value] of [['location', 'lake'], ['location', 's3://a\n;'], ['databasePrefix', 'Shop-'], ['catalog', 'a"b']] as const) {
      assert.throws(() => parseConfig({ lake: '.', datasets: '.', [option]: value }), usage(new RegExp(`--${option === 'databasePrefix' ? 'database-prefix' : option} `)));
    }
    const roots = ['s3://b/c//', 'local:///', 'file:///lake/'].map((location) => parseConfig({ lake: '.', datasets: '.', location }).location);
    assert.deepEqual(roots, ['s3://b/c', 'local://', 'file:///lake']);
  });

  it('say what a server of one’s own needs', async () => {
    const server = { endpoint: new URL('http://127.0.0.1:9000'), region: 'us-east-1', pathStyle: true };
    assert.ok((await made('spark', { server })).notes.some((note) => note.includes('fs.s3a.endpoint=http://127.0.0.1:9000 and spark.hadoop.fs.s3a.path.style.access=true')));
    assert.ok((await made('trino', { server })).notes.some((note) => note.includes('s3.endpoint=http://127.0.0.1:9000, s3.region=us-east-1 and s3.path-style-access=true')));
    assert.ok((await made('trino', { server, location: 's3://elsewhere' })).notes.every((note) => !note.includes('127.0.0.1')));
  });

  it('leave out tables whose partitions or names a catalog can’t be told, and name them', async () => {
    const hard = testLake(temporaryFolder());
    await fillForCatalogs(hard);
    await publishTable(hard, 'gold', 'by-day', [{ name: 'n', type: 'BIGINT' }], [], 'SELECT 1::BIGINT AS n');
    await publishTable(hard, 'gold', 'spoken', [{ name: 'größe', type: 'BIGINT' }], [], 'SELECT 1::BIGINT AS "größe"');
    const of = async (engine: DdlEngine, options: Partial<DdlOptions>): Promise<Ddl> => ddlFor(engine, hard, { ...base, ...options });
    const odd = { table: 'silver.event', reason: 'its partition "50% off" has other than letters, digits and ._~-' };
    const name = { table: 'gold.by-day', reason: 'Athena takes names of letters, digits and _ only' };
    const column = { table: 'gold.spoken', reason: 'the column größe has other than letters, digits and _ in its name' };
    assert.deepEqual((await of('spark', {})).omitted, []);
    assert.deepEqual((await of('trino', {})).omitted, []);
    assert.deepEqual((await of('trino', { plain: true })).omitted.map(({ table }) => table), ['silver.event']);
    assert.deepEqual((await of('athena', { location: 's3://b' })).omitted, [name]);
    for (const engine of ['athena', 'glue'] as const) assert.deepEqual((await of(engine, { location: 's3://b', plain: true })).omitted, [odd, name, column]);
    await hard.table('gold', 'customer').commit(() => [{ protocol: { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ['deletionVectors'], writerFeatures: ['deletionVectors'] } }]);
    for (const engine of ['spark', 'duckdb'] as const) assert.deepEqual((await of(engine, {})).omitted.map(({ table }) => table), ['gold.customer'], engine);
    const { statements } = await of('trino', { plain: true });
    assert.ok(statements.some((each) => each.startsWith('CREATE TABLE IF NOT EXISTS "hive"."gold"."by-day" ("n" bigint) WITH (external_location')));
    assert.deepEqual(statements.filter((each) => each.startsWith('CALL') && each.includes("'gold'")).length, 1);
    assert.ok(statements.every((each) => !each.includes('customer')));
    await hard.close();
  });

  it('leave out a table whose name another one has, and make the others', async () => {
    const tables = [tableOf([]), tableOf([], { table: 'EVENT' }), tableOf([], { table: 'other' })];
    const { made: all, omitted } = await madeFor(tables, () => []);
    assert.deepEqual(all.map(({ table }) => table), ['event', 'other']);
    assert.deepEqual(omitted, [{ table: 'silver.EVENT', reason: 'another table has its name, case aside' }]);
    await assert.rejects(madeFor(tables, () => { throw new Error('a bug'); }), /a bug/);
  });
});

describe('partition projection', () => {
  const of = (partitions: CatalogTable['partitions'], today = '2026-02-01', platforms: readonly string[] = []): Record<string, string> => projection(tableOf(partitions), { today, platformsOf: () => platforms });

  it('reaches from the first date to a day after now, or as far ahead as the files are', () => {
    const range = (dates: readonly string[]): string | undefined => of(dates.map((event_date) => ({ event_date, platform: 'IOS' })))['projection.event_date.range'];
    assert.equal(range(['2026-01-31', '2025-12-30', '2026-01-02']), '2025-12-30,NOW+1DAYS');
    assert.equal(range(['2026-02-11']), '2026-02-11,NOW+10DAYS');
    assert.equal(range([]), '2026-02-01,NOW+1DAYS');
  });

  it('has one date for rows that have none', () => {
    assert.equal(of([{ event_date: '1970-01-01', platform: null }])['projection.event_date.range'], '1970-01-01,1970-01-02');
  });

  it('knows the platforms of files and contract, each once, and that there may be none', () => {
    const partitions = [{ event_date: '2026-01-31', platform: 'IOS' }, { event_date: '2026-02-01', platform: 'IOS' }, { event_date: '2026-02-01', platform: null }];
    assert.equal(of(partitions, '2026-02-01', ['WEB', 'IOS', 'ANDROID'])['projection.platform.values'], 'ANDROID,IOS,WEB,__HIVE_DEFAULT_PARTITION__');
  });

  it('is refused where a folder is not called as its value is, where a date is missing, and for other types', () => {
    for (const platform of ['Smart TV', 'a,b', 'São Paulo', '50%', 'a/b']) assert.throws(() => of([{ event_date: '2026-01-31', platform }]), unsupported(/has other than letters, digits/), platform);
    assert.throws(() => of([], '2026-02-01', ['Smart TV']), unsupported(/"Smart TV"/));
    assert.throws(() => of([{ event_date: null, platform: 'IOS' }]), unsupported(/without a date/));
    assert.throws(() => projection(tableOf([], { partitionBy: ['n'] }), base), unsupported(/n is neither a date nor a text/));
  });

  it('is not asked for by a table without partitions', () => {
    assert.deepEqual(projection(tableOf([{}], { partitionBy: [] }), base), {});
  });

  it('takes the platforms of the contracts in the datasets’ folder', async () => {
    const platforms = await contractPlatforms(datasetsDir);
    assert.deepEqual(platforms('silver', 'event'), ['IOS', 'ANDROID']);
    assert.deepEqual(platforms('bronze', 'shop_rejected'), platforms('bronze', 'shop'));
    assert.deepEqual(platforms('gold', 'session'), ['IOS', 'ANDROID']);
    assert.deepEqual(platforms('silver', 'no_such_table'), []);
    assert.deepEqual((await contractPlatforms(join(datasetsDir, 'none')))('silver', 'event'), []);
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'broken'));
    writeFileSync(join(folder, 'broken', 'dataset.ts'), 'export default 1;\n');
    assert.deepEqual((await contractPlatforms(folder))('silver', 'event'), []);
    removeTemporaryFolders();
  });
});

describe('types for catalogs', () => {
  const place = { layer: 'silver', table: 'event' };
  const struct = { type: 'struct', fields: [field('a', 'long'), field('b c', { type: 'array', elementType: 'timestamp', containsNull: true })] };

  it('are written for Hive and for Trino, nested ones too', () => {
    const types: DeltaField['type'][] = ['string', 'integer', 'float', 'binary', 'timestamp', 'decimal(38,4)', { type: 'map', keyType: 'string', valueType: { type: 'array', elementType: 'long', containsNull: true }, valueContainsNull: true }];
    assert.deepEqual(types.map((type) => hiveType(place, field('x', type))), ['string', 'int', 'float', 'binary', 'timestamp', 'decimal(38,4)', 'map<string,array<bigint>>']);
    assert.deepEqual(types.map((type) => trinoHiveType(place, field('x', type))), ['varchar', 'integer', 'real', 'varbinary', 'timestamp(6)', 'decimal(38,4)', 'map(varchar, array(bigint))']);
    assert.equal(trinoHiveType(place, field('x', struct)), 'row("a" bigint, "b c" array(timestamp(6)))');
  });

  it('are refused by name when Hive has none', () => {
    assert.throws(() => hiveType(place, field('x', struct)), unsupported(/the field b c of the column x/));
    assert.throws(() => hiveType(place, field('x', 'variant')), unsupported(/the column x, which is variant/));
  });
});

describe('ingot ddl', () => {
  let lake: Lake;

  afterEach(async () => {
    await lake.close();
    removeTemporaryFolders();
  });

  async function printed(options: Readonly<Record<string, unknown>>): Promise<{ readonly summary: Ddl & { readonly engine: string }; readonly lines: readonly string[]; readonly notes: readonly string[] }> {
    const notes: string[] = [];
    const results: [object, readonly string[]][] = [];
    const config = parseConfig({ lake: lake.storage.root, datasets: '.', memoryLimit: '500MB', threads: '2', ...options });
    const progress = { ...silentProgress, note: (text: string) => void notes.push(text) };
    const context: Context = { config, args: [], clock: new TestClock(), lake, secrets: {}, signal: new AbortController().signal, progress, print: () => undefined, result: (...result) => void results.push(result) };
    assert.equal(await runDdl(context), 0);
    const [summary, lines] = results[0]!;
    return { summary: summary as Ddl & { readonly engine: string }, lines, notes };
  }

  it('prints a script whose comments the engine knows as such', async () => {
    lake = await smallLake(temporaryFolder());
    for (const [engine, comment] of [['athena', '-- '], ['spark', '-- '], ['trino', '-- '], ['glue', '# ']] as const) {
      const { summary, lines } = await printed({ engine, location: 's3://b' });
      assert.equal(summary.engine, engine);
      const comments = lines.filter((line) => line.startsWith(comment));
      assert.ok(comments.length > 0);
      assert.deepEqual(lines.filter((line) => !comments.includes(line)), summary.statements);
      assert.ok(lines.every((line) => !line.includes('\n')));
      if (engine !== 'glue') assert.ok(summary.statements.every((statement) => statement.endsWith(';')));
    }
  });

  it('says of plain tables that replaced files that are still kept count too', async () => {
    lake = await smallLake(temporaryFolder());
    assert.deepEqual((await printed({ engine: 'trino', plain: true })).notes, []);
    await lake.storage.put(`${discardRoot}/silver.shop/1.json`, '{}');
    assert.match((await printed({ engine: 'trino', plain: true })).notes.join(), /Replaced files are still kept.*these tables count their rows too/);
    assert.deepEqual((await printed({ engine: 'trino' })).notes, []);
    assert.match((await printed({ engine: 'duckdb' })).notes.join(), /these views count/);
  });

  it('says that a lake has no tables', async () => {
    lake = testLake(temporaryFolder());
    const { summary, notes, lines } = await printed({ engine: 'spark' });
    assert.deepEqual(summary.statements, []);
    assert.match(notes.join(), /There are no tables in/);
    assert.match(lines.join('\n'), /^-- There are no tables/m);
  });

  it('gives DuckDB the endpoint of a server of one’s own, and no secret', async () => {
    lake = await smallLake(temporaryFolder());
    const remote = Object.create(lake, { storage: { value: Object.create(lake.storage, { remote: { value: {} } }) as object } }) as Lake;
    const secret = async (server: DdlOptions['server']): Promise<string | undefined> => (await duckdbDdl(remote, server)).statements.find((each) => each.startsWith('CREATE SECRET'));
    assert.equal(await secret(null), 'CREATE SECRET IF NOT EXISTS ingot_lake (TYPE s3, PROVIDER credential_chain);');
    assert.equal(await secret({ endpoint: null, region: 'eu-west-1', pathStyle: false }), 'CREATE SECRET IF NOT EXISTS ingot_lake (TYPE s3, PROVIDER credential_chain);');
    assert.equal(
      await secret({ endpoint: new URL('http://127.0.0.1:9000/'), region: 'us-east-1', pathStyle: true }),
      "CREATE SECRET IF NOT EXISTS ingot_lake (TYPE s3, PROVIDER credential_chain, REGION 'us-east-1', ENDPOINT '127.0.0.1:9000', URL_STYLE 'path', USE_SSL false);",
    );
  });
});
