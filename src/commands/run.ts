import { LakeError } from '../errors.js';
import { loadFamily } from '../load.js';
import { landParts, sourceOf } from './bronze.js';
import { tellBuilt } from './built.js';
import type { Context } from './context.js';
import { engineOf } from './engine.js';
import { follow } from './follow.js';
import { Layers } from './layers.js';
import { onePart, sourceParts } from './parts.js';

export async function run(context: Context): Promise<number> {
  const { asked } = await loadFamily(context.config.datasets, context.args[0] ?? '');
  const parts = sourceParts(asked, sourceOf(context.config));
  const engine = engineOf(context);
  if (context.config.follow && engine !== undefined) throw new LakeError('--follow builds in DuckDB alone', { code: 'USAGE', op: 'run', path: '--engine', hint: 'Follow with `ingot bronze --follow`, and run `ingot silver` and `ingot gold` with --engine every few minutes.' });
  if (context.config.follow) return follow(context, onePart(parts));
  const layers = new Layers(context, parts);
  const landed = await landParts(context, parts);
  const failed = await layers.refresh(true).then(() => null, (error: unknown) => ({ error }));
  return tellBuilt(context, { landed, layers, failed });
}
