import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import actions from '../../datasets/actions/dataset.js';
import bank from '../../datasets/bank/dataset.js';
import music from '../../datasets/music/dataset.js';
import shop from '../../datasets/shop/dataset.js';
import storefront from '../../datasets/storefront/dataset.js';
import users from '../../datasets/users/dataset.js';
import type { Dataset } from '../../src/dataset.js';
import { doubleText, yyNumber } from '../../src/silver/trino/compile-numbers.js';
import { hashFile, readBlocks } from '../../src/sources/file.js';
import type { Message } from '../silver/harness.js';
import { removeTemporaryFolders } from '../support/lake.js';
import { realData } from '../support/pipeline.js';
import { SilverOnTrino } from './silver-trino.js';
import { anyBody, batches, deep, events, flat, incomplete, nested, ordered, required, strict, strictlyRequired } from './silver-trino-rows.js';

const cases = new URL('../cases/', import.meta.url);
const seed = 20260310;

/** A file's bodies, as bronze gets them. */
async function bodiesIn(path: string): Promise<Message[]> {
  const blocks: string[] = [];
  for await (const { block } of readBlocks(path, path, await hashFile(path, path, null, false))) blocks.push(block.toString('utf8'));
  return blocks.join('').split('\n').filter((line) => line !== '').map((body) => ({ body }));
}

/** The input of all golden cases whose names begin so, each message with an id of its own. */
async function golden(prefix: string): Promise<{ readonly messages: Message[]; readonly source: string }> {
  const messages: Message[] = [];
  let source = '';
  for (const name of readdirSync(cases).filter((folder) => folder.startsWith(`${prefix}-`))) {
    const input = ['in.csv', 'in.json', 'in.ndjson', 'iOS/in.json'].find((file) => existsSync(new URL(`${name}/${file}`, cases))) ?? '';
    source = new URL(`${name}/${input}`, cases).pathname;
    const own = prefix === 'silver' || prefix === 'actions' ? readFileSync(source, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Message) : await bodiesIn(source);
    messages.push(...own.map((message, place) => ({ ...message, message_id: `${name} ${message.message_id ?? place}` })));
  }
  return { messages, source };
}

