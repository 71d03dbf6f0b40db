import { readdirSync, readFileSync } from 'node:fs';
import type { Database } from '../../src/sources/sql-database.js';

const folder = new URL('./migrations/', import.meta.url);
/** Any number, the same for all who migrate. */
const lock = 7_264_201;

/** Brings the database's tables up to date, each migration in a transaction of its own, once. @returns the names of those that were done now */
export async function migrate(database: Database): Promise<string[]> {
  await database.script('CREATE TABLE IF NOT EXISTS schema_migration (name text PRIMARY KEY, migrated_at timestamptz NOT NULL DEFAULT now())');
  const done: string[] = [];
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.sql')).sort()) {
    await database.script('BEGIN');
    try {
      await database.query('SELECT pg_advisory_xact_lock($1)', [lock]);
      const known = await database.query('SELECT name FROM schema_migration WHERE name = $1', [name]);
      if (known.length === 0) {
        await database.script(readFileSync(new URL(name, folder), 'utf8'));
        await database.query('INSERT INTO schema_migration (name) VALUES ($1)', [name]);
        done.push(name);
      }
      await database.script('COMMIT');
    } catch (error) {
      await database.script('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }
  return done;
}
