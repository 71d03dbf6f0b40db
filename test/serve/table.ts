import { listValue } from '@duckdb/node-api';
import { write } from '../../src/engines/duckdb.js';
import type { Lake } from '../../src/lake/lake.js';
import { Scope } from '../../src/lake/publication.js';
import { publishBuild } from '../../src/lake/build.js';
import type { TableSpec } from '../../src/lake/schema.js';

/** A row of gold.product_second; `second` since 1970. */
export interface SecondRow {
  readonly event_date: string;
  readonly platform: string;
  readonly product: string;
  readonly second: number;
  readonly product_views: number;
  readonly purchases: number;
}

export const spec: TableSpec = {
  layer: 'gold', table: 'product_second', partitionBy: ['event_date'], statistics: ['second'], anchor: 'gold/product_second',
  columns: [
    { name: 'event_date', type: 'DATE' }, { name: 'platform', type: 'VARCHAR' }, { name: 'product', type: 'VARCHAR' },
    { name: 'second', type: 'TIMESTAMP WITH TIME ZONE' }, { name: 'product_views', type: 'BIGINT' }, { name: 'purchases', type: 'BIGINT' },
  ],
};

/** Publishes the rows of a SELECT as the table's dates, as a build of gold does. */
export async function publishSeconds(lake: Lake, select: string, parameters: Parameters<typeof write>[2]['parameters'] = {}): Promise<void> {
  await publishBuild(new Scope(lake, 'gold.storefront', 'gold', 'product_second'), {
    plan: (run) => Promise.resolve({ run }),
    build: async (_plan, staging) => {
      const files = await write(await lake.session(), select, { parameters, partitionBy: spec.partitionBy, stagingDir: lake.storage.locate(`${staging}/rows`) });
      return { writes: [{ spec, files, replaces: files.map(({ partition }) => partition), txns: {}, metrics: {} }], result: null };
    },
  });
}

/** … and those rows. */
export function publishRows(lake: Lake, rows: readonly SecondRow[]): Promise<void> {
  return publishSeconds(
    lake,
    `SELECT CAST(row.event_date AS DATE) AS event_date, row.platform AS platform, row.product AS product, to_timestamp(CAST(row.second AS DOUBLE)) AS second, CAST(row.product_views AS BIGINT) AS product_views, CAST(row.purchases AS BIGINT) AS purchases
     FROM (SELECT unnest(from_json(line, '[{"event_date":"VARCHAR","platform":"VARCHAR","product":"VARCHAR","second":"BIGINT","product_views":"BIGINT","purchases":"BIGINT"}]')) AS row FROM (SELECT unnest($lines) AS line))`,
    { lines: listValue([JSON.stringify(rows)]) },
  );
}
