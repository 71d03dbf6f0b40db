import { createWriteStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { LakeError, messageOf, systemCode } from '../errors.js';
import { hashFile, isCsv, readBlocks, resume, skipLines } from './file.js';
import { findFiles } from './find.js';
import { LineSplitter } from './lines.js';
import type { SourceOptions } from './open.js';
import type { AckResult, Batch, FileMark, Source } from './source.js';

const pollMs = 1_000;
const stdinName = '-';

/** @throws LakeError SOURCE_NOT_FOUND when nothing matches and nothing is waited for */
export async function openFiles(pattern: string, options: SourceOptions): Promise<Source> {
  const source = new FilesSource(pattern, options);
  await source.check();
  return source;
}

class FilesSource implements Source {
  private readonly splitter = new LineSplitter();
  private readonly marks: Map<string, FileMark>;
  private readonly marksByPath = new Map<string, FileMark>();
  /** Size and time of files already looked at, so that following does not hash them again. */
  private readonly looked = new Map<string, string>();
  /** By path: what is read at last is no failure any more. */
  private readonly failed = new Map<string, LakeError>();
  /** By path and file id: a file that grows keeps its number. */
  private readonly numbers = new Map<string, number>();
  private skipped = 0;

  constructor(
    readonly uri: string,
    private readonly options: SourceOptions,
  ) {
    this.marks = new Map(options.taken);
    for (const mark of options.taken.values()) this.marksByPath.set(mark.path, mark);
  }

  get failures(): readonly LakeError[] {
    return [...this.failed.values()];
  }

  async check(): Promise<void> {
    if (this.uri === stdinName || this.options.follow) return;
    if ((await this.find()).length > 0 || this.failed.size > 0) return;
    throw new LakeError(`no file matches ${this.uri}`, { code: 'SOURCE_NOT_FOUND', op: 'find files', path: this.uri, hint: 'Give a file, a folder with .ndjson, .jsonl, .json, .csv or .tsv files (also .gz), or a glob in quotes.' });
  }

  async *batches(signal: AbortSignal): AsyncGenerator<Batch> {
    if (this.uri === stdinName) {
      const path = await this.spoolStdin(signal);
      if (path !== null) yield* this.file(path, stdinName, signal);
      return;
    }
    do {
      for (const path of await this.find()) {
        if (signal.aborted) return;
        yield* this.file(path, path, signal);
      }
      if (this.skipped > 0) this.options.log(`${this.skipped} ${this.skipped === 1 ? 'file was' : 'files were'} landed before: left out`);
      this.skipped = 0;
      if (this.options.follow) await this.options.clock.sleep(pollMs, signal);
    } while (this.options.follow && !signal.aborted);
  }

  committed(): void {
    return;
  }

  async close(): Promise<void> {
    await rm(this.options.spoolDir, { recursive: true, force: true });
  }

  private find(): Promise<string[]> {
    return findFiles(this.uri, (path, error) => this.fail(path, error, 0));
  }

  /** Reads one file; what goes wrong is kept for the end, and the next file is read. */
  private async *file(path: string, name: string, signal: AbortSignal): AsyncGenerator<Batch> {
    let lines = 0;
    try {
      const facts = await stat(path);
      const look = `${facts.size} ${facts.mtimeMs}`;
      if (this.looked.get(path) === look) return;
      this.looked.set(path, look);
      if (!facts.isFile() && !facts.isDirectory()) throw new Error('is no regular file: pipe it into --from -');
      const known = this.marksByPath.get(name) ?? null;
      const content = await hashFile(path, name, known?.bytes ?? null, this.options.follow && name !== stdinName);
      this.failed.delete(name);
      const mark = resume(name, content, this.marks.get(content.sha256) ?? null, known);
      if (mark === null) {
        this.skipped++;
        return;
      }
      lines = mark.lines;
      const fileNumber = this.numberOf(mark);
      let toSkip = mark.lines;
      for await (const { block, last } of readBlocks(path, name, content)) {
        if (signal.aborted) return;
        const { rest, skipped } = skipLines(block, toSkip);
        toSkip -= skipped;
        if (rest.length === 0 && !last) continue;
        const split = this.splitter.split(rest, fileNumber, lines + 1);
        lines += split.rows;
        const now: FileMark = { ...mark, lines, complete: last };
        this.marks.set(now.sha256, now);
        this.marksByPath.set(name, now);
        yield { kind: 'lines', source: name, fileNumber, fileId: mark.fileId, ...split, bytes: rest.length, receivedAtMs: this.options.clock.nowMs(), mark: now, ack: acknowledged };
      }
    } catch (error) {
      this.fail(name, error, lines);
    }
  }

  private numberOf({ path, fileId }: FileMark): number {
    const key = `${fileId} ${path}`;
    const number = this.numbers.get(key) ?? this.numbers.size + 1;
    this.numbers.set(key, number);
    return number;
  }

  private fail(name: string, error: unknown, lines: number): void {
    const failure = unreadable(name, error, lines);
    if (this.options.follow && this.failed.get(name)?.message !== failure.message) this.options.log(failure.message);
    this.failed.set(name, failure);
  }

  /** Gives null when the signal aborts before stdin has ended. */
  private async spoolStdin(signal: AbortSignal): Promise<string | null> {
    const path = join(this.options.spoolDir, 'stdin');
    try {
      await mkdir(this.options.spoolDir, { recursive: true });
      await pipeline(this.options.stdin, createWriteStream(path), { signal });
      return path;
    } catch (error) {
      if (signal.aborted) return null;
      const full = systemCode(error) === 'ENOSPC';
      throw new LakeError(`stdin could not be read: ${messageOf(error)}`, {
        code: full ? 'DISK_FULL' : 'SOURCE_UNREADABLE',
        op: 'read stdin',
        path: stdinName,
        hint: full ? 'Stdin is spooled to the lake\'s disk before it lands: make room, or give the file itself.' : 'Nothing has landed: run it again.',
        cause: error,
      });
    }
  }
}

/** Progress in a file is in the commit itself. */
function acknowledged(): Promise<AckResult> {
  return Promise.resolve({ acked: 0, failed: 0 });
}

function unreadable(path: string, error: unknown, lines: number): LakeError {
  const code = systemCode(error);
  const unit = isCsv(path) ? 'record' : 'line';
  const behind = lines > 0 ? ` after ${unit} ${lines}` : '';
  const what =
    code === 'EACCES' || code === 'EPERM' ? 'may not be read by this user'
    : code === 'ENOENT' ? 'has gone'
    : code === 'EISDIR' ? 'is a folder'
    : code === 'Z_DATA_ERROR' && lines === 0 && /incorrect header/.test(messageOf(error)) ? 'is not gzip, though its name ends in .gz'
    : code === 'Z_BUF_ERROR' || code === 'Z_DATA_ERROR' ? `is cut short or damaged${behind}`
    : `${messageOf(error)}${behind}`;
  const hint = lines > 0 ? `The ${lines} ${unit}s before have landed. Put the whole file there and run it again: it goes on behind them.` : 'Put it right and run it again: the other files have landed.';
  return new LakeError(`${path} ${what}`, { code: 'SOURCE_UNREADABLE', op: 'read file', path, hint, cause: error });
}
