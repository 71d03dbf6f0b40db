import { addAbortSignal, Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../errors.js';

/** Tries beside the SDK's own, for what the SDK takes for an answer. */
const tries = 8;
const firstWaitMs = 50;

/** Does it again, a little later each time, as long as it fails in a way that passes. */
export async function again<T>(passes: (error: unknown) => boolean, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!passes(error) || attempt === tries) throw error;
    }
    await delay(firstWaitMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2));
  }
}

/** Null when there is no such object; a bucket that is absent is an error. */
export async function unlessAbsent<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (name === 'NoSuchKey' || name === 'NotFound') return null;
    throw error;
  }
}

/** A body that ended too early, stalled, or is not what its checksum says. */
export class CutBody extends Error {
  override readonly name = 'CutBody';
}

/** @throws CutBody */
export async function wholeBody(body: unknown, bytes: number | undefined, signal: AbortSignal): Promise<Buffer> {
  if (!(body instanceof Readable)) throw new CutBody('an answer has no body');
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of addAbortSignal(signal, body)) chunks.push(chunk as Buffer);
  } catch (error) {
    throw new CutBody(`an answer was cut: ${messageOf(error)}`);
  }
  const content = Buffer.concat(chunks);
  if (bytes !== undefined && content.length !== bytes) throw new CutBody(`an answer was cut after ${content.length} of ${bytes} bytes`);
  return content;
}

/** One object of many could not be deleted. */
export class RefusedDelete extends Error {
  constructor(override readonly name: string, message: string) {
    super(message);
  }
}

export function isPassingDelete(error: unknown): boolean {
  return error instanceof RefusedDelete && /SlowDown|InternalError|ServiceUnavailable/.test(error.name);
}
