import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Batch, Source } from '../../src/sources/source.js';
import { openSqs } from '../../src/sources/sqs.js';
import { openQueue, sqsError } from '../../src/sources/sqs-client.js';
import { parseSourceUri, type SqsUri } from '../../src/sources/uri.js';
import { queueCredentials, queueRegion, sendAll, startQueue, type QueueServer } from '../support/queue.js';
import { bodiesOf, HeldClock, openFrom, openingOptions, readAll, type Opening } from './collect.js';
import { hastyClock, madeUpQueue, named, withFault, type Fault } from './faults.js';

const settings: SqsUri = { kind: 'sqs', queue: 'made-up', region: queueRegion, endpoint: null, visibilitySeconds: 300, receivers: 2, waitSeconds: 30 };
const none = new AbortController().signal;

function messagesOf(batch: Batch) {
  assert.equal(batch.kind, 'messages');
  return batch.messages;
}

function bodiesFrom(count: number): string[] {
  return Array.from({ length: count }, (_none, index) => JSON.stringify({ n: index }));
}

function received(id: string, times = 1, handle = `handle-${id}`): object {
  return { MessageId: id, ReceiptHandle: handle, Body: `{"id":"${id}"}`, Attributes: { SentTimestamp: '1700000000000', ApproximateReceiveCount: String(times) } };
}

async function next(batches: AsyncIterator<Batch>): Promise<Batch> {
  const result = await batches.next();
  if (result.done === true) throw new Error('the source has ended');
  return result.value;
}

