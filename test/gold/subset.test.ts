import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadModels } from '../../src/gold/model.js';
import { checkPortable, violationsIn } from '../../src/gold/subset.js';
import { datasetsDir } from '../support/pipeline.js';

const told = (sql: string): string[] => violationsIn({ path: 'm.sql', sql }).map(({ line, construct }) => `${line}: ${construct}`);

describe('the SQL that both engines read alike', () => {
  for (const dataset of readdirSync(datasetsDir)) {
    it(`is what the models of ${dataset} are written in`, async () => {
      const models = await loadModels(join(datasetsDir, dataset, 'gold'));
      assert.deepEqual([...models.steps, ...models.models].flatMap(violationsIn), []);
    });
  }

  for (const [sql, construct] of [
    ['SELECT a FROM t QUALIFY row_number() OVER () = 1', 'QUALIFY'],
    ['SELECT * EXCLUDE (a) FROM t', '* EXCLUDE or REPLACE'],
    ['SELECT a FROM t ASOF JOIN u ON true', 'an ASOF, POSITIONAL, SEMI or ANTI join'],
    ['SELECT a, count(*) FROM t GROUP BY ALL', 'GROUP BY ALL or ORDER BY ALL'],
    ['FROM t SELECT a', 'a SELECT that begins with FROM'],
    ['SELECT a::INTEGER FROM t', 'a cast by ::'],
    ['SELECT b IS NOT TRUE FROM t', 'IS TRUE or IS FALSE'],
    ['SELECT a[1] FROM t', 'a list in brackets, a subscript or a slice'],
    ['SELECT list_sum(a) FROM t', 'the function list_sum'],
    ['SELECT greatest(a, b) FROM t', 'the function greatest'],
    ['SELECT a / b FROM t', 'a division that may be of whole numbers'],
    ['SELECT avg(a) FROM t', 'avg of what may be no double'],
    ['SELECT CAST(a AS HUGEINT) FROM t', 'a type that only DuckDB has'],
    ['SELECT a + INTERVAL 1 DAY FROM t', 'an INTERVAL that is not quoted'],
    ['SELECT a FROM t WHERE a ILIKE \'x\'', 'ILIKE, GLOB, SIMILAR TO or ~'],
  ] as const) {
    it(`has not: ${construct}, as in ${sql}`, () => {
      assert.deepEqual(told(sql), [`1: ${construct}`]);
    });
  }

  it('is looked for in code alone, and told with its line', () => {
    assert.deepEqual(told(`-- a / b QUALIFY\nSELECT 'x::y', "list_sum(a)"\nFROM t\nWHERE a::INTEGER = 1`), ['4: a cast by ::']);
  });

  it('is asked of all models before anything runs', () => {
    const step = { name: 'm', path: 'gold/m.sql', sql: 'SELECT 1\nQUALIFY true', steps: [], refresh: 'date', key: [], dates: [], need: { lookbackDays: 0, lookaheadDays: 0 } } as const;
    const none = { steps: [step], models: [], need: step.need };
    assert.throws(() => checkPortable({ ...none, dated: none, whole: none }), { code: 'DATASET_INVALID', message: /gold\/m\.sql:2: QUALIFY/ });
  });
});
