import { loadDataset } from '../load.js';
import { land } from './bronze.js';
import { tellBuilt } from './built.js';
import type { Context } from './context.js';
import { follow } from './follow.js';
import { Layers } from './layers.js';

export async function run(context: Context): Promise<number> {
  const dataset = await loadDataset(context.config.datasets, context.args[0] ?? '');
  if (context.config.follow) return follow(context, dataset);
  const startedAtMs = context.clock.nowMs();
  const layers = new Layers(context, dataset);
  const { summary, failures } = await land(context, dataset);
  const tookMs = context.clock.nowMs() - startedAtMs;
  const failed = await layers.refresh(true).then(() => null, (error: unknown) => ({ error }));
  return tellBuilt(context, dataset, { bronze: summary, failures, tookMs, layers, failed });
}
