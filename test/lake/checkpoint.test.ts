import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LakeError } from '../../src/errors.js';
import type { Action } from '../../src/lake/actions.js';
import { writeCheckpoint } from '../../src/lake/checkpoint.js';
import { textList } from '../../src/lake/duckdb.js';
import { Lake } from '../../src/lake/lake.js';
import { commitName } from '../../src/lake/layout.js';
import { LocalStorage } from '../../src/lake/local.js';
import { creation } from '../../src/lake/schema.js';
import type { Snapshot } from '../../src/lake/snapshot.js';
import { removeTemporaryFolders, temporaryFolder, testLake } from '../support/lake.js';
import { specOf } from '../support/publications.js';

const log = 'silver/event/_delta_log';

function action(version: number): Action[] {
  const file = { path: `platform=S%25C3%25A3o/${version}.parquet`, partitionValues: { platform: version % 3 === 0 ? null : 'São "x" %' }, size: version, modificationTime: 1, dataChange: true, stats: `{"numRecords":${version},"minValues":{"n":9223372036854775807}}` };
  const removed = { path: `platform=S%25C3%25A3o/${version - 1}.parquet`, deletionTimestamp: 1, dataChange: true, extendedFileMetadata: true, partitionValues: {}, size: 1 };
  return [{ txn: { appId: 'ingot.run', version: version + 1 } }, { txn: { appId: `kafka:${version % 5}`, version: 2 ** 50 + version } }, { add: file }, ...(version % 10 === 9 ? [{ remove: removed }] : [])];
}

async function commits(lake: Lake, count: number): Promise<Snapshot> {
  const table = lake.table('silver', 'event');
  for (let index = 0; index < count; index++) {
    await table.commit((snapshot) => [...(snapshot === null ? creation(specOf('event'), 0) : []), ...action((snapshot?.version ?? -1) + 1)]);
  }
  const snapshot = await table.snapshot();
  assert.ok(snapshot);
  return snapshot;
}

function facts(snapshot: Snapshot | null) {
  assert.ok(snapshot);
  const files = [...snapshot.files.values()].map(({ path, partitionValues, size, modificationTime, stats }) => ({ path, partitionValues, size, modificationTime, stats }));
  return { version: snapshot.version, files: files.sort((a, b) => (a.path < b.path ? -1 : 1)), txns: [...snapshot.txns].sort(), protocol: snapshot.protocol, metaData: JSON.parse(JSON.stringify(snapshot.metaData)) as unknown };
}

/** The same lake as a process sees that has not read it yet. */
async function reread(root: string, version: number | null = null) {
  const lake = testLake(root);
  try {
    const table = lake.table('silver', 'event');
    return facts(version === null ? await table.snapshot() : await table.log.snapshotAt(version));
  } finally {
    await lake.close();
  }
}

