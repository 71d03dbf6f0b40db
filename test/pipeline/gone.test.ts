import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { LakeError } from '../../src/errors.js';
import { filePath } from '../../src/lake/layout.js';
import { partitionName } from '../../src/lake/staged.js';
import { all, builtLake, copyOf, lines, told } from '../support/backfill.js';
import { removeTemporaryFolders } from '../support/lake.js';
import { eventBody, linesFile, withPipeline, type Pipeline } from '../support/pipeline.js';

async function removeFile(pipeline: Pipeline, layer: string, table: string): Promise<{ path: string; date: string }> {
  const files = [...((await pipeline.lake.table(layer, table).snapshot())?.files.values() ?? [])];
  const file = files[Math.floor(files.length / 2)];
  const path = `${layer}/${table}/${filePath(file?.path ?? '')}`;
  rmSync(join(pipeline.root, path));
  return { path, date: file?.partitionValues['event_date'] ?? '' };
}

describe('a data file that somebody has deleted', () => {
  let built: string;
  let contract: Record<string, string[]>;

  before(async () => {
    built = await builtLake();
    contract = await withPipeline((pipeline) => pipeline.contract(), { root: built });
  });
  after(removeTemporaryFolders);

  for (const [layer, table] of [['silver', 'event'], ['silver', 'item_event'], ['silver', 'shop_duplicates'], ['gold', 'list_metrics'], ['gold', 'session']] as const) {
    it(`of ${layer}.${table} comes back with a backfill of its date`, async () => {
      await withPipeline(async (pipeline) => {
        const { date } = await removeFile(pipeline, layer, table);
        assert.equal((await pipeline.audit()).balanced, false);
        await told(pipeline, { since: date, until: date, layer });
        assert.equal((await pipeline.audit()).balanced, true);
        assert.deepEqual(await pipeline.contract(), contract);
      }, { root: copyOf(built) });
    });
  }

  it('of silver’s events does not stop new rows: its partition is built whole', async () => {
    await withPipeline(async (pipeline) => {
      for (const file of (await pipeline.lake.table('silver', 'event').snapshot())?.files.values() ?? []) {
        if (partitionName(file.partitionValues) === 'event_date=2026-01-01/platform=IOS') rmSync(join(pipeline.root, 'silver/event', filePath(file.path)));
      }
      await pipeline.land(linesFile(['IOS', 'ANDROID'].map((platform) => eventBody({ event_timestamp: Date.parse('2026-01-01T12:00:00Z'), platform })), 'new.ndjson'));
      const { partitions, appended } = await pipeline.silver();
      assert.deepEqual([partitions, appended], [['event_date=2026-01-01/platform=ANDROID', 'event_date=2026-01-01/platform=IOS'], ['event_date=2026-01-01/platform=ANDROID']]);
      await pipeline.gold();
      assert.equal((await pipeline.audit()).balanced, true);
    }, { root: copyOf(built) });
  });

  it('of silver that gold reads is named, with the backfill that builds it again', async () => {
    await withPipeline(async (pipeline) => {
      const { path, date } = await removeFile(pipeline, 'silver', 'item_event');
      await assert.rejects(told(pipeline, { ...all, layer: 'gold' }), (error: unknown) =>
        error instanceof LakeError && error.code === 'FILE_GONE' && error.message === `a data file of silver is gone: ${path}` && error.hint === `Build it again: ingot backfill shop --since ${date} --until ${date}`);
    }, { root: copyOf(built) });
  });

  it('of bronze stops a rebuild of its partition before anything is built, with its name and the way out; history brings its rows back', async () => {
    await withPipeline(async (pipeline) => {
      const { path, date } = await removeFile(pipeline, 'bronze', 'shop');
      const versions = await pipeline.versions();
      await assert.rejects(told(pipeline, { since: date, until: date }), (error: unknown) =>
        error instanceof LakeError && error.code === 'FILE_GONE' && error.message === `a data file of bronze is gone: ${path}` && /ingot backfill shop --from FOLDER/.test(error.hint ?? ''));
      assert.deepEqual(await pipeline.versions(), versions);
      const notes: string[] = [];
      const progress = { ...pipeline.context().progress, note: (text: string) => { notes.push(text); } };
      const { status, summary, lines: said } = await told(pipeline, { from: linesFile(lines, 'history.ndjson') }, {}, { progress });
      assert.equal(status, 0);
      assert.ok(notes.some((note) => note.startsWith('1 file of bronze with ') && note.endsWith(`is gone and taken out of the log, such as ${path}`)), notes.join());
      const { gone } = summary['backfill'] as { gone: { files: number; rows: number; restored: number } };
      assert.equal(gone.files, 1);
      assert.ok(gone.restored >= gone.rows && gone.rows > 0);
      assert.match(said.join('\n'), /1 file of bronze had gone with \d+ rows; landed again in the same partitions: \d+\n/);
      assert.deepEqual(await bodies(pipeline), [...new Set([...lines])].sort());
      const { balanced, received, landed } = await pipeline.audit();
      assert.deepEqual([balanced, received > landed], [true, true]);
      assert.equal(await pipeline.count('bronze.shop'), landed);
    }, { root: copyOf(built) });
  });

  it('of bronze that history does not have is counted as missing', async () => {
    await withPipeline(async (pipeline) => {
      await removeFile(pipeline, 'bronze', 'shop');
      const { lines: said } = await told(pipeline, { from: linesFile([lines[0] ?? ''], 'history.ndjson') });
      assert.match(said.join('\n'), /this history does not have the other \d+/);
      assert.equal((await pipeline.audit()).balanced, true);
    }, { root: copyOf(built) });
  });

  async function bodies(pipeline: Pipeline): Promise<string[]> {
    const rows = await pipeline.rows('SELECT DISTINCT body FROM bronze.shop');
    return rows.map(({ body }) => String(body)).sort();
  }
});
