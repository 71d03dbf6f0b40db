import type { DatasetTables } from '../contract.js';

/** Prefixes of the lake, without a `/` before them: all objects below, or, where it ends in `*`, that begin so. */
export interface LakeAccess {
  readonly reads: readonly string[];
  /** Reads, puts and deletes. */
  readonly writes: readonly string[];
}

/** `silver/event` → `silver/event/*`: a pattern of paths. */
export function objectsOf(prefix: string): string {
  return prefix.endsWith('*') ? prefix : `${prefix}/*`;
}

/** What a layer's runs need beside its tables: the runs written down, what they replaced, what is uploaded before its run. */
function runs(layer: string, scopes: readonly string[]): string[] {
  return ['intents', 'discard', 'uploads'].flatMap((kind) => scopes.map((scope) => `_ingot/${kind}/${layer}.${scope}`));
}

/** Proofs that the bucket can be written, and checkpoints on their way into a log. */
const common = ['_ingot/probe-*', '_ingot/uploads/checkpoint'];

function below(layer: string, tables: readonly string[]): string[] {
  return tables.map((table) => `${layer}/${table}`);
}

/** `ingot bronze`: its own tables, and the key of forgotten persons' hashes. Nothing of silver or gold. */
export function consumerAccess(tables: DatasetTables): LakeAccess {
  return {
    reads: ['_ingot/forget.key*'],
    writes: [...below('bronze', [tables.landed, `${tables.landed}_rejected`]), ...runs('bronze', [tables.landed]), ...common],
  };
}

/** `ingot silver`, `ingot gold`, and `ingot backfill` of both: bronze is read only. */
export function transformerAccess(tables: DatasetTables): LakeAccess {
  return {
    reads: below('bronze', tables.bronze),
    writes: [
      ...below('silver', [...tables.silver, ...tables.silverRaw]), ...below('gold', tables.gold),
      ...runs('silver', tables.parts), ...runs('gold', [tables.family]),
      '_ingot/backfill', '_ingot/engine', ...common,
    ],
  };
}

/** `ingot compact`, `ingot vacuum`: all tables of the dataset, and what dead processes of any kind have left. */
export function keeperAccess(tables: DatasetTables): LakeAccess {
  return {
    reads: [],
    writes: [
      ...below('bronze', tables.bronze), ...below('silver', [...tables.silver, ...tables.silverRaw]), ...below('gold', tables.gold),
      '_ingot/intents', '_ingot/discard', '_ingot/uploads', '_ingot/engine', '_ingot/probe-*',
    ],
  };
}

/** Typed rows and metrics. Not bronze, and not the rejected rows of silver: both have bodies as they came. */
export function analystAccess(tables: DatasetTables): LakeAccess {
  return { reads: [...below('silver', tables.silver), ...below('gold', tables.gold)], writes: [] };
}
