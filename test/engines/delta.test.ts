import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import type { Session } from '../../src/lake/duckdb.js';
import type { Lake } from '../../src/lake/lake.js';
import { commitName } from '../../src/lake/layout.js';
import { Scope } from '../../src/lake/publication.js';
import { trimLog } from '../../src/lake/trim.js';
import { compactScope } from '../../src/maintain/compact.js';
import { closedPartitions } from '../../src/maintain/plan.js';
import { removeTemporaryFolders, temporaryFolder, testLake } from '../support/lake.js';
import { deltaRs, duckdbDelta, type JudgeRequest } from './judges.js';
import { answersOf, byViews, fillToVersion, firstUs, inOrder, numbers, publish, questions, range, type Answers } from './published.js';

async function byGlob(lake: Lake): Promise<Answers> {
  const from = "read_parquet($glob, hive_partitioning = true, hive_types = {'event_date': DATE, 'platform': VARCHAR})";
  return answersOf(await lake.session(), from, { glob: lake.storage.locate('silver/event/*/*/*.parquet') });
}

async function byDeltaRs(folder: string, op: 'datafusion' | 'pyarrow'): Promise<Answers> {
  const requests = questions.map(({ sql, filters }): JudgeRequest => ({ op, table: folder, sql: `SELECT * FROM t WHERE ${sql.replace('TIMESTAMPTZ_US', 'to_timestamp_micros')}`, filters }));
  const answers = await deltaRs(requests);
  return Object.fromEntries(questions.map(({ name }, index) => [name, inOrder(answers[index])]));
}

interface Judging {
  /** Whether the folder holds the live files alone. */
  readonly glob: boolean;
  /** delta-rs' pyarrow reader fails on filters over texts when delta-rs itself has written files ("string, string_view"): then it is asked for the whole. */
  readonly pyarrowFilters: boolean;
}

const own: Judging = { glob: true, pyarrowFilters: true };

/** All four foreign readings are equal to what the views show; gives that. */
async function judged(lake: Lake, judge: Session, { glob, pyarrowFilters }: Judging): Promise<Answers> {
  const folder = lake.storage.locate('silver/event');
  const views = await byViews(lake);
  assert.deepEqual(await answersOf(judge, 'delta_scan($folder)', { folder }), views, 'DuckDB’s Delta extension');
  assert.deepEqual(await byDeltaRs(folder, 'datafusion'), views, 'delta-rs, DataFusion');
  if (pyarrowFilters) assert.deepEqual(await byDeltaRs(folder, 'pyarrow'), views, 'delta-rs, pyarrow');
  else assert.deepEqual(inOrder((await deltaRs([{ op: 'pyarrow', table: folder, filters: [] }]))[0]), views['everything'], 'delta-rs, pyarrow');
  if (glob) assert.deepEqual(await byGlob(lake), views, 'the plain glob');
  return views;
}

