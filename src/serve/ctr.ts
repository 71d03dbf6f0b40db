import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { LakeError } from '../errors.js';
import type { Lake } from '../lake/lake.js';
import { rowsFrom, rowsText, type CtrRow } from './answer.js';
import { wallClock } from './clock.js';
import { Lru } from './lru.js';
import { problem, type Problem } from './problem.js';
import { cursorText, defaultLimit, type CtrRequest } from './request.js';
import { Busy, Rows } from './rows.js';
import { filesWithin, VersionedTable, type Version } from './table.js';

const pack = promisify(gzip);
/** Less is not worth packing. */
const leastPacked = 1_024;
/** What of a page's bytes is reckoned for the packed ones, which may be made later. */
const mostPackedShare = 0.25;

/** A page as it is sent. */
export interface Page {
  readonly body: Buffer;
  /** By gzip, made when it is first asked for; null where that is not worth it. */
  readonly packed: (() => Promise<Buffer>) | null;
  readonly etag: string;
  /** The address of the page behind it, from the root; null for the last one. */
  readonly next: string | null;
  readonly rows: number;
}

export interface CtrOptions {
  /** What rows in memory may take. */
  readonly heldBytes: number;
  /** What finished pages may take. */
  readonly pageBytes: number;
}

/** Answers requests for CTR from the newest version of the table. */
export class CtrService {
  readonly table: VersionedTable;
  readonly rows: Rows;
  readonly pages: Lru<Page>;
  private readonly making = new Map<string, Promise<Page>>();

  /** @param lake of its own: its DuckDB works for this service alone */
  constructor(lake: Lake, options: CtrOptions) {
    this.table = new VersionedTable(lake);
    this.rows = new Rows(lake, options.heldBytes);
    this.pages = new Lru(options.pageBytes);
  }

  /** @throws LakeError when the lake can't be read */
  async answer(request: CtrRequest): Promise<Page | Problem> {
    for (let attempt = 1; ; attempt++) {
      const latest = await this.table.latest();
      if (latest === null) return problem(503, 'There is nothing to answer from yet: run `ingot run storefront --from …`.', { 'retry-after': '60' });
      const version = request.cursor === null ? latest : this.table.at(request.cursor.version, request.cursor.table);
      if (version === null) return problem(410, 'The table has changed since the first page: ask for that again.');
      try {
        return await this.page(version, request);
      } catch (error) {
        if (error instanceof Busy) return problem(503, 'Too many requests wait for data: try it again.', { 'retry-after': '1' });
        // A file of a version that was replaced meanwhile has gone: the newest one is all there.
        if (!(error instanceof LakeError && error.code === 'FILE_GONE')) throw error;
        if (request.cursor !== null) return problem(410, 'The table has changed since the first page: ask for that again.');
        if (attempt === 3) throw error;
        this.table.forget();
      }
    }
  }

  /** Ends what is being read; then the lake may be closed. */
  close(): Promise<void> {
    return this.rows.close();
  }

  /** Equal requests at once share the making of their page. */
  private page(version: Version, request: CtrRequest): Promise<Page> {
    const name = JSON.stringify([version.id, version.version, request]);
    const known = this.pages.get(name);
    if (known !== undefined) return Promise.resolve(known);
    const begun = this.making.get(name);
    if (begun !== undefined) return begun;
    const making = this.make(name, version, request).finally(() => this.making.delete(name));
    this.making.set(name, making);
    return making;
  }

  private async make(name: string, version: Version, request: CtrRequest): Promise<Page> {
    const files = filesWithin(version, request.startSeconds, request.endSeconds);
    const found = this.rows.fits(files) ? rowsFrom(await this.rows.packed(files), request) : await this.rows.scan(files, request);
    const shown = found.slice(0, request.limit);
    const last = found.length > request.limit ? shown.at(-1) : undefined;
    const body = Buffer.from(shown.length === 0 ? '[]' : `[\n${rowsText(shown, request)}\n]`, 'utf8');
    const page: Page = {
      body,
      packed: body.length < leastPacked ? null : once(() => pack(body, { level: 1 })),
      etag: `W/"${version.version}-${createHash('sha256').update(name).digest('base64url').slice(0, 22)}"`,
      next: last === undefined ? null : addressOf(request, version, last),
      rows: shown.length,
    };
    this.pages.set(name, page, body.length * (1 + mostPackedShare) + name.length);
    return page;
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
}

/** The same request behind a row. */
function addressOf({ startSeconds, endSeconds, stepSeconds, product, platform, limit }: CtrRequest, { version, id }: Version, last: CtrRow): string {
  const query = new URLSearchParams({
    startTimestamp: wallClock(startSeconds), endTimestamp: wallClock(endSeconds), aggregation: String(stepSeconds / 60),
    ...(product === null ? {} : { product }), ...(platform === null ? {} : { platform }), ...(limit === defaultLimit ? {} : { limit: String(limit) }),
    cursor: cursorText({ version, table: id.slice(0, 8), platform: last.platform, product: last.product, bucket: last.bucket }),
  });
  return `/ctr?${query.toString()}`;
}
