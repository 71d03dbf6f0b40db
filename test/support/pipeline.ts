import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../src/clock.js';
import { land, type BronzeSummary } from '../../src/commands/bronze.js';
import type { Context } from '../../src/commands/context.js';
import { refreshGold } from '../../src/commands/gold.js';
import { silentProgress } from '../../src/commands/progress.js';
import { refreshSilver } from '../../src/commands/silver.js';
import { parseConfig } from '../../src/config.js';
import type { Dataset } from '../../src/dataset.js';
import type { LakeError } from '../../src/errors.js';
import { generateShopWithTruth, type GeneratedLine } from '../../src/generate/shop.js';
import type { GoldSummary } from '../../src/gold/gold.js';
import { Lake } from '../../src/lake/lake.js';
import { LocalStorage } from '../../src/lake/local.js';
import type { Storage } from '../../src/lake/storage.js';
import { createView, readTables } from '../../src/lake/views.js';
import { loadDataset } from '../../src/load.js';
import { audit, type AuditSummary } from '../../src/report/audit.js';
import type { Range } from '../../src/silver/plan.js';
import type { SilverSummary } from '../../src/silver/silver.js';
import { temporaryFolder } from './lake.js';

export const project = fileURLToPath(new URL('../..', import.meta.url));
export const datasetsDir = join(project, 'datasets');

/** A file of the real data beside the project, or null when that is not there. */
export function realData(path: string): string | null {
  const file = join(project, '..', 'shared', 'data', path);
  return existsSync(file) ? file : null;
}

/** A clock that stands still: nobody who sleeps wakes before the signal. */
export function standingClock(at = '2026-03-10T12:00:00Z'): Clock {
  return {
    nowMs: () => Date.parse(at),
    sleep: (_ms, signal) => new Promise((resolve) => {
      if (signal?.aborted === true) resolve();
      signal?.addEventListener('abort', () => resolve(), { once: true });
    }),
  };
}

export interface PipelineOptions {
  readonly root?: string;
  readonly storage?: Storage;
  readonly clock?: Clock;
  readonly datasets?: string;
  /** The dataset; shop by default. */
  readonly name?: string;
}

export type Row = Record<string, unknown>;

/** The project's own contract is loaded once. */
let shop: Promise<Dataset> | null = null;

/** A lake with the commands that fill it, in this process. */
export class Pipeline {
  private constructor(
    readonly lake: Lake,
    readonly dataset: Dataset,
    private readonly datasets: string,
  ) {}

  static async open({ root = temporaryFolder(), storage, clock = standingClock(), datasets = datasetsDir, name = 'shop' }: PipelineOptions = {}): Promise<Pipeline> {
    const lake = new Lake({ storage: storage ?? new LocalStorage(root), clock, memoryLimitBytes: 1e9, threads: 2, retainMs: 0 });
    return new Pipeline(lake, await (datasets === datasetsDir && name === 'shop' ? (shop ??= loadDataset(datasetsDir, name)) : loadDataset(datasets, name)), datasets);
  }

  get root(): string {
    return this.lake.storage.root;
  }

  context(options: Readonly<Record<string, unknown>> = {}): Context {
    const config = parseConfig({ lake: this.root, datasets: this.datasets, memoryLimit: '1GB', threads: '2', ...options });
    return { config, args: [this.dataset.name], clock: this.lake.clock, lake: this.lake, signal: new AbortController().signal, progress: silentProgress, print: () => undefined, result: () => undefined };
  }

  land(from: string, options: Readonly<Record<string, unknown>> = {}): Promise<{ readonly summary: BronzeSummary; readonly failures: readonly LakeError[] }> {
    return land(this.context({ from, ...options }), this.dataset);
  }

  silver(range: Range | null = null): Promise<SilverSummary> {
    return refreshSilver(this.context(), this.dataset, { range });
  }

  gold(range: Range | null = null): Promise<GoldSummary> {
    return refreshGold(this.context(), this.dataset, range);
  }

  /** Silver and gold. */
  async build(): Promise<{ readonly silver: SilverSummary; readonly gold: GoldSummary }> {
    return { silver: await this.silver(), gold: await this.gold() };
  }

  async audit(): Promise<AuditSummary> {
    return audit(this.lake, this.dataset, await this.lake.tableNames('gold'));
  }

  /** Rows of a SELECT over the lake's tables, each at its valid version. */
  async rows(sql: string): Promise<Row[]> {
    await this.makeViews();
    return (await this.lake.session()).rows(sql);
  }

  private async makeViews(): Promise<void> {
    const session = await this.lake.session();
    for (const reading of await readTables(this.lake, await this.tables())) await createView(session, this.lake, reading);
  }

  private async tables(): Promise<{ readonly layer: string; readonly table: string }[]> {
    const names = await Promise.all(['bronze', 'silver', 'gold'].map(async (layer) => (await this.lake.tableNames(layer)).map((table) => ({ layer, table }))));
    return names.flat();
  }

  async count(table: string): Promise<number> {
    const [row] = await this.rows(`SELECT count(*) AS n FROM ${table}`);
    return Number(row?.['n']);
  }

  /** The rows of silver's and gold's tables as sorted JSON lines, without what may differ between two ways to the same rows: when and as which message they came. */
  async contract(without: readonly string[] = []): Promise<Record<string, string[]>> {
    const differing = new Set(['message_id', 'received_at', ...without]);
    const contract: Record<string, string[]> = {};
    await this.makeViews();
    const session = await this.lake.session();
    for (const { layer, table } of await this.tables()) {
      if (layer === 'bronze') continue;
      const rows = await session.rows(`SELECT * FROM ${layer}.${table}`);
      contract[`${layer}.${table}`] = rows.map((row) => JSON.stringify(byName(row), (key, value: unknown) => (differing.has(key) ? undefined : value))).sort();
    }
    return contract;
  }

  /** The newest version of each table. */
  async versions(): Promise<Record<string, number>> {
    const versions: Record<string, number> = {};
    for (const { layer, table } of await this.tables()) versions[`${layer}.${table}`] = (await this.lake.table(layer, table).snapshot())?.version ?? -1;
    return versions;
  }

  close(): Promise<void> {
    return this.lake.close();
  }
}

/** A table whose columns were added over time has them in another order. */
function byName(row: Row): Row {
  return Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Opens a pipeline for as long as the work takes. */
export async function withPipeline<T>(work: (pipeline: Pipeline) => Promise<T>, options: PipelineOptions = {}): Promise<T> {
  const pipeline = await Pipeline.open(options);
  try {
    return await work(pipeline);
  } finally {
    await pipeline.close().catch(() => undefined);
  }
}

/** Few events of few days, with duplicates, late and broken ones among them, each with what it is. */
export function shopLines(events: number, seed = 7, days = 3): GeneratedLine[] {
  return [...generateShopWithTruth({ events, days, seed, form: 'mixed', since: '2026-01-01' })];
}

/** Writes lines to a new file of a new folder; gives its path. */
export function linesFile(lines: readonly (string | Buffer)[], name = 'events.ndjson', folder = temporaryFolder()): string {
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat(lines.map((line) => Buffer.concat([Buffer.from(line), Buffer.from('\n')]))));
  return path;
}

/** A good event, with these keys changed. */
export function eventBody(values: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ event_timestamp: Date.parse('2026-01-02T10:00:00Z'), user_id: 'u1', event_name: 'view_item', platform: 'IOS', items: [], ...values });
}
