import { LakeError } from '../errors.js';
import { defaultWaitSeconds, longestWaitSeconds } from './wait.js';

export interface KafkaTls {
  /** PEM files: the authority that signed the brokers' certificates, and this client's own certificate and key. */
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
}

export const saslMechanisms = { plain: 'PLAIN', 'scram-sha-256': 'SCRAM-SHA-256', 'scram-sha-512': 'SCRAM-SHA-512' } as const;

export interface KafkaSasl {
  readonly mechanism: (typeof saslMechanisms)[keyof typeof saslMechanisms];
  /** Of the URI itself; null: those of the environment. Secrets: never shown. */
  readonly username: string | null;
  readonly password: string | null;
}

export interface KafkaUri {
  readonly kind: 'kafka';
  /** `host:port`, to begin with. */
  readonly brokers: readonly string[];
  readonly topic: string;
  /** Divides the partitions among the consumers that name it; null: this one reads them all. */
  readonly group: string | null;
  /** Where a topic begins of which the lake has nothing; a number is a time in ms. */
  readonly from: 'earliest' | 'latest' | number;
  readonly tls: KafkaTls | null;
  readonly sasl: KafkaSasl | null;
  /** How long a start waits while no broker listens. */
  readonly waitSeconds: number;
}

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

const settingNames = ['group', 'from', 'tls', 'ca', 'cert', 'key', 'sasl', 'wait'];
const example = 'Write kafka://host:9092/topic?group=name, brokers apart by commas.';
const defaultPort = 9092;

/** What is shown of a source, and put into the lake: without user, password and settings. */
export function kafkaName({ brokers, topic }: Pick<KafkaUri, 'brokers' | 'topic'>): string {
  return `kafka://${brokers.join(',')}/${topic}`;
}

/** `kafka://[user:password@]host:port[,host:port]/topic?group=…&from=…&tls=true&ca=…&cert=…&key=…&sasl=…&wait=30`. @throws LakeError USAGE, which never shows what is secret */
export function kafkaUri(text: string): KafkaUri {
  const match = /^kafka:\/\/(?:([^@/?#]*)@)?([^@/?#]+)\/([^/?#]+)\/?(?:\?([^#]*))?$/i.exec(text);
  const [, user, hosts = '', topicText = '', query = ''] = match ?? [];
  if (match === null) throw usage('that names no brokers and topic', 'kafka://…', `${example} In a password write @ as %40, / as %2F and ? as %3F.`);
  const brokers = hosts.split(',').map((host) => broker(host));
  const topic = decoded(topicText);
  const name = kafkaName({ brokers, topic });
  if (!/^[A-Za-z0-9._-]{1,249}$/.test(topic)) throw usage(`${topic} is no topic's name`, name, example);
  const settings = new URLSearchParams(query);
  const odd = [...settings.keys()].find((setting) => !settingNames.includes(setting));
  if (odd !== undefined) throw usage(`the setting ${odd} is unknown`, name, `Known are ${settingNames.join(', ')}; user and password are KAFKA_USERNAME and KAFKA_PASSWORD.`);
  const group = settings.get('group');
  if (group !== null && !/^[^\s]{1,200}$/.test(group)) throw usage('group is no group\'s name', name, 'Give one without spaces.');
  return { kind: 'kafka', brokers, topic, group, from: beginning(settings.get('from'), name), tls: tlsOf(settings, name), sasl: saslOf(settings, user, name), waitSeconds: waiting(settings.get('wait'), name) };
}

/** Completes a URI with the user and password of the environment, where it asks for some and has none. @throws LakeError USAGE */
export function withCredentials(uri: KafkaUri, environment: Environment): KafkaUri {
  if (uri.sasl === null) return uri;
  const username = uri.sasl.username ?? environment['KAFKA_USERNAME'];
  const password = uri.sasl.password ?? environment['KAFKA_PASSWORD'];
  if (username === undefined || password === undefined) throw usage('sasl asks for a user and a password', kafkaName(uri), 'Set KAFKA_USERNAME and KAFKA_PASSWORD.');
  return { ...uri, sasl: { ...uri.sasl, username, password } };
}

function broker(text: string): string {
  const match = /^(\[[0-9a-f:]+\]|[^:[\]]+)(?::(\d{1,5}))?$/i.exec(text);
  const port = Number(match?.[2] ?? defaultPort);
  if (match?.[1] === undefined || port < 1 || port > 65_535) throw usage('one of the brokers is no host:port', 'kafka://…', example);
  return `${match[1]}:${port}`;
}

function beginning(text: string | null, name: string): KafkaUri['from'] {
  if (text === null || text === 'earliest') return 'earliest';
  if (text === 'latest') return 'latest';
  const ms = /^\d{4}-\d\d-\d\d(T|$)/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(ms)) throw usage(`from=${text} is neither earliest, latest nor a time`, name, 'Write a time as 2026-01-31T00:00:00Z.');
  return ms;
}

function waiting(text: string | null, name: string): number {
  const seconds = text === null ? defaultWaitSeconds : Number(text);
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > longestWaitSeconds || text === '') throw usage(`wait=${text ?? ''} is no whole number from 0 to ${longestWaitSeconds}`, name, 'Write how many seconds a start waits for brokers that are away; 0 waits for none.');
  return seconds;
}

function tlsOf(settings: URLSearchParams, name: string): KafkaTls | null {
  const [ca, cert, key] = ['ca', 'cert', 'key'].map((setting) => settings.get(setting));
  const wanted = settings.get('tls') ?? String([ca, cert, key].some((file) => file !== null));
  if (!['true', 'false'].includes(wanted)) throw usage('tls is neither true nor false', name, 'Write tls=true.');
  if (wanted === 'false' && [ca, cert, key].some((file) => file !== null)) throw usage('ca, cert and key are for TLS, and tls=false', name, 'Leave tls=false out.');
  if ((cert === null) !== (key === null)) throw usage('cert and key go together', name, 'Give both files, or none.');
  return wanted === 'true' ? { ca: ca ?? null, cert: cert ?? null, key: key ?? null } : null;
}

function saslOf(settings: URLSearchParams, user: string | undefined, name: string): KafkaSasl | null {
  const wanted = settings.get('sasl');
  if (wanted === null && user === undefined) return null;
  const known = Object.keys(saslMechanisms).join(', ');
  if (wanted === null) throw usage('a user is given and not how it is to be proved', name, `Add sasl= and one of ${known}.`);
  const mechanism = saslMechanisms[wanted.toLowerCase() as keyof typeof saslMechanisms] as KafkaSasl['mechanism'] | undefined;
  if (mechanism === undefined) throw usage('that way of SASL is unknown', name, `Known are ${known}.`);
  const colon = user?.indexOf(':') ?? -1;
  const [username, password] = user === undefined ? [null, null] : colon < 0 ? [decoded(user), null] : [decoded(user.slice(0, colon)), decoded(user.slice(colon + 1))];
  return { mechanism, username, password };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw usage('a % in it encodes nothing', 'kafka://…', 'Write %25 for a per cent sign.');
  }
}

function usage(message: string, path: string, hint: string): LakeError {
  return new LakeError(`--from: ${message}`, { code: 'USAGE', op: 'options', path, hint });
}
