import assert from 'node:assert/strict';
import fc from 'fast-check';
import { boolean, date, defineDataset, integer, number, text, timestamp, type Dataset } from '../../src/dataset.js';
import { javaItems, type Message, type Row, type Tables } from './harness.js';
import { silverOfLanded } from './landed.js';

const seed = 20260303;
const typed = {
  amount: number({ keys: ['amount', 'amount (INR)'] }), good: boolean(), day: date({ keys: ['/day/$date'] }), born: date({ formats: ['%d/%m/%y', '%Y.%m.%d'], past: true }),
  at: timestamp({ keys: ['/at/$date/$numberLong'] }), seen: timestamp({ formats: ['%d/%m/%Y %H:%M'] }), long: integer({ keys: ['/n/$numberLong', 'big'] }),
};
const time = { key: '/sent/$date', notBefore: '2000-01-01', maxAheadMs: 0 };
const flat = defineDataset({ name: 'flat', version: 1, nulls: ['nan', ''], time, event: { table: 'visit', columns: { id: text({ keys: ['/_id/$oid'] }), ...typed } } });
const strict = defineDataset({ ...flat, name: 'strict', strict: true });
const withItems = defineDataset({
  name: 'nested', version: 1, nulls: ['nan', ''], time,
  event: { table: 'visit', columns: { id: text({ keys: ['/_id/$oid'] }), total: number(), opened: timestamp(), since: date() } },
  items: { table: 'part', key: 'parts', columns: typed },
});
const said = { sent: { $date: '2016-08-02T10:15:56.296+0000' }, _id: { $oid: 'a1' } };
const names = Object.keys(typed);

async function both(dataset: Dataset, bodies: readonly unknown[]): Promise<Tables> {
  const messages = bodies.map((body): Message => ({ body }));
  const tables = await silverOfLanded(dataset, messages);
  assert.deepEqual(await silverOfLanded(dataset, messages, { exactly: true }), tables);
  return tables;
}

/** Of each value under a key what the column becomes, and its issue, as an event's column and as an item's. */
async function cellsOf(column: string, key: string, values: readonly unknown[]): Promise<unknown[]> {
  const holding = (value: unknown): object => JSON.parse(JSON.stringify(key.startsWith('/') ? key.slice(1).split('/').reduceRight((inner, part) => ({ [part]: inner }), value) : { [key]: value })) as object;
  const rows = (tables: Tables): unknown[] => (tables['visit'] ?? []).toSorted((a, b) => Number(String(a['message_id']).slice(1)) - Number(String(b['message_id']).slice(1))).map((row) => [row[column], (row['issues'] as string[]).length]);
  const event = await both(flat, values.map((value, n) => ({ ...said, _id: { $oid: `x${n}` }, ...holding(value) })));
  const items = await both(withItems, values.map((value, n) => ({ ...said, _id: { $oid: `x${n}` }, parts: [holding(value)] })));
  const issues = new Map(items['visit']?.map((row) => [row['event_id'], (row['issues'] as string[]).length]));
  const parts = (items['part'] ?? []).toSorted((a, b) => Number(String(a['id']).slice(1)) - Number(String(b['id']).slice(1))).map((row) => [row[column], issues.get(row['event_id'])]);
  assert.deepEqual(parts, rows(event), `${column} of an item is as that of an event`);
  return rows(event);
}

const good = (value: unknown): unknown => [value, 0];
const bad = [null, 1];
const none = [null, 0];

