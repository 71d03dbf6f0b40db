import assert from 'node:assert/strict';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { csvRecords } from '../../src/sources/csv.js';
import type { FileMark, Source } from '../../src/sources/source.js';
import { inSession } from '../silver/harness.js';
import { bodiesOf, inFolder, openFrom, readAll } from './collect.js';

/** The records of a text that comes in pieces, and what went wrong behind them. */
async function read(content: string | Buffer, pieceBytes = 1 << 20): Promise<{ readonly records: string[]; readonly failure: string | null }> {
  const bytes = Buffer.from(content);
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield await Promise.resolve(bytes.subarray(at, at + pieceBytes));
  }
  const lines: Buffer[] = [];
  let failure: string | null = null;
  try {
    for await (const chunk of csvRecords(pieces())) lines.push(chunk);
  } catch (error) {
    failure = (error as Error).message;
  }
  return { records: Buffer.concat(lines).toString('latin1').split('\n').slice(0, -1), failure };
}

const parsed = async (content: string, pieceBytes?: number): Promise<unknown[]> => {
  const { records, failure } = await read(content, pieceBytes);
  assert.equal(failure, null);
  return records.map((record) => JSON.parse(Buffer.from(record, 'latin1').toString('utf8')) as unknown);
};

async function opened(folder: string, name: string, content: string | Buffer, taken: ReadonlyMap<string, FileMark> = new Map()): Promise<Source> {
  await mkdir(join(folder, 'in'), { recursive: true });
  await writeFile(join(folder, 'in', name), content);
  return openFrom(join(folder, 'in'), folder, { taken });
}

