import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cached, run } from './cache.js';
import { end, freePort } from './server.js';

const cliVersion = '1.46.3';
const motoVersion = '5.2.5';
const startMs = 60_000;
const stopMs = 5_000;

/** The AWS CLI, which knows what each request must look like, and moto, which keeps a Glue catalog. Gives the folder of their programs. */
export async function fetchAws(): Promise<string> {
  const folder = await cached(`awscli-${cliVersion}-moto-${motoVersion}`, async (target) => {
    await run('python3', ['-m', 'venv', target]);
    await run(join(target, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `awscli==${cliVersion}`, `moto[glue,server]==${motoVersion}`]);
  });
  return join(folder, 'bin');
}

/** A Glue catalog on loopback, in the memory of one process. */
export class Moto {
  private constructor(
    private readonly server: ChildProcess,
    private readonly programs: string,
    /** `http://127.0.0.1:<port>`. */
    readonly endpoint: string,
  ) {}

  /** @param programs INGOT_AWS by default @throws Error when it ends or doesn't answer within a minute */
  static async start(programs: string | undefined = process.env['INGOT_AWS']): Promise<Moto> {
    if (programs === undefined) throw new Error('INGOT_AWS is not set: run `npm run test:engines`');
    const port = await freePort();
    const server = spawn(join(programs, 'moto_server'), ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
    const moto = new Moto(server, programs, `http://127.0.0.1:${port}`);
    for (let waitedMs = 0; ; waitedMs += 100) {
      const answered = await fetch(`${moto.endpoint}/moto-api/data.json`).then((response) => response.ok, () => false);
      if (answered) return moto;
      if (server.exitCode !== null || waitedMs >= startMs) {
        await moto.stop();
        throw new Error('moto did not start');
      }
      await delay(100);
    }
  }

  /** What a process needs to find the CLI, and the CLI the catalog. */
  get environment(): NodeJS.ProcessEnv {
    return { ...process.env, PATH: `${this.programs}:${process.env['PATH'] ?? ''}`, AWS_ENDPOINT_URL: this.endpoint, AWS_ENDPOINT_URL_S3: undefined, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_DEFAULT_REGION: 'us-east-1', AWS_EC2_METADATA_DISABLED: 'true' };
  }

  async stop(): Promise<void> {
    await end(this.server, stopMs);
  }
}
