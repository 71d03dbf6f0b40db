import { wallClock } from './clock.js';
import { compareKeys, compareText, firstPlace, type Key, type PackedRows } from './day.js';
import { ratioText } from './ratio.js';
import type { CtrRequest } from './request.js';

/** One row of an answer. `bucket` counts the steps from the start. */
export interface CtrRow extends Key {
  readonly bucket: number;
  readonly productViews: number;
  readonly purchases: number;
}

/** A row as JSON, ctr with its four digits. */
export function rowText({ platform, product, bucket, productViews, purchases }: CtrRow, { startSeconds, stepSeconds }: CtrRequest): string {
  return `{"startTimestamp":"${wallClock(startSeconds + bucket * stepSeconds)}","platform":${JSON.stringify(platform)},"product":${JSON.stringify(product)},"ctr":${ratioText(purchases, productViews)},"purchases":${purchases},"productViews":${productViews}}`;
}

/**
 * The rows of a request by platform, product and time, behind its cursor: `limit` of them and one more, if there are. Keys are
 * merged as they stand, so a page costs what its own rows cost.
 */
export function rowsFrom(files: readonly PackedRows[], request: CtrRequest): CtrRow[] {
  const { cursor, limit } = request;
  const readers = files.map((rows) => new Reader(rows, request)).filter((reader) => reader.key !== null);
  const found: CtrRow[] = [];
  while (found.length <= limit) {
    const key = leastOf(readers);
    if (key === null) break;
    const buckets = new Map<number, { productViews: number; purchases: number }>();
    for (const reader of readers) if (reader.key !== null && compareKeys(reader.key, key) === 0) reader.take(buckets);
    const isFirst = cursor !== null && compareKeys(cursor, key) === 0;
    for (const [bucket, counts] of [...buckets].sort(([a], [b]) => a - b)) {
      if (!(isFirst && bucket <= cursor.bucket)) found.push({ ...key, bucket, ...counts });
    }
  }
  return found.slice(0, limit + 1);
}

function leastOf(readers: readonly Reader[]): Key | null {
  let least: Key | null = null;
  for (const { key } of readers) if (key !== null && (least === null || compareKeys(key, least) < 0)) least = key;
  return least;
}

/** Goes through the keys of a file that a request asks for, from its cursor on. */
class Reader {
  private place: number;

  constructor(private readonly rows: PackedRows, private readonly request: CtrRequest) {
    this.place = -1;
    this.next(0);
  }

  get key(): Key | null {
    return this.rows.keys[this.place] ?? null;
  }

  /** Adds the key's rows to their buckets, and goes to the next key. */
  take(buckets: Map<number, { productViews: number; purchases: number }>): void {
    const { starts, seconds, productViews, purchases } = this.rows;
    const { startSeconds, endSeconds, stepSeconds } = this.request;
    const [from, until] = [starts[this.place] ?? 0, starts[this.place + 1] ?? 0];
    for (let row = firstPlace(from, until, (place) => (seconds[place] ?? 0) >= startSeconds); row < until; row++) {
      const second = seconds[row] ?? 0;
      if (second >= endSeconds) break;
      const [views, bought] = [productViews[row] ?? 0, purchases[row] ?? 0];
      if (views === 0 && bought === 0) continue;
      const bucket = Math.floor((second - startSeconds) / stepSeconds);
      const counts = buckets.get(bucket);
      if (counts === undefined) buckets.set(bucket, { productViews: views, purchases: bought });
      else {
        counts.productViews += views;
        counts.purchases += bought;
      }
    }
    this.next(this.place + 1);
  }

  /** The next key that is asked for. */
  private next(from: number): void {
    const { keys } = this.rows;
    const { platform, product, cursor } = this.request;
    let place = from;
    if (cursor !== null) place = firstPlace(place, keys.length, (index) => compareKeys(keys[index] ?? cursor, cursor) >= 0);
    while (place < keys.length) {
      const key = keys[place];
      if (key === undefined) break;
      const least: Key = { platform: platform ?? key.platform, product: product ?? '' };
      if (platform !== null && compareText(key.platform, platform) > 0) break;
      if (compareKeys(key, least) < 0) place = firstPlace(place, keys.length, (index) => compareKeys(keys[index] ?? least, least) >= 0);
      else if (product === null || key.product === product) {
        this.place = place;
        return;
      } else place = firstPlace(place, keys.length, (index) => compareText(keys[index]?.platform ?? '', key.platform) > 0);
    }
    this.place = keys.length;
  }
}
