import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LakeError, type ErrorCode } from '../../src/errors.js';
import type { Lake } from '../../src/lake/lake.js';
import { CalendarDate } from '../../src/query/parameters.js';
import { answer, type OpenQuery, type QueryRequest } from '../../src/query/query.js';
import { rowObjects } from '../../src/query/rows.js';
import { removeTemporaryFolders, temporaryFolder, testLake } from '../support/lake.js';
import { eventColumns, publishTables, smallLake } from '../support/small-lake.js';

const read = async (query: OpenQuery): Promise<Record<string, unknown>[]> => rowObjects(await query.read());
const rowsOf = (lake: Lake, request: QueryRequest): Promise<Record<string, unknown>[]> => answer(lake, request, read, (rows) => Promise.resolve(rows));

function failsWith(code: ErrorCode, text: RegExp, hint = /(?:)/): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof LakeError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, text);
    assert.match(error.hint ?? '', hint);
    return true;
  };
}

describe('answer', () => {
  let lake: Lake;

  beforeEach(async () => {
    lake = await smallLake(temporaryFolder());
  });

  afterEach(async () => {
    assert.deepEqual(readdirSync(join(lake.storage.root, '_ingot/staging/query')), [], 'no spool is left');
    await lake.close();
    removeTemporaryFolders();
  });

  it('reads the tables that a query names, in any case, and those without rows', async () => {
    assert.deepEqual(await rowsOf(lake, { sql: 'SELECT e.event_id, i.price FROM SILVER.Event e JOIN silver.item_event i USING (event_id) ORDER BY item_index' }), [
      { event_id: 'a', price: '12.5000' },
      { event_id: 'a', price: '99999999999999.9999' },
    ]);
    assert.deepEqual(await rowsOf(lake, { sql: 'FROM gold.session' }), []);
  });

  it('lists the lake’s tables and names the nearest when there is no such table', async () => {
    const all = /silver\.event, silver\.item_event, gold\.session/;
    await assert.rejects(rowsOf(lake, { sql: 'FROM silver.evnt' }), failsWith('QUERY_FAILED', /no table silver\.evnt/, all));
    await assert.rejects(rowsOf(lake, { sql: 'FROM silver.evnt' }), failsWith('QUERY_FAILED', /./, /Did you mean silver\.event\?/));
    await assert.rejects(rowsOf(lake, { sql: 'FROM item_event' }), failsWith('QUERY_FAILED', /no table item_event/, /Did you mean silver\.item_event\?/));
    await assert.rejects(rowsOf(lake, { sql: 'FROM bronze.nothing_like_it' }), failsWith('QUERY_FAILED', /no table/, /gold\.session\.$/));
  });

  it('gives DuckDB’s candidates and the line of the query for a wrong column', async () => {
    await assert.rejects(rowsOf(lake, { sql: 'SELECT\n  user_idd\nFROM silver.event' }), failsWith('QUERY_FAILED', /Candidate bindings: .*"user_id"[\s\S]*LINE 2: {3}user_idd/));
  });

  it('binds $since and $until as dates, and says which one has no value', async () => {
    const sql = "SELECT event_id, typeof($since) AS type, '$until' AS text FROM silver.event WHERE event_date >= $SINCE ORDER BY 1";
    const parameters = { since: new CalendarDate('2026-01-31'), until: new CalendarDate('2026-01-31') };
    assert.deepEqual(await rowsOf(lake, { sql, parameters }), ['b', 'c'].map((event_id) => ({ event_id, type: 'DATE', text: '$until' })));
    await assert.rejects(rowsOf(lake, { sql: 'SELECT $until' }), failsWith('USAGE', /\$until, which has no value/, /--until/));
    await assert.rejects(rowsOf(lake, { sql: 'SELECT ?' }), failsWith('USAGE', /no value/, /Parameters have names/));
  });

  it('opens nothing but the named tables and its own folder', async () => {
    const root = lake.storage.root;
    const outside = [
      "FROM read_csv('/etc/passwd')", "FROM read_text('/etc/hostname')", "FROM read_blob('/proc/self/environ')", "FROM glob('/etc/*')", "FROM '/etc/passwd'",
      `FROM read_text('${root}/silver/event/../../gold/session/_delta_log/00000000000000000000.json')`, `FROM read_parquet('${root}/silver/item_event/*/*/*.parquet')`, "FROM sniff_csv('/etc/passwd')",
    ];
    for (const sql of outside) await assert.rejects(rowsOf(lake, { sql: `SELECT 1 FROM silver.event, (${sql})` }), failsWith('QUERY_FAILED', /Permission Error|no table/), sql);
  });

  it('keeps its DuckDB locked even for statements that are no query', async () => {
    const root = lake.storage.root;
    const statements = [
      `COPY (SELECT 1) TO '${root}/evil.csv'`, `ATTACH '${root}/evil.db'`, 'INSTALL httpfs', 'LOAD httpfs', 'SET enable_external_access = true', "SET allowed_directories = ['/']",
      "SET temp_directory = '/'", `EXPORT DATABASE '${root}/evil'`,
    ];
    await answer(lake, { sql: 'FROM silver.event' }, async ({ session }) => {
      for (const sql of statements) await assert.rejects(session.run(sql), /Permission Error|configuration/, sql);
    }, () => Promise.resolve());
    assert.deepEqual(readdirSync(root).sort(), ['_ingot', 'gold', 'silver']);
  });

  it('runs again on newer versions when a writer has replaced the files under it', async () => {
    let runs = 0;
    const rows = await answer(lake, { sql: 'SELECT event_id, user_id FROM silver.event ORDER BY ALL' }, async (query) => {
      if (++runs === 1) {
        const select = "SELECT 'z' AS event_id, event_date, platform, 'new' AS user_id, now() AS event_timestamp, 0::BIGINT AS item_count, NULL::VARCHAR[] AS issues FROM (VALUES (DATE '2026-01-30', 'IOS'), (DATE '2026-01-31', 'ANDROID'), (DATE '2026-01-31', NULL)) AS partitions (event_date, platform)";
        await publishTables(lake, 'silver.shop', [{ layer: 'silver', table: 'event', columns: eventColumns, select }]);
      }
      return read(query);
    }, (result) => Promise.resolve(result));
    assert.equal(runs, 2);
    assert.deepEqual(rows, Array.from({ length: 3 }, () => ({ event_id: 'z', user_id: 'new' })));
  });

  it('fails with FILE_GONE when a file of the newest version is missing', async () => {
    rmSync(join(lake.storage.root, 'silver/event/event_date=2026-01-30'), { recursive: true });
    await assert.rejects(rowsOf(lake, { sql: 'FROM silver.event' }), failsWith('FILE_GONE', /event_date=2026-01-30/));
  });

  it('does not run again what has begun to be delivered', async () => {
    let runs = 0;
    const broken = new LakeError('gone', { code: 'FILE_GONE', op: 'test' });
    await assert.rejects(answer(lake, { sql: 'SELECT 1' }, () => Promise.resolve(++runs), () => Promise.reject(broken)), broken);
    assert.equal(runs, 1);
  });

  it('stops when its signal aborts', async () => {
    const stop = new AbortController();
    const running = answer(lake, { sql: 'SELECT count(*) FROM range(1000000000000) AS a (i) WHERE hash(i) = 0', signal: stop.signal }, (query) => {
      setImmediate(() => stop.abort());
      return read(query);
    }, (rows) => Promise.resolve(rows));
    await assert.rejects(running, failsWith('QUERY_FAILED', /stopped/));
    await assert.rejects(rowsOf(lake, { sql: 'SELECT 1', signal: AbortSignal.abort() }), failsWith('QUERY_FAILED', /stopped/));
  });
});

describe('answer on a folder that is no lake', () => {
  it('says so and makes no folder', async () => {
    const lake = testLake(join(temporaryFolder(), 'none'));
    await assert.rejects(rowsOf(lake, { sql: 'SELECT 1' }), failsWith('QUERY_FAILED', /no lake at/, /--lake/));
    assert.deepEqual(await lake.storage.list(''), []);
    removeTemporaryFolders();
  });
});
