import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type BrokenKind, brokenKinds, brokenText } from '../../src/generate/broken.js';
import { makeProducts } from '../../src/generate/catalogue.js';
import type { ItemsForm, ShopEvent } from '../../src/generate/event.js';
import { Renderer } from '../../src/generate/render.js';
import { generateShopWithTruth } from '../../src/generate/shop.js';

type Json = Record<string, unknown>;
const event: ShopEvent = {
  timeMs: Date.parse('2026-01-31T12:00:00Z'),
  userId: '8959542601330111920',
  name: 'view_item',
  platform: 'IOS',
  items: [{ product: 5, list: null, listIndex: 0, promotion: null, sale: null }],
  style: { form: 'json', time: 'own', fractionUs: 0, noItems: '', replayed: true, shortIndexKey: false },
};

describe('a broken message', () => {
  const renderer = new Renderer(makeProducts());
  const forms = fc.constantFrom<ItemsForm>('json', 'tostring', 'string');

  const always = (kind: BrokenKind, check: (text: string, whole: string) => void): void => {
    const property = fc.property(forms, fc.nat(), (form, salt) => check(brokenText(kind, event, form, salt, renderer), renderer.event(event, form)));
    fc.assert(property, { seed: 5, numRuns: 100 });
  };
  /** Holds the body to a check of one key, and all other keys to those of the whole message. */
  const alwaysKey = (kind: BrokenKind, key: string, check: (value: unknown) => void): void => {
    always(kind, (text, whole) => {
      const { [key]: value, ...rest } = JSON.parse(text) as Json;
      const { [key]: right, ...others } = JSON.parse(whole) as Json;
      assert.deepEqual(rest, others);
      assert.notDeepEqual(value, right);
      check(value);
    });
  };

  it('is no JSON when it says so, whole or cut', () => {
    always('not_json', (text) => assert.throws(() => JSON.parse(text) as unknown, SyntaxError));
    always('cut_json', (text, whole) => {
      assert.throws(() => JSON.parse(text) as unknown, SyntaxError);
      assert.ok(text.length > 0 && text.length < whole.length && whole.startsWith(text));
    });
  });

  it('is an array around the object', () => {
    always('array_for_object', (text, whole) => assert.deepEqual(JSON.parse(text), [JSON.parse(whole)]));
  });

  it('has a user id that is empty, null or missing', () => {
    alwaysKey('empty_user_id', 'user_id', (value) => assert.equal(value, ''));
    alwaysKey('null_user_id', 'user_id', (value) => assert.ok([undefined, null, 'null', '(not set)'].includes(value as string)));
  });

  it('has an event name or a platform that is missing or unknown', () => {
    alwaysKey('missing_event_name', 'event_name', (value) => assert.equal(value, undefined));
    alwaysKey('unknown_event_name', 'event_name', (value) => assert.ok(!['view_item_list', 'view_item', 'begin_checkout', 'purchase'].includes(String(value))));
    alwaysKey('unknown_platform', 'platform', (value) => assert.ok(!['IOS', 'ANDROID'].includes(String(value).toUpperCase())));
  });

  it('has a number for items', () => {
    alwaysKey('items_number', 'items', (value) => assert.equal(typeof value, 'number'));
  });

  it('has a time that is missing, unreadable or of another age', () => {
    alwaysKey('missing_time', 'event_timestamp', (value) => assert.equal(value, undefined));
    alwaysKey('time_unreadable', 'event_timestamp', (value) => assert.ok(typeof value !== 'number' && Number.isNaN(Date.parse(String(value)))));
    alwaysKey('time_1970', 'event_timestamp', (value) => assert.equal(new Date(Number(value) * 1000).getUTCFullYear(), 1970));
    alwaysKey('time_2999', 'event_timestamp', (value) => {
      const ms = Number(value) > 1e15 ? Number(value) / 1000 : Number(value);
      assert.equal(new Date(ms).getUTCFullYear(), 2999);
    });
  });

  it('comes in every kind in a long run', () => {
    const made = new Set<BrokenKind | null>();
    for (const line of generateShopWithTruth({ events: 100_000, days: 2, seed: 2, form: 'mixed', since: '2026-01-01' })) made.add(line.broken);
    assert.deepEqual(brokenKinds.filter((kind) => !made.has(kind)), []);
  });
});
