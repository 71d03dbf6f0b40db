import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { sqlFile } from '../../src/lake/sql.js';
import { compare, type Figure, type PartResult } from './figures.js';
import { alternate, type Cost, type Side } from './measure.js';
import { writeByParquetJs } from './parquetjs.js';
import { bareCopy, landFrom, withSession, type Workbench } from './workbench.js';

const maxSampleEvents = 20_000;
const bareSelect = sqlFile(import.meta.url, './land.sql');

/** Landing a file against a bare COPY, against compressing it, and against a loop in JavaScript. */
export async function landing(bench: Workbench): Promise<PartResult> {
  const file = await bench.file();
  const sampleEvents = Math.min(maxSampleEvents, bench.events);
  const sample = await bench.file(sampleEvents);
  const ingot: Side = { name: 'Ingot', events: bench.events, work: (folder) => landFrom(join(folder, 'lake'), file, bench.dataset) };
  const copy: Side = {
    name: 'bare COPY',
    events: bench.events,
    work: (folder) => withSession(folder, (session) => bareCopy(session, bareSelect, { file }, join(folder, 'rows'), ['event_date', 'platform'])),
  };
  const parquetJs: Side = { name: 'parquetjs-lite loop', events: sampleEvents, work: (folder) => writeByParquetJs(sample, folder) };
  const zstd: Side = { name: 'zstd -1', events: bench.events, work: (folder) => compress(file, join(folder, 'events.zst')) };
  const hasZstd = spawnSync('zstd', ['--version']).status === 0;

  const sides = [ingot, copy, parquetJs, ...(hasZstd ? [zstd] : [])];
  const costs = await alternate(sides, bench.runs, bench.folder);
  const against = (side: Side, what: string, atLeast: number | null): Figure =>
    compare('landing', what, pair(ingot, sides, costs), pair(side, sides, costs), atLeast === null ? null : { atLeast });
  return {
    figures: [
      against(copy, 'Landing a file, against a bare COPY', 0.8),
      ...(hasZstd ? [against(zstd, 'Landing a file, against zstd -1', null)] : []),
      against(parquetJs, 'Landing a file, against parquetjs-lite', 4),
    ],
    notes: hasZstd ? [] : ['zstd is not installed: landing is not compared with it'],
  };
}

/** A side with its costs. */
export function pair(side: Side, sides: readonly Side[], costs: readonly Cost[][]): readonly [Side, readonly Cost[]] {
  return [side, costs[sides.indexOf(side)] ?? []];
}

function compress(file: string, to: string): Promise<void> {
  const { status, stderr } = spawnSync('zstd', ['-1', '-q', file, '-o', to], { encoding: 'utf8' });
  return status === 0 ? Promise.resolve() : Promise.reject(new Error(`zstd failed: ${stderr}`));
}
