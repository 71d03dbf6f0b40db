import { type BrokenKind, brokenKinds, brokenText } from './broken.js';
import { makeProducts } from './catalogue.js';
import { DailyCurve } from './curve.js';
import type { ItemsForm, ShopEvent, Style } from './event.js';
import { type GenerateOptions, sinceMsOf } from './options.js';
import { ArrivalQueue, type Waiting } from './queue.js';
import { Random } from './random.js';
import { Renderer } from './render.js';
import { type Step, Visit } from './session.js';
import { Users, homePlatform, userId } from './users.js';

export interface ShopOptions extends GenerateOptions {
  /** How items are written; `mixed` is about half each, and a few as a JSON string. */
  readonly form: 'json' | 'tostring' | 'mixed';
}

/** A line and what it is. */
export interface GeneratedLine {
  /** A message body, without a newline. */
  readonly text: string;
  /** `duplicate`: equal to the `event` of the same number, which came before it. `broken`: no event at all. */
  readonly kind: 'event' | 'duplicate' | 'broken';
  /** Number of the event, from 0, by the time that it was made; a duplicate has its original's. */
  readonly event: number;
  /** Arrives an hour to three days after its time. */
  readonly late: boolean;
  /** What is wrong with it, null if nothing. */
  readonly broken: BrokenKind | null;
}

interface Entry extends Waiting {
  readonly event: ShopEvent;
  readonly form: ItemsForm;
  readonly kind: GeneratedLine['kind'];
  readonly number: number;
  readonly late: boolean;
  readonly broken: BrokenKind | null;
}

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const minuteMs = 60_000;
const linesPerVisit = 6.5;
const duplicateShare = 0.01;
const lateShare = 0.01;
const brokenShare = 0.001;

/**
 * Shop events as NDJSON lines (no newline), exactly `events` of them, in order of arrival. The same options give the same lines anywhere.
 * @throws LakeError USAGE for options out of range
 */
export function* generateShop(options: ShopOptions): Generator<string, void, undefined> {
  for (const line of generateShopWithTruth(options)) yield line.text;
}

/**
 * The lines of `generateShop`, each with what it is.
 * @throws LakeError USAGE for options out of range
 */
export function generateShopWithTruth(options: ShopOptions): Generator<GeneratedLine, void, undefined> {
  return new Shop(options, sinceMsOf(options)).lines();
}

class Shop {
  private readonly random: Random;
  private readonly products = makeProducts();
  private readonly renderer = new Renderer(this.products);
  private readonly queue = new ArrivalQueue<Entry>();
  private readonly users: Users;
  private readonly curve: DailyCurve;
  private readonly untilMs: number;
  private made = 0;
  private events = 0;

  constructor(private readonly options: ShopOptions, sinceMs: number) {
    this.random = new Random(options.seed);
    this.users = new Users(options.events / linesPerVisit, options.days);
    this.curve = new DailyCurve(sinceMs, options.days);
    this.untilMs = sinceMs + options.days * dayMs;
  }

  /** Visits begin in the order of the curve, so what arrives before the next one can begin is complete. */
  *lines(): Generator<GeneratedLine, void, undefined> {
    while (this.made < this.options.events) {
      const nowMs = this.curve.timeMs(this.made / this.options.events);
      yield* this.arrivedBefore(nowMs);
      this.visit(nowMs);
    }
    yield* this.arrivedBefore(Infinity);
  }

  private *arrivedBefore(nowMs: number): Generator<GeneratedLine, void, undefined> {
    while (this.queue.nextMs < nowMs) {
      const { event, form, kind, number, late, broken, order } = this.queue.pop()!;
      const text = broken === null ? this.renderer.event(event, form) : brokenText(broken, event, form, order + (event.timeMs % 65_536), this.renderer);
      yield { text, kind, event: number, late, broken };
    }
  }

  private visit(nowMs: number): void {
    const random = this.random;
    const startMs = Math.min(this.untilMs - 1, nowMs + random.below(20 * minuteMs));
    const rank = this.users.arrive(startMs, random);
    const id = userId(rank);
    const home = homePlatform(rank);
    const platform = random.chance(0.06) ? (home === 'IOS' ? 'ANDROID' : 'IOS') : home;
    const { steps } = new Visit(startMs, this.products, random);
    this.users.busy(rank, steps[steps.length - 1]!.timeMs + 2000);
    for (const step of steps) {
      if (step.timeMs >= this.untilMs || this.made >= this.options.events) return;
      this.send(this.eventOf(step, id, platform));
    }
  }

  private eventOf(step: Step, id: string, platform: 'IOS' | 'ANDROID'): ShopEvent {
    const style = this.style(step);
    const timeMs = style.time === 'seconds' ? Math.floor(step.timeMs / 1000) * 1000 : step.timeMs;
    return { timeMs, userId: id, name: step.name, platform: this.random.chance(0.02) ? otherCase(platform, this.random) : platform, items: step.items, style };
  }

  /** Draws the same numbers whatever the form, so that the forms of one seed hold the same events. */
  private style(step: Step): Style {
    const random = this.random;
    const half = random.unit();
    const timeDraw = random.unit();
    const fraction = 1 + random.below(999);
    const time = step.echo || timeDraw >= 0.02 ? 'own' : timeDraw < 0.01 ? 'seconds' : 'fraction';
    return {
      form: this.options.form !== 'mixed' ? this.options.form : half < 0.485 ? 'json' : half < 0.97 ? 'tostring' : 'string',
      time,
      fractionUs: time === 'fraction' ? fraction : 0,
      noItems: random.pick(['', 'null', '[]', '""']),
      replayed: random.chance(0.25),
      shortIndexKey: random.chance(0.03),
    };
  }

  private send(event: ShopEvent): void {
    const random = this.random;
    const late = random.chance(lateShare);
    const arrivalMs = event.timeMs + 1000 + (late ? hourMs + Math.floor(random.unit() * (3 * dayMs - hourMs - 1000)) : random.below(2000));
    const number = this.events;
    const form = event.style.form;
    if (random.chance(brokenShare)) {
      this.enter({ event, form, kind: 'broken', number: -1, late, broken: random.pick(brokenKinds), arrivalMs, order: this.made });
      return;
    }
    this.events += 1;
    this.enter({ event, form, kind: 'event', number, late, broken: null, arrivalMs, order: this.made });
    if (!random.chance(duplicateShare)) return;
    const again = random.unit();
    const delayMs = 20 + Math.floor(random.chance(0.8) ? again * again * minuteMs : again * 2 * dayMs);
    const swapped = random.chance(0.4) && this.options.form === 'mixed';
    if (this.made >= this.options.events) return;
    this.enter({ event, form: swapped ? otherForm(form) : form, kind: 'duplicate', number, late, broken: null, arrivalMs: arrivalMs + delayMs, order: this.made });
  }

  private enter(entry: Entry): void {
    this.queue.push(entry);
    this.made += 1;
  }
}

function otherForm(form: ItemsForm): ItemsForm {
  return form === 'tostring' ? 'json' : 'tostring';
}

function otherCase(platform: 'IOS' | 'ANDROID', random: Random): string {
  return random.pick(platform === 'IOS' ? ['ios', 'iOS', 'Ios'] : ['android', 'Android']);
}
