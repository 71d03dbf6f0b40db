import { Random } from '../../src/generate/random.js';
import { describe, localFault, steps, type Fault, type HttpFault, type Kind } from './kinds.js';

export type SourceKind = 'files' | 'sqs' | 'elasticmq' | 'kafka';
export type LakeKind = 'local' | 's3';

export interface Task {
  readonly command: 'bronze' | 'run' | 'follow' | 'silver' | 'gold' | 'compact' | 'backfill' | 'vacuum' | 'status';
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
  /** What befalls the broker meanwhile. */
  readonly broker: readonly { readonly kind: 'broker' | 'tcp-cut'; readonly atMs: number; readonly signal: 'SIGKILL' | 'SIGTERM' }[];
}

export interface Scope {
  readonly sources: readonly SourceKind[];
  readonly lakes: readonly LakeKind[];
  /** Null: all that fit. */
  readonly kinds: ReadonlySet<Kind> | null;
}

const sizes = [[900, 2], [1_500, 3], [2_400, 4]] as const;
const localKinds: readonly Kind[] = ['kill', 'kill', 'kill', 'step', 'step', 'step', 'step', 'pause', 'torn', 'torn', 'short', 'eio', 'eio', 'enospc', 'enospc', 'fsync', 'fsync', 'slow', 'clock'];
const httpKinds: readonly Kind[] = ['http-500', 'http-503', 'http-lost', 'http-lost', 'http-refused', 'http-cut-up', 'http-cut-down', 'http-kill', 'http-kill'];
const bucketPatterns = ['^PUT .*/_ingot/intents/', '^PUT .*/_delta_log/.*json', '^PUT .*parquet', '^PUT ', '^GET .*parquet', '^GET .*_delta_log', '^GET ', '^GET .*list-type', '^HEAD ', '^(DELETE|POST) ', '.'];
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
    broker: source === 'kafka' ? Array.from({ length: 1 + random.below(3) }, () => brokerFault(scope, random)).filter((fault) => fault !== null) : [],
  };
}

function brokerFault({ kinds }: Scope, random: Random): Plan['broker'][number] | null {
  const kind = random.pick((['broker', 'tcp-cut', 'tcp-cut'] as const).filter((one) => kinds?.has(one) ?? true));
  const drawn = { atMs: 1_000 + random.below(4_000), signal: random.pick(['SIGKILL', 'SIGTERM'] as const) };
  return (kind as typeof kind | undefined) === undefined ? null : { kind, ...drawn };
}

function faults(source: SourceKind, lake: LakeKind, scope: Scope, random: Random): (layers: readonly ('bronze' | 'silver' | 'gold')[]) => Fault[] {
  const allowed = (kinds: readonly Kind[]): Kind[] => kinds.filter((kind) => scope.kinds?.has(kind) ?? true);
  const local = allowed(localKinds);
  const bucket = lake === 's3' ? allowed([...httpKinds, ...(scope.kinds?.has('http-stall') === true || random.chance(0.1) ? ['http-stall' as const] : [])]) : [];
  const queue = source === 'sqs' || source === 'elasticmq' ? allowed([...httpKinds, 'sqs-partial', 'sqs-partial']) : [];
  return (layers) => {
    const choices: (() => Fault)[] = [];
    if (local.length > 0) choices.push(() => localFault(random.pick(local), layers.flatMap((layer) => steps('shop', layer)), layers.length > 1 ? 200 : 60, random));
    if (bucket.length > 0) choices.push(() => httpFault(random.pick(bucket), bucketPatterns, 's3', random));
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
    ...plan.consumers.map((tasks, index) => `consumer ${index + 1}: ${list(tasks)}`),
    ...plan.beside.map((tasks) => `beside: ${list(tasks)}`),
    ...plan.broker.map(({ kind, atMs, signal }) => `${kind === 'broker' ? `the broker ends by ${signal}, and starts again` : 'all connections to the broker are cut'} after ${atMs} ms`),
  ];
}
