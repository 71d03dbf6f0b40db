import assert from 'node:assert/strict';
import { LakeError } from '../../src/errors.js';
import { serializeActions, type Action } from '../../src/lake/actions.js';
import { commitName } from '../../src/lake/layout.js';
import { Lake } from '../../src/lake/lake.js';
import { creation } from '../../src/lake/schema.js';
import { runChildren } from '../support/children.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { MemoryStorage } from '../support/memory-storage.js';
import { lakeOver, specOf } from '../support/publications.js';

const log = 'silver/event/_delta_log';

function add(path: string, extra: Partial<NonNullable<Action['add']>> = {}): Action {
  return { add: { path, partitionValues: { platform: 'IOS' }, size: 1, modificationTime: 0, dataChange: true, stats: '{"numRecords":1}', ...extra } };
}

function remove(path: string): Action {
  return { remove: { path, deletionTimestamp: 0, dataChange: true, extendedFileMetadata: true, partitionValues: { platform: 'IOS' }, size: 1 } };
}

function run(version: number): Action {
  return { txn: { appId: 'ingot.run', version } };
}

/** A log in memory of these commits, the first with protocol and metaData. */
async function logOf(...commits: Action[][]): Promise<MemoryStorage> {
  const storage = new MemoryStorage();
  for (const [version, actions] of commits.entries()) await storage.put(`${log}/${commitName(version)}`, serializeActions(version === 0 ? [...creation(specOf('event'), 0), ...actions] : actions));
  return storage;
}

function tableOf(storage: MemoryStorage) {
  return lakeOver(storage).table('silver', 'event');
}

function failsWith(code: string, what: RegExp) {
  return (error: unknown): boolean => error instanceof LakeError && error.code === code && what.test(error.message) && error.hint !== undefined;
}

