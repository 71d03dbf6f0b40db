import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { LakeError } from '../../src/errors.js';
import { LocalStorage } from '../../src/lake/local.js';
import type { ExtraFile } from '../../src/lake/publication.js';
import type { Storage } from '../../src/lake/storage.js';
import { readTables } from '../../src/lake/views.js';
import { removeTemporaryFolders, temporaryFolder, TestClock } from '../support/lake.js';
import { MemoryStorage } from '../support/memory-storage.js';
import { lakeOver, rowsByGlob, rowsOf, scopeOver, siblings, specOf, stagedWrite, type Change } from '../support/publications.js';
import { Crash, RecordingStorage, SteppedStorage } from '../support/recording-storage.js';

const anyRun = (): Promise<void> => Promise.resolve();

async function publish(bare: Storage, storage: Storage, itemEvent: Change | null, event: Change | null, extra: string | null = null): Promise<number> {
  const scope = scopeOver(storage);
  const staging = scope.newStaging();
  const writes = [await stagedWrite(bare, staging, 'item_event', itemEvent), await stagedWrite(bare, staging, 'event', event)];
  const extras: ExtraFile[] = extra === null ? [] : [{ stagedPath: `${staging}/manifest`, path: extra }];
  for (const { stagedPath } of extras) await bare.put(stagedPath, 'manifest');
  return scope.publish(staging, writes, extras, anyRun);
}

/** A lake with two partitions, of which `second` replaces one in both tables. */
async function begun(storage: Storage): Promise<void> {
  const change = (platform: string | null, rows: string[]): Change => ({ platform, rows, replace: false });
  await publish(storage, storage, change('IOS', ['i1', 'i2']), change('IOS', ['e1']));
  await publish(storage, storage, change(null, ['i3']), change(null, ['e2']));
}

const effectsOfThirdRun = [
  'stage _ingot/staging/silver.shop/#1/item_event/#2.parquet',
  'stage _ingot/staging/silver.shop/#1/event/#3.parquet',
  'stage _ingot/staging/silver.shop/#1/manifest',
  'putIfAbsent _ingot/intents/silver.shop/00000000000000000003.json',
  'adopt silver/item_event/platform=IOS/part-#4.parquet',
  'adopt silver/event/platform=IOS/part-#5.parquet',
  'adopt manifests/one',
  'putIfAbsent silver/item_event/_delta_log/00000000000000000002.json',
  'putIfAbsent silver/event/_delta_log/00000000000000000002.json',
  'remove silver/item_event/platform=IOS/part-#6.parquet',
  'remove silver/event/platform=IOS/part-#7.parquet',
  'removeFolder _ingot/staging/silver.shop/#1',
  'put _ingot/intents/silver.shop/00000000000000000003.json',
];

const replaced: Change = { platform: 'IOS', rows: ['new'], replace: true };
const oldRows = { item_event: ['i1', 'i2', 'i3'], event: ['e1', 'e2'] };
const newRows = { item_event: ['i3', 'new'], event: ['e2', 'new'] };

