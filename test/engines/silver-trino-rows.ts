import fc from 'fast-check';
import { boolean, date, defineDataset, integer, money, number, text, textMap, timestamp } from '../../src/dataset.js';
import { javaItems, type Message } from '../silver/harness.js';

const typed = {
  amount: number({ keys: ['amount', 'amount (INR)'] }), good: boolean(), day: date({ keys: ['/day/$date'] }), born: date({ formats: ['%d/%m/%y', '%Y.%m.%d'], past: true }),
  at: timestamp({ keys: ['/at/$date/$numberLong'] }), seen: timestamp({ formats: ['%d/%m/%Y %H:%M', '%a, %d %b %Y %I:%M:%S.%f %p %z'] }), long: integer({ keys: ['/n/$numberLong', 'big'] }), price: money(), tags: textMap(),
  kind: text({ values: ['Ä', 'ẞ'], upper: true }), a_text: text({ keys: ['a.text', 'A.Text'] }),
};
const time = { key: '/sent/$date', notBefore: '2000-01-01', maxAheadMs: 0 };

/** Every type of column, strict and not, in events and in items. */
export const flat = defineDataset({ name: 'flat', version: 1, nulls: ['nan', ''], time, event: { table: 'visit', columns: { id: text({ keys: ['/_id/$oid'] }), ...typed } } });
export const strict = defineDataset({ ...flat, name: 'strict', strict: true });
export const nested = defineDataset({
  name: 'nested', version: 1, nulls: ['nan'], time, platform: { key: '/at/os', values: ['iOS', 'web'], required: false },
  event: { table: 'visit', columns: { id: text({ keys: ['/_id/$oid'] }), total: number(), opened: timestamp(), since: date() } },
  items: { table: 'part', key: '/in/parts', columns: typed },
});
/** What is required, and all that a platform can be. */
export const required = defineDataset({
  name: 'required', version: 1, nulls: ['null'], time: { key: 'at', column: 'happened_at', notBefore: '2020-01-01', maxAheadMs: 1_500 }, platform: { key: '/on/platform', values: ['IOS'] },
  event: { table: 'visit', columns: { user: text({ required: true, keys: ['/who/id', 'id'] }), count: integer({ required: true, keys: ['/what/count'] }), kind: text({ values: ['A', 'B'], upper: true, required: true }) } },
});
export const strictlyRequired = defineDataset({ ...required, name: 'strictly', strict: true });
/** Arrays in arrays, of events that only their receipt dates. */
export const deep = defineDataset({
  name: 'deep', version: 1, nulls: ['-'], time: { load: true },
  event: { table: 'customer', columns: { id: text() } },
  items: { table: 'customer_note', key: 'notes', columns: { note: text() } },
  arrays: [
    { table: 'customer_order', key: '/orders', columns: { order_id: text({ keys: ['id'] }), total: money({ keys: ['/sum/total'] }) } },
    { table: 'customer_tag', key: '/orders/*/lines/*/tags', columns: { value: text({ values: ['x', 'z'] }) } },
    { table: 'customer_name', key: '/names', columns: { value: text({ values: ['y'] }) } },
    { table: 'customer_cell', key: '/matrix/*', columns: { value: number() } },
  ],
});

