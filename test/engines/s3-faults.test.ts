import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { LakeError } from '../../src/errors.js';
import { Random } from '../../src/generate/random.js';
import type { S3Options, S3Storage } from '../../src/lake/s3.js';
import { FaultProxy, type Fault } from '../support/fault-proxy.js';
import { removeTemporaryFolders } from '../support/lake.js';
import { S3Bench } from '../support/s3.js';

const impatient = { idleMs: 300, requestMs: 5_000, operationMs: 20_000 };

describe('a storage in an S3 that fails', () => {
  let bench: S3Bench;
  let proxy: FaultProxy;

  before(async () => {
    bench = await S3Bench.start();
    proxy = await FaultProxy.start(bench.server.endpoint);
    bench.set('AWS_ENDPOINT_URL_S3', proxy.endpoint);
  });

  afterEach(() => {
    proxy.rule = () => null;
    proxy.done.clear();
    proxy.asked.length = 0;
  });

  after(async () => {
    await proxy.stop();
    await bench.stop();
    removeTemporaryFolders();
  });

  /** Does these to the first requests of a method. */
  function harm(method: string, ...faults: readonly Fault[]): void {
    const left = [...faults];
    proxy.rule = (asked) => (asked.method === method ? (left.shift() ?? null) : null);
  }

  const open = (options: S3Options = {}, root = bench.root()): S3Storage => bench.storage(root, { timeouts: impatient, ...options });

  it('takes a name that was put before the answer was cut or late for its own, and one of another for taken', async () => {
    for (const faults of [['forget'], ['forget', 'forget'], ['refuse', 503, 'forget'], [500, 'stall'], ['stall']] as const) {
      const storage = open();
      harm('PUT', ...faults);
      assert.equal(await storage.putIfAbsent('log/1.json', 'mine'), true, faults.join());
      assert.equal((await storage.read('log/1.json'))?.toString(), 'mine');
      harm('PUT', ...faults);
      assert.equal(await storage.putIfAbsent('log/1.json', 'another'), false, faults.join());
      assert.equal((await storage.read('log/1.json'))?.toString(), 'mine');
    }
  });

  it('has one winner among eight writers although every third answer is lost', async () => {
    const root = bench.root();
    const storages = Array.from({ length: 8 }, () => open({}, root));
    proxy.rule = ({ method, number }) => (method === 'PUT' && number % 3 === 0 ? 'forget' : null);
    for (let round = 0; round < 10; round++) {
      const won = await Promise.all(storages.map((storage, writer) => storage.putIfAbsent(`log/${round}.json`, `writer ${writer} in round ${round}`)));
      assert.equal(won.filter(Boolean).length, 1);
      assert.equal((await storages[0]?.read(`log/${round}.json`))?.toString(), `writer ${won.indexOf(true)} in round ${round}`);
    }
    assert.ok((proxy.done.get('forget') ?? 0) >= 10);
  });

  it('reads, lists, walks and removes through answers that are cut, refused and lost', async () => {
    const storage = open();
    const content = randomBytes(300_000);
    for (const name of ['a', 'b', 'c']) await storage.put(`t/${name}`, content);
    harm('GET', 'cut', 'refuse', 'cut', 503);
    assert.deepEqual(await storage.read('t/a'), content);
    harm('GET', 'cut', 500);
    assert.deepEqual(await storage.list('t'), ['a', 'b', 'c']);
    harm('GET', 'forget', 'cut');
    assert.equal((await storage.walk('t')).files.length, 3);
    harm('HEAD', 'forget', 503);
    assert.equal(await storage.size('t/b'), content.length);
    harm('POST', 'forget', 500, 'cut');
    await storage.remove(['t/a', 't/b']);
    assert.deepEqual(await storage.list('t'), ['c']);
  });

  it('uploads large files in parts, whole, through all that', async () => {
    const storage = open({ timeouts: { ...impatient, idleMs: 5_000 } });
    const staging = '_ingot/staging/test/one';
    const contents = [30_000_000, 8_388_609, 8_388_608, 1].map((bytes) => randomBytes(bytes));
    const moves = contents.map((_content, index) => ({ from: `${staging}/${index}`, to: `t/${index}.parquet`, own: true }));
    for (const [index, content] of contents.entries()) await storage.put(`${staging}/${index}`, content);
    const random = new Random(7);
    const faults: readonly Fault[] = ['forget', 'refuse', 500, 503];
    proxy.rule = ({ method, query }) => ((method === 'PUT' || (method === 'POST' && query.includes('uploads'))) && random.chance(0.3) ? random.pick(faults) : null);
    await storage.stage(staging, moves);
    proxy.rule = () => null;
    for (const [index, content] of contents.entries()) assert.ok((await storage.read(`t/${index}.parquet`))?.equals(content), `file ${index}`);
    assert.ok([...proxy.done.values()].reduce((sum, count) => sum + count, 0) > 3);
  });

  it('says what is wrong when it stays so', async () => {
    const wrong = async (fault: Fault, code: string, text: RegExp): Promise<void> => {
      proxy.rule = () => fault;
      const before = proxy.asked.length;
      await assert.rejects(open().put('a', 'x'), (error) => error instanceof LakeError && error.code === code && text.test(error.message) && error.hint !== undefined);
      assert.equal(proxy.asked.length - before, 5, 'five tries');
    };
    await wrong(503, 'LAKE_UNREACHABLE', /slow down/);
    await wrong(500, 'LAKE_UNREACHABLE', /HTTP 500/);
    await wrong('refuse', 'LAKE_UNREACHABLE', /can't be reached/);
    await wrong('stall', 'LAKE_UNREACHABLE', /can't be reached/);
    proxy.rule = () => null;
    await assert.rejects(bench.storage('s3://no-such-bucket-of-ours/lake').prepare(), { code: 'LAKE_NOT_FOUND' });
    await assert.rejects(bench.storage('s3://no-such-bucket-of-ours/lake').list('bronze'), { code: 'LAKE_NOT_FOUND' });
  });
});
