import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { systemClock } from '../../src/clock.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { eventBody, withPipeline } from '../support/pipeline.js';
import { sendAll, startQueue, type QueueServer } from '../support/queue.js';
import { ingot, jsonOf, queueEnvironment, startIngot, type Ended, type Running } from './ingot.js';

const events = 400;
const bodies = Array.from({ length: events }, (_none, index) => eventBody({ user_id: `u${index}`, platform: index % 2 === 0 ? 'IOS' : 'ANDROID' }));
const pollMs = 3;
const firstIntent = '_ingot/intents/bronze.shop/00000000000000000001.json';

describe('a consumer of a queue that is stopped or killed', () => {
  let server: QueueServer;
  let environment: NodeJS.ProcessEnv;

  before(async () => {
    environment = { ...process.env };
    Object.assign(process.env, queueEnvironment);
    server = await startQueue();
  });

  after(async () => {
    await server.stop();
    for (const name of Object.keys(queueEnvironment)) {
      if (environment[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = environment[name];
    }
    removeTemporaryFolders();
  });

  async function filledQueue(name: string): Promise<{ readonly url: string; readonly uri: string }> {
    const url = await server.createQueue(name);
    await sendAll(server.client, url, bodies);
    return { url, uri: `sqs://${name}?endpoint=${server.endpoint}&visibility=2` };
  }

  /** Messages that can be received, and those that somebody holds. */
  async function messagesIn(url: string): Promise<number[]> {
    const { Attributes } = await server.client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] }));
    return [Number(Attributes?.['ApproximateNumberOfMessages']), Number(Attributes?.['ApproximateNumberOfMessagesNotVisible'])];
  }

  /** Waits for what another process does; gives false when that has ended before. */
  async function until({ child }: Running, condition: () => boolean): Promise<boolean> {
    while (!condition()) {
      if (child.exitCode !== null) return false;
      await delay(pollMs);
    }
    return true;
  }

  /** Messages in the open windows of a lake. */
  function spooled(lake: string): number {
    const staging = join(lake, '_ingot/staging/bronze.shop');
    if (!existsSync(staging)) return 0;
    return readdirSync(staging).reduce((total, name) => {
      const spool = join(staging, name, 'messages.spool');
      return total + (existsSync(spool) ? readFileSync(spool, 'utf8').split('\n').length - 1 : 0);
    }, 0);
  }

  const isIn = (lake: string, path: string) => (): boolean => existsSync(join(lake, path));

  async function assertWhole(lake: string): Promise<{ readonly received: number; readonly redelivered: number }> {
    return withPipeline(async (pipeline) => {
      await pipeline.silver();
      assert.deepEqual(await pipeline.rows("SELECT count(*) AS n, count(DISTINCT user_id) AS users, count(DISTINCT message_id) AS messages FROM silver.event"), [{ n: String(events), users: String(events), messages: String(events) }]);
      assert.equal(await pipeline.count('bronze.shop'), events);
      const audit = await pipeline.audit();
      assert.deepEqual([audit.balanced, audit.differences, audit.pending, audit.landed, audit.rejected], [true, [], 0, events, 0]);
      return audit;
    }, { root: lake });
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`closes its window on ${signal}, commits it, acknowledges it and ends with 0`, async () => {
      const { url, uri } = await filledQueue(signal);
      const lake = temporaryFolder();
      const running = startIngot(['bronze', 'shop', '--json', '--follow', '--lake', lake, '--from', uri, '--window-age', '1h']);
      assert.ok(await until(running, () => spooled(lake) === events));
      running.child.kill(signal);
      const ended = await running.ended;
      assert.deepEqual([ended.status, ended.signal], [0, null], ended.stderr);
      const { received, landed, commits, notAcked } = jsonOf(ended) as Record<string, unknown>;
      assert.deepEqual({ received, landed, commits, notAcked }, { received: events, landed: events, commits: 1, notAcked: 0 });
      assert.deepEqual(await messagesIn(url), [0, 0]);
      assert.equal((await assertWhole(lake)).received, events);
    });
  }

  for (const [moment, reached] of [
    ['before a commit', (lake: string) => () => spooled(lake) === events],
    ['when the run is written down', (lake: string) => isIn(lake, firstIntent)],
    ['after a commit, before all is acknowledged', (lake: string) => isIn(lake, 'bronze/shop/_delta_log/00000000000000000000.json')],
  ] as const) {
    it(`loses nothing and doubles nothing when it is killed ${moment}`, async () => {
      const { url, uri } = await filledQueue(moment.replace(/[^a-z]/g, '-'));
      const lake = temporaryFolder();
      const running = startIngot(['bronze', 'shop', '--lake', lake, '--from', uri]);
      assert.ok(await until(running, reached(lake)), 'it ended before it could be killed');
      running.child.kill('SIGKILL');
      assert.equal((await running.ended).signal, 'SIGKILL');
      const left = await messagesIn(url);
      const begun = existsSync(join(lake, firstIntent));
      await withPipeline(async (pipeline) => {
        while ((await messagesIn(url)).some((count) => count > 0)) await pipeline.land(uri);
      }, { root: lake, clock: systemClock });
      const { received, redelivered } = await assertWhole(lake);
      assert.equal(received, events + redelivered);
      assert.ok(redelivered <= (begun ? left[0]! + left[1]! : 0), `${redelivered} of ${left.join(' + ')}`);
      assert.deepEqual(readdirSync(join(lake, '_ingot/staging/bronze.shop')), []);
    });
  }

  it('shares a queue with another one: each message is landed by one of them', async () => {
    const { url, uri } = await filledQueue('shared');
    const lake = temporaryFolder();
    const ends: Ended[] = await Promise.all([1, 2].map(() => ingot(['bronze', 'shop', '--json', '--lake', lake, '--from', uri.replace('visibility=2', 'visibility=60'), '--window-rows', '50'])));
    assert.deepEqual(ends.map(({ status }) => status), [0, 0], ends.map(({ stderr }) => stderr).join(''));
    const landed = ends.map((ended) => (jsonOf(ended) as { landed: number }).landed);
    assert.equal((landed[0] ?? 0) + (landed[1] ?? 0), events);
    assert.deepEqual(await messagesIn(url), [0, 0]);
    await assertWhole(lake);
  });
});
