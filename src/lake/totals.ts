import type { Snapshot } from './snapshot.js';

/** What has become of all messages that bronze was ever given: received = landed + rejected + redelivered + forgotten. */
export interface Totals {
  readonly received: number;
  readonly landed: number;
  readonly rejected: number;
  readonly redelivered: number;
  /** Rows of persons who asked to be forgotten: removed, or not let in again. */
  readonly forgotten: number;
}

const names = ['received', 'landed', 'rejected', 'redelivered', 'forgotten'] as const;

/** The transaction of `bronze.<dataset>` that holds a total: unlike the commits' own counts it outlives a trimmed log. */
const totalTxn = (name: keyof Totals): string => `ingot.total.${name}`;

/** What a run adds to the totals, for `TableWrite.totals`. */
export function addedTotals(added: Partial<Totals>): Record<string, number> {
  return Object.fromEntries(names.flatMap((name) => ((added[name] ?? 0) === 0 ? [] : [[totalTxn(name), added[name] ?? 0]])));
}

export function totalsOf(snapshot: Snapshot | null): Totals {
  const total = (name: keyof Totals): number => snapshot?.txn(totalTxn(name), 0) ?? 0;
  return { received: total('received'), landed: total('landed'), rejected: total('rejected'), redelivered: total('redelivered'), forgotten: total('forgotten') };
}
