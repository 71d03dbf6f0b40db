import { type Action, actionText, type BrokenActionKind, brokenActionKinds, brokenActionText } from './action.js';
import { Arrivals, type Truth } from './arrivals.js';
import { makeProducts, productPopularity } from './catalogue.js';
import type { GenerateOptions } from './options.js';
import { mix32, type Random } from './random.js';
import { Users, userId } from './users.js';

/** A line and what it is. A duplicate is equal to its original in every field. */
export interface GeneratedAction extends Truth<BrokenActionKind> {
  /** A message body, without a newline. */
  readonly text: string;
  readonly action: Action;
}

const minuteMs = 60_000;
const secondMs = 1000;
const linesPerVisit = 5.1;
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
  return new Actions(options).lines();
}

class Actions {
  private readonly products = makeProducts();
  private readonly arrivals: Arrivals<Action, BrokenActionKind>;
  private readonly random: Random;
  private readonly users: Users;

  constructor(options: GenerateOptions) {
    this.arrivals = new Arrivals(options, brokenActionKinds);
    this.random = this.arrivals.random;
    this.users = new Users(options.events / linesPerVisit, options.days);
  }

  *lines(): Generator<GeneratedAction, void, undefined> {
    for (const { value: action, kind, event, late, broken, order } of this.arrivals.all((nowMs) => this.visit(nowMs))) {
      yield { text: broken === null ? actionText(action) : brokenActionText(broken, action, order), kind, event, late, broken, action };
    }
  }

  /** One user looks at some products: each is viewed, some are clicked, few are bought. No two actions of a user share a second. */
  private visit(nowMs: number): void {
    const { random } = this;
    const { untilMs } = this.arrivals;
    let timeMs = Math.floor(Math.min(untilMs - 1, nowMs + random.below(20 * minuteMs)) / secondMs) * secondMs;
    const rank = this.users.arrive(timeMs, random);
    const guest = random.chance(guestShare);
    const platform = platformOf(rank, random);
    const step = (name: string, product: Action['product']): void => {
      if (timeMs < untilMs && !this.arrivals.full) this.send(this.actionOf(timeMs, name, guest ? null : `user_${userId(rank)}`, platform, product));
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
    const fractionUs = user === null ? 1 + (this.arrivals.events % 999_999) : draw < 0.03 ? 1000 * (1 + random.below(999)) : 0;
    const zone = draw > 0.99 ? '+02:00' : draw > 0.985 ? '' : 'Z';
    return { timeMs, fractionUs, name, userId: user, platform, product, style: { zone, turned: random.chance(0.02) } };
  }

  private send(action: Action): void {
    this.arrivals.send(action, action.timeMs, (turned) => ({ ...action, style: { ...action.style, turned } }));
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
