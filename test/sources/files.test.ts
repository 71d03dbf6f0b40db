import assert from 'node:assert/strict';
import { appendFile, mkdir, rename, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Batch, FileMark, Source } from '../../src/sources/source.js';
import { bodiesOf, HeldClock, inFolder, openFrom, readAll, seenIn, type Opening } from './collect.js';

/** Writes files below `in` and gives a way to open that folder. */
async function filled(folder: string, files: Readonly<Record<string, string | Buffer>>): Promise<(opening?: Opening) => Promise<Source>> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, 'in', name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, content);
  }
  return (opening = {}) => openFrom(join(folder, 'in'), folder, opening);
}

function numbered(count: number, bytes = 20): string[] {
  return Array.from({ length: count }, (_none, index) => JSON.stringify({ n: index, fill: 'x'.repeat(bytes) }));
}

const lines = (bodies: readonly string[]): string => bodies.map((body) => `${body}\n`).join('');

/** Incompressible, so that a cut falls among the lines. */
function noise(count: number): string[] {
  let state = 1;
  return Array.from({ length: count }, (_none, index) => {
    let text = '';
    for (let digits = 0; digits < 12; digits++) text += (state = (state * 48_271) % 2_147_483_647).toString(36);
    return JSON.stringify({ n: index, text });
  });
}

