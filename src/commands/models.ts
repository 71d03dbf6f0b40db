import { join } from 'node:path';
import { familyOf, type Dataset } from '../dataset.js';
import type { Context } from './context.js';

/** The folder of a dataset's gold models. */
export function modelsDir({ config }: Pick<Context, 'config'>, dataset: Dataset): string {
  return join(config.datasets, familyOf(dataset).name, 'gold');
}
