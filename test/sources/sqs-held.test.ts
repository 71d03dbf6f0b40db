import assert from 'node:assert/strict';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { Acks } from '../../src/sources/sqs-acks.js';
import { openQueue } from '../../src/sources/sqs-client.js';
import { HeldMessages, type Held } from '../../src/sources/sqs-held.js';
import { openSqs } from '../../src/sources/sqs.js';
import { parseSourceUri, type SqsUri } from '../../src/sources/uri.js';
import { queueCredentials, queueRegion, sendAll, startQueue } from '../support/queue.js';
import { bodiesOf, HeldClock, openingOptions, readAll, seenIn } from './collect.js';
import { hastyClock, madeUpQueue, withFault } from './faults.js';

type Answer = (command: string, input: Readonly<Record<string, unknown>>) => object | Promise<object>;

interface Entry {
  readonly Id: string;
  readonly ReceiptHandle: string;
}

const uri = parseSourceUri('sqs://made-up?visibility=4&receivers=1') as SqsUri;
const deleting = 'DeleteMessageBatchCommand';
const hiding = 'ChangeMessageVisibilityBatchCommand';

function handlesIn(input: Readonly<Record<string, unknown>>): string[] {
  return (input['Entries'] as Entry[]).map((entry) => entry.ReceiptHandle);
}

function received(id: string, handle: string, times: number): object {
  return { MessageId: id, ReceiptHandle: handle, Body: id, Attributes: { SentTimestamp: '1700000000000', ApproximateReceiveCount: String(times) } };
}

/** What holds messages and deletes them, on a queue whose answers are made up. */
function holding(answer: Answer, clock = new HeldClock()) {
  const queue = madeUpQueue(answer);
  const log: string[] = [];
  const held = new HeldMessages(queue, uri, clock, (text) => log.push(text));
  const acks = new Acks(queue, uri, hastyClock, (text) => log.push(text), held);
  const hold = (id: string): Held => {
    const message = held.hold(id, `${id}-1`, 1);
    assert.ok(message !== null);
    return message;
  };
  return { held, acks, clock, hold, log };
}

describe('a message that comes again while this process holds it', () => {
  /** Reads what these polls bring; gives what was given of it, and the handles by which it was deleted. */
  async function readPolls(polls: readonly (readonly object[])[]): Promise<{ readonly given: string[]; readonly deleted: string[] }> {
    const left = [...polls];
    const deleted: string[] = [];
    const queue = madeUpQueue((command, input) => {
      if (command === 'ReceiveMessageCommand') return { Messages: left.shift() ?? [] };
      if (command === deleting) deleted.push(...handlesIn(input));
      return { Attributes: { ApproximateNumberOfMessages: String(left.length) } };
    });
    const source = await openSqs(uri, openingOptions({ clock: new HeldClock() }, '/nowhere'), () => Promise.resolve(queue));
    return { given: bodiesOf((await readAll(source)).seen), deleted };
  }

  it('is given once, and deleted by its newest handle', async () => {
    const { given, deleted } = await readPolls([[received('a', 'a-1', 1), received('b', 'b-1', 1)], [received('a', 'a-2', 2), received('c', 'c-1', 1)], [received('a', 'a-3', 3)]]);
    assert.deepEqual(given, ['a', 'b', 'c']);
    assert.deepEqual(deleted.sort(), ['a-3', 'b-1', 'c-1']);
  });

  it('keeps its newest handle when an older one comes late', async () => {
    const { given, deleted } = await readPolls([[received('a', 'a-2', 2)], [received('a', 'a-1', 1)]]);
    assert.deepEqual([given, deleted], [['a'], ['a-2']]);
  });

  it('is given again once it was acknowledged, as one that came before', async () => {
    let polls = 0;
    const queue = madeUpQueue((command) => {
      if (command !== 'ReceiveMessageCommand') return { Attributes: { ApproximateNumberOfMessages: String(Math.max(0, 2 - polls)) } };
      return { Messages: ++polls <= 2 ? [received('a', `a-${polls}`, polls)] : [] };
    });
    const source = await openSqs(uri, openingOptions({ clock: new HeldClock() }, '/nowhere'), () => Promise.resolve(queue));
    const seen: (readonly [string, boolean])[] = [];
    for await (const batch of source.batches(new AbortController().signal)) {
      assert.ok(batch.kind === 'messages');
      seen.push(...batch.messages.map(({ messageId, redelivered }) => [messageId, redelivered] as const));
      await batch.ack();
    }
    await source.close();
    assert.deepEqual(seen[0], ['a', false]);
    assert.ok(seen.slice(1).every(([, redelivered]) => redelivered));
  });

  it('while it is being deleted, is deleted again by its new handle, at once and alone', async () => {
    const deletes: string[][] = [];
    const { held, acks, hold } = holding((command, input) => {
      if (command !== deleting) return {};
      deletes.push(handlesIn(input));
      if (deletes.length === 1) held.hold('b', 'b-2', 2);
      return {};
    });
    assert.deepEqual(await acks.ack(['a', 'b', 'c'].map(hold)), { acked: 3, failed: 0 });
    assert.deepEqual(deletes, [['a-1', 'b-1', 'c-1'], ['b-2']]);
    assert.equal(held.size, 0);
  });

  it('counts as deleted when its old handle was refused and its new one was not', async () => {
    let deletes = 0;
    const { held, acks, hold } = holding((command) => {
      if (command !== deleting || ++deletes > 1) return {};
      held.hold('a', 'a-2', 2);
      return { Failed: [{ Id: '0', Code: 'ReceiptHandleIsInvalid' }] };
    });
    assert.deepEqual([await acks.ack([hold('a')]), deletes], [{ acked: 1, failed: 0 }, 2]);
  });

  it('of a real queue is read once and leaves nothing behind, however short its time', async () => {
    const server = await startQueue();
    try {
      const url = await server.createQueue('short');
      const bodies = Array.from({ length: 25 }, (_none, index) => JSON.stringify({ n: index }));
      await sendAll(server.client, url, bodies);
      let polls = 0;
      const client = new URLSearchParams({ region: queueRegion, endpoint: server.endpoint, receivers: '1' }).toString();
      process.env['AWS_ACCESS_KEY_ID'] = queueCredentials.accessKeyId;
      process.env['AWS_SECRET_ACCESS_KEY'] = queueCredentials.secretAccessKey;
      const source = await openSqs(parseSourceUri(`sqs://short?${client}`) as SqsUri, openingOptions({}, '/nowhere'), async (parsed) => withFault(await openQueue(parsed), (command, input) => {
        if (command === 'ReceiveMessageCommand' && ++polls <= 6) Object.assign(input, { VisibilityTimeout: 0 });
        return undefined;
      }));
      const { batches, failed } = await readAll(source);
      assert.deepEqual(bodiesOf(batches.flatMap(seenIn)).sort(), [...bodies].sort());
      assert.equal(failed, 0);
      const { Attributes } = await server.client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] }));
      assert.deepEqual(Object.values(Attributes ?? {}), ['0', '0']);
      assert.ok(polls > 6);
    } finally {
      await server.stop();
    }
  });
});

