import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { contractParameters, landSelect } from '../../src/bronze/contract.js';
import type { Dataset } from '../../src/dataset.js';
import type { TransformOptions } from '../../src/silver/transform.js';
import { inSession, tablesOf, type Message, type Tables } from './harness.js';

const receivedAt = '2023-10-24T10:00:00Z';

/**
 * Reads messages as bronze does, by the contract's own event time and platform, and then as silver does.
 * @param options `source` is the file that they are of
 * Gives silver's tables, and `bronze_rejected`: message_id and reason of what has no event time.
 */
export function silverOfLanded(dataset: Dataset, messages: readonly Message[], options: TransformOptions & { readonly source?: string } = {}): Promise<Tables> {
  return inSession(async (session, folder) => {
    const input = join(folder, 'messages.ndjson');
    const rows = messages.map(({ body, message_id, received_at }, index) => ({
      body: typeof body === 'string' ? body : JSON.stringify(body), message_id: message_id ?? `m${index}`, received_at: received_at ?? receivedAt,
    }));
    writeFileSync(input, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const received = `SELECT body, message_id, $source AS source, message_id AS source_position, CAST(NULL AS TIMESTAMPTZ) AS sent_at, received_at
      FROM read_json($input, format = 'newline_delimited', columns = {body: 'VARCHAR', message_id: 'VARCHAR', received_at: 'TIMESTAMPTZ'})`;
    await session.run(`CREATE TEMP TABLE landed AS ${landSelect(dataset, received)}`, { ...contractParameters(dataset), input, source: options.source ?? 'test' });
    await session.run('CREATE TEMP VIEW bronze_rows AS SELECT * EXCLUDE (reason) FROM landed WHERE reason IS NULL');
    const rejected = await session.rows('SELECT message_id, reason FROM landed WHERE reason IS NOT NULL ORDER BY message_id');
    return { ...(await tablesOf(session, dataset, join(folder, 'staging'), options)), bronze_rejected: rejected };
  });
}
