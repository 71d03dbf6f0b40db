import { join } from 'node:path';
import type { Dataset } from '../dataset.js';
import { LakeError } from '../errors.js';
import { publishBuild } from '../lake/build.js';
import type { Lake } from '../lake/lake.js';
import { GoldBuild, type GoldEvents, type GoldOptions } from './build.js';
import { checkAccepted } from './checks.js';
import { goldInputs, goldScope, mergeGold, nothingBuilt, summaryOf, type GoldSummary } from './gold.js';
import { commonKey, HotTables } from './hot-tables.js';
import { loadModels, type GoldModels } from './model.js';
import { freshTxn, isIdle, modelsTxn, planGold, type GoldPlan } from './plan.js';

export interface HotOptions extends GoldOptions {
  /** Leave dates that are not kept, and the whole models, for a later refresh, or for another process: they stay stale until then. */
  readonly defer?: boolean;
  readonly events?: GoldEvents;
}

/** A plan of gold, and which of its dates are built from the tables that are kept. */
interface HotPlan extends GoldPlan {
  readonly hot: readonly string[];
  readonly cold: readonly string[];
}

/** After so many builds at most the tables are loaded again, however often they were of no use. */
const maxPatience = 32;

/**
 * Gold for a process that follows: the steps' rows of the newest dates are kept, and when files have come to silver,
 * only the keys (users) that occur in them are computed again. What can't be done so is built the usual way.
 * One refresh at a time; `close` when it is no longer needed.
 */
export class HotGold {
  private tables: HotTables | null = null;
  /** The models that the tables were made by. */
  private models = -1;
  /** The run of gold that `changed` and `stale` are about: any other run may have built anything. */
  private run = -1;
  /** Dates that are kept and differ from what is published. */
  private changed = new Set<string>();
  /** Dates that are not kept and are stale in gold. */
  private stale = new Set<string>();
  /** Builds that are done the usual way before the tables are loaded: a process that builds once needs none. */
  private waiting = 1;
  private patience = 1;
  private used = false;

  constructor(
    private readonly lake: Lake,
    private readonly dataset: Dataset,
    private readonly modelsDir: string,
    /** Of the tables' own DuckDB; above it they spill. */
    private readonly memoryLimitBytes = lake.options.memoryLimitBytes / 2,
  ) {}

  /**
   * Brings gold up to date with silver, to the same rows as `buildGold`. What may take long, the whole models, is published
   * after all else.
   * @throws LakeError CHECK_FAILED, and nothing is published; USAGE for a kind of check to be accepted that there is not
   */
  async refresh(options: HotOptions = {}): Promise<GoldSummary> {
    checkAccepted(options.accept ?? []);
    const models = await loadModels(this.modelsDir);
    if (models.whole.models.length === 0 || options.defer === true) return this.refreshOnce(models, options);
    const first = await this.refreshOnce(models, { ...options, defer: true });
    return mergeGold(first, await this.refreshOnce(models, options));
  }

  private async refreshOnce(models: GoldModels, options: HotOptions): Promise<GoldSummary> {
    const built: { plan: HotPlan | null } = { plan: null };
    const summary = await publishBuild(goldScope(this.lake, this.dataset, models), {
      plan: (run) => this.plan(models, run, options.defer === true),
      build: async (plan, staging) => {
        built.plan = plan;
        const writes = await this.build(models, plan, this.lake.storage.locate(staging), options);
        return { writes, result: summaryOf(models, writes, plan) };
      },
    });
    if (built.plan !== null) this.published(built.plan);
    return summary ?? nothingBuilt(this.lake, this.dataset, models);
  }

  /** The dates that are kept now; none before the second refresh that has something to do, and after one that was done the usual way. */
  get dates(): readonly string[] {
    return this.tables?.dates ?? [];
  }

  async close(): Promise<void> {
    const tables = this.tables;
    this.tables = null;
    await tables?.close();
  }

