import assert from 'node:assert/strict';
import fc from 'fast-check';
import shop from '../../datasets/shop/dataset.js';
import { javaItems, silverOfMessages, type Message, type Row } from './harness.js';

const seed = 20260301;
const nulls = ['null', '(not set)', ''];
const fragments = ['a', 'Funda', '64 GB', ', ', ',', '=', '{', '}', '[', ']', '"', '\\', "'", 'é', '☕', '𝛑', '\n', '\t', '\u0001', '\u007f', ' ', '}, {', '{key=', '5', ':', 'n'];
/** Inside a map even what looks like a key of an item, or of the map, is data. */
const mapFragments = [...fragments, ', price=', ', item_id=', ', int_value=', '}}]', '}}, {', 'value={string_value='];

const textOf = (parts: readonly string[]): fc.Arbitrary<string> => fc.array(fc.constantFrom(...parts), { maxLength: 7 }).map((picked) => picked.join(''));
const orNull = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { freq: 4 });
const text = orNull(fc.oneof(textOf(fragments), fc.constantFrom(...nulls)));
const price = orNull(fc.integer({ min: -99_999_999, max: 99_999_999 }).map((units) => units / 10_000));
const quantity = orNull(fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }));
const member = fc.record({
  string_value: orNull(textOf(mapFragments)),
  int_value: orNull(fc.integer()),
  float_value: orNull(fc.integer({ min: -1000, max: 1000 }).map((halves) => halves + 0.5)),
  double_value: orNull(fc.integer({ min: -1000, max: 1000 }).map((quarters) => quarters + 0.25)),
});
const entry = fc.record({ key: fc.constantFrom('in_stock', 'totalPrice', 'a b', 'é'), value: member });
const item = fc.record({
  item_id: text, item_name: text, item_brand: text, price, quantity, coupon: text, item_list_index: quantity, promotion_name: text,
  item_params: orNull(fc.array(entry, { maxLength: 3 })),
});
type Item = typeof item extends fc.Arbitrary<infer T> ? T : never;

/** What silver must make of an item, told without SQL. */
function expected(given: Item): Row {
  const clean = (value: string | null): string | null => (value === null || nulls.includes(value) ? null : value);
  const pairs = new Map<string, string | null>();
  for (const { key, value } of given.item_params ?? []) {
    const found = [clean(value.string_value), value.int_value, value.float_value, value.double_value].find((candidate) => candidate !== null) ?? null;
    if (!pairs.has(key)) pairs.set(key, found === null ? null : String(found));
  }
  return {
    item_id: clean(given.item_id), item_name: clean(given.item_name), item_brand: clean(given.item_brand),
    price: given.price?.toFixed(4).replace(/^-(0\.0000)$/, '$1') ?? null, quantity: given.quantity?.toString() ?? null,
    coupon: clean(given.coupon), item_list_index: given.item_list_index?.toString() ?? null, promotion_name: clean(given.promotion_name),
    item_params: pairs.size === 0 ? null : Array.from(pairs, ([key, value]) => ({ key, value })),
  };
}

const names = ['item_id', 'item_name', 'item_brand', 'price', 'quantity', 'coupon', 'item_list_index', 'promotion_name', 'item_params'];
const event = { event_timestamp: 1772359200000, event_name: 'view_item', platform: 'IOS' };
const forms: Record<string, (items: readonly Item[]) => unknown> = { array: (items) => items, json: (items) => JSON.stringify(items), java: javaItems };

describe('decoding items', () => {
  it('gives the values that went in, whatever they hold and in whichever form', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.array(item, { minLength: 1, maxLength: 3 }), { minLength: 40, maxLength: 40 }), async (lists) => {
      const messages = lists.flatMap((items, place): Message[] =>
        Object.entries(forms).map(([form, print]) => ({ body: { ...event, user_id: `${form} ${place}`, items: print(items) } })));
      const tables = await silverOfMessages(shop, messages);
      assert.deepEqual(tables['shop_rejected'], []);
      const byUser = new Map<unknown, Row[]>();
      for (const row of tables['item_event'] ?? []) byUser.set(row['user_id'], [...(byUser.get(row['user_id']) ?? []), row]);
      for (const [place, items] of lists.entries()) {
        for (const form of Object.keys(forms)) {
          const rows = byUser.get(`${form} ${place}`) ?? [];
          assert.deepEqual(rows.map((row) => Object.fromEntries(names.map((name) => [name, row[name]]))), items.map(expected), form);
        }
      }
    }), { seed, numRuns: 8 });
  });

  it('makes one event of the three forms of the same items, and of different items different events', async () => {
    await fc.assert(fc.asyncProperty(fc.uniqueArray(fc.array(item, { minLength: 1, maxLength: 2 }), {
      minLength: 30, maxLength: 30, selector: (items) => JSON.stringify(items.map((given) => expected({ ...given, item_params: null }))),
    }), async (lists) => {
      const messages = lists.flatMap((items): Message[] => Object.values(forms).map((print) => ({ body: { ...event, user_id: 'one', items: print(items) } })));
      const tables = await silverOfMessages(shop, messages);
      assert.equal(tables['event']?.length, lists.length);
      assert.equal(tables['shop_duplicates']?.length, 2 * lists.length);
      const kept = new Set(tables['event'].map(({ event_id: id }) => id));
      assert.ok(tables['shop_duplicates'].every(({ event_id: id }) => kept.has(id)));
    }), { seed, numRuns: 4 });
  });

  it('gives the same rows by both ways and for shuffled input', async () => {
    const message = fc.record({
      user_id: fc.oneof(fc.constantFrom('u1', 'u2', '4.10', 4, null), fc.double({ noNaN: true, noDefaultInfinity: true })),
      form: fc.constantFrom(...Object.keys(forms)), items: fc.array(item, { maxLength: 2 }), again: fc.boolean(),
    });
    await fc.assert(fc.asyncProperty(fc.array(message, { minLength: 60, maxLength: 60 }), fc.func(fc.nat(1000)), async (messages, order) => {
      const rows = messages.flatMap(({ user_id, form, items, again }, place): Message[] => {
        const body = { ...event, user_id, items: forms[form]?.(items) };
        const other = { ...body, items: forms['java']?.(items) };
        return [{ body, message_id: `m${place}` }, ...(again ? [{ body: other, message_id: `again${place}`, received_at: `2026-03-01T10:00:0${place % 10}Z` }] : [])];
      });
      const first = await silverOfMessages(shop, rows);
      const shuffled = rows.map((row, place) => ({ row, rank: order(place) })).sort((a, b) => a.rank - b.rank).map(({ row }) => row);
      assert.deepEqual(await silverOfMessages(shop, shuffled), first);
      assert.deepEqual(await silverOfMessages(shop, rows, { exactly: true }), first);
    }), { seed, numRuns: 4 });
  });
});
