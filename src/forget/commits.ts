import type { Dataset } from '../dataset.js';
import type { Commit } from '../lake/log.js';
import { partitionKey, type Partition } from '../lake/changes.js';
import type { Lake } from '../lake/lake.js';
import { bronzeTxn, type SilverPlan } from '../silver/plan.js';
import { eventSpec } from '../silver/tables.js';

/** Metric of a commit that forgets: rows of others that named the person and were rewritten. */
export const redactedMetric = 'redacted';

/**
 * Tells of a partition whether bronze has changed it since silver was built by nothing but commits that took a forgotten
 * person's rows and left all others as they were.
 */
export async function forgetCommits(lake: Lake, dataset: Dataset, { bronze }: SilverPlan): Promise<(partition: Partition) => boolean> {
  const event = await lake.table('silver', eventSpec(dataset).table).snapshot();
  const builtFrom = event?.txn(bronzeTxn(dataset), -1) ?? -1;
  const table = lake.table('bronze', dataset.name);
  const others = new Set<string>();
  for (let version = builtFrom + 1; version <= bronze.version; version++) {
    const commit = await table.log.commit(version);
    if (commit === null || builtFrom < 0) return () => false;
    if (!onlyForgets(commit)) for (const key of changedBy(commit)) others.add(key);
  }
  return (partition) => !others.has(partitionKey(partition));
}

function onlyForgets({ actions }: Commit): boolean {
  return actions.some(({ commitInfo }) => commitInfo?.operationMetrics[redactedMetric] === '0');
}

function changedBy({ actions }: Commit): string[] {
  return actions.flatMap(({ add, remove }) => {
    const file = add ?? remove;
    return file?.dataChange === true ? [partitionKey(file.partitionValues)] : [];
  });
}
