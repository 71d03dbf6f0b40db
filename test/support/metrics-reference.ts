import { createHash } from 'node:crypto';
import {
  clicksOf, conversionsOf, isGreater, itemRowsOf, laterText, ownList, quantityOf, revenueOf, sessionsOf,
  type Attributed, type DatedText, type ItemRow, type Session,
} from './reference-sessions.js';
import { moneyText, type ShopEvent } from './silver-of-json.js';

/** A gold row: counts, ratios and microseconds as numbers, dates and money as text. */
export type MetricRow = Record<string, string | number | boolean | null>;
export type GoldName = 'list_metrics' | 'product_metrics' | 'funnel_daily' | 'session';

const stepNames = ['view_item_list', 'view_item', 'begin_checkout', 'purchase'] as const;

/** Computes the four gold tables of all events, from the metrics' definitions, one session after the other. */
export function metricsOf(events: readonly ShopEvent[]): Record<GoldName, MetricRow[]> {
  const lists = new Tally<ListCounts>(newListCounts);
  const products = new Tally<ProductCounts>(newProductCounts);
  const days = new Tally<DayCounts>(newDayCounts);
  const sessions: MetricRow[] = [];
  for (const session of sessionsOf(events)) {
    const rows = itemRowsOf(session);
    const clicks = clicksOf(rows);
    const conversions = conversionsOf(rows, clicks);
    countLists(lists, session, rows, clicks, conversions);
    for (const row of rows) countProduct(products, row);
    countDays(days, session, conversions);
    sessions.push(sessionRow(session));
  }
  return { list_metrics: lists.rows(listRow), product_metrics: products.rows(productRow), funnel_daily: days.rows(dayRow), session: sessions };
}

/** Counts by date, platform and one more key. */
class Tally<T> {
  private readonly counts = new Map<string, T>();
  constructor(private readonly empty: () => T) {}

  at(timestampUs: number, platform: string, key = ''): T {
    const text = JSON.stringify([dateOf(timestampUs), platform, key]);
    const found = this.counts.get(text) ?? this.empty();
    this.counts.set(text, found);
    return found;
  }

  rows(row: (date: string, platform: string, key: string, counts: T) => MetricRow): MetricRow[] {
    return [...this.counts].map(([text, counts]) => {
      const [date = '', platform = '', key = ''] = JSON.parse(text) as string[];
      return row(date, platform, key, counts);
    });
  }
}

const newListCounts = () => ({
  listViews: new Set<string>(), impressions: 0, viewers: new Set<string>(), clicks: 0, uniqueClicks: new Set<string>(), clickers: new Set<string>(),
  checkouts: 0, purchases: 0, purchasers: new Set<string>(), revenue: 0n, entries: 0, bounces: 0, name: null as string | null,
});
type ListCounts = ReturnType<typeof newListCounts>;

function countLists(lists: Tally<ListCounts>, session: Session, rows: readonly ItemRow[], clicks: readonly Attributed[], conversions: readonly Attributed[]): void {
  const entryLists = new Set<string>();
  for (const { event, item } of rows) {
    const list = ownList(item);
    if (event.event_name !== 'view_item_list' || list === null) continue;
    const counts = lists.at(event.timestampUs, event.platform, list);
    counts.listViews.add(event.event_id);
    counts.impressions++;
    counts.viewers.add(event.user_id);
    if (item.item_list_name !== null && (counts.name === null || isGreater(item.item_list_name, counts.name))) counts.name = item.item_list_name;
    if (event.timestampUs === session.startUs) entryLists.add(list);
  }
  for (const list of entryLists) {
    const counts = lists.at(session.startUs, session.platform, list);
    counts.entries++;
    if (session.events.length === 1) counts.bounces++;
  }
  for (const { row: { event, item }, list } of clicks) {
    const counts = lists.at(event.timestampUs, event.platform, list ?? '');
    counts.clicks++;
    counts.uniqueClicks.add(JSON.stringify([idOf(session), item.item_id]));
    counts.clickers.add(event.user_id);
  }
  for (const { row: { event, item }, list } of conversions) {
    if (list === null) continue;
    const counts = lists.at(event.timestampUs, event.platform, list);
    if (event.event_name === 'begin_checkout') {
      counts.checkouts++;
      continue;
    }
    counts.purchases++;
    counts.purchasers.add(event.user_id);
    counts.revenue += revenueOf([item]);
  }
}

function listRow(event_date: string, platform: string, item_list_id: string, counts: ListCounts): MetricRow {
  const { impressions, clicks, checkouts, purchases, entries, bounces } = counts;
  return {
    event_date, platform, item_list_id, list_views: counts.listViews.size, impressions, viewers: counts.viewers.size, clicks,
    unique_clicks: counts.uniqueClicks.size, clickers: counts.clickers.size, checkouts, purchases, purchasers: counts.purchasers.size, revenue: moneyText(counts.revenue),
    entries, bounces, ctr: ratio(clicks, impressions), user_ctr: ratio(counts.clickers.size, counts.viewers.size), bounce_rate: ratio(bounces, entries), item_list_name: counts.name,
  };
}

const newProductCounts = () => ({
  impressions: 0, positionSum: 0, views: 0, checkouts: 0, purchases: 0, viewers: new Set<string>(), purchasers: new Set<string>(),
  sessionsViewed: new Set<Session>(), sessionsPurchased: new Set<Session>(), quantity: 0n, revenue: 0n, name: null as DatedText | null,
});
type ProductCounts = ReturnType<typeof newProductCounts>;

