import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { GetQueueAttributesCommand, PurgeQueueCommand } from '@aws-sdk/client-sqs';
import { createQueue, queueClient, queueCredentials, queueRegion, sendAll } from '../../test/support/queue.js';

/** Where the events of one run come from. */
export interface FaultSource {
  readonly kind: 'files' | 'sqs' | 'kafka';
  readonly environment: Readonly<Record<string, string>>;
  /** The server that requests go to, if it speaks HTTP. */
  readonly endpoint: string | null;
  /** What --from is told; through another endpoint when one is given. */
  uri(endpoint?: string): string;
  /** Puts the next portion there; false when it was the last one. */
  arrive(): Promise<boolean>;
  /** Gives messages once more. */
  again(lines: readonly string[]): Promise<void>;
  /** Waits until what dead consumers held can be read again. False when nothing is left. */
  waiting(): Promise<boolean>;
  close(): Promise<void>;
}

/** Files in a folder, which come one after the other: some are compressed, some grow. */
export function fileSource(workspace: string, portions: readonly (readonly string[])[]): FaultSource {
  const folder = join(workspace, 'in');
  mkdirSync(folder, { recursive: true });
  const left = [...portions.entries()];
  return {
    kind: 'files',
    environment: {},
    endpoint: null,
    uri: () => folder,
    arrive: () => {
      const [number, lines] = left.shift() ?? [0, []];
      const text = lines.map((line) => `${line}\n`).join('');
      if (number % 3 === 1) writeFileSync(join(folder, `${number}.ndjson.gz`), gzipSync(text));
      else if (lines.length > 0) appendFileSync(join(folder, `${number - (number % 3)}.ndjson`), text);
      return Promise.resolve(left.length > 0);
    },
    again: (lines) => {
      writeFileSync(join(folder, 'again.ndjson'), lines.map((line) => `${line}\n`).join(''));
      return Promise.resolve();
    },
    waiting: () => Promise.resolve(false),
    close: () => Promise.resolve(),
  };
}

const lookMs = 200;

/** A queue of its own on a server that speaks SQS. */
export async function queueSource(server: string, name: string, portions: readonly (readonly string[])[], visibilitySeconds: number): Promise<FaultSource> {
  const client = queueClient(server);
  const url = await createQueue(client, name);
  const left = [...portions];
  const counts = async (): Promise<readonly [number, number]> => {
    const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] }));
    return [Number(Attributes?.['ApproximateNumberOfMessages'] ?? 0), Number(Attributes?.['ApproximateNumberOfMessagesNotVisible'] ?? 0)];
  };
  return {
    kind: 'sqs',
    environment: { AWS_ACCESS_KEY_ID: queueCredentials.accessKeyId, AWS_SECRET_ACCESS_KEY: queueCredentials.secretAccessKey, AWS_REGION: queueRegion, AWS_EC2_METADATA_DISABLED: 'true' },
    endpoint: server,
    uri: (endpoint = server) => `sqs://${name}?region=${queueRegion}&endpoint=${encodeURIComponent(endpoint)}&visibility=${visibilitySeconds}`,
    arrive: async () => {
      await sendAll(client, url, left.shift() ?? []);
      return left.length > 0;
    },
    again: async (lines) => {
      await sendAll(client, url, lines);
    },
    waiting: async () => {
      for (const endMs = performance.now() + visibilitySeconds * 1_000 + lookMs; ; ) {
        const [visible, held] = await counts();
        // A server may count a message as held until somebody asks for it.
        if (held === 0 || performance.now() > endMs) return visible + held > 0;
        await delay(lookMs);
      }
    },
    close: async () => {
      await client.send(new PurgeQueueCommand({ QueueUrl: url })).catch(() => undefined);
      client.destroy();
    },
  };
}