describe('heartbeats', () => {
  it('go first to what has the least time left, and last to what has none', async () => {
    const hidden: string[] = [];
    const { held, clock, hold } = holding((command, input) => {
      if (command === hiding) hidden.push(...handlesIn(input));
      return {};
    });
    hold('none');
    clock.move(1_500);
    hold('least');
    clock.move(700);
    hold('more');
    clock.move(2_100);
    hold('new');
    await held.heartbeat();
    assert.deepEqual(hidden, ['least-1', 'more-1', 'none-1']);
    await held.heartbeat();
    assert.equal(hidden.length, 3);
  });

  it('do not wait for deletes', async () => {
    let answerDeletes = (): void => undefined;
    const deletesAnswered = new Promise<void>((resolve) => (answerDeletes = resolve));
    let beats = 0;
    const { held, acks, clock, hold } = holding(async (command) => {
      if (command === deleting) await deletesAnswered;
      if (command === hiding) beats++;
      return {};
    });
    const messages = Array.from({ length: 200 }, (_none, index) => hold(`m${index}`));
    const acking = acks.ack(messages);
    clock.move(2_100);
    await held.heartbeat();
    assert.equal(beats, 20);
    answerDeletes();
    assert.deepEqual(await acking, { acked: 200, failed: 0 });
  });

  it('leave out what is deleted or comes again while they are under way', async () => {
    const hidden: string[] = [];
    const { held, clock, hold } = holding((command, input) => {
      if (command !== hiding) return {};
      hidden.push(...handlesIn(input));
      if (hidden.length === 10) {
        held.letGo(messages[45]!);
        held.hold('m46', 'm46-2', 2);
      }
      return {};
    });
    const messages = Array.from({ length: 60 }, (_none, index) => hold(`m${index}`));
    clock.move(2_100);
    await held.heartbeat();
    assert.deepEqual(hidden.sort(), messages.map(({ messageId }) => `${messageId}-1`).filter((handle) => !/^m4[56]-/.test(handle)).sort());
  });

  it('stop for a handle that the queue takes no more, until the message comes again', async () => {
    const hidden: string[] = [];
    let code = 'ReceiptHandleIsInvalid';
    const { held, clock, hold } = holding((command, input) => {
      hidden.push(...handlesIn(input));
      return command === hiding && code !== '' ? { Failed: [{ Id: '0', Code: code }] } : {};
    });
    hold('a');
    const beat = async (): Promise<number> => {
      clock.move(2_100);
      await held.heartbeat();
      return hidden.length;
    };
    assert.deepEqual([await beat(), await beat()], [1, 1]);
    held.hold('a', 'a-2', 2);
    code = 'InternalError';
    assert.deepEqual([await beat(), await beat()], [2, 3]);
    code = '';
    assert.deepEqual([await beat(), hidden], [4, ['a-1', 'a-2', 'a-2', 'a-2']]);
  });
});
