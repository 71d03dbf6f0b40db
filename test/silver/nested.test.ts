import assert from 'node:assert/strict';
import { defineDataset, integer, money, text, textMap, type Dataset } from '../../src/dataset.js';
import { compile } from '../../src/silver/compile.js';
import { javaItems, type Message, type Row, type Tables } from './harness.js';
import { silverOfLanded } from './landed.js';

/** Items, nested in all that can be. */
const batch = defineDataset({
  name: 'batch', version: 1, nulls: [''],
  time: { key: '/sent/at', column: 'sent_at_time', notBefore: '2020-01-01', maxAheadMs: 0 },
  platform: { key: '/device/os', values: ['iOS', 'MobileWeb'], required: false },
  event: {
    table: 'batch',
    columns: { device_id: text({ keys: ['/device/ids/main', 'device.id'] }), size: integer({ keys: ['/device/size'] }), labels: textMap({ keys: ['/device/labels'] }), os_name: text({ keys: ['/device/os'] }) },
  },
  items: {
    table: 'batch_view', key: '/data/events',
    columns: { SKU: text({ keys: ['/info/product/SKU', 'SKU'] }), price: money({ keys: ['/info/price'] }), kind: text({ values: ['view', 'tap'], upper: false, keys: ['kind'] }), tags: textMap({ keys: ['/info/tags'] }) },
  },
});
/** No items, and no strictness: what can't be read is null and named. */
const lenient = defineDataset({
  name: 'lenient', version: 1, nulls: ['null'],
  time: { key: 'at', notBefore: '2020-01-01', maxAheadMs: 0 },
  platform: { key: 'platform', values: ['IOS'] },
  event: { table: 'visit', columns: { user: text({ required: true, keys: ['/who/id'] }), count: integer({ keys: ['/what/count'] }), price: money(), extra: textMap({ keys: ['/what/extra'] }), kind: text({ values: ['A', 'B'], upper: true }) } },
});
const strict = defineDataset({ ...lenient, name: 'strict', strict: true });

const at = '2023-10-23T12:00:00Z';

async function both(dataset: Dataset, bodies: readonly unknown[]): Promise<Tables> {
  const messages = bodies.map((body): Message => ({ body }));
  const tables = await silverOfLanded(dataset, messages);
  assert.deepEqual(await silverOfLanded(dataset, messages, { exactly: true }), tables);
  return tables;
}

/** Columns of each row, under its message's number. */
function byMessage(rows: readonly Row[] | undefined, ...names: string[]): unknown[][] {
  const ordered = (rows ?? []).toSorted((a, b) => Number(String(a['message_id']).slice(1)) - Number(String(b['message_id']).slice(1)));
  return ordered.map((row) => [row['message_id'], ...names.map((name) => row[name])]);
}

describe('keys that are ways to nested values', () => {
  const device = { os: 'ios', ids: { main: 'd1' }, size: 7, labels: { a: 1 } };
  const view = (SKU: unknown, more: object = {}): object => ({ info: { product: { SKU }, price: 1.5, tags: { t: 'x' } }, kind: 'view', ...more });

  it('find an event’s columns, time, platform and items, and an item’s columns, by both ways', async () => {
    const tables = await both(batch, [
      { sent: { at }, device, data: { events: [view('S1'), view('S2', { kind: 'nonsense' })] } },
      { sent: { at: Date.parse(at) }, device: { os: 'MOBILEWEB', 'device.id': 'no' }, 'device.id': 'd2', data: { events: JSON.stringify([view('S1')]) } },
      { sent: { at }, data: { events: [{ SKU: 'flat', info: null }, { SKU: 'other', info: { product: 'none' } }] } },
      { sent: { at }, device: 'broken', data: null },
      { sent: { at }, device: { ids: ['d5'], size: '8' }, data: { events: javaItems([{ SKU: 'java', kind: 'tap' }]) } },
      { sent: { at }, device: { os: 'windows' } },
      { sent: { at }, device: { ids: { main: 'd7' } }, data: { events: 5 } },
      { sent: at },
    ]);
    assert.deepEqual(byMessage(tables['batch'], 'platform', 'device_id', 'size', 'labels', 'os_name', 'sent_at_time', 'item_count', 'issues'), [
      ['m0', 'iOS', 'd1', '7', [{ key: 'a', value: '1' }], 'ios', '2023-10-23 12:00:00+00', '2', ['data.events[1].kind']],
      ['m1', 'MobileWeb', 'd2', null, null, 'MOBILEWEB', '2023-10-23 12:00:00+00', '1', []],
      ['m2', null, null, null, null, null, '2023-10-23 12:00:00+00', '2', []],
      ['m3', null, null, null, null, null, '2023-10-23 12:00:00+00', '0', ['device_id', 'size', 'labels', 'os_name']],
      ['m4', null, null, '8', null, null, '2023-10-23 12:00:00+00', '1', ['device_id']],
    ]);
    const ids = new Map(tables['batch']?.map((row) => [row['event_id'], row['message_id']]));
    const views = tables['batch_view']?.map((row) => [`${String(ids.get(row['event_id']))}[${String(row['item_index'])}]`, row['SKU'], row['price'], row['kind'], row['tags'], row['device_id'], row['sent_at_time']]);
    assert.deepEqual(views?.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)), [
      ['m0[0]', 'S1', '1.5000', 'view', [{ key: 't', value: 'x' }], 'd1', '2023-10-23 12:00:00+00'],
      ['m0[1]', 'S2', '1.5000', null, [{ key: 't', value: 'x' }], 'd1', '2023-10-23 12:00:00+00'],
      ['m1[0]', 'S1', '1.5000', 'view', [{ key: 't', value: 'x' }], 'd2', '2023-10-23 12:00:00+00'],
      ['m2[0]', 'flat', null, null, null, null, '2023-10-23 12:00:00+00'],
      ['m2[1]', 'other', null, null, null, null, '2023-10-23 12:00:00+00'],
      ['m4[0]', 'java', null, 'tap', null, null, '2023-10-23 12:00:00+00'],
    ]);
    assert.deepEqual(byMessage(tables['batch_rejected'], 'reason', 'detail'), [['m5', 'platform_unknown', 'windows'], ['m6', 'data_events_unreadable', '5']]);
    assert.deepEqual(tables['bronze_rejected'], [{ message_id: 'm7', reason: 'sent_at_missing' }]);
  });

  it('leave one event of equal ones whose platform is missing, with items and without', async () => {
    const said = { sent: { at }, device: { ids: { main: 'd' } } };
    const withItems = { ...said, data: { events: [view('S1')] } };
    const tables = await both(batch, [said, said, withItems, withItems, { ...withItems, device: { ...said.device, os: 'IOS' } }]);
    assert.deepEqual([tables['batch']?.length, tables['batch_duplicates']?.length, tables['batch_view']?.length], [3, 2, 2]);
  });

  it('are refused where one is the way to another, or a part of one may be a place in an array', () => {
    for (const keys of [['/a/b', 'a'], ['/a/0'], ['/a/b"c'], ['/a//b'], ['a=b']]) {
      const wrong = { ...batch, event: { table: 'batch', columns: { one: text({ keys }) } } };
      assert.throws(() => compile(wrong), { code: 'DATASET_INVALID' }, keys.join());
    }
  });
});

