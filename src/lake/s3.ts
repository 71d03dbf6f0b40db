import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { CopyObjectCommand, DeleteObjectCommand, DeleteObjectsCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { LakeError } from '../errors.js';
import type { RemoteAccess } from './duckdb.js';
import { HttpfsAccess } from './httpfs.js';
import { engineRoot, stagingRoot } from './layout.js';
import { LocalStorage } from './local.js';
import { attemptsOf, s3Error, statusOf, type S3Action } from '../s3/errors.js';
import { defaultTimeouts, placeOf, s3Server, type S3Place, type S3Server, type S3Timeouts } from '../s3/client.js';
import { again, CutBody, isPassingDelete, RefusedDelete, unlessAbsent, wholeBody } from '../s3/requests.js';
import { engineFolder, isOfEngine, isStaged, noteName, notePath, storedFile, uploadedAs, uploadRoot, uploadsOf } from './s3-paths.js';
import { makeScratch } from './scratch.js';
import type { Move, Staged, Storage, StoredFile, Walk } from './storage.js';
import { inTurns } from './turns.js';

const partBytes = 8 * 1024 * 1024;
const parallelParts = 2;
const parallelUploads = 4;
const deletesAtOnce = 1_000;

export interface S3Options {
  /** The folder above the scratch folder; null: the system's temporary one. */
  readonly scratch?: string | null;
  /** Whether buckets are addressed by path; null: with an endpoint of one's own. */
  readonly pathStyle?: boolean | null;
  /** DuckDB's httpfs extension, or the folder that it is in; null: DuckDB installs it. */
  readonly extensions?: string | null;
  readonly timeouts?: S3Timeouts;
}

/**
 * A lake in a bucket. Objects are whole or absent, and a name is taken by PutObject with If-None-Match. Work in progress lies
 * in a scratch folder of this machine, since DuckDB writes and spills there; files that no other run can want under the same
 * name are uploaded to it before their run is written down, so that anybody can finish that.
 */
export class S3Storage implements Storage {
  readonly remote: RemoteAccess;
  private readonly place: S3Place;
  private readonly timeouts: S3Timeouts;
  private connecting: Promise<S3Server> | null = null;
  private scratch: LocalStorage | null = null;
  /** The files in place of stagings that are this process's, by staging folder. */
  private readonly inPlace = new Map<string, Set<string>>();
  /** What an engine was told to write into, and has not been removed yet. */
  private readonly engineFolders = new Set<string>();

  /** @param root `s3://bucket/prefix`, without a `/` at its end */
  constructor(
    readonly root: string,
    private readonly options: S3Options = {},
  ) {
    this.place = placeOf(root);
    this.timeouts = options.timeouts ?? defaultTimeouts;
    this.remote = new HttpfsAccess(() => this.server(), root, options.extensions ?? null);
  }

  locate(path: string): string {
    return isStaged(path) ? this.local.locate(path) : `${this.root}/${path}`;
  }

  engineStaging(staging: string): string {
    const folder = engineFolder(staging);
    this.engineFolders.add(folder);
    return folder;
  }

  stagedPath(located: string): string {
    return located.startsWith(`${this.root}/${engineRoot}/`) ? located.slice(this.root.length + 1) : this.local.stagedPath(located);
  }

  /** Proves besides that the server takes a name for taken: one that does not look would lose commits. */
  async prepare(): Promise<void> {
    const probe = `_ingot/probe-${randomUUID()}`;
    await this.local.prepare();
    const taken = (await this.putIfAbsent(probe, 'one')) && !(await this.putIfAbsent(probe, 'two'));
    await this.remove([probe]);
    if (!taken) throw new LakeError(`the server of ${this.root} does not heed If-None-Match`, { code: 'LAKE_NOT_WRITABLE', op: 's3:PutObject', path: this.root, hint: 'Several writers are settled by that alone: take a server or a version that has it.' });
  }

  async read(path: string): Promise<Buffer | null> {
    if (isStaged(path)) return this.local.read(path);
    return this.asking('s3:GetObject', path, (client, abortSignal) =>
      again((error) => error instanceof CutBody, () => unlessAbsent(async () => {
        const { Body, ContentLength } = await client.send(new GetObjectCommand(this.at(path)), { abortSignal });
        return wholeBody(Body, ContentLength, abortSignal);
      })),
    );
  }

  async size(path: string): Promise<number | null> {
    if (isStaged(path)) return this.local.size(path);
    const head = await this.asking('s3:GetObject', path, (client, abortSignal) => unlessAbsent(() => client.send(new HeadObjectCommand(this.at(path)), { abortSignal })));
    return head === null ? null : (head.ContentLength ?? 0);
  }

  async list(folder: string): Promise<string[]> {
    if (isStaged(folder)) return this.local.list(folder);
    const prefix = this.below(folder);
    const names = new Set<string>();
    for await (const { Contents = [], CommonPrefixes = [] } of this.pages(folder, '/')) {
      for (const { Key = '' } of Contents) names.add(Key.slice(prefix.length));
      for (const { Prefix = '' } of CommonPrefixes) names.add(Prefix.slice(prefix.length, -1));
    }
    return [...names].filter((name) => name !== '').sort();
  }

  /** After a time-out or a cut the name may be taken by this very content, which then counts. */
  async putIfAbsent(path: string, content: string | Buffer): Promise<boolean> {
    if (isStaged(path)) return this.local.putIfAbsent(path, content);
    const body = Buffer.from(content);
    let sent = 0;
    const outcome = await this.asking('s3:PutObject', path, (client, abortSignal) =>
      again((error) => statusOf(error) === 409, async () => {
        try {
          await client.send(new PutObjectCommand({ ...this.at(path), Body: body, IfNoneMatch: '*' }), { abortSignal });
          return 'put' as const;
        } catch (error) {
          sent += attemptsOf(error);
          if (statusOf(error) === 412) return 'taken' as const;
          throw error;
        }
      }),
    );
    if (outcome === 'put') return true;
    return sent > 1 && (await this.read(path))?.equals(body) === true;
  }

  async put(path: string, content: string | Buffer): Promise<void> {
    if (isStaged(path)) return this.local.put(path, content);
    await this.asking('s3:PutObject', path, (client, abortSignal) => client.send(new PutObjectCommand({ ...this.at(path), Body: Buffer.from(content) }), { abortSignal }));
  }

  /** The note of what is going to be in place comes first: a vacuum leaves alone what a note names. */
  async stage(staging: string, moves: readonly Move[]): Promise<void> {
    if (moves.length === 0) return;
    const paths = this.inPlace.get(staging) ?? new Set();
    for (const { to } of moves.filter(({ own }) => own)) paths.add(to);
    this.inPlace.set(staging, paths);
    await this.put(notePath(staging), JSON.stringify([...paths]));
    await inTurns(moves, (move) => this.upload(move.from, uploadedAs(move)), parallelUploads);
  }

  async adopt(moves: readonly Move[]): Promise<void> {
    await inTurns(moves, async (move) => {
      if (move.own !== true) await this.move(uploadedAs(move), move.to);
      if (isStaged(move.from)) await this.local.remove([move.from]);
      else if (isOfEngine(move.from)) await this.remove([move.from]);
    });
  }

  async unstage(staging: string, abandoned: readonly Move[]): Promise<void> {
    await this.remove(abandoned.map(uploadedAs));
    if (this.inPlace.delete(staging)) await this.remove([notePath(staging)]);
    else await this.removeFolder(uploadsOf(staging));
  }

  async staged(): Promise<readonly Staged[]> {
    const { files } = await this.walk(uploadRoot);
    const notes = files.map(({ path }) => path).filter((path) => path.endsWith(`/${noteName}`));
    const found: Staged[] = [];
    await inTurns(notes, async (path) => {
      const content = await this.read(path);
      const staging = `${stagingRoot}${path.slice(uploadRoot.length, -noteName.length - 1)}`;
      if (content !== null) found.push({ staging, paths: JSON.parse(content.toString('utf8')) as string[] });
    });
    return found;
  }

  async remove(paths: readonly string[]): Promise<void> {
    const staged = paths.filter(isStaged);
    if (staged.length > 0) await this.local.remove(staged);
    const others = paths.filter((path) => !isStaged(path));
    for (let first = 0; first < others.length; first += deletesAtOnce) await this.removeSome(others.slice(first, first + deletesAtOnce));
  }

  async removeFolder(folder: string): Promise<void> {
    if (isStaged(folder)) {
      await this.local.removeFolder(folder);
      await this.removeOfEngine(engineFolder(folder));
      return;
    }
    const { files } = await this.walk(folder);
    await this.remove(files.map(({ path }) => path));
  }

  async walk(folder: string): Promise<Walk> {
    if (isStaged(folder)) return this.local.walk(folder);
    const skipped = this.place.prefix === '' ? 0 : this.place.prefix.length + 1;
    const files: StoredFile[] = [];
    for await (const { Contents = [] } of this.pages(folder)) files.push(...Contents.filter(({ Key = '' }) => !Key.endsWith('/')).map((object) => storedFile(object, skipped)));
    return { files, folders: [] };
  }

  removeEmpty(): Promise<void> {
    return Promise.resolve();
  }

  private get local(): LocalStorage {
    this.scratch ??= new LocalStorage(makeScratch(this.options.scratch ?? null, this.root));
    return this.scratch;
  }

  private server(): Promise<S3Server> {
    this.connecting ??= s3Server(this.place, this.options.pathStyle ?? null, this.timeouts);
    return this.connecting;
  }

  private at(path: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.place.bucket, Key: this.key(path) };
  }

  private key(path: string): string {
    return this.place.prefix === '' ? path : `${this.place.prefix}/${path}`;
  }

  private below(folder: string): string {
    const key = this.key(folder);
    return key === '' || key.endsWith('/') ? key : `${key}/`;
  }

  private async *pages(folder: string, delimiter?: string) {
    let token: string | undefined;
    do {
      const input = { Bucket: this.place.bucket, Prefix: this.below(folder), ...(delimiter === undefined ? {} : { Delimiter: delimiter }), ...(token === undefined ? {} : { ContinuationToken: token }) };
      const page = await this.asking('s3:ListBucket', folder, (client, abortSignal) => client.send(new ListObjectsV2Command(input), { abortSignal }));
      yield page;
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  private async removeOfEngine(folder: string): Promise<void> {
    const own = [...this.engineFolders].filter((each) => each === folder || each.startsWith(`${folder}/`));
    if (own.length === 0) return;
    await this.removeFolder(folder);
    for (const each of own) this.engineFolders.delete(each);
  }

  /** A file of the scratch folder, or one that an engine has put beside the tables; another one of the bucket is there already. */
  private async upload(from: string, to: string): Promise<void> {
    if (isOfEngine(from)) {
      if (await this.copy(from, to)) return;
      throw new LakeError('what the engine has written is not there any more', { code: 'FILE_GONE', op: 's3:CopyObject', path: `${this.root}/${from}` });
    }
    if (!isStaged(from)) return;
    const file = this.local.locate(from);
    if ((await stat(file)).size <= partBytes) return this.put(to, await readFile(file));
    await this.asking('s3:PutObject', to, async (client) => {
      const upload = new Upload({ client, params: { ...this.at(to), Body: createReadStream(file, { highWaterMark: 1024 * 1024 }) }, partSize: partBytes, queueSize: parallelParts });
      await upload.done();
    });
  }

  /** One that is gone has been moved already. */
  private async move(from: string, to: string): Promise<void> {
    if (await this.copy(from, to)) await this.remove([from]);
  }

  /** Within the bucket: no byte comes here. False: there is no such object. */
  private async copy(from: string, to: string): Promise<boolean> {
    const source = `${this.place.bucket}/${this.key(from).split('/').map(encodeURIComponent).join('/')}`;
    return (await this.asking('s3:PutObject', to, (client, abortSignal) => unlessAbsent(() => client.send(new CopyObjectCommand({ ...this.at(to), CopySource: source }), { abortSignal })))) !== null;
  }

  private async removeSome(paths: readonly string[]): Promise<void> {
    const [first = ''] = paths;
    if (paths.length === 1) {
      await this.asking('s3:DeleteObject', first, (client, abortSignal) => unlessAbsent(() => client.send(new DeleteObjectCommand(this.at(first)), { abortSignal })));
      return;
    }
    const Objects = paths.map((path) => ({ Key: this.key(path) }));
    await this.asking('s3:DeleteObject', first, (client, abortSignal) =>
      again(isPassingDelete, async () => {
        const { Errors = [] } = await client.send(new DeleteObjectsCommand({ Bucket: this.place.bucket, Delete: { Objects, Quiet: true } }), { abortSignal });
        const failed = Errors.find(({ Code }) => Code !== 'NoSuchKey');
        if (failed !== undefined) throw new RefusedDelete(failed.Code ?? 'Unknown', failed.Message ?? '');
      }),
    );
  }

  private async asking<T>(action: S3Action, path: string, work: (client: S3Client, abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      const { client } = await this.server();
      return await work(client, AbortSignal.timeout(this.timeouts.operationMs));
    } catch (error) {
      throw s3Error(error, action, this.root, path);
    }
  }
}
