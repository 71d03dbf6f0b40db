import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import actions from '../../datasets/actions/dataset.js';
import { generateActions } from '../../src/generate/actions.js';
import type { Message, Row, Tables } from './harness.js';
import { silverOfLanded } from './landed.js';

const cases = new URL('../cases/', import.meta.url);
const tableNames = ['user_action', 'actions_rejected', 'actions_duplicates', 'bronze_rejected'];
const seed = 20260302;

function lines(path: string): unknown[] {
  return readFileSync(new URL(path, cases), 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
}

/** Golden files leave nulls out. */
function withoutNulls(rows: readonly Row[] = []): Row[] {
  return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)));
}

function shuffled(messages: readonly Message[], order: (place: number) => number): Message[] {
  return messages.map((message, place) => ({ message, rank: order(place) })).sort((a, b) => a.rank - b.rank).map(({ message }) => message);
}

describe('the golden cases of actions', () => {
  for (const name of readdirSync(cases).filter((folder) => folder.startsWith('actions-'))) {
    for (const exactly of [false, true]) {
      it(`gives the rows of ${name}${exactly ? ', all read value by value' : ''}`, async () => {
        const tables = await silverOfLanded(actions, lines(`${name}/in.ndjson`) as Message[], { exactly });
        for (const table of tableNames) assert.deepEqual(withoutNulls(tables[table]), lines(`${name}/${table}.ndjson`), table);
      });
    }
  }
});

/** A field's value: usual, absent, null, or of a type that is wrong; each with what silver makes of it. */
type Field = { readonly value: unknown; readonly cell: string | null } | { readonly value: unknown; readonly wrong: true };

const text = fc.oneof(fc.constantFrom('view', 'click', 'a"b', 'é☕', '', 'null', '12', '\u0001', '\u001f', '\u001d', 'x\u001fy', '{', '"id":5'), fc.string({ maxLength: 6 }));
const wrongValue = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant([]), fc.constant({}), fc.constant(['x']), fc.constant({ id: 'x' }));
const field = (usual: fc.Arbitrary<string>): fc.Arbitrary<Field> => fc.oneof(
  { weight: 12, arbitrary: usual.map((value) => ({ value, cell: value })) },
  { weight: 2, arbitrary: fc.constantFrom(undefined, null).map((value) => ({ value, cell: null })) },
  { weight: 1, arbitrary: wrongValue.map((value) => ({ value, wrong: true as const })) },
);
const around = fc.oneof({ weight: 12, arbitrary: fc.constant<'object'>('object') }, { weight: 1, arbitrary: fc.constantFrom(undefined, null) }, { weight: 1, arbitrary: fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(['a'])) });
const spec = fc.record({ name: field(text), id: field(text), platform: field(fc.constantFrom('web', 'mobile')), product: field(text), SKU: field(text), identifiers: around, information: around });
type Spec = typeof spec extends fc.Arbitrary<infer T> ? T : never;

function bodyOf({ name, id, platform, product, SKU, identifiers, information }: Spec): unknown {
  return {
    timestamp: '2023-10-23T12:34:56Z',
    event_name: name.value,
    user_identifiers: identifiers === 'object' ? { platform: platform.value, id: id.value } : identifiers,
    product_information: information === 'object' ? { name: product.value, SKU: SKU.value } : information,
  };
}

/** What silver must make of an action, told without SQL: its columns, or null when it is rejected. */
function expected({ name, id, platform, product, SKU, identifiers, information }: Spec): (string | null)[] | null {
  const inside = (place: unknown, fields: readonly Field[]): readonly Field[] =>
    (place === 'object' ? fields : fields.map(() => (place === undefined || place === null ? { value: null, cell: null } : { value: place, wrong: true as const })));
  const all = [name, ...inside(identifiers, [id, platform]), ...inside(information, [product, SKU])];
  return all.some((each) => 'wrong' in each) ? null : all.map((each) => ('cell' in each ? each.cell : null));
}

function columns(rows: readonly Row[] = []): unknown[][] {
  return rows.map((row) => ['event_name', 'user_id', 'platform', 'product_name', 'SKU'].map((name) => row[name]));
}

const sorted = (rows: readonly unknown[][]): string[] => rows.map((row) => JSON.stringify(row)).sort();

describe('any actions', () => {
  it('are rows when each field is text or missing, rejected when one is anything else, and duplicates when all are equal', async () => {
    await fc.assert(fc.asyncProperty(fc.array(spec, { minLength: 150, maxLength: 150 }), async (specs) => {
      const tables = await silverOfLanded(actions, specs.map((each) => ({ body: bodyOf(each) })));
      const good = specs.map(expected).filter((row) => row !== null);
      const different = new Map(good.map((row) => [JSON.stringify(row), row]));
      assert.deepEqual(sorted(columns(tables['user_action'])), sorted([...different.values()]));
      assert.equal(tables['actions_duplicates']?.length, good.length - different.size);
      assert.equal(tables['actions_rejected']?.length, specs.length - good.length);
      assert.deepEqual(tables['bronze_rejected'], []);
    }), { seed, numRuns: 5 });
  });

  it('give the same rows shuffled, repeated and read the other way', async () => {
    await fc.assert(fc.asyncProperty(fc.nat(), fc.array(spec, { minLength: 20, maxLength: 20 }), fc.func(fc.nat(1000)), async (generatorSeed, specs, order) => {
      const bodies: unknown[] = [...generateActions({ events: 150, days: 2, seed: generatorSeed, since: '2023-10-20' }), ...specs.map(bodyOf)];
      const messages = bodies.map((body, place): Message => ({ body, message_id: `m${place}`, received_at: `2023-10-24T10:00:0${place % 7}Z` }));
      const again = messages.filter((_message, place) => order(place) % 3 === 0).map((message, place): Message => ({ ...message, message_id: `again${place}`, received_at: '2023-10-24T11:00:00Z' }));
      const tables = await silverOfLanded(actions, messages);
      assert.deepEqual(await silverOfLanded(actions, messages, { exactly: true }), tables);
      assert.deepEqual(await silverOfLanded(actions, shuffled(messages, order)), tables);
      const repeated = await silverOfLanded(actions, shuffled([...messages, ...again], order));
      assert.deepEqual(repeated['user_action'], tables['user_action']);
      assert.equal(count(repeated), count(tables) + again.length);
    }), { seed, numRuns: 2 });
  });
});

function count(tables: Tables): number {
  return tableNames.reduce((rows, table) => rows + (tables[table]?.length ?? 0), 0);
}
