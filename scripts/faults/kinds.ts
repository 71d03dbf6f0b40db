import type { Random } from '../../src/generate/random.js';

/** What is done to a process. */
export type Fault = ShimFault | SignalFault | HttpFault | ClockFault;

export type Kind =
  | 'kill' | 'step' | 'pause' | 'torn' | 'short' | 'eio' | 'enospc' | 'fsync' | 'slow' | 'power' | 'clock'
  | 'http-500' | 'http-503' | 'http-lost' | 'http-refused' | 'http-cut-up' | 'http-cut-down' | 'http-stall' | 'http-kill' | 'sqs-partial'
  | 'broker' | 'tcp-cut';

/** The nth file system call of an operation on a path that matches. */
export interface ShimFault {
  readonly kind: Kind;
  readonly via: 'shim';
  readonly op: 'open' | 'read' | 'write' | 'fsync' | 'rename' | 'link' | 'unlink' | 'mkdir' | 'any';
  /** Below the lake's folder. */
  readonly glob: string;
  readonly nth: number;
  /** How many calls from then on; Infinity for all. */
  readonly count: number;
  readonly when: 'before' | 'after';
  readonly action: string;
}

/** A signal at a moment after the start. */
export interface SignalFault {
  readonly kind: 'kill' | 'pause';
  readonly via: 'signal';
  readonly atMs: number;
  /** Of a pause. */
  readonly forMs: number;
}

export interface ClockFault {
  readonly kind: 'clock';
  readonly via: 'clock';
  readonly atMs: number;
  readonly seconds: number;
}

/** The nth request to a server that a pattern matches, written `PUT /bucket/key` or `POST DeleteMessageBatch`. */
export interface HttpFault {
  readonly kind: Kind;
  readonly via: 'http';
  /** Whose requests: the bucket's or the queue's. */
  readonly server: 's3' | 'sqs';
  readonly pattern: string;
  readonly nth: number;
  readonly count: number;
}

export interface Step {
  readonly name: string;
  readonly op: ShimFault['op'];
  readonly glob: string;
  readonly when: 'before' | 'after';
  /** About how often it comes in a run of one process. */
  readonly often: number;
}

/** The steps of a run of one scope, in order; `dataset` is the scope's second name. */
export function steps(dataset: string, layer: 'bronze' | 'silver' | 'gold'): Step[] {
  const scope = `${layer}.${dataset}`;
  const step = (name: string, op: ShimFault['op'], glob: string, often: number): Step[] => (['before', 'after'] as const).map((when) => ({ name: `${layer}: ${when} ${name}`, op, glob, when, often }));
  return [
    ...(layer === 'bronze' ? [...step('the spool is written', 'write', `_ingot/staging/${scope}/*/messages.spool`, 8), ...step('the manifest is put in place', 'rename', 'bronze/*/_files/*.json', 4)] : []),
    ...step('rows are written', 'write', `_ingot/staging/${scope}/*.parquet`, 40),
    ...step('staged rows are synced', 'fsync', `_ingot/staging/${scope}/*.parquet`, 20),
    ...step('the intent is synced', 'fsync', `_ingot/intents/${scope}/.tmp-*`, 6),
    ...step('the intent is linked', 'link', `_ingot/intents/${scope}/*.json`, 3),
    ...step('the folder of intents is synced', 'fsync', `_ingot/intents/${scope}`, 6),
    ...step('a file is put in place', 'rename', `${layer}/*/event_date=*.parquet`, 20),
    ...step('a partition is synced', 'fsync', `${layer}/*/event_date=*`, 10),
    ...step('a log entry is linked', 'link', `${layer}/*/_delta_log/*.json`, 5),
    ...step('a log is synced', 'fsync', `${layer}/*/_delta_log`, 5),
    ...step('a replaced file goes', 'unlink', `${layer}/*/event_date=*.parquet`, 3),
    ...step('the intent is marked done', 'rename', `_ingot/intents/${scope}/*.json`, 3),
  ];
}

