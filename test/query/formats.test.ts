import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { tableFromIPC } from 'apache-arrow';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { LakeError } from '../../src/errors.js';
import type { Lake } from '../../src/lake/lake.js';
import { exportQuery, type ExportFormat } from '../../src/query/spool.js';
import { previewQuery, tableLines } from '../../src/query/table.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { smallLake } from '../support/small-lake.js';

const events = 'FROM silver.event ORDER BY event_id DESC';
const oddities = `
  SELECT 9007199254740993::BIGINT AS big, 170141183460469231731687303715884105727::HUGEINT AS huge, 99999999999999999999.123456::DECIMAL(38,6) AS exact, 0.1::DOUBLE AS double,
    'nan'::DOUBLE AS nan, E'a "b",\\nc' AS text, '' AS empty, NULL::VARCHAR AS nothing, true AS yes, TIMESTAMP '2026-01-31 01:02:03' AS wall, 1 AS same, 2 AS same,
    [1.50, NULL]::DECIMAL(9,2)[] AS list, {'at': TIMESTAMPTZ '2026-01-31 00:00:00Z', 'maps': [MAP {'k': 'inf'::DOUBLE}]} AS nested, uuid() IS NULL AS no`;
const oddColumns = 'big,huge,exact,double,nan,text,empty,nothing,yes,wall,same,same_1,list,nested,no';

