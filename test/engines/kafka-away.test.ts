import assert from 'node:assert/strict';
import { ingot, jsonOf, startIngot, type Running } from '../commands/ingot.js';
import { inLake, KafkaServer, positions, span } from '../support/kafka.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';

/** Resolves when a process has said this. */
async function said({ child, ended }: Running, pattern: RegExp): Promise<void> {
  let stderr = '';
  const found = new Promise<void>((resolve) => child.stderr?.on('data', (text: string) => {
    stderr += text;
    if (pattern.test(stderr)) resolve();
  }));
  await Promise.race([found, ended.then((end) => assert.match(end.stderr, pattern))]);
}

describe('a consumer that starts while the broker is away', function () {
  this.timeout(120_000);
  let server: KafkaServer;
  let topic: string;

  before(async () => {
    server = await KafkaServer.start();
    topic = await server.topic('away');
    await server.sendEvents(topic, 0, 30);
    await server.broker.halt();
  });
  after(async () => {
    await server.stop();
    removeTemporaryFolders();
  });

  const bronze = (lake: string, settings: Readonly<Record<string, string>> = {}): string[] => ['bronze', 'shop', '--json', '--lake', lake, '--from', server.uri(topic, settings)];
  const waiting = (): RegExp => new RegExp(`the brokers of ${topic} can't be reached: .*ECONNREFUSED.*; waiting for ${server.broker.address.replaceAll('.', '\\.')}, for \\d+ s yet\\n`);

  it('ends with the reason when the time that it is given is over', async () => {
    for (const [settings, waits] of [[{ wait: '1' }, true], [{ wait: '0' }, false]] as const) {
      const ended = await ingot(bronze(temporaryFolder(), settings));
      assert.equal(ended.status, 1);
      assert.equal(waiting().test(ended.stderr), waits, ended.stderr);
      assert.match(ended.stderr, /ingot: the brokers of .* can't be reached: .*\n/);
    }
  });

  it('is ended by a signal while it waits', async () => {
    const running = startIngot(bronze(temporaryFolder(), { wait: '86400' }));
    await said(running, waiting());
    running.child.kill('SIGINT');
    const ended = await running.ended;
    assert.deepEqual([ended.status, ended.signal], [0, null]);
  });

  it('lands everything once the broker is there', async () => {
    const lake = temporaryFolder();
    const running = startIngot(bronze(lake, { group: 'away', wait: '110' }));
    await said(running, waiting());
    await server.broker.resume();
    const ended = await running.ended;
    assert.equal(ended.status, 0, ended.stderr);
    assert.equal((jsonOf(ended) as { landed: number }).landed, 30);
    await inLake(lake, async (pipeline) => assert.deepEqual(await positions(pipeline), span(0, 0, 30).sort()));
  });
});
