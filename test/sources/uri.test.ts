import assert from 'node:assert/strict';
import type { KafkaUri } from '../../src/sources/kafka-uri.js';
import { parseSourceUri } from '../../src/sources/uri.js';

const queue = { kind: 'sqs', queue: 'events', region: null, endpoint: null, visibilitySeconds: 300, receivers: 4, waitSeconds: 30 };

describe('--from', () => {
  it('takes a queue by its name, with settings', () => {
    assert.deepEqual(parseSourceUri('sqs://events'), queue);
    assert.deepEqual(parseSourceUri('sqs://events?region=eu-west-1&visibility=60&receivers=2'), { ...queue, region: 'eu-west-1', visibilitySeconds: 60, receivers: 2 });
    assert.deepEqual(parseSourceUri('sqs://events?endpoint=http%3A%2F%2F127.0.0.1%3A9324'), { ...queue, endpoint: 'http://127.0.0.1:9324' });
    assert.deepEqual(parseSourceUri('sqs://events?wait=0'), { ...queue, waitSeconds: 0 });
    assert.deepEqual(parseSourceUri('SQS://events.fifo/'), { ...queue, queue: 'events.fifo' });
  });

  it('takes a queue by its URL: the region from the name, another host as the endpoint', () => {
    const amazon = 'https://sqs.eu-west-1.amazonaws.com/123456789012/events';
    assert.deepEqual(parseSourceUri(amazon), { ...queue, queue: amazon, region: 'eu-west-1' });
    assert.deepEqual(parseSourceUri('http://127.0.0.1:9324/queue/events?receivers=1'), { ...queue, queue: 'http://127.0.0.1:9324/queue/events', endpoint: 'http://127.0.0.1:9324', receivers: 1 });
    assert.equal(parseSourceUri('https://sqs.eu-west-1.amazonaws.com.example.org/1/q').kind === 'sqs' && (parseSourceUri('https://sqs.eu-west-1.amazonaws.com.example.org/1/q') as { region: string | null }).region, null);
  });

  it('takes how long a start waits for brokers', () => {
    const waits = ['kafka://h/t', 'kafka://h/t?wait=0', 'kafka://h/t?wait=600'].map((text) => (parseSourceUri(text) as KafkaUri).waitSeconds);
    assert.deepEqual(waits, [30, 0, 600]);
  });

  it('takes a bucket with a key, a prefix, a glob or nothing', () => {
    assert.deepEqual(['s3://bucket', 's3://bucket/a/b.zip', 's3://bucket/a/*.json'].map((text) => parseSourceUri(text)), ['', 'a/b.zip', 'a/*.json'].map((key) => ({ kind: 's3', bucket: 'bucket', key })));
  });

  it('takes a database, and names it without its password', () => {
    const uri = parseSourceUri('postgres://ana:secret@host:5433/shop?sslmode=require');
    assert.deepEqual(uri, { kind: 'sql', engine: 'postgres', url: 'postgres://ana:secret@host:5433/shop?sslmode=require', name: 'postgres://ana@host:5433/shop' });
    assert.deepEqual(parseSourceUri('pglite:///in/orders%20db'), { kind: 'sql', engine: 'pglite', url: '/in/orders db', name: 'pglite:///in/orders db' });
    assert.throws(() => parseSourceUri('postgres://ana:secret@host:no/shop'), (error: Error & { path?: string }) => !`${error.message}${error.path ?? ''}`.includes('secret'));
  });

  it('takes whatever has no scheme as a file, a folder or a glob', () => {
    for (const pattern of ['-', 'events.ndjson', '/in/2026-*/[ab]?.json.gz', 'C:\\in\\events.json']) assert.deepEqual(parseSourceUri(pattern), { kind: 'files', pattern });
    assert.deepEqual(parseSourceUri('file:///in/a%20b.json'), { kind: 'files', pattern: '/in/a b.json' });
  });

  for (const text of ['kafka://', 'kafka://host:9092', 'kafka://host:99999/topic', 'kafka://h/t?colour=red', 'kafka://h/t?from=noon', 'kafka://h/t?cert=c', 'kafka://u:p@h/t', 'kafka://h/t?sasl=gssapi', 'kafka://h/to%20pic', 'kafka://h/t?wait=-1', 'kafka://h/t?wait=', 'kafka://h/t?wait=1.5', 'sqs://events?wait=soon', 's3://', 's3://UPPER/x', 'mysql://host/db', 'postgres://:x', 'pglite://', 'sqs://', 'sqs://events?visibility=0', 'sqs://events?visibility=1.5', 'sqs://events?receivers=65', 'sqs://events?colour=red', 'sqs://%zz', 'file:///%', 'http://']) {
    it(`refuses ${text} as wrong usage, with what there is instead`, () => {
      assert.throws(() => parseSourceUri(text), (error: { code?: string; hint?: string }) => error.code === 'USAGE' && (error.hint ?? '') !== '');
    });
  }
});
