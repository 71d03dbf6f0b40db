import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../src/commands/init.js';
import { previewQuery } from '../../src/query/table.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { linesFile, withPipeline } from '../support/pipeline.js';
import { carryOut } from './harness.js';

/** Runs a made dataset on a file: bronze, silver, gold, audit, and its analysis. */
async function runMade(datasets: string, name: string, from: string): Promise<readonly (readonly (string | null)[])[]> {
  return withPipeline(async (pipeline) => {
    assert.deepEqual((await pipeline.land(from)).failures, []);
    await pipeline.build();
    assert.equal((await pipeline.audit()).balanced, true);
    const sql = readFileSync(join(datasets, name, 'analyses/busiest_days.sql'), 'utf8');
    return (await previewQuery(pipeline.lake, { sql }, 10)).rows;
  }, { datasets, name });
}

describe('a new dataset', () => {
  after(removeTemporaryFolders);

  it('runs at once on its own sample, and says what to run', async () => {
    const datasets = temporaryFolder();
    const { lines, summary } = await carryOut(run, ['web_orders'], { datasets });
    assert.deepEqual(readdirSync(join(datasets, 'web_orders')).sort(), ['analyses', 'dataset.ts', 'gold', 'sample.ndjson']);
    const sample = join(datasets, 'web_orders/sample.ndjson');
    const next = summary['next'] as readonly string[];
    assert.deepEqual(lines.slice(-3), next.map((command) => `  ${command}`));
    assert.match(next[0] ?? '', new RegExp(`^npx ingot run web_orders --from ${sample} --datasets ${datasets} --lake `));
    assert.deepEqual(await runMade(datasets, 'web_orders', sample), [['2026-01-01', '2', '2'], ['2026-01-02', '2', '2'], ['2026-01-03', '2', '2']]);
  });

  it('runs at once on the file that it was made from', async () => {
    const datasets = temporaryFolder();
    const file = linesFile(['day;amount;customer id', '31/12/2025;1,5;a', '30/12/2025;2;a', '31/12/2025;3;b'], 'in.csv');
    await carryOut(run, ['sales'], { datasets, from: file });
    assert.deepEqual(readdirSync(join(datasets, 'sales')).sort(), ['analyses', 'dataset.ts', 'gold']);
    assert.deepEqual(await runMade(datasets, 'sales', file), [['2025-12-31', '2', '2'], ['2025-12-30', '1', '1']]);
  });

  it('is refused by a bad name, where something is, and where its file has no rows; nothing is written then', async () => {
    const datasets = temporaryFolder();
    for (const name of ['Web', 'web-orders', '../web', '', '1st', 'a'.repeat(41)]) {
      await assert.rejects(carryOut(run, [name], { datasets }), (error: { code: string; hint: string }) => error.code === 'USAGE' && /small letters, digits and _/.test(error.hint), name);
    }
    await assert.rejects(carryOut(run, ['empty'], { datasets, from: linesFile(['no json']) }), { code: 'SOURCE_UNREADABLE' });
    assert.deepEqual(readdirSync(datasets), []);
    mkdirSync(join(datasets, 'mine'));
    writeFileSync(join(datasets, 'mine', 'dataset.ts'), 'mine');
    await assert.rejects(carryOut(run, ['mine'], { datasets }), { code: 'USAGE', message: `${join(datasets, 'mine')} is there already` });
    assert.deepEqual([readdirSync(join(datasets, 'mine')), readFileSync(join(datasets, 'mine', 'dataset.ts'), 'utf8')], [['dataset.ts'], 'mine']);
  });
});
