import { readTaken } from '../bronze/manifest.js';
import { offsetsOf } from '../bronze/offsets.js';
import { familyOf, silverTables, timeColumn, type Dataset } from '../dataset.js';
import { LakeError } from '../errors.js';
import { goldInputs } from '../gold/gold.js';
import { loadModels, type GoldModels } from '../gold/model.js';
import { inputNumber, planGold, silverTxn, wholeInputTxn, wholeTxn, type Reason } from '../gold/plan.js';
import { inputTxn } from '../lake/changes.js';
import type { Lake } from '../lake/lake.js';
import type { Snapshot } from '../lake/snapshot.js';
import { partitionName } from '../lake/staged.js';
import { readTables, type Reading } from '../lake/views.js';
import { builtPartitions, contractName } from '../silver/built.js';
import { planSilver, type Why } from '../silver/plan.js';
import { silverSpecs } from '../silver/tables.js';
import type { Depth, DepthProbe } from '../sources/depth.js';
import { bronzeShares, silverShares, type RejectedShares } from './rejected-share.js';
import { newestMs, tableStatus, type TableStatus } from './status-table.js';

export interface StalePartition {
  /** `event_date=2026-01-31/platform=IOS`. */
  readonly partition: string;
  readonly why: Why;
  /** Rows and bytes of bronze that are to be read for it. */
  readonly rows: number;
  readonly bytes: number;
}

export interface SilverStatus {
  /** By name. Null when it can't be told: `errors` say why. */
  readonly stale: readonly StalePartition[] | null;
  /** Partitions by the contract that built them, `1/0f3ac9d21b77`; null: by several, or by one that is not known. The current one first. */
  readonly contracts: readonly { readonly contract: string | null; readonly current: boolean; readonly partitions: number }[];
}

export interface GoldStatus {
  /** Dates that silver, as it is now, has changed since gold was built. Null when it can't be told: `errors` say why. */
  readonly stale: readonly string[] | null;
  readonly reason: Reason | 'no silver' | null;
  /** The tables all of whose rows are to be built again, and why; null: none, or it can't be told. */
  readonly whole: { readonly tables: readonly string[]; readonly reason: Reason } | null;
}

export interface StatusSummary {
  readonly dataset: string;
  /** When it was told; ISO 8601, UTC. */
  readonly at: string;
  /** Those that there are: bronze, silver, gold. Empty: the lake has nothing of the dataset. */
  readonly tables: readonly TableStatus[];
  readonly silver: SilverStatus;
  readonly gold: GoldStatus;
  readonly rejected: { readonly bronze: RejectedShares; readonly silver: RejectedShares };
  /** What waits in the source; null when none was asked about, or when it can't be told. */
  readonly source: Depth | null;
  /** What could not be told, and why. */
  readonly errors: readonly string[];
}

export interface StatusReport {
  readonly summary: StatusSummary;
  readonly failures: readonly LakeError[];
}

/**
 * Tells what a dataset's tables hold, how fresh they are, what is stale, and what waits in a source. Reads logs only and
 * changes nothing. What can't be told is among the failures, and the rest is there.
 * @param modelsDir the folder of the gold models
 * @throws LakeError LAKE_CORRUPT, TABLE_UNSUPPORTED when a log can't be read
 */
export async function status(lake: Lake, dataset: Dataset, modelsDir: string, probe: DepthProbe | null): Promise<StatusReport> {
  const failures: LakeError[] = [];
  const attempt = async <T>(work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof LakeError)) throw error;
      failures.push(error);
      return null;
    }
  };
  const models = await attempt(() => loadModels(modelsDir));
  const nowMs = Math.trunc(lake.clock.nowMs());
  const readings = await readTables(lake, tablesOf(dataset, models));
  const tables = await tableStatuses(lake, dataset, readings, models, nowMs);
  const silver = { stale: tables.length === 0 ? [] : await attempt(() => stalePartitions(lake, dataset)), contracts: contractsOf(dataset, readings) };
  const gold = models === null ? null : await attempt(() => goldStatus(lake, dataset, models));
  const source = probe === null ? null : await attempt(() => probe.read(async () => (await readTaken(lake, dataset)).marks, async () => offsetsOf(await lake.table('bronze', dataset.name).snapshot())));
  const summary: StatusSummary = {
    dataset: dataset.name,
    at: new Date(nowMs).toISOString(),
    tables,
    silver,
    gold: gold ?? { stale: null, reason: null, whole: null },
    rejected: rejectedOf(dataset, readings, nowMs),
    source,
    errors: failures.map(({ message }) => message),
  };
  return { summary, failures };
}

function tablesOf(dataset: Dataset, models: GoldModels | null): { readonly layer: string; readonly table: string }[] {
  return [
    ...[dataset.name, `${dataset.name}_rejected`].map((table) => ({ layer: 'bronze', table })),
    ...silverTables(dataset).map((table) => ({ layer: 'silver', table })),
    ...(models?.models ?? []).map(({ name }) => ({ layer: 'gold', table: name })),
  ];
}

function snapshotOf(readings: readonly Reading[], layer: string, table: string): Snapshot | null {
  return readings.find((reading) => reading.layer === layer && reading.table === table)?.snapshot ?? null;
}

