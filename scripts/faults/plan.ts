import { Random } from '../../src/generate/random.js';
import { describe, forgetSteps, localFault, steps, type Fault, type HttpFault, type Kind, type Step } from './kinds.js';

export type SourceKind = 'files' | 'sqs' | 'elasticmq' | 'kafka';
export type LakeKind = 'local' | 's3';
/** What a run is about beside landing and building: nothing, a person who is forgotten, rejected rows that are replayed. */
export type Work = 'plain' | 'forget' | 'replay';

export interface Task {
  readonly command: 'bronze' | 'run' | 'follow' | 'silver' | 'gold' | 'compact' | 'backfill' | 'vacuum' | 'status' | 'forget' | 'rejected' | 'replay';
  readonly faults: readonly Fault[];
}

/** All that a seed decides. */
export interface Plan {
  readonly seed: number;
  readonly source: SourceKind;
  readonly lake: LakeKind;
  readonly events: number;
  readonly days: number;
  /** Of the events: few, so that few clean lakes are built. */
  readonly eventSeed: number;
  /** Messages come in so many parts, one before each process that lands. */
  readonly portions: number;
  readonly windowRows: number;
  readonly threads: number;
  readonly visibilitySeconds: number;
  /** Of a topic: the consumers divide its partitions. */
  readonly group: boolean;
  /** Processes one after the other, each beside the others' lists. */
  readonly consumers: readonly (readonly Task[])[];
  readonly beside: readonly (readonly Task[])[];
  /** Processes that nobody works beside: a machine that stops takes all with it. */
  readonly alone: readonly Task[];
  /** Chooses who is forgotten; null for nobody. */
  readonly person: number | null;
  /** The first act's contract rejects what it should not; the second act's is mended. */
  readonly mends: boolean;
  /** Processes one after the other, from the moment on that there is a lake. */
  readonly upkeep: readonly { readonly act: number; readonly tasks: readonly Task[] }[];
  /** What befalls the broker meanwhile. */
  readonly broker: readonly { readonly kind: 'broker' | 'tcp-cut'; readonly atMs: number; readonly signal: 'SIGKILL' | 'SIGTERM' }[];
}

/** What goes on at once; the next act begins when all of it has ended. */
export interface Act {
  /** Null: the shop's own. */
  readonly contract: 'narrow' | 'mended' | null;
  readonly consumers: readonly (readonly Task[])[];
  readonly beside: readonly (readonly Task[])[];
  readonly upkeep: readonly (readonly Task[])[];
}

export interface Scope {
  readonly sources: readonly SourceKind[];
  readonly lakes: readonly LakeKind[];
  readonly works: readonly Work[];
  /** Null: all that fit. */
  readonly kinds: ReadonlySet<Kind> | null;
}

const sizes = [[900, 2], [1_500, 3], [2_400, 4]] as const;
const localKinds: readonly Kind[] = ['kill', 'kill', 'kill', 'step', 'step', 'step', 'step', 'pause', 'torn', 'torn', 'short', 'eio', 'eio', 'enospc', 'enospc', 'fsync', 'fsync', 'slow', 'clock'];
const httpKinds: readonly Kind[] = ['http-500', 'http-503', 'http-lost', 'http-lost', 'http-refused', 'http-cut-up', 'http-cut-down', 'http-kill', 'http-kill'];
const bucketPatterns = ['^PUT .*/_ingot/intents/', '^PUT .*/_delta_log/.*json', '^PUT .*parquet', '^PUT ', '^GET .*parquet', '^GET .*_delta_log', '^GET ', '^GET .*list-type', '^HEAD ', '^(DELETE|POST) ', '.'];
const upkeepPatterns = [...bucketPatterns, '^PUT .*/_forgotten/', '^PUT .*/_ingot/uploads/', 'forget.key', '^PUT .*/_ingot/receipts/'];
const queuePatterns = ['ReceiveMessage', 'ReceiveMessage', 'DeleteMessageBatch', 'DeleteMessageBatch', 'ChangeMessageVisibility', 'GetQueue'];

