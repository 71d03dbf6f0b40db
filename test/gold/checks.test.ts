import assert from 'node:assert/strict';
import { join } from 'node:path';
import { LakeError } from '../../src/errors.js';
import { failedChecks, type FailedCheck } from '../../src/gold/checks.js';
import { buildSteps, dropSteps, materialize } from '../../src/gold/execute.js';
import type { Check, Model } from '../../src/gold/model.js';
import { Session } from '../../src/lake/duckdb.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';

const model = (checks: readonly Check[], sql = 'SELECT 1 AS one'): Model => ({ name: 'sales', path: 'gold/sales.sql', sql, steps: [], grain: ['id'], partitionBy: ['day'], checks });
const dates = { since: '2026-03-01', until: '2026-03-02' };

describe('a model\'s run', () => {
  let session: Session;

  beforeEach(async () => {
    session = await Session.open({ memoryLimitBytes: 1e9, threads: 1, spillDir: join(temporaryFolder(), 'spill') });
  });

  afterEach(() => {
    session.close();
    removeTemporaryFolders();
  });

  /** What one check says of these rows. */
  async function check(kind: Check['kind'], columns: readonly string[], rows: string): Promise<FailedCheck[]> {
    await session.run(`CREATE OR REPLACE TEMP TABLE gold_rows AS ${rows}`);
    return failedChecks(session, model([{ kind, columns }]), 'gold_rows');
  }

  it('fails on rows with the same key, each told once with its copies', async () => {
    const rows = "SELECT * FROM (VALUES (1, 'a'), (2, 'a'), (2, 'b'), (2, 'a'), (NULL, 'a'), (NULL, 'a')) AS v(id, day)";
    assert.deepEqual(await check('unique', ['id', 'day'], `${rows} WHERE id = 1`), []);
    const [failure] = await check('unique', ['id', 'day'], rows);
    assert.equal(failure?.message, 'unique(id, day)');
    assert.deepEqual(new Set(failure.rows.map((row) => JSON.stringify(row))), new Set(['{"id":2,"day":"a","copies":"2"}', '{"id":null,"day":"a","copies":"2"}']));
    assert.equal(failure.rows.length, 2);
  });

  it('fails on a null in any of the columns', async () => {
    const rows = "SELECT * FROM (VALUES (1, 'a'), (2, NULL), (NULL, 'c')) AS v(id, day)";
    assert.deepEqual(await check('not_null', ['id', 'day'], `${rows} WHERE id = 1`), []);
    const failures = await check('not_null', ['id', 'day'], rows);
    assert.equal(failures.length, 1);
    assert.equal(failures[0]?.rows.length, 2);
  });

  it('fails on a ratio outside 0 to 1, and on one that is no number, but not on null', async () => {
    assert.deepEqual(await check('ratio', ['rate'], "SELECT * FROM (VALUES (0.0::DOUBLE), (1), (0.5), (NULL)) AS v(rate)"), []);
    for (const wrong of ['-0.000001', '1.000001', "'NaN'", "'Infinity'"]) {
      const failures = await check('ratio', ['rate', 'other'], `SELECT CAST(${wrong} AS DOUBLE) AS other, 0.5 AS rate`);
      assert.equal(failures[0]?.rows.length, 1, wrong);
    }
  });

  it('fails on a row in which a later column is greater than the one before it', async () => {
    assert.deepEqual(await check('descending', ['a', 'b', 'c'], 'SELECT * FROM (VALUES (3, 2, 1), (2, 2, 2), (1, NULL, 5)) AS v(a, b, c)'), []);
    const [failure] = await check('descending', ['a', 'b', 'c'], 'SELECT * FROM (VALUES (3, 2, 1), (1, 2, 0), (3, 1, 2)) AS v(a, b, c)');
    assert.equal(failure?.message, 'descending(a, b, c)');
    assert.equal(failure.rows.length, 2);
  });

  it('tells every check that fails, with five rows at most', async () => {
    await session.run('CREATE TEMP TABLE gold_rows AS SELECT i AS id, NULL AS day FROM range(20) AS r(i)');
    const failures = await failedChecks(session, model([{ kind: 'not_null', columns: ['day'] }, { kind: 'unique', columns: ['id'] }, { kind: 'ratio', columns: ['id'] }]), 'gold_rows');
    assert.deepEqual(failures.map(({ message, rows }) => [message, rows.length]), [['not_null(day)', 5], ['ratio(id)', 5]]);
  });

  it('names the model\'s file when a check asks for a column that is not there', async () => {
    await assert.rejects(
      check('not_null', ['nowhere'], 'SELECT 1 AS id'),
      (error) => error instanceof LakeError && error.code === 'DATASET_INVALID' && error.path === 'gold/sales.sql' && error.message.includes('not_null(nowhere)'),
    );
  });

  it('names the model\'s file when its SQL fails', async () => {
    await assert.rejects(
      materialize(session, model([], 'SELECT nowhere'), 'gold_rows', dates),
      (error) => error instanceof LakeError && error.code === 'QUERY_FAILED' && error.path === 'gold/sales.sql',
    );
  });

  it('makes the steps in order as tables of the dates asked for, again when asked again, and takes them away', async () => {
    const first = { ...model([], 'SELECT CAST($since AS DATE) AS day'), name: 'first' };
    const second = { ...model([], 'SELECT day, CAST($until AS DATE) AS until FROM first'), name: 'second' };
    const models = { steps: [first, second], models: [] };
    await buildSteps(session, models, { since: '2026-01-01', until: '2026-01-01' });
    await buildSteps(session, models, dates);
    assert.deepEqual(await session.rows('SELECT * FROM second'), [{ day: '2026-03-01', until: '2026-03-02' }]);
    await dropSteps(session, models);
    assert.deepEqual(await session.rows('SELECT table_name FROM duckdb_tables()'), []);
  });
});
