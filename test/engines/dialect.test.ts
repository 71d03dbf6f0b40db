import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Trino } from '../../scripts/engines/trino.js';
import { show } from '../../src/dialect/dialect.js';
import { difference, DialectSession, expectedFile, fromTrino, hasShared, ownCorpus, ownTables, ownTableSql, readCorpus, sharedFolder, type Canonical, type CorpusQuery } from '../dialect/corpus.js';

const headers = { 'X-Trino-Catalog': 'hive', 'X-Trino-Schema': 'corpus', 'X-Trino-Client-Capabilities': 'PARAMETRIC_DATETIME' };
/** Trino's bound for approx_distinct is 2.3 %, as a standard deviation; its percentiles are within 2 % of the rank. */
const approximateShare = 0.1;
/** Its ORDER BY leaves rows of the same count in any order. */
const tied = new Set(['h07']);

describe('the dialect athena and Trino', function () {
  this.timeout(300_000);
  let trino: Trino;
  let folder: string;
  let session: DialectSession;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ingot-dialect-'));
    trino = await Trino.start({ workers: 0, hive: { 'hive.timestamp-precision': 'MICROSECONDS' } });
    session = await DialectSession.open();
    await trino.rows(`CREATE SCHEMA hive.corpus WITH (location = 'local://${folder}/schema')`);
    for (const name of ownTables) await both(name, ownTableSql(name));
    if (!hasShared) return;
    await both('silver', 'SELECT event_id, event_timestamp, event_name, user_id, item_id, item_name, item_brand, item_category, item_list_id, item_list_name, "index", price, quantity, event_date, coalesce(platform, \'WEB\') AS platform FROM visits');
    await both('silver_v', 'SELECT * REPLACE (CAST(event_date AS VARCHAR) AS event_date) FROM silver');
    await both('bronze', `SELECT '{"event_timestamp":' || epoch_ms(event_timestamp) || ',"platform":"' || coalesce(platform, 'WEB') || '","items":"[{\\"item_id\\":\\"' || item_id || '\\",\\"index\\":' || "index" || ',\\"price\\":' || coalesce(price, 0) || '}]"}' AS body, event_timestamp, event_name, user_id, event_date, platform FROM visits`);
    await both('fx', await readFile(`${sharedFolder}fx.sql`, 'utf8'));
  });

  after(async () => {
    await trino.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** One table, as the same Parquet file on both engines. */
  async function both(name: string, select: string): Promise<void> {
    const columns = await session.make(name, select);
    await mkdir(join(folder, name));
    await session.connection.run(`COPY ${name} TO '${join(folder, name, 'rows.parquet')}'`);
    await trino.rows(`CREATE TABLE hive.corpus.${name} (${columns.map((column) => `"${column.name}" ${show(column.type)}`).join(', ')}) WITH (external_location = 'local://${folder}/${name}', format = 'PARQUET')`);
  }

  async function onTrino(sql: string): Promise<unknown[][] | Error> {
    try {
      return await trino.rows(sql, headers);
    } catch (error) {
      assert.ok(error instanceof Error);
      return error;
    }
  }

  async function compare({ id, sql, order: ordered }: CorpusQuery): Promise<void> {
    const order = tied.has(id) ? 'set' : ordered;
    const wanted = await onTrino(sql);
    if (wanted instanceof Error) {
      await assert.rejects(session.run(sql), `${id} fails on Trino: ${wanted.message}`);
      return;
    }
    const { rows, types } = await session.run(sql);
    const expected = wanted.map((row) => row.map((value, index) => fromTrino(value, types[index]!)));
    if (!sql.includes('approx_')) assert.equal(difference(expected, rows, order), null);
    else assert.equal(difference(roughly(expected, rows), rows, order), null);
  }

  /** Approximations that are near enough become the exact values. */
  function roughly(expected: readonly Canonical[][], exact: readonly Canonical[][]): Canonical[][] {
    const byKey = (rows: readonly Canonical[][]): Canonical[][] => [...rows].sort((a, b) => (JSON.stringify(a[0]) < JSON.stringify(b[0]) ? -1 : 1));
    const right = byKey(exact);
    return byKey(expected).map((row, line) => row.map((value, index) => near(value, right[line]?.[index] ?? null)));
  }

  function near(value: Canonical, exact: Canonical): Canonical {
    if (Array.isArray(value) && Array.isArray(exact)) return value.map((each: Canonical, index) => near(each, (exact as readonly Canonical[])[index] ?? null));
    return Math.abs(Number(value) - Number(exact)) <= approximateShare * Math.abs(Number(exact)) ? exact : value;
  }

  for (const query of readCorpus(ownCorpus)) it(`agree about ${query.id}`, () => compare(query));
  for (const query of hasShared ? readCorpus(`${sharedFolder}athena.sql`) : []) it(`agree about ${query.id} of the shared corpus`, () => compare(query));

  it('still give the answers that the tests without Trino expect', async () => {
    const lines = (await readFile(expectedFile, 'utf8')).trim().split('\n').map((line) => JSON.parse(line) as { readonly id: string; readonly rows?: Canonical[][]; readonly error?: string });
    const queries = new Map(readCorpus(ownCorpus).map((query) => [query.id, query]));
    for (const { id, rows, error } of lines) {
      const query = queries.get(id)!;
      const wanted = await onTrino(query.sql);
      if (wanted instanceof Error) assert.match(wanted.message, new RegExp(`^${error ?? 'no error'}:`), id);
      else if (!query.sql.includes('approx_')) {
        const { types } = session.translate(query.sql);
        assert.equal(difference(rows ?? [], wanted.map((row) => row.map((value, index) => fromTrino(value, types[index]!))), query.order), null, id);
      }
    }
  });
});
