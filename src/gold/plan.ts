import { createHash } from 'node:crypto';
import { inputTxn, partitionChanges, tableNumber, type Partition } from '../lake/changes.js';
import type { Lake } from '../lake/lake.js';
import type { Snapshot } from '../lake/snapshot.js';
import { readTables, type Reading } from '../lake/views.js';
import type { Need } from './need.js';
import { reach, type DateRange } from './ranges.js';

/** Transactions of the table that gold publishes last: silver's version, and the models it is built by. */
export const silverTxn = (eventTable: string): string => `silver.${eventTable}`;
export const modelsTxn = 'ingot.models';
/** … and the versions of silver that the newest dates are built from, all together: it goes ahead while older dates wait. */
export const freshTxn = 'ingot.fresh';
/** Transactions of the same table: the versions of silver that whole models are built from, which tables those were, and their texts. */
export const wholeTxn = (eventTable: string): string => `ingot.whole.${eventTable}`;
export const wholeInputTxn = 'ingot.whole.input';
const wholeModelsTxn = 'ingot.whole.models';

/**
 * Tag of gold's files that one of several runs of a build has written, and not the last: `<silver's number>/<its versions>/<number
 * of the models>/<what the transactions were>`. So a killed build goes on with the other dates, though the transactions move
 * only with the last run; once they have moved, the tag says nothing.
 */
export const partTag = 'ingot.silver';

export type Reason = 'first build' | 'new models' | 'new silver' | 'changed' | 'backfill';

/** That all rows of the whole models are to be built, and what the transactions say then. */
export interface WholePlan {
  readonly reason: Reason;
  readonly txns: Readonly<Record<string, number>>;
}

export interface GoldPlan {
  readonly silver: readonly Reading[];
  readonly run: number;
  readonly dates: readonly string[];
  readonly txns: Readonly<Record<string, number>>;
  /** Of the dates. */
  readonly reason: Reason;
  /** Null: the whole models are left as they are. */
  readonly whole: WholePlan | null;
  /** Whether it may be done in several runs: not when some of gold's tables are missing, of which the others' tags say nothing. */
  readonly splits: boolean;
  /** What `partTag` says of files that are built by it. */
  readonly tag: string;
}

export interface GoldInputs {
  /** Silver's tables, those of each kind of rows together, its event table first. */
  readonly silver: readonly (readonly string[])[];
  /** Gold's tables that are built by date, in the order of their publication. */
  readonly datedTables: readonly string[];
  /** Those that are built whole; they come before. Of both, the last one publishes. */
  readonly wholeTables: readonly string[];
  /** Every dated model's and step's text: all dates are rebuilt when one changes. */
  readonly modelTexts: readonly string[];
  /** Every whole one's. */
  readonly wholeTexts: readonly string[];
  readonly need: Need;
}

/** What a backfill asks for. */
export interface AskedGold extends DateRange {
  /** The whole models too; so by default. */
  readonly whole?: boolean;
}

/** Whether nothing is to be built, or was. */
export function isIdle({ dates, whole }: { readonly dates: readonly unknown[]; readonly whole: object | null }): boolean {
  return dates.length === 0 && whole === null;
}

/**
 * Which dates are stale in gold, or asked for by a backfill as well, and whether the whole models are; null when silver has no tables.
 * @param run the newest run done, read before: gold's tables may be newer, and may have been deleted
 * @param done the dates that this process has built, with the tags of their plans: a date without rows has no file to say so
 */
