const hourMs = 3_600_000;

/** Shares of a day's events by hour (UTC): a deep night, a bump at noon, the peak in the evening. */
const hourWeights = [32, 20, 12, 8, 6, 7, 12, 22, 34, 42, 47, 52, 58, 56, 50, 48, 50, 56, 66, 78, 88, 90, 76, 52];
/** By weekday, from Sunday. */
const weekdayWeights = [1.2, 1, 0.95, 0.95, 1, 1.05, 1.15];

/** Turns a share of all events into the time by which it has happened, following the hours of the days. */
export class DailyCurve {
  private readonly cumulative: Float64Array;
  private readonly sinceMs: number;

  /** @param sinceMs midnight of the first day, UTC */
  constructor(sinceMs: number, days: number) {
    this.sinceMs = sinceMs;
    this.cumulative = new Float64Array(days * 24 + 1);
    const firstDay = Math.floor(sinceMs / (24 * hourMs));
    for (let hour = 0; hour < days * 24; hour += 1) {
      const weekday = (firstDay + Math.floor(hour / 24) + 4) % 7;
      const weight = hourWeights[hour % 24]! * weekdayWeights[(weekday + 7) % 7]!;
      this.cumulative[hour + 1] = this.cumulative[hour]! + weight;
    }
  }

  /** @param share in [0, 1] @returns epoch milliseconds, whole */
  timeMs(share: number): number {
    const hours = this.cumulative.length - 1;
    const wanted = share * this.cumulative[hours]!;
    let low = 0;
    let high = hours - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.cumulative[middle]! <= wanted) low = middle;
      else high = middle - 1;
    }
    const from = this.cumulative[low]!;
    const within = (wanted - from) / (this.cumulative[low + 1]! - from);
    return this.sinceMs + Math.floor((low + within) * hourMs);
  }
}
