import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Storage } from '../../src/lake/storage.js';

export interface StorageUnderTest {
  readonly name: string;
  /** An empty storage; each is another one. */
  readonly open: () => Promise<Storage>;
}

/** What every storage must keep to. */
export function describeStorage({ name, open }: StorageUnderTest): void {
  describe(`a storage: ${name}`, () => {
    it('is made and proved writable, and leaves nothing of the proof', async () => {
      const storage = await open();
      await storage.prepare();
      await storage.prepare();
      assert.deepEqual(await storage.list('_ingot'), []);
    });

    it('knows nothing of what is absent, and says so without an error', async () => {
      const storage = await open();
      assert.equal(await storage.read('a/b.json'), null);
      assert.equal(await storage.size('a/b.json'), null);
      assert.deepEqual(await storage.list('a'), []);
      await storage.remove(['a/b.json', 'a/c.json']);
      await storage.removeFolder('a');
      await storage.adopt([{ from: 'a/b.json', to: 'd/b.json' }]);
      assert.equal(await storage.size('d/b.json'), null);
    });

    it('gives back bytes as they were put, with their size, also under names with signs', async () => {
      const storage = await open();
      const bytes = Buffer.from(Array.from({ length: 256 }, (_value, index) => index));
      for (const path of ['bytes', 'a/b/c/bytes', "t/p=S%C3%A3o%20Paulo/part-1.parquet", 't/p=100%25/q=x~y/part.parquet']) {
        await storage.put(path, bytes);
        assert.deepEqual(await storage.read(path), bytes, path);
        assert.equal(await storage.size(path), 256, path);
      }
      assert.deepEqual(await storage.list('t/p=100%25'), ['q=x~y']);
    });

    it('puts a file once when it is to be absent, and leaves the first content alone', async () => {
      const storage = await open();
      assert.equal(await storage.putIfAbsent('log/1.json', 'first'), true);
      assert.equal(await storage.putIfAbsent('log/1.json', 'second'), false);
      assert.equal((await storage.read('log/1.json'))?.toString(), 'first');
      await storage.put('log/1.json', 'third');
      assert.equal((await storage.read('log/1.json'))?.toString(), 'third');
      await storage.remove(['log/1.json']);
      assert.equal(await storage.putIfAbsent('log/1.json', 'fourth'), true);
    });

    it('has one winner among eight writers of one name, whose content is whole', async () => {
      const storage = await open();
      for (let round = 0; round < 10; round++) {
        const path = `log/${round}.json`;
        const contents = Array.from({ length: 8 }, () => `${randomUUID()}\n`.repeat(500));
        const won = await Promise.all(contents.map((content) => storage.putIfAbsent(path, content)));
        assert.equal(won.filter(Boolean).length, 1);
        assert.equal((await storage.read(path))?.toString(), contents[won.indexOf(true)]);
      }
      assert.equal((await storage.list('log')).length, 10);
    });

    it('shows readers a replaced file whole, old or new', async () => {
      const storage = await open();
      const contents = Array.from({ length: 20 }, (_value, index) => `${index}\n`.repeat(20_000));
      await storage.put('hint', contents[0] ?? '');
      const state = { writing: true };
      const writes = (async () => {
        for (const content of contents) await storage.put('hint', content);
        state.writing = false;
      })();
      const seen: string[] = [];
      do seen.push((await storage.read('hint'))?.toString() ?? '');
      while (state.writing);
      await writes;
      assert.deepEqual(seen.filter((content) => !contents.includes(content)), []);
      assert.equal((await storage.read('hint'))?.toString(), contents.at(-1));
    });

    it('lists the names in a folder sorted, files and folders, and not what is below', async () => {
      const storage = await open();
      for (const path of ['t/b', 't/a/x', 't/a/y', 't/C', 't2/z']) await storage.put(path, '');
      assert.deepEqual(await storage.list('t'), ['C', 'a', 'b']);
      assert.deepEqual(await storage.list('t/b'), []);
    });

    it('adopts staged files, twice as well as once, and two at once', async () => {
      const storage = await open();
      const staging = '_ingot/staging/test/one';
      const moves = Array.from({ length: 40 }, (_value, index) => ({ from: `${staging}/${index}`, to: `t/p=${index % 7}/${index}.parquet`, own: index % 2 === 0 }));
      for (const { from } of moves) await storage.put(from, from);
      await storage.stage(staging, moves);
      await Promise.all([storage.adopt(moves), storage.adopt(moves)]);
      await storage.adopt(moves);
      for (const { from, to } of moves) assert.equal((await storage.read(to))?.toString(), from);
      assert.deepEqual(await storage.list(staging), []);
      await storage.unstage(staging, []);
      for (const { from, to } of moves) assert.equal((await storage.read(to))?.toString(), from);
    });

    it('puts no file in place, before it is adopted, under a name that another may want too', async () => {
      const storage = await open();
      const [one, two] = ['_ingot/staging/test/one', '_ingot/staging/test/two'];
      for (const staging of [one, two]) {
        await storage.put(`${staging}/manifest`, staging);
        await storage.stage(staging, [{ from: `${staging}/manifest`, to: 't/1.json' }]);
        assert.equal(await storage.read('t/1.json'), null);
      }
      await storage.unstage(one, [{ from: `${one}/manifest`, to: 't/1.json' }]);
      await storage.adopt([{ from: `${two}/manifest`, to: 't/1.json' }]);
      assert.equal((await storage.read('t/1.json'))?.toString(), two);
    });

    it('has staged files in place when they are adopted and not before somebody may need them, and none of those that were abandoned', async () => {
      const storage = await open();
      const staging = '_ingot/staging/test/one';
      const moves = ['a', 'b'].map((name) => ({ from: `${staging}/${name}`, to: `t/${name}`, own: true }));
      for (const { from } of moves) await storage.put(from, from);
      await storage.stage(staging, moves);
      const promised = (await storage.staged()).flatMap(({ paths }) => paths);
      for (const path of (await storage.list('t')).map((name) => `t/${name}`)) assert.ok(promised.includes(path));
      await storage.unstage(staging, moves);
      assert.deepEqual(await storage.list('t'), []);
      assert.deepEqual(await storage.staged(), []);
    });

    it('finds the way back from what it has DuckDB write', async () => {
      const storage = await open();
      assert.equal(storage.stagedPath(storage.locate('_ingot/staging/test/one/rows/a.parquet')), '_ingot/staging/test/one/rows/a.parquet');
      assert.throws(() => storage.stagedPath('/elsewhere/a.parquet'));
    });

    it('removes files and whole folders, and nothing beside them', async () => {
      const storage = await open();
      for (const path of ['t/a/1', 't/a/2', 't/ab/1', 't/b']) await storage.put(path, '');
      await storage.remove(['t/b', 't/none']);
      await storage.removeFolder('t/a');
      assert.deepEqual(await storage.list('t'), ['ab']);
      assert.deepEqual(await storage.list('t/ab'), ['1']);
    });

    it('walks through all files below a folder with their sizes, and through nothing of an absent one', async () => {
      const storage = await open();
      for (const [path, content] of [['t/a', 'x'], ['t/p=1/q=2/b', 'xyz'], ['t2/c', '']] as const) await storage.put(path, content);
      const { files, folders } = await storage.walk('t');
      assert.deepEqual(files.map(({ path, bytes, temporary }) => [path, bytes, temporary]).sort(), [['t/a', 1, false], ['t/p=1/q=2/b', 3, false]]);
      for (const { modifiedMs } of [...files, ...folders]) assert.ok(modifiedMs <= Date.now());
      assert.deepEqual(await storage.walk('none'), { files: [], folders: [] });
    });

    it('removes folders that are empty, the inner ones first, and leaves full and absent ones alone', async () => {
      const storage = await open();
      for (const path of ['t/p=1/q=1/a', 't/p=1/q=2/b', 't/p=2/c']) await storage.put(path, '');
      await storage.remove(['t/p=1/q=1/a', 't/p=1/q=2/b']);
      await storage.removeEmpty(['t/p=1/q=1', 't/p=1/q=2', 't/p=1', 't/p=2', 't/none']);
      assert.deepEqual((await storage.walk('t')).folders.map(({ path }) => path).filter((path) => path !== 't/p=2'), []);
      assert.deepEqual(await storage.list('t'), ['p=2']);
      assert.equal((await storage.read('t/p=2/c'))?.length, 0);
    });
  });
}
