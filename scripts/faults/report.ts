import { planText, type Plan } from './plan.js';
import type { Outcome } from './run.js';

export interface Summary {
  readonly runs: number;
  readonly seconds: number;
  readonly faults: number;
  /** Planned, but the process ended before the moment. */
  readonly missed: number;
  readonly byKind: Readonly<Record<string, number>>;
  readonly byPlace: Readonly<Record<string, number>>;
  readonly byWork: Readonly<Record<string, number>>;
  /** Queries of the readers that looked on. */
  readonly queries: number;
  /** By delta-rs and DuckDB's extension, to the last value. */
  readonly tablesRead: number;
  readonly lakesReadBySpark: number;
  /** Messages that a queue gave to two consumers: twice in bronze, one event in silver. */
  readonly twice: number;
  readonly failedSeeds: readonly number[];
}

export function summaryOf(outcomes: readonly Outcome[], lakesReadBySpark: number): Summary {
  const byKind = new Map<string, number>();
  const byPlace = new Map<string, number>();
  const byWork = new Map<string, number>();
  for (const { plan, injected } of outcomes) {
    for (const kind of injected) byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
    const place = `${plan.source} → ${plan.lake}`;
    byPlace.set(place, (byPlace.get(place) ?? 0) + 1);
    byWork.set(workOf(plan), (byWork.get(workOf(plan)) ?? 0) + 1);
  }
  const sum = (of: (outcome: Outcome) => number): number => outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const faults = sum(({ injected }) => injected.length);
  return {
    runs: outcomes.length,
    seconds: Math.round(sum(({ tookMs }) => tookMs) / 1000),
    faults,
    missed: sum(({ planned }) => planned) - faults,
    byKind: sorted(byKind),
    byPlace: sorted(byPlace),
    byWork: sorted(byWork),
    queries: sum(({ queries }) => queries),
    tablesRead: sum(({ tablesRead }) => tablesRead),
    lakesReadBySpark,
    twice: sum(({ twice }) => twice),
    failedSeeds: outcomes.filter(({ problems }) => problems.length > 0).map(({ plan }) => plan.seed),
  };
}

function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}

/** What a run is about: `plain`, `forget`, `replay` or `forget+replay`. */
export function workOf({ person, mends }: Plan): string {
  return [...(person === null ? [] : ['forget']), ...(mends ? ['replay'] : [])].join('+') || 'plain';
}

export function runLine({ plan, injected, planned, problems, twice, queries, tookMs }: Outcome): string {
  const extra = twice === 0 ? '' : `, ${twice} messages twice in bronze`;
  return `seed ${plan.seed}  ${problems.length === 0 ? 'held' : 'FAILED'}  ${plan.source} → ${plan.lake}, ${workOf(plan)}, ${injected.length} of ${planned} faults (${injected.join(' ')}), ${queries} queries${extra}, ${(tookMs / 1000).toFixed(1)} s`;
}

export function failureLines({ plan, problems, workspace }: Outcome, only: string | undefined): string[] {
  return [
    ...planText(plan).map((line) => `  ${line}`),
    ...problems.slice(0, 12).map((problem) => `  ! ${problem}`),
    `  kept in ${workspace}; again: npm run faults -- --runs 1 --seed ${plan.seed}${only === undefined ? '' : ` --only ${only}`}`,
  ];
}

export function summaryLines(summary: Summary): string[] {
  const list = (counts: Readonly<Record<string, number>>): string => Object.entries(counts).map(([name, count]) => `${name} ${count}`).join(', ');
  return [
    '',
    `${summary.runs} runs in ${summary.seconds} s: ${summary.faults} faults came about, ${summary.missed} planned ones did not`,
    `  faults   ${list(summary.byKind)}`,
    `  runs     ${list(summary.byPlace)}`,
    `  about    ${list(summary.byWork)}`,
    `  readers  ${summary.queries} queries while others wrote; afterwards other readers read ${summary.tablesRead} tables, and Spark ${summary.lakesReadBySpark} lakes`,
    ...(summary.twice === 0 ? [] : [`  ${summary.twice} messages were given to two consumers by the queue: twice in bronze, one event in silver`]),
    summary.failedSeeds.length === 0 ? '  all runs held' : `  FAILED: seeds ${summary.failedSeeds.join(', ')}`,
  ];
}
