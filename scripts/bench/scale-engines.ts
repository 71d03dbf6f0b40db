import { cpSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { cachedTrino, Trino } from '../engines/trino.js';
import { spreadOf, timed } from './measure.js';
import { assertSameRows } from './scale-equal.js';
import { fitted, rowsToWin, workersToWin, type Line } from './scale-fit.js';
import { commands, type CommandCost } from './scale-process.js';
import { grouped, seconds, threeDigits, type ScaleResult, type ScaleTable } from './scale-table.js';
import { datasetsDir, forget, landFrom, type Workbench } from './workbench.js';

/** Of `events`: n, 3n and 10n. */
const sizes = [0.2, 0.6, 2] as const;
const rounds = 2;
const engineNames = ['DuckDB', 'Trino'] as const;
const layers = ['silver', 'gold'] as const;
const workerCpus = 2;
const machines = [2, 16, 64] as const;
const statements = 21;

type EngineName = (typeof engineNames)[number];
type Layer = (typeof layers)[number];

/** What a build of a layer by an engine took at one size: the least of the rounds, as other work only adds. */
interface Measured {
  readonly engine: EngineName;
  readonly layer: Layer;
  readonly events: number;
  readonly wallMs: number;
  /** Of Ingot and the engine. */
  readonly cpuMs: number;
  readonly statements: number;
}

/** Silver and gold of shop from nothing, by DuckDB and by Trino on the same CPUs, at three sizes. */
export async function engines(bench: Workbench): Promise<ScaleResult> {
  const programs = await cachedTrino();
  if (programs === null) return { part: 'engines', tables: [], notes: ['Trino is not in the cache: `npm run test:engines` puts it there; nothing was measured'] };
  const trino = await Trino.start({ properties: { 'query.max-history': '10000', 'query.min-expire-age': '2h' } }, programs);
  try {
    const warm = await lakesOf(bench, Math.ceil(bench.events / 10));
    for (const layer of layers) await built(trino, warm, layer, 'Trino');
    const measured: Measured[] = [];
    for (const size of sizes) measured.push(...(await atSize(bench, trino, Math.ceil(bench.events * size))));
    const statementMs = await statementCost(trino);
    const lines = layers.flatMap((layer) => engineNames.map((engine) => lineOf(measured, layer, engine)));
    return {
      part: 'engines',
      tables: [timesTable(measured), linesTable(lines), winsTable(lines)],
      notes: [
        `Trino 476, a coordinator and a worker of 2 GB each, beside Ingot on ${availableParallelism()} CPUs; DuckDB with \`--memory 2GiB\`. Lake in a folder, ${rounds} rounds, the least of them. Each silver and gold table has equal rows by both, by count and hash, doubles by their sum`,
        `\`SELECT 1\` takes Trino ${threeDigits(statementMs)} ms; a build is ${statementCounts(measured)} statements`,
        `A line by least squares through the three sizes. CPU is of Ingot, coordinator and worker together, the worker's compiler included; workers are reckoned from CPU, as all CPUs are busy in both and other work hardly changes it, and no engine is charged for what it loses by being spread over more of them`,
      ],
    };
  } finally {
    await trino.stop();
  }
}

type Lakes = Readonly<Record<EngineName, string>>;

async function lakesOf(bench: Workbench, events: number): Promise<Lakes> {
  const lakes = { DuckDB: join(bench.folder, `lake-duckdb-${events}`), Trino: join(bench.folder, `lake-trino-${events}`) };
  await landFrom(lakes.DuckDB, await bench.file(events), bench.dataset);
  cpSync(lakes.DuckDB, lakes.Trino, { recursive: true });
  return lakes;
}

function built(trino: Trino, lakes: Lakes, layer: Layer, engine: EngineName): Promise<CommandCost> {
  const by = engine === 'Trino' ? ['--engine', `trino://bench@127.0.0.1:${trino.port}/hive`] : ['--memory', '2GiB'];
  return commands([[layer, 'shop', '--lake', lakes[engine], '--datasets', datasetsDir, ...by]]);
}

async function atSize(bench: Workbench, trino: Trino, events: number): Promise<Measured[]> {
  const lakes = await lakesOf(bench, events);
  const measured: Measured[] = [];
  for (const layer of layers) {
    for (const engine of engineNames) {
      const costs: CommandCost[] = [];
      let asked = 0;
      for (let round = 0; round < rounds; round++) {
        await forget(lakes[engine], layer, bench.dataset);
        const before = await queries(trino);
        costs.push(await built(trino, lakes, layer, engine));
        asked = (await queries(trino)) - before - 1;
      }
      const cpuMs = (cost: CommandCost): number => cost.cpuMs + (engine === 'Trino' ? cost.serverCpuMs : 0);
      measured.push({ engine, layer, events, wallMs: Math.min(...costs.map((cost) => cost.wallMs)), cpuMs: Math.min(...costs.map(cpuMs)), statements: asked });
    }
    await assertSameRows(lakes.DuckDB, lakes.Trino, layer);
  }
  for (const lake of Object.values(lakes)) rmSync(lake, { recursive: true, force: true });
  return measured;
}

async function queries(trino: Trino): Promise<number> {
  return Number((await trino.rows('SELECT count(*) FROM system.runtime.queries'))[0]?.[0] ?? 0);
}

async function statementCost(trino: Trino): Promise<number> {
  const costs: number[] = [];
  for (let run = 0; run < statements; run++) {
    const { wallMs } = await timed(async () => {
      await trino.rows('SELECT 1');
    });
    costs.push(wallMs);
  }
  return spreadOf(costs).median;
}

interface EngineLine {
  readonly layer: Layer;
  readonly engine: EngineName;
  readonly wall: Line;
  readonly cpu: Line;
}

function lineOf(measured: readonly Measured[], layer: Layer, engine: EngineName): EngineLine {
  const own = measured.filter((each) => each.layer === layer && each.engine === engine);
  return { layer, engine, wall: fitted(own.map(({ events, wallMs }) => ({ rows: events, cost: wallMs / 1e3 }))), cpu: fitted(own.map(({ events, cpuMs }) => ({ rows: events, cost: cpuMs / 1e3 }))) };
}

function timesTable(measured: readonly Measured[]): ScaleTable {
  const rows = measured.filter(({ engine }) => engine === 'DuckDB').map((duckdb) => {
    const trino = measured.find(({ engine, layer, events }) => engine === 'Trino' && layer === duckdb.layer && events === duckdb.events) ?? duckdb;
    return [duckdb.layer, grouped(duckdb.events), `${seconds(duckdb.wallMs)} (${seconds(duckdb.cpuMs)})`, `${seconds(trino.wallMs)} (${seconds(trino.cpuMs)})`, threeDigits(trino.wallMs / duckdb.wallMs), threeDigits(trino.cpuMs / duckdb.cpuMs)];
  });
  return { head: ['layer', 'events', 'DuckDB, s (CPU)', 'Trino, s (CPU)', 'times as long', 'by CPU'], rows };
}

function linesTable(lines: readonly EngineLine[]): ScaleTable {
  const rows = lines.map(({ layer, engine, wall, cpu }) => [layer, engine, threeDigits(wall.fixed), threeDigits(wall.perRow * 1e6), threeDigits(cpu.fixed), threeDigits(cpu.perRow * 1e6)]);
  return { head: ['layer', 'engine', 'fixed, s', 'a million events, s', 'fixed, CPU s', 'a million events, CPU s'], rows };
}

function winsTable(lines: readonly EngineLine[]): ScaleTable {
  const rows = layers.flatMap((layer) => {
    const [first, second] = engineNames.map((engine) => lines.find((line) => line.layer === layer && line.engine === engine)?.cpu);
    if (first === undefined || second === undefined) return [];
    return machines.map((cpus) => {
      const least = workersToWin(first, second, cpus, workerCpus);
      const double = 2 * least;
      return [layer, String(cpus), grouped(least), grouped(double), `${threeDigits(rowsToWin(first, second, cpus, double, workerCpus) / 1e6)} million`];
    });
  });
  return { head: ['layer', 'DuckDB on a machine of … CPUs', `Trino is faster from … workers of ${workerCpus} CPUs on`, 'with twice as many: workers', '… from … events in a build on'], rows };
}

function statementCounts(measured: readonly Measured[]): string {
  return layers.map((layer) => `${Math.max(...measured.filter((each) => each.engine === 'Trino' && each.layer === layer).map((each) => each.statements))} of ${layer}`).join(', ');
}