export function planOf(seed: number, scope: Scope): Plan {
  const random = new Random(seed);
  const source = random.pick(scope.sources);
  const lake = random.pick(scope.lakes);
  const [events, days] = random.pick(sizes);
  const shared = source !== 'files';
  const consumers = shared ? random.pick([1, 2, 2, 3, 4, 8]) : random.pick([1, 1, 2, 3]);
  const rounds = consumers >= 4 ? 1 : consumers >= 2 ? 3 : 5;
  const faultsFor = faults(source, lake, scope, random);
  const landing = (): Task => {
    const command = random.chance(0.12) ? 'follow' : random.chance(0.5) ? 'run' : 'bronze';
    return { command, faults: faultsFor(command === 'bronze' ? ['bronze'] : ['bronze', 'silver', 'gold']) };
  };
  const building = (): Task => {
    const command = random.pick(['silver', 'silver', 'gold', 'compact', 'backfill', 'vacuum', 'status'] as const);
    return { command, faults: random.chance(0.6) ? faultsFor(command === 'gold' ? ['gold'] : command === 'compact' ? ['bronze', 'silver', 'gold'] : ['silver']) : [] };
  };
  const wantsPower = lake === 'local' && (scope.kinds?.has('power') ?? random.chance(0.5));
  const power = (): Task => ({ command: random.pick(['run', 'run', 'bronze']), faults: [localFault('power', (['bronze', 'silver', 'gold'] as const).flatMap((layer) => steps('shop', layer)), 150, random)] });
  const alone = wantsPower ? Array.from({ length: 1 + random.below(3) }, power) : [];
  return {
    seed,
    source,
    lake,
    events,
    days,
    eventSeed: 1 + random.below(2),
    portions: consumers * rounds + alone.length,
    windowRows: Math.ceil(events / random.pick([1, 8, 20, 40])),
    threads: 1 + random.below(2),
    visibilitySeconds: random.pick([5, 10]),
    group: consumers > 1 || random.chance(0.5),
    consumers: Array.from({ length: consumers }, () => Array.from({ length: rounds }, landing)),
    beside: Array.from({ length: random.below(3) }, () => Array.from({ length: 1 + random.below(3) }, building)),
    alone,
    ...upkeepOf(seed, lake, scope),
    broker: source === 'kafka' ? Array.from({ length: 1 + random.below(3) }, () => brokerFault(scope, random)).filter((fault) => fault !== null) : [],
  };
}

/** Drawn by itself, so that what else a seed means does not depend on it. */
function upkeepOf(seed: number, lake: LakeKind, scope: Scope): Pick<Plan, 'person' | 'mends' | 'upkeep'> {
  const random = new Random(seed + 0x7_0000_0000);
  const works = random.pick(worksOf(scope.works));
  const [forgets, mends] = [works.includes('forget'), works.includes('replay')];
  const faultsFor = faults('files', lake, scope, random, upkeepPatterns);
  const layers = ['bronze', 'silver', 'gold'] as const;
  const task = (command: Task['command'], more: readonly Step[] = []): Task => ({ command, faults: random.chance(0.85) ? faultsFor(layers, more) : [] });
  const other = (): Task[] => (random.chance(0.5) ? [task(random.pick(['compact', 'vacuum', 'silver', 'gold'] as const))] : []);
  const forgetting = (): Task[] => [task('forget', forgetSteps()), ...other(), task('forget', forgetSteps()), ...(random.chance(0.5) ? [task('forget', forgetSteps())] : [])];
  const replaying = (): Task[] => [{ command: 'rejected', faults: [] }, task('replay'), ...other(), task('replay'), ...(random.chance(0.5) ? [task('replay')] : [])];
  const upkeep = [
    ...(forgets ? [{ act: mends ? random.below(2) : 0, tasks: forgetting() }] : []),
    ...(mends ? [{ act: 1, tasks: replaying() }] : []),
    ...(works.length > 0 && random.chance(0.5) ? [{ act: mends ? 1 : 0, tasks: [task('compact'), task('vacuum')] }] : []),
  ];
  return { person: forgets ? random.below(3) : null, mends, upkeep };
}

/** What one run may be about: each by itself, and both together. */
function worksOf(works: readonly Work[]): (readonly Work[])[] {
  const alone = works.map((work) => (work === 'plain' ? [] : [work]));
  const both = works.filter((work) => work !== 'plain');
  return [...alone, ...alone, ...(both.length > 1 ? [both] : [])];
}

