import { type Action, actionText, type BrokenActionKind, brokenActionKinds, brokenActionText } from './action.js';
import { makeProducts, productPopularity } from './catalogue.js';
import { DailyCurve } from './curve.js';
import { type GenerateOptions, sinceMsOf } from './options.js';
import { ArrivalQueue, type Waiting } from './queue.js';
import { mix32, Random } from './random.js';
import { Users, userId } from './users.js';

/** A line and what it is. */
export interface GeneratedAction {
  /** A message body, without a newline. */
  readonly text: string;
  /** `duplicate`: equal in every field to the `event` of the same number, which came before it. `broken`: no action at all. */
  readonly kind: 'event' | 'duplicate' | 'broken';
  /** Number of the action, from 0, by the time that it was made; a duplicate has its original's. −1 of a broken one. */
  readonly event: number;
  /** Arrives an hour to three days after its time. */
  readonly late: boolean;
  /** What is wrong with it, null if nothing. */
  readonly broken: BrokenActionKind | null;
  readonly action: Action;
}

interface Entry extends Waiting, Omit<GeneratedAction, 'text'> {}

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const minuteMs = 60_000;
const secondMs = 1000;
const linesPerVisit = 5.1;
const duplicateShare = 0.01;
const lateShare = 0.01;
const brokenShare = 0.001;
/** Of a visitor who has no account: the id is left out. */
const guestShare = 0.02;

/**
 * Views, clicks and purchases as NDJSON lines (no newline), exactly `events` of them, in order of arrival. The same options give the same lines anywhere.
 * @throws LakeError USAGE for options out of range
 */
export function* generateActions(options: GenerateOptions): Generator<string, void, undefined> {
  for (const line of generateActionsWithTruth(options)) yield line.text;
}

/**
 * The lines of `generateActions`, each with what it is.
 * @throws LakeError USAGE for options out of range
 */
export function generateActionsWithTruth(options: GenerateOptions): Generator<GeneratedAction, void, undefined> {
  return new Actions(options, sinceMsOf(options)).lines();
}

class Actions {
  private readonly random: Random;
  private readonly products = makeProducts();
  private readonly queue = new ArrivalQueue<Entry>();
  private readonly users: Users;
  private readonly curve: DailyCurve;
  private readonly untilMs: number;
  private made = 0;
  private events = 0;

  constructor(private readonly options: GenerateOptions, sinceMs: number) {
    this.random = new Random(options.seed);
    this.users = new Users(options.events / linesPerVisit, options.days);
    this.curve = new DailyCurve(sinceMs, options.days);
    this.untilMs = sinceMs + options.days * dayMs;
  }

  *lines(): Generator<GeneratedAction, void, undefined> {
    while (this.made < this.options.events) {
      const nowMs = this.curve.timeMs(this.made / this.options.events);
      yield* this.arrivedBefore(nowMs);
      this.visit(nowMs);
    }
    yield* this.arrivedBefore(Infinity);
  }

  private *arrivedBefore(nowMs: number): Generator<GeneratedAction, void, undefined> {
    while (this.queue.nextMs < nowMs) {
      const { action, kind, event, late, broken, order } = this.queue.pop()!;
      yield { text: broken === null ? actionText(action) : brokenActionText(broken, action, order), kind, event, late, broken, action };
    }
  }

  /** One user looks at some products: each is viewed, some are clicked, few are bought. No two actions of a user share a second. */
  private visit(nowMs: number): void {
    const random = this.random;
    let timeMs = Math.floor(Math.min(this.untilMs - 1, nowMs + random.below(20 * minuteMs)) / secondMs) * secondMs;
    const rank = this.users.arrive(timeMs, random);
    const guest = random.chance(guestShare);
    const platform = platformOf(rank, random);
    const step = (name: string, product: Action['product']): void => {
      if (timeMs < this.untilMs && this.made < this.options.events) this.send(this.actionOf(timeMs, name, guest ? null : `user_${userId(rank)}`, platform, product));
      timeMs += (1 + random.below(90)) * secondMs;
    };
    const count = 1 + random.below(5);
    for (let index = 0; index < count; index += 1) {
      const product = this.product();
      const views = random.chance(0.15) ? 2 : 1;
      for (let view = 0; view < views; view += 1) if (!random.chance(0.02)) step('view', product);
      if (!random.chance(0.35)) continue;
      step('click', product);
      if (random.chance(0.05)) step('add_to_cart', product);
      if (random.chance(0.18)) step('purchase', product);
    }
    this.users.busy(rank, timeMs);
  }

  private product(): Action['product'] {
    const { random } = this;
    const rank = productPopularity.draw(random);
    const missing = random.unit();
    if (missing < 0.003) return null;
    return { name: missing < 0.008 ? null : this.products[rank]!.name, SKU: missing > 0.995 ? null : `SKU-${1001 + rank}` };
  }

  /** A guest's time has a fraction that no other action of that second has: else two guests could say the same. */
  private actionOf(timeMs: number, name: string, user: string | null, platform: string | null, product: Action['product']): Action {
    const { random } = this;
    const draw = random.unit();
    const fractionUs = user === null ? 1 + (this.events % 999_999) : draw < 0.03 ? 1000 * (1 + random.below(999)) : 0;
    const zone = draw > 0.99 ? '+02:00' : draw > 0.985 ? '' : 'Z';
    return { timeMs, fractionUs, name, userId: user, platform, product, style: { zone, turned: random.chance(0.02) } };
  }

  private send(action: Action): void {
    const random = this.random;
    const late = random.chance(lateShare);
    const arrivalMs = action.timeMs + 1000 + (late ? hourMs + Math.floor(random.unit() * (3 * dayMs - hourMs - 1000)) : random.below(2000));
    const event = this.events;
    if (random.chance(brokenShare)) {
      this.enter({ action, kind: 'broken', event: -1, late, broken: random.pick(brokenActionKinds), arrivalMs, order: this.made });
      return;
    }
    this.events += 1;
    this.enter({ action, kind: 'event', event, late, broken: null, arrivalMs, order: this.made });
    if (!random.chance(duplicateShare)) return;
    const again = random.unit();
    const delayMs = 20 + Math.floor(random.chance(0.8) ? again * again * minuteMs : again * 2 * dayMs);
    const style = { ...action.style, turned: random.chance(0.4) };
    if (this.made >= this.options.events) return;
    this.enter({ action: { ...action, style }, kind: 'duplicate', event, late, broken: null, arrivalMs: arrivalMs + delayMs, order: this.made });
  }

  private enter(entry: Entry): void {
    this.queue.push(entry);
    this.made += 1;
  }
}

/** As it is sent: mostly the user's own, sometimes in another letter case, sometimes left out. */
function platformOf(rank: number, random: Random): string | null {
  const draw = random.unit();
  if (draw < 0.01) return null;
  const home = mix32(rank ^ 0x51ed_270b) % 100;
  const platform = home < 45 ? 'web' : home < 75 ? 'mobile' : home < 88 ? 'ios' : home < 99 ? 'android' : 'tv';
  return draw < 0.02 ? platform.toUpperCase() : platform;
}
