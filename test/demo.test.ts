import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { demoCases, type DemoCase } from '../scripts/demo/cases.js';
import { run as runAll } from '../src/commands/run.js';
import { generators, type GeneratedDataset } from '../src/generate/generators.js';
import { writeLines } from '../src/generate/write.js';
import { CalendarDate } from '../src/query/parameters.js';
import { previewQuery } from '../src/query/table.js';
import { temporaryFolder } from './support/lake.js';
import { datasetsDir, withPipeline } from './support/pipeline.js';

describe('the demo', () => {
  it('knows every dataset that events can be made of, and none that is not there', () => {
    const known = demoCases.map(({ dataset }) => dataset).sort();
    assert.deepEqual(known, Object.keys(generators).sort());
    // Another folder is a dataset of somebody's own, and needs no demo.
    assert.deepEqual(known.filter((name) => !readdirSync(datasetsDir).includes(name)), []);
  });

  for (const { dataset, source, questions } of demoCases) {
    it(`asks questions of ${dataset} that have answers`, () => withPipeline(async (pipeline) => {
      for (const from of await made(dataset, source)) assert.equal(await runAll({ ...pipeline.context({ from }), args: [dataset] }), 0);
      for (const { title, sql } of questions) {
        const parameters = sql.includes('$since') ? { since: new CalendarDate('2026-01-01'), until: new CalendarDate('2026-01-07') } : {};
        const { rows } = await previewQuery(pipeline.lake, { sql, parameters, signal: new AbortController().signal }, 1);
        assert.equal(rows.length, 1, title);
      }
    }, { name: parts[dataset] ?? dataset }));
  }
});

/** One of several contracts, for a pipeline that is of one. */
const parts: Readonly<Partial<Record<GeneratedDataset, string>>> = { music: 'music_track', storefront: 'storefront_view' };

/** Makes files. @returns what is landed of them; orders are left out, as a database takes its time */
async function made(dataset: GeneratedDataset, source: DemoCase['source']): Promise<string[]> {
  const generator = generators[dataset];
  const folder = temporaryFolder();
  const options = { events: 2_000, days: 2, seed: 1, since: '2026-01-01' };
  if (generator.kind !== 'folder') {
    const file = join(folder, 'file' in source ? source.file : 'events.ndjson');
    await writeLines(generator.lines(options), file);
    return [file];
  }
  for (const { path, lines } of generator.files(options)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    await writeLines(lines, join(folder, path));
  }
  return ('from' in source ? source.from : ['.']).filter((part) => part !== 'orders').map((part) => join(folder, part));
}
