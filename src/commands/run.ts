import { loadDataset } from '../load.js';
import type { GoldSummary } from '../gold/gold.js';
import type { SilverSummary } from '../silver/silver.js';
import { bronzeLines, land } from './bronze.js';
import type { Context } from './context.js';
import { goldLines, refreshGold } from './gold.js';
import { printError } from './output.js';
import { refreshSilver, silverLines } from './silver.js';

export async function run(context: Context): Promise<number> {
  const dataset = await loadDataset(context.config.datasets, context.args[0] ?? '');
  const startedAtMs = context.clock.nowMs();
  const refresh = async (): Promise<{ silver: SilverSummary; gold: GoldSummary }> => ({
    silver: await refreshSilver(context, dataset, null),
    gold: await refreshGold(context, dataset, null),
  });
  const { summary: bronze, failures } = await land(context, dataset, async () => {
    if (context.config.follow) await refresh();
  });
  const tookMs = context.clock.nowMs() - startedAtMs;
  const { silver, gold } = await refresh();
  const { ...counts } = bronze;
  context.result(
    { bronze: counts, silver: { tables: silver.tables }, gold: { tables: gold.tables } },
    [...bronzeLines(bronze, tookMs), ...silverLines(dataset, silver), ...goldLines(gold)],
  );
  for (const failure of failures) printError(failure, process.stderr);
  return failures.length === 0 ? 0 : 1;
}
