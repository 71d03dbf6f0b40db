import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findEngines } from './faults/engines.js';
import { failureLines, runLine, summaryLines, summaryOf, workOf } from './faults/report.js';
import { planOf, planText } from './faults/plan.js';
import { removeWorkspace, runPlan, type Outcome } from './faults/run.js';
import { scopeOf } from './faults/scope.js';
import { Servers } from './faults/servers.js';

const help = `npm run faults -- [--runs N] [--seed S] [--only NAME,…] [--plan] [--json]

Real processes under faults, on real servers; then the proof that every event is in the lake once.
  --runs N     how many runs, 10 by default; run i has the seed S + i
  --seed S     the first run's seed, 1 by default
  --only …     kinds of faults (kill, step, fsync, power, …), sources (files, sqs, elasticmq, kafka), lakes (local, s3),
               what a run is about (plain, forget, replay)
  --plan       say what would be done
  --json       one JSON object on stdout
Exit status: 0 all runs held, 1 one did not: its seed and its lake's folder are printed.
`;

async function main(): Promise<number> {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const { values } = parseArgs({ options: { runs: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' }, only: { type: 'string' }, plan: { type: 'boolean', default: false }, json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } });
  const say = (text: string): void => void (values.json ? process.stderr : process.stdout).write(`${text}\n`);
  if (values.help) {
    say(help);
    return 0;
  }
  const [runs, first] = [Number(values.runs), Number(values.seed)];
  if (!Number.isSafeInteger(runs) || runs < 1 || !Number.isSafeInteger(first)) {
    process.stderr.write(help);
    return 2;
  }
  const engines = await findEngines();
  const scope = scopeOf(values.only, engines);
  for (const line of scope.absent) say(line);
  if (values.plan) {
    for (let seed = first; seed < first + runs; seed++) say([`seed ${seed}`, ...planText(planOf(seed, scope))].join('\n  '));
    return 0;
  }
  const workspace = await mkdtemp(join(tmpdir(), 'ingot-faults-'));
  const servers = await Servers.start(engines, workspace, scope.lakes.includes('s3'));
  const outcomes: Outcome[] = [];
  const kept = new Map<string, Outcome>();
  let lakesReadBySpark = 0;
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  try {
    for (let seed = first; seed < first + runs && !stopping.signal.aborted; seed++) {
      const outcome = await runPlan(planOf(seed, scope), servers, join(workspace, `seed-${seed}`));
      outcomes.push(outcome);
      say(runLine(outcome));
      if (outcome.problems.length > 0) for (const line of failureLines(outcome, values.only)) say(line);
      else keep(kept, outcome);
    }
    const differences = kept.size === 0 ? null : await servers.spark([...kept.values()].map(({ lake }) => lake));
    lakesReadBySpark = differences?.length ?? 0;
    for (const [index, outcome] of [...kept.values()].entries()) {
      const problems = differences?.[index] ?? [];
      if (problems.length === 0) {
        removeWorkspace(outcome);
        continue;
      }
      const failed = { ...outcome, problems };
      outcomes[outcomes.indexOf(outcome)] = failed;
      for (const line of [runLine(failed), ...failureLines(failed, values.only)]) say(line);
    }
  } finally {
    await servers.stop();
  }
  const summary = summaryOf(outcomes, lakesReadBySpark);
  for (const line of summaryLines(summary)) say(line);
  if (values.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  if (summary.failedSeeds.length === 0) await rm(workspace, { recursive: true, force: true });
  return summary.failedSeeds.length === 0 ? 0 : 1;
}

/** The newest held run of each kind of lake and work: Spark reads these lakes at the end. */
function keep(kept: Map<string, Outcome>, outcome: Outcome): void {
  const name = `${outcome.plan.lake} ${workOf(outcome.plan)}`;
  const before = kept.get(name);
  if (before !== undefined) removeWorkspace(before);
  kept.set(name, outcome);
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`faults: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  },
);