describe('files as a source', () => {
  describe('which files', () => {
    it('are those below a folder, by path, without hidden ones, those with _ and other kinds', () => inFolder(async (folder) => {
      const open = await filled(folder, {
        'b/2.ndjson': '2\n', 'b/1.JSON': '1\n', 'a.jsonl': '0\n', 'z.json.gz': gzipSync('9\n'),
        '.hidden.json': 'no\n', '_part.json': 'no\n', '_tmp/x.json': 'no\n', 'b/.git/x.json': 'no\n', 'notes.txt': 'no\n', 'data.xml': 'no\n',
      });
      assert.deepEqual(bodiesOf((await readAll(await open())).seen), ['0', '1', '2', '9']);
    }));

    it('are those that a glob matches, folders with all that is in them', () => inFolder(async (folder) => {
      await filled(folder, { 'd1/a.json': '1\n', 'd1/deep/b.json': '2\n', 'd2/c.json': '3\n', 'e/d.json': '4\n', 'f.log': '5\n' });
      assert.deepEqual(bodiesOf((await readAll(await openFrom(join(folder, 'in', 'd*'), folder))).seen), ['1', '2', '3']);
      assert.deepEqual(bodiesOf((await readAll(await openFrom(join(folder, 'in', '**/*.{json,log}'), folder))).seen), ['1', '2', '3', '4', '5']);
    }));

    it('is one named by its path, whatever it is called, also with the signs of a glob in its name', () => inFolder(async (folder) => {
      await filled(folder, { '_[a].log': '1\n' });
      assert.deepEqual(bodiesOf((await readAll(await openFrom(join(folder, 'in', '_[a].log'), folder))).seen), ['1']);
    }));

    it('are asked for when none is there', () => inFolder(async (folder) => {
      for (const missing of ['nothing.json', 'nowhere/*.json', '.']) {
        await assert.rejects(openFrom(join(folder, missing), folder), { code: 'SOURCE_NOT_FOUND' });
      }
    }));
  });

  describe('lines', () => {
    it('lose the byte order mark and the carriage return at their end, and nothing else', () => inFolder(async (folder) => {
      const open = await filled(folder, { 'a.ndjson': '\ufeff{"a":1}\r\n\r\n  {"a":"\u00e9"} \n\n{"last":1}' });
      assert.deepEqual(bodiesOf((await readAll(await open())).seen), ['{"a":1}', '', '  {"a":"é"} ', '', '{"last":1}']);
    }));

    it('that the spool can not hold keep their number and their bytes, and say why', () => inFolder(async (folder) => {
      const open = await filled(folder, { 'a.ndjson': Buffer.from('one\ntw\xff\xfeo\nth\x1free\nfo\x00ur\nfi\rve\r\nsix\n', 'latin1') });
      const { seen, marks } = await readAll(await open());
      const fileId = [...marks.keys()][0]!.slice(0, 32);
      assert.deepEqual(seen, [
        { id: `${fileId}:1`, body: 'one', reason: null },
        { id: `${fileId}:2`, body: 'tw\xff\xfeo', reason: 'not_utf8' },
        { id: `${fileId}:3`, body: 'th\x1free', reason: 'odd' },
        { id: `${fileId}:4`, body: 'fo\x00ur', reason: 'odd' },
        { id: `${fileId}:5`, body: 'fi\rve', reason: 'odd' },
        { id: `${fileId}:6`, body: 'six', reason: null },
      ]);
    }));

    it('over 16 MiB are cut to their first MiB, and those behind keep their numbers', () => inFolder(async (folder) => {
      const mib = 2 ** 20;
      const open = await filled(folder, { 'a.ndjson': `1\n${'a'.repeat(16 * mib)}\n${'b'.repeat(16 * mib + 1)}\n${'é'.repeat(30 * mib)}\n5\n` });
      const { seen } = await readAll(await open());
      assert.deepEqual(seen.map((each) => [each.id.split(':')[1], each.reason, Buffer.byteLength(each.body), each.body[0]]), [
        ['1', null, 1, '1'],
        ['2', null, 16 * mib, 'a'],
        ['3', 'too_large', mib, 'b'],
        ['4', 'too_large', mib, 'é'],
        ['5', null, 1, '5'],
      ]);
    }));

    it('come in several batches when there are many, the last of which completes the file', () => inFolder(async (folder) => {
      const bodies = numbered(12_000, 1_000);
      const open = await filled(folder, { 'a.ndjson': lines(bodies) });
      const { seen, batches } = await readAll(await open());
      assert.deepEqual(bodiesOf(seen), bodies);
      const marks = batches.map((batch) => (batch.kind === 'lines' ? batch.mark : null));
      assert.ok(batches.length >= 3);
      assert.deepEqual(marks.map((mark) => mark?.complete), [...batches.slice(1).map(() => false), true]);
      assert.equal(marks.at(-1)?.lines, bodies.length);
    }));
  });

  describe('a file that was taken', () => {
    it('in part goes on behind the lines that were taken', () => inFolder(async (folder) => {
      const bodies = numbered(12_000, 1_000);
      const open = await filled(folder, { 'a.ndjson': lines(bodies) });
      const first = await firstBatch(await open());
      assert.equal(first.kind, 'lines');
      const mark = (first).mark;
      const { seen } = await readAll(await open({ taken: new Map([[mark.sha256, mark]]) }));
      assert.deepEqual([...seenIn(first), ...seen], (await readAll(await open())).seen);
      assert.equal(seen.length, bodies.length - mark.lines);
    }));

    it('is known by its content, under whatever name and however often', () => inFolder(async (folder) => {
      const open = await filled(folder, { 'a.ndjson': '1\n2\n', 'copy.ndjson': '1\n2\n' });
      const { seen, marks } = await readAll(await open());
      assert.equal(seen.length, 2);
      await rename(join(folder, 'in', 'a.ndjson'), join(folder, 'in', 'moved.ndjson'));
      assert.deepEqual((await readAll(await open({ taken: marks }))).seen, []);
    }));

    it('and has grown gives its new lines, numbered on', () => inFolder(async (folder) => {
      const open = await filled(folder, { 'a.ndjson': '1\n2\n' });
      const first = await readAll(await open());
      await appendFile(join(folder, 'in', 'a.ndjson'), '3\n4');
      const second = await readAll(await open({ taken: first.marks }));
      await appendFile(join(folder, 'in', 'a.ndjson'), '\n5\n');
      const third = await readAll(await open({ taken: new Map([...first.marks, ...second.marks]) }));
      const fileId = first.seen[0]!.id.split(':')[0]!;
      assert.deepEqual([...first.seen, ...second.seen, ...third.seen], [1, 2, 3, 4, 5].map((n) => ({ id: `${fileId}:${n}`, body: String(n), reason: null })));
    }));

    it('with an unfinished last line gives that line again when it is finished', () => inFolder(async (folder) => {
      const open = await filled(folder, { 'a.ndjson': '{"n":1}\n{"n"' });
      const first = await readAll(await open());
      await appendFile(join(folder, 'in', 'a.ndjson'), ':2}\n{"n":3}\n');
      const second = await readAll(await open({ taken: first.marks }));
      assert.deepEqual(bodiesOf(first.seen), ['{"n":1}', '{"n"']);
      assert.deepEqual(bodiesOf(second.seen), ['{"n":2}', '{"n":3}']);
    }));

    it('and now holds something else is a new file', () => inFolder(async (folder) => {
      const open = await filled(folder, { 'a.ndjson': '1\n2\n' });
      const first = await readAll(await open());
      await writeFile(join(folder, 'in', 'a.ndjson'), '3\n2\n9\n');
      const second = await readAll(await open({ taken: first.marks }));
      assert.deepEqual(bodiesOf(second.seen), ['3', '2', '9']);
      assert.notEqual(second.seen[0]!.id, first.seen[0]!.id);
    }));
  });

  describe('what can not be read', () => {
    it('of a .gz that is cut short leaves the lines before; the whole file goes on behind them', () => inFolder(async (folder) => {
      const bodies = noise(4_000);
      const whole = gzipSync(lines(bodies));
      const open = await filled(folder, { 'a.ndjson.gz': whole.subarray(0, whole.length / 2), 'b.ndjson': 'next\n' });
      const source = await open();
      const first = await readAll(source);
      const cut = first.seen.length - 1;
      assert.ok(cut > 1_000 && cut < 3_000);
      assert.deepEqual(bodiesOf(first.seen), [...bodies.slice(0, cut), 'next']);
      assert.deepEqual(source.failures.map(({ code, path, message }) => [code, path, message.includes(`after line ${cut}`)]), [['SOURCE_UNREADABLE', join(folder, 'in', 'a.ndjson.gz'), true]]);
      assert.deepEqual([...first.marks.values()].map((mark) => mark.complete), [false, true]);

      await writeFile(join(folder, 'in', 'a.ndjson.gz'), whole);
      const again = await open({ taken: first.marks });
      const second = await readAll(again);
      assert.deepEqual(bodiesOf(second.seen), bodies.slice(cut));
      assert.deepEqual(second.seen.map((each) => each.id)[0], `${first.seen[0]!.id.split(':')[0]!}:${cut + 1}`);
      assert.deepEqual(again.failures, []);
    }));

    it('of a damaged .gz leaves the lines before', () => inFolder(async (folder) => {
      const bodies = noise(20_000);
      const damaged = gzipSync(lines(bodies));
      damaged.fill(0xff, damaged.length - 10_000, damaged.length - 9_000);
      const source = await (await filled(folder, { 'a.ndjson.gz': damaged }))();
      const { seen } = await readAll(source);
      assert.ok(seen.length > 10_000 && seen.length < 20_000);
      assert.deepEqual(bodiesOf(seen), bodies.slice(0, seen.length));
      assert.equal(source.failures.length, 1);
    }));

    it('of an array without an end leaves its whole elements', () => inFolder(async (folder) => {
      const source = await (await filled(folder, { 'a.json': '[{"n":1},{"n":2},{"n":' }))();
      assert.deepEqual(bodiesOf((await readAll(source)).seen), ['{"n":1}', '{"n":2}']);
      assert.deepEqual(source.failures.map((failure) => failure.code), ['SOURCE_UNREADABLE']);
    }));

    it('is named, and the other files are read', () => inFolder(async (folder) => {
      const open = await filled(folder, { 'a.json/x.json': 'no\n', 'c.json': '1\n' });
      await symlink(join(folder, 'nowhere'), join(folder, 'in', 'b.json'));
      const source = await open();
      assert.deepEqual(bodiesOf((await readAll(source)).seen), ['1']);
      assert.deepEqual(source.failures.map(({ path, message }) => [path, message.includes('is a folder') || message.includes('has gone')]), [[join(folder, 'in', 'a.json'), true], [join(folder, 'in', 'b.json'), true]]);
    }));
  });

  describe('followed', () => {
    it('gives new files and new whole lines; an unfinished line and an unfinished array wait', () => inFolder(async (folder) => {
      const clock = new HeldClock();
      const stop = new AbortController();
      const open = await filled(folder, { 'a.ndjson': '1\n2' });
      const batches = (await open({ follow: true, clock })).batches(stop.signal)[Symbol.asyncIterator]();
      const marks: FileMark[] = [];
      const afterChange = async (change: () => Promise<void>): Promise<string[]> => {
        const next = batches.next();
        await clock.untilAsleep();
        await change();
        clock.move(1_000);
        const { value } = (await next) as IteratorYieldResult<Batch>;
        if (value.kind === 'lines') marks.push(value.mark);
        return bodiesOf(seenIn(value));
      };
      assert.deepEqual(bodiesOf(seenIn(((await batches.next()) as IteratorYieldResult<Batch>).value)), ['1']);
      assert.deepEqual(await afterChange(() => appendFile(join(folder, 'in', 'a.ndjson'), '2\n33')), ['22']);
      assert.deepEqual(await afterChange(async () => {
        await writeFile(join(folder, 'in', 'b.json'), '[{"n":1},\n{"n":2');
        await appendFile(join(folder, 'in', 'a.ndjson'), '\n');
      }), ['33']);
      assert.deepEqual(await afterChange(() => appendFile(join(folder, 'in', 'b.json'), '}]')), ['{"n":1}', '{"n":2}']);
      assert.deepEqual(marks.map((mark) => mark.lines), [2, 3, 2]);
      stop.abort();
      assert.equal((await batches.next()).done, true);
    }));

    it('keeps the number of a file that grows', () => inFolder(async (folder) => {
      const clock = new HeldClock();
      const stop = new AbortController();
      const open = await filled(folder, { 'a.ndjson': '1\n', 'b.ndjson': '1\n1\n' });
      const numbers: number[] = [];
      let step = 0;
      const changes = clockwork(clock, async () => {
        if (step++ === 0) await appendFile(join(folder, 'in', 'a.ndjson'), '2\n');
        else stop.abort();
      }, stop.signal);
      for await (const batch of (await open({ follow: true, clock })).batches(stop.signal)) {
        if (batch.kind === 'lines') numbers.push(batch.fileNumber);
      }
      await changes;
      assert.deepEqual(numbers, [1, 2, 1]);
    }));

    it('forgets a failure when the file is whole at last', () => inFolder(async (folder) => {
      const clock = new HeldClock();
      const stop = new AbortController();
      const whole = gzipSync(lines(noise(2_000)));
      const path = join(folder, 'in', 'a.ndjson.gz');
      const open = await filled(folder, { 'a.ndjson.gz': whole.subarray(0, whole.length / 2) });
      const source = await open({ follow: true, clock });
      const failures: number[] = [];
      const changes = clockwork(clock, async () => {
        failures.push(source.failures.length);
        if (failures.length === 1) await writeFile(path, whole);
        else stop.abort();
      }, stop.signal);
      const { seen } = await readAll(source, { signal: stop.signal });
      await changes;
      assert.deepEqual(failures, [1, 0]);
      assert.deepEqual(bodiesOf(seen), noise(2_000));
    }));
  });

  it('are not complete when they are cut while they are read', () => inFolder(async (folder) => {
    const open = await filled(folder, { 'a.ndjson': lines(numbered(20_000, 1_000)) });
    const source = await open();
    const marks: FileMark[] = [];
    for await (const batch of source.batches(new AbortController().signal)) {
      if (batch.kind === 'lines') marks.push(batch.mark);
      await truncate(join(folder, 'in', 'a.ndjson'), 0);
    }
    assert.equal(marks.some((mark) => mark.complete), false);
    assert.deepEqual(source.failures.map((failure) => failure.code), ['SOURCE_UNREADABLE']);
  }));
});

async function firstBatch(source: Source): Promise<Batch> {
  for await (const batch of source.batches(new AbortController().signal)) return batch;
  throw new Error('the source is empty');
}

/** Does something each time that somebody sleeps, then moves the clock on. */
async function clockwork(clock: HeldClock, work: () => Promise<void>, until: AbortSignal): Promise<void> {
  while (!until.aborted) {
    await clock.untilAsleep();
    await work();
    clock.move(1_000);
  }
}
