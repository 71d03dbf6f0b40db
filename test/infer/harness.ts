import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { CommandRun, Context } from '../../src/commands/context.js';
import { silentProgress } from '../../src/commands/progress.js';
import { parseConfig } from '../../src/config.js';
import type { ReadingOptions } from '../../src/infer/source.js';
import { Lake } from '../../src/lake/lake.js';
import { temporaryFolder } from '../support/lake.js';
import { standingClock } from '../support/pipeline.js';

/** How tests read files; what is left in the scratch folder can be looked at. */
export function readingOptions(scratch = temporaryFolder(), stdin = ''): ReadingOptions {
  return { clock: standingClock(), signal: new AbortController().signal, memoryLimitBytes: 1e9, threads: 2, scratch, stdin: Readable.from([stdin]) };
}

/** A new datasets folder with this contract in it. */
export function datasetsWith(name: string, typescript: string): string {
  const datasets = temporaryFolder();
  mkdirSync(join(datasets, name));
  writeFileSync(join(datasets, name, 'dataset.ts'), typescript);
  return datasets;
}

export interface Carried {
  readonly status: number;
  readonly summary: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
}

/** Carries out a command in this process. */
export async function carryOut(run: CommandRun, args: readonly string[], options: Readonly<Record<string, unknown>>): Promise<Carried> {
  const config = parseConfig({ lake: join(temporaryFolder(), 'lake'), datasets: temporaryFolder(), memoryLimit: '1GB', threads: '2', ...options });
  const lake = Lake.local(config.lake, { clock: standingClock(), memoryLimitBytes: 1e9, threads: 2 });
  let summary: object = {};
  let lines: readonly string[] = [];
  const context: Context = {
    config, args, clock: lake.clock, lake, signal: new AbortController().signal, progress: silentProgress, print: () => undefined,
    result: (given, shown) => {
      summary = given;
      lines = shown;
    },
  };
  try {
    const status = await run(context);
    return { status, summary: { ...summary }, lines };
  } finally {
    await lake.close();
  }
}
