import { resolve } from 'node:path';
import { LakeError } from '../errors.js';
import { kafkaUri, type KafkaUri } from './kafka-uri.js';
import { defaultWaitSeconds, longestWaitSeconds } from './wait.js';

export interface SqsUri {
  readonly kind: 'sqs';
  /** A queue's name, or its URL. */
  readonly queue: string;
  readonly region: string | null;
  readonly endpoint: string | null;
  readonly visibilitySeconds: number;
  readonly receivers: number;
  /** How long a start waits while nobody listens at the endpoint. */
  readonly waitSeconds: number;
}

export interface FilesUri {
  readonly kind: 'files';
  /** A file, a folder, a glob, or `-`. */
  readonly pattern: string;
}

/** A place of files, as it is named to people. */
export function nameOfPlace(uri: FilesUri | S3Uri): string {
  return uri.kind === 's3' ? `s3://${uri.bucket}/${uri.key}` : uri.pattern;
}

export interface S3Uri {
  readonly kind: 's3';
  readonly bucket: string;
  /** A key, a prefix, a glob; empty: the whole bucket. */
  readonly key: string;
}

/** A database that speaks PostgreSQL: a server, or the folder of an embedded one. */
export interface SqlUri {
  readonly kind: 'sql';
  readonly engine: 'postgres' | 'pglite';
  /** With the password, if it has one: for the driver alone. */
  readonly url: string;
  /** Without password and parameters: for people, and for the lake. */
  readonly name: string;
}

export type SourceUri = SqsUri | KafkaUri | FilesUri | S3Uri | SqlUri;

const known = 'Known are sqs://queue, a queue\'s https URL, kafka://host:9092/topic, a file, a folder, a glob, a ZIP, s3://bucket/prefix, postgres://user@host/database, pglite://folder, and - for stdin.';

/** Reads `--from`. @throws LakeError USAGE */
export function parseSourceUri(text: string): SourceUri {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return { kind: 'files', pattern: text };
  if (scheme === 'file') return { kind: 'files', pattern: decoded(text.slice('file://'.length), text) };
  if (scheme === 'sqs') return sqsUri(text);
  if (scheme === 'kafka') return kafkaUri(text);
  if (scheme === 's3') return s3Uri(text);
  if (scheme === 'postgres' || scheme === 'postgresql') return postgresUri(text);
  if (scheme === 'pglite') return pgliteUri(text);
  if (scheme === 'http' || scheme === 'https') return queueUrl(text);
  throw usage(`${scheme}:// is no source`, text, known);
}

/** `sqs://queue?region=…&endpoint=…&visibility=300&receivers=4&wait=30`. */
function sqsUri(text: string): SqsUri {
  const match = /^sqs:\/\/([^/?#]+)\/?(?:\?(.*))?$/i.exec(text);
  if (match?.[1] === undefined) throw usage('the queue is missing', text, 'Write sqs://queue?region=eu-west-1.');
  return withSettings(decoded(match[1], text), new URLSearchParams(match[2] ?? ''), text);
}

function s3Uri(text: string): S3Uri {
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/s.exec(text);
  if (match?.[1] === undefined) throw usage('that is no bucket', text, 'Write s3://bucket/prefix, s3://bucket/key.zip, or a glob in quotes.');
  return { kind: 's3', bucket: match[1], key: match[2] ?? '' };
}

function postgresUri(text: string): SqlUri {
  if (!URL.canParse(text)) throw usage('that is no URL', hidden(text), 'Write postgres://user@host:5432/database; the password may come by PGPASSWORD.');
  const url = new URL(text);
  const user = url.username === '' ? '' : `${url.username}@`;
  return { kind: 'sql', engine: 'postgres', url: text, name: `postgres://${user}${url.host}${url.pathname}` };
}

/** A URL that can't be read may have a password in it all the same. */
function hidden(text: string): string {
  return text.replace(/\/\/[^@/]*@/, '//…@');
}

function pgliteUri(text: string): SqlUri {
  const folder = decoded(text.slice('pglite://'.length), text);
  if (folder === '') throw usage('the folder is missing', text, 'Write pglite://orders-db.');
  return { kind: 'sql', engine: 'pglite', url: resolve(folder), name: `pglite://${resolve(folder)}` };
}

/** A queue's own URL; settings of ours may follow it as a query. */
function queueUrl(text: string): SqsUri {
  if (!URL.canParse(text)) throw usage('that is no URL', text, known);
  const url = new URL(text);
  const settings = new URLSearchParams(url.search);
  url.search = '';
  const amazon = /^sqs\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/.exec(url.hostname);
  if (!settings.has('region') && amazon?.[1] !== undefined) settings.set('region', amazon[1]);
  if (!settings.has('endpoint') && amazon === null) settings.set('endpoint', url.origin);
  return withSettings(url.toString(), settings, text);
}

function decoded(part: string, text: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw usage(`${part} has a % that encodes nothing`, text, 'Write %25 for a per cent sign.');
  }
}

function withSettings(queue: string, settings: URLSearchParams, text: string): SqsUri {
  for (const name of settings.keys()) {
    if (!['region', 'endpoint', 'visibility', 'receivers', 'wait'].includes(name)) throw usage(`the setting ${name} is unknown`, text, 'Known are region, endpoint, visibility (seconds), receivers and wait (seconds).');
  }
  return {
    kind: 'sqs',
    queue,
    region: settings.get('region'),
    endpoint: settings.get('endpoint'),
    visibilitySeconds: whole(settings, 'visibility', 300, 2, 43_200, text),
    receivers: whole(settings, 'receivers', 4, 1, 64, text),
    waitSeconds: whole(settings, 'wait', defaultWaitSeconds, 0, longestWaitSeconds, text),
  };
}

function whole(settings: URLSearchParams, name: string, absent: number, min: number, max: number, text: string): number {
  const value = settings.get(name);
  if (value === null) return absent;
  const number = Number(value);
  if (!Number.isInteger(number) || number < min || number > max) throw usage(`${name}=${value} is no whole number from ${min} to ${max}`, text, known);
  return number;
}

function usage(message: string, path: string, hint: string): LakeError {
  return new LakeError(`--from: ${message}`, { code: 'USAGE', op: 'options', path, hint });
}
