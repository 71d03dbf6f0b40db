import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { actions } from './bench/actions.js';
import { change } from './bench/change.js';
import { drain } from './bench/drain.js';
import { figureLine, tableLines, type Figure, type PartResult } from './bench/figures.js';
import { curve, fresh, soak } from './bench/fresh.js';
import { gold } from './bench/gold.js';
import { kafka } from './bench/kafka.js';
import { landing } from './bench/landing.js';
import { log } from './bench/log.js';
import { backlog, memory } from './bench/memory.js';
import { s3 } from './bench/s3.js';
import { serve } from './bench/serve.js';
import { silver } from './bench/silver.js';
import { generated, Workbench } from './bench/workbench.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const parts: Readonly<Record<string, (bench: Workbench) => Promise<PartResult>>> = { landing, silver, gold, change, fresh, drain, kafka, s3, memory, log, actions, serve, backlog, curve, soak };
/** Parts that take very long: only when they are named. */
const long: ReadonlySet<string> = new Set(['serve', 'backlog', 'curve', 'soak']);
const help = `npm run bench -- [--events N] [--runs R] [--only ${Object.keys(parts).join(',')}] [--out FILE]`;

const say = (text = ''): void => void process.stdout.write(`${text}\n`);

interface Options {
  readonly events: number;
  readonly runs: number;
  readonly only: readonly string[];
  readonly out: string;
}

/** @throws Error for what is no option, number or part */
function options(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: { events: { type: 'string', default: '100000' }, runs: { type: 'string', default: '3' }, only: { type: 'string' }, out: { type: 'string', default: join(root, '.bench', 'results.json') }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return null;
  const only = values.only?.split(',') ?? Object.keys(parts).filter((part) => !long.has(part));
  const unknown = only.find((part) => parts[part] === undefined);
  if (unknown !== undefined) throw new Error(`there is no part ${unknown}`);
  return { events: whole('--events', values.events), runs: whole('--runs', values.runs), only, out: resolve(values.out) };
}

function whole(name: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`${name} ${text} is no whole number of 1 or more`);
  return Number(text);
}

const load = (): number[] => loadavg().map((value) => Number(value.toFixed(2)));

async function main({ events, runs, only, out }: Options): Promise<void> {
  const startedAtMs = Date.now();
  const loadAtStart = load();
  say(`${events.toLocaleString('en-US')} events over ${generated.days} days, ${runs} ${runs === 1 ? 'pair' : 'pairs'} after a warm-up, load average ${loadAtStart.join(' ')}`);
  const folder = join(root, '.bench', `work-${process.pid}`);
  process.once('SIGINT', () => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(130);
  });
  const bench = await Workbench.open(folder, events, runs);
  const figures: Figure[] = [];
  const notes: string[] = [];
  try {
    for (const part of only) {
      const result = await parts[part]!(bench);
      for (const figure of result.figures) say(figureLine(figure));
      for (const note of result.notes) say(note);
      figures.push(...result.figures);
      notes.push(...result.notes);
    }
  } finally {
    bench.close();
  }
  const loadAtEnd = load();
  say();
  for (const line of tableLines(figures)) say(line);
  say();
  say(`load average ${loadAtStart.join(' ')} at the start, ${loadAtEnd.join(' ')} at the end, ${availableParallelism()} CPUs; took ${Math.round((Date.now() - startedAtMs) / 1000)} s`);
  const results = {
    startedAt: new Date(startedAtMs).toISOString(),
    machine: { cpus: availableParallelism(), model: cpus()[0]?.model ?? '', node: process.version, loadAtStart, loadAtEnd },
    options: { events, runs, parts: only, ...generated },
    figures,
    notes,
  };
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(results, null, 2)}\n`);
  say(`written to ${out}`);
}

try {
  const wanted = options(process.argv.slice(2));
  if (wanted === null) say(help);
  else await main(wanted);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n${help}\n`);
  process.exitCode = 1;
}