describe('a Delta log', () => {
  after(removeTemporaryFolders);

  it('that is not there is no table', async () => {
    assert.equal(await tableOf(new MemoryStorage()).snapshot(), null);
  });

  it('is replayed: files that were added and not removed, and the last number of each transaction', async () => {
    const storage = await logOf([add('a'), add('b'), { txn: { appId: 'x', version: 7 } }], [remove('a'), add('c')], [{ txn: { appId: 'x', version: 8 } }, remove('not there')]);
    const snapshot = await tableOf(storage).snapshot();
    assert.equal(snapshot?.version, 2);
    assert.deepEqual([...snapshot.files.keys()], ['b', 'c']);
    assert.equal(snapshot.txn('x', -1), 8);
    assert.equal(snapshot.txn('y', -1), -1);
    assert.equal(snapshot.anchor, 'silver/event');
  });

  it('lets a file live that one commit removes and adds, in whichever order the two are written', async () => {
    for (const actions of [[remove('a'), add('a', { size: 2 })], [add('a', { size: 2 }), remove('a')]]) {
      const snapshot = await tableOf(await logOf([add('a')], actions)).snapshot();
      assert.deepEqual([...(snapshot?.files.values() ?? [])].map((file) => file.size), [2]);
    }
  });

  it('may hold actions, fields and blank lines that Ingot does not know', async () => {
    const storage = await logOf([add('a')]);
    await storage.put(`${log}/${commitName(1)}`, '\n{"cdc":{"path":"x"}}\n{"domainMetadata":{"domain":"d"}}\n{"new":1}\n{"add":null,"remove":{"path":"a","extra":[1]}}\n\n');
    assert.deepEqual([...((await tableOf(storage).snapshot())?.files ?? [])], []);
  });

  it('gives older versions, and says so when they are not in the log any more', async () => {
    const table = tableOf(await logOf([add('a')], [add('b')], [remove('a')]));
    assert.deepEqual([...(await table.log.snapshotAt(1)).files.keys()], ['a', 'b']);
    assert.equal((await table.snapshot())?.version, 2);
    await assert.rejects(table.log.snapshotAt(5), failsWith('LAKE_CORRUPT', /version 5/));
  });

  it('is followed by one who has read it before, also when the entries between are cleaned away or it is deleted', async () => {
    const storage = await logOf([add('a')]);
    const table = tableOf(storage);
    assert.equal((await table.snapshot())?.version, 0);
    await storage.put(`${log}/${commitName(1)}`, serializeActions([add('b')]));
    assert.deepEqual([...((await table.snapshot())?.files.keys() ?? [])], ['a', 'b']);
    await storage.removeFolder('silver');
    assert.equal(await table.snapshot(), null);
  });

  it('is read to its newest version whatever of it a listing shows', async () => {
    const storage = await logOf([add('a')], [add('b')], [add('c')], [add('d')]);
    for (const shown of [[], [commitName(0)], [commitName(0), commitName(1)], [commitName(0), commitName(3)]]) {
      const lagging = Object.assign(Object.create(storage) as MemoryStorage, { list: () => Promise.resolve(shown) });
      assert.deepEqual([...((await tableOf(lagging).snapshot())?.files.keys() ?? [])], ['a', 'b', 'c', 'd'], shown.join());
    }
    const early = Object.assign(Object.create(storage) as MemoryStorage, { list: () => Promise.resolve([commitName(0), commitName(4)]) });
    await assert.rejects(tableOf(early).snapshot(), failsWith('LAKE_CORRUPT', /version 4 is missing/));
  });

  it('whose listed version can not be read yet is looked at again', async () => {
    const storage = await logOf([add('a')]);
    let listings = 0;
    const list = async (folder: string): Promise<string[]> => {
      if (++listings === 2) await storage.put(`${log}/${commitName(1)}`, serializeActions([add('b')]));
      return listings === 1 ? [commitName(0), commitName(1)] : storage.list(folder);
    };
    assert.deepEqual([...((await tableOf(Object.assign(Object.create(storage) as MemoryStorage, { list })).snapshot())?.files.keys() ?? [])], ['a', 'b']);
    assert.equal(listings, 2);
  });

  it('with a hole is refused, not read up to the hole', async () => {
    const storage = await logOf([add('a')], [add('b')], [add('c')]);
    await storage.remove([`${log}/${commitName(1)}`]);
    await assert.rejects(tableOf(storage).snapshot(), failsWith('LAKE_CORRUPT', /version 1 is missing, though version 2/));
    await storage.remove([`${log}/${commitName(0)}`]);
    await assert.rejects(tableOf(storage).snapshot(), failsWith('LAKE_CORRUPT', /neither its first version nor a checkpoint/));
  });

  it('with a torn entry is refused with the name of the entry', async () => {
    const storage = await logOf([add('a')]);
    await storage.put(`${log}/${commitName(1)}`, '{"add":{"path":"b"');
    await assert.rejects(tableOf(storage).snapshot(), (error) => failsWith('LAKE_CORRUPT', /line 1/)(error) && (error as LakeError).path?.endsWith(commitName(1)) === true);
  });

  it('takes a commit for its own that is in the log to the letter', async () => {
    const storage = await logOf([add('a')]);
    const table = tableOf(storage);
    assert.equal(await table.log.append(1, [add('b')]), true);
    assert.equal(await table.log.append(1, [add('b')]), true);
    assert.equal(await table.log.append(1, [add('c')]), false);
  });

  it('is read at a run: later runs are left out, commits of others after the run are not', async () => {
    const storage = await logOf([run(1), add('a')], [add('foreign 1')], [run(4), add('b')], [add('foreign 4')], [run(5), add('c')]);
    const at = async (number: number): Promise<string[] | null> => {
      const snapshot = await tableOf(storage).snapshotAtRun(number);
      return snapshot === null ? null : [...snapshot.files.keys()];
    };
    assert.equal(await at(0), null);
    assert.deepEqual(await at(1), ['a', 'foreign 1']);
    assert.deepEqual(await at(3), ['a', 'foreign 1']);
    assert.deepEqual(await at(4), ['a', 'foreign 1', 'b', 'foreign 4']);
    assert.deepEqual(await at(9), ['a', 'foreign 1', 'b', 'foreign 4', 'c']);
    assert.equal((await tableOf(storage).commitOfRun(4))?.version, 2);
    assert.equal(await tableOf(storage).commitOfRun(3), null);
  });

  it('holds every commit of eight processes that commit at once', async () => {
    const root = temporaryFolder();
    const outputs = await runChildren('test/lake/children/commit.ts', Array.from({ length: 8 }, (_value, writer) => [root, `w${writer}`, '25']));
    assert.deepEqual(outputs, Array.from({ length: 8 }, () => '25'));
    const lake = Lake.local(root);
    const snapshot = await lake.table('silver', 'event').snapshot();
    assert.equal(snapshot?.version, 199);
    const wanted = Array.from({ length: 200 }, (_value, index) => `platform=w${index % 8}/${Math.floor(index / 8)}.parquet`);
    assert.deepEqual([...snapshot.files.keys()].sort(), wanted.sort());
    assert.ok((await lake.storage.list(log)).includes('00000000000000000100.checkpoint.parquet'));
    await lake.close();
  });
});

