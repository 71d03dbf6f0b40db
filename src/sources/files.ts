import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { LakeError, messageOf, systemCode } from '../errors.js';
import { hashFile, isCsv, readBlocks, resume, skipLines, type Content } from './file.js';
import { foundIn, localFile, membersOf, type Found } from './found.js';
import { LineSplitter } from './lines.js';
import type { SourceOptions } from './open.js';
import type { AckResult, Batch, FileMark, Source } from './source.js';
import { isArchive, readableNames, type LocalCopy, type StoredFile } from './stored.js';
import { nameOfPlace, type FilesUri, type S3Uri } from './uri.js';

const pollMs = 1_000;
/** A listing costs money. */
const bucketPollMs = 5_000;
/** After so long without a word one is said. */
const silentMs = 10_000;
const stdinName = '-';

/** @throws LakeError SOURCE_NOT_FOUND when nothing matches and nothing is waited for; of a bucket also SOURCE_DENIED, SOURCE_UNREACHABLE */
export async function openFiles(uri: FilesUri | S3Uri, options: SourceOptions): Promise<Source> {
  const source = new FilesSource(uri, options);
  await source.open();
  return source;
}

class FilesSource implements Source {
  readonly uri: string;
  private readonly splitter = new LineSplitter();
  private readonly marks: Map<string, FileMark>;
  private readonly marksByPath = new Map<string, FileMark>();
  /** What files already looked at looked like, so that following does not hash them again. */
  private readonly looked = new Map<string, string>();
  /** By path: what is read at last is no failure any more. */
  private readonly failed = new Map<string, LakeError>();
  /** By path and file id: a file that grows keeps its number. */
  private readonly numbers = new Map<string, number>();
  private found: Found | null = null;
  private skipped = 0;
  private refused = 0;
  private lookedAt = 0;
  /** When somebody last heard of this source. */
  private heardAtMs = 0;
  /** The server gave no answer: what is left of a pass is not asked for. */
  private away = false;
  /** Why a listing broke off. */
  private unlisted: LakeError | null = null;

  constructor(
    private readonly place: FilesUri | S3Uri,
    private readonly options: SourceOptions,
  ) {
    this.uri = nameOfPlace(place);
    this.marks = new Map(options.taken);
    for (const mark of options.taken.values()) this.marksByPath.set(mark.path, mark);
  }

  get failures(): readonly LakeError[] {
    return [...this.failed.values(), ...(this.unlisted === null ? [] : [this.unlisted])];
  }

  async open(): Promise<void> {
    if (this.uri === stdinName) return;
    const { spoolDir, follow, signal } = this.options;
    this.found = await foundIn(this.place, spoolDir, (path, error) => this.fail(path, error, 0), follow, () => signal);
    if (follow) return;
    const found = this.found.all()[Symbol.asyncIterator]();
    const { done } = await found.next();
    await found.return?.();
    if (done !== true || this.failed.size > 0) return;
    throw new LakeError(`no file matches ${this.uri}`, { code: 'SOURCE_NOT_FOUND', op: 'find files', path: this.uri, hint: `Give a file, a folder with ${readableNames}, or a glob in quotes.` });
  }

  async *batches(signal: AbortSignal): AsyncGenerator<Batch> {
    if (this.found === null) {
      const path = await this.spoolStdin(signal);
      if (path !== null) yield* this.file(localFile(path, stdinName, false), signal);
      return;
    }
    const stopped = (): boolean => signal.aborted;
    do {
      this.away = false;
      this.heardAtMs = this.options.clock.nowMs();
      yield* this.pass(this.found, signal);
      if (stopped()) return;
      if (this.skipped > 0) this.options.log(`${this.skipped} ${this.skipped === 1 ? 'file was' : 'files were'} landed before: left out`);
      if (this.refused > 0) this.options.log(`${this.refused} ${this.refused === 1 ? 'file is' : 'files are'} not for this part: left out`);
      this.skipped = 0;
      this.refused = 0;
      if (this.options.follow) await this.options.clock.sleep(this.place.kind === 's3' ? bucketPollMs : pollMs, signal);
    } while (this.options.follow && !stopped());
  }

  committed(): void {
    return;
  }

  async close(): Promise<void> {
    await this.found?.close();
    await rm(this.options.spoolDir, { recursive: true, force: true });
  }

  /** Reads all that is found once. A server that is away ends it: what it has given lands, and the rest is for another time. */
  private async *pass(found: Found, signal: AbortSignal): AsyncGenerator<Batch> {
    const stopped = (): boolean => signal.aborted;
    try {
      for await (const file of found.all()) {
        if (stopped()) return;
        yield* isArchive(file.name) ? this.archive(file, signal) : this.file(file, signal);
        if (this.away) return;
      }
      this.unlisted = null;
    } catch (error) {
      if (stopped()) return;
      if (!isUnreachable(error)) throw error;
      if (this.options.follow && this.unlisted?.message !== error.message) this.options.log(`${error.message}; trying again`);
      this.unlisted = error;
    }
  }

