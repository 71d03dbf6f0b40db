import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { LakeError } from '../../src/errors.js';
import { type GeneratedLine, type ShopOptions, generateShop, generateShopWithTruth } from '../../src/generate/shop.js';
import { type Decoded, decode, eventKey, keysOf } from './decode.js';

const options: ShopOptions = { events: 30_000, days: 4, seed: 7, form: 'mixed', since: '2026-01-30' };
const dayUs = 86_400_000_000;
const sinceUs = Date.parse('2026-01-30T00:00:00Z') * 1000;
const sha256 = (lines: Iterable<string>): string => createHash('sha256').update([...lines].join('\n')).digest('hex');

function realLines(name: string): string[] {
  return gunzipSync(readFileSync(`../shared/data/shop/2016/${name}`)).toString('utf8').trimEnd().split('\n');
}

describe('the shop generator', () => {
  let lines: GeneratedLine[];
  let good: { line: GeneratedLine; event: Decoded }[];
  let events: Decoded[];

  before(() => {
    lines = [...generateShopWithTruth(options)];
    good = lines.filter((line) => line.kind !== 'broken').map((line) => ({ line, event: decode(line.text) }));
    events = good.filter(({ line }) => line.kind === 'event').map(({ event }) => event);
  });

  const share = (test: (line: GeneratedLine) => boolean): number => lines.filter(test).length / lines.length;

  describe('as a function of its options', () => {
    it('gives the same bytes for the same options, on any machine', () => {
      assert.equal(sha256(generateShop({ ...options, events: 500 })), '1a99b2a2ad9db18926fe3391901e572044b7ce00ea64d21693844168ad1b2007');
    });

    it('gives other bytes for another seed, also for one that differs beyond 32 bits', () => {
      const hashes = [0, 1, -1, 2 ** 32, 2 ** 33 + 1].map((seed) => sha256(generateShop({ ...options, events: 50, seed })));
      assert.equal(new Set(hashes).size, hashes.length);
    });

    it('gives exactly as many lines as asked for, none with a newline, twice the same', () => {
      const form = fc.constantFrom('json' as const, 'tostring' as const, 'mixed' as const);
      const property = fc.property(fc.nat(400), fc.integer({ min: 1, max: 40 }), fc.maxSafeInteger(), form, (events, days, seed, form) => {
        const asked = { events, days, seed, form, since: '2024-02-29' };
        const made = [...generateShop(asked)];
        assert.equal(made.length, events);
        assert.ok(made.every((line) => line.length > 0 && !line.includes('\n')));
        assert.deepEqual([...generateShop(asked)], made);
      });
      fc.assert(property, { seed: 11, numRuns: 40 });
    });

    it('refuses options out of range', () => {
      const wrong: Partial<ShopOptions>[] = [
        { events: -1 }, { events: 1.5 }, { days: 0 }, { days: NaN }, { seed: 0.5 }, { since: '2026-02-30' }, { since: '30/01/2026' }, { since: '2026-13-01' },
      ];
      for (const part of wrong) {
        assert.throws(() => generateShopWithTruth({ ...options, ...part }), (error) => error instanceof LakeError && error.code === 'USAGE' && error.path === Object.keys(part)[0]);
        assert.throws(() => [...generateShop({ ...options, ...part })], LakeError);
      }
    });
  });

  describe('in its forms', () => {
    it('writes the same events as JSON and as toString', () => {
      const small = { ...options, events: 5000 };
      const json = [...generateShopWithTruth({ ...small, form: 'json' })];
      const text = [...generateShopWithTruth({ ...small, form: 'tostring' })];
      json.forEach((line, index) => {
        const other = text[index]!;
        assert.deepEqual({ ...other, text: '' }, { ...line, text: '' });
        if (line.kind === 'broken') return;
        const [a, b] = [decode(line.text), decode(other.text)];
        assert.deepEqual({ ...b, form: '' }, { ...a, form: '' });
        assert.ok(a.form === 'none' || (a.form === 'array' && b.form === 'tostring'));
      });
    });

    it('mixes arrays and toString about evenly, with a few JSON strings', () => {
      const of = (form: Decoded['form']): number => events.filter((event) => event.form === form).length / events.length;
      assert.ok(Math.abs(of('array') - 0.48) < 0.03, `${of('array')}`);
      assert.ok(Math.abs(of('tostring') - 0.48) < 0.03, `${of('tostring')}`);
      assert.ok(of('string') > 0.015 && of('string') < 0.05, `${of('string')}`);
    });

    it('writes toString with the keys of the real queue, in their order', () => {
      const textOf = (line: string): string => String((JSON.parse(line) as { items: unknown }).items);
      const real = keysOf(textOf(realLines('tostring.ndjson.gz')[0]!))[0]!;
      assert.equal(real.length, 19);
      const made = [...generateShop({ ...options, events: 200, form: 'tostring' })].filter((line) => line.includes('"[{item_id')).flatMap((line) => keysOf(textOf(line)));
      assert.ok(made.length > 300);
      for (const keys of made) assert.deepEqual(keys.filter((key) => !/category[345]/.test(key)), real);
    });

    it('is read by a decoder that finds the real events equal in both forms', () => {
      const text = realLines('tostring.ndjson.gz').slice(0, 300).map(decode);
      const json = realLines('json.ndjson.gz').slice(0, 300).map(decode);
      assert.deepEqual(text.map(eventKey), json.map(eventKey));
    });
  });

  describe('in what goes wrong', () => {
    it('repeats about 1 %, brings about 1 % late and breaks about 0.1 %', () => {
      const close = (actual: number, wanted: number): void => assert.ok(actual > wanted * 0.6 && actual < wanted * 1.4, `${actual} is not about ${wanted}`);
      close(share((line) => line.kind === 'duplicate'), 0.01);
      close(share((line) => line.late), 0.01);
      close(share((line) => line.kind === 'broken'), 0.001);
      assert.ok(lines.every((line) => (line.broken !== null) === (line.kind === 'broken')));
    });

    it('numbers the events without a gap, and makes no two equal by accident', () => {
      const numbers = lines.filter((line) => line.kind === 'event').map((line) => line.event);
      assert.deepEqual(numbers.sort((a, b) => a - b), Array.from({ length: numbers.length }, (_, number) => number));
      assert.equal(new Set(events.map(eventKey)).size, events.length);
    });

    it('makes no two events equal however crowded the users are', () => {
      const crowded = [...generateShopWithTruth({ ...options, events: 8000, days: 1, seed: 3 })].filter((line) => line.kind === 'event');
      assert.equal(new Set(crowded.map((line) => eventKey(decode(line.text)))).size, crowded.length);
    });

    it('repeats events equally, after the original, at times in the other form', () => {
      const firsts = new Map<number, { text: string; key: string; form: string; at: number }>();
      const kinds = { verbatim: 0, otherForm: 0, near: 0, far: 0 };
      good.forEach(({ line, event }, at) => {
        if (line.kind === 'event') return firsts.set(line.event, { text: line.text, key: eventKey(event), form: event.form, at });
        const first = firsts.get(line.event);
        assert.equal(eventKey(event), first?.key);
        kinds[line.text === first?.text ? 'verbatim' : 'otherForm'] += 1;
        kinds[at - first!.at < 200 ? 'near' : 'far'] += 1;
      });
      assert.ok(kinds.verbatim > 100 && kinds.otherForm > 50 && kinds.near > 150 && kinds.far > 20, JSON.stringify(kinds));
    });

    it('keeps what is not late in the order of time, but for seconds on the way', () => {
      let latest = 0;
      let lateCount = 0;
      for (const { line, event } of good) {
        if (line.kind === 'duplicate') continue;
        if (line.late) {
          assert.ok(latest - event.timeUs < 3.01 * dayUs);
          if (latest - event.timeUs > dayUs) lateCount += 1;
          continue;
        }
        assert.ok(event.timeUs > latest - 5_000_000);
        latest = Math.max(latest, event.timeUs);
      }
      assert.ok(lateCount > 50, `${lateCount}`);
    });

    it('writes the oddities of the queue now and then', () => {
      const counted = (pattern: RegExp): number => good.filter(({ line }) => pattern.test(line.text)).length;
      const patterns: [string, RegExp][] = [
        ['seconds', /"event_timestamp": ?\d{10},/], ['fractional milliseconds', /"event_timestamp":\d{13}\.\d{4},/], ['lower case', /"platform": ?"ios"/],
        ['replay', /"replay_timestamp": ?"2026-\d\d-\d\dT00:00:00Z"/], ['index', /"index":\d/], ['no items', /"platform": ?"\w+"(?:\}|, ?"r)/], ['null', /"items": ?null/],
        ['empty array', /"items": ?\[\]/], ['empty text', /"items": ?""/], ['large id', /"user_id": ?"\d{19}"/], ['commas', /Funda, 64 GB/], ['braces', /Café \{edición\} a=b/],
        ['quotes', /Monitor 27\\"|Monitor 27\\\\\\"/], ['spaces', /item_name(?:=|":") Taza con espacios /], ['money', /\$\d,\d{3}\.\d\d/], ['coupon', /"coupon":"|coupon=[A-Z]/],
        ['promotion', /promotion_id(?:=|":")[\dA-Za-z]/], ['number as list id', /item_list_id(?:=|":")1024/], ['level 5', /item_category5/],
      ];
      for (const [what, pattern] of patterns) assert.ok(counted(pattern) >= 10, `${what}: ${counted(pattern)}`);
    });
  });

  describe('in what users do', () => {
    it('keeps to the days, sleeps at night and goes on over midnight', () => {
      const hours = new Array<number>(24).fill(0);
      const around = new Map<string, number>();
      let crossings = 0;
      for (const { timeUs, userId, platform } of [...events].sort((a, b) => a.timeUs - b.timeUs)) {
        const day = Math.floor((timeUs - sinceUs) / dayUs);
        assert.ok(day >= 0 && day < options.days);
        hours[Math.floor(((timeUs - sinceUs) % dayUs) / 3_600_000_000)]! += 1;
        const before = around.get(userId + platform) ?? -Infinity;
        if (timeUs - before <= 1_800_000_000 && Math.floor((before - sinceUs) / dayUs) < day) crossings += 1;
        around.set(userId + platform, timeUs);
      }
      assert.ok(hours[20]! > 6 * hours[4]! && hours[4]! > 0, hours.join(' '));
      assert.ok(crossings >= 10, `${crossings}`);
    });

    it('sees lists of 4 to 12 items, clicks less the lower an item stands', () => {
      const seen = new Array<number>(13).fill(0);
      const clicked = new Array<number>(13).fill(0);
      const names = new Set<unknown>();
      for (const event of events) {
        if (event.name === 'view_item_list' && event.items.length > 0) {
          assert.ok(event.items.length >= 4 && event.items.length <= 12);
          assert.ok(event.items.every((item, index) => item['item_list_index'] === index + 1));
          for (const item of event.items) names.add(item['item_list_id'] ?? item['item_list_name']);
        }
        const counts = event.name === 'view_item_list' ? seen : event.name === 'view_item' ? clicked : [];
        for (const item of event.items) if (item['item_list_index'] !== undefined) counts[Number(item['item_list_index'])]! += 1;
      }
      const sum = (counts: number[], from: number, to: number): number => counts.slice(from, to + 1).reduce((a, b) => a + b, 0);
      const rates = ([[1, 1], [2, 2], [3, 4], [5, 7], [8, 12]] as const).map(([from, to]) => sum(clicked, from, to) / sum(seen, from, to));
      rates.slice(1).forEach((rate, index) => assert.ok(rate > 0 && rate < rates[index]! * 0.92, rates.join(' ')));
      assert.equal(names.size, 12);
    });

    it('goes from lists to purchases, each step rarer, with prices, quantities and revenue', () => {
      const of = (name: string): Decoded[] => events.filter((event) => event.name === name);
      const [lists, views, checkouts, purchases] = ['view_item_list', 'view_item', 'begin_checkout', 'purchase'].map(of) as [Decoded[], Decoded[], Decoded[], Decoded[]];
      assert.equal(lists.length + views.length + checkouts.length + purchases.length, events.length);
      assert.ok(lists.length > 10_000 && views.length > 10_000 && checkouts.length > purchases.length && purchases.length > 300);
      assert.ok(views.every((event) => event.items.length <= 1));
      for (const item of purchases.flatMap((event) => event.items)) {
        const [price, quantity, revenue] = [Number(item['price']), item['quantity'], item['item_revenue']];
        if (quantity === undefined) assert.equal(revenue, undefined);
        else assert.ok(Math.abs(Number(revenue) - price * Number(quantity) * (item['coupon'] === undefined ? 1 : 0.9)) < 0.011);
      }
    });

    it('fires some purchases again within 10 s, without quantity and revenue', () => {
      const ids = (event: Decoded): string => event.items.map((item) => item['item_id']).join();
      const purchases = events.filter((event) => event.name === 'purchase');
      const echoes = purchases.filter((event) => event.items.every((item) => item['quantity'] === undefined));
      assert.ok(echoes.length > 30 && echoes.length < 0.25 * purchases.length, `${echoes.length}`);
      for (const echo of echoes) {
        const first = purchases.find((event) => event !== echo && event.userId === echo.userId && ids(event) === ids(echo) && echo.timeUs > event.timeUs && echo.timeUs - event.timeUs <= 10_000_000);
        const wasBroken = lines.some((line) => line.broken !== null && line.text.includes(echo.userId) && line.text.includes('purchase'));
        assert.ok(first !== undefined || wasBroken, eventKey(echo));
      }
    });

    it('prefers few products, lists and users, and leaves a long tail', () => {
      const counts = (keys: unknown[]): number[] => {
        const map = new Map<unknown, number>();
        for (const key of keys) map.set(key, (map.get(key) ?? 0) + 1);
        return [...map.values()].sort((a, b) => b - a);
      };
      const top = (sorted: number[], count: number): number => sorted.slice(0, count).reduce((a, b) => a + b, 0) / sorted.reduce((a, b) => a + b, 0);
      const products = counts(events.filter((event) => event.name === 'view_item_list').flatMap((event) => event.items.map((item) => item['item_id'])));
      assert.ok(products.length > 1500 && products.length <= 2000, `${products.length}`);
      assert.ok(top(products, 20) > 0.12 && top(products, 200) > 0.45 && top(products, 200) < 0.85, `${top(products, 20)} ${top(products, 200)}`);
      const users = counts(events.map((event) => event.userId));
      assert.ok(users.length > 1000 && top(users, Math.floor(users.length / 10)) > 0.2 && users[0]! > 5 * (events.length / users.length));
      const shown = counts(events.filter((event) => event.name === 'view_item_list').map((event) => event.items[0]?.['item_list_name']));
      assert.ok(shown[0]! > 3 * shown[9]!, shown.join(' '));
    });

    it('writes lines of 1.2 to 1.6 KB on average', () => {
      const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line.text), 0) / lines.length;
      assert.ok(bytes > 1200 && bytes < 1600, `${bytes}`);
    });
  });
});
