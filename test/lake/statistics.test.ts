import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { write } from '../../src/engines/duckdb.js';
import type { Lake } from '../../src/lake/lake.js';
import type { TableSpec } from '../../src/lake/schema.js';
import type { ColumnStatistics } from '../../src/lake/staged.js';
import { fileStatistics, recordsOf } from '../../src/lake/statistics.js';
import { removeTemporaryFolders, temporaryFolder, testLake } from '../support/lake.js';

/** More rows than a row group has. */
const rows = 300_000;

function spec(name: string, type: string): TableSpec {
  return { layer: 'silver', table: 'event', columns: [{ name, type }], partitionBy: ['platform'], statistics: [name], anchor: 'silver/event' };
}

describe('the statistics of a file', () => {
  let lake: Lake;
  before(() => {
    lake = testLake(temporaryFolder());
  });
  after(async () => {
    await lake.close();
    removeTemporaryFolders();
  });

  /** Of one file of several row groups whose column `x` is an expression over the row's number `i`. */
  async function statisticsOf(expression: string, type: string): Promise<string> {
    const select = `SELECT CAST(${expression} AS ${type}) AS x, 'IOS' AS platform FROM (SELECT unnest(range(${rows})) AS i) ORDER BY i`;
    const files = await write(await lake.session(), select, { partitionBy: ['platform'], stagingDir: `${temporaryFolder()}/staging` });
    assert.equal(files.length, 1);
    return fileStatistics(files[0]!, spec('x', type));
  }

  function bounds(min: string, max: string, nulls = 0): string {
    return `{"numRecords":${rows},"minValues":{"x":${min}},"maxValues":{"x":${max}},"nullCount":{"x":${nulls}}}`;
  }
  const none = `{"numRecords":${rows}}`;

  it('hold whole numbers beyond 2^53 to the digit', async () => {
    assert.equal(await statisticsOf('9223372036854775807 - i', 'BIGINT'), bounds('9223372036854475808', '9223372036854775807'));
    assert.equal(await statisticsOf('i - 5', 'INTEGER'), bounds('-5', '299994'));
  });

  it('hold decimals exactly', async () => {
    assert.equal(await statisticsOf('i / 4.0 - 2', 'DECIMAL(18,4)'), bounds('-2.0000', '74997.7500'));
    assert.equal(await statisticsOf('99999999999999999999999999999999.1234 - i', 'DECIMAL(38,4)'), bounds('99999999999999999999999999700000.1234', '99999999999999999999999999999999.1234'));
  });

  it('hold instants to the microsecond and dates', async () => {
    assert.equal(await statisticsOf('make_timestamptz(1772366400000000 + i)', 'TIMESTAMP WITH TIME ZONE'), bounds('"2026-03-01T12:00:00.000000Z"', '"2026-03-01T12:00:00.299999Z"'));
    assert.equal(await statisticsOf("DATE '2026-03-01' + CAST(i % 30 AS INTEGER)", 'DATE'), bounds('"2026-03-01"', '"2026-03-30"'));
  });

  it('leave out instants and dates that readers do not parse', async () => {
    assert.equal(await statisticsOf("CASE WHEN i = 7 THEN '12026-03-01' ELSE '2026-03-01' END", 'DATE'), none);
    assert.equal(await statisticsOf("CASE WHEN i = 7 THEN 'infinity' ELSE '2026-03-01' END", 'TIMESTAMP WITH TIME ZONE'), none);
    assert.equal(await statisticsOf("CASE WHEN i = 7 THEN '12026-03-01' ELSE '2026-03-01' END", 'TIMESTAMP WITH TIME ZONE'), none);
  });

  it('hold texts with quotes, line ends and letters of any script', async () => {
    assert.equal(await statisticsOf(`CASE WHEN i = 200000 THEN 'ñ "q" \\\\' || chr(10) || '日本 🎉' ELSE 'a' || i END`, 'VARCHAR'), bounds('"a0"', JSON.stringify('ñ "q" \\\\\n日本 🎉')));
  });

  it('count nulls, and are left out where a row group has nothing but nulls', async () => {
    assert.equal(await statisticsOf('CASE WHEN i % 3 = 0 THEN NULL ELSE i END', 'BIGINT'), bounds('1', '299999', 100_000));
    assert.equal(await statisticsOf('CASE WHEN i < 150000 THEN NULL ELSE i END', 'BIGINT'), none);
  });

  it('leave out numbers that may hide a NaN', async () => {
    assert.equal(await statisticsOf("CASE WHEN i = 7 THEN CAST('NaN' AS DOUBLE) ELSE i END", 'DOUBLE'), none);
    assert.equal(await statisticsOf('i % 2 = 0', 'BOOLEAN'), none);
  });

  const longTexts = {
    'ends in one row group': "CASE WHEN i = 200000 THEN repeat('z', 1000) ELSE 'b' || i END",
    'is 256 bytes long': "CASE WHEN i = 5 THEN repeat('z', 256) ELSE 'b' || i END",
    'is 257 bytes long': "CASE WHEN i = 5 THEN repeat('z', 257) ELSE 'b' || i END",
    'is cut inside a letter': "CASE WHEN i = 200000 THEN repeat('z', 255) || 'é' ELSE 'b' || i END",
    'is of letters of two bytes': "CASE WHEN i = 200000 THEN repeat('é', 300) ELSE 'b' || i END",
    'is of letters of four bytes': "CASE WHEN i = 5 THEN repeat('🎉', 100) ELSE 'b' || i END",
    'can not be raised': "CASE WHEN i = 200000 THEN repeat(chr(127), 300) ELSE 'b' || i END",
    'is the least': "CASE WHEN i = 200000 THEN 'a' || repeat('é', 300) ELSE 'b' || i END",
    'is everywhere': "repeat('y', 300) || i",
  };
  for (const [what, expression] of Object.entries(longTexts)) {
    it(`bound a long text that ${what} from both sides, or say nothing`, async () => {
      const statistics = JSON.parse(await statisticsOf(expression, 'VARCHAR')) as { minValues?: { x: string }; maxValues?: { x: string } };
      const [truth] = await (await lake.session()).rows(`SELECT min(x) AS least, max(x) AS greatest FROM (SELECT ${expression} AS x FROM (SELECT unnest(range(${rows})) AS i))`);
      const [min, max] = [statistics.minValues?.x, statistics.maxValues?.x];
      assert.equal(min === undefined, max === undefined);
      if (min !== undefined) assert.ok(Buffer.compare(Buffer.from(min), Buffer.from(String(truth?.['least']))) <= 0, 'the minimum is not too great');
      if (max !== undefined) assert.ok(Buffer.compare(Buffer.from(max), Buffer.from(String(truth?.['greatest']))) >= 0, 'the maximum is not too small');
    });
  }

  it('are for every listed column or for none', () => {
    const known = { min: '1', max: '2', nullCount: 0 };
    const columns = new Map<string, ColumnStatistics>([
      ['a', known],
      ['b', { ...known, max: null }],
    ]);
    const file = { path: '/x', partition: {}, rows: 3, bytes: 1, columns };
    const both: TableSpec = { ...spec('a', 'BIGINT'), columns: [{ name: 'a', type: 'BIGINT' }, { name: 'b', type: 'BIGINT' }] };
    assert.equal(fileStatistics(file, { ...both, statistics: ['a', 'b'] }), '{"numRecords":3}');
    assert.equal(fileStatistics(file, { ...both, statistics: ['a', 'absent'] }), '{"numRecords":3}');
    assert.equal(fileStatistics(file, { ...both, statistics: [] }), '{"numRecords":3}');
    assert.equal(fileStatistics(file, { ...both, statistics: ['a'] }), '{"numRecords":3,"minValues":{"a":1},"maxValues":{"a":2},"nullCount":{"a":0}}');
  });

  it('of others give the number of rows, or nothing when they are absent or torn', () => {
    assert.deepEqual(['{"numRecords":3}', '{}', '', null, undefined, '{"numRec', 'null'].map(recordsOf), [3, null, null, null, null, null, null]);
  });
});