/** A plan whose contract is mended has two acts: each list is divided between them, and of lists of one every other is in each. */
export function actsOf({ mends, consumers, beside, upkeep }: Plan): Act[] {
  const upkeepIn = (act: number): (readonly Task[])[] => upkeep.filter((each) => each.act === act).map(({ tasks }) => tasks);
  if (!mends) return [{ contract: null, consumers, beside, upkeep: upkeepIn(0) }];
  const part = (lists: readonly (readonly Task[])[], act: number): (readonly Task[])[] =>
    lists.map((tasks, index) => {
      const first = Math.ceil((tasks.length - (tasks.length === 1 ? index % 2 : 0)) / 2);
      return act === 0 ? tasks.slice(0, first) : tasks.slice(first);
    });
  return (['narrow', 'mended'] as const).map((contract, act) => ({ contract, consumers: part(consumers, act), beside: part(beside, act), upkeep: upkeepIn(act) }));
}

function brokerFault({ kinds }: Scope, random: Random): Plan['broker'][number] | null {
  const kind = random.pick((['broker', 'tcp-cut', 'tcp-cut'] as const).filter((one) => kinds?.has(one) ?? true));
  const drawn = { atMs: 1_000 + random.below(4_000), signal: random.pick(['SIGKILL', 'SIGTERM'] as const) };
  return (kind as typeof kind | undefined) === undefined ? null : { kind, ...drawn };
}

function faults(source: SourceKind, lake: LakeKind, scope: Scope, random: Random, patterns: readonly string[] = bucketPatterns): (layers: readonly ('bronze' | 'silver' | 'gold')[], more?: readonly Step[]) => Fault[] {
  const allowed = (kinds: readonly Kind[]): Kind[] => kinds.filter((kind) => scope.kinds?.has(kind) ?? true);
  const local = allowed(localKinds);
  const bucket = lake === 's3' ? allowed([...httpKinds, ...(scope.kinds?.has('http-stall') === true || random.chance(0.1) ? ['http-stall' as const] : [])]) : [];
  const queue = source === 'sqs' || source === 'elasticmq' ? allowed([...httpKinds, 'sqs-partial', 'sqs-partial']) : [];
  return (layers, more = []) => {
    const choices: (() => Fault)[] = [];
    if (local.length > 0) choices.push(() => localFault(random.pick(local), [...layers.flatMap((layer) => steps('shop', layer)), ...more, ...more], layers.length > 1 ? 200 : 60, random));
    if (bucket.length > 0) choices.push(() => httpFault(random.pick(bucket), patterns, 's3', random));
    if (queue.length > 0 && layers.includes('bronze')) choices.push(() => httpFault(random.pick(queue), queuePatterns, 'sqs', random));
    return choices.length === 0 ? [] : Array.from({ length: random.pick([1, 2, 2, 3]) }, () => random.pick(choices)());
  };
}

function httpFault(kind: Kind, patterns: readonly string[], server: HttpFault['server'], random: Random): HttpFault {
  const pattern = kind === 'sqs-partial' ? 'DeleteMessageBatch' : random.pick(patterns);
  return { kind, via: 'http', server, pattern, nth: 1 + random.below(random.chance(0.6) ? 3 : 15), count: kind === 'http-kill' || kind === 'http-stall' ? 1 : random.pick([1, 1, 3, 12]) };
}

/** The plan in words. */
export function planText(plan: Plan): string[] {
  const list = (tasks: readonly Task[]): string => tasks.map((task) => (task.faults.length === 0 ? task.command : `${task.command} (${task.faults.map(describe).join('; ')})`)).join(', then ');
  return [
    `${plan.events} events of ${plan.days} days from ${plan.source} to a lake ${plan.lake === 'local' ? 'on local disk' : 'in S3'}, windows of ${plan.windowRows} rows, ${plan.threads} threads`,
    ...plan.alone.map((task) => `alone: ${list([task])}`),
    ...actsOf(plan).flatMap(({ contract, consumers, beside, upkeep }) => [
      ...(contract === null ? [] : [`by the ${contract} contract:`]),
      ...consumers.flatMap((tasks, index) => (tasks.length === 0 ? [] : [`consumer ${index + 1}: ${list(tasks)}`])),
      ...beside.flatMap((tasks) => (tasks.length === 0 ? [] : [`beside: ${list(tasks)}`])),
      ...upkeep.map((tasks) => `upkeep: ${list(tasks)}`),
    ]),
    ...plan.broker.map(({ kind, atMs, signal }) => `${kind === 'broker' ? `the broker ends by ${signal}, and starts again` : 'all connections to the broker are cut'} after ${atMs} ms`),
  ];
}
