import { createHash } from 'node:crypto';
import { moneyText, type ShopEvent, type ShopItem } from './silver-of-json.js';

/** A gold row: counts, ratios and microseconds as numbers, dates and money as text. */
export type MetricRow = Record<string, string | number | boolean | null>;
export type GoldName = 'list_metrics' | 'product_metrics' | 'funnel_daily' | 'session';

const minuteUs = 60_000_000;
const dayUs = 24 * 60 * minuteUs;
const stepNames = ['view_item_list', 'view_item', 'begin_checkout', 'purchase'] as const;

interface Session {
  readonly userId: string;
  readonly platform: string;
  readonly startUs: number;
  readonly events: ShopEvent[];
  readonly echoes: Set<ShopEvent>;
  readonly orders: Set<ShopEvent>;
}

interface ItemRow {
  readonly session: Session;
  readonly event: ShopEvent;
  readonly item: ShopItem;
  readonly index: number;
}

/** An item row with the list that it belongs to. */
interface Attributed {
  readonly row: ItemRow;
  readonly list: string | null;
}

/** Computes the four gold tables of all events, from the metrics' definitions, one session after the other. */
export function metricsOf(events: readonly ShopEvent[]): Record<GoldName, MetricRow[]> {
  const lists = new Tally<ListCounts>(newListCounts);
  const products = new Tally<ProductCounts>(newProductCounts);
  const days = new Tally<DayCounts>(newDayCounts);
  const sessions: MetricRow[] = [];
  for (const session of sessionsOf(events)) {
    markEchoes(session);
    const rows = session.events.flatMap((event) => event.items.map((item, index): ItemRow => ({ session, event, item, index })));
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

function sessionsOf(events: readonly ShopEvent[]): Session[] {
  const byUser = new Map<string, ShopEvent[]>();
  for (const event of events) {
    const key = JSON.stringify([event.user_id, event.platform]);
    byUser.set(key, [...(byUser.get(key) ?? []), event]);
  }
  return [...byUser.values()].flatMap(cutIntoSessions);
}

function cutIntoSessions(unsorted: readonly ShopEvent[]): Session[] {
  const sessions: Session[] = [];
  let activeSinceUs = 0;
  let beforeUs = Number.NEGATIVE_INFINITY;
  for (const event of [...unsorted].sort((a, b) => a.timestampUs - b.timestampUs)) {
    const time = event.timestampUs;
    const midnight = Math.floor(time / dayUs) * dayUs;
    const hasGap = time - beforeUs > 30 * minuteUs;
    if (hasGap) activeSinceUs = time;
    if (hasGap || (beforeUs < midnight && activeSinceUs < midnight - dayUs)) {
      sessions.push({ userId: event.user_id, platform: event.platform, startUs: time, events: [], echoes: new Set(), orders: new Set() });
    }
    sessions.at(-1)?.events.push(event);
    beforeUs = time;
  }
  return sessions;
}

function markEchoes(session: Session): void {
  const open = new Map<string, ShopEvent[]>();
  const settle = (purchases: readonly ShopEvent[]): void => {
    const [counted, ...echoes] = [...purchases].sort(isCountedFirst);
    if (counted !== undefined) session.orders.add(counted);
    for (const echo of echoes) session.echoes.add(echo);
  };
  for (const event of session.events.filter((each) => each.event_name === 'purchase')) {
    const key = JSON.stringify(event.items.map((item) => JSON.stringify(item.item_id)).sort());
    const group = open.get(key) ?? [];
    const latest = group.at(-1);
    if (latest !== undefined && event.timestampUs - latest.timestampUs > 10_000_000) {
      settle(group);
      open.set(key, [event]);
    } else open.set(key, [...group, event]);
  }
  for (const group of open.values()) settle(group);
}

function isCountedFirst(a: ShopEvent, b: ShopEvent): number {
  const valued = (event: ShopEvent): number => event.items.filter((item) => item.quantity !== null || item.item_revenue !== null).length;
  return valued(b) - valued(a) || a.timestampUs - b.timestampUs || Number(revenueOf(b.items) - revenueOf(a.items)) || (a.event_id < b.event_id ? -1 : 1);
}

const quantityOf = (item: ShopItem): bigint => item.quantity ?? 1n;

function revenueOf(items: readonly ShopItem[]): bigint {
  return items.reduce((sum, item) => sum + (item.item_revenue ?? (item.price ?? 0n) * quantityOf(item)), 0n);
}

const ownList = (item: ShopItem): string | null => item.item_list_id ?? item.item_list_name;

/** The list of the latest candidate with the row's item, at or before the row; of equal times the greatest. */
function latestList(candidates: readonly Attributed[], row: ItemRow): string | null {
  let best: { readonly list: string; readonly timestampUs: number } | null = null;
  if (row.item.item_id === null) return null;
  for (const { row: { item, event }, list } of candidates) {
    if (list === null || item.item_id !== row.item.item_id || event.timestampUs > row.event.timestampUs) continue;
    const isLater = best === null || event.timestampUs > best.timestampUs || (event.timestampUs === best.timestampUs && isGreater(list, best.list));
    if (isLater) best = { list, timestampUs: event.timestampUs };
  }
  return best?.list ?? null;
}

function clicksOf(rows: readonly ItemRow[]): Attributed[] {
  const seen = rows.filter(({ event }) => event.event_name === 'view_item_list').map((row) => ({ row, list: ownList(row.item) }));
  const views = rows.filter(({ event }) => event.event_name === 'view_item');
  return views.map((row) => ({ row, list: ownList(row.item) ?? latestList(seen, row) })).filter(({ list }) => list !== null);
}

function conversionsOf(rows: readonly ItemRow[], clicks: readonly Attributed[]): Attributed[] {
  const converted = rows.filter(({ event, session }) => (event.event_name === 'begin_checkout' || event.event_name === 'purchase') && !session.echoes.has(event));
  return converted.map((row) => ({ row, list: ownList(row.item) ?? latestList(clicks, row) }));
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
    if (event.event_name === 'begin_checkout') counts.checkouts++;
    else {
      counts.purchases++;
      counts.purchasers.add(event.user_id);
      counts.revenue += revenueOf([item]);
    }
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
  sessionsViewed: new Set<Session>(), sessionsPurchased: new Set<Session>(), quantity: 0n, revenue: 0n, name: null as { readonly text: string; readonly timestampUs: number } | null,
});
type ProductCounts = ReturnType<typeof newProductCounts>;

function countProduct(products: Tally<ProductCounts>, { session, event, item, index }: ItemRow): void {
  if (item.item_id === null) return;
  const counts = products.at(event.timestampUs, event.platform, item.item_id);
  const before = counts.name;
  if (item.item_name !== null && (before === null || event.timestampUs > before.timestampUs || (event.timestampUs === before.timestampUs && isGreater(item.item_name, before.text)))) {
    counts.name = { text: item.item_name, timestampUs: event.timestampUs };
  }
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
  const { impressions, views, checkouts, purchases } = counts;
  return {
    event_date, platform, item_id, impressions, position_sum: counts.positionSum, views, checkouts, purchases, viewers: counts.viewers.size, purchasers: counts.purchasers.size,
    sessions_viewed: counts.sessionsViewed.size, sessions_purchased: counts.sessionsPurchased.size, quantity: Number(counts.quantity), revenue: moneyText(counts.revenue),
    avg_position: ratio(counts.positionSum, impressions), view_to_purchase_rate: ratio(purchases, views),
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
  let reachedUs: number | undefined = session.startUs;
  for (const [step, name] of stepNames.entries()) {
    const times = session.events.filter((event) => event.event_name === name).map((event) => event.timestampUs);
    if (times.length > 0) day.had[step] = (day.had[step] ?? 0) + 1;
    const from: number | undefined = reachedUs;
    reachedUs = from === undefined ? undefined : times.find((time) => time >= from);
    if (reachedUs !== undefined) day.reached[step] = (day.reached[step] ?? 0) + 1;
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
const isGreater = (a: string, b: string): boolean => Buffer.compare(Buffer.from(a), Buffer.from(b)) > 0;
