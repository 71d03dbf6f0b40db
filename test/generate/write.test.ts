import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { testRoot } from '../support/lake.js';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { LakeError } from '../../src/errors.js';
import { generateShop } from '../../src/generate/shop.js';
import { countLines, writeLines, writeLinesTo } from '../../src/generate/write.js';

describe('writing lines', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(testRoot(), 'ingot-write-'))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const lines = (): Generator<string> => generateShop({ events: 3000, days: 2, seed: 1, form: 'mixed', since: '2026-01-01' });

  it('gives the same content plain and compressed, over several blocks', async () => {
    const wanted = [...lines()].map((line) => line + '\n').join('');
    const plain = await writeLines(lines(), join(folder, 'a.ndjson'));
    const compressed = await writeLines(lines(), join(folder, 'a.ndjson.gz'));
    assert.ok(readFileSync(join(folder, 'a.ndjson'), 'utf8') === wanted);
    assert.ok(gunzipSync(readFileSync(join(folder, 'a.ndjson.gz'))).toString('utf8') === wanted);
    assert.deepEqual(plain, { lines: 3000, bytes: Buffer.byteLength(wanted) });
    assert.ok(plain.bytes > 3 << 20);
    assert.deepEqual(compressed, plain);
    assert.equal(await countLines(join(folder, 'a.ndjson')), 3000);
    assert.equal(await countLines(join(folder, 'a.ndjson.gz')), 3000);
  });

  it('makes an empty file of no lines', async () => {
    for (const name of ['none.ndjson', 'none.ndjson.gz']) {
      assert.deepEqual(await writeLines([], join(folder, name)), { lines: 0, bytes: 0 });
      assert.equal(await countLines(join(folder, name)), 0);
    }
  });

  it('replaces a file, and leaves it as it was when the lines fail in the middle', async () => {
    const file = join(folder, 'kept.ndjson');
    writeFileSync(file, 'old\n');
    function* failing(): Generator<string> {
      yield 'x'.repeat(2 << 20);
      throw new Error('no more');
    }
    for (const name of [file, `${file}.gz`]) await assert.rejects(writeLines(failing(), name), /no more/);
    assert.equal(readFileSync(file, 'utf8'), 'old\n');
    await writeLines(['new'], file);
    assert.equal(readFileSync(file, 'utf8'), 'new\n');
    assert.deepEqual(readdirSync(folder).filter((name) => name.includes('kept')), ['kept.ndjson']);
  });

  it('says which file it could not write', async () => {
    const file = join(folder, 'missing', 'a.ndjson');
    await assert.rejects(writeLines(['x'], file), (error) => error instanceof LakeError && error.code === 'USAGE' && error.path === file);
  });

  it('waits for a slow stream, one block at a time, and passes on its error', async () => {
    let open = 0;
    let most = 0;
    const parts: Buffer[] = [];
    const slow = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        most = Math.max(most, (open += 1));
        parts.push(chunk);
        setImmediate(() => done((open -= 1) < 0 ? new Error() : null));
      },
    });
    const written = await writeLinesTo(lines(), slow);
    assert.equal(Buffer.concat(parts).length, written.bytes);
    assert.equal(most, 1);
    assert.ok(parts.length > 3);
    const broken = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
    broken.on('error', () => undefined);
    await assert.rejects(writeLinesTo(lines(), broken), /EPIPE/);
  });
});
