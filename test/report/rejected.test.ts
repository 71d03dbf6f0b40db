import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../src/commands/rejected.js';
import type { RejectedSummary } from '../../src/report/rejected.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { eventBody, linesFile, standingClock, withPipeline, type Pipeline } from '../support/pipeline.js';

async function rejected(pipeline: Pipeline, options: Readonly<Record<string, unknown>> = {}): Promise<{ readonly summary: RejectedSummary; readonly lines: readonly string[] }> {
  const results: { summary: RejectedSummary; lines: readonly string[] }[] = [];
  assert.equal(await run({ ...pipeline.context(options), result: (summary, lines) => void results.push({ summary: summary as RejectedSummary, lines }) }), 0);
  return results[0]!;
}

const long = `no json ${'é'.repeat(300)}`;
const first = [eventBody(), 'no json', eventBody({ event_name: 'refund' }), eventBody({ event_name: 'refund', user_id: 'u2' }), eventBody({ event_name: 'nonsense' })];
const second = [eventBody({ user_id: 'u3' }), long, Buffer.from([0x7b, 0xff, 0x1b, 0x5b, 0x32, 0x4a, 0x7d]), '\u001b[2J\u202eevil', ''];

describe('the sum of what was rejected', () => {
  let root: string;

  before(async () => {
    root = temporaryFolder();
    await withPipeline((pipeline) => pipeline.land(linesFile(first)), { root });
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(second));
      await pipeline.build();
    }, { root, clock: standingClock('2026-03-11T08:00:00Z') });
  });

  after(removeTemporaryFolders);

  it('has each layer\'s reasons with count, share, first and last time, and details by how often they are', async () => {
    await withPipeline(async (pipeline) => {
      const { summary } = await rejected(pipeline);
      assert.deepEqual(summary.layers, [{ layer: 'bronze', rejected: 5, rows: 10 }, { layer: 'silver', rejected: 3, rows: 5 }]);
      const [old, now] = ['2026-03-10T12:00:00.000Z', '2026-03-11T08:00:00.000Z'];
      assert.deepEqual(summary.reasons.map(({ layer, reason, rows, share, first_received_at, last_received_at, details }) => [layer, reason, rows, share, first_received_at, last_received_at, details]), [
        ['bronze', 'not_json', 3, 0.3, old, now, []],
        ['bronze', 'empty', 1, 0.1, now, now, []],
        ['bronze', 'not_utf8', 1, 0.1, now, now, []],
        ['silver', 'event_name_unknown', 3, 0.6, old, old, [{ detail: 'refund', rows: 2 }, { detail: 'nonsense', rows: 1 }]],
      ]);
    }, { root });
  });

  it('has the newest bodies, cut, on one line, with nothing in them that a terminal obeys', async () => {
    await withPipeline(async (pipeline) => {
      const { summary, lines } = await rejected(pipeline);
      const bodies = (reason: string): string[] => (summary.reasons.find((each) => each.reason === reason)?.samples ?? []).map(({ body }) => body);
      assert.deepEqual(bodies('not_json'), [`no json ${'é'.repeat(192)}…`, '\\x1b[2J\\u{202e}evil', 'no json']);
      assert.deepEqual([bodies('not_utf8'), bodies('empty')], [['{\ufffd\\x1b[2J}'], ['']]);
      assert.deepEqual(new Set(bodies('event_name_unknown')), new Set(first.slice(2)));
      assert.doesNotMatch(lines.join(''), /[\p{Cc}\p{Cf}]/u);
      const sample = summary.reasons[0]?.samples[0];
      assert.deepEqual(await pipeline.rows(`SELECT message_id FROM bronze.shop_rejected WHERE octet_length(body) > 100`), [{ message_id: sample?.message_id }]);
    }, { root });
  });

  it('shows as many samples as are asked for, none too', async () => {
    await withPipeline(async (pipeline) => {
      for (const samples of [0, 1]) {
        const { summary } = await rejected(pipeline, { samples: String(samples) });
        assert.deepEqual(summary.reasons.map((reason) => [reason.samples.length, reason.details.length <= samples]), summary.reasons.map(() => [samples, true]));
      }
    }, { root });
  });

  it('is printed with what to do next', async () => {
    await withPipeline(async (pipeline) => {
      const { lines } = await rejected(pipeline, { samples: '1' });
      assert.equal(lines[0], 'bronze  5 of 10 rows rejected, 50%');
      assert.equal(lines[1], '        not_json: 3 rows, 30%, received from 2026-03-10T12:00:00.000Z to 2026-03-11T08:00:00.000Z');
      assert.ok(lines.includes('          most often "refund" (2)'), lines.join('\n'));
      assert.match(lines.at(-1) ?? '', /`ingot replay shop`/);
    }, { root });
  });

  it('tells bronze\'s alone while silver was not built', async () => {
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(['no json']));
      const { summary, lines } = await rejected(pipeline);
      assert.deepEqual(summary.reasons.map(({ layer, rows }) => [layer, rows]), [['bronze', 1]]);
      assert.ok(lines.includes('silver  has no rows of shop yet'));
    });
  });

  it('says so when nothing is rejected', async () => {
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile([eventBody()]));
      await pipeline.build();
      const { summary, lines } = await rejected(pipeline);
      assert.deepEqual([summary.reasons, lines], [[], ['bronze  0 of 1 row rejected', 'silver  0 of 1 row rejected', 'nothing is rejected']]);
    });
  });

  it('refuses a lake that is not there, and names the missing file of one that is damaged', async () => {
    const absent = join(temporaryFolder(), 'absent');
    await withPipeline((pipeline) => assert.rejects(rejected(pipeline), { code: 'TABLE_NOT_FOUND' }), { root: absent });
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(['no json']));
      const folder = join(pipeline.root, 'bronze/shop_rejected');
      const name = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((path) => path.endsWith('.parquet')) ?? '';
      rmSync(join(folder, name));
      await assert.rejects(rejected(pipeline), { code: 'FILE_GONE' });
    });
  });
});
