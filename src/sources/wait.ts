import { LakeError } from '../errors.js';
import type { SourceOptions } from './open.js';

/** How long a start waits for a server that is away, where the URI does not say `wait=`. */
export const defaultWaitSeconds = 30;
export const longestWaitSeconds = 86_400;

const firstPauseMs = 500;
const longestPauseMs = 5_000;

/** SOURCE_UNREACHABLE where nobody listens: a server that is only starting listens soon. */
export class AwayError extends LakeError {}

/** True for the system's codes of a connection that nobody took. A name that nobody knows, and a server that hangs up, are no such thing. */
export function isAway(codes: readonly string[]): boolean {
  return codes.some((code) => /^(ECONNREFUSED|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|EAI_AGAIN)$/.test(code));
}

/**
 * Opens a source whose server may be away yet: tries again, and says so each time, until it is there or the time is up.
 * @param where the server, `host:port` or a URL
 * @param waitSeconds 0: tries once
 * @throws LakeError what the last try threw; anything but an AwayError at once, and any error when the signal aborts
 */
export async function whenReachable<T>(open: () => Promise<T>, where: string, waitSeconds: number, { clock, log, signal }: Pick<SourceOptions, 'clock' | 'log' | 'signal'>): Promise<T> {
  const stopped = (): boolean => signal.aborted;
  const endMs = clock.nowMs() + waitSeconds * 1000;
  let leftMs = waitSeconds * 1000;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      return await open();
    } catch (error) {
      // The clock may be set back while this waits.
      leftMs = Math.min(leftMs, endMs - clock.nowMs());
      if (!(error instanceof AwayError) || leftMs <= 0 || stopped()) throw error;
      log(`${error.message}; waiting for ${where}, for ${Math.ceil(leftMs / 1000)} s yet`);
      const sleepMs = Math.min(pauseMs, leftMs);
      await clock.sleep(sleepMs, signal);
      if (stopped()) throw error;
      leftMs -= sleepMs;
    }
  }
}
