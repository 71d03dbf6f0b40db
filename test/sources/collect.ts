import { mkdtemp, rm } from 'node:fs/promises';
import { testRoot } from '../support/lake.js';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { systemClock, type Clock } from '../../src/clock.js';
import { openSource, type SourceOptions } from '../../src/sources/open.js';
import type { Batch, FileMark, LineBatch, RecordBatch, Source } from '../../src/sources/source.js';

/** A message as a window sees it, whichever kind of batch it came in. */
export interface Seen {
  readonly id: string;
  readonly body: string;
  readonly reason: string | null;
}

export interface Opening {
  readonly follow?: boolean;
  readonly clock?: Clock;
  readonly taken?: ReadonlyMap<string, FileMark>;
  readonly offsets?: ReadonlyMap<string, number>;
  readonly stdin?: string | Buffer;
  readonly signal?: AbortSignal;
  readonly log?: (text: string) => void;
  readonly takes?: (path: string) => boolean;
  readonly placeOf?: (path: string) => string;
}

export function openingOptions(opening: Opening, spoolDir: string): SourceOptions {
  return {
    follow: opening.follow ?? false,
    clock: opening.clock ?? systemClock,
    taken: opening.taken ?? new Map(),
    offsets: () => Promise.resolve(opening.offsets ?? new Map()),
    spoolDir,
    stdin: Readable.from([Buffer.from(opening.stdin ?? '')]),
    signal: opening.signal ?? new AbortController().signal,
    environment: process.env,
    log: opening.log ?? (() => undefined),
    takes: opening.takes,
    placeOf: opening.placeOf,
  };
}

export function openFrom(uri: string, folder: string, opening: Opening = {}): Promise<Source> {
  return openSource(uri, openingOptions(opening, join(folder, '_spool')));
}

/** Reads a source to its end; acknowledges at the end, as a last window does. */
export async function readAll(source: Source, { ack = true, signal = new AbortController().signal } = {}): Promise<{ readonly seen: Seen[]; readonly batches: Batch[]; readonly marks: Map<string, FileMark>; readonly offsets: Map<string, number>; readonly failed: number }> {
  const batches: Batch[] = [];
  const marks = new Map<string, FileMark>();
  const offsets = new Map<string, number>();
  let failed = 0;
  try {
    for await (const given of source.batches(signal)) {
      const batch = given.kind !== 'messages' ? { ...given, spool: Buffer.from(given.spool) } : given;
      batches.push(batch);
      if (batch.kind === 'lines') marks.set(batch.mark.sha256, batch.mark);
      if (batch.kind === 'records') offsets.set(batch.mark.appId, batch.mark.next);
    }
    if (ack) for (const batch of batches) failed += (await batch.ack()).failed;
  } finally {
    await source.close();
  }
  return { seen: batches.flatMap(seenIn), batches, marks, offsets, failed };
}

export function seenIn(batch: Batch): Seen[] {
  if (batch.kind === 'messages') return batch.messages.map(({ messageId, body }) => ({ id: messageId, body, reason: null }));
  if (batch.kind === 'records') return recordsIn(batch);
  return linesIn(batch);
}

function linesIn(batch: LineBatch): Seen[] {
  const good = batch.spool.toString('utf8').split('\n').slice(0, -1).map((row) => {
    const [file, line, ...body] = row.split('\x1f');
    if (file !== String(batch.fileNumber) || body.length !== 1) throw new Error(`a bad row in the spool: ${row}`);
    return { line: Number(line), body: body[0]!, reason: null };
  });
  const slow = batch.slow.map(({ line, body, reason }) => ({ line, body: body.toString(reason === 'not_utf8' ? 'latin1' : 'utf8'), reason }));
  const rows = [...good, ...slow].sort((one, other) => one.line - other.line);
  if (rows.length !== batch.rows) throw new Error(`the batch says ${batch.rows} rows and has ${rows.length}`);
  return rows.map(({ line, body, reason }) => ({ id: `${batch.fileId.slice(0, 32)}:${line}`, body, reason }));
}

function recordsIn(batch: RecordBatch): Seen[] {
  const good = batch.spool.toString('utf8').split('\n').slice(0, -1).map((row) => {
    const [number, offset, , , , , ...body] = row.split('\x1f');
    if (number !== String(batch.number) || body.length !== 1) throw new Error(`a bad row in the spool: ${row}`);
    return { offset: Number(offset), body: body[0]!, reason: null };
  });
  const slow = batch.slow.map(({ offset, body, reason }) => ({ offset, body: body?.toString(reason === 'not_utf8' ? 'latin1' : 'utf8') ?? '', reason: reason === 'odd' ? null : reason }));
  const rows = [...good, ...slow].sort((one, other) => one.offset - other.offset);
  if (rows.length !== batch.rows) throw new Error(`the batch says ${batch.rows} rows and has ${rows.length}`);
  return rows.map(({ offset, body, reason }) => ({ id: `${batch.idPrefix}-${offset}`, body, reason }));
}

export function bodiesOf(seen: readonly Seen[]): string[] {
  return seen.map((each) => each.body);
}

/** Runs with a folder of its own, and removes it. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(testRoot(), 'ingot-sources-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A clock that stands until it is moved. */
export class HeldClock implements Clock {
  private sleepers: { readonly untilMs: number; readonly wake: () => void }[] = [];
  private expecting: (() => void)[] = [];

  constructor(private timeMs = 1_700_000_000_000) {}

  nowMs(): number {
    return this.timeMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const sleeper = { untilMs: this.timeMs + ms, wake: resolve };
      this.sleepers.push(sleeper);
      const end = (): void => {
        this.sleepers = this.sleepers.filter((each) => each !== sleeper);
        resolve();
      };
      if (signal?.aborted === true) end();
      signal?.addEventListener('abort', end, { once: true });
      for (const tell of this.expecting.splice(0)) tell();
    });
  }

  /** Resolves when somebody sleeps. */
  async untilAsleep(): Promise<void> {
    while (this.sleepers.length === 0) await new Promise<void>((resolve) => this.expecting.push(resolve));
  }

  move(ms: number): void {
    this.timeMs += ms;
    const due = this.sleepers.filter((sleeper) => sleeper.untilMs <= this.timeMs);
    this.sleepers = this.sleepers.filter((sleeper) => sleeper.untilMs > this.timeMs);
    for (const { wake } of due) wake();
  }
}

/** A clock on which every sleep is over at once, and has taken its time. */
export class LeapingClock implements Clock {
  readonly slept: number[] = [];

  constructor(private timeMs = 1_700_000_000_000) {}

  nowMs(): number {
    return this.timeMs;
  }

  sleep(ms: number): Promise<void> {
    this.slept.push(ms);
    this.timeMs += ms;
    return Promise.resolve();
  }

  move(ms: number): void {
    this.timeMs += ms;
  }
}
