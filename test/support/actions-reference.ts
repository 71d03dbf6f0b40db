import type { Action } from '../../src/generate/action.js';

type Row = Record<string, unknown>;

const dateOf = ({ timeMs }: Action): string => new Date(timeMs).toISOString().slice(0, 10);
const skuOf = ({ product }: Action): string | null => product?.SKU ?? null;
const platformOf = ({ platform }: Action): string | null => platform?.toLowerCase() ?? null;
/** Microseconds. */
const instantOf = ({ timeMs, fractionUs }: Action): number => timeMs * 1000 + fractionUs;

function grouped(actions: readonly Action[], keyOf: (action: Action) => readonly unknown[]): Action[][] {
  const groups = new Map<string, Action[]>();
  for (const action of actions) {
    const key = JSON.stringify(keyOf(action));
    groups.set(key, [...(groups.get(key) ?? []), action]);
  }
  return [...groups.values()];
}

const named = (group: readonly Action[], name: string): Action[] => group.filter((action) => action.name === name);
const users = (group: readonly Action[]): number => new Set(group.flatMap(({ userId }) => userId ?? [])).size;

/** `gold.product_actions` without its ratios and names, told without SQL. */
export function productActions(actions: readonly Action[]): Row[] {
  return grouped(actions, (action) => [dateOf(action), platformOf(action), skuOf(action)]).map((group) => {
    const [views, clicks, purchases] = ['view', 'click', 'purchase'].map((name) => named(group, name)) as [Action[], Action[], Action[]];
    return {
      event_date: dateOf(group[0]!), platform: platformOf(group[0]!), SKU: skuOf(group[0]!),
      actions: String(group.length), views: String(views.length), clicks: String(clicks.length), purchases: String(purchases.length),
      other_actions: String(group.length - views.length - clicks.length - purchases.length),
      users: String(users(group)), viewers: String(users(views)), clickers: String(users(clicks)), purchasers: String(users(purchases)),
    };
  });
}

/** `gold.product_funnel` without its names, told without SQL: each user's actions are walked in their order. */
export function productFunnel(actions: readonly Action[]): Row[] {
  return grouped(actions.filter((action) => skuOf(action) !== null), (action) => [dateOf(action), skuOf(action)]).map((group) => {
    const [views, clicks, purchases] = ['view', 'click', 'purchase'].map((name) => named(group, name)) as [Action[], Action[], Action[]];
    const paths = grouped(group.filter(({ userId }) => userId !== null), ({ userId }) => [userId]).map(stepsOf);
    const reached = [1, 2, 3].map((step) => paths.filter((steps) => steps >= step).length) as [number, number, number];
    const rate = (part: number, of: number): number | null => (of === 0 ? null : part / of);
    return {
      event_date: dateOf(group[0]!), SKU: skuOf(group[0]!),
      views: String(views.length), clicks: String(clicks.length), purchases: String(purchases.length),
      viewers: String(users(views)), clickers: String(users(clicks)), purchasers: String(users(purchases)),
      funnel_view: String(reached[0]), funnel_click: String(reached[1]), funnel_purchase: String(reached[2]),
      rate_click: rate(reached[1], reached[0]), rate_purchase: rate(reached[2], reached[1]), rate_overall: rate(reached[2], reached[0]),
    };
  });
}

/** How many steps of view, click, purchase a user has come: each at or after the one before. */
function stepsOf(group: readonly Action[]): number {
  let after = -Infinity;
  for (const [index, name] of ['view', 'click', 'purchase'].entries()) {
    const times = named(group, name).map(instantOf).filter((instant) => instant >= after);
    if (times.length === 0) return index;
    after = Math.min(...times);
  }
  return 3;
}
