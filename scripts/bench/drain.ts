import { DeleteMessageBatchCommand, ReceiveMessageCommand, type Message } from '@aws-sdk/client-sqs';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateShop } from '../../src/generate/shop.js';
import { openQueue, type Queue } from '../../src/sources/sqs-client.js';
import { sendLines } from '../../src/sources/sqs-send.js';
import { parseSourceUri, type SqsUri } from '../../src/sources/uri.js';
import { createQueue, queueClient, queueCredentials, queueRegion } from '../../test/support/queue.js';
import { compare, type PartResult } from './figures.js';
import { pair } from './landing.js';
import { alternate, type Side } from './measure.js';
import { generated, landFrom, type Workbench } from './workbench.js';

const maxMessages = 20_000;
const queueName = 'bench-events';

/** Draining a queue into bronze against a consumer that receives and deletes and does nothing else. */
export async function drain(bench: Workbench): Promise<PartResult> {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  process.env['AWS_ACCESS_KEY_ID'] = queueCredentials.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = queueCredentials.secretAccessKey;
  const server = fork(fileURLToPath(new URL('./queue-server.ts', import.meta.url)), { execArgv: ['--import', 'tsx'] });
  try {
    const [{ endpoint }] = (await once(server, 'message')) as [{ endpoint: string }];
    const client = queueClient(endpoint);
    await createQueue(client, queueName);
    client.destroy();
    return await compareDrains(bench, `sqs://${queueName}?region=${queueRegion}&endpoint=${encodeURIComponent(endpoint)}`);
  } finally {
    await ended(server);
  }
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const exit = once(server, 'exit');
  server.disconnect();
  await exit;
}

async function compareDrains(bench: Workbench, from: string): Promise<PartResult> {
  const uri = parseSourceUri(from);
  if (uri.kind !== 'sqs') throw new Error(`${from} is no queue`);
  const messages = Math.min(maxMessages, bench.events);
  const before = async (): Promise<void> => {
    await sendLines(uri, generateShop({ ...generated, events: messages, form: 'json' }));
  };
  const ingot: Side = { name: 'Ingot', events: messages, before, work: (folder) => landFrom(join(folder, 'lake'), from, bench.dataset) };
  const bare: Side = {
    name: 'receive and delete',
    events: messages,
    before,
    work: async () => {
      const deleted = await receiveAndDelete(uri);
      if (deleted !== messages) throw new Error(`the bare consumer deleted ${deleted} of ${messages} messages`);
    },
  };
  const sides = [ingot, bare];
  const costs = await alternate(sides, bench.runs, bench.folder);
  return { figures: [compare('drain', 'Draining a queue, against receive and delete', pair(ingot, sides, costs), pair(bare, sides, costs), { atLeast: 0.9 })], notes: [] };
}

/** Each receiver deletes what it has while it receives more, and ends, as Ingot does, after a poll of one second that brings nothing. */
async function receiveAndDelete(uri: SqsUri): Promise<number> {
  const queue = await openQueue(uri);
  let deleted = 0;
  const receiver = async (): Promise<void> => {
    let deleting: Promise<number> = Promise.resolve(0);
    for (;;) {
      const messages = await receive(queue, uri);
      const done = await deleting;
      deleted += done;
      if (messages.length === 0) return;
      deleting = remove(queue, messages);
    }
  };
  try {
    await Promise.all(Array.from({ length: uri.receivers }, receiver));
    return deleted;
  } finally {
    queue.client.destroy();
  }
}

async function receive({ client, url }: Queue, { visibilitySeconds }: SqsUri): Promise<Message[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: url, MaxNumberOfMessages: 10, WaitTimeSeconds: 1, VisibilityTimeout: visibilitySeconds,
    MessageSystemAttributeNames: ['SentTimestamp', 'ApproximateReceiveCount'],
  });
  return (await client.send(command)).Messages ?? [];
}

async function remove({ client, url }: Queue, messages: readonly Message[]): Promise<number> {
  const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
  const { Successful = [] } = await client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
  return Successful.length;
}
