import { DailyCurve } from './curve.js';
import { type GenerateOptions, sinceMsOf } from './options.js';
import { ArrivalQueue, type Waiting } from './queue.js';
import { Random } from './random.js';

/** What a generated line is, whatever its dataset. */
export interface Truth<B extends string> {
  /** `duplicate`: says what the `event` of the same number said, which came before it. `broken`: no event at all. */
  readonly kind: 'event' | 'duplicate' | 'broken';
  /** Number of the event, from 0, by the time that it was made; a duplicate has its original's. −1 of a broken one. */
  readonly event: number;
  /** Arrives an hour to three days after its time. */
  readonly late: boolean;
  /** What is wrong with it, null if nothing. */
  readonly broken: B | null;
}

/** A line that is on its way. */
export interface Arrival<T, B extends string> extends Truth<B>, Waiting {
  readonly value: T;
}

export const dayMs = 86_400_000;
const hourMs = 3_600_000;
const minuteMs = 60_000;
const duplicateShare = 0.01;
const lateShare = 0.01;
const brokenShare = 0.001;

/** What all generators share: how many lines there are, when they arrive, and which of them come twice, late or broken. */
export class Arrivals<T, B extends string> {
  readonly random: Random;
  /** Midnight behind the last day. */
  readonly untilMs: number;
  private readonly queue = new ArrivalQueue<Arrival<T, B>>();
  private readonly curve: DailyCurve;
  /** Lines that were sent. */
  made = 0;
  /** Those of them that are events, and the first to say so. */
  events = 0;

  /** @throws LakeError USAGE for options out of range */
  constructor(private readonly options: GenerateOptions, private readonly brokenKinds: readonly B[]) {
    const sinceMs = sinceMsOf(options);
    this.random = new Random(options.seed);
    this.curve = new DailyCurve(sinceMs, options.days);
    this.untilMs = sinceMs + options.days * dayMs;
  }

  /** No more lines are wanted. */
  get full(): boolean {
    return this.made >= this.options.events;
  }

  /** All lines in order of arrival. @param visit sends what begins at a time; visits begin in the order of the curve, so what arrives before the next one can begin is complete */
  *all(visit: (nowMs: number) => void): Generator<Arrival<T, B>, void, undefined> {
    while (!this.full) {
      const nowMs = this.curve.timeMs(this.made / this.options.events);
      yield* this.before(nowMs);
      visit(nowMs);
    }
    yield* this.before(Infinity);
  }

  private *before(nowMs: number): Generator<Arrival<T, B>, void, undefined> {
    while (this.queue.nextMs < nowMs) yield this.queue.pop()!;
  }

  /** Sends what happened, and some of it twice. @param again what is sent then; `turned`: it may be written in another way */
  send(value: T, timeMs: number, again: (turned: boolean) => T): void {
    const { random } = this;
    const late = random.chance(lateShare);
    const arrivalMs = timeMs + 1000 + (late ? hourMs + Math.floor(random.unit() * (3 * dayMs - hourMs - 1000)) : random.below(2000));
    if (random.chance(brokenShare)) {
      this.enter({ value, kind: 'broken', event: -1, late, broken: random.pick(this.brokenKinds), arrivalMs, order: this.made });
      return;
    }
    const event = this.events++;
    this.enter({ value, kind: 'event', event, late, broken: null, arrivalMs, order: this.made });
    if (!random.chance(duplicateShare)) return;
    const draw = random.unit();
    const delayMs = 20 + Math.floor(random.chance(0.8) ? draw * draw * minuteMs : draw * 2 * dayMs);
    const turned = random.chance(0.4);
    if (this.full) return;
    this.enter({ value: again(turned), kind: 'duplicate', event, late, broken: null, arrivalMs: arrivalMs + delayMs, order: this.made });
  }

  private enter(arrival: Arrival<T, B>): void {
    this.queue.push(arrival);
    this.made += 1;
  }
}
