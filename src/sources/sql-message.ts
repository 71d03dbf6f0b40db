import type { LandedRow, RowHeaders } from './landed.js';
import type { Message } from './source.js';

/** A row of a database's query. */
export interface DatabaseRow {
  readonly id: string;
  /** Its date, as the database writes it. */
  readonly at: string;
  /** A JSON object. */
  readonly body: string;
  readonly hash: string;
}

/** The same for the same landing of the same row: whoever lands it again is known. */
export function messageIdOf({ id, version, hash, withdrawn }: Pick<LandedRow, 'id' | 'version' | 'hash' | 'withdrawn'>): string {
  return `${id}:${version}:${withdrawn ? 'withdrawn' : hash}`;
}

/** A row as the next landing after `version`: `{"version":2,"order_id":…`. */
export function rowMessage(row: DatabaseRow, version: number, times: MessageTimes): Message {
  return messageOf({ id: row.id, version, hash: row.hash, at: row.at, withdrawn: false }, withVersion(row.body, version), times);
}

/** What takes a landed row back where it is: `{"version":3,"withdrawn":true,"order_id":…`, with its last body. */
export function withdrawal(landed: LandedRow, body: string, times: MessageTimes): Message {
  const version = landed.version + 1;
  return messageOf({ ...landed, version, withdrawn: true }, withVersion(body.replace(/^\{"version":\d+,?(?:"withdrawn":true,?)?/, '{'), version, '"withdrawn":true'), times);
}

export interface MessageTimes {
  /** When the database was asked. */
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
}

function messageOf(landing: LandedRow, body: string, { sentAtMs, receivedAtMs }: MessageTimes): Message {
  const { id, version, hash, at, withdrawn } = landing;
  const headers: RowHeaders = { version, hash, at, withdrawn };
  // Another process may be landing the same: bronze looks whether it has it.
  return { body, messageId: messageIdOf(landing), position: id, sentAtMs, receivedAtMs, redelivered: true, key: id, headers: JSON.stringify(headers) };
}

function withVersion(body: string, version: number, besides = ''): string {
  const rest = body.trimStart().slice(1).trimStart();
  const own = [`"version":${version}`, ...(besides === '' ? [] : [besides])].join(',');
  return `{${own}${rest.startsWith('}') ? '' : ','}${rest}`;
}
