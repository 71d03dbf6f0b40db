import fc from 'fast-check';
import { createHash } from 'node:crypto';
import type { ShopEvent, ShopItem } from '../support/silver-of-json.js';

/** The dates that random events lie on, both included. */
export const randomDates = { since: '2026-03-01', until: '2026-03-05' } as const;

const secondUs = 1_000_000;
const minuteUs = 60 * secondUs;
const hourUs = 60 * minuteUs;
const dayUs = 24 * hourUs;
const firstDayUs = Date.parse(`${randomDates.since}T00:00:00Z`) * 1000;

type Draft = Omit<ShopEvent, 'event_id'>;

const user = fc.record({ user_id: fc.constantFrom('u1', 'u2', 'ü'), platform: fc.constantFrom('IOS', 'ANDROID') });
const eventName = fc.constantFrom('view_item_list', 'view_item', 'begin_checkout', 'purchase');
const seldom = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { freq: 2, nil: null });

const item: fc.Arbitrary<ShopItem> = fc.record({
  item_id: fc.option(fc.constantFrom('a', 'b', 'é'), { freq: 8, nil: null }),
  item_name: seldom(fc.constantFrom('Name', 'name', 'Ñame', '\u{1F600}', '\uFF5E')),
  item_list_id: seldom(fc.constantFrom('L1', 'L2')),
  item_list_name: seldom(fc.constantFrom('L1', 'Lista', 'Ñ')),
  price: seldom(fc.constantFrom(0n, 15_000n, 99_999n, -20_000n)),
  quantity: seldom(fc.constantFrom(0n, 1n, 3n)),
  item_revenue: seldom(fc.constantFrom(0n, 33_333n, 15_000n)),
});
const items = fc.array(item, { maxLength: 3 });
const itemsWithTwins = fc.oneof({ weight: 5, arbitrary: items }, { weight: 1, arbitrary: item.map((each) => [each, each]) });

/** Times around the limits: midnights, exactly 30 minutes and a microsecond more, equal ones. */
const timestampUs = fc
  .tuple(
    fc.integer({ min: 0, max: 4 }),
    fc.constantFrom(0, 10 * minuteUs, 30 * minuteUs, 12 * hourUs, 12.5 * hourUs, 23 * hourUs + 30 * minuteUs, 23 * hourUs + 50 * minuteUs, 24 * hourUs),
    fc.constantFrom(-1, 0, 0, 0, 1, 5 * secondUs),
  )
  .map(([day, time, shift]) => Math.min(Math.max(firstDayUs + day * dayUs + time + shift, firstDayUs), firstDayUs + 5 * dayUs - 1));

const single: fc.Arbitrary<Draft[]> = fc.tuple(user, eventName, timestampUs, itemsWithTwins).map(([who, event_name, time, elements]) => [{ ...who, event_name, timestampUs: time, items: elements }]);

/** A purchase fired several times, its items in any order, some of their values gone. */
const echoes: fc.Arbitrary<Draft[]> = fc
  .tuple(user, timestampUs, items, fc.array(fc.tuple(fc.constantFrom(0, 0, 8 * secondUs, 10 * secondUs, 10 * secondUs + 1, 12 * secondUs), fc.constantFrom('same', 'bare', 'reversed', 'dear', 'dearer', 'relisted')), { minLength: 1, maxLength: 5 }))
  .map(([who, startUs, elements, repeats]) => {
    const drafts: Draft[] = [{ ...who, event_name: 'purchase', timestampUs: startUs, items: elements }];
    let time = startUs;
    for (const [stepUs, form] of repeats) {
      time += stepUs;
      drafts.push({ ...who, event_name: 'purchase', timestampUs: time, items: repeated(elements, form) });
    }
    return drafts.filter((draft) => draft.timestampUs < firstDayUs + 5 * dayUs);
  });

/** A purchase just before a midnight and its echo just after it, of an item that the second day knows from nothing else. */
const echoOverMidnight: fc.Arbitrary<Draft[]> = fc
  .tuple(user, fc.integer({ min: 1, max: 4 }), item, fc.constantFrom('same', 'bare', 'dear'))
  .map(([who, day, element, form]) => {
    const elements = [{ ...element, item_id: `night ${day}` }];
    const orderUs = firstDayUs + day * dayUs - 5 * secondUs;
    return [elements, repeated(elements, form)].map((each, index) => ({ ...who, event_name: 'purchase', timestampUs: orderUs + index * 8 * secondUs, items: each }));
  });

