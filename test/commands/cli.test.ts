import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { eventBody, linesFile } from '../support/pipeline.js';
import { startQueue } from '../support/queue.js';
import { ingot, jsonOf, type Ended } from './ingot.js';

const item = { item_id: 'a', item_list_id: 'L1', price: 2 };
const bodies = [
  eventBody({ items: [item, item] }),
  eventBody({ items: [item, item] }),
  eventBody({ platform: 'android', event_name: 'refund' }),
  eventBody({ event_timestamp: Date.parse('2026-01-04T10:00:00Z') }),
  'no json',
];
const ios = 'event_date=2026-01-02/platform=IOS';
const android = 'event_date=2026-01-02/platform=ANDROID';
const later = 'event_date=2026-01-04/platform=IOS';

/** A failure for people: what is wrong, and no stack. */
function assertSays(ended: Ended, status: number, pattern: RegExp): void {
  assert.equal(ended.status, status, ended.stderr);
  assert.equal(ended.stdout, '');
  assert.match(ended.stderr, pattern);
  assert.doesNotMatch(ended.stderr, /^\s+at .*(:\d+:\d+\)?|node:internal.*)$/m);
}

describe('the command line', () => {
  after(removeTemporaryFolders);

  describe('from a file to an audit, with --json', () => {
    const common = ['shop', '--json', '--lake'];
    let lake: string;

    before(() => {
      lake = join(temporaryFolder(), 'new', 'lake');
    });

    it('prints what bronze landed, on one line', async () => {
      const ended = await ingot(['bronze', ...common, lake, '--from', linesFile(bodies)]);
      assert.equal(ended.status, 0, ended.stderr);
      const { received, landed, rejected, commits, files, partitions } = jsonOf(ended) as Record<string, unknown>;
      assert.deepEqual({ received, landed, rejected, commits, files, partitions }, { received: 5, landed: 4, rejected: 1, commits: 1, files: 4, partitions: [android, ios, later] });
    });

    it('prints what silver rebuilt, table by table', async () => {
      const ended = await ingot(['silver', ...common, lake]);
      assert.equal(ended.status, 0, ended.stderr);
      const { tables } = jsonOf(ended) as { tables: Record<string, { partitions: string[]; rows: number; rejected: number; duplicates: number }> };
      assert.deepEqual(Object.keys(tables).sort(), ['event', 'item_event', 'shop_duplicates', 'shop_rejected']);
      const { partitions, ...counts } = tables['event']!;
      assert.deepEqual([[...partitions].sort(), counts], [[android, ios, later], { rows: 2, rejected: 1, duplicates: 1 }]);
      assert.equal(tables['item_event']?.rows, 2);
    });

    it('prints what gold rebuilt', async () => {
      const ended = await ingot(['gold', ...common, lake]);
      assert.equal(ended.status, 0, ended.stderr);
      const { tables } = jsonOf(ended) as { tables: Record<string, object> };
      assert.deepEqual(Object.keys(tables).sort(), ['funnel_daily', 'list_metrics', 'product_metrics', 'session']);
      assert.deepEqual(tables['session'], { partitions: [ios, later], rows: 2, rejected: 0, duplicates: 0 });
      assert.deepEqual(tables['list_metrics'], { partitions: [ios], rows: 1, rejected: 0, duplicates: 0 });
    });

    it('runs all three from stdin', async () => {
      const ended = await ingot(['run', ...common, lake, '--from', '-'], `${eventBody({ event_timestamp: Date.parse('2026-01-04T11:00:00Z') })}\n`);
      assert.equal(ended.status, 0, ended.stderr);
      const { bronze, silver, gold } = jsonOf(ended) as Record<string, { landed: number; tables: Record<string, { partitions: string[]; rows: number }> }>;
      assert.deepEqual([bronze?.landed, silver?.tables['event']?.partitions, silver?.tables['event']?.rows], [1, [later], 1]);
      assert.deepEqual([gold?.tables['session']?.partitions, gold?.tables['session']?.rows], [[later], 2]);
    });

    it('audits the lake with 0, and with 1 and the file when one is gone', async () => {
      const good = await ingot(['audit', ...common, lake]);
      assert.equal(good.status, 0, good.stderr);
      const { balanced, differences, received, landed, rejected } = jsonOf(good) as Record<string, unknown>;
      assert.deepEqual({ balanced, differences, received, landed, rejected }, { balanced: true, differences: [], received: 6, landed: 5, rejected: 1 });
      const path = join('bronze/shop', ios, readdirSync(join(lake, 'bronze/shop', ios))[0]!);
      rmSync(join(lake, path));
      const bad = await ingot(['audit', ...common, lake]);
      assert.equal(bad.status, 1);
      assert.deepEqual(jsonOf(bad), { ...(jsonOf(good) as object), dates: [], balanced: false, differences: [{ ...(jsonOf(bad) as { differences: object[] }).differences[0], kind: 'file', what: path, found: 0, message: `${path} is gone` }] });
    });
  });

  it('lands the good files, says which is cut short, and ends with 1', async () => {
    const folder = temporaryFolder();
    linesFile([eventBody()], 'a.ndjson', folder);
    writeFileSync(join(folder, 'b.ndjson.gz'), gzipSync(Buffer.from(eventBody({ user_id: 'u2' }))).subarray(0, 60));
    const ended = await ingot(['bronze', 'shop', '--json', '--lake', temporaryFolder(), '--from', folder]);
    assert.deepEqual([ended.status, (jsonOf(ended) as { landed: number }).landed], [1, 1]);
    assert.match(ended.stderr, /b\.ndjson\.gz is cut short or damaged/);
  });

  describe('when it is used wrongly', () => {
    const uses: readonly (readonly [string, readonly string[], number, RegExp])[] = [
      ['an unknown command', ['melt'], 2, /unknown command/],
      ['an unknown dataset', ['bronze', 'nope', '--from', '-'], 1, /there is no dataset nope\n[\s\S]*There are: .*shop/],
      ['an unknown option', ['bronze', 'shop', '--nope'], 2, /unknown option '--nope'/],
      ['no --from', ['bronze', 'shop'], 2, /--from is missing/],
      ['a size that is none', ['bronze', 'shop', '--from', '-', '--window-bytes', 'much'], 2, /--window-bytes much: is no size such as 128MB/],
      ['a scheme that is no source', ['bronze', 'shop', '--from', 'ftp://x/y'], 2, /ftp:\/\/ is no source/],
      ['a file that is missing', ['bronze', 'shop', '--from', '/nowhere/none.ndjson'], 1, /no file matches \/nowhere\/none\.ndjson/],
      ['an endpoint where nobody listens', ['bronze', 'shop', '--from', 'sqs://q?endpoint=http://127.0.0.1:1&wait=0'], 1, /the queue q can't be reached: .*127\.0\.0\.1:1/],
      ['dates the wrong way round', ['backfill', 'shop', '--since', '2026-01-02', '--until', '2026-01-01'], 2, /--since 2026-01-02 is after --until 2026-01-01/],
      ['a lake with a file in its way, before the source is opened', ['bronze', 'shop', '--lake', join(linesFile(['x']), 'lake'), '--from', 'sqs://q?endpoint=http://127.0.0.1:1'], 1, /the lake can't be written: .*\n[\s\S]*--lake/],
    ];
    const ends = new Map<string, Ended>();

    before(async () => {
      await Promise.all(uses.map(async ([what, args]) => ends.set(what, await ingot([...args, ...(args.length === 1 || args.includes('--lake') ? [] : ['--lake', temporaryFolder()])]))));
    });

    for (const [what, , status, pattern] of uses) {
      it(`says so and ends with ${status}: ${what}`, () => {
        assertSays(ends.get(what)!, status, pattern);
      });
    }

    it('says so and ends with 1: a queue that does not exist', async () => {
      const server = await startQueue();
      try {
        assertSays(await ingot(['bronze', 'shop', '--lake', temporaryFolder(), '--from', `sqs://none?endpoint=${server.endpoint}`]), 1, /the queue none does not exist/);
      } finally {
        await server.stop();
      }
    });
  });
});
