import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cached, run } from './cache.js';
import { end, freePort } from './server.js';

const version = '1.7.1';
const startMs = 60_000;
const stopMs = 5_000;

/** The folder of ElasticMQ's JAR files. */
export async function fetchElasticMq(): Promise<string> {
  const folder = await cached(`elasticmq-${version}`, async (target) => {
    await writeFile(join(target, 'pom.xml'), pom);
    await run('mvn', ['--quiet', '--batch-mode', 'dependency:copy-dependencies', '-DoutputDirectory=libs'], target);
  });
  return join(folder, 'libs');
}

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>ingot</groupId>
  <artifactId>elasticmq</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.elasticmq</groupId>
      <artifactId>elasticmq-server_2.13</artifactId>
      <version>${version}</version>
    </dependency>
  </dependencies>
</project>
`;

export interface ElasticMq {
  /** `http://127.0.0.1:<port>`; region and credentials may be any. */
  readonly endpoint: string;
  stop(): Promise<void>;
}

/**
 * Starts an SQS server of its own on loopback, on a free port, and waits until it answers.
 * @param libs the folder of its JAR files; INGOT_ELASTICMQ by default
 * @throws Error when it ends or doesn't answer within a minute
 */
export async function startElasticMq(libs: string | undefined = process.env['INGOT_ELASTICMQ']): Promise<ElasticMq> {
  if (libs === undefined) throw new Error('INGOT_ELASTICMQ is not set: run `npm run test:engines`');
  const port = await freePort();
  const settings = {
    'rest-sqs.bind-hostname': '127.0.0.1',
    'rest-sqs.bind-port': port,
    'rest-sqs.sqs-limits': 'strict',
    'rest-stats.enabled': false,
    'node-address.host': '127.0.0.1',
    'node-address.port': port,
  };
  const options = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`);
  const server = spawn('java', ['-Xmx512m', '-cp', join(libs, '*'), ...options, 'org.elasticmq.server.Main'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output: string[] = [];
  server.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
  server.stderr.setEncoding('utf8').on('data', (text: string) => output.push(text));
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await answering(endpoint, server);
  } catch (error) {
    await end(server, stopMs);
    throw new Error(`ElasticMQ did not start:\n${output.join('')}`, { cause: error });
  }
  return { endpoint, stop: () => end(server, stopMs) };
}

async function answering(endpoint: string, server: ChildProcess): Promise<void> {
  const failure = once(server, 'error').then(([error]) => {
    throw error as Error;
  });
  failure.catch(() => undefined);
  const deadline = Date.now() + startMs;
  while (Date.now() < deadline) {
    if (server.exitCode !== null) throw new Error(`it ended with ${server.exitCode}`);
    const answered = fetch(`${endpoint}/?Action=ListQueues`, { signal: AbortSignal.timeout(2_000) }).then(
      (response) => response.ok,
      () => false,
    );
    if (await Promise.race([answered, failure])) return;
    await delay(200);
  }
  throw new Error(`no answer within ${startMs / 1000} s`);
}