function countProduct(products: Tally<ProductCounts>, { session, event, item, index }: ItemRow): void {
  if (item.item_id === null) return;
  const counts = products.at(event.timestampUs, event.platform, item.item_id);
  if (item.item_name !== null) counts.name = laterText(counts.name, { text: item.item_name, timestampUs: event.timestampUs });
  if (event.event_name === 'view_item_list') {
    counts.impressions++;
    counts.positionSum += index + 1;
  } else if (event.event_name === 'view_item') {
    counts.views++;
    counts.viewers.add(event.user_id);
    counts.sessionsViewed.add(session);
  } else if (event.event_name === 'begin_checkout') counts.checkouts++;
  else if (!session.echoes.has(event)) {
    counts.purchases++;
    counts.purchasers.add(event.user_id);
    counts.sessionsPurchased.add(session);
    counts.quantity += quantityOf(item);
    counts.revenue += revenueOf([item]);
  }
}

function productRow(event_date: string, platform: string, item_id: string, counts: ProductCounts): MetricRow {
  const { impressions, positionSum: position_sum, views, checkouts, purchases } = counts;
  return {
    event_date, platform, item_id, impressions, position_sum, views, checkouts, purchases, viewers: counts.viewers.size, purchasers: counts.purchasers.size,
    sessions_viewed: counts.sessionsViewed.size, sessions_purchased: counts.sessionsPurchased.size, quantity: Number(counts.quantity), revenue: moneyText(counts.revenue),
    avg_position: ratio(position_sum, impressions), view_to_purchase_rate: ratio(purchases, views),
    user_purchase_rate: ratio(counts.purchasers.size, counts.viewers.size), item_name: counts.name?.text ?? null,
  };
}

const newDayCounts = () => ({
  events: 0, users: new Set<string>(), orders: 0, revenue: 0n, unattributed: 0, unattributedRevenue: 0n, sessions: 0, bounces: 0,
  had: [0, 0, 0, 0] as [number, number, number, number], reached: [0, 0, 0, 0] as [number, number, number, number],
});
type DayCounts = ReturnType<typeof newDayCounts>;

function countDays(days: Tally<DayCounts>, session: Session, conversions: readonly Attributed[]): void {
  for (const event of session.events) {
    const day = days.at(event.timestampUs, event.platform);
    day.events++;
    day.users.add(event.user_id);
    if (!session.orders.has(event)) continue;
    day.orders++;
    day.revenue += revenueOf(event.items);
  }
  for (const { row: { event, item }, list } of conversions) {
    if (list !== null || event.event_name !== 'purchase') continue;
    const day = days.at(event.timestampUs, event.platform);
    day.unattributed++;
    day.unattributedRevenue += revenueOf([item]);
  }
  const day = days.at(session.startUs, session.platform);
  day.sessions++;
  if (session.events.length === 1) day.bounces++;
  let reachedUs = session.startUs;
  for (const [step, name] of stepNames.entries()) {
    const times = session.events.filter((event) => event.event_name === name).map((event) => event.timestampUs);
    if (times.length > 0) day.had[step]! += 1;
    const fromUs = reachedUs;
    reachedUs = times.find((time) => time >= fromUs) ?? Number.POSITIVE_INFINITY;
    if (reachedUs < Number.POSITIVE_INFINITY) day.reached[step]! += 1;
  }
}

function dayRow(event_date: string, platform: string, _key: string, day: DayCounts): MetricRow {
  const [lists, views, checkouts, purchases] = day.reached;
  return {
    event_date, platform, events: day.events, users: day.users.size, orders: day.orders, revenue: moneyText(day.revenue), unattributed_purchases: day.unattributed,
    unattributed_revenue: moneyText(day.unattributedRevenue), sessions: day.sessions, bounces: day.bounces, bounce_rate: ratio(day.bounces, day.sessions),
    sessions_view_item_list: day.had[0], sessions_view_item: day.had[1], sessions_begin_checkout: day.had[2], sessions_purchase: day.had[3],
    funnel_view_item_list: lists, funnel_view_item: views, funnel_begin_checkout: checkouts, funnel_purchase: purchases,
    rate_view_item: ratio(views, lists), rate_begin_checkout: ratio(checkouts, views), rate_purchase: ratio(purchases, checkouts), rate_overall: ratio(purchases, lists),
  };
}

function sessionRow(session: Session): MetricRow {
  const { userId, platform, startUs, events, orders } = session;
  const count = (name: string): number => events.filter((event) => event.event_name === name).length;
  return {
    event_date: dateOf(startUs), platform, session_id: idOf(session), user_id: userId, started_at: startUs, ended_at: events.at(-1)?.timestampUs ?? startUs,
    events: events.length, view_item_list: count('view_item_list'), view_item: count('view_item'), begin_checkout: count('begin_checkout'), purchase: count('purchase'),
    is_bounce: events.length === 1, orders: orders.size, revenue: moneyText([...orders].reduce((sum, event) => sum + revenueOf(event.items), 0n)),
  };
}

const idOf = ({ userId, platform, startUs }: Session): string => createHash('md5').update(`${userId}|${platform}|${startUs}`).digest('hex');
const ratio = (numerator: number, denominator: number): number | null => (denominator === 0 ? null : numerator / denominator);
const dateOf = (timestampUs: number): string => new Date(Math.floor(timestampUs / 1000)).toISOString().slice(0, 10);
