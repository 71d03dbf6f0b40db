import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { write } from '../../src/engines/duckdb.js';
import type { GoldSummary } from '../../src/gold/gold.js';
import { HotGold, type HotOptions } from '../../src/gold/hot.js';
import { silverTxn } from '../../src/gold/plan.js';
import { textList } from '../../src/lake/duckdb.js';
import { filePath } from '../../src/lake/layout.js';
import { Scope, type TableWrite } from '../../src/lake/publication.js';
import { specOf } from '../../src/lake/schema.js';
import { sqlFile } from '../../src/lake/sql.js';
import { temporaryFolder } from '../support/lake.js';
import { datasetsDir, eventBody, linesFile, standingClock, withPipeline, type Pipeline } from '../support/pipeline.js';
import { moneyText, type ShopEvent } from '../support/silver-of-json.js';

export const modelsDir = join(datasetsDir, 'shop', 'gold');
const rewrittenRows = sqlFile(import.meta.url, './rewritten-rows.sql');

/** An event as a line of a source. */
export function bodyOf({ user_id, platform, event_name, timestampUs, items }: ShopEvent): string {
  const money = (amount: bigint | null): string | null => (amount === null ? null : moneyText(amount));
  const elements = items.map((item) => ({ ...item, price: money(item.price), item_revenue: money(item.item_revenue), quantity: item.quantity === null ? null : String(item.quantity) }));
  return JSON.stringify({ event_timestamp: timestampUs, user_id, platform, event_name, items: elements });
}

/** A view of a product at a time, `2026-01-02T10:00`. */
export function viewAt(time: string, user = 'u1'): string {
  return eventBody({ event_timestamp: Date.parse(`${time}:00Z`), user_id: user, items: [{ item_id: 'a', item_list_id: 'L1', price: 2 }] });
}

/** Writes silver's rows into other files: all of them, as a compaction does, or all but those of a person who is forgotten. */
export async function rewriteSilver({ lake }: Pipeline, forgotten: string | null = null): Promise<void> {
  const scope = new Scope(lake, 'silver.shop', 'silver', 'event');
  const staging = scope.newStaging();
  mkdirSync(lake.storage.locate(staging), { recursive: true });
  const writes: TableWrite[] = [];
  for (const table of ['item_event', 'event']) {
    const snapshot = await lake.table('silver', table).snapshot();
    if (snapshot === null) return;
    const removes = [...snapshot.files.keys()];
    const paths = textList(removes.map((path) => lake.storage.locate(`silver/${table}/${filePath(path)}`)));
    const tags = [...snapshot.files.values()].at(-1)?.tags ?? {};
    const written = await write(await lake.session(), rewrittenRows, { parameters: { paths, forgotten }, partitionBy: ['event_date', 'platform'], stagingDir: lake.storage.locate(`${staging}/${table}`) });
    const files = written.map((file) => ({ ...file, tags }));
    const how = forgotten === null ? { files: [], rewrites: { removes, files } } : { files, removes };
    writes.push({ spec: specOf('silver', table, snapshot.metaData), replaces: null, ...how, txns: {}, metrics: {} });
  }
  await scope.publish(staging, writes, [], () => Promise.resolve());
}

/** Gold's rows as the pipeline shows them; silver's left out. */
export async function goldRows(pipeline: Pipeline): Promise<Record<string, string[]>> {
  return Object.fromEntries(Object.entries(await pipeline.contract()).filter(([name]) => name.startsWith('gold.')));
}

/** Gold's rows of all dates when another lake is built from these events at once. */
export function builtAtOnce(bodies: readonly string[]): Promise<Record<string, string[]>> {
  return withPipeline(async (other) => {
    await other.land(linesFile(bodies));
    await other.build();
    return goldRows(other);
  });
}

function from(rows: Record<string, string[]>, since: string): Record<string, string[]> {
  return Object.fromEntries(Object.entries(rows).map(([name, lines]) => [name, lines.filter((line) => (JSON.parse(line) as { event_date: string }).event_date >= since)]));
}

/** A pipeline whose gold is kept hot. */
export class HotPipeline {
  readonly bodies: string[] = [];
  hot: HotGold;

  constructor(
    readonly pipeline: Pipeline,
    readonly models: string,
    private readonly tick: () => void,
  ) {
    this.hot = new HotGold(pipeline.lake, pipeline.dataset, models);
  }

  /** Lands events, one window, and brings silver up to date. */
  async land(bodies: readonly string[]): Promise<void> {
    this.bodies.push(...bodies);
    if (bodies.length === 0) return;
    this.tick();
    await this.pipeline.land(linesFile(bodies));
    await this.pipeline.silver();
  }

  async add(bodies: readonly string[], options: HotOptions = {}): Promise<GoldSummary> {
    await this.land(bodies);
    return this.hot.refresh(options);
  }

  async restart(): Promise<void> {
    await this.hot.close();
    this.hot = new HotGold(this.pipeline.lake, this.pipeline.dataset, this.models);
  }

  async builtFrom(): Promise<number> {
    return (await this.pipeline.lake.table('gold', 'session').snapshot())?.txn(silverTxn('event'), -1) ?? -1;
  }

  async assertRight(since = ''): Promise<void> {
    assert.deepEqual(from(await goldRows(this.pipeline), since), from(await builtAtOnce(this.bodies), since));
  }
}

export async function withHot<T>(work: (hot: HotPipeline) => Promise<T>, models = modelsDir): Promise<T> {
  // What comes later is received later: else which of two duplicates is kept would follow from their ids, not from their order.
  const clock = standingClock();
  let nowMs = clock.nowMs();
  return withPipeline(async (pipeline) => {
    const hot = new HotPipeline(pipeline, models, () => nowMs += 1000);
    try {
      return await work(hot);
    } finally {
      await hot.hot.close();
    }
  }, { clock: { ...clock, nowMs: () => nowMs } });
}

/** The shop's models with some texts changed. */
export function modelsWith(change: (name: string, sql: string) => string, names: readonly string[]): string {
  const folder = temporaryFolder();
  cpSync(modelsDir, folder, { recursive: true });
  for (const name of names) writeFileSync(join(folder, name), change(name, readFileSync(join(folder, name), 'utf8')));
  return folder;
}
