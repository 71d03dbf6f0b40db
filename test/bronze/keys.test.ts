import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Bronze } from '../../src/bronze/bronze.js';
import { bronzeSpec, rejectedSpec } from '../../src/bronze/tables.js';
import { run as forget } from '../../src/commands/forget.js';
import { run as replay } from '../../src/commands/replay.js';
import { write } from '../../src/engines/duckdb.js';
import { Scope } from '../../src/lake/publication.js';
import type { TableSpec } from '../../src/lake/schema.js';
import { removeTemporaryFolders } from '../support/lake.js';
import { eventBody, withPipeline, type Pipeline } from '../support/pipeline.js';
import { recordsOf, recordBatch, type Sent } from './record-source.js';

const person = 'grace-hopper-1906';

async function landRecords(pipeline: Pipeline, records: readonly Sent[]): Promise<void> {
  const bronze = new Bronze(pipeline.lake, pipeline.dataset);
  const from = [...(await bronze.offsets()).values()][0] ?? -1;
  const window = await bronze.openWindow('kafka://test/topic');
  await window.add(recordBatch(0, from, recordsOf(records)));
  await window.seal();
  await bronze.commit(window);
}

/** Position, key and headers of all rows. */
async function keys(pipeline: Pipeline): Promise<unknown[][]> {
  const rows = await pipeline.rows('SELECT source_position, message_key, message_headers FROM bronze.shop UNION ALL SELECT source_position, message_key, message_headers FROM bronze.shop_rejected ORDER BY ALL');
  return rows.map((row) => [row['source_position'], row['message_key'], row['message_headers']]);
}

async function command(pipeline: Pipeline, run: typeof forget, options: Readonly<Record<string, unknown>>): Promise<object> {
  const said: object[] = [];
  await run({ ...pipeline.context(options), result: (summary) => void said.push(summary) });
  return said[0] ?? {};
}

describe('keys and headers of records', () => {
  after(removeTemporaryFolders);

  it('stand beside the body, however it is spooled, and beside rejected ones', async () => {
    await withPipeline(async (pipeline) => {
      await landRecords(pipeline, [
        { value: eventBody(), key: 'k ç', headers: [['trace', 'a"b']] },
        { value: eventBody().replace('{', '{\n'), key: 'two\nlines' },
        { value: null, key: 'gone' },
        { value: 'no json', key: '' },
        { value: Buffer.from([0xff]), key: Buffer.from([0xfe]), headers: [['h', null]] },
        { value: eventBody() },
      ]);
      assert.deepEqual(await keys(pipeline), [
        ['0:0', 'k ç', '[{"key":"trace","value":"a\\"b"}]'],
        ['0:1', 'two\nlines', null],
        ['0:2', 'gone', null],
        ['0:3', '', null],
        ['0:4', 'base64:/g==', '[{"key":"h","value":null}]'],
        ['0:5', null, null],
      ]);
    });
  });

  it('are forgotten with their person, and others\' tombstones stay', async () => {
    await withPipeline(async (pipeline) => {
      await landRecords(pipeline, [
        { value: eventBody({ user_id: person }), key: person },
        { value: eventBody({ user_id: 'alan' }), key: person, headers: [['by', person]] },
        { value: null, key: person },
        { value: null, key: 'alan' },
        { value: 'broken', headers: [['by', `"${person}"`]] },
        { value: eventBody({ user_id: `${person}2` }), key: `${person}2` },
      ]);
      const receipt = (await command(pipeline, forget, { userId: person })) as { readonly verified: { readonly found: readonly string[] } };
      assert.deepEqual(receipt.verified.found, []);
      const left = [['0:1', 'forgotten', '[{"key":"by","value":"forgotten"}]'], ['0:3', 'alan', null], ['0:5', `${person}2`, null]];
      assert.deepEqual(await keys(pipeline), left);
      await landRecords(pipeline, [{ value: null, key: person }, { value: eventBody(), key: person }, { value: 'broken', key: person }]);
      assert.deepEqual(await keys(pipeline), [...left, ['0:6', null, null], ['0:7', null, null], ['0:8', null, null]]);
      assert.equal((await pipeline.audit()).balanced, true);
    });
  });

  it('come to a lake that had no columns for them: its rows are read, replayed and forgotten as before', async () => {
    await withPipeline(async (pipeline) => {
      await landOlder(pipeline);
      await command(pipeline, forget, { userId: 'nobody-at-all' });
      await command(pipeline, replay, {});
      assert.deepEqual((await pipeline.rows('SELECT message_id, platform FROM bronze.shop ORDER BY ALL')).map((row) => [row['message_id'], row['platform']]), [['again', 'IOS'], ['own', 'IOS'], ['unplaced', 'ANDROID']]);
      await landRecords(pipeline, [{ value: eventBody(), key: 'k' }, { value: null, key: 'gone' }]);
      assert.deepEqual(await keys(pipeline), [['0:0', 'k', null], ['0:1', 'gone', null], ['old', null, null], ['old', null, null], ['old', null, null], ['old', null, null]]);
      await command(pipeline, forget, { userId: person });
      assert.equal(await pipeline.count('bronze.shop'), 3);
      assert.equal((await pipeline.audit()).balanced, true);
    });
  });

  /** Rows as an older version of this program has written them. */
  async function landOlder(pipeline: Pipeline): Promise<void> {
    const { lake, dataset } = pipeline;
    const older = (spec: TableSpec): TableSpec => ({ ...spec, columns: spec.columns.filter(({ name }) => !name.startsWith('message_') || name === 'message_id') });
    const scope = new Scope(lake, 'bronze.shop', 'bronze', 'shop');
    const staging = scope.newStaging();
    const session = await lake.session();
    const facts = "'test' AS source, 'old' AS source_position, CAST(NULL AS TIMESTAMPTZ) AS sent_at, TIMESTAMPTZ '2026-03-10 11:00:00Z' AS received_at";
    const row = (body: string, id: string, platform: string): string => `SELECT '${body}' AS body, '${id}' AS message_id, ${facts}, TIMESTAMPTZ '2026-03-10 10:00:00Z' AS event_timestamp, DATE '2026-03-10' AS event_date, ${platform} AS platform`;
    const landed = await write(session, `${row(eventBody({ user_id: person }), 'own', "'IOS'")} UNION ALL ${row(eventBody({ platform: 'ANDROID' }), 'unplaced', 'CAST(NULL AS VARCHAR)')}`, { partitionBy: ['event_date', 'platform'], stagingDir: join(lake.storage.locate(staging), 'rows') });
    const bad = (body: string, id: string): string => `SELECT encode('${body}') AS body, '${id}' AS message_id, ${facts}, 'not_json' AS reason, DATE '2026-03-10' AS received_date`;
    const rejected = await write(session, `${bad(eventBody(), 'again')} UNION ALL ${bad('no json', 'stays')}`, { partitionBy: ['received_date'], stagingDir: join(lake.storage.locate(staging), 'rejected') });
    await lake.storage.prepare();
    await scope.publish(staging, [
      { spec: older(rejectedSpec(dataset)), files: rejected, replaces: null, txns: {}, metrics: {} },
      { spec: older(bronzeSpec(dataset)), files: landed, replaces: null, txns: {}, totals: { 'ingot.total.received': 4, 'ingot.total.landed': 2, 'ingot.total.rejected': 2 }, metrics: {} },
    ], [], () => Promise.resolve());
  }
});
