import { LakeError } from '../errors.js';
import { parseActions, serializeActions, type Action } from './actions.js';
import { readCheckpoint } from './checkpoint.js';
import type { Session } from './duckdb.js';
import { checkpointName, commitName, logFolder } from './layout.js';
import { Snapshot } from './snapshot.js';
import type { Storage } from './storage.js';

const newest = Number.MAX_SAFE_INTEGER;
/** A log that is cleaned between its listing and its reading is listed again. */
const openAttempts = 2;

export interface Commit {
  readonly version: number;
  readonly actions: readonly Action[];
}

/** A table's `_delta_log`: reads versions in order, adds one by put-if-absent. */
export class Log {
  private latest: Snapshot | null = null;

  constructor(
    private readonly storage: Storage,
    private readonly session: () => Promise<Session>,
    /** `silver/event`. */
    readonly folder: string,
  ) {}

  /** The newest version, or null when there is no such table. */
  async snapshot(): Promise<Snapshot | null> {
    const known = this.latest;
    const followed = known === null ? null : await this.follow(known, newest);
    const current = followed !== null && (followed !== known || (await this.stands(followed))) ? followed : await this.open(newest);
    this.latest = current;
    return current;
  }

  /** Whether a version is still in the log: else the table was deleted, or a cleaned log has gone on from a checkpoint. */
  private async stands(snapshot: Snapshot): Promise<boolean> {
    return (await this.storage.size(`${logFolder(this.folder)}/${commitName(snapshot.version)}`)) !== null;
  }

  /** An older version. @throws LakeError LAKE_CORRUPT when it can't be told any more */
  async snapshotAt(version: number): Promise<Snapshot> {
    if (this.latest?.version === version) return this.latest;
    const snapshot = await this.open(version);
    if (snapshot?.version !== version) throw this.corrupt(`version ${version} is not in the log any more`);
    return snapshot;
  }

  /** One commit, or null when there is none of that version. */
  async commit(version: number): Promise<Commit | null> {
    const path = `${logFolder(this.folder)}/${commitName(version)}`;
    const content = await this.storage.read(path);
    return content === null ? null : { version, actions: parseActions(content.toString('utf8'), path) };
  }

  /** Adds a version; false: somebody else was first. A version that is there already to the letter is this one. */
  async append(version: number, actions: readonly Action[]): Promise<boolean> {
    const path = `${logFolder(this.folder)}/${commitName(version)}`;
    const content = serializeActions(actions);
    if (await this.storage.putIfAbsent(path, content)) return true;
    return (await this.storage.read(path))?.toString('utf8') === content;
  }

  private async open(until: number): Promise<Snapshot | null> {
    for (let attempt = 1; ; attempt++) {
      const names = await this.storage.list(logFolder(this.folder));
      try {
        const snapshot = await this.build(names, until);
        const reached = snapshot?.version ?? -1;
        const last = lastVersion(names, until);
        if (reached >= last) return snapshot;
        throw this.corrupt(`version ${reached + 1} is missing, though version ${last} is there`);
      } catch (error) {
        if (attempt === openAttempts) throw error;
      }
    }
  }

  /** From the newest checkpoint that can be read, else from the first version. */
  private async build(names: readonly string[], until: number): Promise<Snapshot | null> {
    const torn: unknown[] = [];
    for (const checkpoint of wholeCheckpoints(names, until)) {
      try {
        const actions = await readCheckpoint(this.storage, await this.session(), checkpoint.names, this.folder);
        return await this.follow(Snapshot.replay(null, [{ version: checkpoint.version, actions }]), until);
      } catch (error) {
        if (!(error instanceof LakeError && error.op === 'read checkpoint')) throw error;
        torn.push(error);
      }
    }
    const listed = lastVersion(names, newest) >= 0;
    const first = names.includes(commitName(0));
    const snapshot = first || !listed ? await this.follow(null, until) : null;
    const found = snapshot ?? (await this.fromHint(until));
    if (found !== null || first || !listed) return found;
    if (torn.length > 0) throw torn[0];
    if (names.some((name) => uuidCheckpoint.test(name))) throw this.unsupported();
    throw this.corrupt('the log has neither its first version nor a checkpoint');
  }

