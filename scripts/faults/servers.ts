import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startQueue, type QueueServer } from '../../test/support/queue.js';
import { startElasticMq, type ElasticMq } from '../engines/elasticmq.js';
import { writeContracts, type Contracts } from './contracts.js';
import { eventSet, type EventSet } from './events.js';
import { KafkaBench } from './kafka.js';
import { patiently } from './patience.js';
import { localLake, S3Server, type FaultLake } from './lakes.js';
import { ingot } from './processes.js';
import type { Act, Plan } from './plan.js';
import { foreignDifferences, readingsOf, type Readers } from './readers.js';
import { fileSource, queueSource, type FaultSource } from './sources.js';
import { sparkDifferences, type SparkEngine } from './spark.js';
import { contentOf, judge, type Content } from './verdict.js';

/** Where the real servers are, as far as they are there. */
export interface Engines extends Readers {
  readonly shim: string;
  readonly elasticMq: string | null;
  readonly versityGw: string | null;
  readonly kafka: string | null;
  readonly spark: SparkEngine | null;
}

/** The servers of all runs, each started when it is first needed, and the lakes that all goes well with. */
export class Servers {
  private readonly sets = new Map<string, EventSet>();
  private readonly cleanLakes = new Map<string, Promise<Content>>();
  private queue: Promise<QueueServer> | null = null;
  private elasticMq: Promise<ElasticMq> | null = null;
  private kafka: Promise<KafkaBench> | null = null;
  private s3: S3Server | null = null;
  private names = 0;
  private contracts: Contracts | null = null;

  private constructor(
    private readonly engines: Engines,
    private readonly workspace: string,
  ) {}

  static async start(engines: Engines, workspace: string, s3: boolean): Promise<Servers> {
    const servers = new Servers(engines, workspace);
    if (s3 && engines.versityGw !== null && engines.httpfs !== null) servers.s3 = await S3Server.start(engines.versityGw, engines.httpfs);
    return servers;
  }

  get shim(): string {
    return this.engines.shim;
  }

  events({ events, days, eventSeed, person }: Plan): EventSet {
    const key = `${events}-${days}-${eventSeed}-${person ?? 'whole'}`;
    const set = this.sets.get(key) ?? eventSet(events, days, eventSeed, person);
    this.sets.set(key, set);
    return set;
  }

  /** What --datasets is told; null for the shop's own. */
  datasets(contract: Act['contract']): string | null {
    return contract === null ? null : (this.contracts ??= writeContracts(join(this.workspace, 'contracts')))[contract];
  }

  /** What other readers than Ingot see in a lake, and of how many tables. */
  async otherReaders(lake: FaultLake, workspace: string): Promise<{ readonly tables: number; readonly differences: readonly string[] }> {
    const readings = await readingsOf(lake);
    return { tables: readings.length, differences: await foreignDifferences(lake, readings, this.engines, workspace) };
  }

  /** The same by Spark, for several lakes; null without it. */
  async spark(lakes: readonly FaultLake[]): Promise<string[][] | null> {
    return this.engines.spark === null ? null : sparkDifferences(lakes, this.engines.spark, this.workspace);
  }

  lake(plan: Plan, workspace: string): FaultLake {
    if (plan.lake === 'local') return localLake(workspace);
    if (this.s3 === null) throw new Error('there is no S3 server');
    return this.s3.lake(workspace, `run-${plan.seed}-${++this.names}`);
  }

  async source(plan: Plan, workspace: string): Promise<FaultSource> {
    const { lines } = this.events(plan);
    const portions = Array.from({ length: plan.portions }, (_none, index) => lines.slice(Math.floor((lines.length * index) / plan.portions), Math.floor((lines.length * (index + 1)) / plan.portions)));
    const name = `run-${plan.seed}-${++this.names}`;
    if (plan.source === 'files') return fileSource(workspace, portions);
    if (plan.source === 'sqs') return queueSource((await (this.queue ??= startQueue())).endpoint, name, portions, plan.visibilitySeconds);
    if (plan.source === 'elasticmq') return queueSource((await (this.elasticMq ??= patiently(() => startElasticMq(this.engines.elasticMq ?? undefined)))).endpoint, name, portions, plan.visibilitySeconds);
    const { kafka } = this.engines;
    if (kafka === null) throw new Error('there is no broker');
    return (await (this.kafka ??= patiently(() => KafkaBench.start(kafka)))).source(name, portions, plan.group ? name : null);
  }

  /** What a lake holds that the same events came to without faults, from one file. */
  clean(set: EventSet): Promise<Content> {
    const known = this.cleanLakes.get(set.name) ?? this.buildClean(set);
    this.cleanLakes.set(set.name, known);
    return known;
  }

  async disturbBroker({ kind, signal }: Plan['broker'][number]): Promise<void> {
    const kafka = await this.kafka;
    if (kind === 'broker') await kafka?.restart(signal);
    else await kafka?.cut();
  }

  async stop(): Promise<void> {
    // One that never started has nothing to stop, and must not keep the others up.
    await Promise.allSettled([this.queue, this.elasticMq, this.kafka, this.s3].map(async (server) => (await server)?.stop()));
  }

  private async buildClean(set: EventSet): Promise<Content> {
    const workspace = join(this.workspace, `clean-${set.name}`);
    const lake = localLake(workspace);
    const source = fileSource(workspace, [set.expected]);
    await source.arrive();
    const ended = await ingot({ args: ['run', 'shop', '--from', source.uri(), '--lake', lake.place], environment: {}, faults: [], root: lake.root, below: lake.below, shim: this.shim, workspace });
    if (ended.status !== 0) throw new Error(`the clean lake could not be built: ${ended.stderr}`);
    const { differences } = await judge(lake, set, workspace);
    if (differences.length > 0) throw new Error(`the clean lake is wrong: ${differences.join('; ')}`);
    const content = await contentOf(lake);
    rmSync(workspace, { recursive: true, force: true });
    return content;
  }
}
