import { backfillTag } from '../bronze/absent.js';
import { familyOf, type Dataset } from '../dataset.js';
import { distinctPartitions, partitionKey, type Partition } from '../lake/changes.js';
import type { Lake } from '../lake/lake.js';
import type { Snapshot } from '../lake/snapshot.js';
import { within, type Range } from '../silver/plan.js';
import { silverSpecs } from '../silver/tables.js';
import type { Asked } from './record.js';

/** What a backfill of silver has to rebuild, and how much of it is done. */
export interface SilverProgress {
  readonly done: readonly Partition[];
  readonly left: readonly Partition[];
}

/** The range that somebody asked for. */
export function rangeOf({ since, until, platform }: Asked): Range {
  return { since: since ?? '', until: until ?? '', ...(platform === null ? {} : { platform }) };
}

/** The partitions of a range that bronze or silver has; those whose files have the backfill's tag are done. */
export async function silverProgress(lake: Lake, dataset: Dataset, range: Range, id: string): Promise<SilverProgress> {
  const bronze = await lake.table('bronze', dataset.name).snapshot();
  const silver = await Promise.all(silverSpecs(dataset).map(({ layer, table }) => lake.table(layer, table).snapshot()));
  const files = silver.flatMap(filesOf);
  const tagged = new Set(files.filter(({ tags }) => tags?.[backfillTag] === id).map(({ partitionValues }) => partitionKey(partitionValues)));
  const partitions = distinctPartitions([...filesOf(bronze), ...files].map(({ partitionValues }) => partitionValues)).filter((partition) => within(partition, range));
  const isDone = (partition: Partition): boolean => tagged.has(partitionKey(partition));
  return { done: partitions.filter(isDone), left: partitions.filter((partition) => !isDone(partition)) };
}

/** The dates of a range that silver's events or a table of gold have. */
export async function goldDates(lake: Lake, dataset: Dataset, range: Range): Promise<string[]> {
  const events = await Promise.all(familyOf(dataset).parts.map(({ event }) => lake.table('silver', event.table).snapshot()));
  const gold = await Promise.all((await lake.tableNames('gold')).map((table) => lake.table('gold', table).snapshot()));
  const dates = [...events, ...gold].flatMap(filesOf).flatMap(({ partitionValues }) => partitionValues['event_date'] ?? []);
  return [...new Set(dates)].filter((date) => date >= range.since && date <= range.until).sort();
}

/** Whether the range has nothing that could be rebuilt. */
export async function isNothing(lake: Lake, dataset: Dataset, asked: Asked): Promise<boolean> {
  if (asked.layer === 'bronze') return false;
  if (asked.layer === 'gold') return (await goldDates(lake, dataset, rangeOf(asked))).length === 0;
  const { done, left } = await silverProgress(lake, dataset, rangeOf(asked), '');
  return done.length + left.length === 0;
}

function filesOf(snapshot: Snapshot | null) {
  return [...(snapshot?.files.values() ?? [])];
}
