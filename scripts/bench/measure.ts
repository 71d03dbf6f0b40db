import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** What one run took. */
export interface Cost {
  readonly wallMs: number;
  /** Of all threads of this process, and of its children that have ended. */
  readonly cpuMs: number;
}

/** One of the ways that are compared. */
export interface Side {
  readonly name: string;
  /** Events that a run deals with. */
  readonly events: number;
  /** Not timed. */
  readonly before?: () => Promise<void>;
  /** Timed. The folder is there, empty, and removed afterwards. */
  readonly work: (folder: string) => Promise<void>;
}

/** Median, least and greatest. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Runs the sides by turns, A B A B, after one round that warms up and is not counted.
 * @returns the costs of each side, in the order of the rounds
 */
export async function alternate(sides: readonly Side[], runs: number, folder: string): Promise<Cost[][]> {
  const costs: Cost[][] = sides.map(() => []);
  for (let round = 0; round <= runs; round++) {
    for (const [index, side] of sides.entries()) {
      const own = join(folder, `run-${index}`);
      mkdirSync(own, { recursive: true });
      await side.before?.();
      const cost = await timed(() => side.work(own));
      rmSync(own, { recursive: true, force: true });
      if (round > 0) costs[index]?.push(cost);
    }
  }
  return costs;
}

/** What some work costs. */
export async function timed(work: () => Promise<void>): Promise<Cost> {
  const childrenBefore = childrenCpuMs();
  const cpuBefore = process.cpuUsage();
  const startedAt = process.hrtime.bigint();
  await work();
  const wallMs = Number(process.hrtime.bigint() - startedAt) / 1e6;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { wallMs, cpuMs: (user + system) / 1e3 + childrenCpuMs() - childrenBefore };
}

/** CPU of children that were waited for; Node has no call for it, and Linux counts it in hundredths of a second. 0 elsewhere. */
function childrenCpuMs(): number {
  const fields = procFile('/proc/self/stat')?.split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[13] ?? 0) + Number(fields[14] ?? 0)) * 10;
}

/**
 * The most memory that this process has had, or another one that still runs, bytes. On Linux it is the program's own:
 * `maxRSS` begins with what the parent had when it forked. 0 for another process elsewhere.
 */
export function peakMemoryBytes(pid?: number): number {
  return statusBytes('VmHWM', pid) ?? (pid === undefined ? process.resourceUsage().maxRSS * 1024 : 0);
}

/** What another process holds, bytes; 0 when it can't be told. */
export function residentBytes(pid: number): number {
  return statusBytes('VmRSS', pid) ?? 0;
}

function statusBytes(name: 'VmHWM' | 'VmRSS', pid?: number): number | null {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(procFile(`/proc/${pid ?? 'self'}/status`) ?? '');
  return match === null ? null : Number(match[1]) * 1024;
}

function procFile(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** @throws Error for no values: there is nothing to say about them */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)];
  const high = sorted[Math.ceil((sorted.length - 1) / 2)];
  if (low === undefined || high === undefined) throw new Error('nothing was measured');
  return { median: (low + high) / 2, min: sorted[0] ?? low, max: sorted.at(-1) ?? high };
}
