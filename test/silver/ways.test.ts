import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import shop from '../../datasets/shop/dataset.js';
import { inSession, tablesOf, type Row, type Tables } from './harness.js';
import type { Session } from '../../src/lake/duckdb.js';

const data = new URL('../../../shared/data/shop/', import.meta.url).pathname;

function viewOf(session: Session, year: string, form: 'json' | 'tostring'): Promise<void> {
  const divisor = form === 'json' ? 1000 : 1;
  return session.run(
    `CREATE TEMP TABLE bronze_rows AS
     WITH line AS (SELECT content AS body, row_number() OVER () AS place FROM read_csv($file, columns = {content: 'VARCHAR'}, delim = '\x01', quote = '', escape = '', header = false))
     SELECT body, 'm' || place AS message_id, 'test' AS "source", CAST(place AS VARCHAR) AS source_position, CAST(NULL AS TIMESTAMPTZ) AS sent_at,
       make_timestamptz(micros) AS received_at, make_timestamptz(micros) AS event_timestamp, CAST(make_timestamptz(micros) AS DATE) AS event_date, body->>'platform' AS platform
     FROM (SELECT *, CAST(body->>'event_timestamp' AS BIGINT) * ${divisor} AS micros FROM line)`,
    { file: `${data}${year}/${form}.ndjson.gz` },
  );
}

function silver(year: string, form: 'json' | 'tostring', exactly: boolean): Promise<Tables> {
  return inSession(async (session, folder) => {
    await viewOf(session, year, form);
    return tablesOf(session, shop, `${folder}/staging`, { exactly });
  });
}

/** toString names every column, so a map that the JSON twin leaves out may be there. */
function withoutMaps(rows: readonly Row[] = []): Row[] {
  return rows.map((row) => ({ ...row, item_params: null }));
}

/** Runs a year's test, or says that its data is absent. */
function onYear(year: string, title: string, test: () => Promise<void>): void {
  it(`${title} of ${year}`, async function () {
    if (!existsSync(`${data}${year}`)) {
      console.log(`      (no data of ${year} here)`);
      this.skip();
    }
    this.timeout(120_000);
    await test();
  });
}

describe('real sessions', () => {
  for (const year of ['2016', '2017']) {
    onYear(year, 'are the same rows in both forms', async () => {
      const json = await silver(year, 'json', false);
      const java = await silver(year, 'tostring', false);
      assert.ok((json['event']?.length ?? 0) > 3000);
      assert.equal(json['shop_rejected']?.length, 0);
      assert.deepEqual(java['event'], json['event']);
      assert.deepEqual(withoutMaps(java['item_event']), withoutMaps(json['item_event']));
    });
  }

  for (const form of ['json', 'tostring'] as const) {
    onYear('2017', `are the same rows by the quick and the exact way in ${form} form`, async () => {
      assert.deepEqual(await silver('2017', form, true), await silver('2017', form, false));
    });
  }
});