describe('exportQuery', () => {
  let lake: Lake;

  before(async () => {
    lake = await smallLake(temporaryFolder());
  });

  after(async () => {
    await lake.close();
    removeTemporaryFolders();
  });

  async function bytesOf(sql: string, format: ExportFormat): Promise<Buffer> {
    const output = new PassThrough();
    const [bytes] = await Promise.all([buffer(output), exportQuery(lake, { sql }, format, output).finally(() => output.end())]);
    return bytes;
  }
  const textOf = async (sql: string, format: ExportFormat): Promise<string> => (await bytesOf(sql, format)).toString('utf8');

  it('writes CSV with a header, UTC timestamps, nested values as JSON, and null apart from the empty text', async () => {
    assert.equal(await textOf(events, 'csv'), [
      'event_id,event_date,platform,user_id,event_timestamp,item_count,issues',
      'c,2026-01-31,,,2026-01-31T11:00:00.000000Z,0,',
      'b,2026-01-31,ANDROID,u2,2026-01-31T10:00:00.000000Z,9007199254740993,[]',
      'a,2026-01-30,IOS,u1,2026-01-30T23:59:59.123456Z,2,"[""late"",""odd \\""price\\""""]"',
      '',
    ].join('\n'));
    const row = '9007199254740993,170141183460469231731687303715884105727,99999999999999999999.123456,0.1,nan,"a ""b"",\nc","",,true,2026-01-31T01:02:03.000000,1,2,"[""1.50"",null]","{""at"":""2026-01-31T00:00:00.000000Z"",""maps"":[{""k"":""inf""}]}",false';
    assert.equal(await textOf(oddities, 'csv'), `${oddColumns}\n${row}\n`);
  });

  it('writes JSON that is valid and exact', async () => {
    const line = '{"big":9007199254740993,"huge":170141183460469231731687303715884105727,"exact":99999999999999999999.123456,"double":0.1,"nan":"nan","text":"a \\"b\\",\\nc","empty":"","nothing":null,"yes":true,"wall":"2026-01-31T01:02:03.000000","same":1,"same_1":2,"list":["1.50",null],"nested":{"at":"2026-01-31T00:00:00.000000Z","maps":[{"k":"inf"}]},"no":false}';
    assert.equal(await textOf(oddities, 'ndjson'), `${line}\n`);
    assert.equal(await textOf(`${oddities} UNION ALL ${oddities}`, 'json'), `[${line},${line}]\n`);
    assert.equal(await textOf('FROM gold.session', 'json'), '[]\n');
    assert.equal(await textOf('FROM gold.session', 'ndjson'), '');
    assert.deepEqual(JSON.parse(await textOf('SELECT item_params FROM silver.item_event ORDER BY item_index', 'json')), [{ item_params: { in_stock: '1', note: 'a,b' } }, { item_params: null }]);
  });

  it('writes a JSON array of many chunks, in the order of the query', async () => {
    const rows = JSON.parse(await textOf("SELECT i, repeat('é', 20) AS t FROM range(50000) AS r (i) ORDER BY i DESC", 'json')) as { i: number; t: string }[];
    assert.equal(rows.length, 50_000);
    assert.ok(rows.every((row, index) => row.i === 49_999 - index && row.t === 'é'.repeat(20)));
  });

  it('keeps the order of the query in every format', async () => {
    const sql = 'SELECT i FROM range(300000) AS r (i) ORDER BY hash(i)';
    const expected = (await textOf(sql, 'csv')).trim().split('\n').slice(1);
    assert.equal(new Set(expected).size, 300_000);
    assert.deepEqual((await textOf(sql, 'ndjson')).trim().split('\n').map((line) => line.slice(5, -1)), expected);
    const arrow = tableFromIPC(await bytesOf(sql, 'arrow'));
    assert.ok(arrow.batches.length > 1 && arrow.batches.every((batch) => batch.numRows <= 16_384));
    assert.deepEqual(Array.from(arrow.getChild('i') ?? [], String), expected);
  });

  it('writes Arrow with types that keep the values', async () => {
    const table = tableFromIPC(await bytesOf(events, 'arrow'));
    assert.deepEqual(table.schema.fields.map((field) => `${field.name} ${String(field.type)}`), [
      'event_id Utf8', 'event_date Date32<DAY>', 'platform Utf8', 'user_id Utf8', 'event_timestamp Timestamp<MICROSECOND, UTC>', 'item_count Int64', 'issues Utf8',
    ]);
    assert.deepEqual(Array.from(table.getChild('item_count') ?? []), [0n, 9007199254740993n, 2n]);
    assert.deepEqual(Array.from(table.getChild('platform') ?? []), [null, 'ANDROID', 'IOS']);
    assert.equal((table.getChild('event_timestamp')?.data[0]?.values as BigInt64Array)[2], BigInt(Date.parse('2026-01-30T23:59:59Z')) * 1000n + 123_456n);
    const money = tableFromIPC(await bytesOf('SELECT -price AS price FROM silver.item_event ORDER BY item_index', 'arrow'));
    assert.equal(String(money.schema.fields[0]?.type), 'Decimal[18e+4]');
    assert.deepEqual([...new BigInt64Array((money.getChild('price')?.data[0]?.values as Uint32Array).slice().buffer)], [-125_000n, -1n, -999_999_999_999_999_999n, -1n]);
    assert.deepEqual(tableFromIPC(await bytesOf('FROM gold.session', 'arrow')).schema.fields.map(({ name }) => name), ['event_date', 'platform', 'revenue']);
    const odd = tableFromIPC(await bytesOf('SELECT true AS b, 1::TINYINT AS t, 2::USMALLINT AS u, 1.5::FLOAT AS f, \'\\x00\\x01\'::BLOB AS x, TIME \'01:02:03\' AS c, NULL::BOOLEAN AS n', 'arrow'));
    assert.deepEqual(odd.get(0)?.toJSON(), { b: true, t: 1, u: 2, f: 1.5, x: Uint8Array.of(0, 1), c: '01:02:03', n: null });
  });

  it('writes Parquet that another reader reads, sums of integers exactly', async () => {
    const bytes = await bytesOf('SELECT event_id, event_date, sum(item_count) AS total, any_value(event_timestamp) AS at FROM silver.event GROUP BY ALL ORDER BY ALL', 'parquet');
    const rows = await parquetReadObjects({ file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer, compressors });
    assert.deepEqual(rows.map((row): unknown => row['event_id']), ['a', 'b', 'c']);
    assert.equal((rows[0]?.['at'] as Date).toISOString(), '2026-01-30T23:59:59.123Z');
    assert.equal(await textOf("SELECT typeof(sum(item_count)) AS t FROM silver.event", 'csv'), 't\nHUGEINT\n');
    assert.ok(Number(rows[1]?.['total']) >= 2 ** 53);
  });

  it('writes nothing when the query fails in the middle', async () => {
    for (const format of ['csv', 'json', 'ndjson', 'arrow', 'parquet'] as const) {
      const output = new PassThrough();
      await assert.rejects(exportQuery(lake, { sql: "SELECT CASE WHEN i = 400000 THEN error('boom') ELSE i::VARCHAR END AS v FROM range(500000) AS r (i)" }, format, output), (error) => error instanceof LakeError && error.code === 'QUERY_FAILED' && error.message.includes('boom'));
      assert.equal(output.readableLength, 0, format);
    }
  });

  it('takes a reader that closes early for no error', async () => {
    for (const format of ['csv', 'json', 'arrow'] as const) {
      const output = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => done(Object.assign(new Error('closed'), { code: 'EPIPE' })) });
      assert.equal(await exportQuery(lake, { sql: 'FROM range(200000)' }, format, output), 200_000, format);
    }
  });

  it('waits for a slow reader', async () => {
    let waiting = 0;
    let most = 0;
    const output = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, done) => {
        most = Math.max(most, ++waiting);
        setImmediate(() => {
          waiting--;
          done();
        });
      },
    });
    await exportQuery(lake, { sql: 'FROM range(100000)' }, 'csv', output);
    assert.equal(most, 1);
    assert.ok(output.writableLength < 70_000);
  });
});