function repeated(elements: readonly ShopItem[], form: string): readonly ShopItem[] {
  if (form === 'bare') return elements.map((each) => ({ ...each, quantity: null, item_revenue: null }));
  if (form === 'reversed') return [...elements].reverse();
  if (form === 'dear') return elements.map((each) => ({ ...each, item_revenue: 77_700n }));
  if (form === 'dearer') return elements.map((each) => ({ ...each, item_revenue: 99_900n }));
  if (form === 'relisted') return elements.map((each) => ({ ...each, item_revenue: 77_700n, item_list_id: 'L2' }));
  return elements;
}

/** One product on its way through the funnel within a second, most of it at equal times, under changing lists. */
const moment: fc.Arbitrary<Draft[]> = fc
  .tuple(user, timestampUs, item, fc.array(fc.tuple(eventName, fc.constantFrom(0, 0, 1), fc.constantFrom(null, null, 'L1', 'L2', 'M')), { minLength: 2, maxLength: 8 }))
  .map(([who, startUs, element, rows]) =>
    rows.map(([event_name, shift, item_list_id]) => ({
      ...who, event_name, timestampUs: Math.min(startUs + shift, firstDayUs + 5 * dayUs - 1), items: [{ ...element, item_list_id, item_list_name: null }],
    })),
  );

/** Activity without a gap over up to four midnights; one of its events may be missing. */
const chain: fc.Arbitrary<Draft[]> = fc
  .tuple(user, timestampUs, fc.constantFrom(25 * minuteUs, 30 * minuteUs), fc.constantFrom(1, 26, 49, 73, 97), fc.array(fc.tuple(eventName, items), { minLength: 1, maxLength: 7 }), fc.option(fc.nat(190), { nil: -1 }))
  .map(([who, startUs, stepUs, hours, cycle, missing]) => walk(who, startUs, stepUs, hours, cycle).filter((_draft, index) => index !== missing));

/** Activity of someone who does nothing else, from before a midnight over the next one: the day in between is told by one event, exactly 30 minutes before it. */
const walkAlone: fc.Arbitrary<Draft[]> = fc
  .tuple(fc.integer({ min: 0, max: 2 }), fc.constantFrom(-1, 0, 1), fc.constantFrom(26, 49), fc.array(fc.tuple(eventName, items), { minLength: 1, maxLength: 3 }))
  .map(([day, shiftUs, hours, cycle]) => walk({ user_id: `walker ${day}`, platform: 'IOS' }, firstDayUs + (day + 1) * dayUs - 30 * minuteUs + shiftUs, 30 * minuteUs, hours, cycle));

function walk(who: Pick<Draft, 'user_id' | 'platform'>, startUs: number, stepUs: number, hours: number, cycle: readonly (readonly [string, readonly ShopItem[]])[]): Draft[] {
  return Array.from({ length: Math.ceil((hours * hourUs) / stepUs) }, (_none, index) => {
    const [event_name, elements] = cycle[index % cycle.length] ?? (['view_item', []] as const);
    return { ...who, event_name, timestampUs: startUs + index * stepUs, items: elements };
  }).filter((draft) => draft.timestampUs < firstDayUs + 5 * dayUs);
}

/** Small sets of events full of limits and ties. Ids follow neither time nor order. */
export const randomEvents: fc.Arbitrary<ShopEvent[]> = fc
  .array(fc.oneof({ weight: 8, arbitrary: single }, { weight: 3, arbitrary: echoes }, { weight: 3, arbitrary: moment }, { weight: 1, arbitrary: chain }, { weight: 1, arbitrary: walkAlone }, { weight: 1, arbitrary: echoOverMidnight }), { minLength: 1, maxLength: 60, size: 'max' })
  .map((groups) => groups.flat().map((draft, index) => ({ ...draft, event_id: createHash('md5').update(String(index)).digest('hex') })));
