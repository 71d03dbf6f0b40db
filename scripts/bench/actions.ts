import { statSync } from 'node:fs';
import { join } from 'node:path';
import { rowTables, type Dataset } from '../../src/dataset.js';
import { generateActions } from '../../src/generate/actions.js';
import { writeLines } from '../../src/generate/write.js';
import { buildGold } from '../../src/gold/gold.js';
import { loadModels } from '../../src/gold/model.js';
import { textList } from '../../src/lake/duckdb.js';
import { identifier, sqlFile } from '../../src/lake/sql.js';
import { createView, readTables } from '../../src/lake/views.js';
import { loadDataset } from '../../src/load.js';
import { buildSilver } from '../../src/silver/silver.js';
import { compare, type Figure, type PartResult } from './figures.js';
import { pair } from './landing.js';
import { alternate, peakMemoryBytes, spreadOf, timed, type Cost, type Side } from './measure.js';
import { bareCopy, datasetsDir, forget, landFrom, tableFiles, withLake, withSession, type Workbench } from './workbench.js';

const bareLanding = sqlFile(import.meta.url, './actions-land.sql');
const bareSilver = sqlFile(import.meta.url, './actions-silver.sql');
const modelsDir = join(datasetsDir, 'actions', 'gold');
const partitionBy = ['event_date', 'platform'];
const since = '2026-01-01';
/** Actions are small: so many times `--events` are made, all of one day. */
const timesEvents = 10;

/** A file of actions, as it is landed. */
interface Input {
  readonly file: string;
  readonly events: number;
  readonly bytes: number;
}

/** What one consumer of actions does in each layer, in bytes of JSON and cores: what docs/sizing.md is reckoned from. */
export async function actions(bench: Workbench): Promise<PartResult> {
  const dataset = await loadDataset(datasetsDir, 'actions');
  const input = await makeInput(bench, bench.events * timesEvents, 1);
  const lakeDir = join(bench.folder, 'lake-actions');
  await landFrom(lakeDir, input.file, dataset);
  const landing = await compareLanding(bench, dataset, input);
  const silver = await compareSilver(bench, dataset, input, lakeDir);
  await withLake(lakeDir, (lake) => buildSilver(lake, dataset));
  const gold = await compareGold(bench, dataset, input, lakeDir);
  const added = await appended(bench, dataset, lakeDir);
  return {
    figures: [landing.figure, silver.figure, gold.figure],
    notes: [
      speedNote('landing', input, landing.costs), speedNote('silver, a day from nothing', input, silver.costs), speedNote('gold, a day from nothing', input, gold.costs),
      speedNote(`silver, added to a day of ${input.events.toLocaleString('en-US')}`, added.input, added.costs),
      `actions: at most ${Math.round(peakMemoryBytes() / 1e6)} MB resident`,
    ],
  };
}

interface Measured {
  readonly figure: Figure;
  readonly costs: readonly Cost[];
}

async function makeInput(bench: Workbench, events: number, seed: number): Promise<Input> {
  const file = join(bench.folder, `actions-${seed}.ndjson`);
  await writeLines(generateActions({ events, days: 1, seed, since }), file);
  return { file, events, bytes: statSync(file).size };
}

async function measured(bench: Workbench, what: string, ingot: Side, bare: Side): Promise<Measured> {
  const sides = [ingot, bare];
  const costs = await alternate(sides, bench.runs, bench.folder);
  return { figure: compare('actions', what, pair(ingot, sides, costs), pair(bare, sides, costs), null), costs: costs[0] ?? [] };
}

function compareLanding(bench: Workbench, dataset: Dataset, { file, events }: Input): Promise<Measured> {
  return measured(bench, 'Landing actions, against a bare COPY',
    { name: 'Ingot', events, work: (folder) => landFrom(join(folder, 'lake'), file, dataset) },
    { name: 'bare COPY', events, work: (folder) => withSession(folder, (session) => bareCopy(session, bareLanding, { file }, join(folder, 'rows'), partitionBy)) });
}

async function compareSilver(bench: Workbench, dataset: Dataset, { events }: Input, lakeDir: string): Promise<Measured> {
  const files = textList(await withLake(lakeDir, (lake) => tableFiles(lake, 'bronze', dataset.name)));
  return measured(bench, 'Silver of actions, against a bare from_json',
    {
      name: 'Ingot', events, before: () => forget(lakeDir, 'silver', dataset),
      work: () => withLake(lakeDir, async (lake) => {
        const { tables } = await buildSilver(lake, dataset);
        if ((tables[dataset.event.table]?.rows ?? 0) === 0) throw new Error('silver has no rows');
      }),
    },
    { name: 'bare SQL', events, work: (folder) => withSession(folder, (session) => bareCopy(session, bareSilver, { files }, join(folder, 'rows'), partitionBy)) });
}

async function compareGold(bench: Workbench, dataset: Dataset, { events }: Input, lakeDir: string): Promise<Measured> {
  const { steps, models } = await loadModels(modelsDir);
  const dates = { since, until: since };
  return measured(bench, 'Gold of actions, against its bare SELECTs',
    {
      name: 'Ingot', events, before: () => forget(lakeDir, 'gold', dataset),
      work: () => withLake(lakeDir, async (lake) => {
        if ((await buildGold(lake, dataset, modelsDir, null)).dates.length === 0) throw new Error('gold has no dates');
      }),
    },
    {
      name: 'bare SELECTs', events,
      work: (folder) => withLake(lakeDir, async (lake) => {
        const readings = await readTables(lake, rowTables(dataset).map((table) => ({ layer: 'silver', table })));
        await withSession(folder, async (session) => {
          for (const reading of readings) await createView(session, lake, reading);
          for (const step of steps) await session.run(`CREATE OR REPLACE TEMP TABLE ${identifier(step.name)} AS ${step.sql}`, dates);
          for (const model of models) await bareCopy(session, model.sql, dates, join(folder, model.name), model.partitionBy);
        });
      }),
    });
}

/** Silver after a tenth more of the same day, whose times lie over all of it: every key of the day is looked at. */
async function appended(bench: Workbench, dataset: Dataset, lakeDir: string): Promise<{ readonly input: Input; readonly costs: readonly Cost[] }> {
  const costs: Cost[] = [];
  let input: Input | null = null;
  for (let run = 0; run <= bench.runs; run++) {
    input = await makeInput(bench, bench.events, 100 + run);
    await landFrom(lakeDir, input.file, dataset);
    const cost = await timed(() => withLake(lakeDir, async (lake) => {
      const { appended: partitions } = await buildSilver(lake, dataset);
      if (partitions.length === 0) throw new Error('nothing was appended');
    }));
    if (run > 0) costs.push(cost);
  }
  if (input === null) throw new Error('nothing was appended');
  return { input, costs };
}

/** `actions: landing 85.2 MB/s of JSON, 460,000 actions/s, on 1.42 cores: 16.7 s of CPU a GB`. */
function speedNote(what: string, { events, bytes }: Input, costs: readonly Cost[]): string {
  const wallMs = spreadOf(costs.map((cost) => cost.wallMs)).median;
  const cpuMs = spreadOf(costs.map((cost) => cost.cpuMs)).median;
  const perSecond = Math.round((events * 1000) / wallMs).toLocaleString('en-US');
  return `actions: ${what} ${(bytes / wallMs / 1e3).toFixed(1)} MB/s of JSON, ${perSecond} actions/s, on ${(cpuMs / wallMs).toFixed(2)} cores: ${(cpuMs / 1e3 / (bytes / 1e9)).toFixed(1)} s of CPU a GB`;
}