export async function planGold(lake: Lake, inputs: GoldInputs, backfill: AskedGold | null, run: number, done: ReadonlyMap<string, string> = new Map()): Promise<GoldPlan | null> {
  const names = inputs.silver.flat();
  const silver = await readTables(lake, names.map((table) => ({ layer: 'silver', table })));
  const events = silver.filter(({ table }) => inputs.silver.some(([event]) => event === table));
  if (silver.length < names.length) return null;
  const snapshots = (tables: readonly string[]): Promise<(Snapshot | null)[]> => Promise.all(tables.map((table) => lake.table('gold', table).snapshot()));
  const [gold, whole] = [await snapshots(inputs.datedTables), await snapshots(inputs.wholeTables)];
  const anchor = [...whole, ...gold].at(-1) ?? null;
  const versions = events.map(({ snapshot }) => snapshot.version);
  const builtFrom = events.map(({ table }) => anchor?.txn(silverTxn(table), -1) ?? -1);
  const models = modelsNumber(inputs.modelTexts);
  const number = inputNumber(events.map(({ snapshot }) => snapshot));
  const txns = { ...versionTxns(events, silverTxn), [freshTxn]: versions.reduce((total, version) => total + version, 0), [modelsTxn]: models, [inputTxn]: number };
  const dated = gold.length > 0;
  const all = !dated ? [] : [...new Set([...events.map(({ snapshot }) => snapshot), ...gold].flatMap(datesOfTable))].sort();
  const missing = gold.includes(null);
  const before = [...builtFrom, ...[modelsTxn, inputTxn].map((name) => anchor?.txn(name, -1) ?? -1)].join('.');
  const known = {
    silver, run, txns: dated ? txns : {},
    // Without a date there is no dated table yet, and so none that could publish.
    whole: dated && anchor === null && all.length === 0 ? null : await planWhole(lake, inputs, { events, tables: whole, anchor, asked: backfill !== null && backfill.whole !== false }),
    splits: !missing || gold.every((snapshot) => snapshot === null), tag: `${number}/${versions.join('.')}/${models}/${before}`,
  };
  const reason = builtFrom.includes(-1) || missing ? 'first build' : anchor?.txn(modelsTxn, -1) !== models ? 'new models' : anchor.txn(inputTxn, -1) !== number ? 'new silver' : 'changed';
  const built = new Built({ number, models, before, from: reason === 'changed' ? builtFrom : null }, missing ? [] : gold, done);
  const changes = await newestChanges(lake, events, built.oldest(all), inputs.need);
  const stale = all.filter((date) => isStale(date, built.versions(date), changes));
  if (backfill === null) return { ...known, dates: stale, reason };
  const wanted = all.filter((date) => date >= backfill.since && date <= backfill.until && !done.has(date));
  return { ...known, dates: [...new Set([...stale, ...wanted])].sort(), reason: reason === 'changed' ? 'backfill' : reason };
}

/** A version of each event table. */
type Versions = readonly number[];

function versionTxns(events: readonly Reading[], name: (eventTable: string) => string): Record<string, number> {
  return Object.fromEntries(events.map(({ table, snapshot }) => [name(table), snapshot.version]));
}

/** What `tableNumber` is of one event table, of several. */
export function inputNumber(events: readonly Snapshot[]): number {
  const [first, ...others] = events;
  if (first !== undefined && others.length === 0) return tableNumber(first);
  return createHash('sha256').update(events.map(({ metaData }) => metaData.id).join('\0')).digest().readUIntBE(0, 6);
}

function isStale(date: string, built: Versions | null, changes: readonly ReadonlyMap<string, number>[] | null): boolean {
  return built === null || changes === null || changes.some((each, index) => (each.get(date) ?? -1) > (built[index] ?? -1));
}

interface WholeState {
  readonly events: readonly Reading[];
  readonly tables: readonly (Snapshot | null)[];
  readonly anchor: Snapshot | null;
  readonly asked: boolean;
}

/** Null when the whole models are built from silver as it is, or when there are none. */
async function planWhole(lake: Lake, { wholeTexts }: GoldInputs, { events, tables, anchor, asked }: WholeState): Promise<WholePlan | null> {
  if (tables.length === 0) return null;
  const models = modelsNumber(wholeTexts);
  const number = inputNumber(events.map(({ snapshot }) => snapshot));
  const txns = { ...versionTxns(events, wholeTxn), [wholeInputTxn]: number, [wholeModelsTxn]: models };
  const builtFrom = events.map(({ table }) => anchor?.txn(wholeTxn(table), -1) ?? -1);
  if (builtFrom.includes(-1) || tables.includes(null)) return { reason: 'first build', txns };
  if (anchor?.txn(wholeModelsTxn, -1) !== models) return { reason: 'new models', txns };
  if (anchor.txn(wholeInputTxn, -1) !== number) return { reason: 'new silver', txns };
  for (const [index, { table, snapshot }] of events.entries()) {
    const changes = await partitionChanges(lake.table('silver', table), builtFrom[index] ?? -1, snapshot.version);
    if (changes === null || changes.size > 0) return { reason: 'changed', txns };
  }
  return asked ? { reason: 'backfill', txns } : null;
}

