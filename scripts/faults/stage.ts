import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Person } from './events.js';
import { describe, type Fault, type HttpFault } from './kinds.js';
import type { FaultLake } from './lakes.js';
import { actsOf, type Act, type Plan, type Task } from './plan.js';
import { ingot, type Ended } from './processes.js';
import { Proxy } from './proxy.js';
import type { Servers } from './servers.js';
import type { FaultSource } from './sources.js';
import { cameBack, traces } from './verdict.js';

const followMs = 6_000;
const lookMs = 100;
/** An upkeep begins so long after the first rows, one after the other. */
const upkeepMs = 700;
/** Messages of dead consumers come back one visibility time later. */
const mostDrains = 12;

/** The processes of one run. */
export class Stage {
  readonly injected: string[] = [];
  readonly problems: string[] = [];
  planned = 0;
  private contract: Act['contract'] = null;
  /** A process has said that the person is forgotten. */
  private forgot = false;

  constructor(
    private readonly plan: Plan,
    private readonly servers: Servers,
    private readonly lake: FaultLake,
    private readonly source: FaultSource,
    private readonly workspace: string,
  ) {}

  /** Processes that are alone with the lake. */
  async opening(): Promise<void> {
    this.contract = actsOf(this.plan)[0]?.contract ?? null;
    for (const task of this.plan.alone) {
      await this.source.arrive();
      await this.run(task);
    }
  }

  async storm(): Promise<void> {
    await Promise.all([this.acts(), this.brokerFaults()]);
  }

  /** In each act all lists at once, each process after the one before it. */
  private async acts(): Promise<void> {
    for (const { contract, consumers, beside, upkeep } of actsOf(this.plan)) {
      this.contract = contract;
      const over = new AbortController();
      const landing = Promise.all(consumers.map((tasks) => this.inTurn(tasks, () => this.source.arrive()))).finally(() => over.abort());
      const keeping = upkeep.map(async (tasks, index) => {
        while (!over.signal.aborted && !existsSync(join(this.lake.folder, 'bronze', 'shop'))) await delay(lookMs);
        await delay(index * upkeepMs);
        await this.inTurn(tasks);
      });
      await Promise.all([landing, ...beside.map((tasks) => this.inTurn(tasks)), ...keeping]);
    }
  }

  /** Without faults until the source is empty; every command must end well. */
  async calm(): Promise<void> {
    for (let more = true; more; ) more = await this.source.arrive();
    await this.drain();
    if (this.plan.mends) await this.run({ command: 'replay', faults: [] });
    const { person } = this.servers.events(this.plan);
    if (person !== null) {
      if (this.forgot) this.problems.push(...(await cameBack(person, this.lake)));
      await this.run({ command: 'forget', faults: [] });
      this.problems.push(...(await traces(person, this.lake)));
      await this.source.again(person.events);
      await this.drain();
    }
    await this.audit(person);
  }

  private async drain(): Promise<void> {
    for (let drain = 0; drain < mostDrains; drain++) {
      await this.source.waiting();
      await this.run({ command: 'run', faults: [] });
      if (!(await this.source.waiting())) break;
    }
  }

  private async audit(person: Person | null): Promise<void> {
    const audit = await this.start(['audit', 'shop', '--json', ...this.contractArgs()], []);
    if (audit.status !== 0) {
      this.problems.push(`the audit ended with ${audit.status}: ${audit.stdout.slice(0, 1_500)} ${audit.stderr.slice(-1_000)}`);
      return;
    }
    const { forgotten } = JSON.parse(audit.stdout) as { readonly forgotten: number };
    const expected = person === null ? 0 : person.named + person.events.length;
    // Of a message that a queue gives once more nothing in the lake says that it was counted.
    if (forgotten < expected || (forgotten > expected && this.source.kind !== 'sqs')) this.problems.push(`the audit counts ${forgotten} forgotten messages, not ${expected}`);
  }

  private async inTurn(tasks: readonly Task[], before: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
    for (const task of tasks) {
      await before();
      await this.run(task);
    }
  }

  async run(task: Task): Promise<void> {
    this.planned += task.faults.length;
    const ended = await this.start(this.argsOf(task), task.faults);
    this.forgot ||= task.command === 'forget' && ended.status === 0;
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

  private contractArgs(): string[] {
    const folder = this.servers.datasets(this.contract);
    return folder === null ? [] : ['--datasets', folder];
  }

  private argsOf({ command }: Task): string[] {
    const { plan } = this;
    const set = this.servers.events(plan);
    const landing = ['--from', '', '--window-rows', String(plan.windowRows)];
    const limits = ['--memory-limit', '1GB', '--threads', String(plan.threads), ...this.contractArgs()];
    switch (command) {
      case 'bronze': case 'run': return [command, 'shop', ...landing, ...limits];
      case 'follow': return ['run', 'shop', '--follow', '--retain', '0', ...landing, ...limits];
      case 'compact': case 'vacuum': return [command, 'shop', '--older-than', '0', ...limits];
      case 'backfill': return [command, 'shop', '--since', set.since, '--until', set.until, ...limits];
      case 'forget': return [command, 'shop', '--user-id', set.person?.id ?? '', ...limits];
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

/** Refusals that are right: there is nothing to work on yet, another backfill is at work, or it was asked to end before the source had answered. */
function isFine({ stderr, command }: Ended): boolean {
  return /there is nothing of|there is no bronze\.|no such table|is not there yet/.test(stderr) || (command.startsWith('backfill') && /backfill/.test(stderr));
}
