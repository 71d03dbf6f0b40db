import assert from 'node:assert/strict';
import type { Session } from '../../src/lake/duckdb.js';
import { both, datasetsWith, first, landAndBuild, totals, users, view } from '../gold/whole-models.js';
import { removeTemporaryFolders } from '../support/lake.js';
import { withPipeline } from '../support/pipeline.js';
import { deltaRs, duckdbDelta } from './judges.js';

describe('a table of gold that is built whole', () => {
  let judge: Session;
  before(async () => {
    judge = await duckdbDelta();
  });
  after(() => {
    judge.close();
    removeTemporaryFolders();
  });

  it('is read alike by every reader, before and after it was replaced', () =>
    withPipeline(async (pipeline) => {
      const folder = pipeline.lake.storage.locate('gold/user_total');
      const line = "concat_ws(' ', user_id, CAST(events AS VARCHAR), CAST(first_date AS VARCHAR), CAST(since AS VARCHAR), CAST(until AS VARCHAR)) AS line";
      const more = [view('2026-01-05', 'c')];
      for (const [lines, all] of [[first, first], [more, [...first, ...more]]] as const) {
        await landAndBuild(pipeline, lines);
        assert.deepEqual(await users(pipeline), totals(all));
        const expected = totals(all).map((each) => ({ line: each }));
        assert.deepEqual((await deltaRs([{ op: 'datafusion', table: folder, sql: `SELECT ${line} FROM t ORDER BY user_id` }]))[0], expected, 'delta-rs, DataFusion');
        assert.deepEqual(((await deltaRs([{ op: 'pyarrow', table: folder, filters: [] }]))[0] as object[]).length, expected.length, 'delta-rs, pyarrow');
        assert.deepEqual(await judge.rows(`SELECT ${line} FROM delta_scan($folder) ORDER BY user_id`, { folder }), expected, 'DuckDB’s Delta extension');
        assert.deepEqual(await judge.rows(`SELECT ${line} FROM read_parquet($glob) ORDER BY user_id`, { glob: `${folder}/*.parquet` }), expected, 'the plain glob');
      }
    }, { datasets: datasetsWith(both) }));
});
