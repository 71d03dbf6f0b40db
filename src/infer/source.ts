import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Clock } from '../clock.js';
import { LakeError, messageOf, systemCode } from '../errors.js';
import { Session } from '../lake/duckdb.js';
import { openFiles } from '../sources/files.js';
import { isCsv } from '../sources/file.js';
import { parseSourceUri } from '../sources/uri.js';

export interface ReadingOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly memoryLimitBytes: number;
  readonly threads: number;
  /** The folder for the spool and what DuckDB spills; null: the system's temporary one. */
  readonly scratch: string | null;
  readonly stdin: NodeJS.ReadableStream;
}

/** Lines of a source as landing would take them, in a DuckDB of their own. */
export interface SpooledSource {
  readonly session: Session;
  readonly linesPath: string;
  /** Lines that are no UTF-8, over 16 MiB, or have NUL, U+001F or a carriage return in them. */
  readonly leftOut: number;
  /** Whether all files are CSV: then all values are texts, and an empty one is a missing one. */
  readonly csv: boolean;
  /** The first file's name; `-` for stdin. */
  readonly name: string;
}

/**
 * Reads a file, folder, glob or stdin by the code that lands it, and hands its lines on for as long as the work takes.
 * @throws LakeError USAGE for queues and topics, SOURCE_NOT_FOUND, SOURCE_UNREADABLE, DISK_FULL
 */
export async function withSource<T>(from: string, options: ReadingOptions, work: (source: SpooledSource) => Promise<T>): Promise<T> {
  const uri = parseSourceUri(from);
  if (uri.kind !== 'files') throw new LakeError(`${from} is no file`, { code: 'USAGE', op: 'options', path: from, hint: 'Give a file, a folder, a glob in quotes, or - for stdin: what is in a queue or topic is looked at once it has landed, as bronze.<dataset>.' });
  const folder = scratchFolder(options.scratch);
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.on('exit', remove);
  try {
    const linesPath = join(folder, 'lines');
    const spooled = await spool(uri.pattern, linesPath, folder, options);
    const session = await Session.open({ memoryLimitBytes: options.memoryLimitBytes, threads: options.threads, spillDir: join(folder, 'spill') });
    const stop = (): void => session.interrupt();
    options.signal.addEventListener('abort', stop);
    try {
      return await work({ session, linesPath, ...spooled });
    } finally {
      options.signal.removeEventListener('abort', stop);
      session.close();
    }
  } finally {
    process.off('exit', remove);
    remove();
  }
}

function scratchFolder(scratch: string | null): string {
  if (scratch !== null) mkdirSync(scratch, { recursive: true });
  return mkdtempSync(join(scratch ?? tmpdir(), 'ingot-infer-'));
}

async function spool(pattern: string, linesPath: string, folder: string, { clock, signal, stdin }: ReadingOptions): Promise<Pick<SpooledSource, 'leftOut' | 'csv' | 'name'>> {
  const source = await openFiles({ kind: 'files', pattern }, { follow: false, clock, taken: new Map(), offsets: () => Promise.resolve(new Map()), spoolDir: join(folder, 'stdin'), stdin, signal, environment: {}, log: () => undefined });
  const out = createWriteStream(linesPath);
  const names = new Set<string>();
  let leftOut = 0;
  try {
    for await (const batch of source.batches(signal)) {
      if (batch.kind !== 'lines') continue;
      names.add(batch.source);
      leftOut += batch.slow.length;
      // The spool is the source's own buffer, and valid until the next batch is asked for.
      if (batch.spool.length > 0 && !out.write(Buffer.from(batch.spool))) await once(out, 'drain');
    }
    out.end();
    await finished(out);
  } catch (error) {
    if (systemCode(error) !== 'ENOSPC') throw error;
    throw new LakeError('the disk is full', { code: 'DISK_FULL', op: 'read file', path: linesPath, hint: 'Lines are spooled before they are looked at: give --scratch a folder with room.', cause: error });
  } finally {
    out.destroy();
    await source.close();
  }
  if (signal.aborted) throw new LakeError('reading was stopped', { code: 'SOURCE_UNREADABLE', op: 'read file', path: pattern });
  const [failure] = source.failures;
  if (failure !== undefined) throw new LakeError(messageOf(failure), { code: failure.code, op: failure.op, path: failure.path ?? pattern, hint: 'Put it right and run it again.', cause: failure });
  const all = [...names];
  return { leftOut, csv: all.length > 0 && all.every(isCsv), name: all[0] ?? pattern };
}
