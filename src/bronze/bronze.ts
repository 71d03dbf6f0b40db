import type { Dataset } from '../dataset.js';
import { LakeError } from '../errors.js';
import type { Lake } from '../lake/lake.js';
import { Scope, type TableWrite } from '../lake/publication.js';
import { addedTotals } from '../lake/totals.js';
import { partitionName, rowsOf, type StagedFile } from '../lake/staged.js';
import { knownIds } from './known.js';
import { land } from './land.js';
import { filesTxn, manifestPath, nextManifest, readTaken, type Taken } from './manifest.js';
import { bronzeSpec, rejectedSpec } from './tables.js';
import { Window } from './window.js';

/** What one window's commit did. received = landed + rejected + redelivered. */
export interface WindowCounts {
  readonly received: number;
  readonly landed: number;
  readonly rejected: number;
  readonly redelivered: number;
  readonly files: number;
  readonly bytes: number;
  readonly partitions: readonly string[];
}

/** Writes windows of one dataset into bronze. */
export class Bronze {
  private taken: Taken = { version: 0, marks: new Map() };
  readonly scope: Scope;

  constructor(
    private readonly lake: Lake,
    private readonly dataset: Dataset,
  ) {
    this.scope = new Scope(lake, `bronze.${dataset.name}`, 'bronze', dataset.name);
  }

  /** Finishes what a dead process left and reads which files are in the lake. */
  async open(): Promise<Taken> {
    await this.scope.recover();
    this.taken = await readTaken(this.lake, this.dataset);
    return this.taken;
  }

  openWindow(source: string): Promise<Window> {
    const folder = this.lake.storage.locate(this.scope.newStaging());
    return Window.open(folder, source, this.lake.clock.nowMs());
  }

  /**
   * Lands and commits a sealed window; the caller acknowledges it afterwards.
   * @throws LakeError COMMIT_CONFLICT when another process has taken files meanwhile: open again and read again
   */
  async commit(window: Window): Promise<WindowCounts> {
    const staging = window.folder.slice(this.lake.storage.root.length + 1);
    for (;;) {
      const run = await this.scope.run();
      const known = await knownIds(this.lake, this.dataset, window.redeliveries);
      const counts = await this.publish(window, staging, run, known);
      if (counts !== null) return counts;
      await this.lake.storage.removeFolder(`${staging}/rows`);
      await this.lake.storage.removeFolder(`${staging}/rejected`);
    }
  }

  /** Null: redelivered messages may have been committed by another consumer meanwhile, so look again. */
  private async publish(window: Window, staging: string, run: number, known: readonly string[]): Promise<WindowCounts | null> {
    const { landed, rejected } = await land(await this.lake.session(), this.dataset, window, known);
    const counts = countsOf(window, landed, rejected);
    const manifest = window.marks.length === 0 ? null : nextManifest(this.taken, window.marks);
    const stagedManifest = `${staging}/manifest.json`;
    if (manifest !== null) await this.lake.storage.put(stagedManifest, manifest.text);
    const extras = manifest === null ? [] : [{ stagedPath: stagedManifest, path: manifestPath(this.dataset, manifest.taken.version) }];
    const txns: Record<string, number> = manifest === null ? {} : { [filesTxn]: manifest.taken.version };
    const metrics = { received: counts.received, landed: counts.landed, rejected: counts.rejected, redelivered: counts.redelivered };
    const writes: TableWrite[] = [
      { spec: rejectedSpec(this.dataset), files: rejected, replaces: null, txns: {}, metrics: { rejected: counts.rejected } },
      { spec: bronzeSpec(this.dataset), files: landed, replaces: null, txns, totals: addedTotals(counts), metrics },
    ];
    try {
      await this.scope.publish(staging, writes, extras, (current) => this.validate(window, run, current, manifest !== null));
    } catch (error) {
      if (error instanceof LookAgain) return null;
      throw error;
    }
    if (manifest !== null) this.taken = manifest.taken;
    return counts;
  }

  private async validate(window: Window, run: number, current: number, takesFiles: boolean): Promise<void> {
    if (takesFiles) {
      const version = (await this.scope.anchor.snapshot())?.txn(filesTxn, 0) ?? 0;
      if (version !== this.taken.version) {
        throw new LakeError('another process has landed files of this dataset meanwhile', { code: 'COMMIT_CONFLICT', op: 'commit', path: `bronze.${this.dataset.name}` });
      }
    }
    if (current !== run && window.redeliveries.length > 0) throw new LookAgain();
  }
}

class LookAgain extends Error {}

function countsOf(window: Window, landed: readonly StagedFile[], rejected: readonly StagedFile[]): WindowCounts {
  const received = window.rows + window.repeated;
  return {
    received,
    landed: rowsOf(landed),
    rejected: rowsOf(rejected),
    redelivered: received - rowsOf(landed) - rowsOf(rejected),
    files: landed.length + rejected.length,
    bytes: window.bytes,
    partitions: landed.map((file) => partitionName(file.partition)),
  };
}