describe('a contract without items', () => {
  const bodies = [
    { at, platform: 'IOS', who: { id: 'u0' }, what: { count: 3, extra: { a: 1 } }, price: 1.5, kind: 'b' },
    { at, platform: 'IOS', who: { id: 1 }, what: { count: '4' }, price: '2.5', kind: 'null' },
    { at, platform: 'IOS', who: { id: 'u2' }, what: { count: 1.5, extra: 5 }, price: true, kind: 'C' },
    { at, platform: 'IOS', who: { id: 'u3' }, what: [1], price: [], kind: 7 },
    { at, platform: 'IOS', who: { id: 'u4' }, what: { count: 9007199254740993n.toString(), extra: [{ key: 'k', value: { string_value: 'v' } }] } },
    { at, platform: 'IOS', who: 'u5' },
    { at, platform: 'IOS', who: {} },
    { at, platform: 5, who: { id: 'u7' } },
    { at, who: { id: 'u8' } },
    `{"at":"${at}","platform":"IOS","who":{"id":"u9"},"what":{"count":9007199254740993},"price":12345678901234.5678}`,
  ];

  it('reads what it can, names what it can’t, and rejects what is required and wrong', async () => {
    const tables = await both(lenient, bodies);
    assert.deepEqual(byMessage(tables['visit'], 'user', 'count', 'price', 'extra', 'kind', 'issues'), [
      ['m0', 'u0', '3', '1.5000', [{ key: 'a', value: '1' }], 'B', []],
      ['m1', '1', '4', '2.5000', null, null, []],
      ['m2', 'u2', null, null, null, null, ['count', 'price', 'extra', 'kind']],
      ['m3', 'u3', null, null, null, null, ['count', 'price', 'extra', 'kind']],
      ['m4', 'u4', '9007199254740993', null, [{ key: 'k', value: 'v' }], null, []],
      ['m9', 'u9', '9007199254740993', '12345678901234.5678', null, null, []],
    ]);
    assert.deepEqual(byMessage(tables['lenient_rejected'], 'reason', 'detail'), [
      ['m5', 'user_unreadable', 'u5'], ['m6', 'user_missing', null], ['m7', 'platform_unknown', '5'], ['m8', 'platform_missing', null],
    ]);
  });

  it('rejects, when it is strict, all that is of another type, with the column’s name', async () => {
    const tables = await both(strict, bodies);
    assert.deepEqual(byMessage(tables['visit'], 'user', 'count', 'price'), [['m0', 'u0', '3', '1.5000'], ['m9', 'u9', '9007199254740993', '12345678901234.5678']]);
    assert.deepEqual(byMessage(tables['strict_rejected'], 'reason', 'detail'), [
      ['m1', 'user_unreadable', '1'], ['m2', 'count_unreadable', '1.5'], ['m3', 'count_unreadable', '[1]'], ['m4', 'count_unreadable', '9007199254740993'],
      ['m5', 'user_unreadable', 'u5'], ['m6', 'user_missing', null], ['m7', 'platform_unreadable', '5'], ['m8', 'platform_missing', null],
    ]);
  });
});