  /** An archive is looked into when it may have changed; what is wrong with it is told, and what it has given lands. */
  private async *archive(archive: StoredFile, signal: AbortSignal): AsyncGenerator<Batch> {
    try {
      const look = await archive.look();
      if (this.looked.get(archive.name) === look) return;
      this.looked.set(archive.name, look);
      for await (const member of membersOf(archive, this.options.spoolDir, signal)) {
        if (signal.aborted) return;
        yield* this.file(member, signal);
      }
      this.failed.delete(archive.name);
    } catch (error) {
      this.failedToRead(archive.name, error, 0, signal);
    }
  }

  /** Reads one file; what goes wrong is kept for the end, and the next file is read. */
  private async *file(stored: StoredFile, signal: AbortSignal): AsyncGenerator<Batch> {
    const { name } = stored;
    if (name !== stdinName && this.options.takes?.(name) === false) {
      if (!this.looked.has(name)) this.refused++;
      this.looked.set(name, '');
      return;
    }
    let lines = 0;
    let copy: LocalCopy | null = null;
    try {
      const look = await stored.look();
      if (this.looked.get(name) === look) return;
      this.looked.set(name, look);
      const known = this.marksByPath.get(name) ?? null;
      if (stored.etag !== null && known?.complete === true && known.etag === stored.etag) {
        this.skipped++;
        return;
      }
      this.lookedAt++;
      this.saySometimes();
      copy = await stored.open(signal);
      const content = salted(await hashFile(copy.path, name, known?.bytes ?? null, stored.mayGrow), this.options.placeOf?.(name) ?? '');
      this.failed.delete(name);
      const mark = resume(name, content, this.marks.get(content.sha256) ?? null, known);
      if (mark === null) {
        this.skipped++;
        return;
      }
      lines = mark.lines;
      const fileNumber = this.numberOf(mark);
      let toSkip = mark.lines;
      for await (const { block, last } of readBlocks(copy.path, name, content)) {
        if (signal.aborted) return;
        const { rest, skipped } = skipLines(block, toSkip);
        toSkip -= skipped;
        if (rest.length === 0 && !last) continue;
        const split = this.splitter.split(rest, fileNumber, lines + 1);
        lines += split.rows;
        const now: FileMark = { ...mark, lines, complete: last, ...(stored.etag === null ? {} : { etag: stored.etag }) };
        this.marks.set(now.sha256, now);
        this.marksByPath.set(name, now);
        this.heardAtMs = this.options.clock.nowMs();
        yield { kind: 'lines', source: name, fileNumber, fileId: mark.fileId, ...split, bytes: rest.length, receivedAtMs: this.options.clock.nowMs(), mark: now, ack: acknowledged };
      }
    } catch (error) {
      this.failedToRead(name, error, lines, signal);
    } finally {
      await copy?.release();
    }
  }

  private numberOf({ path, fileId }: FileMark): number {
    const key = `${fileId} ${path}`;
    const number = this.numbers.get(key) ?? this.numbers.size + 1;
    this.numbers.set(key, number);
    return number;
  }

  /** Rows say themselves that the source is at work; looking at what has landed before does not. */
  private saySometimes(): void {
    const nowMs = this.options.clock.nowMs();
    if (nowMs - this.heardAtMs < silentMs) return;
    this.heardAtMs = nowMs;
    this.options.log(`looking for what is new: file ${this.lookedAt} now`);
  }

  /** @throws LakeError DISK_FULL: no other file could be put there either */
  private failedToRead(name: string, error: unknown, lines: number, signal: AbortSignal): void {
    if (signal.aborted) return;
    if (error instanceof LakeError && error.code === 'DISK_FULL') throw error;
    if (systemCode(error) === 'ENOSPC') {
      throw new LakeError('the disk is full', { code: 'DISK_FULL', op: 'read file', path: name, hint: 'Objects, and members of archives, lie on the disk of the work in progress while they are read: make room and run it again.', cause: error });
    }
    if (isUnreachable(error)) {
      this.away = true;
      this.looked.delete(name);
    }
    this.fail(name, error, lines);
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

function isUnreachable(error: unknown): error is LakeError {
  return error instanceof LakeError && error.code === 'SOURCE_UNREACHABLE';
}

/** Progress in a file is in the commit itself. */
function acknowledged(): Promise<AckResult> {
  return Promise.resolve({ acked: 0, failed: 0 });
}

/** Equal content at two places is two files. */
function salted(content: Content, place: string): Content {
  if (place === '') return content;
  const salt = (sha256: string): string => createHash('sha256').update(`${place}\0${sha256}`).digest('hex');
  return { ...content, sha256: salt(content.sha256), prefixSha256: content.prefixSha256 === null ? null : salt(content.prefixSha256) };
}

function unreadable(path: string, error: unknown, lines: number): LakeError {
  if (error instanceof LakeError) return error;
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
