import { shareText } from '../config.js';
import type { Dataset } from '../dataset.js';
import { LakeError } from '../errors.js';
import { textList, type Session } from '../lake/duckdb.js';
import { sqlFile } from '../lake/sql.js';
import { rowsOf } from '../lake/staged.js';
import { beginningOf } from './beginning.js';
import type { Landed } from './land.js';

const reasonsSelect = sqlFile(import.meta.url, './reject-reasons.sql');

const sampleCharacters = 80;

/**
 * @param maxRejected a share: 0.05 is 5 %
 * @param before messages of windows that this run has committed
 * @throws LakeError CHECK_FAILED when a greater share of a window's new messages is rejected
 */
export async function checkRejected(session: Session, dataset: Dataset, { landed, rejected }: Landed, maxRejected: number, before: number): Promise<void> {
  const bad = rowsOf(rejected);
  const rows = rowsOf(landed) + bad;
  if (rows === 0 || bad / rows <= maxRejected) return;
  const reasons = await session.rows(reasonsSelect, { paths: textList(rejected.map(({ path }) => path)) });
  const named = reasons.map((row) => `${String(row['rows'])} ${String(row['reason'])} (such as ${beginningOf(row['body'], sampleCharacters)})`);
  throw new LakeError(`${bad} of ${rows} messages of a window would be rejected, ${shareText(bad / rows)}, more than --max-rejected ${shareText(maxRejected)}: ${named.join('; ')}`, {
    code: 'CHECK_FAILED',
    op: 'bronze',
    path: `bronze.${dataset.name}_rejected`,
    hint: `Nothing of this window was published or acknowledged: its messages are still in the source. Mend the source or the contract, or raise --max-rejected, and run it again.${before === 0 ? '' : ` The ${before} messages before it are in bronze.`}`,
  });
}
