import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { LakeError, messageOf, systemCode } from '../errors.js';
import type { SqsUri } from './uri.js';
import { AwayError, isAway } from './wait.js';

const connectTimeoutMs = 5_000;
/** Longer than a long poll of 20 s. */
const requestTimeoutMs = 30_000;
const openTimeoutMs = 25_000;

/** SQS takes so many messages a request. */
export const batchEntries = 10;
/** Deletes that may be under way beside the receivers. */
export const parallelDeletes = 8;
/** Requests that hide messages longer; they never wait for deletes. */
export const parallelHeartbeats = 4;

export interface Queue {
  readonly client: SQSClient;
  readonly url: string;
}

/** A client with the SDK's usual settings: variables, profiles, SSO, roles; what the URI says wins. */
export function sqsClient(uri: SqsUri): SQSClient {
  const maxSockets = uri.receivers + parallelDeletes + parallelHeartbeats + 2;
  return new SQSClient({
    ...(uri.region === null ? {} : { region: uri.region }),
    ...(uri.endpoint === null ? {} : { endpoint: uri.endpoint, useQueueUrlAsEndpoint: false }),
    maxAttempts: 3,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets },
      httpsAgent: { keepAlive: true, maxSockets },
    }),
  });
}

/** Finds the queue and proves that it can be asked. @throws LakeError within 30 s, at once when the signal aborts; AwayError where nobody listens */
export async function openQueue(uri: SqsUri, signal?: AbortSignal): Promise<Queue> {
  const client = sqsClient(uri);
  const late = AbortSignal.timeout(openTimeoutMs);
  const abortSignal = signal === undefined ? late : AbortSignal.any([late, signal]);
  try {
    const url = uri.queue.includes('://') ? uri.queue : (await client.send(new GetQueueUrlCommand({ QueueName: uri.queue }), { abortSignal })).QueueUrl;
    if (url === undefined) throw new Error('the queue has no URL');
    await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['ApproximateNumberOfMessages'] }), { abortSignal });
    return { client, url };
  } catch (error) {
    client.destroy();
    throw sqsError(signal?.aborted === true ? new Error('stopped by a signal') : late.aborted ? new Error(`no answer within ${openTimeoutMs / 1000} s`) : error, uri);
  }
}

/** What an error of the SDK means to the user. */
export function sqsError(error: unknown, uri: SqsUri): LakeError {
  if (error instanceof LakeError) return error;
  const name = error instanceof Error ? error.name : '';
  const text = messageOf(error);
  const parts = { op: 'sqs', path: `sqs://${uri.queue}`, cause: error };
  if (/NonExistentQueue|QueueDoesNotExist/.test(name)) {
    return new LakeError(`the queue ${uri.queue} does not exist`, { ...parts, code: 'SOURCE_NOT_FOUND', hint: 'Check its name, the region and the account (AWS_PROFILE).' });
  }
  if (/AccessDenied|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|ExpiredToken|InvalidAccessKeyId|AuthFailure|InvalidSecurity|MissingAuthenticationToken|CredentialsProvider|TokenProvider/.test(name) || /could not load credentials|security token/i.test(text)) {
    return new LakeError(`the queue ${uri.queue} refused: ${text}`, { ...parts, code: 'SOURCE_DENIED', hint: 'Give credentials that may receive and delete: AWS_PROFILE=… (then `aws sso login --profile …`), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.' });
  }
  if (/region is missing/i.test(text)) {
    return new LakeError('the region of the queue is not known', { ...parts, code: 'USAGE', hint: 'Write sqs://queue?region=eu-west-1, or set AWS_REGION.' });
  }
  const unreachable = { ...parts, code: 'SOURCE_UNREACHABLE', hint: `Check the network${uri.endpoint === null ? ' and the region' : ` and the endpoint ${uri.endpoint}`}.` } as const;
  const code = systemCode(error) ?? '';
  const message = `the queue ${uri.queue} can't be reached: ${text || code || name}`;
  return isAway([code]) ? new AwayError(message, unreachable) : new LakeError(message, unreachable);
}

/** True for what a later try may cure: hiccups of the network, throttling. */
export function isPassing(error: LakeError): boolean {
  return error.code === 'SOURCE_UNREACHABLE';
}
