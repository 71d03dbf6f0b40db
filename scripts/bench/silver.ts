import { join } from 'node:path';
import { textList } from '../../src/lake/duckdb.js';
import { sqlFile } from '../../src/lake/sql.js';
import { buildSilver } from '../../src/silver/silver.js';
import { compare, type Figure, type PartResult } from './figures.js';
import { pair } from './landing.js';
import { alternate, type Side } from './measure.js';
import { bareCopy, forget, tableFiles, withLake, withSession, type Form, type Workbench } from './workbench.js';

const bareSelects: Readonly<Record<Form, string>> = {
  json: sqlFile(import.meta.url, './silver-json.sql'),
  tostring: sqlFile(import.meta.url, './silver-tostring.sql'),
};

/** Silver from nothing against one statement that unnests and validates nothing, over the same files, for both forms of items. */
export async function silver(bench: Workbench): Promise<PartResult> {
  return {
    figures: [
      await ofForm(bench, 'json', 'Silver, items as JSON, against a bare unnest'),
      await ofForm(bench, 'tostring', 'Silver, items as toString, against a bare rewrite and unnest'),
    ],
    notes: [],
  };
}

async function ofForm(bench: Workbench, form: Form, what: string): Promise<Figure> {
  const lakeDir = await bench.bronzeLake(form);
  const files = textList(await withLake(lakeDir, (lake) => tableFiles(lake, 'bronze', bench.dataset.name)));
  const ingot: Side = {
    name: 'Ingot',
    events: bench.events,
    before: () => forget(lakeDir, 'silver', bench.dataset),
    work: () => withLake(lakeDir, async (lake) => {
      const { tables } = await buildSilver(lake, bench.dataset);
      if ((tables[bench.dataset.items?.table ?? '']?.rows ?? 0) === 0) throw new Error('silver has no item rows');
    }),
  };
  const bare: Side = {
    name: 'bare SQL',
    events: bench.events,
    work: (folder) => withSession(folder, (session) => bareCopy(session, bareSelects[form], { files }, join(folder, 'rows'), ['event_date', 'platform'])),
  };
  const sides = [ingot, bare];
  const costs = await alternate(sides, bench.runs, bench.folder);
  return compare('silver', what, pair(ingot, sides, costs), pair(bare, sides, costs), { atLeast: 0.6 });
}
