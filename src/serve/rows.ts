import { LakeError } from '../errors.js';
import { textList } from '../lake/duckdb.js';
import type { Lake } from '../lake/lake.js';
import { sqlFile } from '../lake/sql.js';
import type { CtrRow } from './answer.js';
import { bytesOf, packed, Texts, type PackedRows } from './day.js';
import { Lru } from './lru.js';
import type { CtrRequest } from './request.js';
import type { DataFile } from './table.js';

const keysSelect = sqlFile(import.meta.url, './day-keys.sql');
const rowsSelect = sqlFile(import.meta.url, './day-rows.sql');
const scanSelect = sqlFile(import.meta.url, './scan.sql');

/** About what a row takes in memory. */
const bytesPerRow = 8;
/** A request over more than this part of what can be held is answered from the files. */
const heldShare = 0.5;
/** Requests that wait for files, which are read one after the other: with more of them one is turned away. */
const mostWaiting = 512;

/** Too many requests wait for files. */
export class Busy extends Error {}

/** The rows of data files: packed in memory, or read by DuckDB where they are too many. */
export class Rows {
  readonly held: Lru<PackedRows>;
  private readonly texts = new Texts();
  private readonly loading = new Map<string, Promise<PackedRows>>();
  private turn: Promise<unknown> = Promise.resolve();
  private waiting = 0;
  private closed = false;

  constructor(private readonly lake: Lake, mostBytes: number) {
    this.held = new Lru(mostBytes);
  }

  /** Whether so many files are held together. */
  fits(files: readonly DataFile[]): boolean {
    return files.reduce((total, { rows }) => total + rows, 0) * bytesPerRow <= this.held.mostBytes * heldShare;
  }

  /** Their rows in memory. @throws Busy; LakeError FILE_GONE */
  async packed(files: readonly DataFile[]): Promise<readonly PackedRows[]> {
    const known = files.map(({ path }) => this.held.get(path));
    if (known.every((rows) => rows !== undefined)) return known;
    return this.waited(() => Promise.all(files.map(async ({ path }, index) => known[index] ?? this.load(path))));
  }

  /** What `rowsFrom` gives, read from the files. @throws Busy; LakeError FILE_GONE */
  scan(files: readonly DataFile[], request: CtrRequest): Promise<CtrRow[]> {
    const { startSeconds, endSeconds, stepSeconds, platform, product, limit, cursor } = request;
    return this.waited(() => this.inTurn(async () => {
      if (files.length === 0) return [];
      const rows = await (await this.lake.session()).rows(scanSelect, {
        paths: textList(files.map(({ path }) => path)), start: startSeconds, end: endSeconds, step: stepSeconds, platform, product,
        after_platform: cursor?.platform ?? null, after_product: cursor?.product ?? null, after_bucket: BigInt(cursor?.bucket ?? 0), most: BigInt(limit + 1),
      });
      return rows.map((row) => ({ platform: String(row['platform']), product: String(row['product']), bucket: Number(row['bucket']), productViews: Number(row['product_views']), purchases: Number(row['purchases']) }));
    }));
  }

  /** Ends what is being read, and waits for that: requests whose clients have gone may still be at it. Then the lake may be closed. */
  async close(): Promise<void> {
    this.closed = true;
    if (this.waiting > 0) (await this.lake.session()).interrupt();
    await this.turn;
  }

  /** Requests that want the same file at once share its loading. */
  private load(path: string): Promise<PackedRows> {
    const known = this.loading.get(path);
    if (known !== undefined) return known;
    const loading = this.inTurn(() => this.read(path)).then((rows) => {
      this.held.set(path, rows, bytesOf(rows));
      return rows;
    }).finally(() => this.loading.delete(path));
    this.loading.set(path, loading);
    return loading;
  }

  private async read(path: string): Promise<PackedRows> {
    const session = await this.lake.session();
    const parameters = { paths: textList([path]) };
    const found = await session.rows(keysSelect, parameters);
    const placesOf = (name: 'platform' | 'product'): Uint32Array => Uint32Array.from(found, (row) => this.texts.placeOf(String(row[name])));
    const starts = new Uint32Array(found.length + 1);
    found.forEach((row, index) => (starts[index + 1] = (starts[index] ?? 0) + Number(row['rows'])));
    const [seconds, productViews, purchases] = await session.numbers(rowsSelect, parameters);
    if (seconds === undefined || productViews === undefined || purchases === undefined || seconds.length !== starts[found.length]) throw new LakeError('a data file has other rows than it had', { code: 'LAKE_CORRUPT', op: 'serve', path, hint: '`ingot audit storefront` says which files are not as the log has them.' });
    return { texts: this.texts, platforms: placesOf('platform'), products: placesOf('product'), starts, seconds: packed(seconds), productViews: packed(productViews), purchases: packed(purchases) };
  }

  /** @throws Busy */
  private async waited<T>(work: () => Promise<T>): Promise<T> {
    if (this.waiting >= mostWaiting) throw new Busy('too many requests wait for data files');
    this.waiting++;
    try {
      return await work();
    } finally {
      this.waiting--;
    }
  }

  /** A DuckDB does one thing at a time. @throws Busy when the service ends */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const ended = (): Busy => new Busy('the service ends');
    const done = this.turn.then(() => {
      if (this.closed) throw ended();
      return work();
    }).catch((error: unknown) => {
      throw this.closed ? ended() : error;
    });
    this.turn = done.catch(() => undefined);
    return done;
  }
}
