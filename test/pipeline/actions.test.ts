import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run as backfill } from '../../src/commands/backfill.js';
import { run as compact } from '../../src/commands/compact.js';
import { run as forget } from '../../src/commands/forget.js';
import { run as rejected } from '../../src/commands/rejected.js';
import { run as replay } from '../../src/commands/replay.js';
import { generateActionsWithTruth, type GeneratedAction } from '../../src/generate/actions.js';
import { HotGold } from '../../src/gold/hot.js';
import { duckdbDdl } from '../../src/query/ddl.js';
import { status } from '../../src/report/status.js';
import { productActions, productFunnel } from '../support/actions-reference.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { datasetsDir, linesFile, realData, withPipeline, type Pipeline, type PipelineOptions, type Row } from '../support/pipeline.js';

const name = 'actions';
const goldDir = join(datasetsDir, name, 'gold');
const events = 2500;
const made: GeneratedAction[] = [...generateActionsWithTruth({ events, days: 3, seed: 5, since: '2026-01-01' })];
const kinds = (kind: GeneratedAction['kind']): GeneratedAction[] => made.filter((line) => line.kind === kind);
const texts = made.map(({ text }) => text);
/** In bronze these have no event time; silver rejects the others that are broken. */
const timeless = new Set<unknown>(['not_json', 'cut_json', 'array_for_object', 'missing_timestamp', 'timestamp_number', 'timestamp_unreadable']);

