import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serializeActions, type Action } from '../../src/lake/actions.js';
import { commitName, logFolder } from '../../src/lake/layout.js';
import { creation, type TableSpec } from '../../src/lake/schema.js';
import type { Lake } from '../../src/lake/lake.js';
import { share, type PartResult } from './figures.js';
import { alternate, type Side } from './measure.js';
import { withLake, type Workbench } from './workbench.js';

const spec: TableSpec = { layer: 'bronze', table: 'long', columns: [{ name: 'body', type: 'VARCHAR' }], partitionBy: [], statistics: [], anchor: 'bronze/long' };
const folder = `${spec.layer}/${spec.table}`;
/** Each commit adds a file and, once there are so many, removes the oldest. */
const liveFiles = 1_000;
const many = 100_000;
const few = 1_000;

/** Opening a table with very many commits behind it, against one with few. The table is written by Ingot at each ten thousandth version, and in between by plain writes. */
export async function log(bench: Workbench): Promise<PartResult> {
  const long = await tableOf(bench, many);
  const short = await tableOf(bench, few);
  const side = (name: string, lakeDir: string, version: number): Side => ({ name, events: 1, work: () => opened(lakeDir, version) });
  const sides = [side('Ingot', long.lakeDir, many), side(`${few.toLocaleString('en-US')} commits`, short.lakeDir, few)];
  const costs = await alternate(sides, Math.max(bench.runs, 5), bench.folder);
  const figure = share('log', `Opening a table of ${liveFiles.toLocaleString('en-US')} files with ${many.toLocaleString('en-US')} commits behind it, against one with ${few.toLocaleString('en-US')}`, [sides[0]!, costs[0]!], [sides[1]!, costs[1]!], { atMost: 2 });
  return { figures: [figure], notes: [`log: ${long.names.toLocaleString('en-US')} names are left in the log of ${many.toLocaleString('en-US')} commits`] };
}

async function opened(lakeDir: string, version: number): Promise<void> {
  await withLake(lakeDir, async (lake) => {
    const snapshot = await lake.table(spec.layer, spec.table).snapshot();
    if (snapshot?.version !== version || snapshot.files.size !== liveFiles) throw new Error(`the table has version ${snapshot?.version ?? -1} and ${snapshot?.files.size ?? 0} files`);
  });
}

async function tableOf(bench: Workbench, version: number): Promise<{ readonly lakeDir: string; readonly names: number }> {
  const lakeDir = join(bench.folder, `lake-log-${version}`);
  const dir = join(lakeDir, logFolder(folder));
  mkdirSync(dir, { recursive: true });
  for (let next = 0; next <= version; next++) {
    if (next > 0 && next % 10_000 === 0 || next === version) await withLake(lakeDir, (lake) => commit(lake, next));
    else writeFileSync(join(dir, commitName(next)), serializeActions(actionsOf(next)));
  }
  return withLake(lakeDir, async (lake) => ({ lakeDir, names: (await lake.storage.list(logFolder(folder))).length }));
}

function commit(lake: Lake, version: number): Promise<void> {
  return lake.table(spec.layer, spec.table).commit((snapshot) => {
    if (snapshot?.version !== version - 1) throw new Error(`the table has version ${snapshot?.version ?? -1} before ${version}`);
    return actionsOf(version);
  });
}

function actionsOf(version: number): Action[] {
  const path = (number: number): string => `part-${number}.parquet`;
  const gone = version - liveFiles;
  return [
    ...(version === 0 ? creation(spec, 0) : []),
    { txn: { appId: 'ingot.run', version: version + 1, lastUpdated: version } },
    ...(gone < 0 ? [] : [{ remove: { path: path(gone), deletionTimestamp: version, dataChange: true, extendedFileMetadata: true, partitionValues: {}, size: 1 } }]),
    { add: { path: path(version), partitionValues: {}, size: 1, modificationTime: version, dataChange: true, stats: '{"numRecords":1}' } },
  ];
}
