/**
 * A seeded stream of random numbers (xoshiro128**). Only integer arithmetic: the same seed gives the same numbers on any machine.
 */
export class Random {
  private a = 0;
  private b = 0;
  private c = 0;
  private d = 0;

  /** Any safe integer is a seed of its own. */
  constructor(seed: number) {
    let state = (seed >>> 0) ^ Math.imul(Math.floor(seed / 0x1_0000_0000), 0x9e37_79b9);
    const next = (): number => mix32((state = (state + 0x9e37_79b9) | 0));
    this.a = next();
    this.b = next();
    this.c = next();
    this.d = next() | 1;
  }

  /** In [0, 2³²). */
  uint32(): number {
    const product = Math.imul(this.b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const shifted = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= shifted;
    this.d = (this.d << 11) | (this.d >>> 21);
    return result >>> 0;
  }

  /** In [0, 1). */
  unit(): number {
    return this.uint32() * 2 ** -32;
  }

  /** An integer in [0, count). */
  below(count: number): number {
    return Math.floor(this.unit() * count);
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** One of the values; `values` must not be empty. */
  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }
}

/** A one-to-one scrambling of 32-bit integers. */
export function mix32(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0_aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a_2d97);
  return (x ^ (x >>> 15)) >>> 0;
}

/** Draws an index in proportion to its weight, in constant time (Walker's alias method). */
export class Weighted {
  private readonly keep: Float64Array;
  private readonly alias: Uint32Array;

  constructor(weights: readonly number[]) {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    this.keep = Float64Array.from(weights, (weight) => (weight * weights.length) / total);
    this.alias = Uint32Array.from(weights, (_, index) => index);
    const small: number[] = [];
    const large: number[] = [];
    this.keep.forEach((share, index) => (share < 1 ? small : large).push(index));
    while (small.length > 0 && large.length > 0) {
      const low = small.pop()!;
      const high = large.pop()!;
      this.alias[low] = high;
      this.keep[high] = this.keep[high]! + this.keep[low]! - 1;
      (this.keep[high] < 1 ? small : large).push(high);
    }
    for (const index of [...small, ...large]) this.keep[index] = 1;
  }

  draw(random: Random): number {
    const index = random.below(this.keep.length);
    return random.unit() < this.keep[index]! ? index : this.alias[index]!;
  }
}

/** Zipf's law, flattened at the top: rank r (from 0) weighs 1 / (r + shift). */
export function zipf(count: number, shift: number): Weighted {
  return new Weighted(Array.from({ length: count }, (_, rank) => 1 / (rank + shift)));
}
