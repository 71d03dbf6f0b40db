import { randomUUID } from 'node:crypto';
import type { Lake } from '../lake/lake.js';
import { tableNumber } from '../lake/changes.js';
import type { GoneFile } from './gone.js';

export type BackfillLayer = 'bronze' | 'silver' | 'gold';

/** What somebody asked for; a command that asks for the same goes on with it. */
export interface Asked {
  readonly layer: BackfillLayer;
  /** Event dates, both included; null with raw history alone. */
  readonly since: string | null;
  readonly until: string | null;
  readonly platform: string | null;
  /** Raw history. */
  readonly from: string | null;
}

/** `_ingot/backfill/<dataset>.json`: the dataset's newest backfill. Which partitions are rebuilt is in the tags of their files. */
export interface BackfillRecord {
  /** Also the tag of the files that it has built. */
  readonly id: string;
  readonly asked: Asked;
  readonly startedAtMs: number;
  /** The bronze table and its version at the beginning; null when there was none. */
  readonly bronze: { readonly table: number; readonly version: number } | null;
  /** Files of bronze that it has taken out of the log because they were gone. */
  readonly gone: readonly GoneFile[];
  /** Dates of gold that it has rebuilt because they were asked for. */
  readonly goldDates: readonly string[];
  readonly finishedAtMs: number | null;
}

export interface Begun {
  readonly record: BackfillRecord;
  readonly resumed: boolean;
  /** An unfinished one that asked for something else, and that this one takes the place of. */
  readonly givenUp: BackfillRecord | null;
}

const pathOf = (dataset: string): string => `_ingot/backfill/${dataset}.json`;

/** The newest backfill, or null. What can't be read is none. */
export async function readRecord({ storage }: Lake, dataset: string): Promise<BackfillRecord | null> {
  const content = await storage.read(pathOf(dataset));
  if (content === null) return null;
  try {
    return JSON.parse(content.toString('utf8')) as BackfillRecord;
  } catch {
    return null;
  }
}

export async function saveRecord({ storage }: Lake, dataset: string, record: BackfillRecord): Promise<void> {
  await storage.put(pathOf(dataset), JSON.stringify(record));
}

/** Goes on with the unfinished backfill that asked for the same, or begins one. The caller holds the claim. */
export async function beginBackfill(lake: Lake, dataset: string, asked: Asked): Promise<Begun> {
  const known = await readRecord(lake, dataset);
  const unfinished = known?.finishedAtMs === null ? known : null;
  if (unfinished !== null && sameAsked(unfinished.asked, asked)) return { record: unfinished, resumed: true, givenUp: null };
  const bronze = await lake.table('bronze', dataset).snapshot();
  const record: BackfillRecord = {
    id: randomUUID(),
    asked,
    startedAtMs: Math.trunc(lake.clock.nowMs()),
    bronze: bronze === null ? null : { table: tableNumber(bronze), version: bronze.version },
    gone: [],
    goldDates: [],
    finishedAtMs: null,
  };
  await saveRecord(lake, dataset, record);
  return { record, resumed: false, givenUp: unfinished };
}

export function sameAsked(a: Asked, b: Asked): boolean {
  return (['layer', 'since', 'until', 'platform', 'from'] as const).every((name) => a[name] === b[name]);
}

/** `silver from 2026-01-01 to 2026-01-31, IOS`. */
export function askedText({ layer, since, until, platform, from }: Asked): string {
  const what = from === null ? layer : `raw history of ${from}`;
  const dates = since === null ? '' : ` from ${since} to ${until ?? ''}`;
  return `${what}${dates}${platform === null ? '' : `, ${platform}`}`;
}
