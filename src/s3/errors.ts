import { LakeError, messageOf, systemCode, type ErrorCode } from '../errors.js';

/** What was asked of S3, as its permissions name it. */
export type S3Action = 's3:GetObject' | 's3:PutObject' | 's3:DeleteObject' | 's3:ListBucket';

/** The HTTP status that S3 answered with, or null when there was no answer. */
export function statusOf(error: unknown): number | null {
  const status = metadataOf(error)['httpStatusCode'];
  return typeof status === 'number' ? status : null;
}

/** How often the request was sent. */
export function attemptsOf(error: unknown): number {
  const attempts = metadataOf(error)['attempts'];
  return typeof attempts === 'number' ? attempts : 1;
}

function metadataOf(error: unknown): Record<string, unknown> {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return {};
  return typeof error.$metadata === 'object' && error.$metadata !== null ? (error.$metadata as Record<string, unknown>) : {};
}

interface Meaning {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

const refusedCredentials = /InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|TokenRefreshRequired|UnrecognizedClient|InvalidClientTokenId|InvalidSecurity/;
const noCredentials = /CredentialsProvider|TokenProvider|could not load credentials|could not resolve credentials|resolved credential object is not valid/i;
const otherRegion = /PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraint|TemporaryRedirect/;
const askedToWait = /SlowDown|Throttl|TooManyRequests|RequestLimitExceeded|ServiceUnavailable/i;

/** What an error of the SDK means to the user. What it carries of requests and answers is left behind: there may be credentials in it. */
export function s3Error(error: unknown, action: S3Action, root: string, path: string): unknown {
  if (error instanceof LakeError) return error;
  const name = error instanceof Error ? error.name : '';
  const meaning = meaningOf(name, messageOf(error), statusOf(error), systemCode(error), action, root) ?? regionMeaning(error, name, root);
  if (meaning === null) return isOfS3(error) ? plain(error) : error;
  return new LakeError(meaning.message, { code: meaning.code, op: action, path: path === '' ? root : `${root}/${path}`, hint: meaning.hint, cause: plain(error) });
}

function isOfS3(error: unknown): boolean {
  return typeof error === 'object' && error !== null && '$metadata' in error;
}

/** The error's name and text and nothing else. */
function plain(error: unknown): Error {
  const copy = new Error(messageOf(error));
  copy.name = error instanceof Error ? error.name : 'Error';
  return copy;
}

function meaningOf(name: string, text: string, status: number | null, code: string | undefined, action: S3Action, root: string): Meaning | null {
  const bucket = root.split('/')[2] ?? '';
  const said = text === '' || text === 'UnknownError' ? name : text;
  if (name === 'NoSuchBucket') return { code: 'LAKE_NOT_FOUND', message: `there is no bucket ${bucket}`, hint: 'Make it first, or check its name, the account (AWS_PROFILE) and the endpoint (AWS_ENDPOINT_URL_S3).' };
  if (name === 'RequestTimeTooSkewed') return { code: 'LAKE_DENIED', message: `S3 refused, as this machine's clock is wrong: ${said}`, hint: 'Set the clock by a time server, then run it again.' };
  if (otherRegion.test(name) || status === 301) return null;
  if (noCredentials.test(name) || noCredentials.test(text)) {
    return { code: 'LAKE_DENIED', message: `there are no credentials for ${root}: ${said}`, hint: 'Set AWS_PROFILE (then `aws sso login`), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role.' };
  }
  if (refusedCredentials.test(name)) return { code: 'LAKE_DENIED', message: `S3 refused the credentials for ${root}: ${said}`, hint: 'Check AWS_PROFILE or AWS_ACCESS_KEY_ID; with SSO or a role, log in again.' };
  if (status === 403 || name === 'AccessDenied') return { code: 'LAKE_DENIED', message: `the bucket ${bucket} refused ${action}`, hint: 'A writer needs s3:GetObject, s3:PutObject and s3:DeleteObject on the lake\'s prefix, and s3:ListBucket on the bucket; a reader s3:GetObject and s3:ListBucket.' };
  if (name === 'NotImplemented' || status === 501) return { code: 'LAKE_NOT_WRITABLE', message: `the server of ${root} can't do what a lake needs: ${said}`, hint: 'It must take PutObject with If-None-Match: several writers are settled by that alone.' };
  if (askedToWait.test(name) || status === 503 || status === 429) return { code: 'LAKE_UNREACHABLE', message: `S3 asks to slow down, also after several tries: ${said}`, hint: 'Run it again a little later, with fewer writers at once.' };
  if (status !== null && status >= 500) return { code: 'LAKE_UNREACHABLE', message: `S3 answers with an error, also after several tries: ${said} (HTTP ${status})`, hint: 'Run it again: nothing that was not committed is visible.' };
  if (isOfNetwork(name, code)) return { code: 'LAKE_UNREACHABLE', message: `${root} can't be reached: ${said}`, hint: 'Check the network, the region (AWS_REGION) and the endpoint (AWS_ENDPOINT_URL_S3), then run it again.' };
  return null;
}

function regionMeaning(error: unknown, name: string, root: string): Meaning | null {
  if (!otherRegion.test(name) && statusOf(error) !== 301) return null;
  const region = regionIn(error);
  return {
    code: 'LAKE_NOT_FOUND',
    message: `the bucket ${root.split('/')[2] ?? ''} is in another region${region === null ? '' : `: ${region}`}`,
    hint: `Set AWS_REGION${region === null ? ' to the bucket\'s region' : `=${region}`}.`,
  };
}

function regionIn(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null;
  if ('Region' in error && typeof error.Region === 'string') return error.Region;
  return /expecting '([a-z0-9-]+)'/.exec(messageOf(error))?.[1] ?? null;
}

const networkCodes: ReadonlySet<string | undefined> = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ERR_STREAM_PREMATURE_CLOSE', 'CERT_HAS_EXPIRED', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'EPROTO']);

function isOfNetwork(name: string, code: string | undefined): boolean {
  return name === 'TimeoutError' || name === 'AbortError' || name === 'CutBody' || networkCodes.has(code);
}