const written = (field: string): string => (/[",;\t|\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);
const field = fc.oneof(fc.constantFrom('', 'a', 'x,y', 'a "b"', 'line\nbreak', 'line\r\nbreak', '\r', 'é☕', '\\', '\u0000', '\u001f', 'tab\t', "'", ' '), fc.string({ maxLength: 6 }));

describe('CSV', () => {
  it('gives a JSON object of texts for each record, by the header, whatever is quoted', async () => {
    assert.deepEqual(await parsed('\ufeff\r\nid,"the, name",note\r\n1,"a ""b"", c","two\r\nlines"\r\n\r\n2,plain "quoted" text,\n3,"",\\ é\t'), [
      { id: '1', 'the, name': 'a "b", c', note: 'two\r\nlines' }, { id: '2', 'the, name': 'plain "quoted" text', note: '' }, { id: '3', 'the, name': '', note: '\\ é\t' },
    ]);
  });

  it('finds comma, semicolon, tab and pipe by the header', async () => {
    for (const [text, names] of [['a,b;c\n', ['a', 'b;c']], ['a;b,c;d\n', ['a', 'b,c', 'd']], ['a\tb\n', ['a', 'b']], ['"a|x,"|b\n', ['a|x,', 'b']], ['alone\n', ['alone']]] as const) {
      const delimiter = text.includes('\t') ? '\t' : text.startsWith('"') ? '|' : text.startsWith('a;') ? ';' : ',';
      assert.deepEqual(await parsed(`${text}${names.map((_name, n) => n + 1).join(delimiter)}\n`), [Object.fromEntries(names.map((name, n) => [name, String(n + 1)]))]);
    }
  });

  it('gives a list of the fields where they are more or fewer than the header’s', async () => {
    assert.deepEqual(await parsed('a,b\n1\n1,2,3\n"x ""y"""\n1,2\n,,\n'), [['1'], ['1', '2', '3'], ['x "y"'], { a: '1', b: '2' }, ['', '', '']]);
  });

  it('of any texts comes back as they were, however it is cut into chunks, and as another reader reads it', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(field, field, field), { maxLength: 12 }), fc.constantFrom(1, 2, 3, 7, 1000), fc.constantFrom('\n', '\r\n'), fc.boolean(), async (rows, pieceBytes, newline, ended) => {
      // A lone carriage return ends a text only where the line does.
      const text = ['first,second,last', ...rows.map((row) => row.map(written).join(','))].join(newline) + (ended ? newline : '');
      assert.deepEqual(await parsed(text, pieceBytes), rows.map(([first, second, last]) => ({ first, second, last })));
    }), { seed: 20260304, numRuns: 300 });
    const rows = [['1', 'a "b"', 'x\ny'], ['2', '', 'é, ö'], ['3', 'plain', ';']];
    await inSession(async (session, folder) => {
      const path = join(folder, 'judge.csv');
      const text = ['first,second,last', ...rows.map((row) => row.map(written).join(','))].join('\n');
      await writeFile(path, text);
      assert.deepEqual((await parsed(text, 5)).map((row) => ({ ...(row as object) })), (await session.rows("SELECT * FROM read_csv($path, all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"', nullstr = 'none')", { path })));
    });
  });

  it('says what is wrong with a header, and gives nothing', async () => {
    for (const [text, message] of [['a,b,a\n1,2,3\n', /names "a" twice: a,b,a/], ['a,,c\n', /column 2 has no name: a,,c/], ['a,b,', /column 3 has no name/], ['"a,b\n1,2\n', /cut short: it ends within quotes/], ['a\xff,b\n', /no UTF-8/], [`${'a'.repeat(2 ** 20)}b`, /no header/]] as const) {
      const { records, failure } = await read(Buffer.from(text, 'latin1'), 1000);
      assert.match(failure ?? '', message);
      assert.deepEqual(records, []);
    }
    assert.deepEqual(await parsed(''), []);
    assert.deepEqual(await parsed('a,b'), []);
  });

  it('holds no more than one record of 16 MiB, and says so', async () => {
    const { records, failure } = await read(`a,b\n1,2\n"${'x\n'.repeat(9 * 2 ** 20)}`);
    assert.deepEqual(records, ['{"a":"1","b":"2"}']);
    assert.match(failure ?? '', /record of more than 16 MiB/);
  });
});

describe('files of CSV', () => {
  it('are read packed or not, by their name; a record that is no UTF-8 is rejected alone', () => inFolder(async (folder) => {
    await opened(folder, 'b.tsv.gz', gzipSync('n\tname\n3\tx\n'));
    const source = await opened(folder, 'a.CSV', Buffer.from('n,name\n1,\xff\n2,\xc3\xa9\n', 'latin1'));
    const { seen } = await readAll(source);
    assert.deepEqual(seen.map(({ body, reason }) => [body, reason]), [['{"n":"1","name":"\xff"}', 'not_utf8'], ['{"n":"2","name":"é"}', null], ['{"n":"3","name":"x"}', null]]);
    assert.deepEqual(source.failures, []);
  }));

  it('that have grown give their new records, numbered on; an unfinished last one is given again', () => inFolder(async (folder) => {
    const path = join(folder, 'in', 'a.csv');
    const marks = new Map<string, FileMark>();
    const more = async (text: string): Promise<string[]> => {
      await appendFile(path, text);
      const source = await openFrom(path, folder, { taken: marks });
      const { seen, marks: now } = await readAll(source);
      for (const [key, mark] of now) marks.set(key, mark);
      assert.deepEqual(source.failures, []);
      return seen.map(({ id, body }) => `${id.split(':')[1]} ${body}`);
    };
    await mkdir(join(folder, 'in'));
    assert.deepEqual(await more('a,b'), []);
    assert.deepEqual(await more('\n1,2\n3,'), ['1 {"a":"1","b":"2"}', '2 {"a":"3","b":""}']);
    assert.deepEqual(await more('4\n"5\n",6\n'), ['2 {"a":"3","b":"4"}', '3 {"a":"5\\u000a","b":"6"}']);
    assert.deepEqual(await more('7,8\n'), ['4 {"a":"7","b":"8"}']);
    assert.deepEqual(await more(''), []);
  }));

  it('that end within quotes are named, and go on when they are whole', () => inFolder(async (folder) => {
    const source = await opened(folder, 'a.csv', 'a,b\n1,2\n"3');
    const { seen, marks } = await readAll(source);
    assert.deepEqual(bodiesOf(seen), ['{"a":"1","b":"2"}']);
    assert.deepEqual(source.failures.map(({ code, message, hint }) => [code, message.replace(folder, ''), hint?.startsWith('The 1 records before have landed')]), [['SOURCE_UNREADABLE', '/in/a.csv is cut short: it ends within quotes after record 1', true]]);
    const again = await opened(folder, 'a.csv', 'a,b\n1,2\n"3",4\n', marks);
    assert.deepEqual((await readAll(again)).seen.map(({ id, body }) => [id.split(':')[1], body]), [['2', '{"a":"3","b":"4"}']]);
  }));
});
