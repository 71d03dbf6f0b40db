import { goneInputs } from '../backfill/gone.js';
import type { Dataset } from '../dataset.js';
import { LakeError } from '../errors.js';
import { defaultRunDates, goldInputs } from '../gold/gold.js';
import { loadModels } from '../gold/model.js';
import { isIdle, planGold, type AskedGold, type Reason } from '../gold/plan.js';
import { inputRange, rangesOf, reach } from '../gold/ranges.js';
import { partitionKey, type Partition } from '../lake/changes.js';
import { filePath } from '../lake/layout.js';
import type { Lake } from '../lake/lake.js';
import type { Snapshot } from '../lake/snapshot.js';
import { partitionName } from '../lake/staged.js';
import { recordsOf } from '../lake/statistics.js';
import { builtPartitions } from '../silver/built.js';
import { planSilver, type SilverPlan } from '../silver/plan.js';
import { runsOf } from '../silver/silver.js';
import { silverSpecs } from '../silver/tables.js';
import { foundIn } from '../sources/found.js';
import { readableNames } from '../sources/stored.js';
import { parseSourceUri } from '../sources/uri.js';
import type { Context } from './context.js';
import { modelsDir } from './models.js';
import { count, plural, size } from './output.js';

/** Rows and bytes that are read, as the log tells them. */
interface Input {
  readonly rows: number;
  readonly bytes: number;
}

export interface PlannedSilver extends Input {
  /** In the order in which they are built. */
  readonly partitions: readonly (Input & {
    readonly partition: string;
    readonly how: 'rebuild' | 'append';
    readonly why: string;
    /** Which contract built it; null: none, or several. */
    readonly contract: string | null;
    /** The run that publishes it, counted from 1. */
    readonly run: number;
  })[];
  readonly runs: number;
  /** By which contracts the partitions are built now that a new one rebuilds, and the new one. */
  readonly contract: { readonly from: readonly string[]; readonly to: string };
  /** Files of bronze that would be read and are gone. */
  readonly gone: readonly string[];
}

export interface PlannedGold extends Input {
  readonly dates: readonly (Input & { readonly date: string; readonly why: string })[];
  /** The tables all of whose rows are built, in the last run, and from what; null: none. */
  readonly whole: (Input & { readonly tables: readonly string[]; readonly why: Reason | 'silver changes' }) | null;
  /** Publications. */
  readonly runs: number;
}

export interface PlannedBronze {
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly bytes: number;
}

export interface Plans {
  readonly bronze?: PlannedBronze;
  /** Null: there is no bronze. */
  readonly silver?: PlannedSilver | null;
  /** Null: there is no silver, and none would be built. */
  readonly gold?: PlannedGold | null;
}

/** What a build of silver would do. Reads logs only. @param rebuild partitions that are asked for besides */
export async function plannedSilver(lake: Lake, dataset: Dataset, rebuild: ((partition: Partition) => boolean) | null): Promise<PlannedSilver | null> {
  const plan = await planSilver(lake, dataset, rebuild === null ? null : { rebuild }, 0);
  if (plan === null) return null;
  const snapshots = await Promise.all(silverSpecs(dataset).map(({ layer, table }) => lake.table(layer, table).snapshot()));
  const built = builtPartitions(snapshots.filter((snapshot) => snapshot !== null));
  const contractOf = (partition: Partition): string | null => built.get(partitionKey(partition))?.contract ?? null;
  const partitions = inRuns(plan).map(({ part, how, run }) => ({
    partition: partitionName(part.partition), how, why: part.why, contract: contractOf(part.partition), run, rows: part.rows, bytes: part.bytes,
  }));
  const older = partitions.flatMap(({ why, contract }) => (why === 'new contract' && contract !== null ? [contract] : []));
  return {
    partitions,
    runs: partitions.reduce((runs, { run }) => Math.max(runs, run), 0),
    ...together(partitions),
    contract: { from: [...new Set(older)].sort(), to: plan.contract },
    gone: (await goneInputs(lake, dataset, plan)).map(({ layer, table, path }) => `${layer}/${table}/${filePath(path)}`),
  };
}

