import { LakeError } from '../errors.js';
import { serializeActions, type Action } from './actions.js';
import { isOutage, textList, type Session } from './duckdb.js';
import { checkpointName, logFolder } from './layout.js';
import type { Snapshot } from './snapshot.js';
import { sqlFile } from './sql.js';
import { newStagingFolder } from './staging.js';
import type { Storage } from './storage.js';

const writeSelect = sqlFile(import.meta.url, './checkpoint.sql');
const readSelect = sqlFile(import.meta.url, './read-checkpoint.sql');

/** A checkpoint is due at every hundredth version. */
export const checkpointEvery = 100;

/** The group of the staging folders of checkpoints. */
export const checkpointStaging = 'checkpoint';

/**
 * Writes a snapshot as a checkpoint and points `_last_checkpoint` at it. Removed files are left out:
 * their tombstones stay in the JSON entries, as long as these are kept.
 */
export async function writeCheckpoint(storage: Storage, session: Session, folder: string, snapshot: Snapshot, nowMs: number): Promise<void> {
  const staging = newStagingFolder(checkpointStaging, nowMs);
  const actionsPath = `${staging}/actions.ndjson`;
  const checkpointPath = `${staging}/checkpoint.tmp`;
  const actions = actionsOf(snapshot);
  const content = serializeActions(actions);
  await storage.put(actionsPath, content);
  await session.run(`COPY (${writeSelect}) TO $checkpoint_path (FORMAT parquet, COMPRESSION zstd)`, {
    actions_path: storage.locate(actionsPath),
    checkpoint_path: storage.locate(checkpointPath),
    line_bytes: longestLineBytes(content),
  });
  const moves = [{ from: checkpointPath, to: `${logFolder(folder)}/${checkpointName(snapshot.version)}` }];
  await storage.stage(staging, moves);
  await storage.adopt(moves);
  await storage.put(`${logFolder(folder)}/_last_checkpoint`, JSON.stringify({ version: snapshot.version, size: actions.length }));
  await storage.removeFolder(staging);
  await storage.unstage(staging, []);
}

const leastLineBytes = 1_048_576;

function longestLineBytes(content: string): number {
  let bytes = leastLineBytes;
  for (const line of content.split('\n')) if (line.length * 3 > leastLineBytes) bytes = Math.max(bytes, Buffer.byteLength(line) + 1);
  return bytes;
}

function actionsOf(snapshot: Snapshot): Action[] {
  return [
    { protocol: snapshot.protocol },
    { metaData: snapshot.metaData },
    ...Array.from(snapshot.txns, ([appId, version]) => ({ txn: { appId, version } })),
    ...Array.from(snapshot.files.values(), (add) => ({ add: { ...add, dataChange: false } })),
  ];
}

/**
 * @param names the checkpoint's files in the log's folder
 * @throws LakeError LAKE_CORRUPT when one of them is torn or gone
 */
export async function readCheckpoint(storage: Storage, session: Session, names: readonly string[], folder: string): Promise<Action[]> {
  const copies = storage.remote === null ? null : newStagingFolder(checkpointStaging, 0);
  try {
    const paths = names.map((name) => `${logFolder(folder)}/${name}`);
    const near = copies === null ? paths : await copied(storage, paths, copies);
    const rows = await session.rows(readSelect, { checkpoint_paths: textList(near.map((path) => storage.locate(path))) });
    return rows.map((row) => asInCommit(JSON.parse(String(row['action'])) as Record<string, Record<string, unknown> | null>));
  } catch (error) {
    if (isOutage(error)) throw error;
    throw new LakeError(`the checkpoint of ${folder} can't be read`, {
      code: 'LAKE_CORRUPT',
      op: 'read checkpoint',
      path: storage.locate(`${logFolder(folder)}/${names[0] ?? ''}`),
      hint: 'Delete this checkpoint and _last_checkpoint beside it if the JSON entries before it are all there.',
      cause: error,
    });
  } finally {
    if (copies !== null) await storage.removeFolder(copies);
  }
}

/** DuckDB keeps what it has read from S3, and a checkpoint's name, unlike a data file's, may get other content: a table that is built anew. */
async function copied(storage: Storage, paths: readonly string[], folder: string): Promise<string[]> {
  return Promise.all(paths.map(async (path, index) => {
    const content = await storage.read(path);
    if (content === null) throw new Error(`${path} is gone`);
    const copy = `${folder}/${index}.parquet`;
    await storage.put(copy, content);
    return copy;
  }));
}

/** A checkpoint has a column for every action and every field: those that are null are not there in a commit. */
function asInCommit(row: Record<string, Record<string, unknown> | null>): Action {
  const actions = Object.entries(row).filter((entry): entry is [string, Record<string, unknown>] => entry[1] !== null);
  return Object.fromEntries(actions.map(([name, fields]) => [name, Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))]));
}
