import { join } from 'node:path';
import type { Dataset } from '../dataset.js';
import { LakeError } from '../errors.js';
import type { Session } from '../lake/duckdb.js';
import type { Lake } from '../lake/lake.js';
import { Scope, type TableWrite } from '../lake/publication.js';
import { addedTotals } from '../lake/totals.js';
import { partitionName, rowsOf } from '../lake/staged.js';
import { absentRows, newMarks, type History } from './absent.js';
import { forgottenTxn, readForgotten, type Forgotten } from './forgotten.js';
import { knownIds } from './known.js';
import { land, type Landed, type LandedMessages } from './land.js';
import { checkRejected } from './limit.js';
import { floorsOf, offsetsOf, offsetTxns, overlaps, sameFloors, type Floors } from './offsets.js';
import { filesTxn, manifestPath, nextManifest, readTaken, type Taken } from './manifest.js';
import { bronzeSpec, rejectedSpec } from './tables.js';
import { Window } from './window.js';

/** What one window's commit did. received = landed + rejected + redelivered + forgotten. */
export interface WindowCounts {
  readonly received: number;
  readonly landed: number;
  readonly rejected: number;
  readonly redelivered: number;
  readonly forgotten: number;
  /** Rows left out, since bronze had their offsets from another consumer: not received. */
  readonly dropped: number;
  readonly files: number;
  readonly bytes: number;
  readonly partitions: readonly string[];
}

export interface BronzeOptions {
  /** A window of which a greater share is rejected is not committed: 0.05 is 5 %. */
  readonly maxRejected?: number | undefined;
  /** The source is raw history: only rows that bronze does not have land. */
  readonly history?: History | null;
}

/** Writes windows of one dataset into bronze. */
export class Bronze {
  /** Messages of the windows that were committed. */
  private committed = 0;
  private taken: Taken = { version: 0, marks: new Map() };
  readonly scope: Scope;

  constructor(
    private readonly lake: Lake,
    private readonly dataset: Dataset,
    private readonly options: BronzeOptions = {},
  ) {
    this.scope = new Scope(lake, `bronze.${dataset.name}`, 'bronze', dataset.name);
  }

  /** Finishes what a dead process left and reads which files are in the lake. */
  async open(): Promise<Taken> {
    await this.scope.recover();
    this.taken = await readTaken(this.lake, this.dataset);
    return this.taken;
  }

  /** Offsets of topics that bronze has now. */
  async offsets(): Promise<ReadonlyMap<string, number>> {
    return offsetsOf(await this.scope.anchor.snapshot());
  }

  openWindow(source: string): Promise<Window> {
    const folder = this.lake.storage.locate(this.scope.newStaging());
    return Window.open(folder, source, this.lake.clock.nowMs());
  }

  /**
   * Lands and commits a sealed window; the caller acknowledges it afterwards.
   * @throws LakeError COMMIT_CONFLICT when another process has taken files meanwhile, or when a topic's offsets leave a gap: open
   * again and read again;
   * CHECK_FAILED when too much of the window is rejected
   */
  async commit(window: Window): Promise<WindowCounts> {
    const staging = this.lake.storage.stagedPath(window.folder);
    for (;;) {
      const run = await this.scope.run();
      const known = await knownIds(this.lake, this.dataset, window.redeliveries);
      const counts = await this.publish(window, staging, run, known);
      if (counts !== null) return counts;
      await this.lake.storage.removeFolder(`${staging}/rows`);
      await this.lake.storage.removeFolder(`${staging}/rejected`);
      await this.lake.storage.removeFolder(`${staging}/absent`);
    }
  }

