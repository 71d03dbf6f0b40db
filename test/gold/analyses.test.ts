import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { Session } from '../../src/lake/duckdb.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { clicksOf, isGreater, itemRowsOf, laterText, ownList, sessionsOf, type DatedText, type ItemRow } from '../support/reference-sessions.js';
import { loadSilver, readShopEvents, type ShopEvent } from '../support/silver-of-json.js';
import { randomDates, randomEvents } from './random-events.js';

interface Dates {
  readonly since: string;
  readonly until: string;
}
type Row = Record<string, string | number | null>;

const file = '../shared/data/shop/2016/json.ndjson.gz';

/** As the analyses round: shares to four decimals. */
const rounded = (value: number): number => Number(value.toFixed(4));

/** The lower bound of Wilson's 95 % interval, in the textbook's form. */
function wilson(successes: number, trials: number): number {
  const z = 1.96;
  const share = successes / trials;
  const centre = share + z ** 2 / (2 * trials);
  const spread = z * Math.sqrt((share * (1 - share) + z ** 2 / (4 * trials)) / trials);
  return (centre - spread) / (1 + z ** 2 / trials);
}

function within(dates: Dates): (row: ItemRow) => boolean {
  return ({ event }) => {
    const date = new Date(Math.floor(event.timestampUs / 1000)).toISOString().slice(0, 10);
    return date >= dates.since && date <= dates.until;
  };
}

