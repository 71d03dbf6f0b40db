import { randomUUID } from 'node:crypto';
import { LakeError } from '../errors.js';
import { checkpointStaging } from './checkpoint.js';
import { adoptFiles, applyIntent, checkIntent, commitTables, finishIntent, intentPath, missingFile, movesOf, noEmpty, readIntent, type ChangedFile, type Intent, type TableChange } from './intent.js';
import type { Lake } from './lake.js';
import { dataPath, intentRoot } from './layout.js';
import type { TableSpec } from './schema.js';
import type { StagedFile } from './staged.js';
import { deadStaging, newStagingFolder } from './staging.js';
import { fileStatistics } from './statistics.js';
import { runTxn } from './table.js';

/** What one run does to one table. */
export interface TableWrite {
  readonly spec: TableSpec;
  readonly files: readonly StagedFile[];
  /** Partitions whose live files go; null: nothing goes (an append). */
  readonly replaces: readonly Readonly<Record<string, string | null>>[] | null;
  /** Files that go with their rows, by their paths in the log; every one must still be there when the run is written down. */
  readonly removes?: readonly string[];
  /** The same rows in other files: nobody has to build anything for them. */
  readonly rewrites?: { readonly removes: readonly string[]; readonly files: readonly StagedFile[] };
  readonly txns: Readonly<Record<string, number>>;
  /** Added to what the table's transactions of these names say: counts since the table's beginning. */
  readonly totals?: Readonly<Record<string, number>>;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Staged files that are not Parquet, such as a manifest. */
export interface ExtraFile {
  readonly stagedPath: string;
  readonly path: string;
}

/**
 * A sequence of runs that change several tables as one: `silver.shop`.
 * A run is written down whole, as an intent with the next number, before any table changes; from then on anybody can
 * finish it, and everybody who wants to publish finishes it first. So a run is done wholly or not at all,
 * and the last table, the anchor, says which run is the newest done.
 */
export class Scope {
  constructor(
    readonly lake: Lake,
    readonly name: string,
    /** The table published last: layer and name. */
    private readonly anchorLayer: string,
    private readonly anchorTable: string,
  ) {}

  get anchor() {
    return this.lake.table(this.anchorLayer, this.anchorTable);
  }

  /** A staging folder of this process, relative to the lake's root. */
  newStaging(): string {
    return newStagingFolder(this.name, this.lake.clock.nowMs());
  }

  /**
   * The number of the newest run that is done; 0 for none. The anchor says it, but for one that was deleted to be built
   * again, or that was not the anchor for a while: then runs have been done without it.
   */
  async run(): Promise<number> {
    const published = (await this.anchor.snapshot())?.txn(runTxn, 0) ?? 0;
    return Math.max(published, await this.newestDone());
  }

  /** Finishes what a dead process left: its last run, then its staging folders. Gives the newest run. */
  async recover(): Promise<number> {
    const { storage, clock } = this.lake;
    // Before the last run is finished: a process that dies after that may leave a run that needs its staging.
    const dead = [...(await deadStaging(storage, this.name, clock.nowMs())), ...(await deadStaging(storage, checkpointStaging, clock.nowMs()))];
    const run = await this.settle();
    for (const folder of dead) {
      await storage.removeFolder(folder);
      await storage.unstage(folder, []);
    }
    return run;
  }

  /**
   * Publishes a run: all writes or none. The writes' order is the order of the commits; the last is the anchor's.
   * The staging folder goes when the run is done; when this throws it is the caller's to remove.
   * @param validate is called with every earlier run done; it throws COMMIT_CONFLICT when the run's plan no longer holds
   * @returns the run's number
   * @throws LakeError TABLE_UNSUPPORTED before anything is changed; COMMIT_CONFLICT
   */
  async publish(staging: string, writes: readonly TableWrite[], extras: readonly ExtraFile[], validate: (run: number) => Promise<void>): Promise<number> {
    this.checkAnchor(writes);
    const { storage } = this.lake;
    const draft = this.draft(staging, writes, extras);
    let writtenDown = false;
    try {
      await storage.stage(staging, movesOf(draft));
      for (;;) {
        const run = await this.settle();
        await validate(run);
        for (const write of writes) await this.checkLive(write);
        const intent: Intent = { ...draft, run: run + 1, nowMs: Math.trunc(this.lake.clock.nowMs()) };
        await checkIntent(this.lake, intent);
        const path = intentPath(this.name, intent.run);
        writtenDown = true;
        const first = await storage.putIfAbsent(path, JSON.stringify(intent));
        writtenDown = first || (await readIntent(this.lake, path))?.id === draft.id;
        if (!writtenDown) continue;
        if (await this.isVoid(intent)) {
          await storage.remove([path]);
          writtenDown = false;
          continue;
        }
        await applyIntent(this.lake, intent);
        await finishIntent(this.lake, intent);
        return intent.run;
      }
    } catch (error) {
      // Nobody will name the files. An intent that may have been written is finished by whoever comes next, so they stay.
      if (!writtenDown) await storage.unstage(staging, movesOf(draft)).catch(() => undefined);
      throw error;
    }
  }

  /** True while a run that is written down and not done yet wants a staging folder's files. */
  async needs(staging: string): Promise<boolean> {
    const newest = (await this.intentPaths()).at(-1);
    const intent = newest === undefined ? null : await readIntent(this.lake, newest);
    return intent !== null && !intent.done && intent.staging === staging;
  }

