import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { demoCases } from '../scripts/demo/cases.js';
import { generators } from '../src/generate/generators.js';
import { writeLines } from '../src/generate/write.js';
import { CalendarDate } from '../src/query/parameters.js';
import { previewQuery } from '../src/query/table.js';
import { temporaryFolder } from './support/lake.js';
import { datasetsDir, withPipeline } from './support/pipeline.js';

describe('the demo', () => {
  it('knows every dataset that there is', () => {
    assert.deepEqual(demoCases.map(({ dataset }) => dataset).sort(), readdirSync(datasetsDir).sort());
  });

  for (const { dataset, source, questions } of demoCases) {
    it(`asks questions of ${dataset} that have answers`, () => withPipeline(async (pipeline) => {
      const file = join(temporaryFolder(), 'file' in source ? source.file : 'events.ndjson');
      await writeLines(generators[dataset].lines({ events: 2_000, days: 2, seed: 1, since: '2026-01-01' }), file);
      await pipeline.land(file);
      await pipeline.build();
      for (const { title, sql } of questions) {
        const parameters = sql.includes('$since') ? { since: new CalendarDate('2026-01-01'), until: new CalendarDate('2026-01-07') } : {};
        const { rows } = await previewQuery(pipeline.lake, { sql, parameters, signal: new AbortController().signal }, 1);
        assert.equal(rows.length, 1, title);
      }
    }, { name: dataset }));
  }
});
