import {
  type List, type Product, type Promotion,
  listPopularity, lists, poolPopularity, pools, productCount, productPopularity, promotions, relatedLists,
} from './catalogue.js';
import type { EventName, Item, Sale } from './event.js';
import type { Random } from './random.js';
import { affiliations, coupons } from './words.js';

/** One step of a visit. */
export interface Step {
  readonly timeMs: number;
  readonly name: EventName;
  readonly items: readonly Item[];
  /** The purchase that the tracker fires again. */
  readonly echo: boolean;
}

/** How often an item is clicked, by its place in the list. */
const clickRates = [0.29, 0.21, 0.165, 0.135, 0.115, 0.1, 0.088, 0.078, 0.07, 0.063, 0.057, 0.052];
const minuteMs = 60_000;
const maxSteps = 60;

/** What one user does in one visit: lists, clicks, related lists, a basket, a checkout, a purchase and its echo. */
export class Visit {
  readonly steps: Step[] = [];
  private timeMs: number;
  private readonly basket = new Map<number, Item>();

  /** @param startMs time of the first step, epoch milliseconds */
  constructor(startMs: number, private readonly products: readonly Product[], private readonly random: Random) {
    this.timeMs = startMs;
    this.walk();
  }

  private walk(): void {
    const random = this.random;
    if (random.chance(0.3)) this.viewProduct(plainItem(productPopularity.draw(random)));
    do this.viewList();
    while (random.chance(0.5) && this.steps.length < maxSteps);
    if (this.basket.size > 0 && random.chance(0.6)) this.checkOut();
  }

  private viewList(): void {
    const rank = listPopularity.draw(this.random);
    const pool = pools[rank]!;
    const items = this.random.chance(0.015) ? [] : this.listItems(lists[rank]!, () => pool[poolPopularity.draw(this.random)]!);
    this.step('view_item_list', items);
    this.clickAmong(items);
  }

  private viewRelated(product: number): void {
    const list = this.random.pick(relatedLists);
    const items = this.listItems(list, () => (product + 1 + productPopularity.draw(this.random)) % productCount);
    this.step('view_item_list', items);
    this.clickAmong(items);
  }

  private listItems(list: List, draw: () => number): Item[] {
    const random = this.random;
    const size = 4 + Math.min(random.below(9), random.below(9), random.below(9));
    const promotion: Promotion | null = random.chance(0.05) ? random.pick(promotions) : null;
    const items: Item[] = [];
    const seen: number[] = [];
    for (let index = 1; index <= size; index += 1) {
      let product = draw();
      while (seen.includes(product)) product = draw();
      seen.push(product);
      items.push({ product, list, listIndex: index, promotion, sale: null });
    }
    return items;
  }

  private clickAmong(items: readonly Item[]): void {
    for (const item of items) {
      if (this.steps.length >= maxSteps) return;
      if (!this.random.chance(clickRates[item.listIndex - 1]! * item.list!.appeal)) continue;
      this.viewProduct(this.random.chance(0.4) ? item : plainItem(item.product));
    }
  }

  private viewProduct(item: Item): void {
    const random = this.random;
    this.step('view_item', random.chance(0.008) ? [] : [item]);
    if (random.chance(0.16) && this.basket.size < 6) this.basket.set(item.product, item);
    if (random.chance(0.07)) this.viewRelated(item.product);
    else if (random.chance(0.14)) this.viewProduct(plainItem(productPopularity.draw(random)));
  }

  private checkOut(): void {
    const random = this.random;
    const affiliation = random.chance(0.3) ? random.pick(affiliations) : null;
    const coupon = random.chance(0.15) ? random.pick(coupons) : null;
    const keepsList = random.chance(0.15);
    const chosen = [...this.basket.values()].map((item) => ({ item: keepsList ? item : plainItem(item.product), quantity: this.quantity() }));
    const sold = (sale: (quantity: number, cents: number) => Sale | null): Item[] =>
      chosen.map(({ item, quantity }) => ({ ...item, sale: sale(quantity, quantity * this.products[item.product]!.priceCents) }));
    this.step('begin_checkout', sold((quantity) => ({ quantity, revenueCents: null, coupon: null, affiliation })));
    if (!random.chance(0.6)) return;
    const paidMs = this.timeMs;
    this.step('purchase', sold((quantity, cents) => ({ quantity, revenueCents: coupon === null ? cents : Math.floor(cents * 0.9), coupon, affiliation })));
    if (!random.chance(0.15)) return;
    this.timeMs = paidMs + (random.chance(0.6) ? 40 + random.below(900) : 1000 + random.below(7900));
    this.steps.push({ timeMs: this.timeMs, name: 'purchase', items: sold(() => null), echo: true });
    this.timeMs += this.pauseMs();
  }

  private quantity(): number {
    const random = this.random;
    return random.chance(0.75) ? 1 : 2 + Math.min(random.below(9), random.below(9));
  }

  private step(name: EventName, items: readonly Item[]): void {
    this.steps.push({ timeMs: this.timeMs, name, items, echo: false });
    this.timeMs += this.pauseMs();
  }

  /** Mostly seconds, at least 1.5 s; now and then minutes, the bound of a session or more. */
  private pauseMs(): number {
    const share = this.random.unit();
    const kind = this.random.unit();
    if (kind < 0.006) return 31 * minuteMs + Math.floor(share * 90 * minuteMs);
    if (kind < 0.007) return 30 * minuteMs;
    if (kind < 0.02) return 5 * minuteMs + Math.floor(share * 24 * minuteMs);
    return 1500 + Math.floor(share * share * share * 100_000);
  }
}

function plainItem(product: number): Item {
  return { product, list: null, listIndex: 0, promotion: null, sale: null };
}
