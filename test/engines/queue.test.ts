import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { startElasticMq, type ElasticMq } from '../../scripts/engines/elasticmq.js';
import { generateShopWithTruth, type GeneratedLine } from '../../src/generate/shop.js';
import { openLake } from '../../src/library.js';
import { createQueue, queueClient, queueCredentials, queueRegion, sendAll } from '../support/queue.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const events = 3_000;
const lines: readonly GeneratedLine[] = [...generateShopWithTruth({ events, days: 2, seed: 5, form: 'mixed', since: '2026-01-01' })];
const truth = (of: readonly Pick<GeneratedLine, 'kind'>[], kind: GeneratedLine['kind']): number => of.filter((line) => line.kind === kind).length;

describe('a real SQS server, ElasticMQ', function () {
  this.timeout(180_000);
  let server: ElasticMq;
  let folder: string;

  before(async () => {
    server = await startElasticMq();
    folder = mkdtempSync(join(tmpdir(), 'ingot-queue-'));
  });

  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is drained into all layers: every event once, the queue empty, the audit balanced', async () => {
    const queue = await filledQueue('drained');
    const lake = join(folder, 'drained');
    const summary = JSON.parse(await ingot(['run', 'shop', '--from', queue.uri, '--json'], lake)) as { bronze: { received: number; landed: number; rejected: number; redelivered: number } };
    assert.equal(summary.bronze.received, events);
    assert.equal(summary.bronze.landed + summary.bronze.rejected, events);
    assert.equal(summary.bronze.redelivered, 0);
    assert.equal(await left(queue.url), 0);
    await eachEventOnce(lake);
  });

  it('is shared by two consumers at once', async () => {
    const queue = await filledQueue('shared');
    const lake = join(folder, 'shared');
    await Promise.all([1, 2].map(() => ingot(['bronze', 'shop', '--from', queue.uri, '--window-rows', '500'], lake)));
    assert.equal(await left(queue.url), 0);
    await ingot(['run', 'shop', '--from', queue.uri], lake);
    await eachEventOnce(lake);
  });

  for (const [moment, reached] of [
    ['its first window is open', (lake: string) => files(join(lake, '_ingot/staging/bronze.shop')).length > 0],
    ['its first intent is written', (lake: string) => files(join(lake, '_ingot/intents/bronze.shop')).length > 0],
    ['its second version is committed', (lake: string) => existsSync(join(lake, 'bronze/shop/_delta_log/00000000000000000001.json'))],
  ] as const) {
    it(`loses and doubles nothing when the consumer is killed as ${moment}`, async () => {
      const name = moment.replaceAll(' ', '-');
      const queue = await filledQueue(name, 3);
      const lake = join(folder, name);
      const consumer = start(['bronze', 'shop', '--from', queue.uri, '--window-rows', '400'], lake);
      await until(() => reached(lake) || consumer.exitCode !== null);
      consumer.kill('SIGKILL');
      if (consumer.exitCode === null && consumer.signalCode === null) await once(consumer, 'exit');
      await until(async () => (await inFlight(queue.url)) === 0);
      await ingot(['run', 'shop', '--from', queue.uri], lake);
      assert.equal(await left(queue.url), 0);
      await eachEventOnce(lake);
    });
  }

  it('gives its only consumer messages again whose time ran out while it stood still: they land once and count once', async () => {
    const few = lines.slice(0, 400);
    const queue = await filledQueue('stood-still', 4, few);
    const lake = join(folder, 'stood-still');
    const consumer = start(['bronze', 'shop', '--follow', '--json', '--from', queue.uri, '--window-age', '10m', '--window-rows', String(few.length + 1)], lake);
    let stdout = '';
    consumer.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    const closed = once(consumer, 'close');
    const client = queueClient(server.endpoint);
    try {
      await until(async () => (await inFlight(queue.url)) === few.length);
      consumer.kill('SIGSTOP');
      await until(async () => (await visible(queue.url)) === few.length);
      consumer.kill('SIGCONT');
      await until(async () => (await inFlight(queue.url)) === few.length);
      await sendAll(client, queue.url, ['the one that fills the window']);
      await until(async () => (await left(queue.url)) === 0);
      consumer.kill('SIGTERM');
      assert.deepEqual(await closed, [0, null]);
    } finally {
      consumer.kill('SIGKILL');
      client.destroy();
    }
    const { received, landed, rejected, redelivered } = JSON.parse(stdout) as { received: number; landed: number; rejected: number; redelivered: number };
    assert.deepEqual([landed + rejected, received - redelivered], [few.length + 1, few.length + 1]);
    // All came twice. Only one that comes once more while it is being deleted is counted so.
    assert.ok(redelivered < few.length / 10, `${redelivered} redelivered`);
    await ingot(['silver', 'shop'], lake);
    await eachEventOnce(lake, [...few, { kind: 'broken' }]);
  });

  it('names a queue that does not exist, and ends with 1', async () => {
    const consumer = start(['bronze', 'shop', '--from', uriOf('absent', 300)], join(folder, 'absent'));
    let stderr = '';
    consumer.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const [code] = (await once(consumer, 'close')) as [number];
    assert.equal(code, 1);
    assert.match(stderr, /^ingot: the queue absent does not exist\n/);
  });

  function uriOf(queue: string, visibilitySeconds: number): string {
    return `sqs://${queue}?region=${queueRegion}&endpoint=${encodeURIComponent(server.endpoint)}&visibility=${visibilitySeconds}`;
  }

  async function filledQueue(name: string, visibilitySeconds = 300, of = lines): Promise<{ url: string; uri: string }> {
    const client = queueClient(server.endpoint);
    const url = await createQueue(client, name);
    await sendAll(client, url, of.map((line) => line.text));
    client.destroy();
    return { url, uri: uriOf(name, visibilitySeconds) };
  }

  async function attribute(url: string, name: 'ApproximateNumberOfMessages' | 'ApproximateNumberOfMessagesNotVisible'): Promise<number> {
    const client = queueClient(server.endpoint);
    const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [name] }));
    client.destroy();
    return Number(Attributes?.[name]);
  }

  const inFlight = (url: string): Promise<number> => attribute(url, 'ApproximateNumberOfMessagesNotVisible');

  const visible = (url: string): Promise<number> => attribute(url, 'ApproximateNumberOfMessages');

  async function left(url: string): Promise<number> {
    return (await visible(url)) + (await inFlight(url));
  }
});

