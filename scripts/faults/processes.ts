import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { shimRule, type Fault, type SignalFault } from './kinds.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const hangMs = 180_000;
const reportMs = 2_000;

export interface Ended {
  readonly command: string;
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Those of the planned faults that came about. */
  readonly fired: readonly Fault[];
  /** It did not end by itself in three minutes; Node's report of it is in the workspace. */
  readonly hung: boolean;
}

export interface Order {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly faults: readonly Fault[];
  /** The folder below which files are touched: the lake, or what is local of it. */
  readonly root: string;
  readonly below: string;
  readonly shim: string;
  readonly workspace: string;
  /** Asks it to end when it has run so long. */
  readonly endAfterMs?: number;
  /** Kills it when aborted. */
  readonly kill?: AbortSignal;
}

let started = 0;

/** Runs the built command line in a process of its own, with a fault. */
export async function ingot(order: Order): Promise<Ended> {
  const { args, environment, faults, root, below, shim, workspace } = order;
  const log = join(workspace, `faults-${++started}.log`);
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(INGOT|AWS)_/.test(name)));
  const preload = !faults.some(({ via }) => via === 'shim' || via === 'clock') ? {} : { LD_PRELOAD: shim, INGOT_FAULTS: faults.map((fault) => shimRule(fault, below)).join(';'), INGOT_FAULTS_LOG: log, INGOT_FAULTS_ROOT: root, UV_USE_IO_URING: '0' };
  const child = spawn(process.execPath, ['--report-on-signal', `--report-directory=${workspace}`, 'bin/ingot.js', ...args], { cwd: project, stdio: ['ignore', 'pipe', 'pipe'], env: { ...inherited, ...environment, ...preload } });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr = (output.stderr + text).slice(-8_000)));
  const over = new AbortController();
  const state = { hung: false };
  const signals = new Set<Fault>();
  const kill = (): void => void child.kill('SIGKILL');
  order.kill?.addEventListener('abort', kill);
  void delay(hangMs, undefined, { signal: over.signal }).then(async () => {
    state.hung = true;
    child.kill('SIGUSR2');
    await delay(reportMs);
    kill();
  }, () => undefined);
  if (order.endAfterMs !== undefined) void delay(order.endAfterMs, undefined, { signal: over.signal }).then(() => child.kill('SIGTERM'), () => undefined);
  for (const fault of faults) if (fault.via === 'signal') void signalled(child, fault, over.signal, () => signals.add(fault));
  const [status, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, name) => resolve([code, name]));
  });
  over.abort();
  order.kill?.removeEventListener('abort', kill);
  const numbers = new Set(linesOf(log).map((line) => Number(line.split(' ', 1)[0])));
  rmSync(log, { force: true });
  const fired = faults.filter((fault, index) => numbers.has(index) || signals.has(fault));
  return { command: args.slice(0, 2).join(' '), status, signal, ...output, fired, hung: state.hung };
}

async function signalled(child: { kill(signal: NodeJS.Signals): boolean }, fault: SignalFault, over: AbortSignal, reached: () => void): Promise<void> {
  try {
    await delay(fault.atMs, undefined, { signal: over });
    const there = child.kill(fault.kind === 'kill' ? 'SIGKILL' : 'SIGSTOP');
    if (there) reached();
    if (fault.kind === 'pause') await delay(fault.forMs, undefined, { signal: over }).finally(() => child.kill('SIGCONT'));
  } catch {
    // It ended before.
  }
}

function linesOf(log: string): string[] {
  try {
    return readFileSync(log, 'utf8').split('\n').filter((line) => line !== '');
  } catch {
    return [];
  }
}
