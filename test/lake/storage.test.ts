import assert from 'node:assert/strict';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LakeError } from '../../src/errors.js';
import { LocalStorage, storageError } from '../../src/lake/local.js';
import { runChildren } from '../support/children.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { MemoryStorage } from '../support/memory-storage.js';
import { describeStorage } from '../support/storage-contract.js';

describeStorage({ name: 'a folder', open: () => Promise.resolve(new LocalStorage(join(temporaryFolder(), 'lake'))) });
describeStorage({ name: 'the memory of tests', open: () => Promise.resolve(new MemoryStorage()) });

function notWritable(error: unknown): boolean {
  return error instanceof LakeError && error.code === 'LAKE_NOT_WRITABLE' && error.hint !== undefined && error.path !== undefined;
}

describe('a lake in a folder', () => {
  after(removeTemporaryFolders);

  it('has one winner for every name among eight processes, and no temporary files afterwards', async () => {
    const root = temporaryFolder();
    const names = 40;
    const outputs = await runChildren('test/lake/children/put.ts', Array.from({ length: 8 }, (_value, writer) => [root, `writer ${writer}`, String(names)]));
    const won = outputs.map((output) => JSON.parse(output) as number[]);
    assert.deepEqual(won.flat().sort((a, b) => a - b), Array.from({ length: names }, (_value, name) => name));
    const storage = new LocalStorage(root);
    for (const [writer, own] of won.entries()) {
      for (const name of own) assert.equal((await storage.read(`race/${name}.json`))?.toString(), `writer ${writer}\n`.repeat(1000));
    }
    assert.equal((await readdir(join(root, 'race'))).length, names);
  });

  it('makes files for their owner and readers of the group, whatever the umask gives and DuckDB makes', async () => {
    const before = process.umask(0);
    try {
      const root = join(temporaryFolder(), 'lake');
      const storage = new LocalStorage(root);
      await storage.put('_ingot/one/two', '');
      await storage.putIfAbsent('t/_delta_log/0.json', '');
      writeFileSync(join(root, '_ingot/one/part.parquet'), '', { mode: 0o666 });
      writeFileSync(join(root, '_ingot/one/tight.parquet'), '', { mode: 0o600 });
      const moves = ['part', 'tight'].map((name) => ({ from: `_ingot/one/${name}.parquet`, to: `t/p=1/${name}.parquet` }));
      await storage.stage('_ingot/one', moves);
      await storage.adopt(moves);
      const modes = Object.fromEntries(['', '_ingot/one', '_ingot/one/two', 't/_delta_log/0.json', 't/p=1', 't/p=1/part.parquet', 't/p=1/tight.parquet'].map((path) => [path, (statSync(join(root, path)).mode & 0o777).toString(8)]));
      assert.deepEqual(modes, { '': '750', '_ingot/one': '750', '_ingot/one/two': '640', 't/_delta_log/0.json': '640', 't/p=1': '750', 't/p=1/part.parquet': '640', 't/p=1/tight.parquet': '600' });
    } finally {
      process.umask(before);
    }
  });

  it('does not list the temporary file of a writer that died', async () => {
    const root = temporaryFolder();
    const storage = new LocalStorage(root);
    await storage.put('t/a', '');
    writeFileSync(join(root, 't', '.tmp-0123'), 'half');
    assert.deepEqual(await storage.list('t'), ['a']);
  });

  it('walks through what a writer left that died, and through folders, the inner ones first', async () => {
    const root = temporaryFolder();
    const storage = new LocalStorage(root);
    await storage.put('t/p=1/q=1/a', '');
    writeFileSync(join(root, 't', 'p=1', '.tmp-0123'), 'half');
    const { files, folders } = await storage.walk('t');
    assert.deepEqual(files.map(({ path, bytes, temporary }) => [path, bytes, temporary]).sort(), [['t/p=1/.tmp-0123', 4, true], ['t/p=1/q=1/a', 0, false]]);
    assert.deepEqual(folders.map(({ path }) => path), ['t/p=1/q=1', 't/p=1']);
  });

  it('makes the folder again of a file that it moves, when that was removed as empty meanwhile', async () => {
    const root = temporaryFolder();
    const storage = new LocalStorage(root);
    const moves = Array.from({ length: 200 }, (_value, index) => ({ from: `staging/${index}`, to: `t/p=${index}/a` }));
    for (const { from } of moves) await storage.put(from, from);
    const state = { moving: true };
    const removed = new Set<string>();
    const removing = (async () => {
      while (state.moving) {
        const names = (await storage.list('t')).filter((name) => !removed.has(name));
        await storage.removeEmpty(names.map((name) => `t/${name}`));
        for (const name of names) removed.add(name);
      }
    })();
    await storage.adopt(moves);
    state.moving = false;
    await removing;
    for (const { from, to } of moves) assert.equal((await storage.read(to))?.toString(), from);
  });

  it('is refused with a hint where a file is in the way', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    await assert.rejects(new LocalStorage(join(folder, 'file')).prepare(), notWritable);
    await assert.rejects(new LocalStorage(join(folder, 'file', 'deep', 'lake')).prepare(), notWritable);
    await assert.rejects(new LocalStorage(folder).put('file/a', ''), notWritable);
  });

  it('is refused with a hint where the system makes no folders', async function () {
    if (!existsSync('/proc/self')) this.skip();
    await assert.rejects(new LocalStorage('/proc/ingot/lake').prepare(), notWritable);
  });

  it('says what to do when a staged file can not be moved to its place', async () => {
    const storage = new LocalStorage(temporaryFolder());
    await storage.put('staging/a', '');
    await storage.put('t/a/x', '');
    await assert.rejects(storage.adopt([{ from: 'staging/a', to: 't/a' }]), notWritable);
  });

  for (const [code, wanted] of Object.entries({ ENOSPC: 'DISK_FULL', EDQUOT: 'DISK_FULL', EACCES: 'LAKE_NOT_WRITABLE', EROFS: 'LAKE_NOT_WRITABLE', EPERM: 'LAKE_NOT_WRITABLE' })) {
    it(`turns ${code} into ${wanted} with a hint and the cause, for writing and for reading`, () => {
      for (const op of ['read', 'write'] as const) {
        const cause = Object.assign(new Error(`${code}: no`), { code });
        const error = storageError(cause, op, '/lake', '/lake/silver/event');
        assert.ok(error instanceof LakeError);
        assert.equal(error.code, wanted);
        assert.equal(error.op, op);
        assert.equal(error.cause, cause);
        assert.ok(error.hint !== undefined && error.hint.length > 20);
      }
    });
  }

  it('leaves an error alone that is not the system’s', () => {
    const error = new TypeError('a bug');
    assert.equal(storageError(error, 'write', '/lake', '/lake/a'), error);
  });
});
