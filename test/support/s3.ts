import { randomUUID } from 'node:crypto';
import { VersityGw } from '../../scripts/engines/versitygw.js';
import { S3Storage, type S3Options } from '../../src/lake/s3.js';
import { temporaryFolder } from './lake.js';

const bucket = 'ingot-lakes';

/** An S3 server and this process's settings for it, as long as the tests of a file run. */
export class S3Bench {
  private readonly before = new Map<string, string | undefined>();

  private constructor(
    readonly server: VersityGw,
    /** The bucket's objects as files. */
    readonly folder: string,
  ) {}

  static async start(): Promise<S3Bench> {
    const server = await VersityGw.start();
    const bench = new S3Bench(server, await server.makeBucket(bucket));
    for (const [name, value] of Object.entries({ ...bench.environment, AWS_PROFILE: undefined })) bench.set(name, value);
    return bench;
  }

  /** What a process of ours is told. */
  get environment() {
    return {
      AWS_ENDPOINT_URL_S3: this.server.endpoint,
      AWS_ACCESS_KEY_ID: this.server.keyId,
      AWS_SECRET_ACCESS_KEY: this.server.secret,
      AWS_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
  }

  /** Sets a variable of this process until the bench stops; undefined removes it. */
  set(name: string, value: string | undefined): void {
    if (!this.before.has(name)) this.before.set(name, process.env[name]);
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }

  /** A lake that is not there yet. */
  root(): string {
    return `s3://${bucket}/lakes/${randomUUID()}`;
  }

  /** A storage with a scratch folder of its own: another machine. */
  storage(root: string, options: S3Options = {}): S3Storage {
    return new S3Storage(root, { scratch: temporaryFolder(), extensions: process.env['INGOT_HTTPFS_EXTENSION'] ?? null, ...options });
  }

  async stop(): Promise<void> {
    for (const [name, value] of this.before) this.set(name, value);
    await this.server.stop();
  }
}
