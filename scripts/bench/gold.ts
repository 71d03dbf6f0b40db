import { join } from 'node:path';
import { rowTables } from '../../src/dataset.js';
import { loadModels } from '../../src/gold/model.js';
import { buildGold } from '../../src/gold/gold.js';
import { rangesOf, type DateRange } from '../../src/gold/ranges.js';
import { identifier } from '../../src/lake/sql.js';
import { createView, readTables } from '../../src/lake/views.js';
import { compare, type PartResult } from './figures.js';
import { pair } from './landing.js';
import { alternate, type Side } from './measure.js';
import { bareCopy, forget, goldDir, withLake, withSession, type Workbench } from './workbench.js';

/** Gold from nothing (plan, steps, models, checks, commit) against the same SELECTs alone. */
export async function gold(bench: Workbench): Promise<PartResult> {
  const lakeDir = await bench.silverLake('json');
  const ranges = await withLake(lakeDir, async (lake) => rangesOf((await buildGold(lake, bench.dataset, goldDir, null)).dates));
  const ingot: Side = {
    name: 'Ingot',
    events: bench.events,
    before: () => forget(lakeDir, 'gold', bench.dataset),
    work: () => withLake(lakeDir, async (lake) => {
      if ((await buildGold(lake, bench.dataset, goldDir, null)).dates.length === 0) throw new Error('gold has built nothing');
    }),
  };
  const bare: Side = { name: 'bare SELECTs', events: bench.events, work: (folder) => bareGold(bench, lakeDir, folder, ranges) };
  const sides = [ingot, bare];
  const costs = await alternate(sides, bench.runs, bench.folder);
  return { figures: [compare('gold', 'Gold, against its bare SELECTs', pair(ingot, sides, costs), pair(bare, sides, costs), { atLeast: 0.8 })], notes: [] };
}

async function bareGold(bench: Workbench, lakeDir: string, folder: string, ranges: readonly DateRange[]): Promise<void> {
  const { steps, models } = await loadModels(goldDir);
  await withLake(lakeDir, async (lake) => {
    const readings = await readTables(lake, rowTables(bench.dataset).map((table) => ({ layer: 'silver', table })));
    await withSession(folder, async (session) => {
      for (const reading of readings) await createView(session, lake, reading);
      for (const [index, { since, until }] of ranges.entries()) {
        for (const step of steps) await session.run(`CREATE OR REPLACE TEMP TABLE ${identifier(step.name)} AS ${step.sql}`, { since, until });
        for (const model of models) await bareCopy(session, model.sql, { since, until }, join(folder, `${index}-${model.name}`), model.partitionBy);
      }
    });
  });
}
