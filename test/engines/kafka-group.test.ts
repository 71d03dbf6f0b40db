import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock, type Clock } from '../../src/clock.js';
import { land } from '../../src/commands/bronze.js';
import { ingot, jsonOf, startIngot, type Ended, type Running } from '../commands/ingot.js';
import { inLake, KafkaServer, positions, span } from '../support/kafka.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { withPipeline } from '../support/pipeline.js';

const firstIntent = '_ingot/intents/bronze.shop/00000000000000000001.json';
const firstCommit = 'bronze/shop/_delta_log/00000000000000000000.json';

interface Summary {
  readonly received: number;
  readonly landed: number;
  readonly commits: number;
}

const summaryOf = (ended: Ended): Summary => {
  assert.equal(ended.status, 0, ended.stderr);
  return jsonOf(ended) as Summary;
};

/** Waits for what another process does; gives false when that has ended before. */
async function until({ child }: Running, condition: () => boolean | Promise<boolean>): Promise<boolean> {
  while (!(await condition())) {
    if (child.exitCode !== null || child.signalCode !== null) return false;
    await delay(3);
  }
  return true;
}

/** Records in the open windows of a lake. */
function spooled(lake: string): number {
  const staging = join(lake, '_ingot/staging/bronze.shop');
  if (!existsSync(staging)) return 0;
  return readdirSync(staging).reduce((rows, folder) => {
    const path = join(staging, folder, 'records.spool');
    return rows + (existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0);
  }, 0);
}

/** True while a window's rows are being written as Parquet. */
function isLanding(lake: string): boolean {
  const staging = join(lake, '_ingot/staging/bronze.shop');
  return existsSync(staging) && readdirSync(staging).some((folder) => existsSync(join(staging, folder, 'rows')));
}

async function landedRows(lake: string): Promise<number> {
  return existsSync(join(lake, firstCommit)) ? inLake(lake, async (pipeline) => (await positions(pipeline)).length) : 0;
}

/** Each of these offsets once, and an audit that balances with them. */
async function assertWhole(lake: string, expected: readonly string[]): Promise<void> {
  await inLake(lake, async (pipeline) => {
    assert.deepEqual(await positions(pipeline), [...expected].sort());
    const audit = await pipeline.audit();
    assert.deepEqual([audit.balanced, audit.differences, audit.received, audit.redelivered], [true, [], expected.length, 0]);
  });
}

/** Follows in this process, with long waits made short, until the work is done. */
async function following(lake: string, uri: string, stop: AbortController, work: (landed: (rows: number) => Promise<void>) => Promise<void>): Promise<void> {
  const clock: Clock = { nowMs: () => Date.now(), sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 500), signal) };
  await withPipeline(async (pipeline) => {
    const context = { ...pipeline.context({ from: uri, follow: true, windowAge: '200ms' }), signal: stop.signal };
    const landing = land(context, pipeline.dataset);
    try {
      await Promise.race([landing.then(() => Promise.reject(new Error('it has ended'))), work(async (rows) => {
        while (!stop.signal.aborted && (await landedRows(lake)) < rows) await delay(50);
      })]);
    } finally {
      stop.abort();
      await landing;
    }
  }, { root: lake, clock });
}

