import { buildSilver } from '../../src/silver/silver.js';
import { loadDataset } from '../../src/load.js';
import { peakMemoryBytes } from './measure.js';
import { datasetsDir, landFrom, withLake } from './workbench.js';

/** Lands a file, or builds silver, and says how much memory that took. */
const [layer, lakeDir = '', file = '', windowRows = ''] = process.argv.slice(2);
const dataset = await loadDataset(datasetsDir, 'shop');
if (layer === 'bronze') await landFrom(lakeDir, file, dataset, windowRows === '' ? null : Number(windowRows));
else await withLake(lakeDir, (lake) => buildSilver(lake, dataset));
process.send?.({ peakBytes: peakMemoryBytes() });
