import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Bronze } from '../../src/bronze/bronze.js';
import { consume } from '../../src/bronze/consume.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { eventBody, linesFile, withPipeline, type Pipeline } from '../support/pipeline.js';
import { MessageQueue } from './message-source.js';

const big = eventBody({ padding: 'x'.repeat(2 ** 20) });
const idsBody = '{"event_timestamp": 1767348000000, "user_id": 9007199254740993, "event_name": "view_item", "platform": "ios", "items": [{"item_id": 12345678901234567890}]}';

/** A line and what bronze says of it: null when it lands. */
const lines: readonly (readonly [string | Buffer, string | null])[] = [
  [eventBody(), null],
  ['no json', 'not_json'],
  ['{"event_timestamp": 1767348000000', 'not_json'],
  [Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'not_utf8'],
  ['', 'empty'],
  ['   ', 'empty'],
  [`[${eventBody()}, 1]`, 'not_an_object'],
  ['42', 'not_an_object'],
  ['null', 'not_an_object'],
  ['"text"', 'not_an_object'],
  ['{"user_id": "u1"}', 'event_timestamp_missing'],
  ['{"event_timestamp": null, "user_id": "u1"}', 'event_timestamp_missing'],
  ['{"event_timestamp": "yesterday"}', 'event_timestamp_unreadable'],
  ['{"event_timestamp": "2026-02-30T00:00:00Z"}', 'event_timestamp_unreadable'],
  ['{"event_timestamp": {}}', 'event_timestamp_unreadable'],
  ['{"event_timestamp": 1e300}', 'event_timestamp_unreadable'],
  [eventBody({ event_timestamp: 0 }), null],
  [eventBody({ event_timestamp: Date.parse('2999-01-01T00:00:00Z') }), null],
  [eventBody({ platform: 'WEB' }), null],
  [idsBody, null],
  [big, null],
  ['{"event_timestamp": 1767348000000, "note": "\u001f"}', 'not_json'],
  ['{"event_timestamp": 1767348000000, "note": "\u0000"}', 'not_json'],
  [`${eventBody({ user_id: 'cr' }).slice(0, -1)},\r"after": 1}`, null],
];

async function rejectedByLine(pipeline: Pipeline): Promise<Map<number, string>> {
  const rows = await pipeline.rows("SELECT source_position, reason FROM bronze.shop_rejected");
  return new Map(rows.map((row) => [Number(row['source_position']), String(row['reason'])]));
}

describe('bad input to bronze', () => {
  after(removeTemporaryFolders);

  it('is a row with a reason and its bytes, and all the rest lands verbatim', async () => {
    await withPipeline(async (pipeline) => {
      const { summary, failures } = await pipeline.land(linesFile(lines.map(([line]) => line)));
      const good = lines.filter(([, reason]) => reason === null);
      assert.deepEqual([summary.received, summary.landed, summary.rejected, summary.redelivered, failures], [lines.length, good.length, lines.length - good.length, 0, []]);
      const found = await rejectedByLine(pipeline);
      assert.deepEqual(lines.map((_line, index) => found.get(index + 1) ?? null), lines.map(([, reason]) => reason));
      const bodies = await pipeline.rows('SELECT body FROM bronze.shop ORDER BY CAST(source_position AS INTEGER)');
      assert.deepEqual(bodies.map((row) => row['body']), good.map(([line]) => line));
      const bytes = await pipeline.rows('SELECT hex(body) AS bytes FROM bronze.shop_rejected ORDER BY CAST(source_position AS INTEGER)');
      assert.deepEqual(bytes.map((row) => row['bytes']), lines.filter(([, reason]) => reason !== null).map(([line]) => Buffer.from(line).toString('hex').toUpperCase()));
      await pipeline.build();
      const audit = await pipeline.audit();
      assert.deepEqual([audit.balanced, audit.differences, audit.pending], [true, [], 0]);
    });
  });

  it('that has a time outside all reason lands under its date and is rejected by silver, as is a platform that none knows', async () => {
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(lines.filter(([, reason]) => reason === null).map(([line]) => line)));
      await pipeline.silver();
      assert.deepEqual(await pipeline.rows('SELECT CAST(event_date AS VARCHAR) AS event_date, platform, count(*) AS n FROM bronze.shop GROUP BY ALL ORDER BY ALL'), [
        { event_date: '1970-01-01', platform: 'IOS', n: '1' },
        { event_date: '2026-01-02', platform: 'IOS', n: '4' },
        { event_date: '2026-01-02', platform: null, n: '1' },
        { event_date: '2999-01-01', platform: 'IOS', n: '1' },
      ]);
      const rejected = await pipeline.rows('SELECT CAST(event_date AS VARCHAR) AS event_date, reason FROM silver.shop_rejected ORDER BY ALL');
      assert.deepEqual(rejected, [
        { event_date: '1970-01-01', reason: 'event_timestamp_too_early' },
        { event_date: '2026-01-02', reason: 'platform_unknown' },
        { event_date: '2999-01-01', reason: 'event_timestamp_in_future' },
      ]);
      const ids = await pipeline.rows('SELECT e.user_id, i.item_id FROM silver.event AS e JOIN silver.item_event AS i USING (event_id)');
      assert.deepEqual(ids, [{ user_id: '9007199254740993', item_id: '12345678901234567890' }]);
    });
  });

  it('of a queue is rejected where half of a surrogate pair has no UTF-8, and an empty body is too', async () => {
    await withPipeline(async (pipeline) => {
      const bronze = new Bronze(pipeline.lake, pipeline.dataset);
      await bronze.open();
      const queue = new MessageQueue(new Map([['a', eventBody()], ['b', '{"x": "\ud800"}'], ['c', ''], ['d', '\u0000'], ['e', big]]));
      await consume(bronze, queue.open(10), { bytes: 1e9, rows: 1000, ageMs: 60_000 }, pipeline.lake.clock, new AbortController().signal);
      assert.deepEqual(queue.left, []);
      assert.deepEqual(await pipeline.rows('SELECT message_id, reason FROM bronze.shop_rejected ORDER BY 1'), [
        { message_id: 'b', reason: 'not_utf8' },
        { message_id: 'c', reason: 'empty' },
        { message_id: 'd', reason: 'not_json' },
      ]);
      assert.deepEqual(await pipeline.rows('SELECT message_id FROM bronze.shop ORDER BY 1'), [{ message_id: 'a' }, { message_id: 'e' }]);
      assert.deepEqual((await pipeline.audit()).differences, []);
    });
  });

  it('that says what another window said lands again and is one event, the other a duplicate', async () => {
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile([eventBody(), eventBody({ user_id: 'u2' })]), { windowRows: '1' });
      await pipeline.land(linesFile([eventBody({ platform: 'ios' })]));
      const { tables } = await pipeline.silver();
      assert.deepEqual([tables['event']?.rows, tables['event']?.duplicates, tables['event']?.rejected], [2, 1, 0]);
    });
  });
});

