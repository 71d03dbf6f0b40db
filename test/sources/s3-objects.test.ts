import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { LakeError } from '../../src/errors.js';
import { probeDepth } from '../../src/sources/depth.js';
import type { FileMark, Source } from '../../src/sources/source.js';
import { FakeS3 } from '../support/fake-s3.js';
import { writeZip } from '../support/zip.js';
import { bodiesOf, HeldClock, inFolder, LeapingClock, openFrom, readAll, seenIn, type Opening } from './collect.js';

const variables = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'a-secret-of-tests', AWS_REGION: 'eu-west-1', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
const listing = 'GET /views';
/** The SDK gives up behind the fifth. */
const attempts = 5;
const fails = { status: 500, code: 'InternalError' } as const;
const none = new AbortController().signal;

function told(source: Source): string[] {
  return source.failures.map(({ code, message }) => `${code} ${message}`);
}

describe('objects in S3 as files', () => {
  let fake: FakeS3;
  const untouched = { ...process.env };

  before(async () => {
    fake = await FakeS3.start();
    Object.assign(process.env, { ...variables, AWS_ENDPOINT_URL_S3: fake.endpoint });
  });
  beforeEach(() => {
    fake.objects.clear();
    fake.asked.length = 0;
    fake.fault = () => undefined;
    fake.pageKeys = 1_000;
  });
  after(async () => {
    await fake.stop();
    for (const name of Object.keys(process.env)) if (!(name in untouched)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, untouched);
  });

  const put = (objects: Readonly<Record<string, string | Buffer>>): void => {
    for (const [key, content] of Object.entries(objects)) fake.objects.set(`/views/${key}`, Buffer.from(content));
  };
  const fetched = (): string[] => fake.asked.filter((asked) => !isListing(asked)).map((asked) => asked.replace('GET /views/', ''));
  const isListing = (asked: string): boolean => asked.replace(/\/$/, '') === listing;
  const reading = async (folder: string, place: string, opening: Opening = {}) => {
    const source = await openFrom(`s3://views${place}`, folder, opening);
    const { seen, marks } = await readAll(source);
    assert.deepEqual(existsSync(join(folder, '_spool')), false, 'what was spooled is removed');
    return { bodies: bodiesOf(seen), marks, told: told(source), paths: [...new Set([...marks.values()].map(({ path }) => path))] };
  };

  it('are those below a prefix, by key, on all pages; other extensions, hidden names and neighbours are left out', () => inFolder(async (folder) => {
    fake.pageKeys = 2;
    put({
      'day/b.json': '[{"n":3},{"n":4}]', 'day/a é&+.ndjson': '{"n":1}\n{"n":2}', 'day/z/c.ndjson.gz': gzipSync('{"n":5}\n'), 'day/z/d.csv': 'n\n6\n',
      'day/notes.txt': 'x', 'day/_log/a.json': '9', 'day/.a.json': '9', 'day/z/': '', 'day-old/a.json': '9', 'other/a.json': '9',
    });
    const { bodies, paths, told } = await reading(folder, '/day');
    assert.deepEqual(bodies, ['{"n":1}', '{"n":2}', '{"n":3}', '{"n":4}', '{"n":5}', '{"n":"6"}']);
    assert.deepEqual(paths, ['a é&+.ndjson', 'b.json', 'z/c.ndjson.gz', 'z/d.csv'].map((name) => `s3://views/day/${name}`));
    assert.deepEqual(told, []);
    assert.equal(fetched().length, 4);
    assert.deepEqual((await reading(folder, '/day/')).paths, paths);
  }));

  it('are all of a bucket, one by its key, whatever signs are in it, or those that a glob matches', () => inFolder(async (folder) => {
    put({ 'a/1.json': '1', 'a/b/2.json': '2', 'c/3.json': '3', 'c/(4) [x].log': '4', 'c/.5.json': '5' });
    assert.deepEqual((await reading(folder, '')).bodies, ['1', '2', '3']);
    assert.deepEqual((await reading(folder, '/c/(4) [x].log')).bodies, ['4']);
    assert.deepEqual((await reading(folder, '/a/*.json')).bodies, ['1']);
    assert.deepEqual((await reading(folder, '/**/{2,3,.5}.json')).bodies, ['2', '3']);
  }));

  it('may be archives, whose members are files', () => inFolder(async (folder) => {
    put({ 'in/a.zip': await writeZip(join(folder, 'a.zip'), { 'iOS/a.json': '[{"n":1}]', 'Android/b.ndjson': '{"n":2}\n', 'notes.txt': 'x' }), 'in/b.zip': 'none', 'in/c.json': '{"n":3}' });
    const { bodies, paths, told } = await reading(folder, '/in');
    assert.deepEqual(bodies, ['{"n":1}', '{"n":2}', '{"n":3}']);
    assert.deepEqual(paths, ['s3://views/in/a.zip/iOS/a.json', 's3://views/in/a.zip/Android/b.ndjson', 's3://views/in/c.json']);
    assert.deepEqual(told, ['SOURCE_UNREADABLE s3://views/in/b.zip is no ZIP archive, or is cut short']);
    assert.deepEqual((await reading(folder, '/in/a.zip')).bodies, ['{"n":1}', '{"n":2}']);
  }));

  it('are not fetched again once they have landed; what has changed is, and lands behind what it was', () => inFolder(async (folder) => {
    put({ 'a.ndjson': '1\n2\n', 'b.ndjson': '3\n' });
    const { marks } = await reading(folder, '');
    fake.asked.length = 0;
    const notes: string[] = [];
    assert.deepEqual((await reading(folder, '', { taken: marks, log: (text) => notes.push(text) })).bodies, []);
    assert.deepEqual([fetched(), notes], [[], ['2 files were landed before: left out']]);
    put({ 'a.ndjson': '1\n2\n4\n', 'c.ndjson': '3\n' });
    assert.deepEqual((await reading(folder, '', { taken: marks })).bodies, ['4']);
    assert.deepEqual(fetched(), ['a.ndjson', 'c.ndjson']);
  }));

  it('go on behind the lines that have landed', () => inFolder(async (folder) => {
    put({ 'a.ndjson': '1\n2\n3\n' });
    const { marks } = await reading(folder, '');
    const half = new Map<string, FileMark>([...marks].map(([sha256, mark]) => [sha256, { ...mark, lines: 1, complete: false }]));
    assert.deepEqual((await reading(folder, '', { taken: half })).bodies, ['2', '3']);
  }));

  it('that have changed between listing and reading are told, and nothing of them is given', () => inFolder(async (folder) => {
    put({ 'a.ndjson': '1\n', 'b.ndjson': '2\n', 'c.ndjson': '3\n' });
    fake.fault = (asked) => {
      if (asked === 'GET /views/a.ndjson') put({ 'b.ndjson': '8\n9\n' });
      if (asked === 'GET /views/b.ndjson') fake.objects.delete('/views/c.ndjson');
      return undefined;
    };
    const { bodies, told } = await reading(folder, '');
    assert.deepEqual(bodies, ['1']);
    assert.deepEqual(told, ['b', 'c'].map((name) => `SOURCE_UNREADABLE s3://views/${name}.ndjson has changed while it was read`));
  }));

  it('whose answer is cut are fetched again, and given once', () => inFolder(async (folder) => {
    const content = Buffer.from('{"n":1}\n{"n":2}\n'.repeat(1_000));
    put({ 'a.ndjson': content });
    let cuts = 2;
    fake.fault = (asked) => (asked.endsWith('a.ndjson') && cuts-- > 0 ? { status: 200, body: content, cut: true } : undefined);
    const { bodies, told } = await reading(folder, '');
    assert.deepEqual([bodies.length, told, fetched().length], [2_000, [], 3]);
  }));

  it('are refused by what is wrong, with a hint for a reader', () => inFolder(async (folder) => {
    for (const [status, code, expected, hint] of [
      [404, 'NoSuchBucket', 'SOURCE_NOT_FOUND', /AWS_ENDPOINT_URL_S3/],
      [403, 'AccessDenied', 'SOURCE_DENIED', /^It needs s3:GetObject on the prefix and s3:ListBucket on the bucket\.$/],
      [403, 'SignatureDoesNotMatch', 'SOURCE_DENIED', /AWS_PROFILE/],
      [301, 'PermanentRedirect', 'SOURCE_NOT_FOUND', /AWS_REGION/],
      [500, 'InternalError', 'SOURCE_UNREACHABLE', /again/],
    ] as const) {
      fake.fault = () => ({ status, code });
      await assert.rejects(openFrom('s3://views/day', folder), (error: LakeError) => error.code === expected && hint.test(error.hint ?? '') && !/AKIA|a-secret/.test(JSON.stringify(error)), code);
    }
    fake.fault = () => undefined;
    await assert.rejects(openFrom('s3://views/day', folder), { code: 'SOURCE_NOT_FOUND', path: 's3://views/day' });
  }));

  it('that may not be read are told one by one, and the others are given', () => inFolder(async (folder) => {
    put({ 'a.ndjson': '1\n', 'b.ndjson': '2\n' });
    fake.fault = (asked) => (asked.endsWith('a.ndjson') ? { status: 403, code: 'AccessDenied' } : undefined);
    const { bodies, told } = await reading(folder, '');
    assert.deepEqual([bodies, told], [['2'], ['SOURCE_DENIED the bucket views refused s3:GetObject']]);
  }));

  it('end where the server gives no answer any more: it is told once, nothing behind is asked for, and what came before is given', () => inFolder(async (folder) => {
    put({ 'a.ndjson': '1\n', 'b.ndjson': '2\n', 'c.ndjson': '3\n', 'd.ndjson': '4\n' });
    fake.fault = (asked) => (/[bcd]\.ndjson$/.test(asked) ? fails : undefined);
    const { bodies, told } = await reading(folder, '');
    assert.deepEqual(bodies, ['1']);
    assert.deepEqual(told, ['SOURCE_UNREACHABLE S3 answers with an error, also after several tries: made by a test (HTTP 500)']);
    assert.deepEqual(fetched(), ['a.ndjson', ...Array.from({ length: attempts }, () => 'b.ndjson')]);
  }));

  it('are listed every five seconds while it follows, and fetched once each; what fails in passing is read the next time', () => inFolder(async (folder) => {
    const clock = new HeldClock();
    const stop = new AbortController();
    const notes: string[] = [];
    put({ 'a.ndjson': '1\n' });
    const source = await openFrom('s3://views', folder, { follow: true, clock, signal: stop.signal, log: (text) => notes.push(text) });
    const seen: string[] = [];
    const reader = (async () => {
      for await (const batch of source.batches(stop.signal)) seen.push(...bodiesOf(seenIn(batch)));
    })();
    const poll = async (): Promise<string[]> => {
      clock.move(5_000);
      await clock.untilAsleep();
      return seen.splice(0);
    };
    await clock.untilAsleep();
    assert.deepEqual(seen.splice(0), ['1']);
    assert.deepEqual(await poll(), []);
    put({ 'b.ndjson': '2\n' });
    fake.fault = (asked) => (asked.endsWith('b.ndjson') ? fails : undefined);
    assert.deepEqual(await poll(), []);
    assert.equal(source.failures.length, 1);
    fake.fault = (asked) => (isListing(asked) ? fails : undefined);
    assert.deepEqual(await poll(), []);
    assert.deepEqual(told(source).map((text) => text.split(' ', 1)[0]), ['SOURCE_UNREACHABLE', 'SOURCE_UNREACHABLE']);
    fake.fault = () => undefined;
    assert.deepEqual(await poll(), ['2']);
    assert.deepEqual(told(source), []);
    assert.deepEqual(fetched(), ['a.ndjson', ...Array.from({ length: attempts + 1 }, () => 'b.ndjson')]);
    stop.abort();
    await reader;
    await source.close();
    assert.deepEqual(notes, ['', '; trying again'].map((end) => `S3 answers with an error, also after several tries: made by a test (HTTP 500)${end}`));
  }));

  it('of another part are not fetched, and counted; equal content at two places is two files', () => inFolder(async (folder) => {
    put({ 'iOS/a.ndjson': '1\n', 'Android/a.ndjson': '1\n', 'Android/copy.ndjson': '1\n', 'orders/a.ndjson': '2\n', 'orders/b.ndjson': '2\n' });
    const notes: string[] = [];
    const opening: Opening = { takes: (path) => !path.includes('/orders/'), placeOf: (path) => /iOS|Android/.exec(path)?.[0] ?? '' };
    const { bodies, marks } = await reading(folder, '', { ...opening, log: (text) => notes.push(text) });
    assert.deepEqual(bodies, ['1', '1']);
    assert.deepEqual(notes, ['1 file was landed before: left out', '2 files are not for this part: left out']);
    assert.equal(fetched().some((key) => key.startsWith('orders/')), false);
    assert.deepEqual((await reading(folder, '', { ...opening, taken: marks })).bodies, []);
    assert.deepEqual(await reading(folder, '/orders', opening), { bodies: [], marks: new Map(), told: [], paths: [] });
  }));

  it('stop in the middle of an object when the signal aborts, and leave nothing', () => inFolder(async (folder) => {
    put({ 'a.ndjson': '1\n'.repeat(1_000) });
    const stop = new AbortController();
    fake.fault = (asked) => {
      if (asked.endsWith('a.ndjson')) stop.abort();
      return undefined;
    };
    const source = await openFrom('s3://views', folder, { signal: none });
    assert.deepEqual((await readAll(source, { signal: stop.signal })).seen, []);
    assert.deepEqual([told(source), fetched().length], [[], 1]);
    assert.deepEqual(readdirSync(folder), []);
  }));

  it('say that they are looked at, when nothing new comes of it for long', () => inFolder(async (folder) => {
    put(Object.fromEntries(Array.from({ length: 6 }, (_none, index) => [`${index}.ndjson`, `${index}\n`])));
    const { marks } = await reading(folder, '');
    const unknown = new Map([...marks].map(([sha256, mark]) => [sha256, { ...mark, etag: 'another' }]));
    const clock = new LeapingClock();
    fake.fault = () => {
      clock.move(4_000);
      return undefined;
    };
    const notes: string[] = [];
    assert.deepEqual((await reading(folder, '', { taken: unknown, clock, log: (text) => notes.push(text) })).bodies, []);
    assert.deepEqual(notes, ['looking for what is new: file 3 now', 'looking for what is new: file 6 now', '6 files were landed before: left out']);
  }));

  it('are counted in a status by what their store says of them', () => inFolder(async (folder) => {
    put({ 'a.ndjson': '1\n', 'b.ndjson': '22\n', 'c.zip': await writeZip(join(folder, 'c.zip'), { 'a.ndjson': '1\n' }) });
    const { marks } = await reading(folder, '/a.ndjson');
    const probe = probeDepth('s3://views');
    const read = (): Promise<unknown> => probe.read(() => Promise.resolve(marks), () => Promise.resolve(new Map()));
    const zipBytes = fake.objects.get('/views/c.zip')?.length ?? 0;
    assert.deepEqual(await read(), { kind: 'files', uri: 's3://views/', files: 3, waitingFiles: 2, lagBytes: 3 + zipBytes });
    put({ 'a.ndjson': '4\n' });
    assert.deepEqual(await read(), { kind: 'files', uri: 's3://views/', files: 3, waitingFiles: 3, lagBytes: 5 + zipBytes });
    fake.fault = () => ({ status: 404, code: 'NoSuchBucket' });
    await assert.rejects(read(), { code: 'SOURCE_NOT_FOUND' });
  }));
});