/** JSON of values that some type reads, some type almost reads, and engines read apart. */
const values: readonly string[] = [
  ...[1, -0.125, 12345678.90123, 20161231, 1638008156296, 1454361579158.956, -1, true, false, null, '', 'nan', 'NaN', 'inf', '2.50', '-1e3', '1,5', '1e999', '5e-9', '64E-7', '1e-400', '0.123456789e14', '9007199254740993', '9223372036854775808', '1.0', '9.007199254740993e15', 'TRUE', 'yes',
    '2016-02-29', '2015-02-29', '2016-12-31T23:30:00-0100', '2016-12-31 24:00:00', '2016-12-31T10:', '2016-12-31T10:15Z', '2016-12-31T10:15:60', '2016-12-31T10:15:56.2961239+05:30:10 ', '0000-01-01', '2016-01-01 (BC)', '2016-01-01 10:00:00 Asia/Calcutta', '2016-01-01 10:00:00', '2016-1-2', '31/12/2016', '1638008156296.5',
    '10/1/94', '2/8/16', '3/8/16', '1/1/68', '31/2/16', '1800.1.1', '29/2/20', 'infinity', 'epoch', '2/8/2016 7:05', 'Mon, 2 AUG 2016 12:05:06.5 am +0130', 'ß', 'ä', 'a\u001fb\u001e\u001d\u001b', '\u2028𝛑é', '\u0000',
    [], {}, [1.5], { a: { b: 1 } }, { a: 1.5, b: 'x', c: null, d: true, e: '' }, [{ key: 'k', value: 'v' }, { key: 'k', value: 'w' }, { key: null, value: 1 }, 5, null, { value: 2 }, { key: 1.5, value: null }], [{ key: 'n', value: { string_value: 'nan', int_value: 7 } }], [{ key: 'n', value: { string_value: { x: 1 } } }], [{ key: 'n', value: [1] }],
    '{"a":1.50,"b":1e5,"c":"é𝛑","d":-0.0,"e":123456789012345678901}', '[{"key":"a","value":{"double_value":1E-7}}]', '{"a":1,}', '{"a":NaN}', '{"a":1} x', '[1', '{"a":"\\ud800"}'].map((value) => JSON.stringify(value)),
  '9007199254740993', '123456789012345678901234567890', '1.50', '1e5', '1e999', '1e999999999', '1e-999999999', '5E-9', '-0', '-0.0', 'NaN', '-nan', '-Infinity', '"\\ud835\\udED1\\/\\u001f"', '{"a":1,"a":2}', '{"b":"𝛑","c":[1.50,2,],}', '["𝛑",1.50,1e21,1E-7,null]', '{"$date":"2016-02-29","$date":"x"}',
];
const sent = '"sent":{"$date":"2016-08-02T10:15:56.296+0000"}';
const places = ['amount', 'amount (INR)', 'good', '/day/$date', 'day', 'born', '/at/$date/$numberLong', '/at/$date', '/at/os', 'at', 'seen', '/n/$numberLong', 'n', 'big', 'price', 'tags', 'kind', 'a.text', 'A.Text', 'a.Text'];

function member(place: string, value: string): string {
  const [first = '', ...rest] = place.startsWith('/') ? place.slice(1).split('/') : [place];
  return `${JSON.stringify(first)}:${rest.reduceRight((inner, name) => `{${JSON.stringify(name)}:${inner}}`, value)}`;
}

const members = places.flatMap((place) => values.map((value) => member(place, value)));
const elsewhere = [...['_id', '/_id/$oid'].flatMap((place) => values.map((value) => `{${member(place, value)},${sent}}`)), `{${sent}}`, ` \n{"sent" : {"$date":1470132956296.7},}\t`, '{"sent":{"$date":946684799999}}', '{"sent":{"$date":"2030-01-01"}}'];

/** A value of each kind in each place of an event, and an event of each. */
export const events: readonly Message[] = [...members.map((each, n) => `{"_id":{"$oid":"x${n}"},${sent},${each}}`), ...elsewhere].map((body) => ({ body }));

const java = [
  javaItems([{ amount: 1.5, good: true, born: '2/8/16', seen: '2/8/2016 7:05' }]), javaItems([{ amount: 7, good: false }, { price: 1 }]), javaItems([{ tags: [{ key: 'a', value: { string_value: 'x, price=3', int_value: 1, float_value: null, double_value: 2.5 } }], price: 2 }]),
  '[{amount=1, unknown_key=5}]', '[{unknown_key=5, amount=1}]', '[{amount=1}, {unknown_key=5, amount=1}]', '[{a.text=x, other_key=5}, {zz=5}]', '[{}]', '[{amount=}]', '[{amount=1}', '[{price=1, price=2}]', '[{kind=ä}, {big=\u0001}]', '[{tags=[]}]', '[{tags=null}]', '[{tags=[{key=}]}]',
  '[1,2]', 'x', '[{"amount":1},]', '[{"amount":NaN}]', ' [ {"amount" : 1.50, "a.text": 1.50 } ] ', '[{"amount":1,"amount":2}]', '{"amount":1}', '[[{"amount":1}]]', '[{"a":"\\ud800"}]', '[{"a":"\\ud835\\uded1"}]', '1],[2', '[null]',
];

/** The same as items, in each form; what can be instead of items. */
export const batches: readonly Message[] = [
  ...members.map((each) => `[{${each}},{}]`), ...members.filter((_each, n) => n % 3 === 0).map((each) => JSON.stringify(`[{${each}}]`)), ...java.map((items) => JSON.stringify(items)), ...values, ...values.map((value) => `[${value}]`),
].map((parts, n): Message => ({ body: `{"_id":{"$oid":"x${n}"},${sent},"total":${values[n % values.length] ?? '0'},"at":{"os":${n % 7 === 0 ? '"IOS"' : n % 7 === 1 ? '[1.50,"𝛑"]' : 'null'}},"in":{"parts":${parts}}}` }));

const at = '"at":"2023-10-23T12:00:00Z"';
const whole = `"on":{"platform":"IOS"},"who":{"id":"u"},"what":{"count":1},"kind":"a"`;

