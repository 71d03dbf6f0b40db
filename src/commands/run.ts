import type { Dataset } from '../dataset.js';
import type { GoldSummary } from '../gold/gold.js';
import { loadDataset } from '../load.js';
import { bronzeLines, land } from './bronze.js';
import type { Context } from './context.js';
import { goldLines, mergeGold, refreshGold } from './gold.js';
import { errorObject, plural, printError } from './output.js';
import { mergeSilver, type SilverSummary } from '../silver/silver.js';
import { refreshSilver, silverLines } from './silver.js';

export async function run(context: Context): Promise<number> {
  const dataset = await loadDataset(context.config.datasets, context.args[0] ?? '');
  const startedAtMs = context.clock.nowMs();
  const layers = new Layers(context, dataset);
  const { summary: bronze, failures } = await land(context, dataset, async (counts) => {
    if (!context.config.follow) return;
    await layers.refresh();
    context.progress.note(`${plural(counts.received, 'message')} committed, silver and gold are up to date`);
  });
  const tookMs = context.clock.nowMs() - startedAtMs;
  const built = await layers.refresh().then(() => null, (error: unknown) => ({ error }));
  const { silver, gold } = layers;
  context.result(
    {
      bronze,
      ...(silver === null ? {} : { silver: { tables: silver.tables } }),
      ...(gold === null ? {} : { gold: { tables: gold.tables } }),
      ...(built === null ? {} : { error: errorObject(built.error) }),
    },
    [
      ...bronzeLines(dataset, bronze, tookMs),
      ...(silver === null ? [] : silverLines(context, dataset, silver)),
      ...(gold === null ? [] : goldLines(gold)),
    ],
  );
  for (const failure of failures) printError(failure, process.stderr);
  if (built !== null) printError(built.error, process.stderr);
  return failures.length === 0 && built === null ? 0 : 1;
}

/** Silver and gold, refreshed as often as it takes; what all refreshes did, together. */
class Layers {
  silver: SilverSummary | null = null;
  gold: GoldSummary | null = null;

  constructor(
    private readonly context: Context,
    private readonly dataset: Dataset,
  ) {}

  async refresh(): Promise<void> {
    this.silver = mergeSilver(this.silver, await refreshSilver(this.context, this.dataset));
    this.gold = mergeGold(this.gold, await refreshGold(this.context, this.dataset, null));
  }
}
