import assert from 'node:assert/strict';
import { defineDataset, integer, money, text, textMap } from '../../src/dataset.js';
import { silverOfMessages, type Message, type Row } from './harness.js';

const time = { key: 'at', notBefore: '2020-01-01', maxAheadMs: 0 };
const platform = { key: 'platform', values: ['IOS'] };
const rich = defineDataset({
  name: 'rich', version: 1, time, platform, nulls: ['null', '-'],
  event: {
    table: 'visit',
    columns: {
      'user': text({ required: true, keys: ['uid', 'user.id'] }),
      kind: text({ values: ['OPEN', 'CLOSE'], upper: true }),
      total: money(), count: integer({ required: true }), extra: textMap(), source: text(), "it's": text({ keys: ['its'] }),
    },
  },
  items: { table: 'visit_item', key: 'parts', columns: { size: text({ values: ['S', 'M'], upper: true }), colour: text({ values: ['red'] }), weight: money({ keys: ['weight', 'w'] }), label: text(), tags: textMap({ keys: ['tags', 't'] }) } },
});
const bare = defineDataset({
  name: 'bare', version: 1, time, platform, nulls: ['0', ''],
  event: { table: 'event', columns: {} },
  items: { table: 'item', key: 'items', columns: { n: integer(), a: text() } },
});

const visit = { platform: 'IOS', uid: 'u', kind: 'open', count: 1, total: 2.5 };

async function both(dataset: typeof rich | typeof bare, messages: readonly Message[]): Promise<Record<string, Row[]>> {
  const tables = await silverOfMessages(dataset, messages);
  assert.deepEqual(await silverOfMessages(dataset, messages, { exactly: true }), tables);
  return tables;
}

function columns(rows: readonly Row[] | undefined, ...names: string[]): unknown[][] {
  return (rows ?? []).map((row) => names.map((name) => row[name]));
}

describe('a contract of another dataset', () => {
  it('reads event columns of every type, by the first key that is not null', async () => {
    const { visit: rows } = await both(rich, [
      { body: { ...visit, source: 's', extra: { a: 1 }, its: 'quoted' } },
      { body: { ...visit, uid: null, 'user.id': 'v', kind: 'Close', total: '1e1', count: '3', extra: [{ key: 'k', value: { int_value: 2 } }] } },
      { body: { ...visit, uid: 'w', kind: 'shut', total: '$1', source: {}, extra: 5 } },
    ]);
    assert.deepEqual(columns(rows?.toSorted((a, b) => String(a['user']).localeCompare(String(b['user']))), 'user', 'kind', 'total', 'count', 'extra', 'source', "it's", 'issues'), [
      ['u', 'OPEN', '2.5000', '1', [{ key: 'a', value: '1' }], 's', 'quoted', []],
      ['v', 'CLOSE', '10.0000', '3', [{ key: 'k', value: '2' }], null, null, []],
      ['w', null, null, '1', null, null, null, ['kind', 'total', 'extra', 'source']],
    ]);
  });

  it('rejects a row without a required number, or with one that is none', async () => {
    const { rich_rejected: rows } = await both(rich, [{ body: { ...visit, count: undefined } }, { body: { ...visit, count: '1.5' } }, { body: { ...visit, count: [1] } }]);
    assert.deepEqual(columns(rows, 'message_id', 'reason'), [['m0', 'count_missing'], ['m1', 'count_unreadable'], ['m2', 'count_unreadable']]);
  });

  it('holds item texts to the allowed values in every form, and names those that are not', async () => {
    const parts = [{ size: 's', colour: 'red', weight: 1 }, { size: 'XL', colour: 'RED', w: 2 }, { size: '-', colour: null, weight: '-', w: '3' }, { label: '', tags: [], t: [{ key: 'a', value: { int_value: 1 } }] }];
    const java = '[{size=s, colour=red, weight=1}, {size=XL, colour=RED, w=2}, {size=-, colour=null, weight=-, w=3}, {label=, t=[{key=a, value={string_value=null, int_value=1, float_value=null, double_value=null}}]}]';
    const tables = await both(rich, [{ body: { ...visit, parts } }, { body: { ...visit, uid: 'v', parts: JSON.stringify(parts) } }, { body: { ...visit, uid: 'w', parts: java } }]);
    assert.deepEqual(columns(tables['visit'], 'issues', 'item_count'), Array.from({ length: 3 }, () => [['parts[1].size', 'parts[1].colour'], '4']));
    for (const user of ['u', 'v', 'w']) {
      assert.deepEqual(columns(tables['visit_item']?.filter((row) => row['user'] === user), 'item_index', 'size', 'colour', 'weight', 'label', 'tags'), [
        ['0', 'S', 'red', '1.0000', null, null], ['1', null, null, '2.0000', null, null], ['2', null, null, '3.0000', null, null], ['3', null, null, null, '', [{ key: 'a', value: '1' }]],
      ]);
    }
  });

  it('tells a null from an empty text in the duplicate key, unless the empty text is null', async () => {
    const tables = await both(rich, [{ body: { ...visit, parts: [{ label: '' }] } }, { body: { ...visit, parts: [{}] } }, { body: { ...visit, parts: [{ label: '-' }] } }]);
    assert.deepEqual([tables['visit']?.length, tables['rich_duplicates']?.length], [2, 1]);
    const other = await both(bare, [{ body: { platform: 'IOS', items: [{ a: '' }] } }, { body: { platform: 'IOS', items: [{}] } }]);
    assert.deepEqual([other['event']?.length, other['bare_duplicates']?.length], [1, 1]);
  });

  it('takes a number for null where the contract says so, and needs no event column', async () => {
    const { item } = await both(bare, [{ body: { platform: 'IOS', items: [{ n: 0, a: 0 }, { n: '0', a: '0' }, { n: 5, a: 5 }] } }, { body: { platform: 'IOS', items: '[{n=0, a=0}, {n=6, a=x}]' } }]);
    assert.deepEqual(columns(item, 'n', 'a').sort(([, a], [, b]) => String(a).localeCompare(String(b))), [['5', '5'], [null, null], [null, null], [null, null], ['6', 'x']]);
  });

  it('refuses a key that no text form could hold', async () => {
    const wrong = { ...bare, items: { ...bare.items, columns: { n: integer({ keys: ['a=b'] }) } } };
    await assert.rejects(silverOfMessages(wrong, []), { code: 'DATASET_INVALID' });
  });
});
