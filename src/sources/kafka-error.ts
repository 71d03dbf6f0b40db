import { LakeError } from '../errors.js';
import { kafkaName, type KafkaUri } from './kafka-uri.js';
import { AwayError, isAway } from './wait.js';

/** What is known of an error of the library and of those inside it. */
interface Facts {
  /** Kafka's names of errors, Node's codes and the library's. */
  readonly codes: readonly string[];
  /** The innermost messages: what happened, and not how often it was tried. */
  readonly texts: readonly string[];
}

function factsOf(error: unknown): Facts {
  const codes: string[] = [];
  const texts: string[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { code, apiId, cause, errors, message, serverErrorMessage } = value as Record<string, unknown>;
    for (const name of [apiId, code]) if (typeof name === 'string') codes.push(name);
    const inner = [...(Array.isArray(errors) ? (errors as unknown[]) : []), ...(cause === undefined ? [] : [cause])];
    for (const each of inner) visit(each);
    const said = typeof serverErrorMessage === 'string' && serverErrorMessage !== '' ? serverErrorMessage : message;
    if (inner.length === 0 && typeof said === 'string') texts.push(said.split('\n', 1)[0] ?? said);
  };
  visit(error);
  return { codes, texts: [...new Set(texts)] };
}

/** What an error of the library means to the user. */
export function kafkaError(error: unknown, uri: KafkaUri): LakeError {
  if (error instanceof LakeError) return error;
  const { codes, texts } = factsOf(error);
  const text = texts.slice(0, 3).join('; ');
  const has = (pattern: RegExp): boolean => codes.some((code) => pattern.test(code));
  const made = (message: string, code: LakeError['code'], hint: string): LakeError => new LakeError(message, { code, op: 'kafka', path: kafkaName(uri), hint });
  const { topic } = uri;
  if (has(/^UNKNOWN_TOPIC/) || /^Unknown topic/.test(text) || has(/^INVALID_TOPIC/)) return made(`the topic ${topic} does not exist`, 'SOURCE_NOT_FOUND', 'Check its name and the brokers: topics are not made by reading.');
  if (has(/^(SASL_AUTHENTICATION_FAILED|UNSUPPORTED_SASL_MECHANISM|ILLEGAL_SASL_STATE|PLT_KFK_AUTHENTICATION)$/)) return made(`the brokers of ${topic} refused the user: ${text}`, 'SOURCE_DENIED', 'Check sasl=, KAFKA_USERNAME and KAFKA_PASSWORD.');
  if (has(/GROUP_AUTHORIZATION_FAILED/)) return made(`the user may not use the group ${uri.group ?? ''}`, 'SOURCE_DENIED', 'Let it Read the group, or leave group= out: one consumer needs none.');
  if (has(/AUTHORIZATION_FAILED/)) return made(`the user may not read the topic ${topic}`, 'SOURCE_DENIED', 'Let it Describe and Read the topic.');
  if (has(/INCONSISTENT_GROUP_PROTOCOL/)) return made(`the group ${uri.group ?? ''} is another program's`, 'SOURCE_DENIED', 'Give a group of its own.');
  if (has(/UNSUPPORTED_COMPRESSION/)) return made(`records of ${topic} are packed in a way that is not known: ${text}`, 'SOURCE_UNREADABLE', 'Have its producers use gzip, snappy, lz4 or zstd.');
  if (codes.length === 0 || has(/^PLT_KFK_OUT_OF_BOUNDS$/)) return made(`records of ${topic} can't be read: ${text}`, 'SOURCE_UNREADABLE', 'A batch of them may be damaged, or packed in a way that is not known.');
  const certificate = has(/CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL/) || /certificate|TLS/i.test(text);
  const message = `the brokers of ${topic} can't be reached: ${text === '' ? (codes[0] ?? 'no answer') : text}`;
  const hint = certificate ? 'Check tls= and ca= (the PEM file of the authority that signed the brokers\' certificates).' : `Check the network and the brokers ${uri.brokers.join(', ')}; brokers that speak TLS need tls=true.`;
  return !certificate && isAway(codes) ? new AwayError(message, { code: 'SOURCE_UNREACHABLE', op: 'kafka', path: kafkaName(uri), hint }) : made(message, 'SOURCE_UNREACHABLE', hint);
}

/** True while a partition has no leader that its brokers know of: after a topic was made, and when a broker has gone. */
export function isLeaderless(error: unknown): boolean {
  return factsOf(error).codes.some((code) => /^(NOT_LEADER|LEADER_NOT_AVAILABLE|UNKNOWN_LEADER_EPOCH|FENCED_LEADER_EPOCH)/.test(code));
}

/** An error without the URI's user and password, should a server have told them. */
export function hide(error: LakeError, { sasl }: KafkaUri): LakeError {
  const secrets = [sasl?.username, sasl?.password].filter((secret): secret is string => secret !== null && secret !== undefined && secret.length > 3);
  if (!secrets.some((secret) => error.message.includes(secret))) return error;
  const message = secrets.reduce((text, secret) => text.replaceAll(secret, '***'), error.message);
  return new LakeError(message, { code: error.code, op: error.op, ...(error.path === undefined ? {} : { path: error.path }), ...(error.hint === undefined ? {} : { hint: error.hint }) });
}

/** True for what a later try may cure: a broker that is away, a leader that changes. */
export function isPassing(error: LakeError): boolean {
  return error.code === 'SOURCE_UNREACHABLE';
}
