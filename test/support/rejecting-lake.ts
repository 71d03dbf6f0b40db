import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../src/commands/replay.js';
import { temporaryFolder } from './lake.js';
import { datasetsDir, eventBody, linesFile, withPipeline, type Pipeline } from './pipeline.js';

const item = { item_id: 'a', item_list_id: 'L1', price: 2 };
export const at = (time: string): number => Date.parse(`2026-01-0${time}Z`);

/** An event whose time also stands under the key that the first contract asks for. */
export function both(event_timestamp: number, values: Readonly<Record<string, unknown>> = {}): string {
  return eventBody({ event_timestamp, event_time: event_timestamp, items: [item], ...values });
}

const latin1 = Buffer.from([0x7b, 0x22, 0xe9, 0x22, 0x7d]);
export const lines: readonly (string | Buffer)[] = [
  both(at('2T10:00:00')),
  both(at('2T11:00:00'), { platform: 'web' }),
  both(at('3T11:00:00'), { platform: 'tv' }),
  both(at('3T12:00:00'), { event_name: 'refund' }),
  both(at('3T12:00:00'), { event_name: 'nonsense' }),
  eventBody({ event_timestamp: at('2T10:30:00'), items: [item] }),
  eventBody({ event_timestamp: at('4T10:30:00'), platform: 'WEB' }),
  eventBody({ event_timestamp: at('4T10:30:00'), user_id: null }),
  eventBody({ event_timestamp: at('2T10:00:00'), items: [item] }),
  eventBody({ event_timestamp: 'yesterday' }),
  'no json',
  '',
  latin1,
];

/** Contracts in folders: as it was when the rows came, and mended. */
export interface Contracts {
  readonly old: string;
  readonly mended: string;
}

export function contracts(): Contracts {
  const make = (change: (text: string) => string): string => {
    const folder = temporaryFolder();
    cpSync(datasetsDir, folder, { recursive: true });
    const path = join(folder, 'shop', 'dataset.ts');
    const text = readFileSync(path, 'utf8');
    const changed = change(text);
    assert.notEqual(changed, text);
    writeFileSync(path, changed);
    return folder;
  };
  return {
    old: make((text) => text.replace("key: 'event_timestamp'", "key: 'event_time'")),
    mended: make((text) => text.replace("['IOS', 'ANDROID']", "['IOS', 'ANDROID', 'WEB']").replace("'purchase']", "'purchase', 'refund']").replace(/version: \d+/, 'version: 1000')),
  };
}

/** What the command gives for --json, and prints. */
export async function replay(pipeline: Pipeline, options: Readonly<Record<string, unknown>> = {}): Promise<{ readonly result: Summary; readonly lines: readonly string[] }> {
  const results: { result: Summary; lines: readonly string[] }[] = [];
  assert.equal(await run({ ...pipeline.context(options), result: (result, printed) => void results.push({ result: result as Summary, lines: printed }) }), 0);
  return results[0]!;
}

export interface Summary {
  readonly bronze: { readonly landed: object; readonly placed: object; readonly partitions: readonly string[]; readonly commits: number; readonly rejected: object };
  readonly silver: { readonly event: number; readonly duplicate: number; readonly rejected: object | number; readonly partitions: readonly string[]; readonly candidates: number };
  readonly gold: { readonly dates: readonly string[] };
  readonly stayed: { readonly bronze: object; readonly silver: object };
}

/** Every row of bronze and its rejected table, without its partition. */
export async function messages(pipeline: Pipeline): Promise<string[]> {
  const rows = await pipeline.rows('SELECT message_id, source, source_position, sent_at, received_at, hex(encode(body)) AS body FROM bronze.shop UNION ALL SELECT message_id, source, source_position, sent_at, received_at, hex(body) FROM bronze.shop_rejected');
  return rows.map((row) => JSON.stringify(row)).sort();
}

export async function assertBalanced(pipeline: Pipeline, landed: number, rejected: number): Promise<void> {
  const audit = await pipeline.audit();
  assert.deepEqual([audit.differences, audit.pending, audit.received, audit.landed, audit.rejected], [[], 0, lines.length, landed, rejected]);
}

/** A lake that the old contract has built, with rejected rows in both layers, in two files of bronze's. */
export async function rejectingLake({ old }: Contracts): Promise<string> {
  const root = temporaryFolder();
  await build(root, old);
  return root;
}

/** The rows that a build gives which had the mended contract from the beginning. */
export async function mendedRows({ mended }: Contracts): Promise<Record<string, string[]>> {
  const root = temporaryFolder();
  await build(root, mended);
  return withPipeline(async (pipeline) => {
    await assertBalanced(pipeline, 9, 4);
    return pipeline.contract();
  }, { root, datasets: mended });
}

async function build(root: string, datasets: string): Promise<void> {
  await withPipeline(async (pipeline) => {
    await pipeline.land(linesFile(lines.slice(0, 7)));
    await pipeline.land(linesFile(lines.slice(7)));
    await pipeline.build();
  }, { root, datasets });
}

export function copyOf(root: string): string {
  const copy = temporaryFolder();
  cpSync(root, copy, { recursive: true });
  return copy;
}