describe('files that come to bronze again', () => {
  const bodies = Array.from({ length: 3000 }, (_none, index) => eventBody({ user_id: `u${index}`, note: Math.sin(index).toString(36).repeat(4) }));

  after(removeTemporaryFolders);

  async function users(pipeline: Pipeline): Promise<number[]> {
    const [row] = await pipeline.rows("SELECT count(*) AS n, count(DISTINCT body->>'user_id') AS users FROM bronze.shop");
    return [Number(row?.['n']), Number(row?.['users'])];
  }

  it('land nothing a second time, under the same name or another one', async () => {
    const folder = temporaryFolder();
    const path = linesFile(bodies.slice(0, 3), 'a.ndjson', folder);
    await withPipeline(async (pipeline) => {
      assert.equal((await pipeline.land(path)).summary.landed, 3);
      const versions = await pipeline.versions();
      assert.deepEqual((await pipeline.land(path)).summary, { received: 0, landed: 0, rejected: 0, redelivered: 0, forgotten: 0, commits: 0, files: 0, bytes: 0, partitions: [], notAcked: 0, errors: [], stopped: false });
      copyFileSync(path, join(folder, 'b.ndjson'));
      assert.equal((await pipeline.land(folder)).summary.received, 0);
      assert.deepEqual(await pipeline.versions(), versions);
    });
  });

  it('go on where they were when they have grown, with no line twice', async () => {
    const path = linesFile(bodies.slice(0, 3));
    await withPipeline(async (pipeline) => {
      await pipeline.land(path);
      appendFileSync(path, `${bodies.slice(3, 5).join('\n')}\n`);
      assert.equal((await pipeline.land(path)).summary.landed, 2);
      assert.deepEqual(await users(pipeline), [5, 5]);
      assert.deepEqual(await pipeline.rows('SELECT count(DISTINCT message_id) AS ids, max(CAST(source_position AS INTEGER)) AS last FROM bronze.shop'), [{ ids: '5', last: 5 }]);
    });
  });

  it('land what a file cut short has, beside the good ones, say so, and land the rest when the file is whole', async () => {
    const folder = join(temporaryFolder(), 'in');
    mkdirSync(folder);
    linesFile(bodies.slice(0, 10), 'a.ndjson', folder);
    linesFile(bodies.slice(2990), 'z.ndjson', folder);
    const packed = gzipSync(Buffer.from(bodies.slice(10, 2990).join('\n')));
    const path = join(folder, 'cut.ndjson.gz');
    writeFileSync(path, packed.subarray(0, packed.length - 20_000));
    await withPipeline(async (pipeline) => {
      const first = await pipeline.land(folder);
      assert.equal(first.failures.length, 1);
      assert.match(first.failures[0]?.message ?? '', /cut\.ndjson\.gz is cut short or damaged after line \d+$/);
      assert.deepEqual([first.failures[0]?.code, first.summary.errors], ['SOURCE_UNREADABLE', [first.failures[0]?.message]]);
      const [rows, distinct] = await users(pipeline);
      assert.ok(rows !== undefined && rows > 20 && rows < 3000);
      assert.equal(distinct, rows);
      const again = await pipeline.land(folder);
      assert.deepEqual([again.summary.received, again.failures.length], [0, 1]);
      writeFileSync(path, packed);
      const whole = await pipeline.land(folder);
      assert.deepEqual([whole.failures, whole.summary.landed, whole.summary.rejected], [[], 3000 - rows, 0]);
      assert.deepEqual(await users(pipeline), [3000, 3000]);
      assert.deepEqual((await pipeline.audit()).differences, []);
    });
  });
});
