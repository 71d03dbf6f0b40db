import { createHash, randomBytes } from 'node:crypto';
import { pointerOf, segmentsOf, type Dataset } from '../dataset.js';
import { LakeError } from '../errors.js';
import { textList, type Parameters } from '../lake/duckdb.js';
import { sqlFile } from '../lake/sql.js';
import type { Lake } from '../lake/lake.js';
import type { Snapshot } from '../lake/snapshot.js';

/** The transaction of `bronze.<dataset>` that numbers the lists of persons who were forgotten. */
export const forgottenTxn = 'ingot.forgotten';

const keyPath = '_ingot/forget.key';
const keyExpression = sqlFile(import.meta.url, './forgotten-key.sql').trim();
const personExpression = sqlFile(import.meta.url, './forgotten-person.sql').trim();

/** Persons who were forgotten, by keyed hash, as a version of bronze has them. */
export interface Forgotten {
  /** The list's number; 0 for none. A window commits only on top of the list that it was read against. */
  readonly version: number;
  readonly hashes: readonly string[];
  /** The lake's secret; empty while nobody was forgotten. */
  readonly key: string;
}

/** As long as nobody was forgotten. */
export const nobody: Forgotten = { version: 0, hashes: [], key: '' };

export function forgottenPath(dataset: Dataset, version: number): string {
  return `bronze/${dataset.name}/_forgotten/${String(version).padStart(20, '0')}.json`;
}

/** @throws LakeError LAKE_CORRUPT when a list or the key is gone: forgotten persons would come back */
export async function readForgotten(lake: Lake, dataset: Dataset, snapshot: Snapshot | null): Promise<Forgotten> {
  const version = snapshot?.txn(forgottenTxn, 0) ?? 0;
  if (version === 0) return nobody;
  const content = await lake.storage.read(forgottenPath(dataset, version));
  const key = await lake.storage.read(keyPath);
  if (content === null || key === null) throw gone(content === null ? forgottenPath(dataset, version) : keyPath);
  return { version, hashes: (JSON.parse(content.toString('utf8')) as { hashes: string[] }).hashes, key: key.toString('utf8') };
}

/**
 * SQL that tells of a `body` whether it is a forgotten person's; SQL of a `message_key` that is none such, or null; and their parameters. Of a body that is no JSON, what
 * stands after the person's key is taken.
 */
export function forgottenFilter(dataset: Dataset, { hashes, key }: Forgotten): { readonly sql: string; readonly key: string; readonly parameters: Parameters } {
  const names = personKeys(dataset);
  if (hashes.length === 0 || names.length === 0) return { sql: 'false', key: 'message_key', parameters: {} };
  return {
    sql: personExpression,
    key: `CASE WHEN ${keyExpression} THEN NULL ELSE message_key END`,
    parameters: {
      person_paths: textList(names.map(pointerOf)),
      person_pattern: `"(?:${names.map((name) => escapedPattern(segmentsOf(name).at(-1) ?? '')).join('|')})"\\s*:\\s*"?((?:[^"\\\\,}\\s]|\\\\.)*)`,
      forget_key: key,
      forgotten: textList(hashes),
    },
  };
}

/** The keys of a body under which a person stands; none when the contract names no person. */
export function personKeys({ person, event }: Dataset): readonly string[] {
  if (person === undefined) return [];
  const keys = event.columns[person]?.keys ?? [];
  return keys.length > 0 ? keys : [person];
}

/** A text as a pattern that matches it alone. */
export function escapedPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** The lake's secret, made when it is first needed. */
export async function forgetKey(lake: Lake): Promise<string> {
  const known = await lake.storage.read(keyPath);
  if (known !== null) return known.toString('utf8');
  await lake.storage.putIfAbsent(keyPath, randomBytes(32).toString('hex'));
  return (await lake.storage.read(keyPath))?.toString('utf8') ?? '';
}

/** As `forgotten-person.sql` makes it: SHA-256 over the key and the SHA-256 of key and person, in hex. */
export function personHash(key: string, person: string): string {
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  return sha256(`${key}${sha256(`${key}${person}`)}`);
}

function gone(path: string): LakeError {
  return new LakeError(`persons were forgotten in this lake, and what tells them is gone: ${path}`, {
    code: 'LAKE_CORRUPT',
    op: 'read',
    path,
    hint: 'Bring the file back from a backup: without it their events would be landed again.',
  });
}
