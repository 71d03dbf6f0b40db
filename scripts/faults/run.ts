import { mkdirSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, type Fault, type HttpFault } from './kinds.js';
import type { FaultLake } from './lakes.js';
import { ingot, type Ended } from './processes.js';
import type { Plan, Task } from './plan.js';
import { Proxy } from './proxy.js';
import { watch } from './reader.js';
import type { Servers } from './servers.js';
import type { FaultSource } from './sources.js';
import { contentDifferences, contentOf, judge } from './verdict.js';

export interface Outcome {
  readonly plan: Plan;
  /** Kinds of the faults that came about, one each. */
  readonly injected: readonly string[];
  readonly planned: number;
  /** What must not be. */
  readonly problems: readonly string[];
  /** Messages that bronze has twice: the queue gave them to two consumers. */
  readonly twice: number;
  readonly queries: number;
  readonly tookMs: number;
  readonly workspace: string;
}

const followMs = 6_000;
/** Messages of dead consumers come back one visibility time later. */
const mostDrains = 12;

/** One run: processes with faults, then without, and what came of it. */
export async function runPlan(plan: Plan, servers: Servers, workspace: string): Promise<Outcome> {
  mkdirSync(workspace, { recursive: true });
  const startedMs = performance.now();
  const set = servers.events(plan);
  const lake = servers.lake(plan, workspace);
  const source = await servers.source(plan, workspace);
  const stage = new Stage(plan, servers, lake, source, workspace);
  const reading = new AbortController();
  try {
    for (const task of plan.alone) {
      await source.arrive();
      await stage.run(task);
    }
    const watching = watch(lake, reading.signal);
    await stage.storm();
    await stage.calm();
    reading.abort();
    const { queries, complaints } = await watching;
    const judged = await judge(lake, set, workspace);
    const clean = await servers.clean(set);
    const problems = [...stage.problems, ...complaints, ...judged.differences, ...contentDifferences(await contentOf(lake), clean)];
    if (judged.twice > 0 && plan.source !== 'sqs' && plan.source !== 'elasticmq') problems.push(`bronze has ${judged.twice} messages twice`);
    return { plan, injected: stage.injected, planned: stage.planned, problems, twice: judged.twice, queries, tookMs: performance.now() - startedMs, workspace };
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { plan, injected: stage.injected, planned: stage.planned, problems: [...stage.problems, `the run broke off: ${reason}`], twice: 0, queries: 0, tookMs: performance.now() - startedMs, workspace };
  } finally {
    reading.abort();
    await source.close();
  }
}

export function removeWorkspace(outcome: Outcome): void {
  rmSync(outcome.workspace, { recursive: true, force: true });
}

/** The processes of one run. */
class Stage {
  readonly injected: string[] = [];
  readonly problems: string[] = [];
  planned = 0;

  constructor(
    private readonly plan: Plan,
    private readonly servers: Servers,
    private readonly lake: FaultLake,
    private readonly source: FaultSource,
    private readonly workspace: string,
  ) {}

  /** All lists at once, each process after the one before it. */
  async storm(): Promise<void> {
    const lists = [...this.plan.consumers, ...this.plan.beside].map(async (tasks, index) => {
      for (const task of tasks) {
        if (index < this.plan.consumers.length) await this.source.arrive();
        await this.run(task);
      }
    });
    await Promise.all([...lists, this.brokerFaults()]);
  }

  /** Without faults until the source is empty; every command must end well. */
  async calm(): Promise<void> {
    for (let more = true; more; ) more = await this.source.arrive();
    for (let drain = 0; drain < mostDrains; drain++) {
      await this.source.waiting();
      await this.run({ command: 'run', faults: [] });
      if (!(await this.source.waiting())) break;
    }
    const audit = await this.start(['audit', 'shop', '--json'], []);
    if (audit.status !== 0) this.problems.push(`the audit ended with ${audit.status}: ${audit.stdout.slice(0, 1_500)} ${audit.stderr.slice(-1_000)}`);
  }

