import { hasItems, type Dataset } from '../dataset.js';
import type { Lake } from '../lake/lake.js';
import { Scope } from '../lake/publication.js';

/** The runs of one layer of a dataset, and the tables that they publish, the anchor last. */
export interface ScopeTables {
  readonly scope: Scope;
  readonly layer: string;
  readonly tables: readonly string[];
}

/** @param goldTables the dataset's models in the order of their publication */
export function datasetScopes(lake: Lake, dataset: Dataset, goldTables: readonly string[]): ScopeTables[] {
  const own = (layer: string, ...tables: readonly string[]): ScopeTables => ({ scope: new Scope(lake, `${layer}.${dataset.name}`, layer, tables.at(-1) ?? ''), layer, tables });
  return [
    own('bronze', `${dataset.name}_rejected`, dataset.name),
    own('silver', ...(hasItems(dataset) ? [dataset.items.table] : []), `${dataset.name}_rejected`, `${dataset.name}_duplicates`, dataset.event.table),
    own('gold', ...goldTables),
  ];
}
