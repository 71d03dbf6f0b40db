import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isOutOfMemory, write } from '../engines/duckdb.js';
import { FewerThreads } from '../engines/threads.js';
import { LakeError, messageOf } from '../errors.js';
import type { Partition } from '../lake/changes.js';
import type { Session } from '../lake/duckdb.js';
import type { Lake } from '../lake/lake.js';
import type { TableWrite } from '../lake/publication.js';
import type { TableColumn, TableSpec } from '../lake/schema.js';
import type { Snapshot } from '../lake/snapshot.js';
import { rowsOf, type StagedFile } from '../lake/staged.js';
import { recordsOf } from '../lake/statistics.js';
import type { Reading } from '../lake/views.js';
import { failedChecks, failedRowCount, tellFailures, type FailedCheck } from './checks.js';
import { dateOf } from './dates.js';
import { buildSteps, dropSteps, materialize, viewSilver } from './execute.js';
import type { GoldModels, Model } from './model.js';
import { datesOf, partTag, type GoldPlan } from './plan.js';
import { daysIn, inputRange, mostDays, rangesOf, type DateRange, type RangeLimits } from './ranges.js';

export interface GoldOptions {
  /** Kinds of checks that are told and do not stop the build: for days that really were so. */
  readonly accept?: readonly string[];
}

export interface GoldEvents {
  built?(dates: number, of: number): void;
  /** A check fails that is accepted; `failures` has lines. */
  accepted?(table: string, failures: string): void;
}

/** The rows of one run of gold, as staged files, checked. */
export class GoldBuild {
  private readonly files = new Map<string, StagedFile[]>();
  private readonly columns = new Map<string, TableColumn[]>();

  constructor(
    private readonly lake: Lake,
    private readonly models: GoldModels,
    private readonly options: GoldOptions,
    private readonly events: GoldEvents,
  ) {}

  /**
   * Builds dates from silver: the steps, then the models over them. A range that does not fit in memory is built in halves,
   * as those after it then are, and a date alone with fewer threads.
   * @throws LakeError CHECK_FAILED, DATASET_INVALID, QUERY_FAILED; also for a date that does not fit
   */
  async buildDates(silver: readonly Reading[], dates: readonly string[], stagingDir: string): Promise<void> {
    const { memoryLimitBytes } = this.lake.options;
    const session = await this.lake.session();
    const threads = new FewerThreads(session);
    const limits = rangeLimits(silver, memoryLimitBytes);
    let waiting = rangesOf(dates, limits);
    let done = 0;
    try {
      for (let tried = 0; waiting[0] !== undefined; tried++) {
        const range = waiting[0];
        const failure = await this.tryRange(session, silver, range, join(stagingDir, String(tried)));
        if (failure !== null) {
          if (range.since < range.until) waiting = rangesOf(dates.filter((date) => date >= range.since), { ...limits, days: Math.floor(daysIn(range) / 2) });
          else if (!(await threads.halve())) throw tooLarge(range.since, memoryLimitBytes, failure);
          continue;
        }
        waiting.shift();
        done += daysIn(range);
        this.events.built?.(done, dates.length);
      }
    } finally {
      await threads.restore();
    }
  }

  /** Builds a range from silver. Gives the error when memory was too short: nothing of it is kept then. */
  private async tryRange(session: Session, silver: readonly Reading[], range: DateRange, stagingDir: string): Promise<Error | null> {
    try {
      await viewSilver(session, this.lake, silver, inputRange(range, this.models.need));
      await buildSteps(session, this.models, range);
      await this.buildModels(session, range, stagingDir);
      return null;
    } catch (error) {
      if (!(error instanceof Error) || !isOutOfMemory(error)) throw error;
      await rm(stagingDir, { recursive: true, force: true });
      return error;
    } finally {
      await dropSteps(session, this.models);
    }
  }

  /**
   * Builds a range from steps that the session has. When it fails, none of its rows are kept.
   * @throws LakeError CHECK_FAILED, DATASET_INVALID, QUERY_FAILED
   */
  async buildModels(session: Session, range: DateRange, stagingDir: string): Promise<void> {
    const written = new Map<string, readonly StagedFile[]>();
    for (const model of this.models.models) {
      await materialize(session, model, 'gold_rows', range);
      this.judge(model, await failedChecks(session, model, 'gold_rows'));
      const description = await session.rows('DESCRIBE gold_rows');
      const columns = description.map((row) => ({ name: String(row['column_name']), type: String(row['column_type']) }));
      checkPartition(model, columns);
      this.columns.set(model.name, columns);
      written.set(model.name, await write(session, 'SELECT * FROM gold_rows', { partitionBy: model.partitionBy, stagingDir: join(stagingDir, model.name) }));
    }
    for (const [name, files] of written) this.files.set(name, [...(this.files.get(name) ?? []), ...files]);
  }