describe('a table that Ingot has published', () => {
  let lake: Lake;
  let judge: Session;
  before(async () => {
    judge = await duckdbDelta();
  });
  beforeEach(async () => {
    lake = testLake(temporaryFolder());
    await publish(lake, 0, 200);
    await publish(lake, 200, 300);
  });
  afterEach(() => lake.close());
  after(() => {
    judge.close();
    removeTemporaryFolders();
  });

  it('is read alike by every reader, whole and pruned, with partitions of any text', async () => {
    const answers = await judged(lake, judge, own);
    assert.deepEqual(numbers(answers), range(0, 300));
    assert.deepEqual(numbers(answers, 'from an instant on, to the microsecond'), range(120, 300));
    assert.deepEqual(numbers(answers, 'after that instant'), range(121, 300));
    assert.deepEqual(numbers(answers, 'up to that instant'), range(0, 121));
    assert.deepEqual(numbers(answers, 'at the last instant'), [299]);
    assert.deepEqual(numbers(answers, 'a null partition'), range(0, 300).filter((n) => n % 6 === 5));
    assert.deepEqual(numbers(answers, 'a partition with a percent sign'), range(0, 300).filter((n) => n % 6 === 2));
    assert.deepEqual(numbers(answers, 'a date'), range(100, 300));
    assert.deepEqual(numbers(answers, 'an exact decimal'), range(0, 63));
    assert.deepEqual(numbers(answers, 'a text'), [77]);
    assert.deepEqual(numbers(answers, 'a whole number and a partition'), [294]);
  });

  it('is read alike when partitions were replaced, a null one too', async () => {
    const gone = [{ event_date: '2026-03-11', platform: null }, { event_date: '2026-03-10', platform: '50% off' }];
    await publish(lake, 1000, 1000, gone);
    const answers = await judged(lake, judge, own);
    assert.deepEqual(numbers(answers), range(0, 300).filter((n) => !(n >= 100 && n % 6 === 5) && !(n < 100 && n % 6 === 2)));
  });

  it('is read alike after a checkpoint, and when the entries before it are gone', async () => {
    const before = await judged(lake, judge, own);
    await fillToVersion(lake, 103);
    assert.deepEqual(await judged(lake, judge, own), before);
    await lake.storage.remove(range(0, 100).map((version) => `silver/event/_delta_log/${commitName(version)}`));
    await lake.close();
    lake = testLake(lake.storage.root);
    assert.deepEqual(await judged(lake, judge, own), before);
    const [facts] = await deltaRs([{ op: 'facts', table: lake.storage.locate('silver/event') }]);
    assert.deepEqual(facts, { version: 103, files: (await lake.table('silver', 'event').snapshot())?.files.size, run: 2 });
    assert.equal(await publish(lake, 300, 310), 3);
    assert.deepEqual(numbers(await judged(lake, judge, own)), range(0, 310));
  });

  it('is read alike after its small files were merged and its log was trimmed', async () => {
    const before = await judged(lake, judge, own);
    const scope = new Scope(lake, 'silver.shop', 'silver', 'event');
    const { tables } = await compactScope(scope, ['event'], { rule: closedPartitions(Date.parse('2026-06-01T00:00:00Z'), 0) });
    assert.deepEqual([tables['silver.event']?.filesBefore, tables['silver.event']?.filesAfter], [12, 6]);
    assert.deepEqual(await judged(lake, judge, own), before);
    await fillToVersion(lake, 203);
    assert.equal(await trimLog(lake.storage, 'silver/event', 203, 50), 100);
    await lake.close();
    lake = testLake(lake.storage.root);
    assert.deepEqual(await judged(lake, judge, own), before);
  });

  it('may be copied to another place', async () => {
    const copy = temporaryFolder();
    cpSync(lake.storage.locate('silver'), join(copy, 'silver'), { recursive: true });
    const copied = testLake(copy);
    assert.deepEqual(await judged(copied, judge, own), await byViews(lake));
    await copied.close();
  });

  it('may be appended to, deleted from, optimized and vacuumed by delta-rs, and Ingot reads it right and writes on', async () => {
    const table = lake.storage.locate('silver/event');
    const foreign = (n: number, platform: string | null): NonNullable<JudgeRequest['rows']>[number] => ({
      n: ['integer', n],
      event_timestamp: ['timestamp', String(firstUs + n * 1001)],
      amount: ['decimal', '1.5000'],
      name: ['string', 'from outside'],
      event_date: ['date', '2026-03-11'],
      platform: ['string', platform],
    });
    await deltaRs([{ op: 'append', table, rows: [foreign(500, '50% off'), foreign(501, null), foreign(502, 'São Paulo'), foreign(503, 'a=b/c')] }]);
    assert.deepEqual(numbers(await judged(lake, judge, { glob: true, pyarrowFilters: false })), [...range(0, 300), ...range(500, 504)]);

    const [deleted] = await deltaRs([{ op: 'delete', table, predicate: 'n >= 10 AND n < 20' }]);
    assert.equal(deleted, 10);
    const left = [...range(0, 10), ...range(20, 300), ...range(500, 504)];
    assert.deepEqual(numbers(await judged(lake, judge, { glob: false, pyarrowFilters: false })), left);

    const [optimized] = await deltaRs([{ op: 'optimize', table }]);
    assert.ok(Number(optimized) > 0);
    assert.deepEqual(numbers(await judged(lake, judge, { glob: false, pyarrowFilters: false })), left);

    const [vacuumed] = await deltaRs([{ op: 'vacuum', table }]);
    assert.ok(Number(vacuumed) > 0);
    assert.deepEqual(numbers(await judged(lake, judge, { glob: true, pyarrowFilters: false })), left);

    assert.equal(await publish(lake, 600, 606, [{ event_date: '2026-03-11', platform: '50% off' }]), 3);
    const kept = left.filter((n) => !(n === 500 || (n >= 100 && n % 6 === 2)));
    assert.deepEqual(numbers(await judged(lake, judge, { glob: true, pyarrowFilters: false })), [...kept, ...range(600, 606)]);
  });
});
