import assert from 'node:assert/strict';
import actions from '../../datasets/actions/dataset.js';
import bank from '../../datasets/bank/dataset.js';
import music from '../../datasets/music/dataset.js';
import shop from '../../datasets/shop/dataset.js';
import storefront from '../../datasets/storefront/dataset.js';
import users from '../../datasets/users/dataset.js';
import { date, defineDataset, silverTables, text, timestamp, type Dataset } from '../../src/dataset.js';
import { piecesOf, positional } from '../../src/engines/trino/literal.js';
import { compileTrino } from '../../src/silver/trino/compile.js';
import { silverOfLanded } from './landed.js';

const datasets: readonly Dataset[] = [actions, bank, users, shop, ...music, ...storefront];
const bare = defineDataset({ name: 'bare', version: 1, time: { load: true }, nulls: ["it's"], event: { table: 'row', columns: {} } });

function withColumn(column: ReturnType<typeof timestamp> | ReturnType<typeof date>): Dataset {
  return { ...bare, event: { table: 'row', columns: { seen: column } } };
}

describe('silver’s SQL for Trino', () => {
  for (const dataset of [...datasets, bare]) {
    it(`of ${dataset.name} makes each of its tables once, after what they are made from, with a value for each parameter`, () => {
      const { steps, parameters } = compileTrino(dataset);
      assert.deepEqual(steps.filter(({ kind }) => kind === 'table').map(({ name }) => name).sort(), silverTables(dataset).sort());
      assert.equal(new Set(steps.map(({ name }) => name)).size, steps.length);
      const known = ['bronze_rows'];
      for (const { name, select } of steps) {
        const { sql, values } = positional(select, parameters);
        assert.equal(piecesOf(sql).filter(({ kind }) => kind === 'code').reduce((marks, piece) => marks + piece.text.split('?').length - 1, 0), values.length);
        const code = piecesOf(sql).filter(({ kind }) => kind === 'code').map((piece) => piece.text).join('');
        assert.ok(known.some((each) => new RegExp(`\\b(?:FROM|JOIN) ${each}\\b`).test(code)), `${name} reads nothing`);
        assert.doesNotMatch(code, /\{\{|\}\}/);
        known.push(name);
      }
    });
  }

  it('has no word of a contract in its text but names of columns and tables', () => {
    const secret = 'zzz"\'zzz';
    const dataset = defineDataset({
      ...bare, nulls: [secret], platform: { key: 'platform', values: [secret] }, strict: true,
      event: { table: 'row', columns: { a: text({ values: [secret], keys: ['/b c/d.e', 'f'], required: true }), g: date({ formats: ['qq%dqq'], past: true }) } },
    });
    const { steps, parameters } = compileTrino(dataset);
    for (const { select } of steps) assert.doesNotMatch(select, /zzz|b c|d\.e|qq|_unreadable/);
    assert.deepEqual(parameters['null_text_0'], secret);
    assert.equal(parameters['event_at_0'], '$["b c"]["d.e"]');
  });

  it('says before anything runs which column needs a letter of strptime that Trino does not have', () => {
    for (const [letter, column] of [['%j', timestamp({ formats: ['%Y-%m-%d', '%Y %j'] })], ['%U', date({ formats: ['%U %Y'] })], ['%Z', timestamp({ formats: ['%Y-%m-%d %Z'] })]] as const) {
      assert.throws(() => compileTrino(withColumn(column)), (error: Error & { code?: string; hint?: string }) =>
        error.code === 'DATASET_INVALID' && error.message.includes('column seen') && error.message.endsWith(letter) && (error.hint ?? '').includes('%d'));
    }
    assert.doesNotThrow(() => compileTrino(withColumn(timestamp({ formats: ['%a %-d %B %y, %I:%M:%S.%f %p %z %%', '%c', '%x %X'] }))));
  });

  it('and for DuckDB has the values and patterns of each column, also where two arrays have columns that are called the same', async () => {
    const dataset = defineDataset({
      ...bare, event: { table: 'row', columns: { id: text() } },
      arrays: [
        { table: 'first', key: '/first', columns: { kind: text({ values: ['x', 'y'] }), on: date({ formats: ['%d/%m/%Y'] }) } },
        { table: 'second', key: '/second', columns: { kind: text({ values: ['z'] }), on: date({ formats: ['%m/%d/%Y'] }) } },
      ],
    });
    const { parameters } = compileTrino(dataset);
    assert.deepEqual([parameters['allowed_kind'], parameters['allowed_kind_2']], [['x', 'y'], ['z']]);
    assert.notEqual(parameters['format_on'], parameters['format_on_2']);
    const both = [{ kind: 'x', on: '1/2/2026' }, { kind: 'z', on: '31/1/2026' }];
    const tables = await silverOfLanded(dataset, [{ body: { id: 'a', first: both, second: both } }]);
    const cells = (table: string): unknown[][] => (tables[table] ?? []).toSorted((a, b) => Number(a['item_index']) - Number(b['item_index'])).map((row) => [row['kind'], row['on']]);
    assert.deepEqual(cells('first'), [['x', '2026-02-01'], [null, '2026-01-31']]);
    assert.deepEqual(cells('second'), [[null, '2026-01-02'], ['z', null]]);
  });

  it('and for DuckDB reads no names of zones, which would be taken for the zone of the rows after', async () => {
    const seen = ['2021-01-01 10:00:00 Asia/Calcutta', '2021-01-01 10:00:00', '2021-01-01', '2021-01-01 10:00:00 UTC', '2021-01-01T10:00:00+01', '2021-01-01 10:00:00Z'];
    const { row } = await silverOfLanded(withColumn(timestamp()), seen.map((each, n) => ({ body: { seen: each, n } })), { exactly: true });
    assert.deepEqual((row ?? []).toSorted((a, b) => String(a['message_id']).localeCompare(String(b['message_id']))).map((each) => each['seen']),
      [null, '2021-01-01 10:00:00+00', '2021-01-01 00:00:00+00', '2021-01-01 09:00:00+00']);
  });

  it('refuses a key that can not be looked up, as DuckDB’s does', () => {
    assert.throws(() => compileTrino({ ...bare, event: { table: 'row', columns: { a: text({ keys: ['a"b'] }) } } }), { code: 'DATASET_INVALID' });
  });
});
