/** Text order by bytes of UTF-8, as DuckDB has it. In UTF-16 halves of surrogate pairs stand before U+E000. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let place = 0; place < length; place++) {
    const [one, other] = [a.charCodeAt(place), b.charCodeAt(place)];
    if (one !== other) return rank(one) - rank(other);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** A platform and a product. */
export interface Key {
  readonly platform: string;
  readonly product: string;
}

export function compareKeys(a: Key, b: Key): number {
  return compareText(a.platform, b.platform) || compareText(a.product, b.product);
}

export type Counts = Uint8Array | Uint32Array | Float64Array;

/** The rows of one data file, packed: those of a key together, by second. */
export interface PackedRows {
  /** What `platforms` and `products` name by place: one for all files. An object for each key would be millions of them, which every collection of garbage walks. */
  readonly texts: Texts;
  /** Of each key, by `compareKeys`. */
  readonly platforms: Uint32Array;
  readonly products: Uint32Array;
  /** Where the rows of each key begin, and where those of the last one end. */
  readonly starts: Uint32Array;
  /** Since 1970. */
  readonly seconds: Counts;
  readonly productViews: Counts;
  readonly purchases: Counts;
}

/** Texts by their places, each once. There are as many as platforms and products, so they stay. */
export class Texts {
  private readonly all: string[] = [];
  private readonly places = new Map<string, number>();

  placeOf(text: string): number {
    const known = this.places.get(text);
    if (known !== undefined) return known;
    this.places.set(text, this.all.length);
    return this.all.push(text) - 1;
  }

  at(place: number): string {
    return this.all[place] ?? '';
  }
}

/** The key at a place; null behind the last one. */
export function keyAt({ texts, platforms, products }: PackedRows, place: number): Key | null {
  const [platform, product] = [platforms[place], products[place]];
  return platform === undefined || product === undefined ? null : { platform: texts.at(platform), product: texts.at(product) };
}

export function bytesOf({ platforms, products, starts, seconds, productViews, purchases }: PackedRows): number {
  return [platforms, products, starts, seconds, productViews, purchases].reduce((total, { byteLength }) => total + byteLength, 0);
}

/** As few bytes as the numbers need. */
export function packed(numbers: Float64Array): Counts {
  let [least, most] = [0, 0];
  for (const number of numbers) {
    if (number < least) least = number;
    if (number > most) most = number;
  }
  if (least < 0 || most > 0xffff_ffff) return numbers;
  return most > 0xff ? Uint32Array.from(numbers) : Uint8Array.from(numbers);
}

/** The first place at which something holds that holds from there on; `count` when it never does. */
export function firstPlace(from: number, count: number, holds: (place: number) => boolean): number {
  let [low, high] = [from, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