function inRuns(plan: SilverPlan) {
  const runs = runsOf(plan);
  return [
    ...runs.flatMap((parts, index) => parts.map((part) => ({ part, how: 'rebuild' as const, run: index + 1 }))),
    ...plan.append.map((part) => ({ part, how: 'append' as const, run: runs.length })),
  ];
}

/**
 * What a build of gold would do, from silver's files as they are now.
 * @param range dates that are asked for besides
 * @param silverDates dates that silver is going to change before
 */
export async function plannedGold(context: Context, dataset: Dataset, range: AskedGold | null, silverDates: readonly string[] = []): Promise<PlannedGold | null> {
  const { lake } = context;
  const models = await loadModels(modelsDir(context, dataset));
  const planned = goldInputs(dataset, models);
  const plan = await planGold(lake, planned, range, 0);
  if (plan === null && silverDates.length === 0) return null;
  const silver = await Promise.all(planned.silver.flat().map((table) => lake.table('silver', table).snapshot()));
  const gold = await Promise.all(planned.datedTables.map((table) => lake.table('gold', table).snapshot()));
  const there = new Set(gold.length === 0 ? [] : [...silverDates, ...[...silver, ...gold].flatMap(datesOf)]);
  const own = new Set(plan?.dates);
  const dates = [...new Set([...own, ...reach(silverDates, models.need).filter((date) => there.has(date))])].sort();
  const inputs = inputByDate(silver);
  const inputOf = (date: string): Input => inputs.get(date) ?? { rows: 0, bytes: 0 };
  const read = rangesOf(dates).map((each) => inputRange(each, models.need)).flatMap(({ since, until }) => [...inputs].filter(([date]) => date >= since && date <= until).map(([, input]) => input));
  const why = plan?.whole?.reason ?? (silverDates.length > 0 ? 'silver changes' : null);
  const whole: PlannedGold['whole'] = why === null || planned.wholeTables.length === 0 ? null : { tables: planned.wholeTables, why, ...together([...inputs.values()]) };
  const fewest = isIdle({ dates, whole }) ? 0 : 1;
  return {
    dates: dates.map((date) => ({ date, why: own.has(date) ? (plan?.reason ?? 'changed') : 'silver changes', ...inputOf(date) })),
    whole,
    runs: plan?.splits === false ? fewest : Math.max(fewest, Math.ceil(dates.length / defaultRunDates)),
    ...together(read),
  };
}

function datesOf(snapshot: Snapshot | null): string[] {
  return [...(snapshot?.files.values() ?? [])].flatMap(({ partitionValues }) => partitionValues['event_date'] ?? []);
}

function inputByDate(snapshots: readonly (Snapshot | null)[]): Map<string, Input> {
  const inputs = new Map<string, Input>();
  for (const file of snapshots.flatMap((snapshot) => [...(snapshot?.files.values() ?? [])])) {
    const date = file.partitionValues['event_date'] ?? '';
    inputs.set(date, together([inputs.get(date) ?? { rows: 0, bytes: 0 }, { rows: recordsOf(file.stats) ?? 0, bytes: file.size }]));
  }
  return inputs;
}

function together(inputs: readonly Input[]): Input {
  return { rows: inputs.reduce((total, { rows }) => total + rows, 0), bytes: inputs.reduce((total, { bytes }) => total + bytes, 0) };
}