describe('consumers of a topic', function () {
  this.timeout(120_000);
  let server: KafkaServer;
  const started: Running[] = [];
  let stop = new AbortController();

  before(async () => {
    server = await KafkaServer.start();
  });
  afterEach(async () => {
    stop.abort();
    for (const { child, ended } of started.splice(0)) {
      child.kill('SIGKILL');
      await ended;
    }
  });
  after(async () => {
    await server.stop();
    removeTemporaryFolders();
  });

  /** A process that is ended with the test at the latest. */
  function start(args: readonly string[]): Running {
    const running = startIngot(args);
    started.push(running);
    return running;
  }

  async function filled(name: string, partitions = 2, each = 200): Promise<{ readonly topic: string; readonly all: string[] }> {
    const topic = await server.topic(name, partitions);
    for (let partition = 0; partition < partitions; partition++) await server.sendEvents(topic, partition, each);
    return { topic, all: Array.from({ length: partitions }, (_none, partition) => span(partition, 0, each)).flat() };
  }

  for (const [moment, reached] of [
    ['before a commit', (lake: string) => spooled(lake) === 400],
    ['in the middle of landing', isLanding],
    ['when the run is written down', (lake: string) => existsSync(join(lake, firstIntent))],
    ['after the commit, before the group is told', (lake: string) => existsSync(join(lake, firstCommit))],
  ] as const) {
    it(`have each offset once after one was killed ${moment}`, async () => {
      const { topic, all } = await filled(`killed-${moment.replace(/[^a-z]/g, '-')}`);
      const lake = temporaryFolder();
      const running = start(['bronze', 'shop', '--lake', lake, '--from', server.uri(topic)]);
      assert.ok(await until(running, () => reached(lake)), 'it ended before it could be killed');
      running.child.kill('SIGKILL');
      assert.equal((await running.ended).signal, 'SIGKILL');
      summaryOf(await ingot(['bronze', 'shop', '--json', '--lake', lake, '--from', server.uri(topic)]));
      await assertWhole(lake, all);
    });
  }

  it('end their drains together, whoever has landed what', async () => {
    const { topic, all } = await filled('shared', 4);
    const lake = temporaryFolder();
    const summaries = (await Promise.all([1, 2].map(() => ingot(['bronze', 'shop', '--json', '--lake', lake, '--from', server.uri(topic, { group: topic }), '--window-rows', '100'])))).map(summaryOf);
    assert.equal(summaries.reduce((total, { received }) => total + received, 0), 800);
    await assertWhole(lake, all);
    const [told] = await server.admin.listConsumerGroupOffsets({ groups: [topic] });
    assert.deepEqual(told?.topics[0]?.partitions.map(({ committedOffset }) => committedOffset), [200n, 200n, 200n, 200n]);
  });

  it('read the same partitions without a group, and land each offset once all the same', async () => {
    const { topic, all } = await filled('no-group', 2, 600);
    const lake = temporaryFolder();
    const summaries = (await Promise.all([1, 2, 3].map(() => ingot(['bronze', 'shop', '--json', '--lake', lake, '--from', server.uri(topic), '--window-rows', '100'])))).map(summaryOf);
    assert.equal(summaries.reduce((total, { received }) => total + received, 0), 1200);
    await assertWhole(lake, all);
  });

  it('come and go, one killed and one stopped, while events come: each offset once', async () => {
    const topic = await server.topic('come-and-go', 4);
    const lake = temporaryFolder();
    const uri = server.uri(topic, { group: topic });
    const follow = (): Running => start(['bronze', 'shop', '--json', '--follow', '--lake', lake, '--from', uri, '--window-age', '300ms']);
    let sent = 0;
    const send = async (): Promise<void> => {
      for (let partition = 0; partition < 4; partition++) await server.sendEvents(topic, partition, 50, sent);
      sent += 50;
    };
    await send();
    const first = follow();
    assert.ok(await until(first, async () => (await landedRows(lake)) >= 200));
    const second = follow();
    for (let round = 0; round < 5; round++) await send();
    assert.ok(await until(second, async () => (await landedRows(lake)) >= 1200));
    first.child.kill('SIGKILL');
    await first.ended;
    await send();
    const third = follow();
    await send();
    assert.ok(await until(third, async () => (await landedRows(lake)) >= 1600));
    second.child.kill('SIGTERM');
    summaryOf(await second.ended);
    await send();
    assert.ok(await until(third, async () => (await landedRows(lake)) >= 1800));
    third.child.kill('SIGTERM');
    summaryOf(await third.ended);
    await assertWhole(lake, [0, 1, 2, 3].flatMap((partition) => span(partition, 0, sent)));
  });

  for (const [how, grouped] of [['alone', false], ['as a group', true]] as const) {
    it(`take up partitions that are added while they follow ${how}, from their beginning`, async () => {
      stop = new AbortController();
      const topic = await server.topic('grown', 1);
      const lake = temporaryFolder();
      await server.sendEvents(topic, 0, 10);
      await following(lake, server.uri(topic, { from: 'earliest', ...(grouped ? { group: topic } : {}) }), stop, async (landed) => {
        await landed(10);
        await server.admin.createPartitions({ topics: [{ name: topic, count: 2, assignments: [{ brokerIds: [1] }] }] });
        await delay(500);
        await server.sendEvents(topic, 1, 10);
        await landed(20);
      });
      await assertWhole(lake, [...span(0, 0, 10), ...span(1, 0, 10)]);
    });
  }

  it('go on by themselves when the broker is killed and comes back, and say so', async () => {
    const { topic, all } = await filled('restarted', 2, 50);
    const lake = temporaryFolder();
    const running = start(['bronze', 'shop', '--json', '--follow', '--lake', lake, '--from', server.uri(topic, { group: topic }), '--window-age', '300ms']);
    assert.ok(await until(running, async () => (await landedRows(lake)) === 100));
    await server.broker.halt('SIGKILL');
    await delay(3_000);
    await server.broker.resume();
    for (const partition of [0, 1]) await server.sendEvents(topic, partition, 50, 50);
    assert.ok(await until(running, async () => (await landedRows(lake)) === 200));
    running.child.kill('SIGTERM');
    const ended = await running.ended;
    summaryOf(ended);
    assert.match(ended.stderr, /can't be reached: .*; trying again/);
    assert.match(ended.stderr, /answer again/);
    await assertWhole(lake, [...all, ...span(0, 50, 50), ...span(1, 50, 50)]);
  });
});
