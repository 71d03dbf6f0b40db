import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cached, cacheFolder, exists, run } from './cache.js';
import { end, freePorts } from './server.js';

const version = '476';
const leastJava = 24;
const startMs = 120_000;
const stopMs = 15_000;
const plugins = ['hive', 'iceberg'];

export interface TrinoPrograms {
  /** Trino's folder: `lib` and `plugin`. */
  readonly home: string;
  /** A java of version 24 or newer. */
  readonly java: string;
}

/** Trino with the connectors that the tests need. @throws Error without a Java that runs it */
export async function fetchTrino(): Promise<TrinoPrograms> {
  const home = await cached(`trino-${version}`, async (target) => {
    const server = await artifact('trino-server-core', 'tar.gz');
    await run('tar', ['-xzf', server, '-C', target, '--strip-components=1']);
    await rm(join(target, 'plugin'), { recursive: true, force: true });
    await mkdir(join(target, 'plugin'));
    for (const name of plugins) await run('python3', ['-m', 'zipfile', '-e', await artifact(`trino-${name}`, 'zip'), join(target, 'plugin')]);
  });
  return { home, java: await findJava() };
}

/** The same when it was fetched before; null otherwise. */
export async function cachedTrino(): Promise<TrinoPrograms | null> {
  return (await exists(join(cacheFolder(), `trino-${version}`, '.complete'))) ? fetchTrino() : null;
}