async function rowsRead(storage: Storage): Promise<Record<string, string[]>> {
  const readings = await readTables(lakeOver(storage), siblings.map((table) => ({ layer: 'silver', table })));
  const entries = readings.map(async ({ table, snapshot }) => [table, await rowsOf(storage, `silver/${table}`, snapshot)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

async function rowsGlobbed(storage: Storage): Promise<Record<string, string[]>> {
  return { item_event: await rowsByGlob(storage, 'silver/item_event'), event: await rowsByGlob(storage, 'silver/event') };
}

describe('a publication of two tables', () => {
  after(removeTemporaryFolders);

  it('has its effects in one order: files durable, intent, files in place, siblings, anchor, then what goes', async () => {
    const storage = new LocalStorage(temporaryFolder());
    await begun(storage);
    const recording = new RecordingStorage(storage);
    assert.equal(await publish(storage, recording, replaced, replaced, 'manifests/one'), 3);
    assert.deepEqual(recording.effects, effectsOfThirdRun);
  });

  for (const when of ['before', 'after'] as const) {
    for (const [effect, name] of effectsOfThirdRun.entries()) {
      it(`that dies ${when} "${name}" (${effect}) is whole or absent for readers, and after recovery in the folders`, async () => {
        const storage = new LocalStorage(temporaryFolder());
        await begun(storage);
        const dying = new RecordingStorage(storage, { effect, when });
        await assert.rejects(publish(storage, dying, replaced, replaced, 'manifests/one'), Crash);
        const seen = await rowsRead(storage);
        const intended = effect > 3 || (effect === 3 && when === 'after');
        assert.deepEqual(seen, effect > 8 || (effect === 8 && when === 'after') ? newRows : oldRows);
        assert.equal(await scopeOver(storage).recover(), intended ? 3 : 2);
        assert.deepEqual(await rowsRead(storage), intended ? newRows : oldRows);
        assert.deepEqual(await rowsGlobbed(storage), intended ? newRows : oldRows);
        assert.equal((await storage.read('manifests/one'))?.toString() ?? null, intended ? 'manifest' : null);
        assert.equal(await publish(storage, storage, replaced, replaced), intended ? 4 : 3);
        assert.deepEqual(await rowsGlobbed(storage), newRows);
      });
    }
  }
});

interface Stalled {
  readonly reached: Promise<void>;
  /** Lets it take that step and go on, or die after it. */
  readonly go: (alive: boolean) => void;
  readonly done: Promise<number>;
}

/** Publishes from a process that stops at its first step that `stops` matches, until it is let go. */
function stalled(storage: Storage, stops: RegExp, itemEvent: Change | null, event: Change | null): Stalled {
  return stalling(storage, stops, (slow) => publish(storage, slow, itemEvent, event));
}

function stalling(storage: Storage, stops: RegExp, work: (slow: Storage) => Promise<number>): Stalled {
  let arrive: () => void = () => undefined;
  let go: (alive: boolean) => void = () => undefined;
  const reached = new Promise<void>((resolve) => (arrive = resolve));
  const gate = new Promise<boolean>((resolve) => (go = resolve));
  let stopped = false;
  let dead = false;
  const slow = new SteppedStorage(
    storage,
    async ({ op, path }) => {
      if (dead) throw new Crash('the process is dead');
      if (stopped || !stops.test(`${op} ${path}`)) return;
      stopped = true;
      arrive();
      dead = !(await gate);
    },
  );
  return { reached, go, done: work(slow) };
}

const appended = (row: string): Change => ({ platform: 'IOS', rows: [row], replace: false });

describe('a process that stood still while others published so much that its number is forgotten', () => {
  const stops = /^putIfAbsent _ingot\/intents/;

  async function overtaken(): Promise<{ storage: MemoryStorage; slow: ReturnType<typeof stalled> }> {
    const storage = new MemoryStorage();
    await publish(storage, storage, appended('first'), appended('first'));
    const slow = stalled(storage, stops, { ...replaced, rows: ['slow'] }, { ...replaced, rows: ['slow'] });
    await slow.reached;
    for (let run = 2; run <= 20; run++) await publish(storage, storage, null, appended(`row ${run}`));
    assert.equal(await storage.size('_ingot/intents/silver.shop/00000000000000000002.json'), null);
    return { storage, slow };
  }

  it('publishes under the next number when it goes on', async () => {
    const { storage, slow } = await overtaken();
    slow.go(true);
    assert.equal(await slow.done, 21);
    assert.deepEqual(await rowsGlobbed(storage), { item_event: ['slow'], event: ['slow'] });
    assert.deepEqual(await rowsRead(storage), { item_event: ['slow'], event: ['slow'] });
  });

  it('has published nothing when it dies right after it took the used number, and nobody applies what it wrote', async () => {
    const { storage, slow } = await overtaken();
    const intent = '_ingot/intents/silver.shop/00000000000000000002.json';
    slow.go(false);
    await assert.rejects(slow.done, Crash);
    assert.notEqual(await storage.size(intent), null);
    const rows = await rowsRead(storage);
    assert.deepEqual(rows['item_event'], ['first']);
    assert.equal(await scopeOver(storage).recover(), 20);
    assert.equal(await publish(storage, storage, null, appended('last')), 21);
    assert.deepEqual((await rowsGlobbed(storage))['item_event'], ['first']);
    assert.equal((await rowsRead(storage))['event']?.length, 21);
  });

  it('has published nothing either when another process has been about to read that number all the while', async () => {
    const storage = new MemoryStorage();
    await publish(storage, storage, appended('first'), appended('first'));
    const slow = stalled(storage, stops, replaced, replaced);
    const reader = stalling(storage, /^read _ingot\/intents\/silver.shop\/0*2.json/, (stepped) => scopeOver(stepped).recover());
    await Promise.all([slow.reached, reader.reached]);
    for (let run = 2; run <= 20; run++) await publish(storage, storage, null, appended(`row ${run}`));
    slow.go(false);
    await assert.rejects(slow.done, Crash);
    reader.go(true);
    assert.equal(await reader.done, 20);
    assert.deepEqual((await rowsGlobbed(storage))['item_event'], ['first']);
  });

  it('changes nothing when it was finishing a run that others have finished long since', async () => {
    const storage = new MemoryStorage();
    const slow = stalled(storage, /^adopt silver\/event/, appended('slow'), appended('slow'));
    await slow.reached;
    for (let run = 2; run <= 20; run++) await publish(storage, storage, run === 2 ? replaced : null, appended(`row ${run}`));
    slow.go(true);
    assert.equal(await slow.done, 1);
    assert.deepEqual((await rowsGlobbed(storage))['item_event'], ['new']);
    assert.equal((await rowsRead(storage))['event']?.length, 20);
    assert.equal(await scopeOver(storage).run(), 20);
  });
});

describe('a scope', () => {
  it('refuses what a table can not take before anything is written down, and goes on with other runs', async () => {
    const storage = new MemoryStorage();
    await begun(storage);
    const scope = scopeOver(storage);
    const staging = scope.newStaging();
    const write = await stagedWrite(storage, staging, 'event', appended('wrong'));
    const spec = { ...specOf('event'), columns: [{ name: 'row', type: 'BIGINT' }, { name: 'platform', type: 'VARCHAR' }] };
    await assert.rejects(scope.publish(staging, [{ ...write, spec }], [], anyRun), (error) => error instanceof LakeError && error.code === 'TABLE_UNSUPPORTED' && error.hint !== undefined);
    assert.equal(await scope.recover(), 2);
    assert.equal(await publish(storage, storage, null, appended('right')), 3);
  });

  it('goes on numbering when its tables are deleted to be built again', async () => {
    const storage = new MemoryStorage();
    await begun(storage);
    await storage.removeFolder('silver');
    assert.equal(await scopeOver(storage).recover(), 2);
    assert.equal(await publish(storage, storage, appended('again'), appended('again')), 3);
    assert.deepEqual(await rowsRead(storage), { item_event: ['again'], event: ['again'] });
  });

  it('drops a run that was committed and not finished when the tables were deleted', async () => {
    const storage = new MemoryStorage();
    await begun(storage);
    await assert.rejects(publish(storage, new RecordingStorage(storage, { effect: 6, when: 'after' }), replaced, replaced), Crash);
    await storage.removeFolder('silver');
    assert.equal(await scopeOver(storage).recover(), 3);
    assert.deepEqual(await rowsGlobbed(storage), { item_event: [], event: [] });
    assert.equal(await publish(storage, storage, appended('again'), appended('again')), 4);
    assert.deepEqual(await rowsRead(storage), { item_event: ['again'], event: ['again'] });
  });

  it('says which file is gone when a begun run can not be finished', async () => {
    const storage = new MemoryStorage();
    await begun(storage);
    const died = publish(storage, new RecordingStorage(storage, { effect: 3, when: 'before' }), replaced, replaced);
    await assert.rejects(died, Crash);
    await storage.removeFolder('_ingot/staging');
    await assert.rejects(scopeOver(storage).recover(), (error) => error instanceof LakeError && error.code === 'LAKE_CORRUPT' && /item_event/.test(error.message));
  });

  it('clears the staging folders of dead processes and of nobody for a week, and no others', async () => {
    const storage = new MemoryStorage();
    const scope = scopeOver(storage);
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    const own = scope.newStaging();
    const now = new TestClock().nowMs();
    const named = (owner: string, pid: number, ms: number): string => `_ingot/staging/silver.shop/${owner}-${pid}-${ms}-01234567-89ab-cdef-0123-456789abcdef`;
    const owner = /silver\.shop\/(.+)-\d+-\d+-[0-9a-f]{8}-/.exec(own)?.[1] ?? '';
    const kept = [own, named(owner, process.pid, 0), named('elsewhere', dead, now - 6 * 86_400_000), '_ingot/staging/silver.shop/notes'];
    const gone = [named(owner, dead, now), named('elsewhere', dead, now - 8 * 86_400_000)];
    for (const folder of [...kept, ...gone]) await storage.put(`${folder}/part.parquet`, 'x');
    await scope.recover();
    assert.deepEqual(storage.paths, kept.map((folder) => `${folder}/part.parquet`).sort());
  });

  it('keeps the staging of a process that wrote its run down and died while another was looking for dead ones', async () => {
    const storage = new MemoryStorage();
    await begun(storage);
    const recovery = stalling(storage, /^list _ingot\/staging\/silver.shop/, (stepped) => scopeOver(stepped).recover());
    await recovery.reached;
    const dying = scopeOver(new RecordingStorage(storage, { effect: 2, when: 'after' }));
    const staging = dying.newStaging().replace(`-${process.pid}-`, `-${spawnSync(process.execPath, ['-e', '']).pid}-`);
    const writes = [await stagedWrite(storage, staging, 'item_event', appended('row')), await stagedWrite(storage, staging, 'event', appended('row'))];
    await assert.rejects(dying.publish(staging, writes, [], anyRun), Crash);
    recovery.go(true);
    assert.equal(await recovery.done, 3);
    assert.equal((await rowsRead(storage))['event']?.includes('row'), true);
    assert.deepEqual(storage.paths.filter((path) => path.startsWith('_ingot/staging')), []);
  });

  it('refuses a run that does not end with its anchor', async () => {
    const storage = new MemoryStorage();
    const scope = scopeOver(storage);
    const write = await stagedWrite(storage, scope.newStaging(), 'item_event', appended('row'));
    await assert.rejects(scope.publish('staging', [write], [], anyRun), (error) => error instanceof LakeError && error.code === 'INTERNAL');
  });

  it('takes its own intent for its own when the storage says that the name is taken', async () => {
    const storage = new MemoryStorage();
    class Doubtful extends MemoryStorage {
      override async putIfAbsent(path: string, content: string | Buffer): Promise<boolean> {
        await storage.putIfAbsent(path, content);
        return false;
      }
      override read = (path: string): Promise<Buffer | null> => storage.read(path);
      override list = (folder: string): Promise<string[]> => storage.list(folder);
      override size = (path: string): Promise<number | null> => storage.size(path);
      override stage = (): Promise<void> => Promise.resolve();
      override adopt = storage.adopt.bind(storage);
      override put = storage.put.bind(storage);
      override removeFolder = storage.removeFolder.bind(storage);
    }
    assert.equal(await publish(storage, new Doubtful(), appended('once'), appended('once')), 1);
    assert.deepEqual(await rowsRead(storage), { item_event: ['once'], event: ['once'] });
  });
});
