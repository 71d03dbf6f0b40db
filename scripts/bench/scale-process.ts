import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { peakMemoryBytes, timed } from './measure.js';

const program = fileURLToPath(new URL('../../bin/ingot.js', import.meta.url));
const lookMs = 50;

/** What commands that ran side by side took. */
export interface CommandCost {
  readonly wallMs: number;
  /** Of the commands, without servers. */
  readonly cpuMs: number;
  /** Of the servers that this process has started, as their work for the commands. */
  readonly serverCpuMs: number;
  /** The most that one of the commands had resident. */
  readonly peakBytes: number;
  /** The object that each of them printed. */
  readonly printed: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Runs commands of Ingot side by side, each in a process of its own, as a user starts them.
 * @throws Error with what it said when one fails
 */
export async function commands(all: readonly (readonly string[])[], environment: Readonly<Record<string, string>> = {}): Promise<CommandCost> {
  const servers = childrenOf(process.pid);
  const serversBefore = cpuOf(servers);
  const ended: Ended[] = [];
  const { wallMs, cpuMs } = await timed(async () => {
    ended.push(...(await Promise.all(all.map((args) => command([...args, '--json'], environment)))));
  });
  return { wallMs, cpuMs, serverCpuMs: cpuOf(servers) - serversBefore, peakBytes: Math.max(...ended.map((each) => each.peakBytes)), printed: ended.map((each) => each.printed) };
}

interface Ended {
  readonly peakBytes: number;
  readonly printed: Readonly<Record<string, unknown>>;
}

async function command(args: readonly string[], environment: Readonly<Record<string, string>>): Promise<Ended> {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('INGOT_') || name === 'INGOT_DUCKDB_EXTENSIONS'));
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...inherited, ...environment } });
  let peakBytes = 0;
  const timer = setInterval(() => (peakBytes = Math.max(peakBytes, peakMemoryBytes(child.pid))), lookMs);
  const [printed, errors, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close') as Promise<[number | null]>]);
  clearInterval(timer);
  if (status !== 0) throw new Error(`ingot ${args.join(' ')} ended with ${status ?? 'a signal'}: ${errors}`);
  return { peakBytes, printed: JSON.parse(printed) as Ended['printed'] };
}

/** Processes that another one has started and that still run. */
function childrenOf(pid: number): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((each) => statOf(each)[1] === String(pid));
}

/** CPU time of processes and of their children that have ended, in milliseconds; Linux counts it in hundredths of a second. */
function cpuOf(pids: readonly number[]): number {
  return pids.reduce((total, pid) => total + statOf(pid).slice(11, 15).reduce((ticks, field) => ticks + Number(field), 0) * 10, 0);
}

/** The fields of /proc/pid/stat from the state on: none when it is gone. */
function statOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  } catch {
    return [];
  }
}
