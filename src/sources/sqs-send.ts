import { SendMessageBatchCommand, type SendMessageBatchRequestEntry } from '@aws-sdk/client-sqs';
import { LakeError } from '../errors.js';
import { openQueue, sqsError, type Queue } from './sqs-client.js';
import type { SqsUri } from './uri.js';

const batchEntries = 10;
/** SQS takes 1 MiB a request; leave room for what wraps the bodies. */
const batchBytes = 900_000;
const parallelSends = 8;

/** Sends each line as a message, in batches. Gives how many were sent. @throws LakeError as `openSource` does */
export async function sendLines(uri: SqsUri, lines: Iterable<string>, sent: (total: number) => void = () => undefined): Promise<number> {
  const queue = await openQueue(uri);
  const iterator = batchesOf(lines);
  let total = 0;
  const sendAll = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
      await send(queue, next.value);
      total += next.value.length;
      sent(total);
    }
  };
  try {
    await Promise.all(Array.from({ length: parallelSends }, sendAll));
    return total;
  } catch (error) {
    throw sqsError(error, uri);
  } finally {
    queue.client.destroy();
  }
}

function* batchesOf(lines: Iterable<string>): Generator<SendMessageBatchRequestEntry[]> {
  let batch: SendMessageBatchRequestEntry[] = [];
  let bytes = 0;
  for (const line of lines) {
    const lineBytes = Buffer.byteLength(line);
    if (batch.length === batchEntries || (batch.length > 0 && bytes + lineBytes > batchBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push({ Id: String(batch.length), MessageBody: line });
    bytes += lineBytes;
  }
  if (batch.length > 0) yield batch;
}

async function send(queue: Queue, entries: readonly SendMessageBatchRequestEntry[]): Promise<void> {
  const { Failed } = await queue.client.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries: [...entries] }));
  const first = Failed?.[0];
  if (first !== undefined) {
    throw new LakeError(`the queue refused a message: ${first.Code ?? ''} ${first.Message ?? ''}`, { code: 'SOURCE_DENIED', op: 'send', path: queue.url, hint: 'See what the queue takes: the size of a message, its policy.' });
  }
}
