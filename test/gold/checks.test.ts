import assert from 'node:assert/strict';
import { join } from 'node:path';
import { LakeError } from '../../src/errors.js';
import { checkAccepted, failedChecks, failedRowCount, tellFailures, type FailedCheck } from '../../src/gold/checks.js';
import { buildGold } from '../../src/gold/gold.js';
import { buildSteps, dropSteps, materialize } from '../../src/gold/execute.js';
import type { Check, Model } from '../../src/gold/model.js';
import { Session } from '../../src/lake/duckdb.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { datasetsDir, eventBody, linesFile, withPipeline } from '../support/pipeline.js';

const model = (checks: readonly Check[], sql = 'SELECT 1 AS one'): Model => ({ name: 'sales', path: 'gold/sales.sql', sql, steps: [], refresh: 'date', key: [], dates: [], need: { lookbackDays: 0, lookaheadDays: 0 }, grain: ['id'], partitionBy: ['day'], checks, rowCount: null });
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

describe('the rows of a date', () => {
  const bounds = { least: 0.1, most: 10 };
  const counts = (built: Readonly<Record<string, number>>, before: Readonly<Record<string, number>> = {}, filling = '2026-03-09') => ({ built: new Map(Object.entries(built)), before: new Map(Object.entries(before)), filling });
  const dated = (date: string, rows: number, earlier: number) => ({ event_date: date, rows, rows_of_the_day_before: earlier });

  it('fail when they are far fewer or more than those of the date before, built or not', () => {
    assert.equal(failedRowCount(bounds, counts({ '2026-03-02': 100, '2026-03-03': 1000, '2026-03-04': 100 }, { '2026-03-01': 1000 })), null);
    const failure = failedRowCount(bounds, counts({ '2026-03-02': 99, '2026-03-04': 1001, '2026-03-05': 0 }, { '2026-03-01': 1000, '2026-03-02': 5000, '2026-03-03': 100 }));
    assert.equal(failure?.kind, 'row_count');
    assert.equal(failure.message, 'row_count(0.1, 10)');
    assert.deepEqual(failure.rows, [dated('2026-03-02', 99, 1000), dated('2026-03-04', 1001, 100), dated('2026-03-05', 0, 1001)]);
  });

  it('take those of the date before from what is built rather than from before, over the ends of months', () => {
    assert.equal(failedRowCount(bounds, counts({ '2026-02-28': 200, '2026-03-01': 300 }, { '2026-02-28': 1 })), null);
    assert.deepEqual(failedRowCount(bounds, counts({ '2026-02-28': 2000, '2026-03-01': 3 }, { '2026-02-28': 1 }))?.rows, [dated('2026-03-01', 3, 2000)]);
  });

  it('say nothing after a date with few rows or none', () => {
    assert.equal(failedRowCount(bounds, counts({ '2026-03-02': 100_000, '2026-03-05': 100_000 }, { '2026-03-01': 99 })), null);
    assert.notEqual(failedRowCount(bounds, counts({ '2026-03-02': 100_000 }, { '2026-03-01': 100 })), null);
  });

  it('may be few while the date is filling, and not many', () => {
    assert.equal(failedRowCount(bounds, counts({ '2026-03-02': 1 }, { '2026-03-01': 1000 }, '2026-03-02')), null);
    assert.notEqual(failedRowCount(bounds, counts({ '2026-03-02': 1 }, { '2026-03-01': 1000 }, '2026-03-03')), null);
    assert.notEqual(failedRowCount(bounds, counts({ '2026-03-02': 10_001 }, { '2026-03-01': 1000 }, '2026-03-02')), null);
  });

  it('are told a line each, five at most, with every check that fails', () => {
    const built = Object.fromEntries(Array.from({ length: 7 }, (_none, index) => [`2026-03-0${index + 2}`, 1_000 * 20 ** (index + 1)]));
    const failure = failedRowCount(bounds, counts(built, { '2026-03-01': 1000 }));
    assert.ok(failure);
    const told = tellFailures([failure, { kind: 'not_null', message: 'not_null(id)', rows: [{ id: null, name: 'a, b', tags: ['x'] }] }]);
    const lines = told.split('\n');
    assert.equal(lines.length, 8);
    assert.equal(lines[1]?.trim(), 'event_date 2026-03-02, rows 20000, rows_of_the_day_before 1000');
    assert.deepEqual(lines.slice(6).map((line) => line.trim()), ['not_null(id)', 'id null, name a, b, tags ["x"]']);
  });

  it('are a check that can be accepted by its name, and no other name can', () => {
    checkAccepted(['row_count', 'unique', 'not_null', 'ratio', 'descending']);
    assert.throws(() => checkAccepted(['row_counts']), (error) => error instanceof LakeError && error.code === 'USAGE' && (error.hint ?? '').includes('row_count'));
  });
});

describe('a build whose rows of a date are far fewer than those of the date before', () => {
  after(removeTemporaryFolders);

  const users = (date: string, count: number): string[] => Array.from({ length: count }, (_none, user) => eventBody({ user_id: `u${user}`, event_timestamp: Date.parse(`${date}T12:00:00Z`) }));

  it('publishes nothing and names the date, keeps what was there, and goes on when that is accepted', () =>
    withPipeline(async (pipeline) => {
      const build = (accept: readonly string[], told: string[] = []) => buildGold(pipeline.lake, pipeline.dataset, join(datasetsDir, 'shop', 'gold'), null, { accepted: (table, failures) => told.push(`${table} ${failures}`) }, { accept });
      await pipeline.land(linesFile(users('2026-01-01', 200)));
      await pipeline.silver();
      await build([]);
      const [versions, rows] = [await pipeline.versions(), await pipeline.count('gold.session')];
      await pipeline.land(linesFile([...users('2026-01-02', 3), ...users('2026-01-03', 1)]));
      await pipeline.silver();
      await assert.rejects(build(['unique']), (error) => {
        assert.ok(error instanceof LakeError);
        assert.equal(error.code, 'CHECK_FAILED');
        assert.match(error.message, /gold\.session fails its checks: row_count\(0\.02, 50\)/);
        assert.match(error.hint ?? '', /\n\s+event_date 2026-01-02, rows 3, rows_of_the_day_before 200\n.*--accept row_count/s);
        return true;
      });
      for (const [name, version] of Object.entries(await pipeline.versions())) if (name.startsWith('gold')) assert.equal(version, versions[name], name);
      assert.equal(await pipeline.count('gold.session'), rows);
      const told: string[] = [];
      const { dates } = await build(['row_count'], told);
      assert.deepEqual(dates, ['2026-01-01', '2026-01-02', '2026-01-03']);
      assert.equal(told.length, 1);
      assert.match(told[0] ?? '', /^session row_count\(0\.02, 50\)\n\s+event_date 2026-01-02, rows 3, rows_of_the_day_before 200$/);
      assert.equal(await pipeline.count('gold.session'), rows + 4);
      await pipeline.land(linesFile(users('2026-01-04', 2)));
      await pipeline.silver();
      assert.ok((await build([])).dates.includes('2026-01-04'));
    }));
});
