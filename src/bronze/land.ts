import { join } from 'node:path';
import { stat } from 'node:fs/promises';
import type { DuckDBValue } from '@duckdb/node-api';
import type { Dataset } from '../dataset.js';
import { write } from '../engines/duckdb.js';
import { textList, type Parameters, type Session } from '../lake/duckdb.js';
import { fill, sqlFile } from '../lake/sql.js';
import { rowsOf, type StagedFile } from '../lake/staged.js';
import { contractParameters, landSelect } from './contract.js';
import { forgottenFilter, nobody, type Forgotten } from './forgotten.js';
import { partitionParameters, type Floors } from './offsets.js';
import type { Window, WindowFile } from './window.js';

const rejectedTemplate = sqlFile(import.meta.url, './rejected.sql');
const spoolSelect = sqlFile(import.meta.url, './spool.sql');
/** As land.sql names it. */
const forgottenReason = 'forgotten';
const badSelect = sqlFile(import.meta.url, './rejected-bad.sql');

/** Messages as files of the two tables. */
export interface Landed {
  readonly landed: readonly StagedFile[];
  readonly rejected: readonly StagedFile[];
}

export interface LandedMessages extends Landed {
  /** Messages of persons who were forgotten: they land nowhere. */
  readonly forgotten: number;
}

/** Where messages are read from. */
export interface Messages {
  /** SQL of those whose body is text: body, message_id, source, source_position, sent_at, received_at, message_key, message_headers. */
  readonly select: string;
  /** SQL of those whose body is no text, as rows of the rejected table; may have the slot `message_key`. */
  readonly bad: string;
  /** False when there is none of these. */
  readonly hasBad: boolean;
  readonly parameters: Parameters;
}

/** DuckDB's own default. */
const leastLongestBytes = 16 * 2 ** 20;

/**
 * Parses a window's spool with DuckDB, in one pass, into files of the two tables.
 * @param knownIds message ids that bronze has already: their rows are left out
 * @param floors offsets that bronze has already, by partition: the rows below are left out
 * @param persons those who were forgotten: their rows are counted and left out
 */
export async function land(session: Session, dataset: Dataset, window: Window, knownIds: readonly string[], floors: Floors, persons: Forgotten): Promise<LandedMessages> {
  const parameters = {
    lines_path: window.path('lines'),
    ...filesOf(window),
    messages_path: window.path('messages'),
    bad_path: window.path('bad'),
    // DuckDB takes a buffer of twice as much at once, for each thread, however little there is to read.
    longest_bytes: Math.max(leastLongestBytes, window.longestBytes + 1),
    records_path: window.path('records'),
    ...partitionParameters(window, floors),
    known_ids: textList(knownIds),
    delimiter: '\x1f',
    no_text: '\x1e\x1e',
  };
  const hasBad = (await stat(window.path('bad'))).size > 0;
  return landMessages(session, dataset, { select: spoolSelect, bad: badSelect, hasBad, parameters }, window.folder, persons);
}

/** Writes messages into files of the two tables, in the folders `rows` and `rejected` of an absolute folder. */
export async function landMessages(session: Session, dataset: Dataset, messages: Messages, folder: string, persons: Forgotten = nobody): Promise<LandedMessages> {
  const filter = forgottenFilter(dataset, persons);
  const parameters = { ...messages.parameters, ...contractParameters(dataset), ...filter.parameters };
  const staged = await write(session, landSelect(dataset, messages.select, `${filter.key} AS message_key, message_headers,`, filter.sql), { parameters, partitionBy: ['reason', 'event_date', 'platform'], stagingDir: join(folder, 'rows') });
  const landed = staged.filter((file) => file.partition['reason'] === null).map(withoutReason);
  const forgotten = rowsOf(staged.filter((file) => file.partition['reason'] === forgottenReason));
  const unread = staged.filter((file) => ![null, forgottenReason].includes(file.partition['reason'] ?? null));
  const writeRejected = (select: string): Promise<StagedFile[]> =>
    write(session, select, { parameters: { ...parameters, rejected_paths: textList(unread.map((file) => file.path)) }, partitionBy: ['received_date'], stagingDir: join(folder, 'rejected') });
  const bad = fill(messages.bad, { message_key: filter.key });
  if (unread.length > 0) return { landed, forgotten, rejected: await writeRejected(fill(rejectedTemplate, { bad })) };
  return { landed, forgotten, rejected: messages.hasBad ? await writeRejected(bad) : [] };
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
