import assert from 'node:assert/strict';
import { copyFileSync, cpSync, readdirSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from '../../src/commands/vacuum.js';
import { thisProcess } from '../../src/lake/staging.js';
import { temporaryFolder, TestClock } from '../support/lake.js';
import { eventBody, linesFile, withPipeline, type Pipeline } from '../support/pipeline.js';

export const hourMs = 3_600_000;
const bodies = ['2026-01-01', '2026-01-02'].map((day) => eventBody({ event_timestamp: Date.parse(`${day}T12:00:00Z`), items: [{ item_id: 'a', item_list_id: 'L1', price: 2 }] }));
export const range = { since: '2026-01-01', until: '2026-01-02' };

interface Removal {
  readonly files: number;
  readonly bytes: number;
}

export interface Summary {
  readonly removed: Readonly<Record<'replaced' | 'unnamed' | 'staging' | 'temporary' | 'log', Removal>>;
  readonly folders: number;
  readonly finished: number;
  readonly kept: readonly (Removal & { readonly until: string })[];
  readonly young: Removal;
  readonly paths?: readonly { readonly kind: string; readonly path: string }[];
}

export async function vacuumed(pipeline: Pipeline, options: Readonly<Record<string, unknown>> = {}): Promise<{ readonly summary: Summary; readonly lines: readonly string[] }> {
  const results: { summary: Summary; lines: readonly string[] }[] = [];
  const status = await run({ ...pipeline.context(options), result: (summary, lines) => void results.push({ summary: summary as Summary, lines }) });
  assert.deepEqual([status, results.length], [0, 1]);
  return results[0]!;
}

export const filesRemoved = ({ removed }: Summary): number => Object.values(removed).reduce((total, { files }) => total + files, 0);

/** Everything in a lake, but for the folder that the running DuckDB spills into. */
export function listing(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => !path.startsWith('_ingot/staging/spill')).sort();
}

function firstFile(root: string, table: string): string {
  const path = listing(join(root, table)).find((name) => name.endsWith('.parquet') && name.includes('='));
  assert.ok(path !== undefined);
  return join(table, path);
}

/** A data file that no version names, as a killed writer leaves it. */
export function addOrphan(root: string, table: string): string {
  const path = firstFile(root, table);
  const orphan = join(dirname(path), 'part-orphan.parquet');
  copyFileSync(join(root, path), join(root, orphan));
  return orphan;
}

export function age(root: string, path: string, hours: number): void {
  const seconds = Date.now() / 1000 - hours * 3600;
  utimesSync(join(root, path), seconds, seconds);
}

/** A staging folder's name of a process that is no more: numbers go no higher than 2^22. */
export const deadName = `${thisProcess(0).name}-${2 ** 22 + 1}-0-00000000-0000-4000-8000-000000000000`;

/** A lake of two days; give each test a copy of it. */
export async function fillLake(root: string): Promise<void> {
  await withPipeline(async (pipeline) => {
    await pipeline.land(linesFile([...bodies, 'no json']));
    await pipeline.build();
  }, { root, clock: new TestClock(Date.now()) });
}

export function copyOf(root: string): string {
  const copy = temporaryFolder();
  cpSync(root, copy, { recursive: true });
  return copy;
}

/** Two hours from now. */
export async function later<T>(root: string, work: (pipeline: Pipeline, clock: TestClock) => Promise<T>): Promise<T> {
  const clock = new TestClock(Date.now() + 2 * hourMs);
  return withPipeline((pipeline) => work(pipeline, clock), { root, clock });
}
