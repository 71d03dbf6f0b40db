import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { write, writeOne } from '../engines/duckdb.js';
import { FewerThreads } from '../engines/threads.js';
import type { StatementProgress } from '../engines/trino/client.js';
import type { TrinoTarget } from '../engines/trino/target.js';
import { LakeError } from '../errors.js';
import type { Partition } from '../lake/changes.js';
import { isOutOfMemory, type Session } from '../lake/duckdb.js';
import type { Lake } from '../lake/lake.js';
import type { TableWrite } from '../lake/publication.js';
import { specOf, type TableColumn, type TableSpec } from '../lake/schema.js';
import type { Snapshot } from '../lake/snapshot.js';
import { rowsOf, type StagedFile } from '../lake/staged.js';
import { recordsOf } from '../lake/statistics.js';
import type { Reading } from '../lake/views.js';
import { failedChecks, failedRowCount, tellFailures, type FailedCheck } from './checks.js';
import { EngineGold } from './engine-gold.js';
import { buildSteps, dropSteps, materialize, viewAllSilver, viewSilver, type Dates } from './execute.js';
import { isWhole, type GoldModels, type Model, type ModelGroup } from './model.js';
import { partTag, type GoldPlan } from './plan.js';
import { datesIn, engineLimits, fillingDate, rangeLimits, tooLarge } from './portions.js';
import { daysIn, inputRange, rangesOf, type DateRange } from './ranges.js';

export interface GoldOptions {
  /** Where the models' SELECTs run; absent: in DuckDB. */
  readonly engine?: TrinoTarget;
  /** Ends what an engine is at. */
  readonly signal?: AbortSignal;
  /** Kinds of checks that are told and do not stop the build: for days that really were so. */
  readonly accept?: readonly string[];
}

export interface GoldEvents {
  built?(dates: number, of: number): void;
  /** All rows of a whole model are going to be built. */
  whole?(table: string): void;
  /** A check fails that is accepted; `failures` has lines. */
  accepted?(table: string, failures: string): void;
  /** How far an engine is with a step or a model. */
  told?(what: string, progress: StatementProgress): void;
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
    const { engine } = this.options;
    if (engine !== undefined) return this.buildDatesOn(engine, silver, dates, stagingDir);
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
          else if (!(await threads.halve())) throw tooLarge(`gold of ${range.since} does`, `event_date=${range.since}`, memoryLimitBytes, failure);
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

  /**
   * Builds all rows of the whole models from all of silver. When memory is short they are built with fewer threads.
   * @throws LakeError CHECK_FAILED, DATASET_INVALID, QUERY_FAILED; also when they don't fit
   */
  async buildWhole(silver: readonly Reading[], stagingDir: string): Promise<void> {
    const { engine } = this.options;
    if (engine !== undefined) return this.buildWholeOn(engine, silver, stagingDir);
    const session = await this.lake.session();
    const threads = new FewerThreads(session);
    const { whole } = this.models;
    const view = (): Promise<void> => viewAllSilver(session, this.lake, silver);
    try {
      for (let tried = 0; ; tried++) {
        const failure = await this.attempt(session, whole, { dates: datesIn(silver), stagingDir: join(stagingDir, `whole-${tried}`), view });
        if (failure === null) return;
        const names = whole.models.map(({ name }) => name).join(', ');
        if (!(await threads.halve())) throw tooLarge(`gold of all dates (${names}) does`, `gold/${whole.models[0]?.name ?? ''}`, this.lake.options.memoryLimitBytes, failure);
      }
    } finally {
      await threads.restore();
    }
  }

  private async buildDatesOn(engine: TrinoTarget, silver: readonly Reading[], dates: readonly string[], stagingDir: string): Promise<void> {
    const { dated } = this.models;
    const on = await EngineGold.open(this.lake, engine, silver, this.models, { signal: this.options.signal, told: this.events.told?.bind(this.events) });
    let done = 0;
    try {
      for (const [index, range] of rangesOf(dates, engineLimits(silver, engine.mostPartitions)).entries()) {
        await on.viewDates(inputRange(range, dated.need));
        await this.buildModelsOn(on, dated, range, join(stagingDir, String(index)));
        done += daysIn(range);
        this.events.built?.(done, dates.length);
      }
    } finally {
      await on.close();
    }
  }

  private async buildWholeOn(engine: TrinoTarget, silver: readonly Reading[], stagingDir: string): Promise<void> {
    const on = await EngineGold.open(this.lake, engine, silver, this.models, { signal: this.options.signal, told: this.events.told?.bind(this.events) });
    try {
      await on.viewAll();
      await this.buildModelsOn(on, this.models.whole, datesIn(silver), join(stagingDir, 'whole'));
    } finally {
      await on.close();
    }
  }

  private async buildModelsOn(on: EngineGold, group: ModelGroup, dates: Dates | null, stagingDir: string): Promise<void> {
    const session = await this.lake.session();
    await on.makeSteps(group, dates, join(stagingDir, 'steps'));
    const written = new Map<string, readonly StagedFile[]>();
    for (const model of group.models) {
      if (isWhole(model)) this.events.whole?.(model.name);
      const { files, columns } = await on.build(model, dates, join(stagingDir, model.name), (each) => checkPartition(model, each));
      this.judge(model, await failedChecks(session, model, 'gold_rows'));
      this.columns.set(model.name, [...columns]);
      written.set(model.name, files);
    }
    for (const [name, files] of written) this.files.set(name, [...(this.files.get(name) ?? []), ...files]);
  }

