import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { systemClock } from '../../src/clock.js';
import { silentProgress } from '../../src/commands/progress.js';
import { runQuery } from '../../src/commands/query.js';
import { parseConfig } from '../../src/config.js';
import { LakeError } from '../../src/errors.js';
import type { Lake } from '../../src/lake/lake.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { smallLake } from '../support/small-lake.js';

describe('ingot query --dialect athena', () => {
  let lake: Lake;

  before(async () => {
    lake = await smallLake(temporaryFolder());
  });

  after(async () => {
    await lake.close();
    removeTemporaryFolders();
  });

  async function outputOf(sql: string, options: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const output = Object.assign(new PassThrough(), { isTTY: false });
    const config = parseConfig({ lake: lake.storage.root, datasets: '.', memoryLimit: '500MB', threads: '2', dialect: 'athena', format: 'csv', ...options });
    const context = { config, args: [sql], clock: systemClock, lake, signal: new AbortController().signal, progress: silentProgress, print: () => undefined, result: () => undefined };
    const [printed] = await Promise.all([text(output), runQuery(context, { input: Readable.from(['']), output }).finally(() => output.end())]);
    return printed;
  }

  const failed = (message: RegExp, hint: RegExp) => (error: unknown): boolean => error instanceof LakeError && error.code === 'QUERY_FAILED' && message.test(error.message) && hint.test(error.hint ?? '');

  it('answers as Trino does on the tables of the lake, by either name', async () => {
    assert.equal(await outputOf('SELECT count(*) / 2 AS half, 7 / 2 AS "Whole", count_if(event_id > \'a\') n FROM silver.event'), 'half,Whole,n\n1,3,2\n');
    assert.equal(await outputOf('SELECT event_id FROM "AwsDataCatalog".silver.event ORDER BY event_id DESC LIMIT 1'), 'event_id\nc\n');
  });

  it('gives values to $since and $until as dates', async () => {
    assert.equal(await outputOf('SELECT event_id FROM silver.event WHERE event_date BETWEEN $since AND $until ORDER BY 1', { since: '2026-01-31', until: '2026-01-31' }), 'event_id\nb\nc\n');
    await assert.rejects(outputOf('SELECT event_id FROM silver.event WHERE event_date > $since'), failed(/\$since, which has no value/, /--since/));
  });

  it('says what Trino says when a row makes the query fail', async () => {
    await assert.rejects(outputOf('SELECT 1 / (length(event_id) - 1) FROM silver.event'), failed(/^Division by zero$/, /TRY/));
    await assert.rejects(outputOf('SELECT CAST(event_id AS bigint) FROM silver.event'), failed(/^Cannot cast '[abc]' to a whole number$/, /TRY/));
    assert.equal(await outputOf('SELECT TRY(1 / (length(event_id) - 1)) AS x FROM silver.event LIMIT 1'), 'x\n\n');
  });

  it('names a table that there is not, and what can not be had, with its place', async () => {
    await assert.rejects(outputOf('SELECT 1 FROM silver.evnt'), failed(/no table silver\.evnt/, /Did you mean silver\.event\?/));
    await assert.rejects(outputOf('SELECT 1,\n  uuid() FROM silver.event'), failed(/^the function uuid .*\(line 2, column 3\)/, /key/));
    await assert.rejects(outputOf("SELECT 1 FROM silver.event WHERE event_date = '2026-01-31'"), failed(/^date = varchar/, /DATE '2026-01-31'/));
  });

  it('opens nothing but the lake', async () => {
    await assert.rejects(outputOf("SELECT * FROM read_parquet('/etc/passwd')"), LakeError);
    await assert.rejects(outputOf('SELECT * FROM "/etc/passwd"'), LakeError);
  });
});