/** What is missing, unknown or unreadable in each place, alone. */
export const incomplete: readonly Message[] = [
  `{${at},${whole}}`, `{${at},${whole}} `, `{"at":"2019-12-31",${whole}}`, `{"at":1577836799999.5,${whole}}`, `{"at":"2023-10-24T10:00:01.5Z",${whole}}`, `{"at":"2023-10-24T10:00:01.500001Z",${whole}}`,
  ...['"on":{"platform":', '"who":{"id":', '"what":{"count":'].flatMap((place) => values.map((value) => `{${at},${whole.replace(new RegExp(`${place}[^}]*`), () => `${place}${value}`)}}`)),
  ...['on', 'who', 'what'].flatMap((name) => ['5', '1.50', '"{x"', '"x"', '[1.50,"𝛑"]', 'null', 'true', '{}'].map((value) => `{${at},${whole.replace(new RegExp(`"${name}":{[^}]*}`), () => `"${name}":${value}`)}}`)),
  ...values.map((value) => `{${at},${whole.replace('"kind":"a"', () => `"kind":${value}`)}}`), ...values.map((value) => `{${at},${whole.replace('"who":{"id":"u"}', () => `"id":${value}`)}}`),
].map((body) => ({ body }));

/** Arrays with what tells events apart, and hardly does. */
export const ordered: readonly Message[] = [
  '{"id":"a","orders":[{"id":1.50,"sum":{"total":1e2},"x":"é𝛑\\u0001\\u001f","y":[1e20,1e21,-0,-0.0,1E-7,123456789012345678901,1e999,NaN,nan,-inf,],"lines":[{"tags":["x","-",{"odd":1}]},5,{"tags":[]}]},null,5,"s",true],"matrix":[[1.0,1e3,"7",null],[],[[1]],{"a":1}]}',
  '{"id":"a","orders":[{"id":1.5,"sum":{"total":100.0},"x":"é\\ud835\\uded1\\u0001\\u001F","y":[1e20,1e21,0,-0.0,1E-7,123456789012345678901,1e999,NaN,nan,-inf],"lines":[{"tags":["x","-",{"odd":1}]},5,{"tags":[]}]},null,5,"s",true],"matrix":[[1,1000.0,"7",null],[],[[1]],{"a":1}]}',
  '{"id":"b","orders":[{"id":"a","id":"b","lines":[{"tags":["x"],"tags":["y"]}],"lines":[]}],"orders":5,"matrix":[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]],[2]],"notes":[{"note":1.50}]}',
  '{"id":"c","orders":"[1]","matrix":{"a":[1]},"names":["x","y"]}', '{"id":"d","orders":null}', '{"id":"e","orders":[],"notes":5}', '{"notes":[{"note":"-"}]}', '{"notes":[{"note":null}]}', '{"notes":[{}]}', '{}', '[1]',
].flatMap((body, n): Message[] => [1, 2].map((time) => ({ body, message_id: `m${n}`, received_at: `2023-10-2${n % 2}T10:00:00.00000${time}Z` })));

const place = fc.constantFrom(...places, '/_id/$oid', 'x', '');
const name = fc.constantFrom('key', 'value', 'string_value', 'double_value', '$date', '$oid', '$numberLong', 'a', 'x', '');
const scalar = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...values) }, fc.string({ unit: 'binary', maxLength: 6 }).map((each) => JSON.stringify(each)), fc.double().map(String).filter((each) => !each.includes('+')), fc.maxSafeInteger().map(String));
const json = fc.letrec<{ tree: string; list: string; object: string }>((tie) => ({
  tree: fc.oneof({ maxDepth: 4, depthSize: 'small' }, scalar, tie('list'), tie('object')),
  list: fc.array(tie('tree'), { maxLength: 4 }).map((all) => `[${all.join(',')}]`),
  object: fc.array(fc.tuple(name, tie('tree')), { maxLength: 6 }).map((all) => `{${all.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(' , ')}}`),
}));
const membersOf = fc.array(fc.tuple(place, fc.oneof({ weight: 2, arbitrary: scalar }, json.tree)), { minLength: 1, maxLength: 6 }).map((all) => all.map(([key, value]) => member(key, value)).join(','));

/** Objects with a time, and in places that contracts know JSON of any shape; some keys are there twice. */
export const anyBody = fc.tuple(membersOf, fc.array(fc.oneof({ weight: 5, arbitrary: membersOf.map((all) => `{${all}}`) }, json.tree), { maxLength: 3 }), fc.nat()).map(([own, parts, id]) =>
  `{"_id":{"$oid":"x${id}"},${sent},"in":{"parts":[${parts.join(',')}]},${own}}`);
