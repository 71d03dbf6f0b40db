import { createHash } from 'node:crypto';
import { changedPartitions, inputTxn, tableNumber, type Partition } from '../lake/changes.js';
import type { Lake } from '../lake/lake.js';
import { readTables, type Reading } from '../lake/views.js';
import { shiftDate } from './dates.js';

/** Transactions of the table that gold publishes last: silver's version, and the models it is built by. */
export const silverTxn = (eventTable: string): string => `silver.${eventTable}`;
export const modelsTxn = 'ingot.models';
/** … and the version of silver that the newest dates are built from: it goes ahead while older dates wait. */
export const freshTxn = 'ingot.fresh';

/** An event of a date can change these dates: a session goes on over midnight, twice at most. */
const daysBefore = 1;
const daysAfter = 2;

/** Dates built together: bounds memory. */
const maxRangeDays = 31;

/** Dates in a row, both ends included. */
export interface DateRange {
  readonly since: string;
  readonly until: string;
}

export interface GoldPlan {
  readonly silver: readonly Reading[];
  readonly run: number;
  readonly dates: readonly string[];
  readonly txns: Readonly<Record<string, number>>;
  readonly reason: 'first build' | 'new models' | 'new silver' | 'changed' | 'backfill';
}

export interface GoldInputs {
  /** Silver's tables, the event table first. */
  readonly silverTables: readonly string[];
  /** Gold's tables; the last one publishes. */
  readonly goldTables: readonly string[];
  /** Every model's text: gold is rebuilt when one changes. */
  readonly modelTexts: readonly string[];
}

/**
 * Which dates are stale in gold, or asked for by a backfill as well; null when silver has no tables.
 * @param run the newest run done, read before: gold's tables may be newer, and may have been deleted
 */
export async function planGold(lake: Lake, inputs: GoldInputs, backfill: DateRange | null, run: number): Promise<GoldPlan | null> {
  const silver = await readTables(lake, inputs.silverTables.map((table) => ({ layer: 'silver', table })));
  const event = silver[0];
  if (event === undefined || silver.length < inputs.silverTables.length) return null;
  const anchor = await lake.table('gold', inputs.goldTables.at(-1) ?? '').snapshot();
  const builtFrom = anchor?.txn(silverTxn(event.table), -1) ?? -1;
  const models = modelsNumber(inputs.modelTexts);
  const txns = { [silverTxn(event.table)]: event.snapshot.version, [freshTxn]: event.snapshot.version, [modelsTxn]: models, [inputTxn]: tableNumber(event.snapshot) };
  const all = new Set(datesOf([...event.snapshot.files.values()].map((file) => file.partitionValues)));
  let missing = false;
  for (const table of inputs.goldTables) {
    const snapshot = await lake.table('gold', table).snapshot();
    missing ||= snapshot === null;
    for (const date of datesOf([...(snapshot?.files.values() ?? [])].map((file) => file.partitionValues))) all.add(date);
  }
  const plan = (dates: Iterable<string>, reason: GoldPlan['reason']): GoldPlan => ({ silver, run, dates: [...new Set(dates)].sort(), txns, reason });
  if (builtFrom < 0 || missing) return plan(all, 'first build');
  if (anchor?.txn(modelsTxn, -1) !== models) return plan(all, 'new models');
  if (anchor.txn(inputTxn, -1) !== txns[inputTxn]) return plan(all, 'new silver');
  const changed = await changedPartitions(lake.table('silver', event.table), builtFrom, event.snapshot.version);
  const stale = changed === null ? [...all] : datesOf(changed).flatMap(reach).filter((date) => all.has(date));
  if (backfill === null) return plan(stale, 'changed');
  const wanted = [...all].filter((date) => date >= backfill.since && date <= backfill.until);
  return plan([...stale, ...wanted], 'backfill');
}

export function datesOf(partitions: readonly Partition[]): string[] {
  return [...new Set(partitions.map((partition) => partition['event_date'] ?? ''))].filter((date) => date !== '');
}

/** The dates whose rows an event of this date can change. */
export function reach(date: string): string[] {
  return Array.from({ length: daysBefore + 1 + daysAfter }, (_none, index) => shiftDate(date, index - daysBefore));
}

/** Sorted dates as ranges of days in a row. */
export function rangesOf(dates: readonly string[]): DateRange[] {
  const ranges: { since: string; until: string; days: number }[] = [];
  for (const date of dates) {
    const open = ranges.at(-1);
    const next = open === undefined ? null : shiftDate(open.until, 1);
    if (open !== undefined && next === date && open.days < maxRangeDays) {
      open.until = date;
      open.days++;
    } else ranges.push({ since: date, until: date, days: 1 });
  }
  return ranges.map(({ since, until }) => ({ since, until }));
}

/** The silver dates that a range of gold reads. */
export function inputRange(range: DateRange): DateRange {
  return { since: shiftDate(range.since, -2), until: shiftDate(range.until, 1) };
}

function modelsNumber(texts: readonly string[]): number {
  return createHash('sha256').update(texts.join('\0')).digest().readUIntBE(0, 6);
}
