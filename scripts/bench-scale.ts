import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { consumers } from './bench/scale-consumers.js';
import { engines } from './bench/scale-engines.js';
import { partitions } from './bench/scale-partitions.js';
import { pruning } from './bench/scale-pruning.js';
import { rows } from './bench/scale-rows.js';
import { resultLines, writeBetween, type ScaleResult } from './bench/scale-table.js';
import { Workbench } from './bench/workbench.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const parts: Readonly<Record<string, (bench: Workbench) => Promise<ScaleResult>>> = { consumers, partitions, rows, engines, pruning };
const eventsAtFactor1 = 100_000;
const help = `npm run bench:scale -- [--factor F] [--only ${Object.keys(parts).join(',')}] [--out FILE] [--write PAGE]`;

const say = (text = ''): void => void process.stdout.write(`${text}\n`);

interface Options {
  readonly factor: number;
  readonly only: readonly string[];
  readonly out: string;
  /** A page in Markdown whose tables are written anew. */
  readonly page: string | null;
}

/** @throws Error for what is no option, number or part */
function options(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: { factor: { type: 'string', default: '1' }, only: { type: 'string' }, out: { type: 'string', default: join(root, '.bench', 'scale.json') }, write: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return null;
  const factor = Number(values.factor);
  if (!/^\d+(?:\.\d+)?$/.test(values.factor) || factor < 0.01) throw new Error(`--factor ${values.factor} is no number of 0.01 or more`);
  const only = values.only?.split(',') ?? Object.keys(parts);
  const unknown = only.find((part) => parts[part] === undefined);
  if (unknown !== undefined) throw new Error(`there is no part ${unknown}`);
  return { factor, only, out: resolve(values.out), page: values.write === undefined ? null : resolve(values.write) };
}

const load = (): string => loadavg().map((value) => value.toFixed(1)).join(' ');

async function main({ factor, only, out, page }: Options): Promise<void> {
  const folder = join(root, '.bench', `scale-${process.pid}`);
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('SIGINT', () => {
    remove();
    process.exit(130);
  });
  const results: (ScaleResult & { readonly command: string; readonly load: string; readonly tookSeconds: number })[] = [];
  try {
    for (const part of only) {
      const startedAtMs = Date.now();
      const loadAtStart = load();
      const result = await parts[part]!(await Workbench.open(folder, Math.ceil(eventsAtFactor1 * factor), 1));
      remove();
      const command = `npm run bench:scale -- --only ${part}${factor === 1 ? '' : ` --factor ${factor}`}`;
      const tookSeconds = Math.round((Date.now() - startedAtMs) / 1000);
      const note = `\`${command}\`: ${availableParallelism()} CPUs, Node ${process.versions.node}, load average ${loadAtStart} at the start, ${load()} at the end, ${tookSeconds} s`;
      const measured = { ...result, notes: [...result.notes, note] };
      for (const line of [`## ${part}`, '', ...resultLines(measured), '']) say(line);
      if (page !== null && result.tables.length > 0) writeBetween(page, part, resultLines(measured));
      results.push({ ...measured, command, load: loadAtStart, tookSeconds });
    }
  } finally {
    remove();
  }
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify({ factor, cpus: availableParallelism(), results }, null, 2)}\n`);
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