async function tableStatuses(lake: Lake, dataset: Dataset, readings: readonly Reading[], models: GoldModels | null, nowMs: number): Promise<TableStatus[]> {
  const event = snapshotOf(readings, 'silver', dataset.event.table);
  const anchor = snapshotOf(readings, 'gold', models?.models.at(-1)?.name ?? '');
  const silverMs = event === null ? null : newestMs(event, 'received_at');
  const number = await silverNumber(lake, dataset);
  const datedMs = await goldReceivedMs(lake, dataset, event, { anchor, version: silverTxn(dataset.event.table), input: inputTxn }, number);
  const wholeMs = await goldReceivedMs(lake, dataset, event, { anchor, version: wholeTxn(dataset.event.table), input: wholeInputTxn }, number);
  const wholeTables = new Set(models?.whole.models.map(({ name }) => name));
  const receivedMs = ({ layer, table }: Reading): number | null => {
    if (layer !== 'gold') return layer === 'silver' ? silverMs : null;
    return wholeTables.has(table) ? wholeMs : datedMs;
  };
  const statuses: TableStatus[] = [];
  for (const reading of readings) statuses.push(await tableStatus(lake, reading, timeColumn(dataset), receivedMs(reading), nowMs));
  return statuses;
}

/** The transactions that say which version of which silver it is. */
interface BuiltFrom {
  readonly anchor: Snapshot | null;
  readonly version: string;
  readonly input: string;
}

/** When the newest message was received of the silver events that gold is built from; null when the log no longer tells. */
async function goldReceivedMs(lake: Lake, dataset: Dataset, event: Snapshot | null, { anchor, ...txns }: BuiltFrom, number: number | null): Promise<number | null> {
  const version = anchor?.txn(txns.version, -1) ?? -1;
  if (event === null || version < 0 || anchor?.txn(txns.input, -1) !== number) return null;
  try {
    const built = version === event.version ? event : await lake.table('silver', dataset.event.table).log.snapshotAt(version);
    return newestMs(built, 'received_at');
  } catch (error) {
    if (error instanceof LakeError && error.code === 'LAKE_CORRUPT') return null;
    throw error;
  }
}

/** What gold's transactions call the event tables that it reads; null while one is missing. */
async function silverNumber(lake: Lake, dataset: Dataset): Promise<number | null> {
  const events = await Promise.all(familyOf(dataset).parts.map(({ event }) => lake.table('silver', event.table).snapshot()));
  const there = events.filter((snapshot) => snapshot !== null);
  return there.length < events.length ? null : inputNumber(there);
}

/** No run is needed for a plan that is not carried out. */
const noRun = 0;

async function stalePartitions(lake: Lake, dataset: Dataset): Promise<StalePartition[]> {
  const plan = await planSilver(lake, dataset, null, noRun);
  if (plan === null) throw new LakeError(`bronze.${dataset.name} is gone: whether silver is up to date can't be told`, { code: 'TABLE_NOT_FOUND', op: 'status', path: `bronze.${dataset.name}`, hint: 'Bring it back from a backup, or land its events again.' });
  const stale = [...plan.rebuild, ...plan.append].map(({ partition, why, rows, bytes }) => ({ partition: partitionName(partition), why, rows, bytes }));
  return stale.sort((a, b) => (a.partition < b.partition ? -1 : 1));
}

function contractsOf(dataset: Dataset, readings: readonly Reading[]): SilverStatus['contracts'] {
  const current = contractName(dataset);
  const silver = silverSpecs(dataset).flatMap(({ table }) => snapshotOf(readings, 'silver', table) ?? []);
  const partitions = new Map<string | null, number>();
  for (const { contract } of builtPartitions(silver).values()) partitions.set(contract, (partitions.get(contract) ?? 0) + 1);
  const contracts = [...partitions].map(([contract, count]) => ({ contract, current: contract === current, partitions: count }));
  return contracts.sort((a, b) => Number(b.current) - Number(a.current) || b.partitions - a.partitions);
}

async function goldStatus(lake: Lake, dataset: Dataset, models: GoldModels): Promise<GoldStatus> {
  const plan = await planGold(lake, goldInputs(dataset, models), null, noRun);
  if (plan === null) return { stale: [], reason: 'no silver', whole: null };
  const whole = plan.whole === null ? null : { tables: models.whole.models.map(({ name }) => name), reason: plan.whole.reason };
  return { stale: plan.dates, reason: plan.dates.length === 0 ? null : plan.reason, whole };
}

function rejectedOf(dataset: Dataset, readings: readonly Reading[], nowMs: number): StatusSummary['rejected'] {
  const rejected = `${dataset.name}_rejected`;
  const silver = [dataset.event.table, `${dataset.name}_duplicates`].map((table) => snapshotOf(readings, 'silver', table));
  return {
    bronze: bronzeShares(snapshotOf(readings, 'bronze', dataset.name), snapshotOf(readings, 'bronze', rejected)),
    silver: silverShares(dataset, silver, snapshotOf(readings, 'silver', rejected), nowMs),
  };
}