/** Silver holds what was generated: each event once, each broken one rejected somewhere. */
async function eachEventOnce(lakeFolder: string, of: readonly Pick<GeneratedLine, 'kind'>[] = lines): Promise<void> {
  const verdict = JSON.parse(await ingot(['audit', 'shop', '--json'], lakeFolder)) as { balanced: boolean };
  assert.equal(verdict.balanced, true);
  const lake = await openLake(lakeFolder);
  try {
    const [counts] = await lake.query<{ events: bigint; rejected: bigint }>(
      'SELECT (SELECT count(*) FROM silver.event) AS events, (SELECT count(DISTINCT message_id) FROM silver.shop_rejected) + (SELECT count(DISTINCT message_id) FROM bronze.shop_rejected) AS rejected',
    );
    assert.deepEqual(counts, { events: BigInt(truth(of, 'event')), rejected: BigInt(truth(of, 'broken')) });
  } finally {
    await lake.close();
  }
}

function start(args: readonly string[], lake: string): ChildProcess {
  const env = { ...process.env, AWS_ACCESS_KEY_ID: queueCredentials.accessKeyId, AWS_SECRET_ACCESS_KEY: queueCredentials.secretAccessKey };
  return spawn(process.execPath, ['--import', 'tsx', 'src/cli.ts', ...args, '--lake', lake], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Runs a command to its end; gives its stdout. */
async function ingot(args: readonly string[], lake: string): Promise<string> {
  const child = start(args, lake);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  assert.equal(code, 0, stderr);
  return stdout;
}

function files(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

const lookEveryMs = 2;
const waitAtMostMs = 60_000;

async function until(reached: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = Date.now() + waitAtMostMs;
  while (!(await reached())) {
    assert.ok(Date.now() < endMs, 'the moment never came');
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}
