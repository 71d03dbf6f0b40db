import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { lakeRoot } from '../../src/config.js';
import { LakeError } from '../../src/errors.js';
import { Session } from '../../src/lake/duckdb.js';
import { S3Storage } from '../../src/lake/s3.js';
import { s3Error } from '../../src/s3/errors.js';
import { makeScratch } from '../../src/lake/scratch.js';
import { FakeS3 } from '../support/fake-s3.js';
import { removeTemporaryFolders, temporaryFolder, testLake } from '../support/lake.js';

const secrets = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'a-secret-of-tests' };

describe('a name in S3', () => {
  let fake: FakeS3;
  const untouched = { ...process.env };

  before(async () => {
    fake = await FakeS3.start();
    Object.assign(process.env, { ...secrets, AWS_ENDPOINT_URL_S3: fake.endpoint, AWS_REGION: 'eu-west-1', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' });
  });

  beforeEach(() => {
    fake.objects.clear();
    fake.asked.length = 0;
    fake.heedful = true;
  });

  after(async () => {
    await fake.stop();
    for (const name of Object.keys(process.env)) if (!(name in untouched)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, untouched);
    removeTemporaryFolders();
  });

  const key = '/bucket/lakes/one/log/1.json';
  const open = (): S3Storage => new S3Storage('s3://bucket/lakes/one', { scratch: temporaryFolder() });

  it('is taken for good by a refusal of the first request, without a second look', async () => {
    fake.objects.set(key, Buffer.from('mine'));
    assert.equal(await open().putIfAbsent('log/1.json', 'mine'), false);
    assert.deepEqual(fake.asked, [`PUT ${key}`]);
  });

  it('is one’s own when a request after the first is refused and the content is one’s own', async () => {
    for (const [there, wanted] of [['mine', true], ['another', false], ['mine and more', false]] as const) {
      fake.asked.length = 0;
      fake.objects.set(key, Buffer.from(there));
      fake.instead.push({ status: 500, code: 'InternalError' });
      assert.equal(await open().putIfAbsent('log/1.json', 'mine'), wanted, there);
      assert.deepEqual(fake.asked, [`PUT ${key}`, `PUT ${key}`, `GET ${key}`]);
    }
  });

  it('is asked for again while another writer is at it at the same moment', async () => {
    fake.instead.push({ status: 409, code: 'ConditionalRequestConflict' }, { status: 409, code: 'ConditionalRequestConflict' });
    assert.equal(await open().putIfAbsent('log/1.json', 'mine'), true);
    fake.instead.push({ status: 409, code: 'ConditionalRequestConflict' });
    assert.equal(await open().putIfAbsent('log/1.json', 'another'), false);
    assert.equal(fake.asked.filter((asked) => asked.startsWith('PUT')).length, 5);
  });

  it('is not given by a server that takes no notice of who was first', async () => {
    await open().prepare();
    assert.deepEqual([...fake.objects], []);
    fake.heedful = false;
    await assert.rejects(open().prepare(), (error) => error instanceof LakeError && error.code === 'LAKE_NOT_WRITABLE' && /If-None-Match/.test(error.message));
    assert.deepEqual([...fake.objects], []);
  });

  it('is refused with a hint and without what the request held', async () => {
    for (const [status, code, wanted, text] of [
      [403, 'AccessDenied', 'LAKE_DENIED', /bucket refused s3:PutObject/],
      [403, 'SignatureDoesNotMatch', 'LAKE_DENIED', /refused the credentials/],
      [400, 'ExpiredToken', 'LAKE_DENIED', /refused the credentials/],
      [404, 'NoSuchBucket', 'LAKE_NOT_FOUND', /no bucket bucket/],
      [301, 'PermanentRedirect', 'LAKE_NOT_FOUND', /another region/],
      [400, 'AuthorizationHeaderMalformed', 'LAKE_NOT_FOUND', /another region/],
      [501, 'NotImplemented', 'LAKE_NOT_WRITABLE', /can't do/],
    ] as const) {
      fake.instead.push({ status, code });
      await assert.rejects(open().putIfAbsent('log/1.json', 'mine'), (error) => {
        assert.ok(error instanceof LakeError && error.code === wanted && text.test(error.message) && (error.hint?.length ?? 0) > 10, inspect(error));
        assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes(secrets.AWS_SECRET_ACCESS_KEY));
        return true;
      }, code);
    }
    assert.deepEqual(fake.instead, []);
  });

  it('can’t be asked for where nobody answers', async () => {
    const gone = await FakeS3.start();
    const { endpoint } = gone;
    await gone.stop();
    process.env['AWS_ENDPOINT_URL_S3'] = endpoint;
    await assert.rejects(open().putIfAbsent('log/1.json', 'mine'), (error) => error instanceof LakeError && error.code === 'LAKE_UNREACHABLE' && error.path === 's3://bucket/lakes/one/log/1.json');
    process.env['AWS_ENDPOINT_URL_S3'] = fake.endpoint;
  });
});

describe('a DuckDB session', () => {
  after(removeTemporaryFolders);

  it('of a lake in S3 says how to come by the extension that it lacks', async () => {
    const remote = new S3Storage('s3://bucket/lakes/one', { extensions: join(temporaryFolder(), 'none') }).remote;
    await assert.rejects(Session.open({ memoryLimitBytes: 2e8, threads: 1, spillDir: temporaryFolder(), remote }), (error) => error instanceof LakeError && error.code === 'EXTENSION_MISSING' && /INGOT_DUCKDB_EXTENSIONS/.test(error.hint ?? ''));
  });

  it('of a lake in a folder loads no extension and has no secret', async () => {
    const lake = testLake(temporaryFolder());
    const session = await lake.session();
    assert.deepEqual(await session.rows("SELECT extension_name FROM duckdb_extensions() WHERE loaded AND extension_name IN ('httpfs', 'aws', 'delta')"), []);
    await assert.rejects(session.rows("SELECT * FROM read_text('s3://bucket/a')"), /httpfs/);
    await lake.close();
  });
});

describe('an error of S3', () => {
  it('names the region that the bucket is in, a wrong clock, and credentials that are not there', () => {
    const told = (fields: object, text = 'no'): LakeError => {
      const error = s3Error(Object.assign(new Error(text), fields), 's3:GetObject', 's3://bucket/lake', 'a');
      assert.ok(error instanceof LakeError);
      return error;
    };
    assert.match(told({ name: 'AuthorizationHeaderMalformed', $metadata: { httpStatusCode: 400 } }, "the region 'us-east-1' is wrong; expecting 'eu-north-1'").hint ?? '', /AWS_REGION=eu-north-1/);
    assert.match(told({ name: 'RequestTimeTooSkewed', $metadata: { httpStatusCode: 403 } }).message, /clock/);
    assert.match(told({ name: 'CredentialsProviderError' }, 'Could not load credentials from any providers').message, /no credentials/);
    assert.equal(told({ name: 'TimeoutError' }).code, 'LAKE_UNREACHABLE');
    assert.equal(told({ code: 'ENOTFOUND' }).code, 'LAKE_UNREACHABLE');
  });

  it('leaves a bug alone', () => {
    const error = new TypeError('a bug');
    assert.equal(s3Error(error, 's3:GetObject', 's3://bucket/lake', 'a'), error);
  });
});

describe('where a lake is', () => {
  it('is a bucket with a prefix or without one, of names that mean nothing else anywhere', () => {
    assert.equal(lakeRoot('s3://bucket/a/b=1/c.d~e_f/'), 's3://bucket/a/b=1/c.d~e_f');
    assert.equal(lakeRoot('s3://bucket//'), 's3://bucket');
    assert.equal(lakeRoot('/lakes/one/../two'), '/lakes/two');
    for (const wrong of ['s3://', 's3://B/x', 's3://bucket/a/../b', 's3://bucket/./b', 's3://bucket//a', 's3://bucket/a*', 's3://bucket/a?x=1', 's3://bucket/a b', "s3://bucket/'", 's3://bucket/%2e', 'gs://bucket/a', 'S3://bucket/a', 'https://bucket/a']) {
      assert.throws(() => lakeRoot(wrong), wrong);
    }
  });
});

describe('the scratch folder of a lake in S3', () => {
  after(removeTemporaryFolders);

  const modeOf = (path: string): number => statSync(path).mode & 0o777;
  const notWritable = (error: unknown): boolean => error instanceof LakeError && error.code === 'LAKE_NOT_WRITABLE' && error.hint !== undefined;

  it('is one for each lake, for this user alone', () => {
    const above = join(temporaryFolder(), 'scratch');
    const [one, two] = ['s3://bucket/one', 's3://bucket/two'].map((root) => makeScratch(above, root));
    assert.ok(one !== undefined && two !== undefined && one !== two);
    assert.equal(makeScratch(above, 's3://bucket/one'), one);
    for (const folder of [one, two, join(above, `ingot-${userInfo().uid}`)]) assert.equal(modeOf(folder), 0o700);
  });

  it('is not used when others may open it, or when it is a link to elsewhere', () => {
    const open = temporaryFolder();
    mkdirSync(join(open, `ingot-${userInfo().uid}`));
    chmodSync(join(open, `ingot-${userInfo().uid}`), 0o755);
    assert.throws(() => makeScratch(open, 's3://bucket/one'), notWritable);
    const linked = temporaryFolder();
    symlinkSync(temporaryFolder(), join(linked, `ingot-${userInfo().uid}`));
    assert.throws(() => makeScratch(linked, 's3://bucket/one'), notWritable);
  });
});
