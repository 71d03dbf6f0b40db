import { Agent, request } from 'node:http';
import { generateShop } from '../../src/generate/shop.js';
import { openQueue } from '../../src/sources/sqs-client.js';
import { parseSourceUri } from '../../src/sources/uri.js';

/**
 * Sends events that happen now, so many a second, for so long; each tenth of a second's share together. It is no part of what is
 * measured and shares the processors with it: so the events are made before, and the requests are plain HTTP, as the queue on
 * this machine takes them.
 */
const [to = '', perSecond = '1000', seconds = '60', seed = '1'] = process.argv.slice(2);
const uri = parseSourceUri(to);
if (uri.kind !== 'sqs' || uri.endpoint === null || uri.region === null) throw new Error(`${to} is no queue of this machine`);
const { endpoint, region } = uri;
const total = Number(perSecond) * Number(seconds);
const lines = generateShop({ events: total, days: 1, seed: Number(seed), since: new Date().toISOString().slice(0, 10), form: 'json' });
/** Some minutes' share is made before. */
const ready = Array.from({ length: Math.min(total, 100_000) }, nextLine).reverse();
const queue = await openQueue(uri);
queue.client.destroy();
const agent = new Agent({ keepAlive: true, maxSockets: 4 });

async function send(bodies: readonly string[]): Promise<void> {
  const content = JSON.stringify({ QueueUrl: queue.url, Entries: bodies.map((body, index) => ({ Id: String(index), MessageBody: body })) });
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'content-length': Buffer.byteLength(content),
    'x-amz-target': 'AmazonSQS.SendMessageBatch',
    authorization: `AWS4-HMAC-SHA256 Credential=${process.env['AWS_ACCESS_KEY_ID'] ?? ''}/20260101/${region}/sqs/aws4_request, SignedHeaders=host, Signature=0`,
  };
  const answer = await new Promise<string>((resolve, reject) => {
    const sent = request(endpoint, { method: 'POST', agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString('utf8'));
        else reject(new Error(`the queue answers ${response.statusCode ?? 0}: ${Buffer.concat(chunks).toString('utf8')}`));
      });
    });
    sent.on('error', reject);
    sent.end(content);
  });
  const failed = (JSON.parse(answer) as { readonly Failed?: readonly unknown[] }).Failed ?? [];
  if (failed.length > 0) throw new Error(`the queue refused: ${JSON.stringify(failed[0])}`);
}

function nextLine(): string {
  const { value } = lines.next();
  if (value === undefined) throw new Error('the generator makes fewer events than it was asked for');
  return value;
}

const startedAtMs = Date.now();
let sent = 0;
while (sent < total) {
  const due = Math.min(total, Math.floor(((Date.now() - startedAtMs) / 1000) * Number(perSecond)));
  // What an hour ago was late is late still; all else happens now.
  const batch = Array.from({ length: due - sent }, () => (ready.pop() ?? nextLine()).replace(/"event_timestamp":\s*\d{13}\b/, `"event_timestamp":${Date.now()}`));
  const groups = Array.from({ length: Math.ceil(batch.length / 10) }, (_none, index) => batch.slice(index * 10, index * 10 + 10));
  await Promise.all(groups.map(send));
  sent += batch.length;
  await new Promise((resolve) => setTimeout(resolve, 100));
}
agent.destroy();
process.send?.({ sent });
