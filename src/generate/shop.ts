import { Arrivals, type Truth } from './arrivals.js';
import { type BrokenKind, brokenKinds, brokenText } from './broken.js';
import { makeProducts } from './catalogue.js';
import type { ItemsForm, ShopEvent, Style } from './event.js';
import type { GenerateOptions } from './options.js';
import type { Random } from './random.js';
import { Renderer } from './render.js';
import { type Step, Visit } from './session.js';
import { Users, homePlatform, userId } from './users.js';

export interface ShopOptions extends GenerateOptions {
  /** How items are written; `mixed` is about half each, and a few as a JSON string. */
  readonly form: 'json' | 'tostring' | 'mixed';
}

/** A line and what it is. */
export interface GeneratedLine extends Truth<BrokenKind> {
  /** A message body, without a newline. */
  readonly text: string;
}

/** An event and how this message of it writes its items. */
interface Sent {
  readonly event: ShopEvent;
  readonly form: ItemsForm;
}

const minuteMs = 60_000;
const linesPerVisit = 6.5;

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
  return new Shop(options).lines();
}

class Shop {
  private readonly products = makeProducts();
  private readonly renderer = new Renderer(this.products);
  private readonly arrivals: Arrivals<Sent, BrokenKind>;
  private readonly random: Random;
  private readonly users: Users;

  constructor(private readonly options: ShopOptions) {
    this.arrivals = new Arrivals(options, brokenKinds);
    this.random = this.arrivals.random;
    this.users = new Users(options.events / linesPerVisit, options.days);
  }

  *lines(): Generator<GeneratedLine, void, undefined> {
    for (const { value: { event, form }, kind, event: number, late, broken, order } of this.arrivals.all((nowMs) => this.visit(nowMs))) {
      const text = broken === null ? this.renderer.event(event, form) : brokenText(broken, event, form, order + (event.timeMs % 65_536), this.renderer);
      yield { text, kind, event: number, late, broken };
    }
  }

  private visit(nowMs: number): void {
    const { random } = this;
    const { untilMs } = this.arrivals;
    const startMs = Math.min(untilMs - 1, nowMs + random.below(20 * minuteMs));
    const rank = this.users.arrive(startMs, random);
    const id = userId(rank);
    const home = homePlatform(rank);
    const platform = random.chance(0.06) ? (home === 'IOS' ? 'ANDROID' : 'IOS') : home;
    const { steps } = new Visit(startMs, this.products, random);
    this.users.busy(rank, steps[steps.length - 1]!.timeMs + 2000);
    for (const step of steps) {
      if (step.timeMs >= untilMs || this.arrivals.full) return;
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
    const { form } = event.style;
    this.arrivals.send({ event, form }, event.timeMs, (turned) => ({ event, form: turned && this.options.form === 'mixed' ? otherForm(form) : form }));
  }
}

function otherForm(form: ItemsForm): ItemsForm {
  return form === 'tostring' ? 'json' : 'tostring';
}

function otherCase(platform: 'IOS' | 'ANDROID', random: Random): string {
  return random.pick(platform === 'IOS' ? ['ios', 'iOS', 'Ios'] : ['android', 'Android']);
}
