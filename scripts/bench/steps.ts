import { rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import { Bronze } from '../../src/bronze/bronze.js';
import { consume } from '../../src/bronze/consume.js';
import { systemClock } from '../../src/clock.js';
import { isS3 } from '../../src/config.js';
import type { Dataset } from '../../src/dataset.js';
import { openSource } from '../../src/sources/open.js';
import type { Batch, Source } from '../../src/sources/source.js';
import { withLake } from './workbench.js';

const defaultWindowRows = 200_000;

/** What each step of a drain took, and the whole, milliseconds. */
export interface Steps {
  readonly receive: number;
  readonly spool: number;
  /** DuckDB's part of landing a window. */
  readonly land: number;
  /** The rest of it: sync or upload, the log, the queue's acknowledgements. */
  readonly commit: number;
  readonly whole: number;
}

/**
 * Where the time of one drain goes. Receiving and spooling one window overlap with the landing and committing of the one
 * before it, so the steps are more than the whole.
 * @param lakeDir a folder, or s3://bucket/prefix
 */
export async function stepsOf(lakeDir: string, from: string, dataset: Dataset, windowRows = defaultWindowRows): Promise<Steps> {
  const limits = { bytes: 128e6, rows: windowRows, ageMs: 60_000 };
  const ms = { receive: 0, spool: 0, land: 0, commit: 0 };
  const within = async <T>(step: keyof typeof ms, work: () => Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    try {
      return await work();
    } finally {
      ms[step] += performance.now() - startedAt;
    }
  };
  const startedAt = performance.now();
  await withLake(lakeDir, async (lake) => {
    await lake.storage.prepare();
    const session = await lake.session();
    const rows = session.rows.bind(session);
    session.rows = (...statement) => within('land', () => rows(...statement));
    const bronze = new Bronze(lake, dataset);
    const { marks } = await bronze.open();
    const openWindow = bronze.openWindow.bind(bronze);
    bronze.openWindow = async (source) => {
      const window = await openWindow(source);
      const add = window.add.bind(window);
      window.add = (batch) => within('spool', () => add(batch));
      return window;
    };
    const commit = bronze.commit.bind(bronze);
    bronze.commit = (window) => within('commit', () => commit(window));
    const signal = new AbortController().signal;
    const source = await openSource(from, { follow: false, clock: systemClock, taken: marks, offsets: () => bronze.offsets(), spoolDir: lake.storage.locate('_ingot'), stdin: Readable.from([]), signal, environment: {}, log: () => undefined });
    try {
      await consume(bronze, received(source, (work) => within('receive', work)), limits, systemClock, signal);
    } finally {
      await source.close();
    }
  });
  const whole = performance.now() - startedAt;
  if (!isS3(lakeDir)) rmSync(lakeDir, { recursive: true, force: true });
  return { ...ms, commit: ms.commit - ms.land, whole };
}

/** `receive 12 ms, spool 30 ms, …`. */
export function stepText(steps: Steps): string {
  return (['receive', 'spool', 'land', 'commit', 'whole'] as const).map((step) => `${step} ${Math.round(steps[step])} ms`).join(', ');
}

/** The same source, with the time that its next batch takes measured. */
function received(source: Source, within: (work: () => Promise<IteratorResult<Batch>>) => Promise<IteratorResult<Batch>>): Source {
  return {
    uri: source.uri,
    failures: source.failures,
    committed: (counts) => source.committed(counts),
    close: () => source.close(),
    async *batches(signal) {
      const batches = source.batches(signal)[Symbol.asyncIterator]();
      for (;;) {
        const result = await within(() => batches.next());
        if (result.done === true) return;
        yield result.value;
      }
    },
  };
}