describe('silver on Trino is what DuckDB makes of the same bronze', function () {
  this.timeout(300_000);
  let engine: SilverOnTrino;

  before(async () => {
    engine = await SilverOnTrino.start();
  });

  after(async () => {
    await engine.stop();
    removeTemporaryFolders();
  });

  for (const dataset of [actions, bank, users, ...music, ...storefront] as readonly Dataset[]) {
    it(`of the golden cases of ${dataset.name}`, async () => {
      const { messages, source } = await golden(dataset.name);
      assert.ok(messages.length > 0);
      await engine.assertSameOfLanded(dataset, messages, source);
    });
  }

  it('of the golden cases of shop, with rows that bronze would not let through', async () => {
    const rows = await engine.assertSame(shop, (await golden('silver')).messages);
    assert.ok(Object.values(rows).every((count) => count > 0), JSON.stringify(rows));
  });

  for (const [what, dataset, messages] of [
    ['every type of column, of values of every kind', flat, events], ['the same where types are strict', strict, events], ['the same in items, in each of their forms', nested, batches],
    ['columns and platforms that are required', required, incomplete], ['the same where types are strict', strictlyRequired, incomplete], ['arrays at any depth', deep, ordered],
  ] as const) {
    it(`of ${what}: ${dataset.name}`, async () => {
      const rows = await engine.assertSameOfLanded(dataset, messages);
      assert.ok(Object.entries(rows).every(([table, count]) => count > 0 || table.endsWith('_duplicates') || (table === 'flat_rejected' && dataset === flat)), JSON.stringify(rows));
    });
  }

  it('of bodies of any shape', async () => {
    await fc.assert(fc.asyncProperty(fc.array(anyBody, { minLength: 250, maxLength: 250 }), async (bodies) => {
      for (const dataset of [flat, strict, nested]) await engine.assertSameOfLanded(dataset, bodies.map((body) => ({ body })));
    }), { seed, numRuns: 1 });
  });

  it('of bodies that are deep, long, wide, and have long names', async () => {
    const base = '"event_timestamp":1772359200000,"platform":"IOS","event_name":"view_item","user_id":';
    const brackets = (levels: number): string => `${'['.repeat(levels)}1${']'.repeat(levels)}`;
    const objects = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    const bodies = [
      ...[899, 1_001, 50_000].flatMap((levels) => [`{"x":${brackets(levels)},${base}"u","items":[{"item_id":"a"}]}`, `{${base}"u","items":[{"item_id":"b","x":${objects(levels)}}]}`, `{${base}"u","items":${brackets(levels)}}`, `{${base}"u","items":[{"item_params":${objects(levels)}}]}`, `{${base}${brackets(levels)}}`, `{${base}"u","items":${JSON.stringify(`[{"x":${objects(levels)}}]`)}}`]),
      `{"x":"${'y'.repeat(16_000_000)}",${base}"long"}`, `{"x":"${'\\"'.repeat(2_000_000)}",${base}"${'é'.repeat(1_500_000)}"}`, `{"x":[${'"a",'.repeat(1_000_000)}1],${base}"wide"}`,
      `{${base}"many","items":[${Array.from({ length: 20_000 }, (_each, place) => `{"item_id":"i${place}","price":${place}.5,"item_name":"\\"${place}\\" é"}`).join(',')}]}`,
      `{"${'n'.repeat(60_000)}":1,${base}"named","items":[{"${'n'.repeat(60_000)}":[],"item_id":"n"}]}`,
    ];
    const rows = await engine.assertSame(shop, bodies.map((body) => ({ body })));
    assert.deepEqual([rows['event'], rows['item_event']], [8, 20_004]);
  });

  it('of texts of 100,000 doubles, which ids are made of, and of numbers in JSON', async () => {
    const view = new DataView(new ArrayBuffer(8));
    const bits = fc.sample(fc.tuple(fc.nat(0xffffffff), fc.nat(0xffffffff)), { seed, numRuns: 50_000 }).map(([high, low]) => {
      view.setUint32(0, high);
      view.setUint32(4, low);
      return view.getFloat64(0);
    });
    const decimals = fc.sample(fc.tuple(fc.integer(), fc.integer({ min: -340, max: 310 })), { seed, numRuns: 50_000 }).map(([digits, exponent]) => Number(`${digits}e${exponent}`));
    const texts = ['0', '-0', '1e20', '1e-7', '1e15', '1e16', '1e-4', '1e-5', '5e-324', '4.9e-322', '1.7976931348623157e308', '1e23', ...[...bits, ...decimals].filter(Number.isFinite).map(String)];
    assert.ok(texts.length > 90_000);
    const [trino, duckdb] = await engine.ofTexts(texts, 'CAST(given AS DOUBLE) + 0', doubleText('(CAST(given AS DOUBLE) + 0e0)'));
    assert.deepEqual(trino, duckdb);
    const written = texts.map((text) => text.replace('+', '')).concat('-0.0', '1E5', '1e999', '123456789012345678901', '18446744073709551616.0');
    const [inTrino, inDuckDb] = await engine.ofTexts(written, `json_extract_string('[' || given || ']', '/0')`, yyNumber('given'));
    assert.deepEqual(inTrino, inDuckDb);
  });

  for (const [path, dataset] of [['shop/2017/tostring.ndjson.gz', shop], ['users/dump.json.gz', users], ['storefront/MobileWeb_20160201.json.gz', storefront[0]]] as const) {
    it(`of the real rows of ${path}`, async function () {
      const file = realData(path);
      if (file === null) {
        console.log('      (no such data here)');
        this.skip();
      }
      const rows = await engine.assertSameOfLanded(dataset, await bodiesIn(file), file);
      assert.ok((rows[dataset.event.table] ?? 0) >= 1_000);
    });
  }
});
