import { familyOf, rowTables, type Dataset } from '../dataset.js';
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
  const of = (name: string, layer: string, ...tables: readonly string[]): ScopeTables => ({ scope: new Scope(lake, `${layer}.${name}`, layer, tables.at(-1) ?? ''), layer, tables });
  const own = (layer: string, ...tables: readonly string[]): ScopeTables => of(dataset.name, layer, ...tables);
  return [
    own('bronze', `${dataset.name}_rejected`, dataset.name),
    own('silver', ...rowTables(dataset).slice(1), `${dataset.name}_rejected`, `${dataset.name}_duplicates`, dataset.event.table),
    of(familyOf(dataset).name, 'gold', ...goldTables),
  ];
}
