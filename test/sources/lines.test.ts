import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { arrayElements } from '../../src/sources/array.js';
import { lineBlocks } from '../../src/sources/blocks.js';
import { LineSplitter } from '../../src/sources/lines.js';

const seeded = { seed: 42, numRuns: 300 };
const shared = join(import.meta.dirname, '../../../shared/data');

/** A content in chunks of the given sizes, the last as long as need be. */
async function* inChunks(content: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let start = 0;
  for (const size of sizes) {
    if (start >= content.length) return;
    yield await Promise.resolve(content.subarray(start, start + size));
    start += size;
  }
  if (start < content.length) yield content.subarray(start);
}

async function gather(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(Buffer.from(chunk));
  return Buffer.concat(all);
}

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 40 });
/** Blanks in every place where JSON allows them. */
const blank = fc.constantFrom('', '', ' ', '\n', '\r\n', '\t ');
const spread = (json: string, blanks: readonly string[]): string => {
  let count = 0;
  return json.replace(/"(?:[^"\\]|\\.)*"|[[\]{},:]/g, (token) => `${blanks[count++ % blanks.length] ?? ''}${token}${blanks[count++ % blanks.length] ?? ''}`);
};

describe('splitting files', () => {
  it('gives each line of a block once, in order, as it is, those that can not be spooled apart', () => {
    const byte = fc.constantFrom(0x0a, 0x0a, 0x0d, 0x00, 0x1f, 0xff, 0x61, 0x7b);
    fc.assert(fc.property(fc.array(byte, { maxLength: 60 }), fc.integer({ min: 1, max: 1e9 }), (bytes, first) => {
      const block = Buffer.from(bytes);
      const expected = block.toString('latin1').replace(/\n$/, '').split('\n').map((line) => line.replace(/\r$/, ''));
      const { rows, spool, slow } = new LineSplitter().split(block, 7, first);
      const found = new Map<number, string>(slow.map(({ line, body }) => [line, body.toString('latin1')]));
      for (const row of spool.toString('latin1').split('\n').slice(0, -1)) {
        const [number, line, body, ...more] = row.split('\x1f');
        assert.deepEqual([number, more], ['7', []]);
        found.set(Number(line), body!);
      }
      assert.deepEqual([...found].sort(([one], [other]) => one - other), block.length === 0 ? [] : expected.map((line, index) => [first + index, line]));
      assert.equal(rows, found.size);
    }), seeded);
  });

  it('gives all bytes of lines in blocks of whole lines, however they are chunked', () =>
    fc.assert(fc.asyncProperty(fc.string({ maxLength: 80 }), sizes, async (text, chunkSizes) => {
      const content = Buffer.from(text.replaceAll('[', '(').replaceAll('x', '\n'));
      assert.deepEqual(await gather(lineBlocks(arrayElements(inChunks(content, chunkSizes)))), content);
    }), seeded));

  it('gives the elements of an array, one a line, however they are chunked and spaced', () =>
    fc.assert(fc.asyncProperty(fc.array(fc.jsonValue({ maxDepth: 3 }), { minLength: 1, maxLength: 6 }), fc.array(blank, { minLength: 1, maxLength: 7 }), sizes, async (values, blanks, chunkSizes) => {
      const content = Buffer.from(spread(JSON.stringify(values), blanks));
      const lines = (await gather(arrayElements(inChunks(content, chunkSizes)))).toString('utf8').split('\n');
      assert.equal(lines.pop(), '');
      assert.deepEqual(lines.map((line) => JSON.parse(line) as unknown), JSON.parse(JSON.stringify(values)));
    }), seeded));

  it('leaves an element without line breaks byte for byte, numbers and repeated keys included', async () => {
    const elements = ['{"a":1.50e+01, "a" :"\\u00e9\\"]"}', '12345678901234567890', '[[ ],{ }]', '"x,y"'];
    assert.equal((await gather(arrayElements(inChunks(Buffer.from(`\ufeff \n[ ${elements.join(' , ')}]\n`), [])))).toString(), `{"a":1.50e+01, "a" :"\\u00e9\\"]"} \n12345678901234567890 \n[[ ],{ }] \n"x,y"\n`);
  });

  for (const [what, content, expected] of [
    ['several arrays, one behind the other', '[1,2]\n[3]\n', '1\n2\n3\n'],
    ['an array with objects behind it', '[1]\n{"n":2}\n[3]\n', '1\n{"n":2}\n[3]\n'],
    ['an element with a bracket too many', '[{"n":1}},{"n":2}]', '{"n":1}}\n{"n":2}\n'],
    ['an element that is missing', '[1,,2,]', '1\n\n2\n'],
    ['a line break within a text', '["a\nb",1]', '"a\rb"\n1\n'],
    ['an array of nothing', ' [ ] ', ''],
  ] as const) {
    it(`leaves nothing out of ${what}`, async () => {
      assert.equal((await gather(arrayElements(inChunks(Buffer.from(content), [])))).toString(), expected);
    });
  }

  it('gives the whole elements of an array without an end, then fails', async () => {
    const given: Buffer[] = [];
    await assert.rejects(async () => {
      for await (const block of lineBlocks(arrayElements(inChunks(Buffer.from('[1,2,{"n":'), [3, 1])))) given.push(block);
    }, /no end/);
    assert.equal(Buffer.concat(given).toString(), '1\n2\n');
  });

  it('cuts real arrays into the elements that JSON.parse gives', async function () {
    const files = ['storefront', 'users'].flatMap((folder) => (existsSync(join(shared, folder)) ? readdirSync(join(shared, folder)).map((name) => join(shared, folder, name)) : []));
    const arrays = files.filter((path) => path.endsWith('.json.gz'));
    if (arrays.length === 0) this.skip();
    for (const path of arrays) {
      const content = gunzipSync(readFileSync(path));
      const lines = (await gather(arrayElements(inChunks(content, [1_000, 65_536])))).toString('utf8').trimEnd().split('\n');
      assert.deepEqual(lines.map((line) => JSON.parse(line) as unknown), JSON.parse(content.toString('utf8')), path);
    }
  });
});