describe('a checkpoint', () => {
  let root = '';
  let lake: Lake;
  beforeEach(() => {
    root = temporaryFolder();
    lake = testLake(root);
  });
  afterEach(() => lake.close());
  after(removeTemporaryFolders);

  it('is written with every hundredth version and found by the hint, and leaves no staging', async () => {
    await commits(lake, 101);
    assert.deepEqual((await lake.storage.list(log)).filter((name) => !name.endsWith('.json')), ['00000000000000000100.checkpoint.parquet', '_last_checkpoint']);
    const hint = JSON.parse(await readFile(join(root, log, '_last_checkpoint'), 'utf8')) as { version: number; size: number };
    const rows = await (await lake.session()).rows('SELECT count(*) AS n FROM read_parquet($paths)', { paths: textList([lake.storage.locate(`${log}/00000000000000000100.checkpoint.parquet`)]) });
    assert.deepEqual(hint, { version: 100, size: Number(rows[0]?.['n']) });
    assert.deepEqual(await lake.storage.list('_ingot/staging/checkpoint'), []);
  });

  it('is the same as the entries before it: files with their null partitions and statistics to the letter, transactions, schema', async () => {
    const whole = facts(await commits(lake, 104));
    assert.deepEqual(await reread(root), whole);
    const at100 = await reread(root, 100);
    await lake.storage.remove(Array.from({ length: 100 }, (_value, version) => `${log}/${commitName(version)}`));
    assert.deepEqual(await reread(root), whole);
    assert.deepEqual(await reread(root, 100), at100);
    await assert.rejects(reread(root, 50), (error) => error instanceof LakeError && error.code === 'LAKE_CORRUPT');
  });

  it('lets a process go on that last read the table before the entries were cleaned away', async () => {
    const early = testLake(root);
    await commits(lake, 20);
    assert.equal((await early.table('silver', 'event').snapshot())?.version, 19);
    const whole = facts(await commits(lake, 84));
    await lake.storage.remove(Array.from({ length: 100 }, (_value, version) => `${log}/${commitName(version)}`));
    await early.table('silver', 'event').commit(() => action(104));
    assert.equal((await reread(root)).version, whole.version + 1);
    assert.equal((await reread(root)).files.length, whole.files.length + 1);
    await early.close();
  });

  it('is read whatever the hint says, or none', async () => {
    const whole = facts(await commits(lake, 102));
    await lake.storage.remove(Array.from({ length: 100 }, (_value, version) => `${log}/${commitName(version)}`));
    for (const hint of ['{"version":1', '{"version":77,"size":3}', '']) {
      writeFileSync(join(root, log, '_last_checkpoint'), hint);
      assert.deepEqual(await reread(root), whole);
    }
    await lake.storage.remove([`${log}/_last_checkpoint`]);
    assert.deepEqual(await reread(root), whole);
  });

  it('is found by its hint, and all entries after it, when a listing lags and shows nothing, or what was trimmed since', async () => {
    const whole = facts(await commits(lake, 203));
    await lake.storage.remove([...Array.from({ length: 200 }, (_value, version) => `${log}/${commitName(version)}`), `${log}/00000000000000000100.checkpoint.parquet`]);
    for (const shown of [[], [commitName(0)], [commitName(0), commitName(100), '00000000000000000100.checkpoint.parquet', commitName(101)]]) {
      const storage = Object.assign(new LocalStorage(root), { list: () => Promise.resolve(shown) });
      const lagging = new Lake({ ...lake.options, storage });
      assert.deepEqual(facts(await lagging.table('silver', 'event').snapshot()), whole, shown.join());
      await lagging.close();
    }
  });

  it('that is torn does no harm while the entries are there, and is named when they are not', async () => {
    const whole = facts(await commits(lake, 102));
    writeFileSync(join(root, log, '00000000000000000100.checkpoint.parquet'), 'PAR1 torn');
    assert.deepEqual(await reread(root), whole);
    await lake.storage.remove([`${log}/${commitName(0)}`]);
    await assert.rejects(reread(root), (error) => error instanceof LakeError && error.code === 'LAKE_CORRUPT' && /checkpoint/.test(error.message) && error.path?.endsWith('100.checkpoint.parquet') === true);
  });

  it('is read in several parts when all parts are there, and not when one is missing', async () => {
    const whole = facts(await commits(lake, 40));
    const session = await lake.session();
    const snapshot = await lake.table('silver', 'event').snapshot();
    assert.ok(snapshot);
    await writeCheckpoint(lake.storage, session, 'silver/event', snapshot, 0);
    const single = `${log}/00000000000000000039.checkpoint.parquet`;
    const part = (number: number): string => `${log}/00000000000000000039.checkpoint.000000000${number}.0000000003.parquet`;
    for (const [index, filter] of ['add IS NULL', 'add.size < 20', 'add.size >= 20'].entries()) {
      await session.run(`COPY (SELECT * FROM read_parquet($from_path) WHERE ${filter}) TO $to_path (FORMAT parquet)`, { from_path: lake.storage.locate(single), to_path: lake.storage.locate(part(index + 1)) });
    }
    await lake.storage.remove([single, ...Array.from({ length: 39 }, (_value, version) => `${log}/${commitName(version)}`)]);
    assert.deepEqual(await reread(root), whole);
    await lake.storage.remove([part(2)]);
    await assert.rejects(reread(root), (error) => error instanceof LakeError && error.code === 'LAKE_CORRUPT');
  });

  it('holds a line of several megabytes', async () => {
    await commits(lake, 1);
    const stats = JSON.stringify({ numRecords: 1, note: 'é'.repeat(2_000_000) });
    await lake.table('silver', 'event').commit(() => [{ add: { path: 'platform=IOS/long.parquet', partitionValues: { platform: 'IOS' }, size: 1, modificationTime: 0, dataChange: true, stats } }]);
    const snapshot = await lake.table('silver', 'event').snapshot();
    assert.ok(snapshot);
    await writeCheckpoint(lake.storage, await lake.session(), 'silver/event', snapshot, 0);
    await lake.storage.remove([`${log}/${commitName(0)}`]);
    assert.equal((await reread(root)).files.find((file) => file.path.includes('long'))?.stats, stats);
  });

  it('keeps the feature lists of a protocol of others', async () => {
    await commits(lake, 1);
    const table = lake.table('silver', 'event');
    const protocol = { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: [], writerFeatures: ['appendOnly'] };
    await table.commit(() => [{ protocol }]);
    const snapshot = await table.snapshot();
    assert.ok(snapshot);
    await writeCheckpoint(lake.storage, await lake.session(), 'silver/event', snapshot, 0);
    await lake.storage.remove([`${log}/${commitName(0)}`]);
    assert.deepEqual((await reread(root)).protocol, protocol);
  });
});
