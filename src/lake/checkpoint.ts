import { LakeError } from '../errors.js';
import { serializeActions, type Action } from './actions.js';
import { textList, type Session } from './duckdb.js';
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
  await storage.sync([checkpointPath]);
  await storage.adopt([{ from: checkpointPath, to: `${logFolder(folder)}/${checkpointName(snapshot.version)}` }]);
  await storage.put(`${logFolder(folder)}/_last_checkpoint`, JSON.stringify({ version: snapshot.version, size: actions.length }));
  await storage.removeFolder(staging);
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

/** @throws LakeError LAKE_CORRUPT when a file of the checkpoint is torn or gone */
export async function readCheckpoint(session: Session, paths: readonly string[], folder: string): Promise<Action[]> {
  try {
    const rows = await session.rows(readSelect, { checkpoint_paths: textList(paths) });
    return rows.map((row) => asInCommit(JSON.parse(String(row['action'])) as Record<string, Record<string, unknown> | null>));
  } catch (error) {
    throw new LakeError(`the checkpoint of ${folder} can't be read`, {
      code: 'LAKE_CORRUPT',
      op: 'read checkpoint',
      path: paths[0] ?? folder,
      hint: 'Delete this checkpoint and _last_checkpoint beside it if the JSON entries before it are all there.',
      cause: error,
    });
  }
}

/** A checkpoint has a column for every action and every field: those that are null are not there in a commit. */
function asInCommit(row: Record<string, Record<string, unknown> | null>): Action {
  const actions = Object.entries(row).filter((entry): entry is [string, Record<string, unknown>] => entry[1] !== null);
  return Object.fromEntries(actions.map(([name, fields]) => [name, Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))]));
}
