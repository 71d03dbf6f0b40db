import assert from 'node:assert/strict';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Source } from '../../src/sources/source.js';
import { onlyThorough } from '../support/thorough.js';
import { writeZip } from '../support/zip.js';
import { bodiesOf, inFolder, openFrom, readAll } from './collect.js';

const lines = (...bodies: readonly string[]): string => bodies.map((body) => `${body}\n`).join('');

function told(source: Source): string[] {
  return source.failures.map(({ message }) => message.replace(/^.*\/in/, 'in'));
}

/** Flips a bit of a stored member's content. */
function damaged(zip: Buffer, content: string): Buffer {
  const copy = Buffer.from(zip);
  copy[copy.indexOf(content)]! ^= 1;
  return copy;
}

describe('an archive of files', () => {
  it('gives its members in their order, named by their path in it; other extensions, folders and hidden names are left out', () => inFolder(async (folder) => {
    await mkdir(join(folder, 'in/below'), { recursive: true });
    await writeZip(join(folder, 'in/below/views.ZIP'), { 'iOS/b.json': '[{"n":1},{"n":2}]', 'iOS/a.ndjson.gz': gzipSync(lines('{"n":3}')), 'notes.txt': 'x', '__MACOSX/iOS/b.json': '[{"n":9}]', 'iOS/.b.json': '{"n":9}\n', 'c.csv': 'n\n4\n' });
    const source = await openFrom(join(folder, 'in'), folder, {});
    const { seen, marks } = await readAll(source);
    assert.deepEqual(bodiesOf(seen), ['{"n":1}', '{"n":2}', '{"n":3}', '{"n":"4"}']);
    assert.deepEqual([...marks.values()].map(({ path }) => path.replace(/^.*\/in\//, '')), ['below/views.ZIP/iOS/b.json', 'below/views.ZIP/iOS/a.ndjson.gz', 'below/views.ZIP/c.csv']);
    assert.deepEqual(told(source), []);
  }));

  it('gives no content twice, though it is packed anew under another name, and goes on in a member that was half landed', () => inFolder(async (folder) => {
    const path = join(folder, 'in.zip');
    await writeZip(path, { 'a.ndjson': lines('{"n":1}', '{"n":2}'), 'b.ndjson': lines('{"n":3}') });
    const first = await readAll(await openFrom(path, folder, {}));
    await writeZip(join(folder, 'again.zip'), { 'x/a.ndjson': lines('{"n":1}', '{"n":2}'), 'x/c.ndjson': lines('{"n":4}') }, { stored: true });
    assert.deepEqual(bodiesOf((await readAll(await openFrom(join(folder, 'again.zip'), folder, { taken: first.marks }))).seen), ['{"n":4}']);
    const half = new Map([...first.marks].map(([sha256, mark]) => [sha256, mark.lines === 2 ? { ...mark, lines: 1, complete: false } : mark]));
    const rest = await readAll(await openFrom(path, folder, { taken: half }));
    assert.deepEqual(bodiesOf(rest.seen), ['{"n":2}']);
    assert.equal(rest.seen[0]?.id, first.seen[1]?.id);
  }));

  it('takes the 64-bit form, and two members of one name', () => inFolder(async (folder) => {
    await writeZip(join(folder, 'in.zip'), { 'a.json': '{"n":1}', 'b.json': '{"n":2}' }, { zip64: true });
    const { seen } = await readAll(await openFrom(join(folder, 'in.zip'), folder, {}));
    assert.deepEqual(bodiesOf(seen), ['{"n":1}', '{"n":2}']);
    const twice = await writeZip(join(folder, 'twice.zip'), { 'a.json': '{"n":1}', 'b.json': '{"n":2}' });
    await writeFile(join(folder, 'twice.zip'), Buffer.from(twice.toString('latin1').replaceAll('b.json', 'a.json'), 'latin1'));
    assert.deepEqual(bodiesOf((await readAll(await openFrom(join(folder, 'twice.zip'), folder, {}))).seen), ['{"n":1}', '{"n":2}']);
  }));

  it('with a member that is damaged, encrypted or leads out of it names that one and gives the others', () => inFolder(async (folder) => {
    const path = join(folder, 'in.zip');
    const zip = await writeZip(path, { 'a.ndjson': lines('{"n":1}'), 'b.ndjson': lines('{"n":2}'), 'c.ndjson': lines('{"n":3}') }, { stored: true });
    await writeFile(path, damaged(zip, '{"n":2}'));
    const source = await openFrom(path, folder, {});
    assert.deepEqual(bodiesOf((await readAll(source)).seen), ['{"n":1}', '{"n":3}']);
    assert.deepEqual(told(source), ['in.zip/b.ndjson is damaged: its checksum is another']);

    const encrypted = Buffer.from(zip);
    const central = encrypted.indexOf('PK\u0001\u0002');
    encrypted.writeUInt16LE(encrypted.readUInt16LE(central + 8) | 1, central + 8);
    await writeFile(path, Buffer.from(encrypted.toString('latin1').replaceAll('c.ndjson', '../c.csv'), 'latin1'));
    const other = await openFrom(path, folder, {});
    const rest = await readAll(other);
    assert.deepEqual(bodiesOf(rest.seen), ['{"n":2}']);
    assert.deepEqual(told(other), ['in.zip/a.ndjson is encrypted: unpack the archive, and give the files', 'in.zip/../c.csv has .. in its path, and is left out']);
  }));

  it('packed by another method, with a directory that breaks off or a path from the root: each is named or read for what it is, and the others are given', () => inFolder(async (folder) => {
    const path = join(folder, 'in.zip');
    const zip = await writeZip(path, { 'a.ndjson': lines('{"n":1}'), 'b.ndjson': lines('{"n":2}'), 'c.ndjson': lines('{"n":3}') }, { stored: true });
    const central = zip.indexOf('PK\u0001\u0002');
    const bzip2 = Buffer.from(zip);
    bzip2.writeUInt16LE(12, central + 10);
    await writeFile(path, Buffer.from(bzip2.toString('latin1').replaceAll('b.ndjson', '/b.jsonl'), 'latin1'));
    const source = await openFrom(path, folder, {});
    const { seen, marks } = await readAll(source);
    assert.deepEqual(bodiesOf(seen), ['{"n":2}', '{"n":3}']);
    assert.deepEqual([...marks.values()].map((mark) => mark.path.replace(/^.*\/in/, 'in')), ['in.zip/b.jsonl', 'in.zip/c.ndjson']);
    assert.deepEqual(told(source), ['in.zip/a.ndjson is packed by a method (12) that is not known: pack it anew by deflate']);

    const broken = Buffer.from(zip);
    broken[broken.indexOf('PK\u0001\u0002', central + 4)] = 0x58;
    await writeFile(path, broken);
    const other = await openFrom(path, folder, {});
    assert.deepEqual(bodiesOf((await readAll(other)).seen), ['{"n":1}']);
    assert.equal(other.failures.length, 1);
    assert.match(told(other)[0] ?? '', /^in\.zip is damaged: its directory breaks off after 1 of 3 entries: /);
  }));

  onlyThorough('with a member that is made to fill a disk names it, gives the others and leaves nothing on the disk', () => inFolder(async (folder) => {
    const path = join(folder, 'in.zip');
    await writeZip(path, { 'a.ndjson': Buffer.alloc(300e6, 0x20), 'b.ndjson': lines('{"n":2}') });
    const source = await openFrom(path, folder, {});
    assert.deepEqual(bodiesOf((await readAll(source)).seen), ['{"n":2}']);
    assert.deepEqual(told(source), ['in.zip/a.ndjson unpacks to more than 250 times its size']);
    assert.deepEqual(await readdir(folder), ['in.zip']);
  }));

  it('that is none, or is cut short, is named, and the other files are given', () => inFolder(async (folder) => {
    await mkdir(join(folder, 'in'));
    const zip = await writeZip(join(folder, 'in/b.zip'), { 'a.ndjson': lines('{"n":1}') });
    await writeFile(join(folder, 'in/b.zip'), zip.subarray(0, zip.length - 30));
    await writeFile(join(folder, 'in/a.zip'), 'no archive at all');
    await writeFile(join(folder, 'in/c.ndjson'), lines('{"n":2}'));
    const source = await openFrom(join(folder, 'in'), folder, {});
    assert.deepEqual(bodiesOf((await readAll(source)).seen), ['{"n":2}']);
    assert.deepEqual(told(source), ['in/a.zip is no ZIP archive, or is cut short', 'in/b.zip is no ZIP archive, or is cut short']);
  }));

  it('is no file of another kind for its place: equal content at two places lands twice, at one of them once', () => inFolder(async (folder) => {
    const same = '[{"n":1}]';
    await writeZip(join(folder, 'in.zip'), { 'iOS/a.json': same, 'Android/a.json': same, 'iOS/again.json': same, 'other/a.json': same });
    const placeOf = (path: string): string => /iOS|Android/.exec(path)?.[0] ?? '';
    const source = await openFrom(join(folder, 'in.zip'), folder, { placeOf, takes: (path) => !path.includes('other') });
    const { seen, marks } = await readAll(source);
    assert.equal(seen.length, 2);
    assert.equal(new Set(seen.map(({ id }) => id)).size, 2);
    await rename(join(folder, 'in.zip'), join(folder, 'moved.zip'));
    assert.equal((await readAll(await openFrom(join(folder, 'moved.zip'), folder, { placeOf, taken: marks }))).seen.length, 1);
  }));
});