const inActions = <T>(work: (pipeline: Pipeline) => Promise<T>, options: PipelineOptions = {}): Promise<T> => withPipeline(work, { name, ...options });
const asTexts = (rows: readonly Row[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

async function told(run: (context: ReturnType<Pipeline['context']>) => Promise<number>, pipeline: Pipeline, options: Readonly<Record<string, unknown>> = {}): Promise<{ readonly status: number; readonly text: string; readonly summary: unknown }> {
  const said: { summary: unknown; lines: readonly string[] }[] = [];
  const code = await run({ ...pipeline.context(options), result: (summary, lines) => void said.push({ summary, lines }) });
  return { status: code, text: said.flatMap(({ lines }) => lines).join('\n'), summary: said[0]?.summary };
}

describe('the dataset actions', function () {
  this.timeout(120_000);
  let clean: Record<string, string[]>;
  let built: string;

  before(async () => {
    built = temporaryFolder();
    clean = await inActions(async (pipeline) => {
      await pipeline.land(linesFile(texts));
      await pipeline.build();
      return pipeline.contract();
    }, { root: built });
  });
  after(removeTemporaryFolders);

  it('has each action once, each repetition and each broken message where it belongs, and balances', async () => {
    await inActions(async (pipeline) => {
      const counts = await Promise.all(['silver.user_action', 'silver.actions_duplicates'].map((table) => pipeline.count(table)));
      assert.deepEqual(counts, [kinds('event').length, kinds('duplicate').length]);
      const broken = kinds('broken');
      assert.deepEqual(
        [await pipeline.count('silver.actions_rejected'), await pipeline.count('bronze.actions_rejected')],
        [broken.filter(({ broken: kind }) => !timeless.has(kind)).length, broken.filter(({ broken: kind }) => timeless.has(kind)).length],
      );
      const audit = await pipeline.audit();
      assert.deepEqual([audit.balanced, audit.differences, audit.pending, audit.received], [true, [], 0, events]);
    }, { root: built });
  });

  it('has partitions by date and platform, of actions without a platform too', async () => {
    await inActions(async (pipeline) => {
      const found = await pipeline.rows('SELECT DISTINCT platform FROM silver.user_action ORDER BY platform NULLS FIRST');
      assert.deepEqual(found.map(({ platform }) => platform), [null, 'android', 'ios', 'mobile', 'tv', 'web']);
      const files = (await pipeline.lake.table('silver', 'user_action').snapshot())?.files.values() ?? [];
      const partitions = new Set([...files].map(({ partitionValues }) => JSON.stringify(partitionValues)));
      assert.ok(partitions.has('{"event_date":"2026-01-02","platform":null}'));
      assert.equal((await pipeline.rows('DESCRIBE silver.user_action')).map((row) => `${String(row['column_name'])} ${String(row['column_type'])}`).sort().join(', '),
        'SKU VARCHAR, event_date DATE, event_datetime TIMESTAMP WITH TIME ZONE, event_id VARCHAR, event_name VARCHAR, issues VARCHAR[], message_id VARCHAR, platform VARCHAR, product_name VARCHAR, received_at TIMESTAMP WITH TIME ZONE, user_id VARCHAR');
    }, { root: built });
  });

  it('has the metrics that a count without SQL has', async () => {
    const actions = kinds('event').map(({ action }) => action);
    await inActions(async (pipeline) => {
      const counted = await pipeline.rows('SELECT event_date, platform, SKU, actions, views, clicks, purchases, other_actions, users, viewers, clickers, purchasers FROM gold.product_actions');
      assert.deepEqual(asTexts(counted), asTexts(productActions(actions)));
      const funnel = await pipeline.rows('SELECT * EXCLUDE (product_name) FROM (SELECT event_date, SKU, views, clicks, purchases, viewers, clickers, purchasers, funnel_view, funnel_click, funnel_purchase, rate_click, rate_purchase, rate_overall, product_name FROM gold.product_funnel)');
      assert.deepEqual(asTexts(funnel), asTexts(productFunnel(actions)));
      assert.ok(productFunnel(actions).some((row) => row['funnel_purchase'] !== '0'));
      const [total] = await pipeline.rows('SELECT CAST(sum(actions) AS BIGINT) AS n FROM gold.product_actions');
      assert.deepEqual(total, { n: String(actions.length) });
    }, { root: built });
  });

  it('has the same rows landed in parts, shuffled and repeated, with gold kept between refreshes', async () => {
    const turned = [...texts].reverse();
    const parts = [turned.slice(0, 900), turned.slice(900, 1700), turned.slice(1700)];
    await inActions(async (pipeline) => {
      const hot = new HotGold(pipeline.lake, pipeline.dataset, goldDir);
      try {
        for (const [index, part] of parts.entries()) {
          await pipeline.land(linesFile(part, `part-${index}.ndjson`));
          await pipeline.silver();
          await hot.refresh();
        }
        assert.equal(hot.dates.length, 3);
        assert.deepEqual(await pipeline.contract(), clean);
        await pipeline.land(linesFile(turned.slice(0, 500), 'again.ndjson'));
        const { appended } = await pipeline.silver();
        assert.ok(appended.length > 0);
        await hot.refresh();
        assert.deepEqual((await pipeline.contract())['silver.user_action'], clean['silver.user_action']);
        assert.deepEqual((await pipeline.contract())['gold.product_funnel'], clean['gold.product_funnel']);
        assert.equal((await pipeline.audit()).balanced, true);
      } finally {
        await hot.close();
      }
    });
  });

  it('is operated like any other: status, ddl, backfill of a platform, compact, rejected, replay and forget', async () => {
    const root = temporaryFolder();
    const person = kinds('event').find(({ action }) => action.userId !== null)?.action.userId ?? '';
    await inActions(async (pipeline) => {
      for (const half of [texts.slice(0, 1200), texts.slice(1200)]) {
        await pipeline.land(linesFile([...half, ...(half[0] === texts[0] ? [(texts[0] ?? '').replace(/"platform":"\w+"/, '"platform":"fridge"')] : [])]));
        await pipeline.build();
      }
      const { summary, failures } = await status(pipeline.lake, pipeline.dataset, goldDir, null);
      assert.deepEqual([failures, summary.silver.stale, summary.gold.stale], [[], [], []]);
      assert.match(summary.tables.find(({ table }) => table === 'user_action')?.newestEventAt ?? '', /^2026-01-03T23:/);
      assert.match((await duckdbDdl(pipeline.lake)).statements.join('\n'), /silver.*user_action/);

      const before = await pipeline.contract();
      assert.equal((await told(backfill, pipeline, { since: '2026-01-01', until: '2026-01-02', platform: 'web' })).status, 0);
      assert.match((await told(compact, pipeline)).text, /silver.user_action/);
      assert.deepEqual(await pipeline.contract(), before);
      assert.match((await told(rejected, pipeline)).text, /platform_unknown: /);
    }, { root });

    const datasets = temporaryFolder();
    cpSync(datasetsDir, datasets, { recursive: true });
    const contract = join(datasets, name, 'dataset.ts');
    writeFileSync(contract, readFileSync(contract, 'utf8').replace('version: 1,', 'version: 2,').replace("'tv'", "'tv', 'fridge'"));
    await inActions(async (pipeline) => {
      assert.match((await told(replay, pipeline)).text, /without a platform got one: \d+ fridge/);
      assert.ok((await pipeline.count("silver.user_action WHERE platform = 'fridge'")) > 0);
      const { status: code, text } = await told(forget, pipeline, { userId: person });
      assert.equal(code, 0, text);
      assert.equal(await pipeline.count(`silver.user_action WHERE user_id = '${person}'`), 0);
      await pipeline.land(linesFile(texts.filter((line) => line.includes(person)), 'back.ndjson'));
      await pipeline.build();
      assert.equal(await pipeline.count(`bronze.actions WHERE body LIKE '%${person}%'`), 0);
      assert.equal((await pipeline.audit()).balanced, true);
    }, { root, datasets });
  });

  it('takes the three known examples', async function () {
    const file = realData('actions/events.ndjson');
    if (file === null) this.skip();
    await inActions(async (pipeline) => {
      await pipeline.land(file);
      await pipeline.build();
      assert.deepEqual(await pipeline.rows('SELECT event_datetime, event_date, event_name, user_id, platform, product_name, SKU FROM silver.user_action ORDER BY event_datetime'), [
        { event_datetime: '2023-10-23 12:34:56+00', event_date: '2023-10-23', event_name: 'view', user_id: 'user_12345', platform: 'web', product_name: 'Wireless Mouse', SKU: 'SKU-1001' },
        { event_datetime: '2023-10-23 12:35:10+00', event_date: '2023-10-23', event_name: 'click', user_id: 'user_67890', platform: 'mobile', product_name: 'Bluetooth Headphones', SKU: 'SKU-2002' },
        { event_datetime: '2023-10-23 12:36:05+00', event_date: '2023-10-23', event_name: 'purchase', user_id: 'user_12345', platform: 'web', product_name: 'Mechanical Keyboard', SKU: 'SKU-3003' },
      ]);
    });
  });
});
