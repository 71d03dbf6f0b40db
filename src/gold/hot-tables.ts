import { Session } from '../lake/duckdb.js';
import type { Lake } from '../lake/lake.js';
import { newStagingFolder } from '../lake/staging.js';
import type { Reading } from '../lake/views.js';
import { shiftDate } from './dates.js';
import { buildSteps, dropSteps, viewSilver } from './execute.js';
import { dropMarks, HotRows, stepColumns } from './hot-rows.js';
import { changedRows, newestDate, readChangedKeys, readChangedRows, readKeysOf, silverChange } from './hot-silver.js';
import type { DatedModels, ModelGroup, Step } from './model.js';
import { inputRange, reach, type DateRange } from './ranges.js';

/** Dates that are kept before the newest one: a device whose clock is ahead by a day must not push yesterday out. */
const datesBefore = 2;

/** What silver's newest files change in gold. */
export interface HotChange {
  /** Dates among those kept whose steps' rows differ now. */
  readonly changed: readonly string[];
  /** Every date that the files could reach. */
  readonly reached: readonly string[];
}

/**
 * The key of all steps; null when they don't have one, or not the same, or when a model reads silver itself.
 * Only with such a key the rows can be computed again for some of its values alone.
 */
export function commonKey({ steps, models }: ModelGroup): readonly string[] | null {
  const key = steps[0]?.key ?? [];
  const alike = steps.every((step) => step.dates.length > 0 && step.key.join() === key.join());
  const readsSilver = models.some((model) => /\bsilver\b/i.test(model.sql.replace(/^--.*$/gm, '')));
  return key.length > 0 && alike && !readsSilver ? key : null;
}

/** The steps that models read; those that only other steps read need not be kept. */
function stepsRead({ steps, models }: ModelGroup): Step[] {
  return steps.filter(({ name }) => models.some(({ sql }) => new RegExp(`\\b${name}\\b`, 'i').test(sql)));
}

/** The rows of those steps that models read, of silver's newest dates, in a DuckDB of their own; they spill when memory is short. */
export class HotTables {
  private constructor(
    private readonly lake: Lake,
    private readonly models: DatedModels,
    private readonly key: readonly string[],
    readonly session: Session,
    private readonly spill: string,
    private readonly rows: readonly HotRows[],
    private silver: readonly Reading[],
    /** The dates kept, both included. */
    private range: DateRange,
  ) {}

  /**
   * Computes the steps of the newest dates; null when silver has no date, or when a row counts for a date on which its key has
   * no row of silver: what such keys add to a date that is new would be missed.
   * @throws LakeError FILE_GONE, QUERY_FAILED, DATASET_INVALID
   */
  static async load(lake: Lake, models: DatedModels, key: readonly string[], silver: readonly Reading[], memoryLimitBytes: number): Promise<HotTables | null> {
    const newest = newestDate(silver);
    if (newest === null) return null;
    const spill = newStagingFolder('spill', lake.clock.nowMs());
    const session = await Session.open({ memoryLimitBytes, threads: lake.options.threads, spillDir: lake.storage.locate(spill), remote: lake.storage.remote });
    const rows = stepsRead(models).map((step) => new HotRows(session, step));
    const tables = new HotTables(lake, models, key, session, spill, rows, silver, keptRange(newest));
    try {
      await viewSilver(session, lake, silver, inputRange(tables.range, models.need));
      await buildSteps(session, models, tables.range);
      const columns = new Map<string, readonly string[]>();
      for (const step of models.steps) columns.set(step.name, await stepColumns(session, step));
      for (const each of rows) await each.load(columns.get(each.step.name) ?? [], tables.dates);
      await dropSteps(session, models);
      if (await tables.hasOwnRows()) return tables;
      await tables.close();
      return null;
    } catch (error) {
      await tables.close();
      throw error;
    }
  }

  get dates(): string[] {
    return datesIn(this.range);
  }

  /**
   * Goes on to a newer version of silver. Null when that can't be done by the files that came: the tables are of no use then.
   * The same holds after an error. @throws LakeError FILE_GONE, QUERY_FAILED
   */
  async absorb(silver: readonly Reading[]): Promise<HotChange | null> {
    const newest = newestDate(silver);
    if (newest === null || newest < this.range.until) return null;
    const range = keptRange(newest);
    const change = await silverChange(this.lake, this.silver, silver, inputRange(range, this.models.need).since);
    if (change === null) return null;
    await this.move(range);
    this.silver = silver;
    const reached = reach(change.dates, this.models.need);
    const dates = this.dates.filter((date) => reached.includes(date));
    const changed = dates[0] === undefined ? [] : await this.compute(silver, change, dates, { since: dates[0], until: range.until });
    return { changed, reached };
  }

  /** Lets the steps' names be one date's rows for as long as the work takes. */
  async withDate<T>(date: string, work: () => Promise<T>): Promise<T> {
    try {
      for (const each of this.rows) await each.show(date);
      return await work();
    } finally {
      for (const each of this.rows) await each.hide();
    }
  }

  async close(): Promise<void> {
    this.session.close();
    await this.lake.storage.removeFolder(this.spill);
  }

  /** Whether each row that is kept has a key that silver has on its date. */
  private async hasOwnRows(): Promise<boolean> {
    for (const date of this.dates) {
      await readKeysOf(this.session, this.silver, date, this.key);
      for (const each of this.rows) if (await each.hasOthers(date)) return false;
    }
    await dropMarks(this.session, []);
    return true;
  }

  private async compute(silver: readonly Reading[], change: Parameters<typeof readChangedKeys>[3], dates: readonly string[], range: DateRange): Promise<string[]> {
    const changed = new Set<string>();
    await readChangedKeys(this.session, this.lake, silver, change, this.key);
    await readChangedRows(this.session, this.lake, silver, inputRange(range, this.models.need), { key: this.key, texts: this.models.steps.map(({ sql }) => sql) });
    await buildSteps(this.session, this.models, range);
    for (const each of this.rows) {
      await each.mark();
      for (const date of dates) if (await each.exchange(date)) changed.add(date);
      await each.tidy();
    }
    await dropSteps(this.session, this.models);
    await dropMarks(this.session, silver.map(({ table }) => changedRows(table)));
    return [...changed].sort();
  }

  /** Drops the dates that are no longer kept; those that are new have no rows yet: what they get comes with changed keys. */
  private async move(range: DateRange): Promise<void> {
    const before = new Set(this.dates);
    const after = new Set(datesIn(range));
    if (range.until === this.range.until) return;
    const noDate = { since: range.until, until: this.range.until };
    await viewSilver(this.session, this.lake, this.silver, noDate);
    await buildSteps(this.session, this.models, range);
    for (const each of this.rows) {
      for (const date of before) if (!after.has(date)) await each.drop(date);
      for (const date of after) if (!before.has(date)) await each.keep(date);
    }
    await dropSteps(this.session, this.models);
    this.range = range;
  }
}

function keptRange(newest: string): DateRange {
  return { since: shiftDate(newest, -datesBefore), until: newest };
}

function datesIn({ since, until }: DateRange): string[] {
  const dates: string[] = [];
  for (let date = since; date <= until; date = shiftDate(date, 1)) dates.push(date);
  return dates;
}
