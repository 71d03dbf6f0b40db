import type { Dataset } from '../dataset.js';
import type { LakeError } from '../errors.js';
import { bronzeLines, type BronzeSummary } from './bronze.js';
import type { Context } from './context.js';
import { goldLines } from './gold.js';
import type { Layers } from './layers.js';
import { errorObject, printError } from './output.js';
import { silverLines } from './silver.js';

/** What a run has done to all layers. */
export interface BuiltLayers {
  readonly bronze: BronzeSummary;
  readonly failures: readonly LakeError[];
  readonly tookMs: number;
  readonly layers: Layers;
  /** Why silver or gold is not up to date; null when both are. */
  readonly failed: { readonly error: unknown } | null;
}

/** Prints what a run has done. @returns the exit status */
export function tellBuilt(context: Context, dataset: Dataset, { bronze, failures, tookMs, layers: { silver, gold }, failed }: BuiltLayers): number {
  context.result(
    {
      bronze,
      ...(silver === null ? {} : { silver: { tables: silver.tables } }),
      ...(gold === null ? {} : { gold: { tables: gold.tables } }),
      ...(failed === null ? {} : { error: errorObject(failed.error) }),
    },
    [
      ...bronzeLines(dataset, bronze, tookMs),
      ...(silver === null ? [] : silverLines(context, dataset, silver)),
      ...(gold === null ? [] : goldLines(gold)),
    ],
  );
  for (const failure of failures) printError(failure, process.stderr);
  if (failed !== null) printError(failed.error, process.stderr);
  return failures.length === 0 && failed === null ? 0 : 1;
}
