import { LakeError } from '../../errors.js';

/** Which Trino, as whom, and where it may put what it makes. */
export interface TrinoTarget {
  /** `https://host:port`. */
  readonly origin: string;
  readonly user: string;
  readonly password: string | null;
  /** A JWT, sent instead of a password. */
  readonly token: string | null;
  /** The catalog of a Hive connector: the lake's files are read by it. */
  readonly catalog: string;
  /** The catalog of an Iceberg connector: results are written by it. */
  readonly stagingCatalog: string;
  /** A schema of both catalogs that is Ingot's alone; it is made when it is not there. */
  readonly schema: string;
  /** The lake's root as the engine's file systems name it; null: the lake's own URL, or `local://` and its path. */
  readonly lake: string | null;
  /** The longest that one statement may take. */
  readonly timeoutMs: number;
  /** Partitions that one statement may write: what the engine lets a writer have open. */
  readonly mostPartitions: number;
}

/** What the environment has for an engine: what stands on a command line, everybody on the machine can read. */
export interface EngineSecrets {
  readonly password?: string | undefined;
  readonly token?: string | undefined;
}

const known = ['staging', 'schema', 'lake', 'tls', 'timeout', 'partitions'];
const name = /^[a-z][a-z0-9_]*$/;
const defaultTimeoutMs = 6 * 3_600_000;
/** Of `iceberg.max-partitions-per-writer`. */
const defaultPartitions = '100';

/**
 * `trino://user@host:port/catalog?staging=iceberg&schema=ingot&lake=local:///lake&tls=true&timeout=2h`.
 * @param parseMs reads a duration
 * @throws LakeError USAGE
 */
export function trinoTarget(text: string, secrets: EngineSecrets, parseMs: (text: string) => number): TrinoTarget {
  const url = parsedUrl(text);
  const unknown = [...url.searchParams.keys()].find((key) => !known.includes(key));
  if (unknown !== undefined) throw usage(`it has no setting ${unknown}`, text, `Settings are ${known.join(', ')}.`);
  const password = url.password === '' ? (secrets.password ?? null) : decodeURIComponent(url.password);
  const token = secrets.token ?? null;
  const setting = (key: string, byDefault: string): string => url.searchParams.get(key) ?? byDefault;
  const tls = setting('tls', String(password !== null || token !== null || url.port === '443'));
  if (tls !== 'true' && tls !== 'false') throw usage(`tls=${tls} is neither true nor false`, text, 'Write tls=true for HTTPS.');
  if (tls === 'false' && (password !== null || token !== null)) throw usage('a password or token is never sent without TLS', text, 'Take tls=false out.');
  const names = { catalog: url.pathname.slice(1).replace(/\/$/, ''), staging: setting('staging', 'iceberg'), schema: setting('schema', 'ingot') };
  for (const [what, value] of Object.entries(names)) {
    if (!name.test(value)) throw usage(value === '' ? `it names no ${what}` : `the ${what} ${value} is no name of small letters, digits and _`, text, form);
  }
  return {
    origin: `${tls === 'true' ? 'https' : 'http'}://${url.hostname}:${portOf(url, text, tls === 'true')}`,
    user: url.username === '' ? 'ingot' : decodeURIComponent(url.username),
    password, token,
    catalog: names.catalog, stagingCatalog: names.staging, schema: names.schema,
    lake: lakeOf(url.searchParams.get('lake'), text),
    timeoutMs: timeoutOf(url.searchParams.get('timeout'), text, parseMs),
    mostPartitions: partitionsOf(setting('partitions', defaultPartitions), text),
  };
}

const form = 'Write trino://user@host:port/catalog, of the catalog whose Hive connector reads the lake\'s files.';

function parsedUrl(text: string): URL {
  if (!text.startsWith('trino://')) throw usage('it is no engine', text, `Give duckdb, or trino://user@host:port/catalog.`);
  try {
    // Of schemes that it does not know, URL reads no host.
    return new URL(text.replace(/^trino:/, 'http:'));
  } catch (error) {
    throw usage('its URL can\'t be read', text, form, error);
  }
}

/** URL leaves out a port that is the default of http, which is not Trino's. */
function portOf(url: URL, text: string, tls: boolean): string {
  if (url.port !== '') return url.port;
  if (/^trino:\/\/[^/?#]*:80(?:[/?#]|$)/.test(text)) return '80';
  return tls ? '443' : '8080';
}

function lakeOf(lake: string | null, text: string): string | null {
  if (lake === null) return null;
  if (!/^[a-z0-9]+:\/\/\S+$/.test(lake)) throw usage(`lake=${lake} is no URL`, text, 'Write the lake\'s root as the engine names it, such as lake=local:///lakes/shop.');
  return lake.replace(/\/+$/, '');
}

function partitionsOf(partitions: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(partitions)) throw usage(`partitions=${partitions} is no number from 1 on`, text, 'Write partitions=1000, as iceberg.max-partitions-per-writer of the engine has it.');
  return Number(partitions);
}

function timeoutOf(timeout: string | null, text: string, parseMs: (text: string) => number): number {
  if (timeout === null) return defaultTimeoutMs;
  try {
    return parseMs(timeout);
  } catch {
    throw usage(`timeout=${timeout} is no duration`, text, 'Write timeout=30m or timeout=2h.');
  }
}

function usage(what: string, text: string, hint: string, cause?: unknown): LakeError {
  const shown = text.replace(/(\/\/[^/@:]*):[^/@]*@/, '$1:…@');
  return new LakeError(`--engine ${shown}: ${what}`, { code: 'USAGE', op: 'options', path: '--engine', hint, cause });
}
