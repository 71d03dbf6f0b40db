import { SQSClient } from '@aws-sdk/client-sqs';
import type { Clock } from '../../src/clock.js';
import type { Queue } from '../../src/sources/sqs-client.js';
import { queueCredentials, queueRegion } from '../support/queue.js';

/** Answers a command instead of the server, at once or later; undefined lets it go there. */
export type Fault = (command: string, input: Readonly<Record<string, unknown>>) => object | Promise<object> | undefined;

/** Puts a fault before a client's requests. */
export function withFault(queue: Queue, fault: Fault): Queue {
  queue.client.middlewareStack.add(
    (next, context) => async (request) => {
      const output = fault(String(context['commandName']), request.input as Readonly<Record<string, unknown>>);
      if (output === undefined) return next(request);
      return { response: {}, output: { $metadata: {}, ...(await output) } };
    },
    { step: 'initialize', name: 'fault' },
  );
  return queue;
}

/** A queue without a server: all its answers are made up. */
export function madeUpQueue(answer: (command: string, input: Readonly<Record<string, unknown>>) => object | Promise<object>): Queue {
  return withFault({ client: new SQSClient({ region: queueRegion, credentials: queueCredentials, endpoint: 'http://127.0.0.1:9' }), url: 'http://127.0.0.1:9/000000000000/made-up' }, answer);
}

/** An error as the SDK throws it. */
export function named(name: string): Error {
  return Object.assign(new Error(`made up: ${name}`), { name });
}

/** Short waits are over at once; long ones last until they are aborted. */
export const hastyClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (ms, signal) => (ms <= 10_000 ? Promise.resolve() : new Promise((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }))),
};
