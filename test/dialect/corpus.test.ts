import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { difference, DialectSession, expectedFile, hasShared, ownCorpus, ownTables, ownTableSql, readCorpus, sharedFolder, type Canonical } from './corpus.js';

interface Expected {
  readonly id: string;
  readonly rows?: readonly (readonly Canonical[])[];
  /** Trino's name of the error, where the query fails there. */
  readonly error?: string;
}

describe('the dialect athena', () => {
  let session: DialectSession;
  const expected = new Map(readFileSync(expectedFile, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Expected).map((each) => [each.id, each]));
  const queries = readCorpus(ownCorpus);

  before(async () => {
    session = await DialectSession.open();
    for (const name of ownTables) await session.make(name, ownTableSql(name));
  });

  it('has an answer of Trino for each query of the corpus, and no other', () => {
    assert.ok(queries.length >= 78);
    assert.deepEqual([...expected.keys()], queries.map(({ id }) => id));
  });

  for (const { id, sql, order } of queries) {
    it(`answers ${id} as Trino does`, async () => {
      const wanted = expected.get(id);
      if (wanted?.error !== undefined) {
        await assert.rejects(session.run(sql), id);
        return;
      }
      const { rows } = await session.run(sql);
      assert.equal(difference(wanted?.rows ?? [], rows, order), null);
    });
  }

  it('translates a query in much less than 50 ms once it is loaded', () => {
    const started = performance.now();
    for (const { sql } of queries) {
      try {
        session.translate(sql);
      } catch (error) {
        assert.ok(error instanceof Error);
      }
    }
    assert.ok((performance.now() - started) / queries.length < 50);
  });
});

describe('the shared corpus of Athena queries', function () {
  /** Those that fail on Trino. */
  const failing = new Set(['f07', 'g12', 'g13']);
  let session: DialectSession;

  before(async function () {
    if (!hasShared) {
      console.warn('      the corpus is not there: skipped');
      this.skip();
    }
    session = await DialectSession.open();
    const visits = `WITH v AS (${ownTableSql('visits')}) SELECT event_id, event_timestamp, event_name, user_id, item_id, item_name, item_brand, item_category, item_list_id, item_list_name, "index", price, quantity, event_date, platform FROM v`;
    await session.make('silver', visits);
    await session.make('silver_v', `SELECT * REPLACE (CAST(event_date AS VARCHAR) AS event_date) FROM silver`);
    await session.make('bronze', `SELECT '{"event_timestamp":1767225600000,"platform":"IOS","items":"[{\\"item_id\\":\\"a\\",\\"index\\":1,\\"price\\":2.5}]"}' AS body, event_timestamp, event_name, user_id, event_date, platform FROM silver`);
    await session.make('fx', readFileSync(`${sharedFolder}fx.sql`, 'utf8'));
  });

  for (const { id, sql } of hasShared ? readCorpus(`${sharedFolder}athena.sql`) : []) {
    it(`${failing.has(id) ? 'refuses' : 'runs'} ${id}`, async () => {
      if (failing.has(id)) await assert.rejects(session.run(sql));
      else assert.ok((await session.run(sql)).types.length > 0);
    });
  }
});