  async run(task: Task): Promise<void> {
    this.planned += task.faults.length;
    const ended = await this.start(this.argsOf(task), task.faults);
    this.injected.push(...ended.fired.map(({ kind }) => kind));
    this.problems.push(...complaintsAbout(ended, this.plan.broker.length > 0));
  }

  private async brokerFaults(): Promise<void> {
    for (const fault of this.plan.broker) {
      this.planned++;
      await delay(fault.atMs);
      await this.servers.disturbBroker(fault);
      this.injected.push(fault.kind);
    }
  }

  private argsOf({ command }: Task): string[] {
    const { plan } = this;
    const landing = ['--from', '', '--window-rows', String(plan.windowRows)];
    const limits = ['--memory-limit', '1GB', '--threads', String(plan.threads)];
    switch (command) {
      case 'bronze': case 'run': return [command, 'shop', ...landing, ...limits];
      case 'follow': return ['run', 'shop', '--follow', '--retain', '0', ...landing, ...limits];
      case 'compact': case 'vacuum': return [command, 'shop', '--older-than', '0', ...limits];
      case 'backfill': return [command, 'shop', '--since', this.servers.events(plan).since, '--until', this.servers.events(plan).until, ...limits];
      default: return [command, 'shop', ...limits];
    }
  }

  private async start(args: readonly string[], faults: readonly Fault[]): Promise<Ended> {
    const { lake, source } = this;
    const [bucket, queue] = await Promise.all([proxyOf(lake.endpoint, 's3', faults), proxyOf(source.endpoint, 'sqs', faults)]);
    const uri = source.uri(queue?.endpoint);
    const proxies = [bucket, queue].filter((proxy) => proxy !== null);
    try {
      const ended = await ingot({
        args: [...args.map((arg, index) => (args[index - 1] === '--from' ? uri : arg)), '--lake', lake.place],
        environment: { ...source.environment, ...lake.environment, ...(bucket === null ? {} : { AWS_ENDPOINT_URL_S3: bucket.endpoint }) },
        faults,
        root: lake.root,
        below: lake.below,
        shim: this.servers.shim,
        workspace: this.workspace,
        ...(args.includes('--follow') ? { endAfterMs: followMs } : {}),
        kill: AbortSignal.any(proxies.map((proxy) => proxy.kill.signal)),
      });
      return { ...ended, fired: [...ended.fired, ...proxies.flatMap((proxy) => [...proxy.done])] };
    } finally {
      await Promise.all(proxies.map((proxy) => proxy.stop()));
    }
  }
}

async function proxyOf(endpoint: string | null, server: HttpFault['server'], faults: readonly Fault[]): Promise<Proxy | null> {
  const own = faults.filter((fault): fault is HttpFault => fault.via === 'http' && fault.server === server);
  return own.length === 0 || endpoint === null ? null : Proxy.start(endpoint, own);
}

/** A process with a fault may fail, but not hang or crash; one without must end well, unless the broker that it starts with is away. */
function complaintsAbout(ended: Ended, brokerDisturbed: boolean): string[] {
  const { fired, status, signal, stderr } = ended;
  const about = `${ended.command}${fired.length === 0 ? '' : ` with ${fired.map(describe).join(' and ')}`}`;
  if (ended.hung) return [`${about} did not end: ${stderr.slice(-600)}`];
  const crash = /Unhandled|node:internal|\n\s+at .+:\d+:\d+\)?\n|terminate called|^ingot: (?:TypeError|Cannot read)/m.test(stderr) || (signal !== null && signal !== 'SIGKILL' && signal !== 'SIGTERM');
  if (crash) return [`${about} crashed (${signal ?? status}): ${stderr.slice(-1_000)}`];
  if (fired.length > 0 || status === 0 || signal === 'SIGTERM' || isFine(ended) || (brokerDisturbed && /can't be reached/.test(stderr))) return [];
  return [`${about} ended with ${status ?? signal}: ${stderr.slice(-1_000)}`];
}

/** Refusals that are right: there is nothing to work on yet, or another backfill is at work. */
function isFine({ stderr, command }: Ended): boolean {
  return /there is nothing of|no such table|is not there yet/.test(stderr) || (command.startsWith('backfill') && /backfill/.test(stderr));
}
