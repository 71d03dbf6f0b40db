import { join } from 'node:path';
import { stat } from 'node:fs/promises';
import type { DuckDBValue } from '@duckdb/node-api';
import type { Dataset } from '../dataset.js';
import { write } from '../engines/duckdb.js';
import { textList, type Session } from '../lake/duckdb.js';
import { fill, sqlFile } from '../lake/sql.js';
import type { StagedFile } from '../lake/staged.js';
import type { Window, WindowFile } from './window.js';

const landTemplate = sqlFile(import.meta.url, './land.sql');
const eventTimestamp = sqlFile(import.meta.url, './event-timestamp.sql').trim();
const badSelect = sqlFile(import.meta.url, './rejected-bad.sql');
const rejectedSelect = fill(sqlFile(import.meta.url, './rejected.sql'), { bad: badSelect });

/** A window's rows as staged files. */
export interface Landed {
  readonly landed: readonly StagedFile[];
  readonly rejected: readonly StagedFile[];
}

/**
 * Parses a window's spool with DuckDB, in one pass, into files of the two tables.
 * @param knownIds message ids that bronze has already: their rows are left out
 */
export async function land(session: Session, dataset: Dataset, window: Window, knownIds: readonly string[]): Promise<Landed> {
  const parameters = {
    lines_path: window.path('lines'),
    ...filesOf(window),
    messages_path: window.path('messages'),
    bad_path: window.path('bad'),
    known_ids: textList(knownIds),
    delimiter: '\x1f',
    no_text: '\x1e\x1e',
    time_path: `$.${JSON.stringify(dataset.time.key)}`,
    platform_path: `$.${JSON.stringify(dataset.platform.key)}`,
    platforms: textList(dataset.platform.values),
    time_name: dataset.time.key,
  };
  const select = fill(landTemplate, { event_timestamp: eventTimestamp, time_name: 'CAST($time_name AS VARCHAR)' });
  const staged = await write(session, select, { parameters, partitionBy: ['reason', 'event_date', 'platform'], stagingDir: join(window.folder, 'rows') });
  const landed = staged.filter((file) => file.partition['reason'] === null).map(withoutReason);
  const unread = staged.filter((file) => file.partition['reason'] !== null);
  const rejectedDir = join(window.folder, 'rejected');
  if (unread.length > 0) {
    const rejected = { ...parameters, rejected_paths: textList(unread.map((file) => file.path)) };
    return { landed, rejected: await write(session, rejectedSelect, { parameters: rejected, partitionBy: ['received_date'], stagingDir: rejectedDir }) };
  }
  if ((await stat(window.path('bad'))).size === 0) return { landed, rejected: [] };
  return { landed, rejected: await write(session, badSelect, { parameters, partitionBy: ['received_date'], stagingDir: rejectedDir }) };
}

/** The window's files as lists by number; numbers in between that have no lines are empty. */
function filesOf(window: Window) {
  const numbers = [...window.files.keys()];
  const first = numbers.length === 0 ? 0 : Math.min(...numbers);
  const length = numbers.length === 0 ? 0 : Math.max(...numbers) - first + 1;
  const list = (field: (file: WindowFile) => string): DuckDBValue =>
    textList(Array.from({ length }, (_none, index) => {
      const file = window.files.get(first + index);
      return file === undefined ? '' : field(file);
    }));
  return {
    first_file: BigInt(first),
    file_ids: list((file) => file.fileId),
    file_sources: list((file) => file.source),
    file_received_at_ms: list((file) => String(file.receivedAtMs)),
  };
}

function withoutReason(file: StagedFile): StagedFile {
  return { ...file, partition: Object.fromEntries(Object.entries(file.partition).filter(([column]) => column !== 'reason')) };
}