describe('a data file', () => {
  after(removeTemporaryFolders);

  it('is read by hyparquet to the value, without the partition columns, and is closed', async () => {
    const lake = testLake(temporaryFolder());
    const select = "SELECT 9007199254740993 + i AS n, 'ñ ' || i AS name, make_timestamptz(1772366400000001) AS at, CAST(i + 0.25 AS DECIMAL(18,4)) AS amount, 'São' AS platform FROM (SELECT unnest(range(3)) AS i) ORDER BY i";
    const [file] = await write(await lake.session(), select, { partitionBy: ['platform'], stagingDir: `${temporaryFolder()}/staging` });
    await lake.close();
    assert.ok(file);
    assert.equal(readFileSync(file.path).subarray(-4).toString(), 'PAR1');
    const read = await parquetReadObjects({ file: await asyncBufferFromFile(file.path), compressors });
    assert.deepEqual(
      read.map((row) => ({ ...row, at: (row['at'] as Date).toISOString(), amount: Number(Number(row['amount']).toFixed(4)) })),
      [0, 1, 2].map((i) => ({ n: 9007199254740993n + BigInt(i), name: `ñ ${i}`, at: '2026-03-01T12:00:00.000Z', amount: i + 0.25 })),
    );
    assert.deepEqual(file.partition, { platform: 'São' });
    assert.equal(file.rows, 3);
  });
});
