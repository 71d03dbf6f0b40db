import { S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { LakeError, messageOf } from '../errors.js';

/** Five attempts to connect end within half a minute. */
const connectTimeoutMs = 4_000;
const maxAttempts = 5;
const maxSockets = 64;

/** How long S3 may take. */
export interface S3Timeouts {
  /** A connection on which nothing moves is cut. */
  readonly idleMs: number;
  /** One request; a part of an upload is one. */
  readonly requestMs: number;
  /** One operation with all its tries, but for uploads. */
  readonly operationMs: number;
}

export const defaultTimeouts: S3Timeouts = { idleMs: 20_000, requestMs: 120_000, operationMs: 90_000 };

/** A lake's place: no `/` at either end of the prefix, which may be empty. */
export interface S3Place {
  readonly bucket: string;
  readonly prefix: string;
}

/** @param root as `lakeRoot` gives it: `s3://bucket/prefix` */
export function placeOf(root: string): S3Place {
  const [bucket = '', ...segments] = root.slice('s3://'.length).split('/');
  return { bucket, prefix: segments.join('/') };
}

/** What the SDK and DuckDB both need to know of the server. */
export interface S3Server {
  readonly client: S3Client;
  readonly region: string;
  /** Null: Amazon's own. */
  readonly endpoint: URL | null;
  readonly pathStyle: boolean;
}

export interface Credentials {
  readonly keyId: string;
  readonly secret: string;
  /** Empty when they have none. */
  readonly sessionToken: string;
}

/**
 * Settings by the SDK's usual ways: variables, profiles, SSO, roles. A server of one's own is addressed by path, if
 * nothing else is said: its bucket names are seldom names of hosts.
 * @throws LakeError USAGE when no region is to be had
 */
export async function s3Server(place: S3Place, pathStyle: boolean | null, timeouts: S3Timeouts): Promise<S3Server> {
  const asked = new S3Client({});
  const configured = (await asked.config.serviceConfiguredEndpoint?.()) ?? null;
  const endpoint = configured === null ? null : new URL(configured);
  const region = await asked.config.region().catch((error: unknown) => regionOf(endpoint, error));
  asked.destroy();
  const byPath = pathStyle ?? (endpoint !== null || place.bucket.includes('.'));
  const sockets = { keepAlive: true, maxSockets };
  const client = new S3Client({
    region,
    ...(endpoint === null ? {} : { endpoint: endpoint.href }),
    forcePathStyle: byPath,
    maxAttempts,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: connectTimeoutMs,
      socketTimeout: timeouts.idleMs,
      requestTimeout: timeouts.requestMs,
      throwOnRequestTimeout: true,
      httpAgent: sockets,
      httpsAgent: sockets,
    }),
  });
  return { client, region, endpoint, pathStyle: byPath };
}

/** Servers of one's own mostly have no regions, or take this one. */
function regionOf(endpoint: URL | null, error: unknown): string {
  if (endpoint !== null) return 'us-east-1';
  throw new LakeError(`the region of the bucket is not known: ${messageOf(error)}`, { code: 'USAGE', op: 's3', path: 'AWS_REGION', hint: 'Set AWS_REGION, or a region in the profile that AWS_PROFILE names.' });
}

/** The credentials of this moment: the SDK renews them before they expire. */
export async function credentialsOf({ client }: S3Server): Promise<Credentials> {
  const { accessKeyId, secretAccessKey, sessionToken = '' } = await client.config.credentials();
  return { keyId: accessKeyId, secret: secretAccessKey, sessionToken };
}
