import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { run } from '../../src/commands/compact.js';
import type { AddFile } from '../../src/lake/actions.js';
import { filePath } from '../../src/lake/layout.js';
import { eventBody, linesFile, type Pipeline } from '../support/pipeline.js';

const item = { item_id: 'a', item_list_id: 'L1', price: 2 };
export const days = ['2026-01-01', '2026-01-02'];
export const landings = 4;
export const allTables = ['bronze.shop', 'bronze.shop_rejected', 'silver.event', 'silver.item_event', 'silver.shop_rejected', 'silver.shop_duplicates', 'gold.funnel_daily', 'gold.list_metrics', 'gold.product_metrics', 'gold.session'];

/** Good events, one said twice, one that is rejected; one line that is no JSON. */
export function landing(index: number): string {
  const bodies = days.flatMap((day) => {
    const event_timestamp = Date.parse(`${day}T12:00:00Z`) + index * 1000;
    const good = eventBody({ event_timestamp, user_id: `u${index}`, items: [item] });
    return [good, good, eventBody({ event_timestamp, user_id: `u${index}`, event_name: 'refund' })];
  });
  return linesFile([...bodies, `no json ${index}`]);
}

export async function fill(pipeline: Pipeline): Promise<void> {
  for (let index = 0; index < landings; index++) {
    await pipeline.land(landing(index));
    await pipeline.build();
  }
}

export interface Summary {
  readonly dryRun: boolean;
  readonly stopped: boolean;
  readonly tables: Readonly<Record<string, { readonly partitions: number; readonly filesBefore: number; readonly filesAfter: number; readonly bytesAfter: number | null; readonly rows: number }>>;
}

export async function compact(pipeline: Pipeline, options: Readonly<Record<string, unknown>> = {}): Promise<{ readonly summary: Summary; readonly lines: readonly string[] }> {
  const results: { summary: Summary; lines: readonly string[] }[] = [];
  const status = await run({ ...pipeline.context(options), result: (summary, lines) => void results.push({ summary: summary as Summary, lines }) });
  assert.deepEqual([status, results.length], [0, 1]);
  return results[0]!;
}

export async function filesOf({ lake }: Pipeline, name: string): Promise<AddFile[]> {
  const [layer = '', table = ''] = name.split('.');
  return [...((await lake.table(layer, table).snapshot())?.files.values() ?? [])];
}

/** Every row of every table, verbatim, sorted. */
export async function allRows(pipeline: Pipeline): Promise<Record<string, string[]>> {
  const rows: Record<string, string[]> = {};
  for (const name of allTables) rows[name] = (await pipeline.rows(`SELECT * FROM ${name}`)).map((row) => JSON.stringify(row)).sort();
  return rows;
}

export async function txns({ lake }: Pipeline): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const name of allTables) {
    const [layer = '', table = ''] = name.split('.');
    found[name] = [...((await lake.table(layer, table).snapshot())?.txns ?? [])].filter(([appId]) => appId !== 'ingot.run').sort();
  }
  return found;
}

/** Data files below the tables' folders against those that the newest versions name. */
export async function assertGlobIsSnapshot(pipeline: Pipeline): Promise<void> {
  const there = readdirSync(pipeline.root, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.parquet') && !path.startsWith('_ingot/') && !path.includes('_delta_log'));
  const named = (await Promise.all(allTables.map(async (name) => (await filesOf(pipeline, name)).map((file) => `${name.replace('.', '/')}/${filePath(file.path)}`)))).flat();
  assert.deepEqual(there.sort(), named.sort());
}
