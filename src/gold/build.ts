import { join } from 'node:path';
import { write } from '../engines/duckdb.js';
import { LakeError } from '../errors.js';
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
import { datesOf, inputRange, rangesOf, type DateRange, type GoldPlan } from './plan.js';

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

  /** Builds dates from silver: the steps, then the models over them. */
  async buildDates(silver: readonly Reading[], dates: readonly string[], stagingDir: string): Promise<void> {
    const session = await this.lake.session();
    let done = 0;
    for (const [index, range] of rangesOf(dates).entries()) {
      await viewSilver(session, this.lake, silver, inputRange(range));
      await buildSteps(session, this.models, range);
      await this.buildModels(session, range, join(stagingDir, String(index)));
      await dropSteps(session, this.models);
      done += (Date.parse(range.until) - Date.parse(range.since)) / 86_400_000 + 1;
      this.events.built?.(done, dates.length);
    }
  }

  /** Builds a range from steps that the session has. @throws LakeError CHECK_FAILED, DATASET_INVALID, QUERY_FAILED */
  async buildModels(session: Session, range: DateRange, stagingDir: string): Promise<void> {
    for (const model of this.models.models) {
      await materialize(session, model, 'gold_rows', range);
      this.judge(model, await failedChecks(session, model, 'gold_rows'));
      const description = await session.rows('DESCRIBE gold_rows');
      const columns = description.map((row) => ({ name: String(row['column_name']), type: String(row['column_type']) }));
      checkPartition(model, columns);
      this.columns.set(model.name, columns);
      const files = await write(session, 'SELECT * FROM gold_rows', { partitionBy: model.partitionBy, stagingDir: join(stagingDir, model.name) });
      this.files.set(model.name, [...(this.files.get(model.name) ?? []), ...files]);
    }
  }

  /**
   * What is to be published of a plan's dates, all of which were built.
   * @throws LakeError CHECK_FAILED when a date has far fewer or more rows than the one before it
   */
  async writes({ dates, silver, txns }: Pick<GoldPlan, 'dates' | 'silver' | 'txns'>): Promise<TableWrite[]> {
    const anchor = this.models.models.at(-1)?.name ?? '';
    const asked = new Set(dates);
    const writes: TableWrite[] = [];
    for (const model of this.models.models) {
      const files = this.files.get(model.name) ?? [];
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
      hint: `Nothing was published. Rows that fail:\n  ${tellFailures(refused)}\n  If they are right as they are, build them with ${kinds.map((kind) => `--accept ${kind}`).join(' ')}.`,
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