/** The value under a key, made when it is asked for first. */
function at<T>(map: Map<string, T>, key: string, make: () => T): T {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

function topLists(events: readonly ShopEvent[], dates: Dates): Row[] {
  const lists = new Map<string, { name: string | null; impressions: number; viewers: Set<string>; clicks: string[] }>();
  const ofList = (list: string) => at(lists, list, () => ({ name: null, impressions: 0, viewers: new Set<string>(), clicks: [] }));
  for (const session of sessionsOf(events)) {
    const rows = itemRowsOf(session);
    for (const { event, item } of rows.filter(within(dates)).filter((row) => row.event.event_name === 'view_item_list')) {
      const key = ownList(item);
      if (key === null) continue;
      const list = ofList(key);
      list.impressions++;
      list.viewers.add(event.user_id);
      if (item.item_list_name !== null && (list.name === null || isGreater(item.item_list_name, list.name))) list.name = item.item_list_name;
    }
    for (const { row, list } of clicksOf(rows).filter((click) => within(dates)(click.row))) ofList(list ?? '').clicks.push(row.event.user_id);
  }
  return [...lists].filter(([, list]) => list.impressions > 0).map(([item_list_id, { name, impressions, viewers, clicks }]) => {
    const clickers = new Set(clicks.filter((user) => viewers.has(user))).size;
    return {
      item_list_id, item_list_name: name, impressions, viewers: viewers.size, clicks: clicks.length, clickers,
      ctr: rounded(clicks.length / impressions), share_of_viewers: rounded(clickers / viewers.size), wilson_lower: rounded(wilson(clickers, viewers.size)),
    };
  });
}

function topProducts(events: readonly ShopEvent[], dates: Dates): Row[] {
  const products = new Map<string, { name: DatedText | null; viewers: Set<string>; sessionsViewed: number; sessionsBought: number }>();
  const ofProduct = (id: string) => at(products, id, () => ({ name: null, viewers: new Set<string>(), sessionsViewed: 0, sessionsBought: 0 }));
  for (const session of sessionsOf(events)) {
    const firstViews = new Map<string, number>();
    const bought = new Set<string>();
    for (const { event, item } of itemRowsOf(session).filter(within(dates))) {
      if (item.item_id === null) continue;
      const product = ofProduct(item.item_id);
      if (item.item_name !== null) product.name = laterText(product.name, { text: item.item_name, timestampUs: event.timestampUs });
      if (event.event_name !== 'view_item') continue;
      product.viewers.add(event.user_id);
      firstViews.set(item.item_id, Math.min(firstViews.get(item.item_id) ?? event.timestampUs, event.timestampUs));
    }
    for (const { event, item } of itemRowsOf(session).filter(within(dates))) {
      const viewedUs = firstViews.get(item.item_id ?? '');
      if (event.event_name === 'purchase' && !session.echoes.has(event) && viewedUs !== undefined && event.timestampUs >= viewedUs) bought.add(item.item_id ?? '');
    }
    for (const id of firstViews.keys()) ofProduct(id).sessionsViewed++;
    for (const id of bought) ofProduct(id).sessionsBought++;
  }
  return [...products].filter(([, product]) => product.sessionsViewed > 0).map(([item_id, { name, viewers, sessionsViewed, sessionsBought }]) => ({
    item_id, item_name: name?.text ?? null, viewers: viewers.size, sessions_viewed: sessionsViewed, sessions_bought: sessionsBought,
    share_of_sessions: rounded(sessionsBought / sessionsViewed), wilson_lower: rounded(wilson(sessionsBought, sessionsViewed)),
  }));
}

function listPositions(events: readonly ShopEvent[], dates: Dates): Row[] {
  const places = new Map<string, { impressions: number; clicks: number }>();
  const atPlace = (list: string | null, index: number) => at(places, JSON.stringify([list, index + 1]), () => ({ impressions: 0, clicks: 0 }));
  for (const session of sessionsOf(events)) {
    const rows = itemRowsOf(session);
    const shown = rows.filter(({ event, item }) => event.event_name === 'view_item_list' && ownList(item) !== null);
    for (const { item, index } of shown.filter(within(dates))) atPlace(ownList(item), index).impressions++;
    for (const { row, list } of clicksOf(rows).filter((click) => within(dates)(click.row))) {
      const seen = shown.filter(({ event, item }) => item.item_id !== null && item.item_id === row.item.item_id && ownList(item) === list && event.timestampUs <= row.event.timestampUs);
      const [latest] = seen.sort((a, b) => b.event.timestampUs - a.event.timestampUs || a.index - b.index);
      if (latest !== undefined) atPlace(list, latest.index).clicks++;
    }
  }
  return [...places].filter(([, { impressions }]) => impressions > 0).map(([key, { impressions, clicks }]) => {
    const [item_list_id, list_position] = JSON.parse(key) as [string, number];
    return { item_list_id, list_position, impressions, clicks, ctr: rounded(clicks / impressions) };
  });
}

const analyses = [
  { name: 'top_lists', reference: topLists, counts: ['impressions', 'viewers', 'clicks', 'clickers'], ranked: ['viewers', 'item_list_id'] },
  { name: 'top_products', reference: topProducts, counts: ['viewers', 'sessions_viewed', 'sessions_bought'], ranked: ['sessions_viewed', 'item_id'] },
  { name: 'list_positions', reference: listPositions, counts: ['list_position', 'impressions', 'clicks'], ranked: null },
] as const;

describe('the analyses', () => {
  let session: Session;

  before(async () => {
    session = await Session.open({ memoryLimitBytes: 1e9, threads: 2, spillDir: join(temporaryFolder(), 'spill') });
  });

  after(() => {
    session.close();
    removeTemporaryFolders();
  });

  /** An analysis' rows in its own order; counts are BIGINT, which comes as text. */
  async function run(name: string, counts: readonly string[], dates: Dates): Promise<Row[]> {
    const rows = await session.rows(readFileSync(`datasets/shop/analyses/${name}.sql`, 'utf8'), { ...dates });
    return rows.map((row) => Object.fromEntries(Object.entries(row).map(([column, value]) => [column, counts.includes(column) ? Number(value) : value])) as Row);
  }

  async function compare(events: readonly ShopEvent[], dates: Dates): Promise<void> {
    for (const { name, reference, counts } of analyses) {
      const byText = (rows: readonly Row[]): Row[] => rows.map((row) => ({ row, key: JSON.stringify(row) })).sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ row }) => row);
      assert.deepEqual(byText(await run(name, counts, dates)), byText(reference(events, dates)), name);
    }
  }

  it('give what a plain program computes of any events and dates', async () => {
    const days = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }));
    await fc.assert(
      fc.asyncProperty(randomEvents, days, async (events, [one, other]) => {
        await loadSilver(session, events);
        const month = randomDates.since.slice(0, 8);
        await compare(events, { since: `${month}0${Math.min(one, other)}`, until: `${month}0${Math.max(one, other)}` });
      }),
      { seed: 20260302, numRuns: 20 },
    );
  });

  it('give what a plain program computes of real events, ranked', async function () {
    if (!existsSync(file)) {
      console.log(`      ${file} is not there`);
      this.skip();
    }
    const events = readShopEvents(file);
    await loadSilver(session, events);
    const dates = { since: '2016-08-01', until: '2016-12-31' };
    await compare(events, dates);
    for (const { name, counts, ranked } of analyses) {
      const rows = await run(name, counts, dates);
      assert.ok(rows.length > 2, name);
      if (ranked === null) continue;
      const [weight, id] = ranked;
      const isBefore = (a: Row, b: Row): boolean => {
        const [bound, other] = [a['wilson_lower'] as number, b['wilson_lower'] as number];
        if (bound !== other) return bound > other;
        const [trials, others] = [a[weight] as number, b[weight] as number];
        return trials !== others ? trials > others : isGreater(String(b[id]), String(a[id]));
      };
      for (const [index, row] of rows.slice(1).entries()) assert.ok(isBefore(rows[index] ?? {}, row), `${name}: row ${index + 1} comes before the next`);
    }
  });

  it('rank a product that sold in 60 of 100 sessions before one that sold in 3 of 3', async () => {
    const view = (user: number, item_id: string, event_name: string, second: number): ShopEvent => ({
      event_id: `${item_id} ${user} ${event_name}`, user_id: `user ${user}`, platform: 'IOS', event_name, timestampUs: Date.parse('2026-03-02T10:00:00Z') * 1000 + second * 1_000_000,
      items: [{ item_id, item_name: null, item_list_id: null, item_list_name: null, price: 10_000n, quantity: 1n, item_revenue: null }],
    });
    const users = Array.from({ length: 100 }, (_none, user) => user);
    await loadSilver(session, [
      ...users.flatMap((user) => [view(user, 'steady', 'view_item', 0), ...(user < 60 ? [view(user, 'steady', 'purchase', 20)] : [])]),
      ...users.slice(0, 3).flatMap((user) => [view(user, 'lucky', 'view_item', 40), view(user, 'lucky', 'purchase', 60)]),
    ]);
    const rows = await run('top_products', ['sessions_viewed', 'sessions_bought'], randomDates);
    assert.deepEqual(rows.map((row) => [row['item_id'], row['sessions_viewed'], row['sessions_bought'], row['wilson_lower']]), [['steady', 100, 60, 0.502], ['lucky', 3, 3, 0.4385]]);
  });
});
