import { LakeError } from '../errors.js';
import { loadDataset } from '../load.js';
import type { Context } from './context.js';
import { goldLines, refreshGold } from './gold.js';
import { refreshSilver, silverLines } from './silver.js';

export async function run(context: Context): Promise<number> {
  const { config } = context;
  const dataset = await loadDataset(config.datasets, context.args[0] ?? '');
  const { since = '', until = '', platform } = config;
  if (since > until) throw new LakeError(`--since ${since} is after --until ${until}`, { code: 'USAGE', op: 'options', hint: 'Both dates are included.' });
  if (platform !== undefined && !dataset.platform.values.includes(platform)) {
    throw new LakeError(`--platform ${platform} is none of ${dataset.platform.values.join(', ')}`, { code: 'USAGE', op: 'options', path: '--platform', hint: 'Write it as the contract does.' });
  }
  if (config.layer === 'gold' && platform !== undefined) {
    throw new LakeError('--platform is for silver: gold is built by date', { code: 'USAGE', op: 'options', path: '--platform', hint: 'Leave it out, or begin with --layer silver.' });
  }
  await context.lake.storage.prepare();
  if (config.layer === 'gold') {
    const gold = await refreshGold(context, dataset, { since, until });
    context.result({ gold: { tables: gold.tables } }, goldLines(gold));
    return 0;
  }
  const silver = await refreshSilver(context, dataset, { range: { since, until, ...(platform === undefined ? {} : { platform }) } });
  const gold = await refreshGold(context, dataset, { since, until });
  context.result({ silver: { tables: silver.tables }, gold: { tables: gold.tables } }, silver.partitions.length + gold.dates.length === 0
    ? [`nothing rebuilt: there are no events from ${since} to ${until}${platform === undefined ? '' : ` of ${platform}`}`]
    : [...silverLines(context, dataset, silver), ...goldLines(gold)]);
  return 0;
}
