import { mix32, type Random } from './random.js';

const maxUsers = 2_000_000;

/** The shop's users: who comes, how often, and who is busy. Rank 0 is the most active one. */
export class Users {
  readonly count: number;
  private readonly busyUntilMs: Float64Array;
  private readonly shift: number;
  private readonly low: number;
  private readonly high: number;

  /** @param sessions about how many sessions there will be @param days over how many days */
  constructor(sessions: number, days: number) {
    this.count = Math.min(maxUsers, Math.max(50, Math.ceil(sessions / (1.2 + days / 10))));
    this.busyUntilMs = new Float64Array(this.count);
    this.shift = 1 + this.count / 200;
    this.low = fourthRoot(this.shift);
    this.high = fourthRoot(this.count + this.shift);
  }

  /**
   * A user who is free from `startMs` on; a user's sessions never overlap, so no two events are equal by accident.
   * Activity is Zipf's with exponent 0.75, whose distribution inverts without powers or logarithms.
   */
  arrive(startMs: number, random: Random): number {
    const root = this.low + random.unit() * (this.high - this.low);
    const drawn = Math.min(this.count - 1, Math.max(0, Math.floor(root * root * root * root - this.shift)));
    for (let step = 0; step < this.count; step += 1) {
      const rank = (drawn + step) % this.count;
      if (this.busyUntilMs[rank]! < startMs) return rank;
    }
    return drawn;
  }

  busy(rank: number, untilMs: number): void {
    this.busyUntilMs[rank] = untilMs;
  }
}

function fourthRoot(value: number): number {
  return Math.sqrt(Math.sqrt(value));
}

/** The id of a user: mostly numbers beyond 2⁵³, some short, some no number at all. */
export function userId(rank: number): string {
  const unique = mix32(rank);
  const other = mix32(unique ^ 0x5bd1_e995);
  const kind = other % 20;
  if (kind < 13) return String(1000 + (other % 8000)) + String(unique).padStart(10, '0') + String(100_000 + (other % 900_000)).slice(1);
  if (kind < 18) return String(unique);
  return `u-${unique.toString(36)}`;
}

/** The platform that a user is mostly on. */
export function homePlatform(rank: number): 'IOS' | 'ANDROID' {
  return mix32(rank ^ 0x2c1b_3c6d) % 100 < 42 ? 'IOS' : 'ANDROID';
}
