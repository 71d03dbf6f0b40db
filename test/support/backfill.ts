import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { backfill, type BackfillSteps } from '../../src/commands/backfill.js';
import type { Context } from '../../src/commands/context.js';
import { temporaryFolder } from './lake.js';
import { linesFile, shopLines, withPipeline, type Pipeline } from './pipeline.js';

/** A small shop's events. */
export const lines = shopLines(300).map(({ text }) => text);
/** A range that has them all. */
export const all = { since: '2025-12-01', until: '2026-02-01' };

export interface Told {
  readonly status: number;
  readonly summary: Record<string, unknown>;
  readonly lines: readonly string[];
}

/** Runs `backfill` in this process; gives what it has printed. */
export async function told(pipeline: Pipeline, options: Readonly<Record<string, unknown>>, steps: BackfillSteps = {}, own: Partial<Context> = {}): Promise<Told> {
  let printed: { summary: object; lines: readonly string[] } = { summary: {}, lines: [] };
  const context: Context = { ...pipeline.context(options), result: (summary, texts) => { printed = { summary, lines: texts }; }, ...own };
  const status = await backfill(context, steps);
  return { status, summary: printed.summary as Record<string, unknown>, lines: printed.lines };
}

/** A lake that holds the lines, in all layers. */
export async function builtLake(): Promise<string> {
  const root = temporaryFolder();
  await withPipeline(async (pipeline) => {
    await pipeline.land(linesFile(lines.slice(0, 250)));
    await pipeline.build();
  }, { root });
  return root;
}

export function copyOf(root: string): string {
  const copy = temporaryFolder();
  cpSync(root, copy, { recursive: true });
  return copy;
}

/** The claim of a process that has died in this one's place. */
export function killClaims(root: string): void {
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  const folder = join(root, '_ingot/backfill/shop');
  for (const name of readdirSync(folder)) {
    const note = JSON.parse(readFileSync(join(folder, name), 'utf8')) as object;
    writeFileSync(join(folder, name), JSON.stringify({ ...note, pid: dead }));
  }
}

export interface PartitionCounts {
  readonly total: number;
  readonly before: number;
  readonly now: number;
  readonly left: number;
}

export const partitionsOf = ({ summary }: Told): PartitionCounts => (summary['backfill'] as { partitions: PartitionCounts }).partitions;