  /** Null: redelivered messages or offsets may have been committed by another consumer meanwhile, or a person was forgotten, so look again. */
  private async publish(window: Window, staging: string, run: number, known: readonly string[]): Promise<WindowCounts | null> {
    const session = await this.lake.session();
    const snapshot = await this.scope.anchor.snapshot();
    const persons = await readForgotten(this.lake, this.dataset, snapshot);
    const floors = floorsOf(window, snapshot);
    const { history = null } = this.options;
    const messages = await land(session, this.dataset, window, known, floors, persons);
    const absent = history === null ? null : await absentRows(session, this.lake, this.dataset, messages, history, join(window.folder, 'absent'));
    const { landed, rejected, forgotten } = absent ?? messages;
    if (this.options.maxRejected !== undefined) await this.check(session, staging, { landed, rejected }, this.options.maxRejected);
    const counts = countsOf(window, { landed, rejected, forgotten }, absent?.outside ?? 0, overlaps(window, floors));
    const marks = history === null ? window.marks : newMarks(window.marks, history, this.taken);
    const manifest = marks.length === 0 ? null : nextManifest(this.taken, marks);
    const stagedManifest = `${staging}/manifest.json`;
    if (manifest !== null) await this.lake.storage.put(stagedManifest, manifest.text);
    const extras = manifest === null ? [] : [{ stagedPath: stagedManifest, path: manifestPath(this.dataset, manifest.taken.version) }];
    const txns: Record<string, number> = { ...(manifest === null ? {} : { [filesTxn]: manifest.taken.version }), ...offsetTxns(window, floors) };
    if (window.partitions.size > 0 && Object.keys(txns).length === 0) {
      await this.lake.storage.removeFolder(staging);
      return counts;
    }
    const metrics = { received: counts.received, landed: counts.landed, rejected: counts.rejected, redelivered: counts.redelivered, forgotten: counts.forgotten };
    const writes: TableWrite[] = [
      { spec: rejectedSpec(this.dataset), files: rejected, replaces: null, txns: {}, metrics: { rejected: counts.rejected } },
      { spec: bronzeSpec(this.dataset), files: landed, replaces: null, txns, totals: addedTotals(counts), metrics },
    ];
    try {
      await this.scope.publish(staging, writes, extras, async (current) => {
        await this.validate(window, run, current, manifest !== null, persons, floors);
        if (absent !== null && current !== run && !(await absent.stands())) throw new LookAgain();
      });
    } catch (error) {
      if (error instanceof LookAgain) return null;
      throw error;
    }
    if (manifest !== null) this.taken = manifest.taken;
    for (const mark of window.marks) history?.taken.set(mark.sha256, mark);
    this.committed += counts.received;
    return counts;
  }

  private async check(session: Session, staging: string, rows: Landed, maxRejected: number): Promise<void> {
    try {
      await checkRejected(session, this.dataset, rows, maxRejected, this.committed);
    } catch (error) {
      await this.lake.storage.removeFolder(staging);
      throw error;
    }
  }

  private async validate(window: Window, run: number, current: number, takesFiles: boolean, persons: Forgotten, floors: Floors): Promise<void> {
    const anchor = await this.scope.anchor.snapshot();
    if ((anchor?.txn(forgottenTxn, 0) ?? 0) !== persons.version) throw new LookAgain();
    if (takesFiles) {
      const version = anchor?.txn(filesTxn, 0) ?? 0;
      if (version !== this.taken.version) {
        throw new LakeError('another process has landed files of this dataset meanwhile', { code: 'COMMIT_CONFLICT', op: 'commit', path: `bronze.${this.dataset.name}` });
      }
    }
    if (current !== run && window.redeliveries.length > 0) throw new LookAgain();
    if (!sameFloors(floors, floorsOf(window, anchor))) throw new LookAgain();
  }
}

class LookAgain extends Error {}

/** @param outside rows of raw history that are not asked for; @param overlapped others have landed some of the window's offsets */
function countsOf(window: Window, { landed, rejected, forgotten }: LandedMessages, outside: number, overlapped: boolean): WindowCounts {
  const kept = rowsOf(landed) + rowsOf(rejected) + forgotten;
  const dropped = overlapped ? window.rows - kept : 0;
  const received = window.rows + window.repeated - outside - dropped;
  if (window.partitions.size > 0 && window.redeliveries.length === 0 && received !== kept) throw new LakeError(`${received} records were read and ${kept} are to be landed`, { code: 'INTERNAL', op: 'commit', path: window.source });
  return {
    received,
    landed: rowsOf(landed),
    rejected: rowsOf(rejected),
    redelivered: received - kept,
    forgotten,
    dropped,
    files: landed.length + rejected.length,
    bytes: window.bytes,
    partitions: landed.map((file) => partitionName(file.partition)),
  };
}
