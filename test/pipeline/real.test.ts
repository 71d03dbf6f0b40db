import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { removeTemporaryFolders } from '../support/lake.js';
import { linesFile, Pipeline, realData, withPipeline } from '../support/pipeline.js';
import { runs } from '../support/thorough.js';

const goldKeys: Readonly<Record<string, readonly string[]>> = {
  funnel_daily: ['event_date', 'platform'],
  list_metrics: ['event_date', 'platform', 'item_list_id'],
  product_metrics: ['event_date', 'platform', 'item_id'],
};

/** How a column is written in the expected files. */
function shown(column: string): string {
  const name = `gold_rows."${column}"`;
  if (/revenue$/.test(column)) return `CAST(CAST(${name} AS DECIMAL(38, 2)) AS VARCHAR)`;
  if (/rate|ctr$|^avg_/.test(column)) return `CAST(CAST(${name} AS DECIMAL(38, 6)) AS VARCHAR)`;
  return `CAST(${name} AS VARCHAR)`;
}

/** Rows by key as `column=value` lists, nulls empty. */
function byKey(rows: readonly Record<string, unknown>[], keys: readonly string[]): Map<string, string> {
  const text = (value: unknown): string => (typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value));
  return new Map(rows.map((row) => [keys.map((key) => text(row[key])).join(' '), JSON.stringify(Object.entries(row).map(([column, value]) => `${column}=${text(value)}`))]));
}

async function assertExpectedGold(pipeline: Pipeline, folder: string): Promise<void> {
  const session = await pipeline.lake.session();
  for (const [table, keys] of Object.entries(goldKeys)) {
    const path = realData(`${folder}/expected/${table}.csv`) ?? '';
    const columns = (readFileSync(path, 'utf8').split(/\r?\n/, 1)[0] ?? '').split(',');
    const expected = await session.rows("SELECT * FROM read_csv($path, all_varchar = true, header = true, delim = ',', quote = '\"')", { path });
    const found = await pipeline.rows(`SELECT ${columns.map((column) => `${shown(column)} AS "${column}"`).join(', ')} FROM gold.${table} AS gold_rows`);
    const wanted = byKey(expected, keys);
    assert.equal(wanted.size, expected.length, `${table}: the keys are keys`);
    assert.equal(found.length, expected.length, `${table}: rows`);
    const got = byKey(found, keys);
    const wrong = [...wanted].filter(([key, row]) => got.get(key) !== row).map(([key, row]) => ({ key, expected: row, found: got.get(key) }));
    assert.deepEqual(wrong.slice(0, 3), [], `${table}: ${wrong.length} rows are wrong`);
  }
}

/** Lands a file and builds all; gives what the work makes of the lake. */
/** The first events of a file, in the same order in both forms. */
function beginning(path: string): string {
  const lines = gunzipSync(readFileSync(path)).toString().trimEnd().split('\n');
  return linesFile(lines.slice(0, runs(Math.ceil(lines.length / 3), lines.length)));
}

async function built<T>(path: string, work: (pipeline: Pipeline) => Promise<T>): Promise<T> {
  return withPipeline(async (pipeline) => {
    const { summary, failures } = await pipeline.land(path);
    assert.deepEqual(failures, []);
    const { silver } = await pipeline.build();
    const event = silver.tables['event'];
    assert.equal((event?.rows ?? 0) + (event?.rejected ?? 0) + (event?.duplicates ?? 0), summary.landed);
    return work(pipeline);
  });
}

describe('real data through the whole pipeline', () => {
  before(function () {
    if (realData('shop/2016/json.ndjson.gz') === null) this.skip();
  });

  after(removeTemporaryFolders);

  for (const [folder, file] of [['shop/made', 'json.ndjson'], ['shop/2016', 'json.ndjson.gz'], ['shop/2016', 'tostring.ndjson.gz']] as const) {
    it(`gives exactly the expected gold rows of ${folder}/${file}, and is balanced`, async () => {
      await built(realData(`${folder}/${file}`) ?? '', async (pipeline) => {
        await assertExpectedGold(pipeline, folder);
        const audit = await pipeline.audit();
        assert.deepEqual([audit.balanced, audit.differences, audit.pending], [true, [], 0]);
      });
    });
  }

  it('gives equal silver and gold rows of the 2017 events, written as JSON without item_params and in the toString form with them', async () => {
    const rows = (file: string): Promise<Record<string, string[]>> => built(beginning(realData(`shop/2017/${file}.ndjson.gz`) ?? ''), (pipeline) => pipeline.contract(['item_params']));
    const json = await rows('json');
    const tostring = await rows('tostring');
    assert.deepEqual(Object.keys(tostring), Object.keys(json));
    assert.ok((json['silver.item_event']?.length ?? 0) > runs(3_000, 10_000));
    for (const table of Object.keys(json).filter((name) => name !== 'silver.shop_rejected')) {
      const expected = new Set(json[table]);
      assert.equal(tostring[table]?.length, json[table]?.length, table);
      assert.deepEqual(tostring[table]?.filter((row) => !expected.has(row)).slice(0, 3), [], table);
    }
    assert.equal(tostring['silver.shop_rejected']?.length, json['silver.shop_rejected']?.length);
  });
});
