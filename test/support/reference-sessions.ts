import type { ShopEvent, ShopItem } from './silver-of-json.js';

const minuteUs = 60_000_000;
const dayUs = 24 * 60 * minuteUs;

/** Events of one user and platform; `echoes` are the purchases that count in no order. */
export interface Session {
  readonly userId: string;
  readonly platform: string;
  readonly startUs: number;
  readonly events: ShopEvent[];
  readonly echoes: Set<ShopEvent>;
  readonly orders: Set<ShopEvent>;
}

/** One element of an event's items. */
export interface ItemRow {
  readonly session: Session;
  readonly event: ShopEvent;
  readonly item: ShopItem;
  readonly index: number;
}

/** A text and when it was said. */
export interface DatedText {
  readonly text: string;
  readonly timestampUs: number;
}

/** An item row with the list that it belongs to. */
export interface Attributed {
  readonly row: ItemRow;
  readonly list: string | null;
}

/** Cuts events into sessions and tells orders from echoes in each. */
export function sessionsOf(events: readonly ShopEvent[]): Session[] {
  const byUser = new Map<string, ShopEvent[]>();
  for (const event of events) {
    const key = JSON.stringify([event.user_id, event.platform]);
    const own = byUser.get(key);
    if (own === undefined) byUser.set(key, [event]);
    else own.push(event);
  }
  const sessions = [...byUser.values()].flatMap(cutIntoSessions);
  for (const session of sessions) markEchoes(session);
  return sessions;
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

/** Every item row of a session, in time order. */
export function itemRowsOf(session: Session): ItemRow[] {
  return session.events.flatMap((event) => event.items.map((item, index): ItemRow => ({ session, event, item, index })));
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

export const quantityOf = (item: ShopItem): bigint => item.quantity ?? 1n;

export function revenueOf(items: readonly ShopItem[]): bigint {
  return items.reduce((sum, item) => sum + (item.item_revenue ?? (item.price ?? 0n) * quantityOf(item)), 0n);
}

/** An item row's own list key. */
export const ownList = (item: ShopItem): string | null => item.item_list_id ?? item.item_list_name;

/** The later text; of equal times the greater. */
export const laterText = (a: DatedText | null, b: DatedText): DatedText =>
  (a === null || b.timestampUs > a.timestampUs || (b.timestampUs === a.timestampUs && isGreater(b.text, a.text)) ? b : a);

/** The list of the latest candidate with the row's item, at or before the row; of equal times the greatest. */
function latestList(candidates: readonly Attributed[], row: ItemRow): string | null {
  let best: DatedText | null = null;
  for (const { row: { item, event }, list } of candidates) {
    if (list === null || item.item_id === null || item.item_id !== row.item.item_id || event.timestampUs > row.event.timestampUs) continue;
    best = laterText(best, { text: list, timestampUs: event.timestampUs });
  }
  return best?.text ?? null;
}

/** View rows with a list, and that list. */
export function clicksOf(rows: readonly ItemRow[]): Attributed[] {
  const seen = rows.filter(({ event }) => event.event_name === 'view_item_list').map((row) => ({ row, list: ownList(row.item) }));
  const views = rows.filter(({ event }) => event.event_name === 'view_item');
  return views.map((row) => ({ row, list: ownList(row.item) ?? latestList(seen, row) })).filter(({ list }) => list !== null);
}

/** Checkout and purchase rows, without those of echoes, and the list that each belongs to or null. */
export function conversionsOf(rows: readonly ItemRow[], clicks: readonly Attributed[]): Attributed[] {
  const converted = rows.filter(({ event, session }) => (event.event_name === 'begin_checkout' || event.event_name === 'purchase') && !session.echoes.has(event));
  return converted.map((row) => ({ row, list: ownList(row.item) ?? latestList(clicks, row) }));
}

/** Compares texts by their UTF-8 bytes. */
export const isGreater = (a: string, b: string): boolean => Buffer.compare(Buffer.from(a), Buffer.from(b)) > 0;
