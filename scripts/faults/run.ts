import { mkdirSync, rmSync } from 'node:fs';
import { removeLake, type FaultLake } from './lakes.js';
import type { Plan } from './plan.js';
import { watch } from './reader.js';
import type { Servers } from './servers.js';
import { Stage } from './stage.js';
import { contentDifferences, contentOf, judge, traces } from './verdict.js';

export interface Outcome {
  readonly plan: Plan;
  readonly lake: FaultLake;
  /** Kinds of the faults that came about, one each. */
  readonly injected: readonly string[];
  readonly planned: number;
  /** What must not be. */
  readonly problems: readonly string[];
  /** Messages that bronze has twice: the queue gave them to two consumers. */
  readonly twice: number;
  readonly queries: number;
  /** Tables that other readers than Ingot have read to the last value. */
  readonly tablesRead: number;
  readonly tookMs: number;
  readonly workspace: string;
}

/** One run: processes with faults, then without, and what came of it. */
export async function runPlan(plan: Plan, servers: Servers, workspace: string): Promise<Outcome> {
  mkdirSync(workspace, { recursive: true });
  const startedMs = performance.now();
  const set = servers.events(plan);
  const lake = servers.lake(plan, workspace);
  const source = await servers.source(plan, workspace);
  const stage = new Stage(plan, servers, lake, source, workspace);
  const reading = new AbortController();
  const about = (): Pick<Outcome, 'plan' | 'lake' | 'injected' | 'planned' | 'tookMs' | 'workspace'> => ({ plan, lake, injected: stage.injected, planned: stage.planned, tookMs: performance.now() - startedMs, workspace });
  try {
    await stage.opening();
    const watching = watch(lake, set.person, reading.signal);
    await stage.storm();
    await stage.calm();
    reading.abort();
    const { queries, complaints } = await watching;
    const judged = await judge(lake, set, workspace);
    const clean = await servers.clean(set);
    const others = await servers.otherReaders(lake, workspace);
    const left = set.person === null ? [] : await traces(set.person, lake);
    const problems = [...stage.problems, ...complaints, ...judged.differences, ...contentDifferences(await contentOf(lake), clean), ...others.differences, ...left];
    if (judged.twice > 0 && plan.source !== 'sqs' && plan.source !== 'elasticmq') problems.push(`bronze has ${judged.twice} messages twice`);
    return { ...about(), problems, twice: judged.twice, queries, tablesRead: others.tables };
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { ...about(), problems: [...stage.problems, `the run broke off: ${reason}`], twice: 0, queries: 0, tablesRead: 0 };
  } finally {
    reading.abort();
    await source.close();
  }
}

export function removeWorkspace(outcome: Outcome): void {
  rmSync(outcome.workspace, { recursive: true, force: true });
  removeLake(outcome.lake);
}
