import type { Landing, RowHeaders } from './landed.js';
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
export function messageIdOf({ id, version, hash, withdrawn }: Omit<Landing, 'at'>): string {
  return `${id}:${version}:${withdrawn ? 'withdrawn' : hash}`;
}

/** A row as the next landing after `version`: `{"version":2,"order_id":…`. */
export function rowMessage(row: DatabaseRow, version: number, times: MessageTimes): Message {
  return messageOf({ id: row.id, version, hash: row.hash, at: row.at, withdrawn: false }, withVersion(row.body, version), times);
}

/** What takes a landing back where it stands: `{"version":3,"withdrawn":true,"order_id":…`, with its body. */
export function withdrawal(standing: Landing, version: number, body: string, times: MessageTimes): Message {
  return messageOf({ ...standing, version, withdrawn: true }, withVersion(body.replace(/^\{"version":\d+,?(?:"withdrawn":true,?)?/, '{'), version, '"withdrawn":true'), times);
}

export interface MessageTimes {
  /** When this pass over the database began: what it lands was not in the lake before, but for the skew of clocks. */
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
}

function messageOf(landing: Landing, body: string, { sentAtMs, receivedAtMs }: MessageTimes): Message {
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
