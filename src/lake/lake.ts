import { systemClock, type Clock } from '../clock.js';
import { isS3, leastDuckdbBytes } from '../config.js';
import { Session } from './duckdb.js';
import { tableFolder } from './layout.js';
import { LocalStorage } from './local.js';
import type { S3Options } from './s3.js';
import { Log } from './log.js';
import { deadStaging, newStagingFolder } from './staging.js';
import type { Storage } from './storage.js';
import { Table } from './table.js';

const spillGroup = 'spill';

export interface LakeOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly memoryLimitBytes: number;
  readonly threads: number;
  /** How long replaced files stay after the commit that replaced them; 0: they go right after it. */
  readonly retainMs: number;
}

const defaults = { clock: systemClock, memoryLimitBytes: 2_000_000_000, threads: 2, retainMs: 0 } as const;

/** A lake: its storage, its tables, and one DuckDB that is opened when it is first needed. */
export class Lake {
  private readonly tables = new Map<string, Table>();
  private opening: Promise<Session> | null = null;
  private readonly spills: string[] = [];
  private readonly workers: Session[] = [];

  constructor(readonly options: LakeOptions) {}

  static local(root: string, options: Partial<Omit<LakeOptions, 'storage'>> = {}): Lake {
    return new Lake({ ...defaults, ...options, storage: new LocalStorage(root) });
  }

  /** @param root a folder, or `s3://bucket/prefix` */
  static async at(root: string, options: Partial<Omit<LakeOptions, 'storage'>> = {}, s3: S3Options = {}): Promise<Lake> {
    if (!isS3(root)) return Lake.local(root, options);
    const { S3Storage } = await import('./s3.js');
    return new Lake({ ...defaults, ...options, storage: new S3Storage(root, s3) });
  }

  get storage(): Storage {
    return this.options.storage;
  }

  get clock(): Clock {
    return this.options.clock;
  }

  session(): Promise<Session> {
    this.opening ??= this.openSession();
    return this.opening;
  }

  /**
   * Sessions that can work at once, and share memory and threads as long as they do. One is the lake's own; more are made
   * when they are first asked for, and stay.
   */
  async sessions(count: number): Promise<readonly Session[]> {
    if (count === 1) return [await this.session()];
    const { memoryLimitBytes, threads } = this.options;
    while (this.workers.length < count) {
      this.workers.push(await this.newSession(Math.max(Math.floor(memoryLimitBytes / count), leastDuckdbBytes), Math.max(1, Math.floor(threads / count))));
    }
    return this.workers.slice(0, count);
  }

  private async openSession(): Promise<Session> {
    for (const dead of await deadStaging(this.storage, spillGroup, this.clock.nowMs())) await this.storage.removeFolder(dead);
    return this.newSession(this.options.memoryLimitBytes, this.options.threads);
  }

  /** Each session spills into a folder of its own: DuckDB's file names there would meet. */
  private newSession(memoryLimitBytes: number, threads: number): Promise<Session> {
    const spill = newStagingFolder(spillGroup, this.clock.nowMs());
    this.spills.push(spill);
    return Session.open({ memoryLimitBytes, threads, spillDir: this.storage.locate(spill), remote: this.storage.remote });
  }

  table(layer: string, table: string): Table {
    const folder = tableFolder(layer, table);
    const known = this.tables.get(folder);
    if (known !== undefined) return known;
    const opened = new Table(this, new Log(this.storage, () => this.session(), folder));
    this.tables.set(folder, opened);
    return opened;
  }

  /** Names of the tables of a layer, sorted. */
  async tableNames(layer: string): Promise<string[]> {
    const names = await this.storage.list(layer);
    const found = await Promise.all(names.map(async (name) => ((await this.table(layer, name).log.commit(0)) ?? (await this.table(layer, name).snapshot())) !== null));
    return names.filter((_name, index) => found[index]);
  }

  async close(): Promise<void> {
    const own = this.opening === null ? [] : [await this.opening];
    this.opening = null;
    for (const session of [...own, ...this.workers.splice(0)]) session.close();
    for (const spill of this.spills.splice(0)) await this.storage.removeFolder(spill);
  }
}