describe('a column', () => {
  it('of numbers is a finite DOUBLE, from numbers and their texts', async () => {
    assert.deepEqual(await cellsOf('amount', 'amount (INR)', [1, '2.50', -0.125, '-1e3', 'nan', '', null, 'NaN', 'inf', '1,5', '1e999', true, [1], {}, 12345678.90123]),
      [good(1), good(2.5), good(-0.125), good(-1000), none, none, none, bad, bad, bad, bad, bad, bad, bad, good(12345678.90123)]);
  });

  it('of booleans is read from JSON and from texts in any case', async () => {
    assert.deepEqual(await cellsOf('good', 'good', [true, false, 'true', 'FALSE', 'nan', 1, 'yes', []]), [good(true), good(false), good(true), good(false), none, bad, bad, bad]);
  });

  it('of whole numbers keeps every digit beyond 2⁵³, also under a $ key', async () => {
    assert.deepEqual(await cellsOf('long', '/n/$numberLong', ['9007199254740993', '9223372036854775807', '9223372036854775808', '-9007199254740993']), [good('9007199254740993'), good('9223372036854775807'), bad, good('-9007199254740993')]);
    const tables = await both(flat, ['{"sent":{"$date":"2016-08-02"},"big":9007199254740993}']);
    assert.equal(tables['visit']?.[0]?.['long'], '9007199254740993');
  });

  it('of dates in ISO 8601 is the date in UTC', async () => {
    assert.deepEqual(await cellsOf('day', '/day/$date', ['2016-02-29', '2015-02-29', '2016-12-31T23:30:00-0100', '2016-12-31 10:00:00', '31/12/2016', 20161231, 'nan', '2016-1-2', '2016-04-31T10:00:00Z']),
      [good('2016-02-29'), bad, good('2017-01-01'), good('2016-12-31'), bad, bad, none, bad, bad]);
  });

  it('of dates by patterns needs no padding, takes the first that fits, and two-digit years are never ahead of the event', async () => {
    assert.deepEqual(await cellsOf('born', 'born', ['10/1/94', '2/8/16', '3/8/16', '1/1/68', '1/1/69', '31/2/16', '1/1/1800', '1800.1.1', '2030.01.01', 'nan', '29/2/20', '10/1/94x', 'infinity', 'epoch']),
      [good('1994-01-10'), good('2016-08-02'), good('1916-08-03'), good('1968-01-01'), good('1969-01-01'), bad, bad, good('1800-01-01'), good('2030-01-01'), none, good('1920-02-29'), bad, bad, bad]);
    const tables = await both(flat, [{ ...said, sent: { $date: '2000-01-01' }, born: '29/2/00' }]);
    assert.deepEqual([tables['visit']?.[0]?.['born'], tables['visit']?.[0]?.['issues']], [null, ['born']]);
  });

  it('of timestamps is UTC from ISO 8601 with any offset and from milliseconds, or by patterns', async () => {
    assert.deepEqual(await cellsOf('at', '/at/$date/$numberLong', ['2021-11-27T10:15:56.296+0000', '2021-11-27T10:15:56+05:30', '2021-11-27 10:15:56', '2021-11-27T25:00:00Z', 1638008156296, '1638008156296', 1454361579158.956, -1, 'x', '2021-02-29T10:00:00Z', '2021-11-30T10:15:56.2961239Z', '']),
      [good('2021-11-27 10:15:56.296+00'), good('2021-11-27 04:45:56+00'), good('2021-11-27 10:15:56+00'), bad, good('2021-11-27 10:15:56.296+00'), good('2021-11-27 10:15:56.296+00'), good('2016-02-01 21:19:39.158956+00'), good('1969-12-31 23:59:59.999+00'), bad, bad, good('2021-11-30 10:15:56.296123+00'), none]);
    assert.deepEqual(await cellsOf('seen', 'seen', ['2/8/2016 7:05', '31/2/2016 10:00', '2016-08-02T10:00:00Z', 5, 'nan', 'infinity']), [good('2016-08-02 07:05:00+00'), bad, bad, bad, none, bad]);
  });

  it('that a strict contract can not read rejects the row, by its JSON type too', async () => {
    const tables = await both(strict, [{ amount: '1' }, { good: 'true' }, { born: '31/2/16' }, { at: { $date: { $numberLong: true } } }, { day: { $date: 5 } }, { day: 'x' }, { amount: 1, good: true, born: '1/2/16', at: { $date: { $numberLong: 5 } }, day: { $date: '2016-01-01' } }].map((more, n) => ({ ...said, _id: { $oid: `x${n}` }, ...more })));
    assert.deepEqual(tables['strict_rejected']?.map((row) => [row['message_id'], row['reason']]), [['m0', 'amount_unreadable'], ['m1', 'good_unreadable'], ['m2', 'born_unreadable'], ['m3', 'at_unreadable'], ['m4', 'day_unreadable'], ['m5', 'day_unreadable']]);
    assert.equal(tables['visit']?.length, 1);
  });

  it('of a type that has no plain text form is read from toString items too', async () => {
    const part = { amount: 1.5, good: true, born: '2/8/16', seen: '2/8/2016 7:05' };
    const tables = await both(withItems, [{ ...said, parts: javaItems([part]) }, { ...said, _id: { $oid: 'b' }, parts: [part] }, { ...said, _id: { $oid: 'c' }, parts: javaItems([{ amount: 7, good: false }]) }]);
    const columns = (row: Row): unknown[] => names.map((name) => row[name]);
    const rows = (tables['part'] ?? []).toSorted((a, b) => String(a['id']).localeCompare(String(b['id']))).map(columns);
    assert.deepEqual(rows[0], [1.5, true, null, '2016-08-02', null, '2016-08-02 07:05:00+00', null]);
    assert.deepEqual(rows[1], rows[0]);
    assert.deepEqual(rows[2]?.slice(0, 2), [7, false]);
  });
});

