import { shareText } from '../config.js';
import type { Dataset } from '../dataset.js';
import { LakeError } from '../errors.js';
import { textList, type Session } from '../lake/duckdb.js';
import { sqlFile } from '../lake/sql.js';
import { rowsOf, type StagedFile } from '../lake/staged.js';

const reasonsSelect = sqlFile(import.meta.url, './sql/reject-reasons.sql');

/** @throws LakeError CHECK_FAILED when more than a share of the rows that were built is rejected: 0.05 is 5 % */
export async function checkRejected(session: Session, dataset: Dataset, files: ReadonlyMap<string, readonly StagedFile[]>, maxRejected: number): Promise<void> {
  const rejected = files.get(`${dataset.name}_rejected`) ?? [];
  const rows = [dataset.event.table, `${dataset.name}_rejected`, `${dataset.name}_duplicates`].reduce((total, table) => total + rowsOf(files.get(table) ?? []), 0);
  const bad = rowsOf(rejected);
  if (rows === 0 || bad / rows <= maxRejected) return;
  const reasons = await session.rows(reasonsSelect, { paths: textList(rejected.map(({ path }) => path)) });
  const named = reasons.map((row) => `${String(row['rows'])} ${String(row['reason'])} (such as ${JSON.stringify(row['detail'])})`);
  throw new LakeError(`${bad} of ${rows} rows would be rejected, ${shareText(bad / rows)}, more than --max-rejected ${shareText(maxRejected)}: ${named.join('; ')}`, {
    code: 'CHECK_FAILED',
    op: 'silver',
    path: `silver.${dataset.name}_rejected`,
    hint: 'Nothing was published, and the events are in bronze. Mend the contract and run `ingot silver` again, or raise --max-rejected.',
  });
}