describe('the table format', () => {
  let lake: Lake;

  before(async () => {
    lake = await smallLake(temporaryFolder());
  });

  after(async () => {
    await lake.close();
    removeTemporaryFolders();
  });

  const linesOf = async (sql: string, maxRows: number, widthChars: number | null): Promise<string[]> => tableLines(await previewQuery(lake, { sql }, maxRows), widthChars);

  it('aligns columns, numbers to the right, and shows nulls', async () => {
    assert.deepEqual(await linesOf('SELECT event_id, item_count, platform, item_count / 2 AS half FROM silver.event ORDER BY 1', 10, null), [
      'event_id        item_count  platform                half',
      '────────  ────────────────  ────────  ──────────────────',
      'a                        2  IOS                      1.0',
      'b         9007199254740993  ANDROID   4503599627370496.0',
      'c                        0  NULL                     0.0',
    ]);
  });

  it('shows the first rows in the order of the query and counts all', async () => {
    const preview = await previewQuery(lake, { sql: 'SELECT i FROM range(12445) AS r (i) ORDER BY i DESC' }, 100);
    assert.equal(preview.totalRows, 12_445);
    assert.deepEqual(preview.rows.map(([cell]) => cell), Array.from({ length: 100 }, (_, index) => String(12_444 - index)));
    assert.equal((await previewQuery(lake, { sql: 'FROM range(100)' }, 100)).rows.length, 100);
  });

  it('fits a terminal: leaves the last columns out by name and cuts long cells', async () => {
    const lines = await linesOf("SELECT 1 AS a, repeat('x', 100) AS long, 2 AS b, 3 AS c", 10, 65);
    assert.ok(lines.slice(0, -1).every((line) => line.length <= 65));
    assert.equal(lines[2], `1  ${'x'.repeat(59)}…`);
    assert.equal(lines.at(-1), '… more columns: b, c');
  });

  it('writes control characters out', async () => {
    assert.equal((await linesOf("SELECT E'a\\nb\\t' || chr(27) || '[2J' AS v", 10, null))[2], 'a\\nb\\t\\u001b[2J');
  });

  it('lists tables and describes one', async () => {
    assert.deepEqual((await linesOf('SHOW TABLES', 10, null)).slice(2).map((line) => line.split(' ')[0]), ['silver.event', 'silver.item_event', 'gold.session']);
    assert.deepEqual((await previewQuery(lake, { sql: 'DESCRIBE silver.event' }, 10)).rows.map(([name]) => name), ['event_id', 'event_date', 'platform', 'user_id', 'event_timestamp', 'item_count', 'issues']);
  });
});
