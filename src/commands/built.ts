import { bronzeLines, type LandedPart } from './bronze.js';
import type { Context } from './context.js';
import { goldLines } from './gold.js';
import type { Layers } from './layers.js';
import { errorObject, printError } from './output.js';
import { tellParts, type PartTold } from './parts.js';
import { silverLines } from './silver.js';

/** What a run has done to all layers. */
export interface BuiltLayers {
  readonly landed: readonly LandedPart[];
  readonly layers: Layers;
  /** Why silver or gold is not up to date; null when both are. */
  readonly failed: { readonly error: unknown } | null;
}

/** Prints what a run has done, of several kinds of rows by each. @returns the exit status */
export function tellBuilt(context: Context, { landed, layers, failed }: BuiltLayers): number {
  const { gold } = layers;
  const together = { ...(gold === null ? {} : { gold: { tables: gold.tables } }), ...(failed === null ? {} : { error: errorObject(failed.error) }) };
  tellParts(context, landed.map((part) => partOf(context, layers, part)), together, gold === null ? [] : goldLines(gold));
  const failures = landed.flatMap((part) => part.failures);
  for (const failure of failures) printError(failure, process.stderr);
  if (failed !== null) printError(failed.error, process.stderr);
  return failures.length === 0 && failed === null ? 0 : 1;
}

function partOf(context: Context, layers: Layers, { dataset, summary, tookMs }: LandedPart): PartTold {
  const silver = layers.silver.get(dataset.name) ?? null;
  return {
    dataset,
    summary: { bronze: summary, ...(silver === null ? {} : { silver: { tables: silver.tables } }) },
    lines: [...bronzeLines(dataset, summary, tookMs), ...(silver === null ? [] : silverLines(context, dataset, silver))],
  };
}
