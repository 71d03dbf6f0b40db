import type { Dataset } from '../dataset.js';
import type { AddFile } from '../lake/actions.js';
import { textList } from '../lake/duckdb.js';
import { filePath } from '../lake/layout.js';
import type { Lake } from '../lake/lake.js';
import { sqlFile } from '../lake/sql.js';
import { readAgain } from './gone.js';
import type { Redelivery } from './window.js';

const knownSelect = sqlFile(import.meta.url, './known.sql');

/** The queue's clock and ours may differ by this much. */
const clockSkewMs = 3_600_000;

/**
 * Which messages that were delivered before are in bronze: their acknowledgement was lost.
 * Only files that were received into after the oldest of them was sent are read.
 */
export async function knownIds(lake: Lake, dataset: Dataset, redeliveries: readonly Redelivery[]): Promise<string[]> {
  return redeliveries.length === 0 ? [] : readAgain(() => lookUp(lake, dataset, redeliveries));
}

async function lookUp(lake: Lake, dataset: Dataset, redeliveries: readonly Redelivery[]): Promise<string[]> {
  const sentAtMs = redeliveries.reduce((least, each) => Math.min(least, each.sentAtMs ?? 0), Infinity) - clockSkewMs;
  const paths: string[] = [];
  for (const name of [dataset.name, `${dataset.name}_rejected`]) {
    const snapshot = await lake.table('bronze', name).snapshot();
    for (const file of snapshot?.files.values() ?? []) {
      if (receivedUntilMs(file) >= sentAtMs) paths.push(lake.storage.locate(`bronze/${name}/${filePath(file.path)}`));
    }
  }
  if (paths.length === 0) return [];
  const session = await lake.session();
  const rows = await session.rows(knownSelect, { paths: textList(paths), ids: textList(redeliveries.map((each) => each.messageId)) });
  return rows.map((row) => String(row['message_id']));
}

function receivedUntilMs(file: AddFile): number {
  const stats = JSON.parse(file.stats ?? '{}') as { maxValues?: { received_at?: string } };
  const text = stats.maxValues?.received_at;
  return text === undefined ? Infinity : Date.parse(text) + 1;
}