/** The files that would be read as raw history. @throws LakeError SOURCE_NOT_FOUND, USAGE */
export async function plannedBronze(from: string): Promise<PlannedBronze> {
  const uri = parseSourceUri(from);
  const files: { path: string; bytes: number }[] = [];
  if (uri.kind === 'files' || uri.kind === 's3') {
    const found = await foundIn(uri, '', () => undefined);
    for await (const file of found.all()) files.push({ path: file.name, bytes: await file.bytes() });
    await found.close();
  }
  if (files.length === 0) throw new LakeError(`no file matches ${from}`, { code: 'SOURCE_NOT_FOUND', op: 'find files', path: from, hint: `Give a file, a folder with ${readableNames}, or a glob in quotes.` });
  return { files, bytes: files.reduce((total, { bytes }) => total + bytes, 0) };
}

/** Prints plans; nothing is built. */
export function showPlans(context: Context, dataset: Dataset, plans: Plans): void {
  const { bronze, silver, gold } = plans;
  context.result({ plan: plans }, [
    ...(bronze === undefined ? [] : bronzePlanLines(bronze)),
    ...(silver === undefined ? [] : silverPlanLines(context, dataset, silver)),
    ...(gold === undefined ? [] : goldPlanLines(gold)),
    'this is a plan: nothing was built',
  ]);
}

function bronzePlanLines({ files, bytes }: PlannedBronze): string[] {
  return [
    `bronze  ${plural(files.length, 'file')} to read, ${size(bytes)}; only rows that are not there yet would land, and silver and gold be brought up to date with them`,
    ...shown(files.map((file) => [file.path, size(file.bytes)])),
  ];
}

function silverPlanLines(context: Context, dataset: Dataset, plan: PlannedSilver | null): string[] {
  if (plan === null) return [`silver  nothing to build: there is no bronze.${dataset.name} in ${context.config.lake}`];
  if (plan.partitions.length === 0) return ['silver  up to date, nothing to build'];
  const { partitions, contract, gone } = plan;
  return [
    `silver  ${plural(partitions.length, 'partition')} to build in ${plural(plan.runs, 'run')}, from ${plural(plan.rows, 'row')} of bronze, ${size(plan.bytes)}`,
    ...(contract.from.length === 0 ? [] : [`        new contract: ${contract.from.join(', ')} → ${contract.to}`]),
    ...shown(partitions.map(({ partition, how, why, rows, bytes }) => [partition, `${how} (${why})`, plural(rows, 'row'), size(bytes)])),
    ...gone.slice(0, maxGone).map((path) => `        gone, so it would fail: ${path}`),
    ...(gone.length > maxGone ? [`        … and ${count(gone.length - maxGone)} more that are gone`] : []),
  ];
}

function goldPlanLines(plan: PlannedGold | null): string[] {
  if (plan === null) return ['gold    nothing to build: silver has no events yet'];
  const { whole } = plan;
  if (isIdle(plan)) return ['gold    up to date, nothing to build'];
  return [
    ...(plan.dates.length === 0 ? [] : datePlanLines(plan)),
    ...(whole === null ? [] : [`gold    ${whole.tables.join(', ')} to build whole (${whole.why}), from ${plural(whole.rows, 'row')} of silver as it is now, ${size(whole.bytes)}`]),
  ];
}

function datePlanLines(plan: PlannedGold): string[] {
  return [
    `gold    ${plural(plan.dates.length, 'date')} to build in ${plural(plan.runs, 'run')}, from ${plural(plan.rows, 'row')} of silver as it is now, ${size(plan.bytes)} (with the dates around them)`,
    ...shown(plan.dates.map(({ date, why, rows, bytes }) => [date, why, plural(rows, 'row'), size(bytes)])),
  ];
}

const maxShown = 20;
const maxGone = 5;

/** Rows in columns, at most so many. */
function shown(rows: readonly (readonly string[])[]): string[] {
  const some = rows.slice(0, maxShown);
  const widths = (some[0] ?? []).map((_cell, column) => Math.max(...some.map((row) => row[column]?.length ?? 0)));
  const lines = some.map((row) => `        ${row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  ')}`);
  return rows.length > maxShown ? [...lines, `        … and ${count(rows.length - maxShown)} more`] : lines;
}
