import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LakeError } from '../../src/errors.js';
import type { Session } from '../../src/lake/duckdb.js';
import type { Lake } from '../../src/lake/lake.js';
import { editDistance } from '../../src/query/failure.js';
import { parseStatement, type Statement } from '../../src/query/statement.js';
import { removeTemporaryFolders, temporaryFolder, testLake } from '../support/lake.js';

describe('parseStatement', () => {
  let lake: Lake;
  let session: Session;

  before(async () => {
    lake = testLake(temporaryFolder());
    session = await lake.session();
  });

  after(async () => {
    await lake.close();
    removeTemporaryFolders();
  });

  const parse = (sql: string): Promise<Statement> => parseStatement(session, sql, () => Promise.resolve([{ layer: 'gold', table: 'x' }]));

  it('finds the tables with a schema and leaves CTEs, texts and comments out', async () => {
    const { tables } = await parse(`
      WITH c AS (SELECT * FROM silver.event WHERE note <> 'FROM silver.no') -- FROM silver.neither
      SELECT * FROM c JOIN gold."List Metrics" USING (id) WHERE id IN (SELECT id FROM bronze.shop)`);
    assert.deepEqual(tables.map(({ layer, table }) => `${layer}.${table}`).sort(), ['bronze.shop', 'gold.List Metrics', 'silver.event']);
  });

  it('finds parameters, but not those in texts', async () => {
    const { parameters } = await parse("SELECT '$no' FROM silver.event WHERE event_date BETWEEN $since AND $until OR $since IS NULL");
    assert.deepEqual([...parameters].sort(), ['since', 'until']);
  });

  it('takes DESCRIBE, SUMMARIZE, VALUES and FROM-first as queries, and SHOW TABLES as one on all tables', async () => {
    for (const sql of ['DESCRIBE silver.event', 'SUMMARIZE silver.event', 'FROM silver.event']) assert.deepEqual((await parse(sql)).tables, [{ layer: 'silver', table: 'event' }]);
    assert.deepEqual((await parse('VALUES (1)')).tables, []);
    assert.deepEqual((await parse('SHOW TABLES')).tables, [{ layer: 'gold', table: 'x' }]);
  });

  it('refuses everything that is not exactly one query', async () => {
    const refused = [
      "COPY silver.event TO '/tmp/x'", "ATTACH '/tmp/x.db'", 'INSTALL httpfs', 'SET threads = 1', 'CREATE TABLE x (a INT)', 'INSERT INTO x VALUES (1)',
      'EXPLAIN SELECT 1', 'PRAGMA version', 'SELECT 1; SELECT 2', "SELECT 1; COPY x TO '/tmp/x'", '', ' -- nothing', ';',
    ];
    for (const sql of refused) await assert.rejects(parse(sql), (error) => error instanceof LakeError && error.code === 'USAGE', sql);
  });

  it('says where the SQL is wrong', async () => {
    await assert.rejects(parse("SELECT 1\nFROM silver.event WHERE\n) TO '/tmp/x' --"), (error) => error instanceof LakeError && error.code === 'QUERY_FAILED' && /LINE 3: /.test(error.message));
  });

  it('cuts closing semicolons whatever stands around them, and no others', async () => {
    const filler = fc.array(fc.constantFrom(';', ' ', '\n', '-- ; c\n', '/* ; */'), { maxLength: 6 }).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom("SELECT ';' AS a", 'SELECT 1 AS ";"', 'SELECT 1 /* ; */ + 1', 'SELECT $$;$$'), filler, async (query, tail) => {
        const { text } = await parse(`${query}${tail}`);
        assert.ok(text.startsWith(query));
        assert.equal((await session.rows(`SELECT * FROM (${text}\n) AS result`)).length, 1);
      }),
      { seed: 7, numRuns: 60 },
    );
  });

  it('keeps the SQL of a chain of a thousand conditions', async () => {
    const sql = `SELECT 1 FROM silver.event WHERE ${Array.from({ length: 1000 }, (_, index) => `a <> ${index}`).join(' AND ')}`;
    assert.equal((await parse(sql)).text, sql);
  });
});

describe('editDistance', () => {
  it('counts insertions, deletions and replacements', () => {
    assert.deepEqual([editDistance('event', 'event'), editDistance('evnt', 'event'), editDistance('', 'abc'), editDistance('kitten', 'sitting')], [0, 1, 3, 3]);
  });
});