  /** From the checkpoint that `_last_checkpoint` names: the listing may lag behind what is there. */
  private async fromHint(until: number): Promise<Snapshot | null> {
    const content = await this.storage.read(`${logFolder(this.folder)}/_last_checkpoint`);
    const version = content === null ? null : hintedVersion(content.toString('utf8'));
    const name = checkpointName(version ?? 0);
    if (version === null || version > until || (await this.storage.size(`${logFolder(this.folder)}/${name}`)) === null) return null;
    const actions = await readCheckpoint(this.storage, await this.session(), [name], this.folder);
    return this.follow(Snapshot.replay(null, [{ version, actions }]), until);
  }

  private async follow(base: Snapshot | null, until: number): Promise<Snapshot | null> {
    const commits: Commit[] = [];
    for (let version = (base?.version ?? -1) + 1; version <= until; version++) {
      const commit = await this.commit(version);
      if (commit === null) break;
      commits.push(commit);
    }
    return commits.length === 0 ? base : Snapshot.replay(base, commits);
  }

  private unsupported(): LakeError {
    return new LakeError(`${this.folder}: its checkpoints are of a kind (v2Checkpoint) that Ingot can't read`, {
      code: 'TABLE_UNSUPPORTED',
      op: 'read log',
      path: this.storage.locate(logFolder(this.folder)),
      hint: 'Drop the feature with the engine that switched it on, or delete the table and let Ingot build it again.',
    });
  }

  private corrupt(what: string): LakeError {
    return new LakeError(`${this.folder}: ${what}`, {
      code: 'LAKE_CORRUPT',
      op: 'read log',
      path: this.storage.locate(logFolder(this.folder)),
      hint: 'A silver or gold table can be deleted and built again; bronze wants its log back from a backup.',
    });
  }
}

/** Null for a hint that is torn, or of a checkpoint in several parts: it is only a hint. */
function hintedVersion(text: string): number | null {
  try {
    const { version, parts } = JSON.parse(text) as { readonly version?: unknown; readonly parts?: unknown };
    return Number.isSafeInteger(version) && (parts ?? null) === null ? (version as number) : null;
  } catch {
    return null;
  }
}

interface CheckpointFiles {
  readonly version: number;
  readonly names: readonly string[];
}

const uuidCheckpoint = /^(\d{20})\.checkpoint\.[0-9a-f-]{36}\.(?:json|parquet)$/;

/** The whole checkpoints at or before a version, newest first: one file, or all parts of one. */
function wholeCheckpoints(names: readonly string[], until: number): CheckpointFiles[] {
  const found = new Map<string, CheckpointFiles & { readonly parts: number }>();
  for (const name of names) {
    const match = /^(\d{20})\.checkpoint(?:\.(\d{10})\.(\d{10}))?\.parquet$/.exec(name);
    if (match === null || Number(match[1]) > until) continue;
    const key = `${match[1]}.${match[3] ?? ''}`;
    const known = found.get(key);
    found.set(key, { version: Number(match[1]), parts: Number(match[3] ?? 1), names: [...(known?.names ?? []), name] });
  }
  return [...found.values()].filter((candidate) => candidate.names.length === candidate.parts).sort((a, b) => b.version - a.version);
}

/** The newest version that a log's names tell of, at or before a version; −1 for none. */
function lastVersion(names: readonly string[], until: number): number {
  const versions = names.map((name) => /^(\d{20})\.(?:json|checkpoint\.)/.exec(name)?.[1]).map((digits) => (digits === undefined ? -1 : Number(digits)));
  return versions.reduce((last, version) => (version <= until ? Math.max(last, version) : last), -1);
}
