import { CreateQueueCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { buildApp } from 'fauxqs';

process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

export const queueCredentials = { accessKeyId: 'ingot', secretAccessKey: 'ingot' };
export const queueRegion = 'us-east-1';
const parallelSends = 8;

/** A queue server that speaks SQS, on loopback. */
export interface QueueServer {
  readonly endpoint: string;
  readonly client: SQSClient;
  createQueue(name: string): Promise<string>;
  stop(): Promise<void>;
}

/** Starts the embedded queue server on a free port. */
export async function startQueue(): Promise<QueueServer> {
  const app = buildApp({ logger: false });
  const endpoint = (await app.listen({ host: '127.0.0.1', port: 0 })).replace('localhost', '127.0.0.1');
  const client = queueClient(endpoint);
  return {
    endpoint,
    client,
    createQueue: (name) => createQueue(client, name),
    stop: async () => {
      client.destroy();
      app.server.closeAllConnections();
      await app.close();
    },
  };
}

export function queueClient(endpoint: string): SQSClient {
  return new SQSClient({ endpoint, region: queueRegion, credentials: queueCredentials });
}

/** Gives the queue's URL. */
export async function createQueue(client: SQSClient, name: string): Promise<string> {
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: name }));
  if (QueueUrl === undefined) throw new Error(`queue ${name} has no URL`);
  return QueueUrl;
}

/** Sends bodies, ten a request, several requests at once. Gives how many. */
export async function sendAll(client: SQSClient, queueUrl: string, bodies: Iterable<string>, sent: (total: number) => void = () => undefined): Promise<number> {
  const iterator = bodies[Symbol.iterator]();
  let total = 0;
  const send = async (): Promise<void> => {
    for (;;) {
      const entries: { Id: string; MessageBody: string }[] = [];
      while (entries.length < 10) {
        const next = iterator.next();
        if (next.done === true) break;
        entries.push({ Id: String(entries.length), MessageBody: next.value });
      }
      if (entries.length === 0) return;
      const { Failed } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }));
      if (Failed !== undefined && Failed.length > 0) throw new Error(`the queue refused ${Failed.length} messages: ${Failed[0]?.Message ?? ''}`);
      total += entries.length;
      sent(total);
    }
  };
  await Promise.all(Array.from({ length: parallelSends }, send));
  return total;
}