  /** Finishes the pending run, if there is one, whoever began it. */
  private async settle(): Promise<number> {
    let known = 0;
    for (;;) {
      const run = Math.max(known, await this.run());
      const next = await readIntent(this.lake, intentPath(this.name, run + 1));
      if (next?.done === true) known = next.run;
      else if (next !== null) await this.settlePending(next);
      else {
        const current = await readIntent(this.lake, intentPath(this.name, run));
        if (current?.done === false && (await this.author(current)) !== 'other') await finishIntent(this.lake, current);
        return run;
      }
    }
  }

  /**
   * Its number must be free after it was read: then nobody can have used the number before it was written,
   * while one that a slow process wrote under a used number is void and must not be applied.
   */
  private async settlePending(intent: Intent): Promise<void> {
    if ((await this.run()) >= intent.run) return;
    await adoptFiles(this.lake, intent);
    const missing = await missingFile(this.lake, intent);
    if (missing === null) await commitTables(this.lake, intent);
    else if ((await this.run()) >= intent.run) return;
    else if ((await this.anchor.snapshot()) !== null) throw this.lost(intent, missing);
    // Without its anchor and its files the run is one of a table that was deleted to be built again.
    await finishIntent(this.lake, intent);
  }

  /** Whether an intent got a number that had been used, and whose own intent was gone already. */
  private async isVoid(intent: Intent): Promise<boolean> {
    if ((await this.run()) < intent.run) return false;
    const author = await this.author(intent);
    if (author !== 'unknown') return author === 'other';
    throw new LakeError(`whether run ${intent.run} of ${this.name} is this one can't be told any more`, {
      code: 'COMMIT_CONFLICT',
      op: 'publish',
      path: this.name,
      hint: 'This process stood still for very long: run it again.',
    });
  }

  /** Who published the number of an intent that is used. */
  private async author(intent: Intent): Promise<'this' | 'other' | 'unknown'> {
    const commit = await this.anchor.commitOfRun(intent.run);
    if (commit === null) return 'unknown';
    return commit.actions.some((action) => action.commitInfo?.ingot?.id === intent.id) ? 'this' : 'other';
  }

  /** The intents that are kept, oldest first. */
  private async intentPaths(): Promise<string[]> {
    const folder = `${intentRoot}/${this.name}`;
    const names = await this.lake.storage.list(folder);
    return names.filter((name) => name.endsWith('.json')).map((name) => `${folder}/${name}`);
  }

  private async newestDone(): Promise<number> {
    for (const path of (await this.intentPaths()).reverse()) {
      const intent = await readIntent(this.lake, path);
      if (intent?.done === true) return intent.run;
    }
    return 0;
  }

  private checkAnchor(writes: readonly TableWrite[]): void {
    const last = writes.at(-1)?.spec;
    if (last?.layer === this.anchorLayer && last.table === this.anchorTable) return;
    throw new LakeError(`a run of ${this.name} must end with its anchor`, { code: 'INTERNAL', op: 'publish', path: `${this.anchorLayer}/${this.anchorTable}` });
  }

  /** @throws LakeError COMMIT_CONFLICT when a file that is to go has gone already */
  private async checkLive({ spec, removes = [], rewrites }: TableWrite): Promise<void> {
    const paths = [...removes, ...(rewrites?.removes ?? [])];
    if (paths.length === 0) return;
    const live = (await this.lake.table(spec.layer, spec.table).snapshot())?.files;
    const gone = paths.find((path) => live?.has(path) !== true);
    if (gone === undefined) return;
    throw new LakeError('another process has replaced a file meanwhile', { code: 'COMMIT_CONFLICT', op: 'publish', path: `${spec.layer}/${spec.table}/${gone}`, hint: 'Run it again when the other one is done.' });
  }

  private lost(intent: Intent, path: string): LakeError {
    return new LakeError(`run ${intent.run} of ${this.name} was begun, and its file is gone: ${path}`, {
      code: 'LAKE_CORRUPT',
      op: 'recover',
      path,
      hint: `Bring the file back from a backup, or delete the tables of ${this.name} and build them again.`,
    });
  }

  /** The run as it will be written down, but for its number and time: the files' final names stay the same over all tries. */
  private draft(staging: string, writes: readonly TableWrite[], extras: readonly ExtraFile[]): Intent {
    const tables = writes.map((write): TableChange => ({
      spec: write.spec,
      replaces: write.replaces,
      removes: write.removes ?? [],
      rewritten: write.rewrites?.removes ?? [],
      txns: write.txns,
      totals: write.totals ?? {},
      metrics: write.metrics,
      files: [
        ...write.files.map((file) => this.changedFile(file, write.spec, true)),
        ...(write.rewrites?.files ?? []).map((file) => this.changedFile(file, write.spec, false)),
      ],
    }));
    return { id: randomUUID(), scope: this.name, run: 0, done: false, staging, nowMs: 0, tables, extras };
  }

  private changedFile(file: StagedFile, spec: TableSpec, dataChange: boolean): ChangedFile {
    const partition = Object.fromEntries(spec.partitionBy.map((column) => [column, noEmpty(file.partition[column])]));
    return {
      stagedPath: this.lake.storage.stagedPath(file.path),
      path: dataPath(partition, `part-${randomUUID()}.parquet`),
      partition,
      bytes: file.bytes,
      stats: fileStatistics(file, spec),
      dataChange,
      tags: file.tags ?? null,
    };
  }
}
