import assert from 'node:assert/strict';
import { parseDurationMs } from '../../src/config.js';
import { TrinoRun } from '../../src/engines/trino/run.js';
import { trinoTarget } from '../../src/engines/trino/target.js';
import type { Lake } from '../../src/lake/lake.js';
import type { Reading } from '../../src/lake/views.js';
import { Coordinator, type Reply } from '../support/coordinator.js';
import { removeTemporaryFolders, temporaryFolder, testLake } from '../support/lake.js';

const rowsOf = (...rows: readonly (readonly unknown[])[]): Reply => ({ status: 200, body: { id: 'q', columns: [], data: rows, stats: { state: 'FINISHED' } } });
const failure = (errorName: string, message: string): Reply => ({ status: 200, body: { id: 'q', error: { errorName, errorType: 'EXTERNAL', message } } });

/** A table of so many files with ten rows each, as its log has it. */
function reading(files: number, platform = 'IOS'): Reading {
  const add = (n: number) => [`event_date=2026-01-01/part-${n}.parquet`, { path: `event_date=2026-01-01/part-${n}.parquet`, partitionValues: { event_date: '2026-01-01', platform }, size: 1, stats: '{"numRecords":10}' }] as const;
  return {
    layer: 'silver', table: 'event',
    snapshot: { version: 3, files: new Map(Array.from({ length: files }, (_none, n) => add(n))), columns: [{ name: 'event_id', type: 'VARCHAR' }, { name: 'event_date', type: 'DATE' }, { name: 'platform', type: 'VARCHAR' }], metaData: { partitionColumns: ['event_date', 'platform'] } },
  } as unknown as Reading;
}

describe('what a build makes on the engine', () => {
  let coordinator: Coordinator;
  let lake: Lake;
  let replies: (sql: string) => Reply;

  before(async () => {
    coordinator = await Coordinator.start((sql) => (sql.startsWith('SHOW TABLES') ? rowsOf() : replies(sql)));
    lake = testLake(temporaryFolder());
  });

  beforeEach(() => {
    coordinator.bodies.length = 0;
    replies = (sql) => (sql.includes('count(*)') ? rowsOf([20]) : rowsOf());
  });

  after(async () => {
    await lake.close();
    await coordinator.stop();
    removeTemporaryFolders();
  });

  function run(): Promise<TrinoRun> {
    return TrinoRun.open(lake, trinoTarget(`${coordinator.origin.replace('http:', 'trino:')}/hive`, {}, parseDurationMs));
  }

  it('reads the files of one snapshot by their names, whatever lies beside them', async () => {
    const building = await run();
    await building.view(reading(2));
    await building.rows('SELECT count(event_id) FROM silver.event');
    await building.close();
    const last = coordinator.bodies.find((sql) => sql.includes('count(event_id)')) ?? '';
    assert.match(last, /"\$path" IN \('local:\/\/[^']*\/silver\/event\/event_date=2026-01-01\/part-0\.parquet', '[^']*part-1\.parquet'\) AND event_date BETWEEN DATE '2026-01-01' AND DATE '2026-01-01'/);
    assert.ok(coordinator.bodies.at(-1)?.startsWith('DROP TABLE IF EXISTS hive."ingot"."ingot_'));
  });

  it('puts the names of very many files into a table of the engine', async () => {
    replies = (sql) => (sql.includes('count(*)') ? rowsOf([45_000]) : rowsOf());
    const building = await run();
    await building.view(reading(4_500));
    await building.close();
    assert.equal(coordinator.bodies.filter((sql) => sql.startsWith('INSERT INTO iceberg."ingot"')).length, 5);
    assert.equal(coordinator.bodies.filter((sql) => sql.startsWith('DROP TABLE')).length, 2);
  });

  it('is an error where the engine sees fewer rows than the log has: it keeps old listings', async () => {
    const building = await run();
    await assert.rejects(building.view(reading(3)), { code: 'ENGINE_FAILED', message: /sees 20 of the 30 rows of silver\.event at version 3/ });
    await building.close();
  });

  it('is tried again on newer versions where another process has replaced a file', async () => {
    replies = () => failure('HIVE_CANNOT_OPEN_SPLIT', 'Error opening Hive split: file not found: local:///x.parquet');
    const building = await TrinoRun.open(lake, trinoTarget(`${coordinator.origin.replace('http:', 'trino:')}/hive`, {}, parseDurationMs)).catch((error: unknown) => error);
    assert.equal((building as { code: string }).code, 'FILE_GONE');
  });

  it('refuses partitions whose letters the engine would read as others', async () => {
    const building = await run();
    await assert.rejects(building.view(reading(2, 'São Paulo')), { code: 'ENGINE_FAILED', message: /São Paulo/ });
    await building.close();
  });

  it('drops what a run that is dead for a day has left, and nothing else', async () => {
    const now = lake.clock.nowMs();
    const name = (ms: number): string => `ingot_${Math.trunc(ms).toString(36)}_0123abcd_0_event`;
    await coordinator.stop();
    coordinator = await Coordinator.start((sql) => (sql.startsWith('SHOW TABLES FROM hive') ? rowsOf([name(now - 90_000_000)], [name(now - 3_600_000)], ['ingot_of_somebody']) : rowsOf()));
    await (await run()).close();
    assert.deepEqual(coordinator.bodies.filter((sql) => sql.startsWith('DROP')), [`DROP TABLE IF EXISTS hive."ingot"."${name(now - 90_000_000)}"`]);
  });
});