/** Steps of forgetting and nothing else. */
export function forgetSteps(): Step[] {
  const step = (name: string, op: ShimFault['op'], glob: string): Step[] => (['before', 'after'] as const).map((when) => ({ name: `forget: ${when} ${name}`, op, glob, when, often: 1 }));
  return [
    ...step('the key is put in place', 'link', '_ingot/forget.key'),
    ...step('the list is put in place', 'rename', 'bronze/*/_forgotten/*.json'),
    ...step('the receipt is put in place', 'rename', '_ingot/receipts/*.json'),
  ];
}

/** The rule that the preloaded library reads; one for other faults says nothing, and keeps their number. @param below what a path in the lake begins with, as a pattern */
export function shimRule(fault: Fault, below: string): string {
  if (fault.via === 'clock') return `clock,,0,0,before,${fault.atMs}:${fault.seconds}`;
  if (fault.via !== 'shim') return '-';
  const count = Number.isFinite(fault.count) ? fault.count : 1_000_000_000;
  return [fault.op, `${below}/${fault.glob}`, fault.nth, count, fault.when, fault.action].join(',');
}

export function describe(fault: Fault): string {
  if (fault.via === 'clock') return `clock: ${fault.seconds > 0 ? '+' : ''}${Math.round(fault.seconds / 3600)} h after ${fault.atMs} ms`;
  if (fault.via === 'signal') return fault.kind === 'kill' ? `kill after ${fault.atMs} ms` : `pause after ${fault.atMs} ms for ${fault.forMs} ms`;
  const often = fault.count === 1 ? `${fault.nth}.` : Number.isFinite(fault.count) ? `${fault.nth}. to ${fault.nth + fault.count - 1}.` : `${fault.nth}. and all later`;
  if (fault.via === 'http') return `${fault.kind}: ${often} ${fault.pattern}`;
  return `${fault.kind}: ${fault.action} ${fault.when} the ${often} ${fault.op} of ${fault.glob}`;
}

/**
 * A fault of one kind, drawn.
 * @param calls about how many calls that change files a process makes
 */
export function localFault(kind: Kind, all: readonly Step[], calls: number, random: Random): Fault {
  const step = random.pick(all);
  const nth = 1 + random.below(random.chance(0.5) ? 2 : step.often);
  const anywhere = random.pick(['*', '*', '_ingot/*', '*.parquet', '*_delta_log*', '_ingot/staging/*']);
  const many = random.chance(0.3) ? Infinity : 1 + random.below(3);
  const shim = (op: ShimFault['op'], glob: string, at: number, count: number, when: 'before' | 'after', action: string): ShimFault => ({ kind, via: 'shim', op, glob, nth: at, count, when, action });
  switch (kind) {
    case 'step': return shim(step.op, step.glob, nth, 1, step.when, 'die');
    case 'torn': return shim('write', anywhere, 1 + random.below(30), 1, 'before', 'torn');
    case 'short': return shim('write', anywhere, 1 + random.below(20), many, 'before', 'short');
    case 'eio': return shim(random.pick(['write', 'rename', 'link', 'open', 'read', 'mkdir', 'unlink', 'any'] as const), anywhere, 1 + random.below(25), many, 'before', 'eio');
    case 'enospc': return shim(random.pick(['write', 'open', 'mkdir', 'link', 'rename'] as const), anywhere, 1 + random.below(25), many, 'before', 'enospc');
    case 'fsync': return shim('fsync', anywhere, 1 + random.below(25), many, 'before', 'eio');
    case 'slow': return shim(random.pick(['write', 'fsync'] as const), anywhere, 1, Infinity, 'before', `delay:${random.pick([5, 20, 60])}`);
    case 'power': return random.chance(0.5) ? shim(step.op, step.glob, nth, 1, step.when, 'power') : shim('any', '*', 1 + random.below(calls), 1, 'after', 'power');
    case 'clock': return { kind, via: 'clock', atMs: 300 + random.below(2_000), seconds: random.pick([3, 9, 40]) * (random.chance(0.5) ? 86_400 : -3_600) };
    case 'pause': return { kind, via: 'signal', atMs: 700 + random.below(1_500), forMs: 1_000 + random.below(6_000) };
    default: return random.chance(0.8) ? shim('any', '*', 1 + random.below(calls), 1, random.pick(['before', 'after']), 'die') : { kind: 'kill', via: 'signal', atMs: 600 + random.below(2_400), forMs: 0 };
  }
}
