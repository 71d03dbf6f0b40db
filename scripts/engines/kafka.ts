import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { cached, cacheFolder, exists, run } from './cache.js';
import { end, freePorts } from './server.js';

const version = '4.3.1';
const startMs = 60_000;
const stopMs = 15_000;

/** The folder of Kafka's JAR files: the broker and its tools. */
export async function fetchKafka(): Promise<string> {
  const folder = await cached(`kafka-${version}`, async (target) => {
    await writeFile(join(target, 'pom.xml'), pom);
    await run('mvn', ['--quiet', '--batch-mode', 'dependency:copy-dependencies', '-DoutputDirectory=libs'], target);
  });
  return join(folder, 'libs');
}

/** The same when it was fetched before; null otherwise. */
export async function cachedKafka(): Promise<string | null> {
  const folder = join(cacheFolder(), `kafka-${version}`);
  return (await exists(join(folder, '.complete'))) ? join(folder, 'libs') : null;
}

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>ingot</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>${version}</version>
    </dependency>
  </dependencies>
</project>
`;

export interface KafkaSettings {
  /** Properties of the server beside those that a broker of one node needs. */
  readonly properties?: Readonly<Record<string, string>>;
  /** A listener of its own that asks for TLS and a password: its security protocol, and properties without their `listener.name.…` part. */
  readonly secured?: { readonly protocol: 'SSL' | 'SASL_SSL' | 'SASL_PLAINTEXT'; readonly properties: Readonly<Record<string, string>> };
  /** Users for SCRAM, by name. */
  readonly scramUsers?: Readonly<Record<string, string>>;
}

/** One broker that is its own controller, on loopback, with a log folder of its own. */
export class KafkaBroker {
  private server: ChildProcess | null = null;

  private constructor(
    private readonly libs: string,
    readonly folder: string,
    readonly port: number,
    /** Of the listener that asks who is there; the same as `port` without one. */
    readonly securedPort: number,
  ) {}

  /** `127.0.0.1:<port>`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /**
   * Formats a log folder, starts the broker and waits until it answers.
   * @param libs the folder of its JAR files; INGOT_KAFKA by default
   * @throws Error when it ends or doesn't answer within a minute
   */
  static async start(settings: KafkaSettings = {}, libs: string | undefined = process.env['INGOT_KAFKA']): Promise<KafkaBroker> {
    if (libs === undefined) throw new Error('INGOT_KAFKA is not set: run `npm run test:engines`');
    const [port, controllerPort, securedPort] = await freePorts(3);
    const folder = await mkdtemp(join(tmpdir(), 'ingot-kafka-'));
    const broker = new KafkaBroker(libs, folder, port!, settings.secured === undefined ? port! : securedPort!);
    await writeFile(broker.propertiesPath, propertiesText(serverProperties(folder, port!, controllerPort!, securedPort!, settings)), { mode: 0o600 });
    const users = Object.entries(settings.scramUsers ?? {}).flatMap(([name, password]) => ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => ['--add-scram', `${mechanism}=[name=${name},password=${password}]`]));
    await broker.tool('kafka.tools.StorageTool', ['format', '--cluster-id', 'aW5nb3QtdGVzdC1rYWZrYQ', '--standalone', '--config', broker.propertiesPath, ...users]);
    await broker.resume();
    return broker;
  }

  /** Starts it again after `halt`, on the same port and logs. */
  async resume(): Promise<void> {
    const logPath = join(this.folder, 'server.log');
    const server = spawn('java', [...javaOptions, '-Xmx512m', '-cp', join(this.libs, '*'), 'kafka.Kafka', this.propertiesPath], { stdio: ['ignore', 'pipe', 'pipe'] });
    const log = createWriteStream(logPath, { flags: 'a' });
    server.stdout.pipe(log, { end: false });
    server.stderr.pipe(log, { end: false });
    this.server = server;
    try {
      await this.answering(server);
    } catch (error) {
      await this.halt('SIGKILL');
      throw new Error(`Kafka did not start:\n${(await readFile(logPath, 'utf8')).slice(-4_000)}`, { cause: error });
    }
  }

  /** Ends the process and keeps its logs. */
  async halt(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const server = this.server;
    this.server = null;
    await end(server, stopMs, signal);
  }

  async stop(): Promise<void> {
    await this.halt();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Runs a Java program of Kafka to its end and gives what it prints. @throws Error when it fails */
  async tool(mainClass: string, argumentList: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)('java', [...javaOptions, '-cp', join(this.libs, '*'), mainClass, ...argumentList]);
    return stdout;
  }

  private get propertiesPath(): string {
    return join(this.folder, 'server.properties');
  }

  private async answering(server: ChildProcess): Promise<void> {
    const deadline = Date.now() + startMs;
    while (Date.now() < deadline) {
      if (server.exitCode !== null) throw new Error(`it ended with ${server.exitCode}`);
      if (await accepts(this.port)) return;
      await delay(200);
    }
    throw new Error(`no answer within ${startMs / 1000} s`);
  }
}

/** Short runs gain nothing from the second compiler. */
const javaOptions = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

function serverProperties(folder: string, port: number, controllerPort: number, securedPort: number, { properties, secured }: KafkaSettings): Record<string, string> {
  const listener = secured === undefined ? '' : `,SECURED://127.0.0.1:${securedPort}`;
  const own = Object.entries(secured?.properties ?? {}).map(([name, value]) => [`listener.name.secured.${name}`, value] as const);
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}${listener}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}${listener}`,
    'listener.security.protocol.map': `PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT${secured === undefined ? '' : `,SECURED:${secured.protocol}`}`,
    'log.dirs': join(folder, 'logs'),
    'auto.create.topics.enable': 'true',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '1',
    'group.initial.rebalance.delay.ms': '0',
    'log.cleaner.backoff.ms': '200',
    'log.retention.check.interval.ms': '500',
    ...Object.fromEntries(own),
    ...properties,
  };
}

function propertiesText(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties).map(([name, value]) => `${name}=${value}\n`).join('');
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  }).then((answer) => {
    socket.destroy();
    return answer as boolean;
  });
}