  private async plan(models: GoldModels, run: number, defer: boolean): Promise<HotPlan | null> {
    const all = await planGold(this.lake, goldInputs(this.dataset, models), null, run);
    const plan = all === null || !defer ? all : { ...all, whole: null };
    if (plan === null || plan.reason !== 'changed' || plan.txns[modelsTxn] !== this.models) await this.discard();
    if (plan === null) return null;
    if (!(await this.catchUp(models, plan))) {
      if (plan.dates.length > 0) this.waiting--;
      return isIdle(plan) ? null : { ...plan, hot: [], cold: plan.dates };
    }
    const hot = [...this.changed].sort();
    const cold = defer ? [] : [...this.stale].sort();
    if (hot.length + cold.length === 0 && plan.whole === null) return null;
    // The version of silver is not said while a date is left out: whoever plans without these tables finds all stale dates again.
    const txns = cold.length < this.stale.size ? { [freshTxn]: plan.txns[freshTxn] ?? -1 } : plan.txns;
    return { ...plan, dates: [...hot, ...cold].sort(), txns, hot, cold };
  }

  /** Brings the tables and what is known to be stale to the plan's version of silver; false: there are no tables. */
  private async catchUp(models: GoldModels, plan: GoldPlan): Promise<boolean> {
    const change = this.tables === null ? await this.load(models, plan) : await this.absorb(plan);
    const kept = this.tables?.dates;
    if (kept === undefined || change === null) return false;
    const isKept = (date: string): boolean => kept.includes(date);
    if (this.run !== plan.run) {
      this.run = plan.run;
      this.changed = new Set(plan.dates.filter(isKept));
      this.stale = new Set(plan.dates.filter((date) => !isKept(date)));
      return true;
    }
    const known = new Set(plan.dates);
    const stale = [...this.stale, ...this.changed, ...change.reached].filter((date) => !isKept(date) && known.has(date));
    this.changed = new Set([...this.changed, ...change.changed].filter(isKept));
    this.stale = new Set(stale);
    return true;
  }

  private async load(models: GoldModels, plan: GoldPlan): Promise<{ readonly changed: readonly string[]; readonly reached: readonly string[] } | null> {
    const key = commonKey(models.dated);
    if (key === null || plan.reason !== 'changed' || plan.dates.length === 0 || this.waiting > 0) return null;
    try {
      this.tables = await HotTables.load(this.lake, models.dated, key, plan.silver, this.memoryLimitBytes);
    } catch (error) {
      this.wait();
      return unlessInvalid(error);
    }
    if (this.tables === null) {
      this.wait();
      return null;
    }
    this.models = plan.txns[modelsTxn] ?? -1;
    this.run = -1;
    this.used = false;
    return { changed: [], reached: [] };
  }

  private async absorb(plan: GoldPlan) {
    try {
      const change = (await this.tables?.absorb(plan.silver)) ?? null;
      if (change === null) await this.discard();
      return change;
    } catch (error) {
      await this.discard();
      return unlessInvalid(error);
    }
  }

  private async discard(): Promise<void> {
    if (this.tables === null) return;
    if (this.used) this.patience = 1;
    this.wait();
    await this.close();
  }

  /** The usual way from now on, for a while that doubles each time that the tables were made for nothing. */
  private wait(): void {
    this.waiting = this.patience;
    this.patience = Math.min(this.patience * 2, maxPatience);
  }

  private async build(models: GoldModels, plan: HotPlan, stagingDir: string, options: HotOptions) {
    const build = new GoldBuild(this.lake, models, options, options.events ?? {});
    const { tables } = this;
    try {
      for (const date of tables === null ? [] : plan.hot) {
        await tables?.withDate(date, () => build.buildModels(tables.session, models.dated, { since: date, until: date }, join(stagingDir, 'hot', date)));
      }
    } catch (error) {
      if (!(error instanceof LakeError && error.code === 'CHECK_FAILED')) await this.discard();
      throw error;
    }
    await build.buildDates(plan.silver, plan.cold, stagingDir);
    if (plan.whole !== null) await build.buildWhole(plan.silver, stagingDir);
    return build.writes(plan);
  }

  private published(plan: HotPlan): void {
    if (this.tables === null) return;
    this.run = plan.run + 1;
    this.used ||= plan.hot.length > 0;
    for (const date of plan.hot) this.changed.delete(date);
    for (const date of plan.cold) this.stale.delete(date);
  }
}

/** What fails over the tables that are kept, a short memory say, need not fail the usual way; a wrong header does. */
function unlessInvalid(error: unknown): null {
  if (error instanceof LakeError && error.code === 'DATASET_INVALID') throw error;
  return null;
}
