import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { absentRows, backfillTag, type History } from '../../src/bronze/absent.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { eventBody, linesFile, withPipeline, type Pipeline } from '../support/pipeline.js';
import { land, type BronzeSummary } from '../../src/commands/bronze.js';
import { filePath } from '../../src/lake/layout.js';

const at = (date: string, user: string): string => eventBody({ event_timestamp: Date.parse(`${date}T10:00:00Z`), user_id: user });
const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((user) => at('2026-01-01', user)) as [string, string, string, string];

async function landHistory(pipeline: Pipeline, from: string, options: { readonly id?: string; readonly range?: History['range']; readonly windowRows?: string } = {}): Promise<BronzeSummary> {
  const { id = 'one', range = null, windowRows = '200000' } = options;
  const { summary, failures } = await land(pipeline.context({ from, windowRows }), pipeline.dataset, undefined, { id, range, taken: new Map() });
  assert.deepEqual(failures, []);
  assert.equal(summary.received, summary.landed + summary.rejected + summary.redelivered + summary.forgotten);
  return summary;
}

const counts = ({ received, landed, rejected, redelivered }: BronzeSummary): number[] => [received, landed, rejected, redelivered];

async function bodies(pipeline: Pipeline): Promise<string[]> {
  return (await pipeline.rows('SELECT body FROM bronze.shop ORDER BY body')).map(({ body }) => String(body));
}

describe('raw history', () => {
  after(removeTemporaryFolders);

  it('lands the rows that bronze does not have, whatever files they are in and in whatever order; what it says twice lands twice', async () => {
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile([a, b]));
      const history = linesFile([d, b, c, a, c]);
      assert.deepEqual(counts(await landHistory(pipeline, history)), [5, 3, 0, 2]);
      assert.deepEqual(await bodies(pipeline), [a, b, c, c, d]);
      assert.deepEqual(counts(await landHistory(pipeline, history, { id: 'two' })), [5, 0, 0, 5]);
      assert.deepEqual((await pipeline.land(history)).summary.received, 0, 'its files are taken');
      await pipeline.build();
      const { balanced, received } = await pipeline.audit();
      assert.deepEqual([balanced, received], [true, 12]);
    });
  });

  it('is told from what the same backfill has landed by message ids, so that one that was killed lands nothing twice', async () => {
    await withPipeline(async (pipeline) => {
      const history = linesFile([c, a, c, d, c, 'no json', 'no json']);
      assert.deepEqual(counts(await landHistory(pipeline, history, { windowRows: '1' })), [7, 5, 2, 0]);
      assert.deepEqual(counts(await landHistory(pipeline, history)), [7, 0, 0, 7]);
      assert.deepEqual(await bodies(pipeline), [a, c, c, c, d]);
    });
  });

  it('is left out too where its row was rejected: replaying moves it, landing would double it', async () => {
    await withPipeline(async (pipeline) => {
      const bad = Buffer.from([0x7b, 0xff, 0x7d]);
      await pipeline.land(linesFile(['no json', bad, '']));
      assert.deepEqual(counts(await landHistory(pipeline, linesFile([bad, 'other', 'no json', a]))), [4, 1, 1, 2]);
      await pipeline.build();
      assert.equal((await pipeline.audit()).balanced, true);
    });
  });

  it('lands of a range only the rows of its dates, and is not taken for landed', async () => {
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile([a]));
      const history = linesFile([a, b, at('2026-01-02', 'a'), at('2025-12-31', 'a'), 'no json']);
      const range = { since: '2026-01-01', until: '2026-01-01' };
      assert.deepEqual(counts(await landHistory(pipeline, history, { range })), [2, 1, 0, 1]);
      assert.deepEqual(await bodies(pipeline), [a, b]);
      assert.deepEqual(counts(await landHistory(pipeline, history, { id: 'two' })), [5, 2, 1, 2]);
      assert.equal((await pipeline.land(history)).summary.received, 0);
      await pipeline.build();
      assert.deepEqual([(await pipeline.audit()).balanced, (await pipeline.audit()).received], [true, 8]);
    });
  });

  it('does not take back what the manifest says of a file that was landed whole', async () => {
    await withPipeline(async (pipeline) => {
      const file = linesFile([a, b, c, d]);
      await pipeline.land(file);
      await landHistory(pipeline, file, { windowRows: '1' });
      assert.equal((await pipeline.land(file)).summary.received, 0);
      assert.equal(await pipeline.count('bronze.shop'), 4);
    });
  });

  it('is looked up again when another process has landed in its partitions meanwhile', async () => {
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile([a]));
      const session = await pipeline.lake.session();
      const staged = await pipeline.lake.storage.list('bronze/shop/event_date=2026-01-01/platform=IOS');
      const file = { path: pipeline.lake.storage.locate(`bronze/shop/event_date=2026-01-01/platform=IOS/${staged[0] ?? ''}`), partition: { event_date: '2026-01-01', platform: 'IOS' }, rows: 1, bytes: 1, columns: new Map<string, never>() };
      const history: History = { id: 'one', range: null, taken: new Map() };
      const absent = await absentRows(session, pipeline.lake, pipeline.dataset, { landed: [file], rejected: [], forgotten: 0 }, history, join(temporaryFolder(), 'absent'));
      assert.deepEqual([absent.landed, await absent.stands()], [[], true]);
      await pipeline.land(linesFile([at('2026-01-02', 'b')]));
      assert.equal(await absent.stands(), true, 'another partition');
      await pipeline.land(linesFile([b]));
      assert.equal(await absent.stands(), false);
    });
  });

  it('gives with what bronze has the bodies of both, for any of both', async () => {
    const body = fc.constantFrom(a, b, c, d, at('2026-01-02', 'a'), 'no json', '{"event_timestamp": 0}');
    const lines = fc.array(body, { minLength: 1, maxLength: 8 });
    await fc.assert(fc.asyncProperty(lines, lines, fc.constantFrom('1', '3', '100'), async (others, history, windowRows) => {
      const before = ['', a, ...others];
      await withPipeline(async (pipeline) => {
        await pipeline.land(linesFile(before));
        const expected = history.filter((line) => !before.includes(line));
        const summary = await landHistory(pipeline, linesFile(history, 'history.ndjson'), { windowRows });
        assert.equal(summary.landed + summary.rejected, expected.length);
        const all = await pipeline.rows('SELECT body FROM bronze.shop UNION ALL SELECT decode(body) FROM bronze.shop_rejected');
        assert.deepEqual(all.map((row) => String(row['body'])).sort(), [...before, ...expected].sort());
      });
    }), { seed: 3, numRuns: 8, endOnFailure: true });
  });

  it('says in the tags of its files which backfill has landed them', async () => {
    await withPipeline(async (pipeline) => {
      await landHistory(pipeline, linesFile([a, 'no json']), { id: 'some id' });
      for (const table of ['shop', 'shop_rejected']) {
        const files = [...((await pipeline.lake.table('bronze', table).snapshot())?.files.values() ?? [])];
        assert.deepEqual(files.map(({ tags }) => tags?.[backfillTag]), ['some id']);
      }
    });
  });

  it('lands where a rejected file of bronze is gone that it would have been looked up in', async () => {
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(['no json', a]));
      const [gone] = [...((await pipeline.lake.table('bronze', 'shop_rejected').snapshot())?.files.keys() ?? [])];
      rmSync(join(pipeline.root, 'bronze/shop_rejected', filePath(gone ?? '')));
      assert.deepEqual(counts(await landHistory(pipeline, linesFile([a, b]))), [2, 1, 0, 1]);
    });
  });
});