async function artifact(name: string, type: string): Promise<string> {
  await run('mvn', ['--quiet', '--batch-mode', 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get', `-Dartifact=io.trino:${name}:${version}:${type}`, '-Dtransitive=false']);
  return join(homedir(), '.m2', 'repository', 'io', 'trino', name, version, `${name}-${version}.${type}`);
}

/** Trino does not run on the Java that Debian calls its default. */
async function findJava(): Promise<string> {
  const folder = '/usr/lib/jvm';
  const homes = [process.env['INGOT_JAVA_HOME'], process.env['JAVA_HOME'], ...((await exists(folder)) ? (await readdir(folder)).map((name) => join(folder, name)) : [])];
  for (const home of homes) {
    if (home === undefined || !(await exists(join(home, 'release')))) continue;
    const found = /^JAVA_VERSION="(\d+)/m.exec(await readFile(join(home, 'release'), 'utf8'));
    if (Number(found?.[1] ?? 0) >= leastJava) return join(home, 'bin', 'java');
  }
  throw new Error(`Trino ${version} needs Java ${leastJava} or newer: install one below ${folder}, or name its folder in INGOT_JAVA_HOME, and run this again`);
}

export interface TrinoSettings {
  /** Nodes beside the coordinator; without one the coordinator works itself. Default 1. */
  readonly workers?: number;
  /** Where the tables of a bucket are; else the file system is this machine's, and `local:///a/b` is its `/a/b`. */
  readonly s3?: { readonly endpoint: string; readonly region: string; readonly accessKeyId: string; readonly secretAccessKey: string; readonly bucket: string };
  /** Lines for the coordinator's configuration. */
  readonly properties?: Readonly<Record<string, string>>;
  /** More of the catalog `hive`. */
  readonly hive?: Readonly<Record<string, string>>;
  /** Other files of its configuration, by name. `{{folder}}` in properties is their folder. */
  readonly files?: Readonly<Record<string, string>>;
  readonly heapMb?: number;
  /** The coordinator's; default: one that is free. */
  readonly port?: number;
}

interface Node {
  readonly name: string;
  readonly process: ChildProcess;
}

/** A coordinator and its workers on loopback, with the catalogs `hive` and `iceberg`; their metastores are files of its folder. */
export class Trino {
  private nodes: Node[] = [];

  private constructor(
    private readonly programs: TrinoPrograms,
    readonly folder: string,
    readonly port: number,
    private readonly settings: TrinoSettings,
  ) {}

  /**
   * Starts it and waits until each of its nodes is active.
   * @param programs INGOT_TRINO and INGOT_TRINO_JAVA by default
   * @throws Error when one ends or doesn't answer within two minutes
   */
  static async start(settings: TrinoSettings = {}, programs: TrinoPrograms = fromEnvironment()): Promise<Trino> {
    const [free = 0] = await freePorts(1);
    const port = settings.port ?? free;
    const trino = new Trino(programs, await mkdtemp(join(tmpdir(), 'ingot-trino-')), port, settings);
    try {
      await trino.startNode('coordinator', port);
      const workers = settings.workers ?? 1;
      for (let worker = 1; worker <= workers; worker++) await trino.startWorker();
      await trino.ready(1 + workers);
    } catch (error) {
      await trino.stop();
      throw error;
    }
    return trino;
  }

  /** `http://127.0.0.1:<port>`. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** One more worker; it takes part once `ready` has counted it. */
  async startWorker(): Promise<void> {
    const [port = 0] = await freePorts(1);
    await this.startNode(`worker-${this.nodes.length}-${port}`, port);
  }

  /** Ends a worker as a machine that fails does. */
  async killWorker(): Promise<void> {
    const index = this.nodes.findIndex(({ name }) => name !== 'coordinator');
    const [worker] = index === -1 ? [] : this.nodes.splice(index, 1);
    await end(worker?.process ?? null, stopMs, 'SIGKILL');
  }

  /** Waits until so many nodes are active. */
  async ready(nodes: number): Promise<void> {
    for (let waitedMs = 0; ; waitedMs += 250) {
      const active = await this.activeNodes();
      if (active === nodes) return;
      const ended = this.nodes.find(({ process: each }) => each.exitCode !== null);
      if (ended !== undefined || waitedMs >= startMs) throw new Error(`Trino ${ended === undefined ? `has ${active} of ${nodes} nodes` : `ended with ${ended.process.exitCode ?? 'a signal'}`}: ${await this.lastWords()}`);
      await delay(250);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map(({ process: each }) => end(each, stopMs)));
    this.nodes = [];
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Rows of a statement, as the protocol gives them. @throws Error with the engine's message */
  async rows(sql: string, headers: Readonly<Record<string, string>> = {}): Promise<unknown[][]> {
    const rows: unknown[][] = [];
    let answer = await this.ask(`${this.url}/v1/statement`, { method: 'POST', body: sql, headers: { 'X-Trino-User': 'test', 'X-Trino-Time-Zone': 'UTC', ...headers } });
    for (;;) {
      if (answer.error !== undefined) throw new Error(`${answer.error.errorName}: ${answer.error.message}`);
      rows.push(...(answer.data ?? []));
      if (answer.nextUri === undefined) return rows;
      answer = await this.ask(answer.nextUri, { headers: { 'X-Trino-User': 'test' } });
    }
  }

  private async ask(url: string, init: RequestInit): Promise<{ readonly data?: unknown[][]; readonly nextUri?: string; readonly error?: { readonly message: string; readonly errorName: string } }> {
    const response = await fetch(url, init);
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    return (await response.json()) as Awaited<ReturnType<Trino['ask']>>;
  }

  private async activeNodes(): Promise<number> {
    try {
      // A node that is active may not be given work yet, which this needs.
      const [row] = await this.rows(`SELECT count(*) FROM system.runtime.nodes CROSS JOIN UNNEST(sequence(1, 1)) AS once(n) WHERE state = 'active' AND n + random(1) > 0`);
      return Number(row?.[0] ?? 0);
    } catch {
      return 0;
    }
  }

  private async startNode(name: string, port: number): Promise<void> {
    const { home, java } = this.programs;
    const folder = join(this.folder, name);
    await mkdir(join(folder, 'catalog'), { recursive: true });
    const isCoordinator = name === 'coordinator';
    const own = isCoordinator ? (this.settings.properties ?? {}) : {};
    await writeProperties(join(folder, 'config.properties'), {
      'coordinator': String(isCoordinator), 'http-server.http.port': String(port), 'discovery.uri': this.url, 'node.internal-address': '127.0.0.1', 'node.bind-ip': '127.0.0.1',
      'node.environment': 'ingot', 'node.id': randomUUID(), 'plugin.dir': join(home, 'plugin'), 'catalog.config-dir': join(folder, 'catalog'),
      ...(isCoordinator ? { 'node-scheduler.include-coordinator': String((this.settings.workers ?? 1) === 0) } : {}),
      ...Object.fromEntries(Object.entries(own).map(([key, value]) => [key, value.replaceAll('{{folder}}', folder)])),
    });
    for (const [file, text] of Object.entries(isCoordinator ? (this.settings.files ?? {}) : {})) await writeFile(join(folder, file), text.replaceAll('{{folder}}', folder));
    for (const [catalog, properties] of Object.entries(this.catalogs())) await writeProperties(join(folder, 'catalog', `${catalog}.properties`), properties);
    const log = createWriteStream(join(folder, 'log.txt'));
    const server = spawn(java, [`-Xmx${this.settings.heapMb ?? 2048}M`, ...javaOptions, `-Dconfig=${join(folder, 'config.properties')}`, '-cp', join(home, 'lib', '*'), 'io.trino.server.TrinoServer'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    server.stdout.pipe(log, { end: false });
    server.stderr.pipe(log, { end: false });
    this.nodes.push({ name, process: server });
  }

  private catalogs(): Record<string, Record<string, string>> {
    const { s3 } = this.settings;
    const metastore = s3 === undefined ? `local://${join(this.folder, 'metastore')}` : `s3://${s3.bucket}/metastore`;
    const storage = s3 === undefined
      ? { 'fs.native-local.enabled': 'true', 'local.location': '/' }
      : { 'fs.native-s3.enabled': 'true', 's3.endpoint': s3.endpoint, 's3.region': s3.region, 's3.path-style-access': 'true', 's3.aws-access-key': s3.accessKeyId, 's3.aws-secret-key': s3.secretAccessKey };
    return {
      hive: { 'connector.name': 'hive', 'hive.metastore': 'file', 'hive.metastore.catalog.dir': `${metastore}/hive`, 'hive.security': 'allow-all', 'hive.non-managed-table-writes-enabled': 'true', ...storage, ...this.settings.hive },
      iceberg: { 'connector.name': 'iceberg', 'iceberg.catalog.type': 'TESTING_FILE_METASTORE', 'hive.metastore.catalog.dir': `${metastore}/iceberg`, 'iceberg.compression-codec': 'ZSTD', 'iceberg.security': 'allow_all', ...storage },
    };
  }

  private async lastWords(): Promise<string> {
    const texts = await Promise.all(this.nodes.map(({ name }) => readFile(join(this.folder, name, 'log.txt'), 'utf8').catch(() => '')));
    return texts.map((text) => text.split('\n').filter((line) => /ERROR|Error|Exception|^\d+\) /.test(line)).slice(-5).join('\n')).join('\n');
  }
}

const javaOptions = ['-XX:+UseG1GC', '-XX:G1HeapRegionSize=32M', '-XX:+ExitOnOutOfMemoryError', '-Djdk.attach.allowAttachSelf=true', '--add-modules=jdk.incubator.vector', '--sun-misc-unsafe-memory-access=allow', '--enable-native-access=ALL-UNNAMED', '-Duser.timezone=UTC', '-Dfile.encoding=UTF-8'];

function fromEnvironment(): TrinoPrograms {
  const home = process.env['INGOT_TRINO'];
  const java = process.env['INGOT_TRINO_JAVA'];
  if (home === undefined || java === undefined) throw new Error('INGOT_TRINO is not set: run `npm run test:engines`');
  return { home, java };
}

function writeProperties(path: string, properties: Readonly<Record<string, string>>): Promise<void> {
  return writeFile(path, Object.entries(properties).map(([key, value]) => `${key}=${value}\n`).join(''), { mode: 0o600 });
}
