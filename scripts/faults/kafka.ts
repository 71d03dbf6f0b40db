import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { KafkaServer } from '../../test/support/kafka.js';
import { closed, listen } from './loopback.js';
import { patiently } from './patience.js';
import type { FaultSource } from './sources.js';

const partitions = 3;
/** Connections that are silent are cut after this. */
const cutMs = 300;

/** A broker, and a proxy before it that all connections go through. */
export class KafkaBench {
  private topics = 0;

  private constructor(
    private readonly server: KafkaServer,
    private readonly proxy: TcpProxy,
  ) {}

  static async start(libs: string): Promise<KafkaBench> {
    process.env['INGOT_KAFKA'] = libs;
    const proxy = await TcpProxy.start();
    const server = await KafkaServer.start({ properties: { 'advertised.listeners': `PLAINTEXT://127.0.0.1:${proxy.port}`, 'group.min.session.timeout.ms': '2000' } });
    proxy.target = server.broker.port;
    return new KafkaBench(server, proxy);
  }

  /** A topic of its own. @param group null: each consumer reads all partitions */
  async source(name: string, portions: readonly (readonly string[])[], group: string | null): Promise<FaultSource> {
    const topic = await this.server.topic(`${name}-${++this.topics}`, partitions);
    const left = [...portions];
    const put = async (lines: readonly string[]): Promise<void> => {
      for (let partition = 0; partition < partitions; partition++) {
        const records = lines.filter((_line, index) => index % partitions === partition).map((value) => ({ value }));
        if (records.length > 0) await this.send(topic, partition, records);
      }
    };
    return {
      kind: 'kafka',
      environment: {},
      endpoint: null,
      uri: () => `kafka://127.0.0.1:${this.proxy.port}/${topic}${group === null ? '' : `?group=${group}`}`,
      arrive: async () => {
        await put(left.shift() ?? []);
        return left.length > 0;
      },
      again: put,
      waiting: () => Promise.resolve(false),
      close: () => Promise.resolve(),
    };
  }

  /** The broker ends and starts again. */
  async restart(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    await this.proxy.quietly(async () => {
      await this.server.broker.halt(signal);
      await patiently(() => this.server.broker.resume());
    });
  }

  async cut(): Promise<void> {
    await this.proxy.cut();
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await this.proxy.stop();
  }

  /** Never while the broker is disturbed: a batch that is sent again would be in the topic twice. */
  private async send(topic: string, partition: number, records: readonly { readonly value: string }[]): Promise<void> {
    await this.proxy.quietly(() => this.server.send(topic, partition, records));
  }
}

/** Connections go through it to the broker, and can be cut in the middle of what the broker says. */
class TcpProxy {
  target = 0;
  port = 0;
  private readonly open = new Set<{ readonly client: Socket; readonly broker: Socket }>();
  private sending: Promise<unknown> = Promise.resolve();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server);
    server.on('connection', (client) => proxy.join(client));
    return Object.assign(proxy, { port: await listen(server) });
  }

  /** One after the other: what is sent, and what is done to the broker. */
  async quietly<T>(work: () => Promise<T>): Promise<T> {
    const done = this.sending.then(work);
    this.sending = done.catch(() => undefined);
    return done;
  }

  /** Of the next answer on each connection half comes through. */
  async cut(): Promise<void> {
    await this.quietly(async () => {
      for (const { client, broker } of this.open) {
        broker.removeAllListeners('data');
        const end = (): void => {
          client.destroy();
          broker.destroy();
        };
        broker.once('data', (chunk: Buffer) => client.write(chunk.subarray(0, Math.floor(chunk.length / 2)), end));
        setTimeout(end, cutMs);
      }
      await delay(2 * cutMs);
    });
  }

  async stop(): Promise<void> {
    for (const { client, broker } of this.open) {
      client.destroy();
      broker.destroy();
    }
    await closed(this.server);
  }

  private join(client: Socket): void {
    const broker = connect(this.target, '127.0.0.1');
    const pair = { client, broker };
    this.open.add(pair);
    const end = (): void => {
      this.open.delete(pair);
      client.destroy();
      broker.destroy();
    };
    for (const socket of [client, broker]) socket.on('error', end).on('close', end);
    client.on('data', (chunk: Buffer) => {
      if (!broker.write(chunk)) {
        client.pause();
        broker.once('drain', () => client.resume());
      }
    });
    broker.on('data', (chunk: Buffer) => {
      if (!client.write(chunk)) {
        broker.pause();
        client.once('drain', () => broker.resume());
      }
    });
  }
}
