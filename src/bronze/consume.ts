import type { Clock } from '../clock.js';
import type { Batch, Source } from '../sources/source.js';
import type { Bronze, WindowCounts } from './bronze.js';
import type { Window } from './window.js';

export interface WindowLimits {
  readonly bytes: number;
  readonly rows: number;
  readonly ageMs: number;
  /** Closed when nothing has come for so long: a queue's last messages need not wait for its empty polls. */
  readonly idleMs?: number;
}

export interface ConsumeEvents {
  /** The open window has grown. */
  received?(rows: number, bytes: number): void;
  /** A window is in the lake and acknowledged. */
  committed?(counts: WindowCounts, notAcked: number): void | Promise<void>;
}

/**
 * Source → window → commit → ack, until the source ends. A window is read while the one before it is committed,
 * so at most two are held. After an error nothing more is acknowledged: what is not in the lake comes again.
 */
export async function consume(bronze: Bronze, source: Source, limits: WindowLimits, clock: Clock, signal: AbortSignal, events: ConsumeEvents = {}): Promise<void> {
  const stop = new AbortController();
  const stopping = AbortSignal.any([signal, stop.signal]);
  let committing: Promise<void> = Promise.resolve();
  try {
    for await (const window of windows(bronze, source, limits, clock, stopping, events)) {
      await committing;
      committing = commitAndAck(bronze, source, window, events);
      committing.catch(() => stop.abort());
    }
    await committing;
  } finally {
    stop.abort();
    await committing.catch(() => undefined);
  }
}

async function commitAndAck(bronze: Bronze, source: Source, window: Window, events: ConsumeEvents): Promise<void> {
  const counts = await bronze.commit(window);
  const { failed } = await window.ack();
  source.committed({ fresh: counts.landed + counts.rejected, redelivered: counts.redelivered, dropped: counts.dropped });
  await events.committed?.(counts, failed);
}

/** Gathers batches into sealed windows, closed by bytes, rows or age, and at the end of the source. */
async function* windows(bronze: Bronze, source: Source, limits: WindowLimits, clock: Clock, signal: AbortSignal, events: ConsumeEvents): AsyncGenerator<Window> {
  const batches = source.batches(signal)[Symbol.asyncIterator]();
  let next = batches.next();
  let window: Window | null = null;
  try {
    for (;;) {
      const result = await nextWithin(next, window === null ? null : waitOf(window, limits, clock.nowMs()), clock);
      if (result !== 'late') {
        if (result.done === true) break;
        if (window !== null || !isIdle(result.value)) {
          window ??= await bronze.openWindow(source.uri);
          await window.add(result.value);
          events.received?.(window.rows, window.bytes);
        }
        next = batches.next();
      }
      const open: Window | null = window;
      if (open !== null && (isFull(open, limits, clock.nowMs()) || (result === 'late' && limits.idleMs !== undefined))) {
        window = null;
        await open.seal();
        yield open;
      }
    }
    if (window !== null) {
      const last: Window = window;
      window = null;
      await last.seal();
      yield last;
    }
  } finally {
    next.catch(() => undefined);
    await window?.seal();
    await batches.return?.();
  }
}

/** How long an open window waits for the next batch. */
function waitOf(window: Window, limits: WindowLimits, nowMs: number): number {
  return Math.min(window.openedAtMs + limits.ageMs - nowMs, limits.idleMs ?? Infinity);
}

function isFull(window: Window, limits: WindowLimits, nowMs: number): boolean {
  return window.closes || window.bytes >= limits.bytes || window.rows >= limits.rows || nowMs - window.openedAtMs >= limits.ageMs;
}

/** True for what asks to close a window and has nothing of its own: without an open one there is nothing to close. */
function isIdle(batch: Batch): boolean {
  return batch.kind === 'records' && batch.rows === 0 && batch.mark.next === batch.mark.from;
}

async function nextWithin(next: Promise<IteratorResult<Batch>>, withinMs: number | null, clock: Clock): Promise<IteratorResult<Batch> | 'late'> {
  if (withinMs === null) return next;
  if (withinMs <= 0) return Promise.race([next, Promise.resolve('late' as const)]);
  const timer = new AbortController();
  try {
    return await Promise.race([next, clock.sleep(withinMs, timer.signal).then(() => 'late' as const)]);
  } finally {
    timer.abort();
  }
}