/** The versions of silver that dates of gold are built from; null: not built, or from another silver, or by other models. */
class Built {
  private readonly tagged = new Map<string, Versions | null>();

  constructor(
    /** `before` is what the transactions are; `from` the versions that all dates are built from, but for what their files say; null for none. */
    private readonly state: { readonly number: number; readonly models: number; readonly before: string; readonly from: Versions | null },
    gold: readonly (Snapshot | null)[],
    done: ReadonlyMap<string, string>,
  ) {
    for (const file of gold.flatMap((snapshot) => [...(snapshot?.files.values() ?? [])])) {
      const date = file.partitionValues['event_date'] ?? '';
      const own = this.versionsOf(file.tags?.[partTag]);
      const others = this.tagged.get(date);
      this.tagged.set(date, others === undefined ? own : oldestOf([own, others]));
    }
    for (const [date, tag] of done) this.tagged.set(date, newestOf(this.versionsOf(tag), this.tagged.get(date) ?? null));
  }

  versions(date: string): Versions | null {
    const tagged = this.tagged.get(date);
    return tagged === undefined ? this.state.from : tagged;
  }

  /** The oldest versions that some date is built from; null when none is built. */
  oldest(dates: readonly string[]): Versions | null {
    const versions = dates.map((date) => this.versions(date)).filter((each) => each !== null);
    return versions.length === 0 ? null : oldestOf(versions);
  }

  private versionsOf(tag: string | undefined): Versions | null {
    const [number, versions, models, before] = tag?.split('/') ?? [];
    if (before !== this.state.before) return this.state.from;
    return Number(number) === this.state.number && Number(models) === this.state.models ? (versions ?? '').split('.').map(Number) : null;
  }
}

/** Of each table the least; null when one of them is. */
function oldestOf(all: readonly (Versions | null)[]): Versions | null {
  return all.reduce((oldest, each) => (oldest === null || each === null ? null : oldest.map((version, index) => Math.min(version, each[index] ?? -1))));
}

function newestOf(a: Versions | null, b: Versions | null): Versions | null {
  if (a === null || b === null) return a ?? b;
  return a.map((version, index) => Math.max(version, b[index] ?? -1));
}

/** By event table and date of gold, the newest version after `since` in which something has changed that it needs; null when a log no longer tells. */
async function newestChanges(lake: Lake, events: readonly Reading[], since: Versions | null, need: Need): Promise<readonly ReadonlyMap<string, number>[] | null> {
  const all: ReadonlyMap<string, number>[] = [];
  for (const [index, event] of events.entries()) {
    const changes = since === null ? new Map<string, number>() : await newestChangesOf(lake, event, since[index] ?? -1, need);
    if (changes === null) return null;
    all.push(changes);
  }
  return all;
}

async function newestChangesOf(lake: Lake, event: Reading, since: number, need: Need): Promise<ReadonlyMap<string, number> | null> {
  const changes = await partitionChanges(lake.table('silver', event.table), since, event.snapshot.version);
  if (changes === null) return null;
  const byVersion = new Map<number, Set<string>>();
  for (const { partition, added, removedAt } of changes.values()) {
    const version = added.reduce((newest, file) => Math.max(newest, file.version), removedAt);
    const dates = byVersion.get(version) ?? new Set();
    byVersion.set(version, dates);
    for (const date of datesOf([partition])) dates.add(date);
  }
  const newest = new Map<string, number>();
  for (const version of [...byVersion.keys()].sort((a, b) => a - b)) {
    for (const date of reach([...(byVersion.get(version) ?? [])], need)) newest.set(date, version);
  }
  return newest;
}

/** Dates of which a table has files. */
export function datesOfTable(snapshot: Snapshot | null): string[] {
  return datesOf([...(snapshot?.files.values() ?? [])].map((file) => file.partitionValues));
}

export function datesOf(partitions: readonly Partition[]): string[] {
  return [...new Set(partitions.map((partition) => partition['event_date'] ?? ''))].filter((date) => date !== '');
}

function modelsNumber(texts: readonly string[]): number {
  return createHash('sha256').update(texts.join('\0')).digest().readUIntBE(0, 6);
}
