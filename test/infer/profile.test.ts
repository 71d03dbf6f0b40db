import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../src/commands/profile.js';
import { profileFiles, profileLines, profileTable, type ColumnProfile, type Profile } from '../../src/infer/profile.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { eventBody, linesFile, withPipeline } from '../support/pipeline.js';
import { carryOut, readingOptions } from './harness.js';

const lines = [
  '{"id":1,"who":{"name":"Ann","tags":["a","b"]},"score":10,"seen":"2026-01-02T10:00:00Z"}',
  '{"id":2,"who":{"name":"Bob","tags":[]},"score":9.5,"seen":"2026-01-01T10:00:00Z"}',
  '{"id":3,"who":{"name":"Ann"},"score":"many"}',
  '{"id":4,"who":null,"score":null}',
  'no json',
];

function columnOf({ columns }: Profile, column: string, table = ''): ColumnProfile {
  const found = columns.find((each) => each.column === column && each.table === table);
  assert.ok(found !== undefined, `${column} is not there`);
  return found;
}

describe('a profile', () => {
  after(removeTemporaryFolders);

  it('counts types, nulls, missing and distinct values, range and top values of each path, arrays by themselves', async () => {
    const profile = await profileFiles(linesFile(lines), readingOptions());
    assert.deepEqual([profile.rows, profile.others], [4, { not_json: 1 }]);
    assert.deepEqual(profile.columns.map(({ table, column }) => [table, column]), [['', 'id'], ['', 'who'], ['', 'who_name'], ['', 'who_tags'], ['', 'score'], ['', 'seen'], ['who.tags', '[]']]);
    assert.deepEqual(columnOf(profile, 'who_name'), {
      table: '', column: 'who_name', key: '/who/name', types: [{ type: 'text', rows: 3 }], reads: 'text', rows: 4, nulls: 0, missing: 1, distinct: 2, exact: true, least: 'Ann', greatest: 'Bob', top: [{ value: 'Ann', rows: 2 }],
    });
    const { types, nulls, missing } = columnOf(profile, 'score');
    assert.deepEqual([types, nulls, missing], [[{ type: 'integer', rows: 1 }, { type: 'number', rows: 1 }, { type: 'text', rows: 1 }], 1, 0]);
    const seen = columnOf(profile, 'seen');
    assert.deepEqual([seen.reads, seen.missing, seen.least], ['timestamp', 2, '2026-01-01T10:00:00Z']);
    assert.deepEqual([columnOf(profile, '[]', 'who.tags').rows, columnOf(profile, '[]', 'who.tags').distinct], [2, 2]);
  });

  it('is the same of lines, of an array, packed, from stdin, and of many files', async () => {
    const good = lines.slice(0, 4);
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'array.json'), `[${good.join(',\n')}]`);
    writeFileSync(join(folder, 'packed.ndjson.gz'), gzipSync(`${good.join('\n')}\n`));
    linesFile(good.slice(0, 2), 'first.ndjson', folder);
    linesFile(good.slice(2), 'second.ndjson', folder);
    const { columns } = await profileFiles(linesFile(good), readingOptions());
    for (const from of ['array.json', 'packed.ndjson.gz', '{first,second}.ndjson']) assert.deepEqual((await profileFiles(join(folder, from), readingOptions())).columns, columns, from);
    assert.deepEqual((await profileFiles('-', readingOptions(undefined, `${good.join('\n')}\n`))).columns, columns);
  });

  it('counts the lines that it does not look at', async () => {
    const profile = await profileFiles(linesFile(['{"a":1}', Buffer.from([0x7b, 0xff, 0x7d]), '{"a":"\u0000"}', '']), readingOptions());
    assert.deepEqual([profile.rows, profile.others], [1, { empty: 1, left_out: 2 }]);
  });

  it('of CSV says what texts are read as, and takes empty fields for missing ones', async () => {
    const profile = await profileFiles(linesFile(['day,amount,code', '31/01/2026,9,007', '1/2/2026,10.5,008', '2/2/2026,,009', '3/2/2026,1'], 'in.csv'), readingOptions());
    assert.deepEqual([profile.rows, profile.others], [3, { array: 1 }]);
    assert.deepEqual(profile.columns.map(({ column, reads, missing, least, greatest }) => [column, reads, missing, least, greatest]), [
      ['day', 'date %d/%m/%Y', 0, '2026-01-31', '2026-02-02'], ['amount', 'money', 1, '9', '10.5'], ['code', 'text', 0, '007', '009'],
    ]);
  });

  it('estimates the distinct values of columns that have very many, and says so', async () => {
    const profile = await profileFiles(linesFile(Array.from({ length: 60_000 }, (_each, index) => `{"n":${index},"often":${index < 1000 ? 5 : index}}`)), readingOptions());
    const { exact, distinct, least, greatest } = columnOf(profile, 'n');
    assert.deepEqual([exact, least, greatest], [false, '0', '59999']);
    assert.ok(Math.abs(distinct - 60_000) < 6_000);
    assert.deepEqual(columnOf(profile, 'often').top[0], { value: '5', rows: 1000 });
    assert.match(profileLines(profile, null).join('\n'), /~[56]\d,\d{3}[^]*~ an estimate/);
  });

  it('of a table of the lake has its columns with their types', () =>
    withPipeline(async (pipeline) => {
      await pipeline.land(linesFile([eventBody(), eventBody({ user_id: 'u2' }), eventBody({ user_id: 'u2', event_name: 'purchase' })]));
      await pipeline.silver();
      const profile = await profileTable(pipeline.lake, 'silver', 'event', new AbortController().signal);
      assert.equal(profile.rows, 3);
      const { types, nulls, distinct, top } = columnOf(profile, 'user_id');
      assert.deepEqual([types, nulls, distinct, top], [[{ type: 'VARCHAR', rows: 3 }], 0, 2, [{ value: 'u2', rows: 2 }]]);
      const { least, types: timeTypes } = columnOf(profile, 'event_timestamp');
      assert.deepEqual([least, timeTypes[0]?.type], ['2026-01-02T10:00:00.000000Z', 'TIMESTAMP WITH TIME ZONE']);
      await assert.rejects(profileTable(pipeline.lake, 'silver', 'absent', new AbortController().signal), { code: 'QUERY_FAILED' });
    }));

  it('is printed as aligned tables, long texts cut and what steers a terminal written out', async () => {
    const { status, lines: shown } = await carryOut(run, [linesFile([JSON.stringify({ text: `\u001b[31m${'x'.repeat(80)}`, n: 1 })])], {});
    assert.equal(status, 0);
    assert.match(shown[0] ?? '', /: 1 row$/);
    assert.match(shown[2] ?? '', /^column {2}type +reads as +nulls {2}missing {2}distinct {2}least +greatest +most often$/);
    assert.match(shown[4] ?? '', /^text +text +text +0 +0 +1 +\\u001b\[31mx+… /);
    await assert.rejects(carryOut(run, [], {}), { code: 'USAGE' });
  });
});
