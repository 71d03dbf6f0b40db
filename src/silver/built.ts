import { createHash } from 'node:crypto';
import type { Dataset } from '../dataset.js';
import { LakeError } from '../errors.js';
import type { AddFile } from '../lake/actions.js';
import { completeTag, partitionKey } from '../lake/changes.js';
import type { Snapshot } from '../lake/snapshot.js';

/** Rises when the same contract gives other rows than before. */
const transformVersion = 1;

/** Tag of silver's files: the contract they were built by. */
export const contractTag = 'ingot.contract';

/** What silver's files say of a partition. */
export interface BuiltPartition {
  /** `2/0f3a…`: the contract's version and text; null when files of several contracts, or of none, are there. */
  readonly contract: string | null;
  /** Which bronze table it was, and the version up to which the partition holds all its rows. */
  readonly table: number;
  readonly version: number;
}

/** Says where rows come from or are read, and nothing of what they are. */
const apart: readonly string[] = ['version', 'files', 'database', 'family'];

/** `3/0f3ac9d21b77`: the version that the contract gives itself, and a hash of all that decides about rows. */
export function contractName(dataset: Dataset): string {
  const rules = Object.fromEntries(Object.entries(dataset).filter(([key]) => !apart.includes(key)));
  const hash = createHash('sha256').update(JSON.stringify({ dataset: rules, transformVersion })).digest('hex');
  return `${dataset.version}/${hash.slice(0, 12)}`;
}

export function tagsOf(contract: string, table: number, version: number): Record<string, string> {
  return { [contractTag]: contract, [completeTag]: `${table}/${version}` };
}

/** By partition key, what the files of silver's tables say together. */
export function builtPartitions(snapshots: readonly Snapshot[]): Map<string, BuiltPartition> {
  const built = new Map<string, BuiltPartition>();
  for (const file of snapshots.flatMap((snapshot) => [...snapshot.files.values()])) {
    const key = partitionKey(file.partitionValues);
    const own = stateOf(file);
    const known = built.get(key);
    built.set(key, known === undefined ? own : together(known, own));
  }
  return built;
}

function stateOf({ tags }: AddFile): BuiltPartition {
  const [table = '', version = ''] = (tags?.[completeTag] ?? '').split('/');
  return { contract: tags?.[contractTag] ?? null, table: table === '' ? -1 : Number(table), version: version === '' ? -1 : Number(version) };
}

function together(a: BuiltPartition, b: BuiltPartition): BuiltPartition {
  return {
    contract: a.contract === b.contract ? a.contract : null,
    table: a.table === b.table ? a.table : -1,
    version: Math.max(a.version, b.version),
  };
}

/**
 * An older contract must not undo what a newer one has built: two programs would rebuild silver by turns.
 * @throws LakeError DATASET_INVALID
 */
export function refuseOlder(dataset: Dataset, built: Iterable<BuiltPartition>): void {
  let newest = 0;
  for (const { contract } of built) if (contract !== null) newest = Math.max(newest, Number.parseInt(contract, 10));
  if (newest <= dataset.version) return;
  throw new LakeError(`silver of ${dataset.name} was built by version ${newest} of its contract, and this is version ${dataset.version}`, {
    code: 'DATASET_INVALID',
    op: 'silver',
    path: dataset.name,
    hint: `Take the newer dataset.ts, or restart a process that still has the old one. To go back on purpose, give the old text the version ${newest + 1}.`,
  });
}
