import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/clock.js';
import { land } from '../../src/commands/bronze.js';
import type { Context } from '../../src/commands/context.js';
import { silentProgress } from '../../src/commands/progress.js';
import { parseConfig } from '../../src/config.js';
import type { Dataset } from '../../src/dataset.js';
import { generateShop } from '../../src/generate/shop.js';
import { writeLines } from '../../src/generate/write.js';
import { Session } from '../../src/lake/duckdb.js';
import { Lake } from '../../src/lake/lake.js';
import { filePath } from '../../src/lake/layout.js';
import { identifier, parametersOf } from '../../src/lake/sql.js';
import type { Parameters } from '../../src/lake/duckdb.js';
import { loadDataset } from '../../src/load.js';
import { buildSilver } from '../../src/silver/silver.js';

export type Form = 'json' | 'tostring';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const datasetsDir = join(root, 'datasets');
/** Of Ingot and of the bare statements alike. */
const memoryLimitBytes = 2_000_000_000;
const threads = 2;

export const goldDir = join(datasetsDir, 'shop', 'gold');
export const generated = { days: 7, seed: 1, since: '2026-01-01' } as const;

/** Where a benchmark works: the generated files, and lakes that are made when a part first needs them. */
export class Workbench {
  private constructor(
    readonly folder: string,
    readonly events: number,
    readonly runs: number,
    readonly dataset: Dataset,
  ) {}

  static async open(folder: string, events: number, runs: number): Promise<Workbench> {
    mkdirSync(folder, { recursive: true });
    return new Workbench(folder, events, runs, await loadDataset(datasetsDir, 'shop'));
  }

  /** Events in a file: made once for each number and form. */
  async file(events = this.events, form: Form = 'json'): Promise<string> {
    const file = join(this.folder, `${form}-${events}.ndjson`);
    if (!existsSync(file)) await writeLines(generateShop({ ...generated, events, form }), file);
    return file;
  }

  /** A lake in which all the events of a form have landed. */
  async bronzeLake(form: Form): Promise<string> {
    const lakeDir = join(this.folder, `lake-${form}`);
    if (!existsSync(join(lakeDir, 'bronze'))) await landFrom(lakeDir, await this.file(this.events, form), this.dataset);
    return lakeDir;
  }

  /** The same with silver. */
  async silverLake(form: Form): Promise<string> {
    const lakeDir = await this.bronzeLake(form);
    await withLake(lakeDir, (lake) => buildSilver(lake, this.dataset));
    return lakeDir;
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Opens a lake with the benchmark's limits, and closes it. @param lakeDir a folder, or s3://bucket/prefix */
export async function withLake<T>(lakeDir: string, work: (lake: Lake) => Promise<T>): Promise<T> {
  const lake = await Lake.at(lakeDir, { memoryLimitBytes, threads }, { extensions: process.env['INGOT_DUCKDB_EXTENSIONS'] ?? null });
  try {
    return await work(lake);
  } finally {
    await lake.close();
  }
}

/**
 * Ingot's whole way from a source to committed files of bronze, as `ingot bronze` takes it.
 * @param windowRows rows of a window; without it the command's default
 * @throws Error unless each event has landed or is rejected
 */
export async function landFrom(lakeDir: string, from: string, dataset: Dataset, windowRows: number | null = null): Promise<void> {
  await withLake(lakeDir, async (lake) => {
    const config = parseConfig({ lake: lakeDir, datasets: datasetsDir, memoryLimit: String(memoryLimitBytes), threads: String(threads), from, ...(windowRows === null ? {} : { windowRows: String(windowRows) }) });
    const context: Context = {
      config, lake, args: [dataset.name], clock: systemClock, progress: silentProgress, signal: new AbortController().signal,
      print: () => undefined, result: () => undefined,
    };
    const { summary, failures } = await land(context, dataset);
    if (failures[0] !== undefined) throw failures[0];
    if (summary.landed === 0 || summary.received !== summary.landed + summary.rejected) throw new Error(`landing lost events: ${JSON.stringify(summary)}`);
  });
}

/** A DuckDB with the same limits as a lake's. */
export async function withSession<T>(folder: string, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await Session.open({ memoryLimitBytes, threads, spillDir: join(folder, 'spill') });
  try {
    return await work(session);
  } finally {
    session.close();
  }
}

/** Writes a SELECT's rows as Ingot writes Parquet, and nothing more. */
export async function bareCopy(session: Session, select: string, parameters: Parameters, to: string, partitionBy: readonly string[]): Promise<void> {
  const copy = `COPY (${select}) TO $to (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (${partitionBy.map(identifier).join(', ')}))`;
  await session.run(copy, parametersOf(copy, { ...parameters, to }));
}

/** The files of a table's newest version, absolute. */
export async function tableFiles(lake: Lake, layer: string, table: string): Promise<string[]> {
  const snapshot = await lake.table(layer, table).snapshot();
  if (snapshot === null) throw new Error(`${layer}.${table} is not there`);
  return [...snapshot.files.values()].map((file) => lake.storage.locate(`${layer}/${table}/${filePath(file.path)}`));
}

/** Makes a lake as it was before a layer was first built. */
export function forget(lakeDir: string, layer: 'silver' | 'gold', dataset: Dataset): Promise<void> {
  for (const folder of [layer, `_ingot/intents/${layer}.${dataset.name}`]) rmSync(join(lakeDir, folder), { recursive: true, force: true });
  return Promise.resolve();
}