describe('events without a time of their own', () => {
  const loaded = defineDataset({ ...withItems, name: 'loaded', time: { load: true } });
  const flatLoaded = defineDataset({ ...flat, name: 'loaded', time: { load: true } });

  it('that are equal and were received on one date are one, with items and without', async () => {
    const bodies = [{ parts: [{ amount: 1 }] }, { parts: [{ amount: 1 }] }, { parts: [{ amount: 2 }] }, {}, {}, { amount: 3 }, { amount: 3 }];
    const messages = bodies.map((body, n): Message => ({ body, received_at: `2023-10-${n === 6 ? 25 : 24}T10:00:0${n}Z` }));
    for (const exactly of [false, true]) {
      const nested = await silverOfLanded(loaded, messages.slice(0, 5), { exactly });
      assert.deepEqual([nested['visit']?.length, nested['part']?.length, nested['loaded_duplicates']?.map((row) => row['message_id'])], [3, 2, ['m4', 'm1'].sort()]);
      const alone = await silverOfLanded(flatLoaded, messages.slice(3), { exactly });
      assert.deepEqual([alone['visit']?.length, alone['loaded_duplicates']?.length], [3, 1]);
      assert.deepEqual([...new Set(alone['visit']?.map((row) => row['event_date']))].sort(), ['2023-10-24', '2023-10-25']);
    }
  });
});

const anyText = fc.oneof(fc.constantFrom('nan', '', 'true', '2016-08-02', '2016-08-31', '2016-02-30T10:00:00Z', '2016-08-02T10:00:00+0530', '2/8/16', '1.50', '-0', '1e5', '2016-08-02T10:00:00.5-14:30', '2016-08-02T10:00:00+1', 'é', '2016-08-02T', '"', '1/1/68'),
  fc.tuple(fc.date({ min: new Date('1950-01-01'), max: new Date('2050-01-01'), noInvalidDate: true }), fc.constantFrom('', 'Z', '+0000', '-03:00', '+15:00', ' ', 'x')).map(([day, zone]) => `${day.toISOString().slice(0, 19)}${zone}`), fc.string({ maxLength: 5 }));
const anyValue = fc.oneof({ weight: 4, arbitrary: anyText }, fc.constantFrom(undefined, null, true, false), fc.integer(), fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant([]), fc.constant({ a: 1 }));
const part = fc.record({ amount: anyValue, good: anyValue, day: fc.oneof(anyValue, anyValue.map(($date) => ({ $date }))), born: anyValue, at: anyValue.map(($numberLong) => ({ $date: { $numberLong } })), seen: anyValue, big: anyValue });

it('any values give the same rows by the quick and the exact way, as an event’s and as an item’s', async () => {
  await fc.assert(fc.asyncProperty(fc.array(part, { minLength: 120, maxLength: 120 }), async (parts) => {
    const events = await both(flat, parts.map((each, n) => ({ ...said, _id: { $oid: `x${n}` }, ...each })));
    const items = await both(withItems, parts.map((each, n) => ({ ...said, _id: { $oid: `x${n}` }, total: each.amount, opened: each.seen, since: each.day, parts: [each, {}] })));
    const read = (rows: readonly Row[] | undefined): string[] => (rows ?? []).filter((row) => row['item_index'] !== '1').map((row) => JSON.stringify(['id', ...names].map((name) => row[name]))).sort();
    assert.equal(events['visit']?.length, parts.length);
    assert.deepEqual(read(items['part']), read(events['visit']));
  }), { seed, numRuns: 2 });
});