  /**
   * What is to be published of a plan's dates, all of which were built.
   * @param tag what the files say, when other runs of the same build follow or went before
   * @throws LakeError CHECK_FAILED when a date has far fewer or more rows than the one before it
   */
  async writes({ dates, silver, txns }: Pick<GoldPlan, 'dates' | 'silver' | 'txns'>, tag: string | null = null): Promise<TableWrite[]> {
    const anchor = this.models.models.at(-1)?.name ?? '';
    const asked = new Set(dates);
    const writes: TableWrite[] = [];
    for (const model of this.models.models) {
      const files = (this.files.get(model.name) ?? []).map((file) => (tag === null ? file : { ...file, tags: { [partTag]: tag } }));
      const snapshot = await this.lake.table('gold', model.name).snapshot();
      this.checkRowCount(model, dates, files, snapshot, fillingDate(silver, this.lake.clock.nowMs()));
      const spec: TableSpec = { layer: 'gold', table: model.name, columns: this.columns.get(model.name) ?? [], partitionBy: model.partitionBy, statistics: [], anchor: `gold/${anchor}` };
      const live = snapshot?.files.values() ?? [];
      const replaces: Partition[] = [...live].map((file) => file.partitionValues).filter((partition) => asked.has(partition['event_date'] ?? ''));
      writes.push({ spec, files, replaces, txns: model.name === anchor ? txns : {}, metrics: { rows: rowsOf(files) } });
    }
    return writes;
  }

  private checkRowCount(model: Model, dates: readonly string[], files: readonly StagedFile[], snapshot: Snapshot | null, filling: string): void {
    if (model.rowCount === null) return;
    const built = new Map(dates.map((date) => [date, 0]));
    const before = new Map<string, number>();
    const add = (counts: Map<string, number>, partition: Partition, rows: number): void => {
      const date = partition['event_date'] ?? '';
      counts.set(date, (counts.get(date) ?? 0) + rows);
    };
    for (const file of files) add(built, file.partition, file.rows);
    for (const file of snapshot?.files.values() ?? []) add(before, file.partitionValues, recordsOf(file.stats) ?? 0);
    const failure = failedRowCount(model.rowCount, { built, before, filling });
    if (failure !== null) this.judge(model, [failure]);
  }

  /** @throws LakeError CHECK_FAILED when one of them is not accepted */
  private judge(model: Model, failures: readonly FailedCheck[]): void {
    const accepted = failures.filter(({ kind }) => this.options.accept?.includes(kind));
    if (accepted.length > 0) this.events.accepted?.(model.name, tellFailures(accepted));
    const refused = failures.filter((failure) => !accepted.includes(failure));
    if (refused.length === 0) return;
    const kinds = [...new Set(refused.map(({ kind }) => kind))];
    throw new LakeError(`gold.${model.name} fails its checks: ${refused.map(({ message }) => message).join('; ')}`, {
      code: 'CHECK_FAILED',
      op: 'gold',
      path: model.path,
      hint: `Nothing of this run was published. Rows that fail:\n  ${tellFailures(refused)}\n  If they are right as they are, build them with ${kinds.map((kind) => `--accept ${kind}`).join(' ')}.`,
    });
  }
}

function checkPartition(model: Model, columns: readonly TableColumn[]): void {
  const absent = model.partitionBy.find((column) => !columns.some(({ name }) => name === column));
  if (absent === undefined && model.partitionBy.includes('event_date')) return;
  const what = absent === undefined ? 'event_date is not among its partition columns' : `it has no column ${absent} to be partitioned by`;
  throw new LakeError(`gold.${model.name}: ${what}`, { code: 'DATASET_INVALID', op: 'gold', path: model.path, hint: 'Write `-- partition_by: event_date, platform`, of columns that the SELECT gives: gold is replaced by date.' });
}

/** The newest date of silver, or today: a device whose clock is ahead makes no day full. */
function fillingDate(silver: readonly Reading[], nowMs: number): string {
  const newest = datesOf([...(silver[0]?.snapshot.files.values() ?? [])].map((file) => file.partitionValues)).sort().at(-1) ?? '';
  const today = dateOf(nowMs);
  return newest < today ? newest : today;
}

/** A byte of silver's files is so many in DuckDB's memory while its rows are built, with what steps and models make of them. */
const bytesInMemory = 20;

/** By the sizes of silver's files, so that what is built together fits in memory as a rule. */
function rangeLimits(silver: readonly Reading[], memoryLimitBytes: number): RangeLimits {
  const sizes = new Map<string, number>();
  for (const file of silver.flatMap(({ snapshot }) => [...snapshot.files.values()])) {
    const date = file.partitionValues['event_date'] ?? '';
    sizes.set(date, (sizes.get(date) ?? 0) + file.size);
  }
  return { days: mostDays, bytes: memoryLimitBytes / bytesInMemory, bytesOf: (date) => sizes.get(date) ?? 0 };
}

function tooLarge(date: string, memoryLimitBytes: number, cause: unknown): LakeError {
  return new LakeError(`gold of ${date} does not fit in ${Math.round(memoryLimitBytes / 1e6)} MB of memory: ${messageOf(cause)}`, {
    code: 'QUERY_FAILED',
    op: 'gold',
    path: `event_date=${date}`,
    hint: 'A date is the least that is built at once. Nothing of this run was published: give it more memory (--memory) and run it again.',
    cause,
  });
}
