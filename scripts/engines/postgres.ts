import { spawn, type ChildProcess } from 'node:child_process';
import { chown, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '../../src/sources/sql-database.js';
import { databaseUri } from '../orders/load.js';
import { exists, run, say } from './cache.js';
import { end, freePort } from './server.js';

const programs = '/usr/lib/postgresql';
const startMs = 30_000;
const stopMs = 10_000;
const user = 'shop';
/** Of a server on loopback that lives as long as a test. */
const password = 'not-secret';
/** The server refuses to run as root. */
const nobody = 65_534;

/** The folder of PostgreSQL's programs, of Debian's package. @throws Error when it can't be installed */
export async function fetchPostgres(): Promise<string> {
  const known = await newest();
  if (known !== null) return known;
  say('installing postgresql');
  const install = (): Promise<void> => run('apt-get', ['install', '-y', '--no-install-recommends', 'postgresql']);
  // A new machine has no list of packages yet, or an old one.
  await install().catch(async () => {
    await run('apt-get', ['update']);
    await install();
  });
  const installed = await newest();
  if (installed === null) throw new Error(`there is no PostgreSQL below ${programs}: install the package postgresql and run this again`);
  return installed;
}

async function newest(): Promise<string | null> {
  if (!(await exists(programs))) return null;
  const versions = (await readdir(programs)).sort((a, b) => Number(b) - Number(a));
  for (const version of versions) if (await exists(join(programs, version, 'bin', 'initdb'))) return join(programs, version, 'bin');
  return null;
}

/** A PostgreSQL of its own on loopback, as long as the tests of a file run. */
export class Postgres {
  private databases = 0;

  private constructor(
    private readonly port: number,
    private readonly folder: string,
    private readonly server: ChildProcess,
  ) {}

  /** @param bin INGOT_POSTGRES by default @throws Error when it doesn't answer within half a minute */
  static async start(bin: string | undefined = process.env['INGOT_POSTGRES']): Promise<Postgres> {
    if (bin === undefined) throw new Error('INGOT_POSTGRES is not set: run `npm run test:engines`');
    const folder = await mkdtemp(join(tmpdir(), 'ingot-postgres-'));
    const asNobody = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
    if ('uid' in asNobody) await chown(folder, nobody, nobody);
    const data = join(folder, 'data');
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, `${password}\n`);
    if ('uid' in asNobody) await chown(passwordFile, nobody, nobody);
    const made = spawn(join(bin, 'initdb'), ['-D', data, '-U', user, '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--encoding=UTF8', '--no-locale', '--no-sync'], { ...asNobody, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    const said: string[] = [];
    made.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
    const code = await new Promise((resolve, reject) => made.on('error', reject).on('close', resolve));
    if (code !== 0) throw new Error(`initdb: ${said.join('')}`);
    const port = await freePort();
    const server = spawn(join(bin, 'postgres'), ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder, '-F'], { ...asNobody, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    server.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
    const postgres = new Postgres(port, folder, server);
    for (let waitedMs = 0; ; waitedMs += 100) {
      try {
        await postgres.ask('postgres', 'SELECT 1');
        return postgres;
      } catch (error) {
        if (waitedMs < startMs && server.exitCode === null) await delay(100);
        else {
          await postgres.stop();
          throw new Error(`PostgreSQL does not answer: ${said.join('')}`, { cause: error });
        }
      }
    }
  }

  /** The URL of a new, empty database. */
  async database(): Promise<string> {
    const name = `orders_${++this.databases}`;
    await this.ask('postgres', `CREATE DATABASE ${name}`);
    return this.url(name);
  }

  url(database: string, own: { readonly user?: string; readonly password?: string } = {}): string {
    return `postgres://${own.user ?? user}:${own.password ?? password}@127.0.0.1:${this.port}/${database}`;
  }

  async stop(): Promise<void> {
    await end(this.server, stopMs);
    await rm(this.folder, { recursive: true, force: true });
  }

  private async ask(database: string, sql: string): Promise<void> {
    const connection = await connect(databaseUri(this.url(database)), {}, false);
    try {
      await connection.script(sql);
    } finally {
      await connection.close();
    }
  }
}
