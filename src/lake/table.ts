import { LakeError, messageOf } from '../errors.js';
import { checkAppendOnly, checkReadable, checkWritable, type Action } from './actions.js';
import type { Lake } from './lake.js';
import { writeCheckpoint, checkpointEvery } from './checkpoint.js';
import type { Commit, Log } from './log.js';
import type { Snapshot } from './snapshot.js';
import { trimLog } from './trim.js';

/** The transaction that every publication of Ingot sets: the run's number in its scope. */
export const runTxn = 'ingot.run';

/** One Delta table of a lake. */
export class Table {
  constructor(
    private readonly lake: Lake,
    readonly log: Log,
  ) {}

  /** `silver/event`. */
  get folder(): string {
    return this.log.folder;
  }

  /** The newest version, or null when the table doesn't exist. @throws LakeError TABLE_UNSUPPORTED */
  async snapshot(): Promise<Snapshot | null> {
    const snapshot = await this.log.snapshot();
    if (snapshot !== null) checkReadable(snapshot.protocol, snapshot.metaData, this.folder);
    return snapshot;
  }

  /**
   * The newest version that a run published, for reading siblings at one run: later runs may have
   * reached this table and not the anchor yet.
   */
  async snapshotAtRun(run: number): Promise<Snapshot | null> {
    const latest = await this.snapshot();
    if (latest === null || latest.txn(runTxn, -1) <= run) return latest;
    let version = latest.version;
    for (let candidate = latest.version; candidate >= 0; candidate--) {
      const commit = await this.log.commit(candidate);
      if (commit === null) break;
      const published = runOf(commit);
      if (published !== null && published <= run) break;
      if (published !== null) version = candidate - 1;
    }
    if (version < 0) return null;
    const snapshot = await this.log.snapshotAt(version);
    if (snapshot.txn(runTxn, -1) <= run) return snapshot;
    throw new LakeError(`run ${run} is not in the log of ${this.folder} any more`, {
      code: 'LAKE_CORRUPT',
      op: 'read log',
      path: this.folder,
      hint: 'Publish the next run of its dataset: then this table and its siblings are read at that one.',
    });
  }

  /** The commit of a run, looked for from the newest version down, or null. */
  async commitOfRun(run: number): Promise<Commit | null> {
    const latest = await this.snapshot();
    for (let version = latest?.version ?? -1; version >= 0; version--) {
      const commit = await this.log.commit(version);
      if (commit === null) return null;
      const published = runOf(commit);
      if (published === run) return commit;
      if (published !== null && published < run) return null;
    }
    return null;
  }

  /**
   * Adds a version on top of what is newest, as often as it takes to win the race.
   * @param change gives the actions for a snapshot, or null when there is nothing to do any more
   */
  async commit(change: (snapshot: Snapshot | null) => Action[] | null): Promise<void> {
    for (let attempt = 0; attempt < maxCommitAttempts; attempt++) {
      const snapshot = await this.snapshot();
      const actions = change(snapshot);
      if (actions === null) return;
      if (snapshot !== null) {
        checkWritable(snapshot.protocol, snapshot.metaData, this.folder);
        checkAppendOnly(snapshot.metaData, actions, this.folder);
      }
      const version = (snapshot?.version ?? -1) + 1;
      if (!(await this.log.append(version, actions))) continue;
      if (version > 0 && version % checkpointEvery === 0) await this.checkpoint(version);
      return;
    }
    throw new LakeError(`${maxCommitAttempts} commits in a row lost the race`, {
      code: 'COMMIT_CONFLICT',
      op: 'commit',
      path: this.folder,
      hint: 'Too many writers commit at once: run it again, or run fewer of them.',
    });
  }

  /** The commit stands whatever comes of this: a checkpoint only saves readers time, and the next one may come out. */
  private async checkpoint(version: number): Promise<void> {
    try {
      const latest = await this.snapshot();
      const snapshot = latest?.version === version ? latest : await this.log.snapshotAt(version);
      await writeCheckpoint(this.lake.storage, await this.lake.session(), this.folder, snapshot, this.lake.clock.nowMs());
      await trimLog(this.lake.storage, this.folder, version);
    } catch (error) {
      process.emitWarning(`${this.folder}: no checkpoint at version ${version}: ${messageOf(error)}`);
    }
  }
}

const maxCommitAttempts = 1_000;

function runOf(commit: Commit): number | null {
  for (const { txn } of commit.actions) if (txn?.appId === runTxn) return txn.version;
  return null;
}
