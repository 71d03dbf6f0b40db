import { record } from './csv-record.js';
import { sinceMsOf, type GeneratedFile, type GenerateOptions } from './options.js';
import { mix32, Random, zipf, type Weighted } from './random.js';

const dayMs = 86_400_000;
const secondMs = 1000;
/** Of the clocks that orders are written by. */
const zoneMs = -3 * 3_600_000;
/** Of all batches. */
const platforms = [['iOS', 0.35], ['Android', 0.45], ['MobileWeb', 0.2]] as const;
/** As an order's device is written. */
const devices = ['iOS', 'ios', 'Android', 'android', 'MobileWeb', 'mobileweb'];
const statuses = ['new', 'paid', 'invoiced', 'canceled'];
const viewsPerProduct = 60;
const ordersPerView = 0.012;
const duplicateShare = 0.01;
const brokenShare = 0.002;
/** Real ones are one constant for all events. */
const eventId = '679644799952992000';

/**
 * What the CTR service divides: files of view batches, a folder for each platform, `events` batches in all, and a shop's orders and
 * their items as CSV files for the database. The same options give the same lines anywhere.
 * @throws LakeError USAGE for options out of range
 */
export function generateStorefront(options: GenerateOptions): readonly GeneratedFile[] {
  const made = new Storefront(options);
  return [
    ...platforms.map(([platform, share], index) => ({ path: `views/${platform}/views.ndjson`, lines: made.batches(index, Math.round(options.events * share)) })),
    { path: 'orders/orders.csv', lines: made.orders() },
    { path: 'orders/order_items.csv', lines: made.items() },
  ];
}

class Storefront {
  private readonly sinceMs: number;
  private readonly popular: Weighted;

  constructor(private readonly options: GenerateOptions) {
    this.sinceMs = sinceMsOf(options);
    this.popular = zipf(Math.max(5, Math.ceil(options.events / viewsPerProduct)), 8);
  }

  /** One file's batches, a line each. */
  *batches(file: number, count: number): Generator<string, void, undefined> {
    const random = new Random(this.options.seed + 10 + file);
    let last: string | null = null;
    for (let made = 0; made < count; made += 1) {
      const line: string = last !== null && random.chance(duplicateShare) ? last : random.chance(brokenShare) ? random.pick(['{"events":[],"mpid":1}', '{"events":[{"event_type":"custom_event"', 'views']) : this.batch(random);
      yield line;
      last = line;
    }
  }

  private batch(random: Random): string {
    const atMs = this.timeMs(random);
    const session = `${7 + random.below(2)}${String(random.uint32()).padStart(10, '0')}${String(random.below(1e8)).padStart(8, '0')}`;
    const count = random.chance(0.15) ? 2 + random.below(3) : 1;
    const events = Array.from({ length: count }, (_each, index) => this.event(random, atMs + index * random.below(600) * secondMs, session));
    return `{"events":[${events.join(',')}],"mpid":${String(random.uint32() + 1e9)}${String(random.below(1e8)).padStart(8, '0')},"timestamp_unixtime_ms":${atMs + random.below(dayMs)},"batch_id":"b${random.uint32().toString(36)}","message_type":"events","schema_version":1}`;
  }

  private event(random: Random, timeMs: number, session: string): string {
    const isView = !random.chance(0.06);
    const attributes = isView || random.chance(0.5) ? `{"actualPrice":"${(1000 + random.below(30_000)) / 100}","base":"${random.pick(['list', 'search', 'home'])}","codeColor":"${this.product(random)}"}` : 'null';
    const time = random.chance(0.3) ? `${timeMs}.${1 + random.below(9999)}` : String(timeMs);
    return `{"data":{"custom_event_type":"navigation","event_name":"${isView ? 'product' : random.pick(['home', 'cart', 'search'])}","timestamp_unixtime_ms":${time},"event_id":${eventId},"session_id":${session},"custom_attributes":${attributes}},"event_type":"${isView || random.chance(0.6) ? 'custom_event' : 'session_start'}"}`;
  }

  *orders(): Generator<string, void, undefined> {
    yield record(['id', 'order_date', 'status', 'device', 'order_total']);
    for (const { id, random } of this.eachOrder(1)) {
      const at = new Date(Math.floor(this.timeMs(random) / secondMs) * secondMs + zoneMs).toISOString();
      yield record([id, at.slice(0, 19).replace('T', ' '), random.pick(statuses), random.pick(devices), (random.below(100_000) / 100).toFixed(2)]);
    }
  }

  *items(): Generator<string, void, undefined> {
    yield record(['order_id', 'code_color']);
    for (const { id, random } of this.eachOrder(2)) {
      for (let left = random.chance(0.02) ? 0 : 1 + random.below(3); left > 0; left -= 1) yield record([id, this.product(random)]);
    }
  }

  private *eachOrder(stream: number): Generator<{ readonly id: string; readonly random: Random }, void, undefined> {
    const random = new Random(this.options.seed + stream);
    for (let made = 0; made < Math.ceil(this.options.events * ordersPerView); made += 1) yield { id: `O${100_000 + made}`, random };
  }

  private timeMs(random: Random): number {
    return this.sinceMs + Math.floor(random.unit() * this.options.days * dayMs);
  }

  private product(random: Random): string {
    const unique = mix32(this.popular.draw(random));
    return `${20_000_000 + (unique % 90_000)}_${String(unique % 997).padStart(3, '0')}`;
  }
}
