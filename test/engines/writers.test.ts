import assert from 'node:assert/strict';
import { startElasticMq, type ElasticMq } from '../../scripts/engines/elasticmq.js';
import { systemClock } from '../../src/clock.js';
import { Lake } from '../../src/lake/lake.js';
import { recordsOf } from '../../src/lake/statistics.js';
import { jsonOf, queueEnvironment, startIngot, type Ended } from '../commands/ingot.js';
import { KafkaServer } from '../support/kafka.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { eventBody } from '../support/pipeline.js';
import { createQueue, queueClient, queueRegion, sendAll } from '../support/queue.js';
import { S3Bench } from '../support/s3.js';
import { required } from './judges.js';

const consumers = 8;
/** Events are sent in so many rounds at least, and until each consumer has said that it committed. */
const leastRounds = 12;
const mostRounds = 100;
const roundEvents = 160;
const waitAtMostMs = 240_000;

describe('eight consumers, with silver, a compaction and a backfill at the same time', function () {
  this.timeout(600_000);
  let elasticMq: ElasticMq;
  let kafka: KafkaServer;
  let s3: S3Bench;

  before(async () => {
    [elasticMq, kafka, s3] = [await startElasticMq(), await KafkaServer.start(), await S3Bench.start()];
  });
  after(async () => {
    await elasticMq.stop();
    await kafka.stop();
    await s3.stop();
    removeTemporaryFolders();
  });

  /** Ends what a test that failed has left. */
  let stopAll = (): Promise<void> => Promise.resolve();
  afterEach(() => stopAll());

  interface Feed {
    readonly uri: string;
    readonly send: (bodies: readonly string[]) => Promise<void>;
  }

  async function queue(name: string): Promise<Feed> {
    const client = queueClient(elasticMq.endpoint);
    const url = await createQueue(client, name);
    client.destroy();
    const send = async (bodies: readonly string[]): Promise<void> => {
      const sender = queueClient(elasticMq.endpoint);
      await sendAll(sender, url, bodies);
      sender.destroy();
    };
    return { uri: `sqs://${name}?region=${queueRegion}&endpoint=${encodeURIComponent(elasticMq.endpoint)}&receivers=1`, send };
  }

  async function topic(name: string): Promise<Feed> {
    const made = await kafka.topic(name, consumers);
    const send = async (bodies: readonly string[]): Promise<void> => {
      for (let partition = 0; partition < consumers; partition++) {
        await kafka.send(made, partition, bodies.filter((_body, index) => index % consumers === partition).map((value) => ({ value })));
      }
    };
    return { uri: kafka.uri(made, { group: name }), send };
  }

  const lakes = {
    'a folder': () => ({ root: temporaryFolder(), options: [] as string[], open: (root: string) => Lake.local(root, { clock: systemClock }), environment: queueEnvironment }),
    S3: () => ({ root: s3.root(), options: ['--duckdb-extensions', required('INGOT_HTTPFS_EXTENSION')], open: (root: string) => new Lake({ storage: s3.storage(root), clock: systemClock, memoryLimitBytes: 1e9, threads: 1, retainMs: 0 }), environment: { ...queueEnvironment, ...s3.environment } }),
  } as const;

  for (const [source, feedOf] of [['one queue', queue], ['one topic', topic]] as const) {
    for (const [storage, lakeOf] of Object.entries(lakes)) {
      it(`of ${source}, into ${storage}: every commit is settled, none starves, each event is there once`, async () => {
        const { root, options, open, environment } = lakeOf();
        const { uri, send } = await feedOf(`writers-${storage === 'S3' ? 's3' : 'local'}`);
        const args = (command: readonly string[]): string[] => [...command, '--lake', root, ...options];
        const run = (command: readonly string[]): Promise<Ended> => startIngot(args(command), '', { ...environment, INGOT_SCRATCH: temporaryFolder() }).ended;
        const running = Array.from({ length: consumers }, () => startIngot(args(['bronze', 'shop', '--from', uri, '--follow', '--window-age', '500ms', '--retain', '1h', '--memory-limit', '256MB', '--threads', '1', '--json']), '', { ...environment, INGOT_SCRATCH: temporaryFolder() }));
        const state = { sending: true };
        stopAll = async () => {
          state.sending = false;
          for (const { child } of running) child.kill('SIGKILL');
          await Promise.all(running.map((each) => each.ended));
        };
        const others = keepAtWork(run, () => state.sending);
        const lake = open(root);
        const idle = new Set(running);
        for (const each of running) each.child.stderr?.on('data', (text: string) => {
          if (/landed in [1-9]/.test(text)) idle.delete(each);
        });
        let round = 0;
        for (; round < leastRounds || (idle.size > 0 && round < mostRounds); round++) {
          await send(Array.from({ length: roundEvents }, (_none, index) => eventBody({ user_id: `u${round * roundEvents + index}`, event_timestamp: Date.parse('2026-01-01T00:00:00Z') + (index % 3) * 86_400_000 })));
          await until(async () => (await landedRows(lake)) >= (round + 1) * roundEvents);
        }
        state.sending = false;
        for (const { child } of running) child.kill('SIGINT');
        const ended = await Promise.all(running.map((each) => each.ended));
        assert.deepEqual(ended.map(({ status, stderr }) => [status, status === 0 ? '' : stderr]), ended.map(() => [0, '']));
        const commits = ended.map((each) => (jsonOf(each) as { readonly commits: number }).commits);
        assert.ok(commits.every((count) => count > 0), `commits of each: ${commits.join(', ')}`);
        const failed = (await others).filter(({ status }) => status !== 0);
        assert.deepEqual(failed.map(({ stderr }) => stderr), []);
        await lake.close();
        const events = round * roundEvents;
        assert.equal((await run(['silver', 'shop'])).status, 0);
        const counted = await run(['query', 'SELECT (SELECT count(*) FROM bronze.shop) AS landed, count(*) AS events, count(DISTINCT user_id) AS users FROM silver.event', '--format', 'ndjson']);
        assert.deepEqual(jsonOf(counted), { landed: events, events, users: events });
        assert.equal((await run(['audit', 'shop'])).status, 0);
      });
    }
  }
});

/** Silver, a compaction, a backfill and a reader, by turns, for as long as it is asked for; each twice at least. */
async function keepAtWork(run: (command: readonly string[]) => Promise<Ended>, goesOn: () => boolean): Promise<Ended[]> {
  const ended: Ended[] = [];
  for (let turn = 0; turn < 2 || goesOn(); turn++) {
    for (const command of [['silver', 'shop'], ['compact', 'shop', '--older-than', '0'], ['backfill', 'shop', '--since', '2026-01-01', '--until', '2026-01-02'], ['query', 'SELECT count(*) FROM bronze.shop']]) {
      const done = await run(command);
      // Before the first window there is no lake to ask.
      if (turn > 0 || done.status === 0) ended.push(done);
    }
  }
  return ended;
}

async function landedRows(lake: Lake): Promise<number> {
  const snapshot = await lake.table('bronze', 'shop').snapshot();
  return [...(snapshot?.files.values() ?? [])].reduce((rows, file) => rows + (recordsOf(file.stats) ?? 0), 0);
}

async function until(reached: () => Promise<boolean>): Promise<void> {
  const endMs = Date.now() + waitAtMostMs;
  while (!(await reached())) {
    assert.ok(Date.now() < endMs, 'the events did not all land');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
