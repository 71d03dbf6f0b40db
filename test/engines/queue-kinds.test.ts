import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { startElasticMq } from '../../scripts/engines/elasticmq.js';
import { ingot, jsonOf, startIngot } from '../commands/ingot.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { eventBody } from '../support/pipeline.js';
import { queueClient, queueRegion, sendAll, startQueue } from '../support/queue.js';

const servers: readonly (readonly [name: string, start: () => Promise<{ readonly endpoint: string; stop(): Promise<void> }>])[] = [
  ['ElasticMQ', () => startElasticMq()],
  ['the embedded queue', startQueue],
];

for (const [name, start] of servers) {
  describe(`queues of every kind: ${name}`, function () {
    this.timeout(180_000);
    let endpoint = '';
    let stop = (): Promise<void> => Promise.resolve();
    let client: SQSClient;

    before(async () => {
      const server = await start();
      ({ endpoint } = server);
      stop = () => server.stop();
      client = queueClient(endpoint);
    });
    after(async () => {
      client.destroy();
      await stop();
      removeTemporaryFolders();
    });

    const uriOf = (queue: string, visibilitySeconds = 300): string => `sqs://${queue}?region=${queueRegion}&endpoint=${encodeURIComponent(endpoint)}&visibility=${visibilitySeconds}`;

    async function created(queue: string, attributes: Readonly<Record<string, string>> = {}): Promise<string> {
      const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: queue, Attributes: { ...attributes } }));
      return QueueUrl ?? '';
    }

    async function attribute(url: string, which: 'ApproximateNumberOfMessages' | 'ApproximateNumberOfMessagesNotVisible' | 'QueueArn'): Promise<string> {
      return (await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [which] }))).Attributes?.[which] ?? '';
    }

    async function left(url: string): Promise<number> {
      return Number(await attribute(url, 'ApproximateNumberOfMessages')) + Number(await attribute(url, 'ApproximateNumberOfMessagesNotVisible'));
    }

    async function landed(lake: string, uri: string, ...options: readonly string[]): Promise<Record<string, number>> {
      const ended = await ingot(['bronze', 'shop', '--from', uri, '--lake', lake, '--json', ...options]);
      assert.equal(ended.status, 0, ended.stderr);
      return jsonOf(ended) as Record<string, number>;
    }

    async function eventsOnce(lake: string, events: number): Promise<void> {
      const silver = await ingot(['silver', 'shop', '--lake', lake]);
      assert.equal(silver.status, 0, silver.stderr);
      const counted = await ingot(['query', 'SELECT count(*) AS events, count(DISTINCT user_id) AS users FROM silver.event', '--lake', lake, '--format', 'ndjson']);
      assert.deepEqual(jsonOf(counted), { events, users: events });
      assert.equal((await ingot(['audit', 'shop', '--lake', lake])).status, 0);
    }

    it('a FIFO queue is drained, whose groups give nothing more while a message of theirs is not deleted', async () => {
      const url = await created('ordered.fifo', { FifoQueue: 'true', ContentBasedDeduplication: 'true' });
      for (let first = 0; first < 60; first += 10) {
        const Entries = Array.from({ length: 10 }, (_none, index) => ({ Id: String(index), MessageBody: eventBody({ user_id: `u${first + index}` }), MessageGroupId: `group-${index % 3}` }));
        await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
      }
      const lake = temporaryFolder();
      const { received, landed: rows } = await landed(lake, uriOf('ordered.fifo'), '--window-rows', '20');
      assert.deepEqual([received, rows, await left(url)], [60, 60, 0]);
      await eventsOnce(lake, 60);
    });

    it('a message of nearly the greatest size is landed to the letter', async () => {
      const url = await created('large');
      const body = eventBody({ user_id: 'u', items: [{ item_id: 'i', item_name: 'ñ'.repeat(130_000) }] });
      await sendAll(client, url, [body]);
      const lake = temporaryFolder();
      assert.equal((await landed(lake, uriOf('large')))['landed'], 1);
      const read = await ingot(['query', 'SELECT md5(body) AS hash, length(body) AS length FROM bronze.shop', '--lake', lake, '--format', 'ndjson']);
      assert.deepEqual(jsonOf(read), { hash: createHash('md5').update(body).digest('hex'), length: body.length });
      await eventsOnce(lake, 1);
    });

    it('a broken message goes to the rejected rows and not to the queue of dead letters', async () => {
      const dead = await created('dead-letters');
      const url = await created('redriven', { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: await attribute(dead, 'QueueArn'), maxReceiveCount: 2 }) });
      await sendAll(client, url, [eventBody({ user_id: 'a' }), '{"event_timestamp":', eventBody({ user_id: 'b' })]);
      const lake = temporaryFolder();
      const { landed: rows, rejected } = await landed(lake, uriOf('redriven'));
      assert.deepEqual([rows, rejected, await left(url), await left(dead)], [2, 1, 0, 0]);
      await eventsOnce(lake, 2);
    });

    it('messages whose time runs out while their consumer stands still are landed by another, and count once', async () => {
      const url = await created('slow');
      await sendAll(client, url, Array.from({ length: 40 }, (_none, index) => eventBody({ user_id: `u${index}` })));
      const lake = temporaryFolder();
      const slow = startIngot(['bronze', 'shop', '--from', uriOf('slow', 2), '--lake', lake]);
      const staging = join(lake, '_ingot/staging/bronze.shop');
      while (!(existsSync(staging) && readdirSync(staging).length > 0) && slow.child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 2));
      slow.child.kill('SIGSTOP');
      for (let others = 0; others < 40; ) others += (await landed(lake, uriOf('slow')))['landed'] ?? 0;
      slow.child.kill('SIGCONT');
      if (slow.child.exitCode === null) await once(slow.child, 'close');
      assert.equal((await slow.ended).status, 0, (await slow.ended).stderr);
      assert.equal(await left(url), 0);
      await eventsOnce(lake, 40);
    });
  });
}
