import { wallClock } from './clock.js';
import { compareKeys, compareText, firstPlace, keyAt, type Key, type PackedRows } from './day.js';
import { ratioText } from './ratio.js';
import type { CtrRequest } from './request.js';

/** One row of an answer. `bucket` counts the steps from the start. */
export interface CtrRow extends Key {
  readonly bucket: number;
  readonly productViews: number;
  readonly purchases: number;
}

/** Rows as JSON, one in a line, ctr with its four digits. What many rows share is written once. */
export function rowsText(rows: readonly CtrRow[], { startSeconds, stepSeconds }: CtrRequest): string {
  const times = new Map<number, string>();
  const lines: string[] = [];
  let [platform, product, key] = ['', '', ''];
  for (const row of rows) {
    let time = times.get(row.bucket);
    if (time === undefined) times.set(row.bucket, (time = wallClock(startSeconds + row.bucket * stepSeconds)));
    if (key === '' || row.platform !== platform || row.product !== product) {
      ({ platform, product } = row);
      key = `"platform":${JSON.stringify(platform)},"product":${JSON.stringify(product)}`;
    }
    lines.push(`{"startTimestamp":"${time}",${key},"ctr":${ratioText(row.purchases, row.productViews)},"purchases":${row.purchases},"productViews":${row.productViews}}`);
  }
  return lines.join(',\n');
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
    const buckets: Buckets = new Map();
    for (const reader of readers) if (reader.key !== null && compareKeys(reader.key, key) === 0) reader.take(buckets);
    const isFirst = cursor !== null && compareKeys(cursor, key) === 0;
    for (const [bucket, counts] of [...buckets].sort(([a], [b]) => a - b)) {
      if (!(isFirst && bucket <= cursor.bucket)) found.push({ platform: key.platform, product: key.product, bucket, productViews: counts.productViews, purchases: counts.purchases });
    }
  }
  return found.slice(0, limit + 1);
}

interface Counts {
  productViews: number;
  purchases: number;
}

type Buckets = Map<number, Counts>;

function leastOf(readers: readonly Reader[]): Key | null {
  let least: Key | null = null;
  for (const { key } of readers) if (key !== null && (least === null || compareKeys(key, least) < 0)) least = key;
  return least;
}

/** Goes through the keys of a file that a request asks for, from its cursor on. */
class Reader {
  private place = 0;
  /** Null when there are no more. */
  key: Key | null = null;

  constructor(private readonly rows: PackedRows, private readonly request: CtrRequest) {
    this.next(0);
  }

  /** Adds the key's rows to their buckets, and goes to the next key. */
  take(buckets: Buckets): void {
    const { starts, seconds, productViews, purchases } = this.rows;
    const { startSeconds, endSeconds, stepSeconds } = this.request;
    const [from, until] = [starts[this.place] ?? 0, starts[this.place + 1] ?? 0];
    let counts: Counts | null = null;
    let untilSeconds = 0;
    for (let row = firstPlace(from, until, (place) => (seconds[place] ?? 0) >= startSeconds); row < until; row++) {
      const second = seconds[row] ?? 0;
      if (second >= endSeconds) break;
      const views = productViews[row] ?? 0;
      const bought = purchases[row] ?? 0;
      if (views === 0 && bought === 0) continue;
      // Rows are by second, so that most are of the bucket of the row before.
      if (counts === null || second >= untilSeconds) {
        const bucket = Math.floor((second - startSeconds) / stepSeconds);
        untilSeconds = startSeconds + (bucket + 1) * stepSeconds;
        counts = buckets.get(bucket) ?? { productViews: 0, purchases: 0 };
        buckets.set(bucket, counts);
      }
      counts.productViews += views;
      counts.purchases += bought;
    }
    this.next(this.place + 1);
  }

  /** The next key that is asked for. */
  private next(from: number): void {
    const { rows } = this;
    const { platform, product, cursor } = this.request;
    const firstKey = (begin: number, holds: (key: Key) => boolean): number => firstPlace(begin, rows.products.length, (index) => {
      const key = keyAt(rows, index);
      return key === null || holds(key);
    });
    let place = cursor === null ? from : firstKey(from, (key) => compareKeys(key, cursor) >= 0);
    for (let key = keyAt(rows, place); key !== null; key = keyAt(rows, place)) {
      const { platform: own } = key;
      const least: Key = { platform: platform ?? own, product: product ?? '' };
      if (platform !== null && compareText(own, platform) > 0) break;
      if (compareKeys(key, least) < 0) place = firstKey(place, (other) => compareKeys(other, least) >= 0);
      else if (product === null || key.product === product) {
        [this.place, this.key] = [place, key];
        return;
      } else place = firstKey(place, (other) => compareText(other.platform, own) > 0);
    }
    this.key = null;
  }
}
