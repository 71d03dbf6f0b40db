import type { AddFile } from './actions.js';
import { partitionKey } from './changes.js';
import type { StagedFile } from './staged.js';
import { boundsOf } from './statistics.js';

/** The files of the partitions of new ones whose instants in a column overlap theirs; one that does not say is among them, and so are all without a column. */
export function overlapping(files: Iterable<AddFile>, fresh: readonly StagedFile[], column: string | null): AddFile[] {
  const times = new Map<string, { fromMs: number; untilMs: number }>();
  for (const { partition, columns } of fresh) {
    const bounds = column === null ? undefined : columns.get(column);
    const fromMs = Date.parse(bounds?.min ?? '');
    const untilMs = Date.parse(bounds?.max ?? '');
    const known = times.get(partitionKey(partition));
    times.set(partitionKey(partition), {
      fromMs: Math.min(Number.isNaN(fromMs) ? -Infinity : fromMs, known?.fromMs ?? Infinity),
      untilMs: Math.max(Number.isNaN(untilMs) ? Infinity : untilMs, known?.untilMs ?? -Infinity),
    });
  }
  return [...files].filter((file) => {
    const range = times.get(partitionKey(file.partitionValues));
    if (range === undefined) return false;
    const bounds = column === null ? null : boundsOf(file.stats, column);
    // Statistics are cut to milliseconds.
    return bounds === null || (bounds.fromMs <= range.untilMs + 1 && bounds.untilMs + 1 >= range.fromMs);
  });
}