  /** Builds a range from silver. Gives the error when memory was too short: nothing of it is kept then. */
  private tryRange(session: Session, silver: readonly Reading[], range: DateRange, stagingDir: string): Promise<Error | null> {
    const { dated } = this.models;
    return this.attempt(session, dated, { dates: range, stagingDir, view: () => viewSilver(session, this.lake, silver, inputRange(range, dated.need)) });
  }

  private async attempt(session: Session, group: ModelGroup, { dates, stagingDir, view }: Attempt): Promise<Error | null> {
    try {
      await view();
      await buildSteps(session, group, dates);
      await this.buildModels(session, group, dates, stagingDir);
      return null;
    } catch (error) {
      if (!(error instanceof Error) || !isOutOfMemory(error)) throw error;
      await rm(stagingDir, { recursive: true, force: true });
      return error;
    } finally {
      await dropSteps(session, group);
      await session.run('DROP TABLE IF EXISTS gold_rows');
    }
  }

  /**
   * Builds models from steps that the session has. When it fails, none of their rows are kept.
   * @throws LakeError CHECK_FAILED, DATASET_INVALID, QUERY_FAILED
   */
  async buildModels(session: Session, { models }: ModelGroup, dates: Dates | null, stagingDir: string): Promise<void> {
    const written = new Map<string, readonly StagedFile[]>();
    for (const model of models) {
      if (isWhole(model)) this.events.whole?.(model.name);
      await materialize(session, model, 'gold_rows', dates);
      this.judge(model, await failedChecks(session, model, 'gold_rows'));
      const description = await session.rows('DESCRIBE gold_rows');
      const columns = description.map((row) => ({ name: String(row['column_name']), type: String(row['column_type']) }));
      checkPartition(model, columns);
      this.columns.set(model.name, columns);
      written.set(model.name, await writeRows(session, model, join(stagingDir, model.name)));
    }
    for (const [name, files] of written) this.files.set(name, [...(this.files.get(name) ?? []), ...files]);
  }

  /**
   * What is to be published of a plan, all of which was built.
   * @param tag what the files of dates say, when other runs of the same build follow or went before
   * @throws LakeError CHECK_FAILED when a date has far fewer or more rows than the one before it
   */
  async writes({ dates, silver, txns, whole }: Pick<GoldPlan, 'dates' | 'silver' | 'txns' | 'whole'>, tag: string | null = null): Promise<TableWrite[]> {
    const anchor = this.models.models.at(-1);
    const filling = fillingDate(silver, this.lake.clock.nowMs());
    const writes: TableWrite[] = [];
    for (const model of this.models.models) {
      const snapshot = await this.lake.table('gold', model.name).snapshot();
      const own = model === anchor ? { ...txns, ...whole?.txns } : {};
      const built = isWhole(model) ? whole !== null : dates.length > 0;
      if (!built) {
        if (model === anchor && snapshot !== null) writes.push({ spec: specOf('gold', model.name, snapshot.metaData), files: [], replaces: null, txns: own, metrics: {} });
        continue;
      }
      const files = (this.files.get(model.name) ?? []).map((file) => (tag === null || isWhole(model) ? file : { ...file, tags: { [partTag]: tag } }));
      this.checkRowCount(model, dates, files, snapshot, filling);
      const columns = this.columns.get(model.name) ?? [];
      const spec: TableSpec = { layer: 'gold', table: model.name, columns, partitionBy: model.partitionBy, statistics: instantsOf(columns), anchor: `gold/${anchor?.name ?? ''}` };
      writes.push({ spec, files, replaces: replacedBy(model, dates, snapshot), txns: own, metrics: { rows: rowsOf(files) } });
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

/** What is built of some models at once. */
interface Attempt {
  readonly dates: Dates | null;
  readonly stagingDir: string;
  /** Makes `silver.…` views. */
  readonly view: () => Promise<void>;
}

/** Columns whose least and greatest value the log tells, so that readers of a time leave files out. */
function instantsOf(columns: readonly TableColumn[]): string[] {
  return columns.filter(({ type }) => type === 'TIMESTAMP WITH TIME ZONE').map(({ name }) => name);
}

/** Writes the rows that are in `gold_rows`. */
async function writeRows(session: Session, { partitionBy }: Model, stagingDir: string): Promise<StagedFile[]> {
  if (partitionBy.length > 0) return write(session, 'SELECT * FROM gold_rows', { partitionBy, stagingDir });
  const file = await writeOne(session, 'SELECT * FROM gold_rows', join(stagingDir, 'rows.parquet'));
  return file.rows === 0 ? [] : [{ ...file, partition: {} }];
}

/** The partitions whose files go: those of the dates, or all. */
function replacedBy(model: Model, dates: readonly string[], snapshot: Snapshot | null): Partition[] {
  const asked = new Set(dates);
  const live = [...(snapshot?.files.values() ?? [])].map((file) => file.partitionValues);
  return isWhole(model) ? live : live.filter((partition) => asked.has(partition['event_date'] ?? ''));
}

function checkPartition(model: Model, columns: readonly TableColumn[]): void {
  const absent = model.partitionBy.find((column) => !columns.some(({ name }) => name === column));
  if (absent === undefined && (isWhole(model) || model.partitionBy.includes('event_date'))) return;
  const what = absent === undefined ? 'event_date is not among its partition columns' : `it has no column ${absent} to be partitioned by`;
  const hint = isWhole(model) ? 'Write `-- partition_by: …` of columns that the SELECT gives, or leave it out.' : 'Write `-- partition_by: event_date, platform`, of columns that the SELECT gives: gold is replaced by date.';
  throw new LakeError(`gold.${model.name}: ${what}`, { code: 'DATASET_INVALID', op: 'gold', path: model.path, hint });
}
