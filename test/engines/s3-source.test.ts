import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { startIngot } from '../commands/ingot.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { eventBody, withPipeline, type Pipeline } from '../support/pipeline.js';
import { S3Bench } from '../support/s3.js';
import { writeZip } from '../support/zip.js';

const bucket = 'views';
const pollMs = 2;

const linesOf = (count: number, name: string, padding = ''): string => Array.from({ length: count }, (_none, row) => `${eventBody({ user_id: `${name}-${row}`, padding })}\n`).join('');

describe('objects of an S3 server as files', () => {
  let bench: S3Bench;
  let client: S3Client;

  before(async () => {
    bench = await S3Bench.start();
    await bench.server.makeBucket(bucket);
    client = new S3Client({ forcePathStyle: true });
  });
  after(async () => {
    client.destroy();
    await bench.stop();
    removeTemporaryFolders();
  });

  const put = async (key: string, body: string | Buffer): Promise<void> => {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: Buffer.from(body) }));
  };
  const zipOf = (members: Readonly<Record<string, string>>): Promise<Buffer> => writeZip(join(temporaryFolder(), 'a.zip'), members);
  const unique = async (pipeline: Pipeline): Promise<number[]> => {
    const [row] = await pipeline.rows('SELECT count(*) AS n, count(DISTINCT message_id) AS ids, count(DISTINCT body) AS bodies FROM bronze.shop');
    return [Number(row?.['n']), Number(row?.['ids']), Number(row?.['bodies'])];
  };

  it('land once, packed, in an archive, in several parts and on several pages; what has changed lands behind what it was', () => withPipeline(async (pipeline) => {
    await put('all/a.ndjson', linesOf(10, 'a'));
    await put('all/é ü/b+c.json.gz', gzipSync(linesOf(20, 'b')));
    await put('all/c.zip', await zipOf({ 'iOS/a.json': linesOf(30, 'c'), 'Android/a.json': linesOf(40, 'd') }));
    await new Upload({ client, params: { Bucket: bucket, Key: 'all/d.ndjson', Body: Buffer.from(linesOf(800, 'e', 'x'.repeat(15_000))) } }).done();
    const small = 1_100;
    for (let from = 0; from < small; from += 50) await Promise.all(Array.from({ length: 50 }, (_none, index) => put(`all/small/${from + index}.json`, linesOf(1, `f${from + index}`))));
    const rows = 10 + 20 + 30 + 40 + 800 + small;
    const first = await pipeline.land(`s3://${bucket}/all`);
    assert.deepEqual([first.summary.landed, first.failures], [rows, []]);
    assert.deepEqual(await unique(pipeline), [rows, rows, rows]);
    assert.equal((await pipeline.land(`s3://${bucket}/all`)).summary.received, 0);
    await put('all/a.ndjson', linesOf(15, 'a'));
    await put('all/copy.ndjson', linesOf(10, 'a'));
    assert.equal((await pipeline.land(`s3://${bucket}/all`)).summary.received, 5);
    assert.equal((await pipeline.land(`s3://${bucket}/all/{small,é ü}/**`)).summary.received, 0);
    assert.deepEqual(await unique(pipeline), [rows + 5, rows + 5, rows + 5]);
  }));

  it('are told apart from what is not there, may not be read or gives no answer', () => withPipeline(async (pipeline) => {
    await put('one/a.ndjson', linesOf(1, 'one'));
    await assert.rejects(pipeline.land('s3://no-such-bucket/one'), { code: 'SOURCE_NOT_FOUND', message: 'there is no bucket no-such-bucket' });
    await assert.rejects(pipeline.land(`s3://${bucket}/none`), { code: 'SOURCE_NOT_FOUND' });
    bench.set('AWS_SECRET_ACCESS_KEY', 'another');
    await assert.rejects(pipeline.land(`s3://${bucket}/one`), { code: 'SOURCE_DENIED' });
    bench.set('AWS_SECRET_ACCESS_KEY', bench.server.secret);
    await bench.server.halt();
    try {
      await assert.rejects(pipeline.land(`s3://${bucket}/one`), { code: 'SOURCE_UNREACHABLE' });
    } finally {
      await bench.server.resume();
    }
    assert.equal((await pipeline.land(`s3://${bucket}/one`)).summary.landed, 1);
  }));

  it('that are archives go on where they were after a kill, and what has landed meanwhile is there once', async () => {
    const rowsOfMembers = [2_000, 40];
    await put('kill/views.zip', await zipOf(Object.fromEntries(rowsOfMembers.map((count, member) => [`${member}.ndjson`, linesOf(count, `k${member}`, 'x'.repeat(20_000))]))));
    await put('kill/z.ndjson', linesOf(7, 'z'));
    const rows = 2_000 + 40 + 7;
    const lake = temporaryFolder();
    const running = startIngot(['bronze', 'shop', '--lake', lake, '--from', `s3://${bucket}/kill`, '--window-rows', '20'], '', bench.environment);
    while (!existsSync(join(lake, 'bronze/shop/_delta_log/00000000000000000001.json')) && running.child.exitCode === null) await delay(pollMs);
    running.child.kill('SIGKILL');
    assert.equal((await running.ended).signal, 'SIGKILL', 'it ended before it could be killed');
    await withPipeline(async (pipeline) => {
      const landed = await pipeline.count('bronze.shop');
      assert.ok(landed > 0 && landed < 2_000, `${landed} rows: the kill was to fall within the first member`);
      assert.equal((await pipeline.land(`s3://${bucket}/kill`)).summary.landed, rows - landed);
      assert.deepEqual(await unique(pipeline), [rows, rows, rows]);
    }, { root: lake });
  });

  it('land while they come, until the command is told to end', async () => {
    const lake = temporaryFolder();
    await put('follow/a.ndjson', linesOf(3, 'a'));
    const running = startIngot(['bronze', 'shop', '--json', '--follow', '--lake', lake, '--from', `s3://${bucket}/follow`, '--window-age', '1s'], '', bench.environment);
    const committed = async (version: number): Promise<void> => {
      while (!existsSync(join(lake, `bronze/shop/_delta_log/${String(version).padStart(20, '0')}.json`))) {
        assert.equal(running.child.exitCode, null, 'it ended of itself');
        await delay(20);
      }
    };
    await committed(0);
    await put('follow/b.zip', await zipOf({ 'b.ndjson': linesOf(4, 'b') }));
    await committed(1);
    running.child.kill('SIGTERM');
    const ended = await running.ended;
    assert.equal(ended.status, 0, ended.stderr);
    await withPipeline(async (pipeline) => assert.deepEqual(await unique(pipeline), [7, 7, 7]), { root: lake });
    assert.match(readFileSync(join(lake, 'bronze/shop/_files/00000000000000000002.json'), 'utf8'), /follow\/b\.zip\/b\.ndjson/);
  });
});
