import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { cached, exitCode } from './cache.js';
import { end, freePort } from './server.js';

const version = '1.8.0';
const startMs = 30_000;
const stopMs = 5_000;

/** An S3 server over a folder, built from its Go module. Gives the program. */
export async function fetchVersityGw(): Promise<string> {
  const folder = await cached(`versitygw-${version}`, async (target) => {
    const code = await exitCode('go', ['install', `github.com/versity/versitygw/cmd/versitygw@v${version}`], target, { ...process.env, CGO_ENABLED: '0', GOBIN: target, GOFLAGS: '-modcacherw' });
    if (code !== 0) throw new Error(`go install of versitygw ended with ${code}`);
  });
  return join(folder, 'versitygw');
}

/** One S3 server on loopback, on a free port, over temporary folders. Its region is us-east-1. */
export class VersityGw {
  private server: ChildProcess | null = null;

  private constructor(
    private readonly program: string,
    private readonly folder: string,
    private readonly port: number,
    readonly keyId: string,
    readonly secret: string,
  ) {}

  /** `http://127.0.0.1:<port>`. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** @throws Error when it ends or doesn't answer within half a minute */
  static async start(program: string | undefined = process.env['INGOT_VERSITYGW']): Promise<VersityGw> {
    if (program === undefined) throw new Error('INGOT_VERSITYGW is not set: run `npm run test:engines`');
    const folder = await mkdtemp(join(tmpdir(), 'ingot-s3-'));
    for (const name of ['buckets', 'users']) await mkdir(join(folder, name));
    const server = new VersityGw(program, folder, await freePort(), `key${randomBytes(8).toString('hex')}`, `secret${randomBytes(16).toString('hex')}`);
    await server.resume();
    return server;
  }

  /** Makes a bucket; gives the folder that it is: its objects are files there. */
  async makeBucket(name: string): Promise<string> {
    const folder = join(this.folder, 'buckets', name);
    await mkdir(folder);
    return folder;
  }

  /** A user who may do all, known at once. */
  async makeUser(keyId: string, secret: string): Promise<void> {
    await this.administer(['create-user', '--access', keyId, '--secret', secret, '--role', 'admin']);
  }

  async removeUser(keyId: string): Promise<void> {
    await this.administer(['delete-user', '--access', keyId]);
  }

  /** Starts it again after `halt`, on the same port and folders. */
  async resume(): Promise<void> {
    const options = ['--port', `127.0.0.1:${this.port}`, '--iam-dir', join(this.folder, 'users'), '--iam-cache-disable', '--keep-alive', '--quiet', 'posix', join(this.folder, 'buckets')];
    const server = spawn(this.program, options, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ROOT_ACCESS_KEY: this.keyId, ROOT_SECRET_KEY: this.secret } });
    const output: string[] = [];
    server.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
    server.stderr.setEncoding('utf8').on('data', (text: string) => output.push(text));
    this.server = server;
    try {
      await answering(this.endpoint, server);
    } catch (error) {
      await this.halt('SIGKILL');
      throw new Error(`versitygw did not start:\n${output.join('').slice(-4_000)}`, { cause: error });
    }
  }

  /** Ends the process and keeps its folders. */
  async halt(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const server = this.server;
    this.server = null;
    await end(server, stopMs, signal);
  }

  async stop(): Promise<void> {
    await this.halt();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async administer(request: readonly string[]): Promise<void> {
    await promisify(execFile)(this.program, ['admin', '--endpoint-url', this.endpoint, ...request], { env: { ...process.env, ADMIN_ACCESS_KEY: this.keyId, ADMIN_SECRET_KEY: this.secret } });
  }
}

/** Any HTTP answer will do: without a signature it is a refusal. */
async function answering(endpoint: string, server: ChildProcess): Promise<void> {
  const failure = once(server, 'error').then(([error]) => {
    throw error as Error;
  });
  failure.catch(() => undefined);
  const deadline = Date.now() + startMs;
  while (Date.now() < deadline) {
    if (server.exitCode !== null) throw new Error(`it ended with ${server.exitCode}`);
    const answered = fetch(endpoint, { signal: AbortSignal.timeout(2_000) }).then(
      () => true,
      () => false,
    );
    if (await Promise.race([answered, failure])) return;
    await delay(50);
  }
  throw new Error(`no answer within ${startMs / 1000} s`);
}