describe('a queue as a source', () => {
  let server: QueueServer;
  let queues = 0;
  const variables = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_EC2_METADATA_DISABLED', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'];
  const was = new Map(variables.map((name) => [name, process.env[name]]));

  before(async () => {
    server = await startQueue();
  });
  beforeEach(() => {
    process.env['AWS_ACCESS_KEY_ID'] = queueCredentials.accessKeyId;
    process.env['AWS_SECRET_ACCESS_KEY'] = queueCredentials.secretAccessKey;
  });
  after(async () => {
    for (const [name, value] of was) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
    await server.stop();
  });

  async function filled(bodies: readonly string[], more = ''): Promise<string> {
    const name = `queue-${++queues}`;
    await sendAll(server.client, await server.createQueue(name), bodies);
    return `sqs://${name}?region=${queueRegion}&endpoint=${encodeURIComponent(server.endpoint)}${more}`;
  }

  function open(uri: string, fault: Fault = () => undefined, opening: Opening = {}): Promise<Source> {
    return openSqs(parseSourceUri(uri) as SqsUri, openingOptions(opening, '/nowhere'), async (parsed) => withFault(await openQueue(parsed), fault));
  }

  function openMadeUp(answer: (command: string, input: Readonly<Record<string, unknown>>) => object, opening: Opening, changes: Partial<SqsUri> = {}): Promise<Source> {
    return openSqs({ ...settings, ...changes }, openingOptions(opening, '/nowhere'), () => Promise.resolve(madeUpQueue(answer)));
  }

  it('says of each message when it was sent and received, and whether it came before', async () => {
    const fromMs = Date.now();
    const uri = await filled(bodiesFrom(3));
    const clock = new HeldClock(1_800_000_000_000);
    const first = (await readAll(await open(uri, undefined, { clock }), { ack: false })).batches.flatMap(messagesOf);
    const second = (await readAll(await open(uri, undefined, { clock }))).batches.flatMap(messagesOf);
    assert.deepEqual(first.map((message) => message.redelivered), [false, false, false]);
    assert.deepEqual(second.map((message) => message.redelivered), [true, true, true]);
    for (const message of first) {
      assert.equal(message.receivedAtMs, 1_800_000_000_000);
      assert.equal(message.position, message.messageId);
      assert.ok(message.sentAtMs !== null && message.sentAtMs >= fromMs - 1 && message.sentAtMs <= Date.now());
    }
  });

  it('drains more than a few polls hold, each message once, with several receivers', async () => {
    const bodies = bodiesFrom(1_234);
    const uri = await filled(bodies, '&receivers=8');
    assert.deepEqual(bodiesOf((await readAll(await open(uri))).seen).sort(), [...bodies].sort());
    assert.deepEqual((await readAll(await open(uri))).seen, []);
  });

  it('is found by its URL', async () => {
    const url = await server.createQueue(`queue-${++queues}`);
    await sendAll(server.client, url, ['{}']);
    const source = await openFrom(`${url}?region=${queueRegion}&endpoint=${encodeURIComponent(server.endpoint)}`, '/nowhere');
    assert.deepEqual(bodiesOf((await readAll(source)).seen), ['{}']);
  });

  describe('deleting', () => {
    it('tries failed entries again, and only those', async () => {
      const uri = await filled(bodiesFrom(10), '&receivers=1');
      const deletes: number[] = [];
      const { failed } = await readAll(await open(uri, (command, input) => {
        if (command !== 'DeleteMessageBatchCommand') return undefined;
        deletes.push((input['Entries'] as object[]).length);
        if (deletes.length === 1) return { Successful: [], Failed: [{ Id: '2', Code: 'InternalError' }, { Id: '7', Code: 'InternalError' }] };
        return deletes.length === 2 ? { Failed: [{ Id: '1', Code: 'InternalError' }] } : undefined;
      }, { clock: hastyClock }));
      assert.deepEqual(deletes, [10, 2, 1]);
      assert.equal(failed, 0);
    });

    it('gives up an entry after three more tries, and counts it', async () => {
      const uri = await filled(bodiesFrom(10), '&receivers=1');
      let tries = 0;
      const source = await open(uri, (command, input) => {
        if (command !== 'DeleteMessageBatchCommand') return undefined;
        const last = (input['Entries'] as object[]).length - 1;
        tries++;
        return { Failed: [{ Id: String(last), Code: 'InternalError' }] };
      }, { clock: hastyClock });
      const [batch] = (await readAll(source, { ack: false })).batches;
      assert.deepEqual(await batch!.ack(), { acked: 9, failed: 1 });
      assert.equal(tries, 4);
    });

    it('counts a message that has vanished as acknowledged', async () => {
      const uri = await filled(bodiesFrom(4));
      const { failed } = await readAll(await open(uri, (command) => (command === 'DeleteMessageBatchCommand' ? { Failed: [{ Id: '0', Code: 'ReceiptHandleIsInvalid' }] } : undefined)));
      assert.equal(failed, 0);
    });

    it('warns once when it is denied, and stops trying', async () => {
      const uri = await filled(bodiesFrom(100));
      const log: string[] = [];
      const source = await open(uri, (command) => {
        if (command === 'DeleteMessageBatchCommand') throw named('AccessDenied');
        return undefined;
      }, { log: (text) => log.push(text), clock: hastyClock });
      const { failed } = await readAll(source);
      assert.equal(failed, 100);
      assert.equal(log.length, 1);
      assert.match(log[0]!, /may not be deleted/);
    });

    it('denied, ends a drain when a visibility time has brought nothing fresh', async () => {
      const clock = new HeldClock();
      const source = await openMadeUp((command) => {
        if (command === 'DeleteMessageBatchCommand') throw named('AccessDenied');
        return command === 'ReceiveMessageCommand' ? { Messages: [received('again', 9)] } : {};
      }, { clock }, { visibilitySeconds: 30 });
      let commits = 0;
      for await (const batch of source.batches(none)) {
        await batch.ack();
        clock.move(10_000);
        source.committed({ fresh: ++commits === 1 ? 1 : 0, redelivered: 1 });
        assert.ok(commits < 20, 'the drain goes on for ever');
      }
      await source.close();
      assert.ok(commits >= 5);
    });
  });

  describe('in flight', () => {
    it('stays hidden while it is not acknowledged for more than half of its time, and not after', async () => {
      const clock = new HeldClock();
      const beats: unknown[] = [];
      let polls = 0;
      const source = await openMadeUp((command, input) => {
        if (command === 'ReceiveMessageCommand') return { Messages: polls++ === 0 ? [received('a'), received('b')] : [] };
        if (command === 'ChangeMessageVisibilityBatchCommand') beats.push(...(input['Entries'] as object[]));
        return { Attributes: { ApproximateNumberOfMessages: '0' } };
      }, { clock }, { receivers: 1 });
      const { batches } = await collectOpen(source);
      const quarter = async (): Promise<number> => {
        await clock.untilAsleep();
        clock.move(75_000);
        await clock.untilAsleep();
        return beats.length;
      };
      assert.deepEqual([await quarter(), await quarter(), await quarter()], [0, 0, 2]);
      assert.deepEqual(beats[0], { Id: '0', ReceiptHandle: 'handle-a', VisibilityTimeout: 300 });
      assert.deepEqual([await quarter(), await quarter(), await quarter()], [2, 2, 4]);
      for (const batch of batches) await batch.ack();
      assert.deepEqual([await quarter(), await quarter(), await quarter()], [4, 4, 4]);
      await source.close();
    });

    it('is given back at the end when it was not acknowledged', async () => {
      const uri = await filled(bodiesFrom(25), '&visibility=43200');
      await readAll(await open(uri), { ack: false });
      assert.equal((await readAll(await open(uri))).seen.length, 25);
    });

    it('is bounded while nobody asks for more', async () => {
      let polls = 0;
      const source = await openMadeUp((command) => {
        if (command !== 'ReceiveMessageCommand') return {};
        polls++;
        return { Messages: Array.from({ length: 10 }, (_none, index) => received(`${polls}-${index}`)) };
      }, { clock: hastyClock }, { receivers: 4 });
      const stop = new AbortController();
      const batches = source.batches(stop.signal)[Symbol.asyncIterator]();
      const first = messagesOf(await next(batches)).length;
      let seen = -1;
      while (seen !== polls) {
        seen = polls;
        for (let tick = 0; tick < 50; tick++) await new Promise((resolve) => setImmediate(resolve));
      }
      const waiting = polls * 10 - first;
      assert.ok(waiting <= 2_000 + 4 * 10);
      assert.equal(messagesOf(await next(batches)).length, waiting);
      stop.abort();
      await source.close();
    });
  });

  describe('trouble', () => {
    it('of the network or by throttling is waited out, and told', async () => {
      const bodies = bodiesFrom(20);
      const log: string[] = [];
      let troubles = 0;
      const source = await open(await filled(bodies), (command) => {
        if (command === 'ReceiveMessageCommand' && troubles < 6) throw named(++troubles % 2 === 0 ? 'ThrottlingException' : 'TimeoutError');
        return undefined;
      }, { clock: hastyClock, log: (text) => log.push(text) });
      assert.equal((await readAll(source)).seen.length, 20);
      assert.equal(log.length, 6);
    });

    it('that lasts ends a drain as unreachable', async () => {
      const source = await openMadeUp(() => {
        throw named('TimeoutError');
      }, { clock: hastyClock });
      await assert.rejects(readAll(source), { code: 'SOURCE_UNREACHABLE' });
    });

    it('with permissions ends it at once, following or not', async () => {
      let polls = 0;
      const source = await openMadeUp(() => {
        polls++;
        throw named('ExpiredToken');
      }, { clock: hastyClock, follow: true }, { receivers: 1 });
      await assert.rejects(readAll(source), { code: 'SOURCE_DENIED' });
      assert.equal(polls, 1);
    });

    it('with too many in flight is waited out', async () => {
      let polls = 0;
      const source = await openMadeUp((command) => {
        if (command !== 'ReceiveMessageCommand') return { Attributes: { ApproximateNumberOfMessages: polls < 4 ? '5' : '0' } };
        if (++polls === 1) throw named('OverLimit');
        return { Messages: polls === 3 ? [received('late')] : [] };
      }, { clock: hastyClock }, { receivers: 1 });
      assert.equal((await readAll(source)).seen.length, 1);
    });

    it('of a queue that is not there is SOURCE_NOT_FOUND', async () => {
      await assert.rejects(open(`sqs://missing?region=${queueRegion}&endpoint=${encodeURIComponent(server.endpoint)}`), { code: 'SOURCE_NOT_FOUND' });
    });

    it('of an endpoint where nobody listens is SOURCE_UNREACHABLE', async () => {
      const listener = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => listener.once('listening', resolve));
      const { port } = listener.address() as AddressInfo;
      await new Promise((resolve) => listener.close(resolve));
      await assert.rejects(open(`sqs://events?region=${queueRegion}&endpoint=http%3A%2F%2F127.0.0.1%3A${port}&wait=0`), { code: 'SOURCE_UNREACHABLE' });
    });

    it('of missing credentials is SOURCE_DENIED, with what to do', async () => {
      const uri = await filled([]);
      delete process.env['AWS_ACCESS_KEY_ID'];
      delete process.env['AWS_SECRET_ACCESS_KEY'];
      process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
      process.env['AWS_CONFIG_FILE'] = process.env['AWS_SHARED_CREDENTIALS_FILE'] = '/nowhere/config';
      await assert.rejects(open(uri), (error: { code?: string; hint?: string }) => error.code === 'SOURCE_DENIED' && (error.hint ?? '').includes('aws sso login'));
    });

    for (const [name, code] of [
      ['QueueDoesNotExist', 'SOURCE_NOT_FOUND'],
      ['AWS.SimpleQueueService.NonExistentQueue', 'SOURCE_NOT_FOUND'],
      ['AccessDeniedException', 'SOURCE_DENIED'],
      ['InvalidClientTokenId', 'SOURCE_DENIED'],
      ['CredentialsProviderError', 'SOURCE_DENIED'],
      ['RequestThrottled', 'SOURCE_UNREACHABLE'],
      ['AbortError', 'SOURCE_UNREACHABLE'],
    ]) {
      it(`named ${name} by the SDK is ${code}`, () => {
        assert.equal(sqsError(named(name!), settings).code, code);
      });
    }
  });
});

/** Reads a source to its end and leaves it open: nothing is acknowledged yet. */
async function collectOpen(source: Source): Promise<{ readonly batches: Batch[] }> {
  const batches: Batch[] = [];
  for await (const batch of source.batches(none)) batches.push(batch);
  return { batches };
}
