import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Bronze } from '../../src/bronze/bronze.js';
import { consume } from '../../src/bronze/consume.js';
import { replayBronze } from '../../src/bronze/replay.js';
import { run } from '../../src/commands/replay.js';
import { listPerson } from '../../src/forget/bronze.js';
import { MessageQueue } from '../bronze/message-source.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { eventBody, linesFile, Pipeline, withPipeline } from '../support/pipeline.js';
import { assertBalanced, at, contracts, copyOf, lines, mendedRows, messages, rejectingLake, replay, type Contracts } from '../support/rejecting-lake.js';

describe('a replay', () => {
  let folders: Contracts;
  let rejecting: string;
  let expected: Record<string, string[]>;

  before(async () => {
    folders = contracts();
    rejecting = await rejectingLake(folders);
    expected = await mendedRows(folders);
  });

  after(removeTemporaryFolders);

  const copy = (): string => copyOf(rejecting);

  it('moves what the mended contract takes, through all layers, to the rows of a build that had it from the beginning', async () => {
    await withPipeline(async (pipeline) => {
      const before = await messages(pipeline);
      assert.equal(before.length, lines.length);
      await assertBalanced(pipeline, 5, 8);
      const { result, lines: printed } = await replay(pipeline);
      assert.deepEqual(result.bronze, {
        landed: { event_time_missing: 4 },
        placed: { WEB: 1 },
        partitions: ['event_date=2026-01-02/platform=IOS', 'event_date=2026-01-02/platform=WEB', 'event_date=2026-01-04/platform=IOS', 'event_date=2026-01-04/platform=WEB'],
        commits: 1,
      });
      const { event, duplicate, rejected } = result.silver;
      assert.deepEqual([event, duplicate, rejected], [2, 0, 2]);
      assert.deepEqual(result.gold.dates, ['2026-01-02', '2026-01-03', '2026-01-04']);
      assert.deepEqual(result.stayed, { bronze: { empty: 1, event_timestamp_unreadable: 1, not_json: 1, not_utf8: 1 }, silver: { event_name_unknown: 1, platform_unknown: 1, user_id_missing: 1 } });
      assert.ok(printed.includes('bronze  4 rejected rows landed: 4 event_time_missing'), printed.join('\n'));
      assert.ok(printed.includes('        of 4 rows that silver had rejected 2 became events, 0 duplicates, 2 stayed'), printed.join('\n'));
      assert.deepEqual(await pipeline.contract(), expected);
      assert.deepEqual(await messages(pipeline), before);
      await assertBalanced(pipeline, 9, 4);
    }, { root: copy(), datasets: folders.mended });
  });

  it('does nothing the second time, and says that what is left does not pass', async () => {
    await withPipeline(async (pipeline) => {
      await replay(pipeline);
      const versions = await pipeline.versions();
      const { result, lines: printed } = await replay(pipeline);
      assert.deepEqual([result.bronze, result.silver.partitions, result.gold.dates], [{ landed: {}, placed: {}, partitions: [], commits: 0 }, [], []]);
      assert.equal(printed[0], 'bronze  no row passes that did not');
      assert.match(printed.at(-1) ?? '', /^Nothing was changed/);
      assert.deepEqual(await pipeline.versions(), versions);
    }, { root: copy(), datasets: folders.mended });
  });

  it('does nothing as long as the contract is the old one', async () => {
    await withPipeline(async (pipeline) => {
      const versions = await pipeline.versions();
      assert.equal((await replay(pipeline)).result.bronze.commits, 0);
      assert.deepEqual(await pipeline.versions(), versions);
    }, { root: copy(), datasets: folders.old });
  });

  it('says with --plan what would move, and changes nothing', async () => {
    const root = copy();
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => !path.includes('staging')).sort();
    await withPipeline(async (pipeline) => {
      const { result, lines: printed } = await replay(pipeline, { plan: true });
      assert.deepEqual([result.bronze.landed, result.bronze.placed], [{ event_time_missing: 4 }, { WEB: 1 }]);
      assert.deepEqual(result.bronze.rejected, { event_time_missing: 5, empty: 1, not_json: 1, not_utf8: 1 });
      assert.deepEqual([result.silver.candidates, result.silver.rejected], [4, { event_name_unknown: 2, platform_unknown: 2 }]);
      assert.equal(printed.at(-1), 'nothing was changed');
      assert.match(printed[0] ?? '', /^bronze {2}8 rejected rows \(.*\); by this contract 4 would land \(4 event_time_missing\)$/);
    }, { root, datasets: folders.mended });
    assert.deepEqual(readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => !path.includes('staging')).sort(), files);
  });

  it('gives the same rows when it takes a file at a time', async () => {
    await withPipeline(async (pipeline) => {
      const moved = await replayBronze(pipeline.lake, pipeline.dataset, { chunkBytes: 1 });
      assert.deepEqual([moved.landed, moved.placed, moved.commits], [{ event_time_missing: 4 }, { WEB: 1 }, 3]);
      await pipeline.build();
      assert.deepEqual(await pipeline.contract(), expected);
      await assertBalanced(pipeline, 9, 4);
    }, { root: copy(), datasets: folders.mended });
  });

  it('leaves files alone that lose no row', async () => {
    const root = copy();
    await withPipeline((pipeline) => pipeline.land(linesFile(['more that is no json'])), { root, datasets: folders.old });
    await withPipeline(async (pipeline) => {
      const paths = async (): Promise<string[]> => [...((await pipeline.lake.table('bronze', 'shop_rejected').snapshot())?.files.keys() ?? [])];
      const before = await paths();
      await replay(pipeline);
      const after = await paths();
      assert.deepEqual([before.length, before.filter((path) => after.includes(path)).length, after.length], [3, 1, 2]);
    }, { root, datasets: folders.mended });
  });

  it('is refused, before it moves anything, with a contract that is older than silver\'s', async () => {
    const root = copy();
    await withPipeline((pipeline) => replay(pipeline), { root, datasets: folders.mended });
    await withPipeline(async (pipeline) => {
      const versions = await pipeline.versions();
      await assert.rejects(replay(pipeline), { code: 'DATASET_INVALID' });
      assert.deepEqual(await pipeline.versions(), versions);
    }, { root, datasets: folders.old });
  });

  it('begins nothing after a signal, and says so', async () => {
    await withPipeline(async (pipeline) => {
      const versions = await pipeline.versions();
      const printed: string[] = [];
      const stopped = { ...pipeline.context(), signal: AbortSignal.abort(), result: (_summary: object, more: readonly string[]) => void printed.push(...more) };
      assert.equal(await run(stopped), 0);
      assert.equal(printed.at(-1), 'stopped by a signal: run it again to go on');
      assert.deepEqual(await pipeline.versions(), versions);
    }, { root: copy(), datasets: folders.mended });
  });

  it('says that there is nothing where there is no lake, and makes none', async () => {
    const root = join(temporaryFolder(), 'absent');
    await withPipeline(async (pipeline) => {
      await assert.rejects(replay(pipeline), { code: 'TABLE_NOT_FOUND' });
      assert.throws(() => readdirSync(root), { code: 'ENOENT' });
    }, { root });
  });

  it('lets no row of a person in who was forgotten, and counts it', async () => {
    const root = copy();
    await withPipeline((pipeline) => pipeline.land(linesFile([eventBody({ event_timestamp: at('2T10:45:00'), user_id: 'gone' }), eventBody({ event_timestamp: at('2T10:45:00') })])), { root, datasets: folders.old });
    await withPipeline(async (pipeline) => {
      await listPerson(pipeline.lake, pipeline.dataset, 'gone');
      assert.deepEqual((await replay(pipeline)).result.bronze.landed, { event_time_missing: 5 });
      assert.deepEqual(await pipeline.rows("SELECT count(*) AS n FROM bronze.shop WHERE body LIKE '%gone%'"), [{ n: '0' }]);
      const audit = await pipeline.audit();
      assert.deepEqual([audit.differences, audit.landed, audit.rejected, audit.forgotten], [[], 10, 4, 1]);
    }, { root, datasets: folders.mended });
  });

  it('keeps what is not the message as it came: bytes that are no UTF-8, and halves of surrogate pairs', async () => {
    await withPipeline(async (pipeline) => {
      const old = await Pipeline.open({ root: pipeline.root, datasets: folders.old });
      const bronze = new Bronze(old.lake, old.dataset);
      await bronze.open();
      const queue = new MessageQueue(new Map([['a', eventBody({ user_id: '\ud800' }).replace('\\ud800', '\ud800')], ['b', eventBody()]]));
      await consume(bronze, queue.open(10), { bytes: 1e9, rows: 10, ageMs: 1000 }, old.lake.clock, new AbortController().signal);
      await old.close();
      const before = await messages(pipeline);
      const { result } = await replay(pipeline);
      assert.deepEqual([result.bronze.landed, result.stayed.bronze], [{ event_time_missing: 1 }, { not_utf8: 1 }]);
      assert.deepEqual(await messages(pipeline), before);
    }, { datasets: folders.mended });
  });
});
