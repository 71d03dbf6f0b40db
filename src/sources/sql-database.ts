import { existsSync, linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LakeError, systemCode } from '../errors.js';
import type { SqlUri } from './uri.js';

/** A connection to a database that speaks PostgreSQL. Statements run one after the other; values come as texts. */
export interface Database {
  query(sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** Runs several statements. */
  script(sql: string): Promise<void>;
  close(): Promise<void>;
}

/** Variables that may hold a password. */
export type DatabaseEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * @param create make an embedded one that is not there yet
 * @throws the driver's errors; LakeError SOURCE_NOT_FOUND, SOURCE_DENIED of an embedded one
 */
export async function connect({ engine, url, name }: SqlUri, environment: DatabaseEnvironment, create: boolean): Promise<Database> {
  return engine === 'pglite' ? embedded(url, name, create) : server(url, environment);
}

const connectTimeoutMs = 10_000;

async function server(url: string, environment: DatabaseEnvironment): Promise<Database> {
  const { default: pg } = await import('pg');
  const password = environment['PGPASSWORD'];
  const client = new pg.Client({
    connectionString: url,
    ...(password === undefined || new URL(url).password !== '' ? {} : { password }),
    connectionTimeoutMillis: connectTimeoutMs,
    application_name: 'ingot',
    types: { getTypeParser: () => (value: string) => value },
  });
  // A connection that is lost between statements is told by the next one.
  client.on('error', () => undefined);
  await client.connect();
  return {
    query: async (sql, values = []) => (await client.query<Record<string, unknown>>(sql, [...values])).rows,
    script: async (sql) => {
      await client.query(sql);
    },
    close: () => client.end(),
  };
}

async function embedded(folder: string, name: string, create: boolean): Promise<Database> {
  if (!existsSync(join(folder, 'PG_VERSION'))) {
    if (!create) throw new LakeError(`there is no database ${name}`, { code: 'SOURCE_NOT_FOUND', op: 'connect', path: name, hint: 'Load one first: npm run orders:load -- orders.csv order_items.csv --db pglite://FOLDER' });
    if (existsSync(folder) && readdirSync(folder).length > 0) throw new LakeError(`${name} has other files, and no database`, { code: 'SOURCE_UNREADABLE', op: 'connect', path: name, hint: 'Give a folder that is empty or not there: a database fills one with files of its own.' });
  }
  const lock = lockFolder(folder, name);
  try {
    const { PGlite } = await import('@electric-sql/pglite');
    const database = await PGlite.create(folder);
    return {
      query: async (sql, values = []) => (await database.query<Record<string, unknown>>(sql, [...values])).rows,
      script: async (sql) => {
        await database.exec(sql);
      },
      close: async () => {
        await database.close();
        rmSync(lock, { force: true });
      },
    };
  } catch (error) {
    rmSync(lock, { force: true });
    throw error;
  }
}

const lockAttempts = 5;

/** The embedded database has no lock of its own, and two processes in one folder would destroy it. */
function lockFolder(folder: string, name: string): string {
  const lock = `${folder.replace(/\/+$/, '')}.lock`;
  const own = `${lock}.${process.pid}`;
  for (let attempt = 1; ; attempt++) {
    writeFileSync(own, String(process.pid));
    try {
      // With its owner in it from the first moment: an empty one would look like a dead process's.
      linkSync(own, lock);
      return lock;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      const owner = readIfThere(lock);
      if (attempt === lockAttempts || isAlive(Number(owner))) throw new LakeError(`another process (${owner}) is using the database ${name}`, { code: 'SOURCE_DENIED', op: 'connect', path: name, hint: `An embedded database is for one process at a time: wait for it. If there is none, remove ${lock}.` });
      removeStale(lock, owner, own);
    } finally {
      rmSync(own, { force: true });
    }
  }
}

/** Removes the lock of a dead process, and not the one that another process may have put there meanwhile. */
function removeStale(lock: string, owner: string, aside: string): void {
  try {
    renameSync(lock, aside);
    if (readIfThere(aside) !== owner) linkSync(aside, lock);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes(systemCode(error) ?? '')) throw error;
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}
