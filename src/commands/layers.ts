import type { Dataset } from '../dataset.js';
import { mergeGold, type GoldSummary } from '../gold/gold.js';
import { HotGold } from '../gold/hot.js';
import { compactScope } from '../maintain/compact.js';
import { openPartitions } from '../maintain/plan.js';
import { datasetScopes } from '../maintain/scopes.js';
import { mergeSilver, type SilverSummary } from '../silver/silver.js';
import type { Context } from './context.js';
import { goldEvents, refreshGold } from './gold.js';
import { modelsDir } from './models.js';
import { refreshSilver } from './silver.js';

/** Dates that a late event has made stale, and whole models, wait so long: each costs more than all new events of today together. */
const coldEveryMs = 30_000;

/** Merging the small files of open partitions takes one run, or two when they are many. */
const mostMergeRuns = 2;

/** Silver and gold, refreshed as often as it takes; what all refreshes did, together. */
export class Layers {
  /** By the contract's name. */
  readonly silver = new Map<string, SilverSummary>();
  gold: GoldSummary | null = null;
  refreshes = 0;
  /** How long the last refresh took; null before the first. */
  refreshMs: number | null = null;
  private silverCommits = 0;
  private coldAtMs = -Infinity;
  private deferred = false;
  private readonly hot: HotGold | null;

  /** @param parts contracts of one folder: all share its gold */
  constructor(
    private readonly context: Context,
    private readonly parts: readonly Dataset[],
  ) {
    const [first] = parts;
    this.hot = context.config.follow && first !== undefined ? new HotGold(context.lake, first, modelsDir(context, first)) : null;
  }

  /** @param whole leave nothing for later */
  async refresh(whole: boolean): Promise<void> {
    const { clock } = this.context;
    const startedAtMs = clock.nowMs();
    for (const part of this.parts) {
      const silver = await refreshSilver(this.context, part);
      this.silver.set(part.name, mergeSilver(this.silver.get(part.name) ?? null, silver));
      if (silver.partitions.length > 0) this.silverCommits++;
    }
    const gold = await this.refreshGold(whole);
    if (gold !== null) this.gold = mergeGold(this.gold, gold);
    this.refreshes++;
    this.refreshMs = clock.nowMs() - startedAtMs;
  }

  /** True while dates or whole models are stale whose turn it is. */
  get owes(): boolean {
    return this.deferred && this.context.clock.nowMs() >= this.coldAtMs;
  }

  /** Merges the small files that refreshes leave behind, as long as there are no more commits than windows. */
  async merge(windows: number): Promise<void> {
    if (this.silverCommits + mostMergeRuns > windows) return;
    for (const part of this.parts) {
      const [, silver] = datasetScopes(this.context.lake, part, []);
      if (silver === undefined) continue;
      const { runs } = await compactScope(silver.scope, silver.tables, { rule: openPartitions, signal: this.context.signal });
      this.silverCommits += runs;
    }
  }

  async close(): Promise<void> {
    await this.hot?.close();
  }

  private async refreshGold(whole: boolean): Promise<GoldSummary | null> {
    const [first] = this.parts;
    if (first === undefined) return null;
    if (this.hot === null) return refreshGold(this.context, first, null);
    const { clock } = this.context;
    const startedAtMs = clock.nowMs();
    const defer = !whole && startedAtMs < this.coldAtMs;
    // Also when it fails: then what is new is published meanwhile.
    this.deferred = true;
    try {
      const gold = await this.hot.refresh({ defer, accept: this.context.config.accept, events: goldEvents(this.context) });
      this.deferred = defer;
      return gold;
    } finally {
      const endedAtMs = clock.nowMs();
      // What takes longer than that leaves new events half of the time.
      if (!defer) this.coldAtMs = Math.max(startedAtMs + coldEveryMs, endedAtMs + (endedAtMs - startedAtMs));
    }
  }
}

/**
 * Refreshes beside the landing: what has landed while one refresh was under way is taken together by the next one.
 * A refresh that fails stops nothing: the next one tries again.
 */
export class Refresher {
  private wanted = false;
  private working: Promise<void> | null = null;

  constructor(
    private readonly refresh: () => Promise<void>,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Something has landed. */
  want(): void {
    this.wanted = true;
    this.working ??= this.work().finally(() => {
      this.working = null;
    });
  }

  /** Waits for the refresh that is under way, and for those that are wanted by then. */
  async settle(): Promise<void> {
    while (this.working !== null) await this.working;
  }

  private async work(): Promise<void> {
    while (this.wanted) {
      this.wanted = false;
      try {
        await this.refresh();
      } catch (error) {
        this.failed(error);
      }
    }
  }
}