describe('a table with features of others', () => {
  const protocols = {
    deletionVectors: 'read', columnMapping: 'read', timestampNtz: 'read', variantType: 'read', typeWidening: 'read', v2Checkpoint: 'read',
    rowTracking: 'write', clustering: 'write', inCommitTimestamp: 'write', changeDataFeed: 'write', allowColumnDefaults: 'write', checkConstraints: 'write', generatedColumns: 'write', identityColumns: 'write', domainMetadata: 'write',
  } as const;
  const write = (): Action[] => [add('b')];

  for (const [feature, refused] of Object.entries(protocols)) {
    it(`is ${refused === 'read' ? 'not read' : 'read and not written'} when it uses ${feature}`, async () => {
      const readerFeatures = refused === 'read' ? [feature] : [];
      const storage = await logOf([add('a'), { protocol: { minReaderVersion: refused === 'read' ? 3 : 1, minWriterVersion: 7, readerFeatures, writerFeatures: [feature] } }]);
      if (refused === 'read') await assert.rejects(tableOf(storage).snapshot(), failsWith('TABLE_UNSUPPORTED', new RegExp(feature)));
      else assert.equal((await tableOf(storage).snapshot())?.files.size, 1);
      await assert.rejects(tableOf(storage).commit(write), failsWith('TABLE_UNSUPPORTED', new RegExp(feature)));
    });
  }

  it('is read and written when it uses only what Ingot keeps to', async () => {
    const storage = await logOf([{ protocol: { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: [], writerFeatures: ['appendOnly', 'invariants'] } }]);
    await tableOf(storage).commit(write);
    assert.equal((await tableOf(storage).snapshot())?.files.size, 1);
  });

  it('is not written when its protocol asks for a writer of a later version', async () => {
    for (const minWriterVersion of [3, 4, 5, 6, 8]) {
      const storage = await logOf([{ protocol: { minReaderVersion: 1, minWriterVersion } }]);
      assert.notEqual(await tableOf(storage).snapshot(), null);
      await assert.rejects(tableOf(storage).commit(write), failsWith('TABLE_UNSUPPORTED', /writer version/));
    }
  });

  it('is not read when its protocol asks for a reader of a later version', async () => {
    const storage = await logOf([{ protocol: { minReaderVersion: 4, minWriterVersion: 2 } }]);
    await assert.rejects(tableOf(storage).snapshot(), failsWith('TABLE_UNSUPPORTED', /reader version 4/));
  });

  it('is not read when its columns are mapped to other names', async () => {
    const [, metaData] = creation(specOf('event'), 0);
    assert.ok(metaData?.metaData);
    const mapped = { ...metaData.metaData, configuration: { 'delta.columnMapping.mode': 'name' } };
    const storage = await logOf([{ protocol: { minReaderVersion: 2, minWriterVersion: 5 } }, { metaData: mapped }]);
    await assert.rejects(tableOf(storage).snapshot(), failsWith('TABLE_UNSUPPORTED', /columnMapping/));
  });

  it('is not written when a column has an invariant or may not be null', async () => {
    const [, metaData] = creation(specOf('event'), 0);
    assert.ok(metaData?.metaData);
    const field = { name: 'row', type: 'string', nullable: true, metadata: {} };
    for (const [changed, what] of [[{ ...field, nullable: false }, /NOT NULL/], [{ ...field, metadata: { 'delta.invariants': '{"expression":{"expression":"row > 0"}}' } }, /invariants/]] as const) {
      const storage = await logOf([add('a'), { metaData: { ...metaData.metaData, schemaString: JSON.stringify({ type: 'struct', fields: [changed] }) } }]);
      assert.equal((await tableOf(storage).snapshot())?.files.size, 1);
      await assert.rejects(tableOf(storage).commit(write), failsWith('TABLE_UNSUPPORTED', what));
    }
  });

  it('that only grows takes new files, and lets none be replaced', async () => {
    const [, metaData] = creation(specOf('event'), 0);
    assert.ok(metaData?.metaData);
    const storage = await logOf([add('a'), { metaData: { ...metaData.metaData, configuration: { 'delta.appendOnly': 'true' } } }]);
    await tableOf(storage).commit(write);
    await assert.rejects(tableOf(storage).commit(() => [remove('a'), add('c')]), failsWith('TABLE_UNSUPPORTED', /appendOnly/));
    assert.deepEqual([...((await tableOf(storage).snapshot())?.files.keys() ?? [])], ['a', 'b']);
  });

  it('whose only checkpoint is of the second kind is said to be unsupported, not broken', async () => {
    const storage = new MemoryStorage();
    await storage.put(`${log}/00000000000000000010.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json`, '{}');
    await storage.put(`${log}/${commitName(10)}`, '{}');
    await assert.rejects(tableOf(storage).snapshot(), failsWith('TABLE_UNSUPPORTED', /v2Checkpoint/));
  });
});
