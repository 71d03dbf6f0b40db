import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, ListObjectsV2Command, type _Object } from '@aws-sdk/client-s3';
import picomatch from 'picomatch';
import { LakeError, messageOf, systemCode } from '../errors.js';
import { defaultTimeouts, s3Server, type S3Server } from '../s3/client.js';
import { s3Error, type S3Action } from '../s3/errors.js';
import { again, CutBody } from '../s3/requests.js';
import { isArchive, isHidden, isReadable, type LocalCopy, type StoredFile } from './stored.js';
import type { S3Uri } from './uri.js';

const special = /[*?[\]{}()!]/;

/** The objects of a bucket that a URI means. */
export class S3Objects {
  private server: Promise<S3Server> | null = null;
  private spooled = 0;

  /** @param ending gives what ends a request for a page of the listing */
  constructor(
    private readonly uri: S3Uri,
    private readonly spoolDir: string,
    private readonly ending: () => AbortSignal,
  ) {}

  /**
   * An object of exactly this key, or those below it as a folder, or those that it matches as a glob; by key. Of the last two,
   * hidden ones and other extensions are left out.
   * @throws LakeError SOURCE_NOT_FOUND, SOURCE_DENIED, SOURCE_UNREACHABLE
   */
  async *all(): AsyncGenerator<StoredFile> {
    const { bucket, key } = this.uri;
    const isGlob = special.test(key);
    const matches = isGlob ? picomatch(key) : null;
    const prefix = isGlob ? key.slice(0, key.search(special)) : key;
    const folder = key === '' || key.endsWith('/') ? key : `${key}/`;
    for await (const object of this.list(prefix)) {
      const name = object.Key ?? '';
      const isMeant = name === key || (matches === null ? name.startsWith(folder) : matches(name));
      const below = matches === null ? name.slice(folder.length) : name.slice(prefix.lastIndexOf('/') + 1);
      if (!isMeant || name.endsWith('/') || (name !== key && (isHidden(below) || !(isReadable(name) || isArchive(name))))) continue;
      yield this.fileOf(`s3://${bucket}/${name}`, object);
    }
  }

  async close(): Promise<void> {
    (await this.server?.catch(() => null))?.client.destroy();
  }

  private fileOf(name: string, { Key, ETag, Size = 0, LastModified }: _Object): StoredFile {
    return {
      name,
      look: () => Promise.resolve(`${ETag ?? ''} ${Size} ${LastModified?.getTime() ?? 0}`),
      bytes: () => Promise.resolve(Size),
      mayGrow: false,
      etag: ETag === undefined ? null : `${ETag} ${Size}`,
      open: (signal) => this.download(Key ?? '', ETag, name, signal),
    };
  }

  private async *list(prefix: string): AsyncGenerator<_Object> {
    let token: string | undefined;
    do {
      const input = { Bucket: this.uri.bucket, Prefix: prefix, ...(token === undefined ? {} : { ContinuationToken: token }) };
      const page = await this.asking('s3:ListBucket', '', this.ending(), async ({ client }, abortSignal) => client.send(new ListObjectsV2Command(input), { abortSignal }));
      yield* page.Contents ?? [];
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  /** One that has changed since it was listed is refused: it comes with the next listing. */
  private async download(key: string, etag: string | undefined, name: string, signal: AbortSignal): Promise<LocalCopy> {
    const path = join(this.spoolDir, `object-${++this.spooled}`);
    await mkdir(this.spoolDir, { recursive: true });
    const release = (): Promise<void> => rm(path, { force: true });
    try {
      await this.asking('s3:GetObject', key, signal, ({ client }, abortSignal) => again((error) => error instanceof CutBody && !signal.aborted, async () => {
        const answer = await client.send(new GetObjectCommand({ Bucket: this.uri.bucket, Key: key, ...(etag === undefined ? {} : { IfMatch: etag }) }), { abortSignal });
        if (!(answer.Body instanceof Readable)) throw new CutBody('an answer has no body');
        const file = createWriteStream(path);
        await pipeline(answer.Body, file, { signal }).catch((error: unknown) => {
          throw systemCode(error) === 'ENOSPC' ? error : new CutBody(`an answer was cut: ${messageOf(error)}`);
        });
        if (answer.ContentLength !== undefined && file.bytesWritten !== answer.ContentLength) throw new CutBody(`an answer was cut after ${file.bytesWritten} of ${answer.ContentLength} bytes`);
      }));
    } catch (error) {
      await release();
      if (isChanged(error)) throw new LakeError(`${name} has changed while it was read`, { code: 'SOURCE_UNREADABLE', op: 's3:GetObject', path: name, hint: 'Run it again: it is read as it is then.', cause: error });
      throw error;
    }
    return { path, release };
  }

  private async asking<T>(action: S3Action, key: string, abortSignal: AbortSignal, work: (server: S3Server, abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      this.server ??= s3Server({ bucket: this.uri.bucket, prefix: '' }, null, defaultTimeouts);
      return await work(await this.server, abortSignal);
    } catch (error) {
      throw ofSource(s3Error(abortSignal.aborted ? abortSignal.reason : error, action, `s3://${this.uri.bucket}`, key));
    }
  }
}

function isChanged(error: unknown): boolean {
  const name = error instanceof LakeError && error.cause instanceof Error ? error.cause.name : error instanceof Error ? error.name : '';
  return name === 'PreconditionFailed' || name === 'NoSuchKey' || name === '412';
}

const codes = { LAKE_NOT_FOUND: 'SOURCE_NOT_FOUND', LAKE_DENIED: 'SOURCE_DENIED', LAKE_UNREACHABLE: 'SOURCE_UNREACHABLE', LAKE_NOT_WRITABLE: 'SOURCE_UNREADABLE' } as const;

/** The same of a source: it is only read. */
function ofSource(error: unknown): unknown {
  if (!(error instanceof LakeError) || !(error.code in codes)) return error;
  const code = codes[error.code as keyof typeof codes];
  const hint = code === 'SOURCE_DENIED' && /A writer needs/.test(error.hint ?? '') ? 'It needs s3:GetObject on the prefix and s3:ListBucket on the bucket.' : error.hint;
  return new LakeError(error.message, { code, op: error.op, ...(error.path === undefined ? {} : { path: error.path }), ...(hint === undefined ? {} : { hint }), cause: error.cause });
}
