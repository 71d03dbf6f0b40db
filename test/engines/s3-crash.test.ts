import assert from 'node:assert/strict';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { run as compact } from '../../src/commands/compact.js';
import { run as vacuum } from '../../src/commands/vacuum.js';
import { LakeError } from '../../src/errors.js';
import { Random } from '../../src/generate/random.js';
import { filePath } from '../../src/lake/layout.js';
import { LocalStorage } from '../../src/lake/local.js';
import type { S3Options, S3Storage } from '../../src/lake/s3.js';
import { jsonOf, startIngot } from '../commands/ingot.js';
import { FaultProxy, type Fault } from '../support/fault-proxy.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { eventBody, linesFile, shopLines, withPipeline, type Pipeline } from '../support/pipeline.js';
import { Crash, RecordingStorage, SteppedStorage } from '../support/recording-storage.js';
import { S3Bench } from '../support/s3.js';
import { required } from './judges.js';

const impatient = { idleMs: 300, requestMs: 5_000, operationMs: 20_000 };

describe('a lake in an S3 that fails, of processes that die and race', () => {
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

  const open = (options: S3Options = {}, root = bench.root()): S3Storage => bench.storage(root, { timeouts: impatient, ...options });

  it('loses and doubles nothing when one request of twelve goes wrong, be it Ingot’s or DuckDB’s', async () => {
    const lines = shopLines(300).map(({ text }) => text);
    const parts = [lines.slice(0, 150), lines].map((part, index) => linesFile(part, `part-${index}.ndjson`));
    const steps: readonly ((pipeline: Pipeline) => Promise<unknown>)[] = [
      (pipeline) => pipeline.land(parts[0] ?? ''),
      (pipeline) => pipeline.build(),
      (pipeline) => pipeline.land(parts[1] ?? ''),
      (pipeline) => pipeline.build(),
      (pipeline) => compact(pipeline.context({ olderThan: '0' })),
      (pipeline) => vacuum(pipeline.context({ olderThan: '0' })),
    ];
    const contract = async (root: string, storage: S3Storage | LocalStorage): Promise<unknown> => withPipeline(async (pipeline) => ({ rows: await pipeline.contract(), audit: await pipeline.audit() }), { root, storage });
    const local = temporaryFolder();
    for (const step of steps) await withPipeline(step, { root: local });
    const expected = await contract(local, new LocalStorage(local));

    const random = new Random(11);
    const faults: readonly Fault[] = ['forget', 'refuse', 'cut', 500, 503];
    const root = bench.root();
    proxy.rule = () => (random.chance(1 / 12) ? random.pick(faults) : null);
    let again = 0;
    for (const step of steps) {
      for (let done = false; !done; ) {
        try {
          await withPipeline(step, { root, storage: open({ timeouts: { ...impatient, idleMs: 5_000 } }, root) });
          done = true;
        } catch (error) {
          assert.ok(error instanceof LakeError && error.code === 'LAKE_UNREACHABLE', String(error));
          assert.ok(++again < 50, 'it comes to an end');
        }
      }
    }
    proxy.rule = () => null;
    for (const fault of faults) assert.ok((proxy.done.get(fault) ?? 0) > 3, `${fault}: ${proxy.done.get(fault)} times`);
    assert.deepEqual(await contract(root, open({}, root)), expected);
  });

  it('gives the rows of an uncrashed run when a process dies before any of its effects and another machine goes on', async function () {
    this.timeout(300_000);
    const item = { item_id: 'a', item_list_id: 'L1', price: 2 };
    const first = [eventBody({ items: [item] }), eventBody({ event_name: 'refund' })];
    const more = [eventBody({ event_timestamp: Date.parse('2026-01-02T10:01:00Z'), items: [item] }), eventBody({ platform: 'ANDROID' }), '{"broken'];
    const stale = bench.root();
    const folder = temporaryFolder();
    const work = async (pipeline: Pipeline): Promise<void> => {
      await pipeline.land(linesFile([...first, ...more], 'events.ndjson', folder));
      await pipeline.silver();
    };
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(first, 'events.ndjson', folder));
      await pipeline.build();
    }, { root: stale, storage: open({}, stale) });
    const folderOf = (root: string): string => join(bench.folder, root.split('/').slice(3).join('/'));
    const copy = (): string => {
      const root = bench.root();
      cpSync(folderOf(stale), folderOf(root), { recursive: true });
      return root;
    };
    const counted = copy();
    const recording = new RecordingStorage(open({}, counted));
    await withPipeline(work, { root: counted, storage: recording });
    const whole = await withPipeline(async (pipeline) => ({ rows: await pipeline.contract(), versions: await pipeline.versions(), audit: await pipeline.audit() }), { root: counted, storage: open({}, counted) });
    assert.deepEqual([whole.audit.balanced, whole.audit.received], [true, 5]);
    const effects = crashPoints(recording.effects);
    assert.ok(effects.length > 20, `${effects.length} effects`);
    for (const effect of effects) {
      const root = copy();
      await withPipeline(work, { root, storage: new RecordingStorage(open({}, root), { effect, when: 'before' }) }).catch((error: unknown) => assert.ok(error instanceof Crash, String(error)));
      await withPipeline(async (pipeline) => {
        await work(pipeline);
        assert.deepEqual({ rows: await pipeline.contract(), versions: await pipeline.versions(), audit: await pipeline.audit() }, whole, recording.effects[effect]);
        await vacuum(pipeline.context({ olderThan: '0' }));
        assert.deepEqual(await unnamed(pipeline), [], `after ${recording.effects[effect]}`);
      }, { root, storage: open({}, root) });
    }
  });

  /** Where to die: of effects of one kind in a row before the first, the second and the last. */
  function crashPoints(effects: readonly string[]): number[] {
    const kind = (index: number): string => effects[index]?.split(' ')[0] ?? '';
    const inner = (index: number): boolean => kind(index - 1) === kind(index) && kind(index - 2) === kind(index) && kind(index + 1) === kind(index);
    return effects.flatMap((_effect, index) => (inner(index) ? [] : [index]));
  }

  /** Data files in the bucket that no version names, but for those of whom a process that may live is at work on. */
  async function unnamed({ lake }: Pipeline): Promise<string[]> {
    const named = new Set((await lake.storage.staged()).flatMap(({ paths }) => paths));
    for (const layer of ['bronze', 'silver', 'gold']) {
      for (const table of await lake.tableNames(layer)) {
        for (const { path } of (await lake.table(layer, table).snapshot())?.files.values() ?? []) named.add(`${layer}/${table}/${filePath(path)}`);
      }
    }
    return (await lake.storage.walk('')).files.map(({ path }) => path).filter((path) => path.endsWith('.parquet') && !named.has(path));
  }

  it('keeps the uploaded files of a run that is not written down yet from a vacuum, and none of a run that is given up', async () => {
    const root = bench.root();
    const lines = shopLines(60).map(({ text }) => text);
    await withPipeline((pipeline) => pipeline.land(linesFile(lines.slice(0, 10))), { root, storage: open({}, root) });
    let met = 0;
    const slow = new SteppedStorage(open({}, root), async ({ op, path }) => {
      if (op !== 'putIfAbsent' || !path.startsWith('_ingot/intents/bronze.shop/') || met++ > 0) return;
      await withPipeline(async (pipeline) => {
        const uploaded = (await pipeline.lake.storage.staged()).flatMap(({ paths }) => paths);
        assert.ok(uploaded.length > 1, 'files are in place');
        await vacuum(pipeline.context({ olderThan: '0' }));
        // Files of the same number: this run is before the slow one's, which has to be given up and read again.
        await pipeline.land(linesFile(lines.slice(10, 30)));
        await vacuum(pipeline.context({ olderThan: '0' }));
        for (const each of uploaded) assert.notEqual(await pipeline.lake.storage.size(each), null, each);
      }, { root, storage: open({}, root) });
    });
    await withPipeline((pipeline) => pipeline.land(linesFile(lines.slice(30))).catch((error: unknown) => assert.equal((error as LakeError).code, 'COMMIT_CONFLICT', String(error))), { root, storage: slow });
    assert.notEqual(met, 0);
    await withPipeline(async (pipeline) => {
      assert.deepEqual(await unnamed(pipeline), []);
      assert.deepEqual(await pipeline.lake.storage.list('_ingot/uploads'), []);
      assert.equal((await pipeline.audit()).differences.length, 0);
    }, { root, storage: open({}, root) });
  });

  it('has the rows of eight consumers that land at once, beside silver, compactions and vacuums', async () => {
    const root = bench.root();
    const lines = shopLines(400).map(({ text }) => text);
    const own = Array.from({ length: 8 }, (_none, writer) => linesFile(lines.filter((_line, index) => index % 8 === writer), `writer-${writer}.ndjson`));
    const until = async (work: (pipeline: Pipeline) => Promise<unknown>): Promise<void> => {
      for (let attempt = 1; ; attempt++) {
        try {
          await withPipeline(work, { root, storage: open({ timeouts: { ...impatient, idleMs: 10_000, operationMs: 60_000 } }, root) });
          return;
        } catch (error) {
          assert.ok(error instanceof LakeError && ['COMMIT_CONFLICT', 'FILE_GONE', 'TABLE_NOT_FOUND'].includes(error.code) && attempt < 20, String(error));
        }
      }
    };
    await until((pipeline) => pipeline.land(linesFile(lines.slice(0, 8))));
    await Promise.all([
      ...own.map((file) => until(async (pipeline) => {
        const { failures } = await pipeline.land(file);
        if (failures[0] !== undefined) throw failures[0];
      })),
      until((pipeline) => pipeline.silver()),
      until((pipeline) => compact(pipeline.context({ olderThan: '0' }))),
      until((pipeline) => vacuum(pipeline.context({ olderThan: '0' }))),
    ]);
    await withPipeline(async (pipeline) => {
      await pipeline.build();
      const { balanced, differences, pending, received } = await pipeline.audit();
      assert.deepEqual({ balanced, differences, pending, received }, { balanced: true, differences: [], pending: 0, received: 408 });
    }, { root, storage: open({}, root) });
  });

  for (const [moment, seen] of [
    ['when its files are being uploaded', (folder: string) => existsSync(join(folder, '_ingot/uploads/bronze.shop'))],
    ['when its run is written down', (folder: string) => existsSync(join(folder, '_ingot/intents/bronze.shop/00000000000000000001.json'))],
    ['when the first table is committed', (folder: string) => existsSync(join(folder, 'bronze/shop_rejected/_delta_log/00000000000000000000.json'))],
  ] as const) {
    it(`is whole after a process was killed ${moment}, when another machine runs the command again`, async () => {
      const root = bench.root();
      const folder = join(bench.folder, root.split('/').slice(3).join('/'));
      const lines = [...shopLines(300).map(({ text }) => text), '{"broken'];
      const file = linesFile(lines);
      const environment = (): Record<string, string> => ({ ...bench.environment, AWS_ENDPOINT_URL_S3: proxy.endpoint, INGOT_SCRATCH: temporaryFolder(), INGOT_DUCKDB_EXTENSIONS: required('INGOT_HTTPFS_EXTENSION') });
      const args = ['bronze', 'shop', '--json', '--lake', root, '--from', file];
      const killed = startIngot(args, '', environment());
      while (!seen(folder)) {
        assert.equal(killed.child.exitCode, null, 'it ended before it could be killed');
        await delay(1);
      }
      killed.child.kill('SIGKILL');
      await killed.ended;
      const ended = await startIngot(args, '', environment()).ended;
      assert.equal(ended.status, 0, ended.stderr);
      jsonOf(ended);
      await withPipeline(async (pipeline) => {
        await pipeline.build();
        const { balanced, received, pending } = await pipeline.audit();
        assert.deepEqual({ balanced, received, pending }, { balanced: true, received: lines.length, pending: 0 });
      }, { root, storage: open({}, root) });
    });
  }
});
