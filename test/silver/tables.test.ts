import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import shop from '../../datasets/shop/dataset.js';
import { transform } from '../../src/silver/transform.js';
import { inSession } from './harness.js';

const items = `[{item_id=a, price=1.5, item_params=[{key=k, value={string_value=v, int_value=null, float_value=null, double_value=null}}]}]`;

describe('the tables of silver', () => {
  it('have the columns and types that the lake declares, in their order, and files by date and platform', async () => {
    await inSession(async (session, folder) => {
      await session.run(
        `CREATE TEMP TABLE bronze_rows AS
         SELECT json_object('user_id', user_id, 'event_name', 'purchase', 'platform', platform, 'items', $items) AS body, 'm' || place AS message_id, 'test' AS "source",
           CAST(place AS VARCHAR) AS source_position, CAST(NULL AS TIMESTAMPTZ) AS sent_at, TIMESTAMPTZ '2026-03-02 10:00:00Z' AS received_at,
           event_date + INTERVAL 1 HOUR AS event_timestamp, event_date, platform
         FROM (VALUES (1, 'u', DATE '2026-03-01', 'IOS'), (2, 'u', DATE '2026-03-01', 'IOS'), (3, 'v', DATE '2026-03-02', 'ANDROID'), (4, NULL, DATE '2026-03-02', 'IOS'), (5, 'w', DATE '2026-03-02', NULL)) AS t(place, user_id, event_date, platform)`,
        { items },
      );
      await session.run(`CREATE OR REPLACE TEMP TABLE bronze_rows AS SELECT * REPLACE (CAST(body AS VARCHAR) AS body, CAST(event_timestamp AS TIMESTAMPTZ) AS event_timestamp) FROM bronze_rows`);
      const { tables } = await transform(session, shop, `${folder}/staging`);
      assert.deepEqual(Object.fromEntries(Object.entries(tables).map(([name, { files, rows }]) => [name, [rows, files.map(({ partition }) => `${partition['event_date']} ${partition['platform']}`).sort()]])), {
        event: [2, ['2026-03-01 IOS', '2026-03-02 ANDROID']],
        item_event: [2, ['2026-03-01 IOS', '2026-03-02 ANDROID']],
        shop_rejected: [2, ['2026-03-02 IOS', '2026-03-02 null']],
        shop_duplicates: [1, ['2026-03-01 IOS']],
      });
      const types = async (name: string): Promise<string[]> => {
        const path = tables[name]?.files[0]?.path ?? '';
        assert.ok(existsSync(path));
        return (await session.rows('DESCRIBE SELECT * FROM read_parquet($path, hive_partitioning = false)', { path })).map((row) => `${String(row['column_name'])} ${String(row['column_type'])}`);
      };
      assert.deepEqual(await types('event'), ['event_id VARCHAR', 'user_id VARCHAR', 'event_name VARCHAR', 'event_timestamp TIMESTAMP WITH TIME ZONE', 'item_count BIGINT', 'issues VARCHAR[]', 'message_id VARCHAR', 'received_at TIMESTAMP WITH TIME ZONE']);
      const item = await types('item_event');
      assert.deepEqual(item.slice(0, 6), ['event_id VARCHAR', 'item_index BIGINT', 'user_id VARCHAR', 'event_name VARCHAR', 'event_timestamp TIMESTAMP WITH TIME ZONE', 'item_id VARCHAR']);
      assert.deepEqual(item.slice(5).map((column) => column.split(' ')[0]), Object.keys(shop.items.columns));
      assert.deepEqual(item.filter((column) => !column.endsWith(' VARCHAR')).slice(2), [
        ...['price_in_usd', 'price'].map((name) => `${name} DECIMAL(18,4)`), 'quantity BIGINT',
        ...['item_revenue_in_usd', 'item_revenue'].map((name) => `${name} DECIMAL(18,4)`), 'item_list_index BIGINT', 'item_params MAP(VARCHAR, VARCHAR)',
      ]);
      assert.deepEqual(await types('shop_rejected'), ['message_id VARCHAR', 'received_at TIMESTAMP WITH TIME ZONE', 'event_timestamp TIMESTAMP WITH TIME ZONE', 'reason VARCHAR', 'detail VARCHAR', 'body VARCHAR']);
      assert.deepEqual(await types('shop_duplicates'), ['event_id VARCHAR', 'message_id VARCHAR', 'received_at TIMESTAMP WITH TIME ZONE']);
    });
  });

  it('are four without a file when there is nothing, and the same when run again in the session', async () => {
    await inSession(async (session, folder) => {
      await session.run(
        `CREATE TEMP TABLE bronze_rows AS SELECT '' AS body, '' AS message_id, '' AS "source", '' AS source_position, now() AS sent_at, now() AS received_at,
           now() AS event_timestamp, CAST(now() AS DATE) AS event_date, '' AS platform WHERE false`,
      );
      const empty = { files: [], rows: 0 };
      for (const run of ['first', 'second']) {
        assert.deepEqual(await transform(session, shop, `${folder}/${run}`), { tables: { item_event: empty, event: empty, shop_rejected: empty, shop_duplicates: empty } });
      }
      assert.deepEqual(await session.rows(`SELECT table_name FROM duckdb_tables() ORDER BY ALL`), [{ table_name: 'bronze_rows' }]);
    });
  });
});
