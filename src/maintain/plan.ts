import type { AddFile } from '../lake/actions.js';
import { completeTag, partitionKey, type Partition } from '../lake/changes.js';
import { chunksOf } from '../lake/chunks.js';
import type { Snapshot } from '../lake/snapshot.js';
import { boundsOf, recordsOf } from '../lake/statistics.js';
import type { TableSpec } from '../lake/schema.js';

/** A smaller file is one that a compaction merges, when its partition has two or more of them. */
export const smallFileBytes = 32e6;
/** Merged files come to this at most. */
const targetBytes = 256e6;
/** A tier of files in a partition that is still written to is worth merging from this number on. */
const openFiles = 32;

/** Which files are merged. */
export interface MergeRule {
  /** Only partitions whose date is before this one, `2026-01-31`; null: all. */
  readonly closedBefore: string | null;
  /** Files of a partition and a tier that are fewer than this stay as they are; 2 or more. */
  readonly leastFiles: number;
  /** Tiers of sizes: a file belongs to the first bound that is greater, bytes, rising; files beyond the last stay as they are. */
  readonly tiers: readonly number[];
}

/** All small files of partitions whose date ended some time ago. */
export function closedPartitions(nowMs: number, olderThanMs: number): MergeRule {
  return { closedBefore: new Date(Math.max(0, nowMs - olderThanMs)).toISOString().slice(0, 10), leastFiles: 2, tiers: [smallFileBytes] };
}

/** Many small files of any partition: each byte is merged a few times only, however many small commits come. */
export const openPartitions: MergeRule = { closedBefore: null, leastFiles: openFiles, tiers: [1e6, smallFileBytes] };

/** Files of one partition that become one file. */
export interface Merge {
  readonly partition: Partition;
  /** By their paths in the log. */
  readonly paths: readonly string[];
  readonly rows: number;
  readonly bytes: number;
  /** What the log says of the merged file besides. */
  readonly tags: Readonly<Record<string, string>> | null;
}

/** What is to be merged in a version of a table, by partition. Files whose rows the log doesn't count are left alone. */
export function planMerges(snapshot: Snapshot, spec: TableSpec, rule: MergeRule): Merge[] {
  const date = spec.partitionBy.find((column) => spec.columns.some(({ name, type }) => name === column && type === 'DATE'));
  if (spec.partitionBy.length === 0 || (rule.closedBefore !== null && date === undefined)) return [];
  const groups = new Map<string, { readonly tagged: Tagged; readonly files: AddFile[] }>();
  for (const file of snapshot.files.values()) {
    const tier = rule.tiers.findIndex((bound) => file.size < bound);
    if (tier < 0 || recordsOf(file.stats) === null) continue;
    if (rule.closedBefore !== null && (file.partitionValues[date ?? ''] ?? '') >= rule.closedBefore) continue;
    const tagged = taggedOf(file);
    const key = `${partitionKey(file.partitionValues)} ${tagged.key} ${tier}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { tagged, files: [file] });
    else group.files.push(file);
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .filter(([, { files }]) => files.length >= Math.max(2, rule.leastFiles))
    .flatMap(([, { files, tagged }]) => packsOf(files, spec.statistics[0]).map((pack) => mergeOf(pack, tagged)));
}

function mergeOf(files: readonly AddFile[], { tags, upTo }: Tagged): Merge {
  return {
    partition: files[0]?.partitionValues ?? {},
    paths: files.map((file) => file.path),
    rows: files.reduce((total, file) => total + (recordsOf(file.stats) ?? 0), 0),
    bytes: files.reduce((total, file) => total + file.size, 0),
    tags: upTo === null ? tags : { ...tags, [completeTag]: `${upTo}/${Math.max(...files.map(versionOf))}` },
  };
}

/** As few files as the target size allows, of rows that are near in time; one file that is left over stays. */
function packsOf(files: readonly AddFile[], column: string | undefined): AddFile[][] {
  const fromMs = (file: AddFile): number => (column === undefined ? null : boundsOf(file.stats, column))?.fromMs ?? 0;
  const sorted = files.map((file) => ({ file, at: fromMs(file) })).sort((a, b) => a.at - b.at || (a.file.path < b.file.path ? -1 : 1));
  const packs = chunksOf(sorted.map(({ file }) => file), (file) => file.size, targetBytes);
  return packs.filter((pack) => pack.length > 1);
}

interface Tagged {
  /** Equal for files that may be merged. */
  readonly key: string;
  /** All tags that must be equal; null for none. */
  readonly tags: Readonly<Record<string, string>> | null;
  /** The table of `completeTag`; null without it. */
  readonly upTo: string | null;
}

function taggedOf({ tags }: AddFile): Tagged {
  const entries = Object.entries(tags ?? {}).filter(([name]) => name !== completeTag).sort(([a], [b]) => (a < b ? -1 : 1));
  const upTo = tags?.[completeTag]?.split('/')[0] ?? null;
  return { key: JSON.stringify([entries, upTo]), tags: entries.length === 0 ? null : Object.fromEntries(entries), upTo };
}

function versionOf({ tags }: AddFile): number {
  return Number(tags?.[completeTag]?.split('/')[1] ?? -1);
}
