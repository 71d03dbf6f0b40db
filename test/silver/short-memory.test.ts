import assert from 'node:assert/strict';
import { LakeError } from '../../src/errors.js';
import type { Session } from '../../src/lake/duckdb.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { eventBody, linesFile, withPipeline } from '../support/pipeline.js';

const days = ['01', '02', '03', '04', '05', '06', '07'].map((day) => `2026-01-${day}`);
const range = { since: '2026-01-01', until: '2026-01-31' };
const item = { item_id: 'a', item_list_id: 'L1', price: 2 };
const view = (date: string, user: string): string => eventBody({ event_timestamp: Date.parse(`${date}T12:00:00Z`), user_id: user, items: [item] });

/** Lets reading the rows of more than so many partitions fail as DuckDB does with little memory. Gives how many were read each time. */
function shortOfMemory(session: Session, mostPartitions: number): { readonly failed: number[]; readonly built: number[] } {
  const told = { failed: [] as number[], built: [] as number[] };
  const run = session.run.bind(session);
  let partitions = 0;
  session.run = async (sql, parameters) => {
    if (sql.startsWith('SET VARIABLE "files_bronze_shop"')) partitions = new Set(JSON.stringify(parameters).match(/event_date=[-\d]+/g)).size;
    const reads = sql.startsWith('CREATE OR REPLACE TEMP TABLE message ');
    if (reads && partitions > mostPartitions) {
      told.failed.push(partitions);
      throw new Error('Out of Memory Error: could not allocate block of size 256.0 KiB (476.8 MiB/476.8 MiB used)');
    }
    await run(sql, parameters);
    if (reads) told.built.push(partitions);
  };
  return told;
}

describe('silver with little memory', () => {
  let root: string;
  let expected: Record<string, string[]>;

  before(async () => {
    root = temporaryFolder();
    expected = await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(days.flatMap((date) => [view(date, 'u1'), view(date, 'u2'), view(date, 'u1')])));
      await pipeline.silver();
      return pipeline.contract();
    }, { root });
  });
  after(removeTemporaryFolders);

  it('rebuilds in halves what does not fit together, and publishes the same rows at once', () =>
    withPipeline(async (pipeline) => {
      const told = shortOfMemory(await pipeline.lake.session(), 1);
      const before = await pipeline.versions();
      assert.equal((await pipeline.silver(range)).partitions.length, 7);
      assert.deepEqual(told, { failed: [7, 7, 4, 2, 2, 3, 2], built: [1, 1, 1, 1, 1, 1, 1] }, 'at first with one thread');
      assert.equal((await pipeline.versions())['silver.event'], (before['silver.event'] ?? 0) + 1);
      assert.deepEqual(await pipeline.contract(), expected);
      assert.deepEqual(await pipeline.lake.storage.list('_ingot/staging/silver.shop'), []);
      assert.equal((await pipeline.audit()).balanced, true);
    }, { root }));

  it('reads with one thread what does not fit with two, and gives the session its threads back', () =>
    withPipeline(async (pipeline) => {
      const session = await pipeline.lake.session();
      const threads = async (): Promise<unknown> => (await session.rows("SELECT current_setting('threads') AS threads"))[0]?.['threads'];
      const run = session.run.bind(session);
      const used: unknown[] = [];
      session.run = async (sql, parameters) => {
        if (sql.startsWith('CREATE OR REPLACE TEMP TABLE message ')) {
          used.push(await threads());
          if (used.at(-1) !== '1') throw new Error('Out of Memory Error: failed to allocate data of size 4.0 KiB (286.6 MiB/286.1 MiB used)');
        }
        await run(sql, parameters);
      };
      assert.equal((await pipeline.silver(range)).partitions.length, 7);
      assert.deepEqual([used, await threads()], [['2', '1'], '2']);
      assert.deepEqual(await pipeline.contract(), expected);
    }, { root }));

  it('says which partition does not fit, and what to do; nothing is published', () =>
    withPipeline(async (pipeline) => {
      const told = shortOfMemory(await pipeline.lake.session(), 0);
      const before = await pipeline.versions();
      await assert.rejects(pipeline.silver(range), (error: unknown) => {
        assert.ok(error instanceof LakeError);
        assert.deepEqual([error.code, error.path], ['QUERY_FAILED', 'event_date=2026-01-01/platform=IOS']);
        assert.match(error.message, /does not fit in memory: Out of Memory/);
        assert.match(error.hint ?? '', /--memory/);
        return true;
      });
      assert.deepEqual(told.failed, [7, 7, 4, 2, 1]);
      assert.deepEqual(await (await pipeline.lake.session()).rows('SELECT current_setting(\'threads\') AS threads'), [{ threads: '2' }]);
      assert.deepEqual(await pipeline.versions(), before);
      assert.deepEqual(await pipeline.lake.storage.list('_ingot/staging/silver.shop'), []);
    }, { root }));

  it('appends in halves as well: what was there already is a duplicate', () =>
    withPipeline(async (pipeline) => {
      const before = await pipeline.count('silver.event');
      await pipeline.land(linesFile(days.map((date) => view(date, 'u3'))));
      const told = shortOfMemory(await pipeline.lake.session(), 2);
      const { appended } = await pipeline.silver();
      assert.equal(appended.length, 7);
      assert.deepEqual(told, { failed: [7, 7, 4, 3], built: [2, 2, 2, 1] });
      assert.equal(await pipeline.count('silver.event'), before + 7);
      assert.equal((await pipeline.audit()).balanced, true);
    }, { root }));
});
