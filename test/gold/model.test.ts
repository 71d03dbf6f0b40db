import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LakeError } from '../../src/errors.js';
import { loadModels, type GoldModels } from '../../src/gold/model.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';

const model = (name: string, more = ''): string => `-- model: ${name}\n-- grain: event_date, platform\n-- partition_by: event_date, platform\n${more}SELECT 1 AS one`;
const step = (name: string, inputs: string): string => `-- step: ${name}\n-- inputs: ${inputs}\nSELECT 1 AS one`;

/** Loads a folder with these files. */
function load(files: Readonly<Record<string, string>>): Promise<GoldModels> {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return loadModels(folder);
}

/** Asserts that these files are refused, and why; `path` is that of the file and the line. */
async function refuses(files: Readonly<Record<string, string>>, path: string, message: RegExp): Promise<void> {
  await assert.rejects(load(files), (error) => {
    assert.ok(error instanceof LakeError);
    assert.equal(error.code, 'DATASET_INVALID');
    assert.match(error.message, message);
    assert.ok(error.path?.endsWith(path), `${error.path ?? ''} should end in ${path}`);
    assert.ok((error.hint ?? '').length > 0);
    return true;
  });
}

describe('loadModels', () => {
  afterEach(removeTemporaryFolders);

  it('reads the shop: four models, each with a unique grain, and each step after those that it reads', async () => {
    const { steps, models } = await loadModels('datasets/shop/gold');
    assert.deepEqual(models.map(({ name }) => name), ['funnel_daily', 'list_metrics', 'product_metrics', 'session']);
    for (const { name, grain, partitionBy, checks } of models) {
      assert.deepEqual(partitionBy, ['event_date', 'platform'], name);
      const unique = checks.find(({ kind }) => kind === 'unique')?.columns ?? [];
      assert.ok(unique.length > 0 && unique.every((column) => grain.includes(column)), name);
    }
    const names = steps.map(({ name }) => name);
    assert.deepEqual([...names].sort(), ['click', 'conversion', 'day_user', 'list_user', 'product_event', 'product_user', 'purchase', 'session_event', 'session_item', 'session_total']);
    for (const [index, { name, steps: inputs }] of steps.entries()) {
      for (const input of inputs) assert.ok(names.indexOf(input) < index, `${name} comes after ${input}`);
    }
  });

  it('names in each file\'s inputs every step that its SQL reads, and no other', async () => {
    const { steps, models } = await loadModels('datasets/shop/gold');
    for (const { name, sql, steps: inputs } of [...steps, ...models]) {
      const read = new Set(Array.from(sql.matchAll(/\b(?:FROM|JOIN) (\w+)\b/g), ([, table]) => table ?? ''));
      const stepsRead = steps.map((each) => each.name).filter((each) => each !== name && read.has(each));
      assert.deepEqual([...inputs].sort(), stepsRead.sort(), name);
    }
  });

  it('finds the shop\'s SQL, analyses too, in the subset that other engines read alike', async () => {
    const { steps, models } = await loadModels('datasets/shop/gold');
    const analyses = readdirSync('datasets/shop/analyses').map((name) => readFileSync(join('datasets/shop/analyses', name), 'utf8'));
    assert.ok(analyses.length > 0);
    for (const text of [...[...steps, ...models].map(({ sql }) => sql), ...analyses]) {
      const sql = text.split('\n').filter((line) => !line.startsWith('--')).join('\n');
      assert.match(sql, /^(SELECT|WITH)\b/);
      assert.doesNotMatch(sql, /\b(QUALIFY|EXCLUDE|REPLACE|ASOF|GROUP BY ALL|ORDER BY ALL|FILTER|USING|PIVOT|avg|arg_max|arg_min|date_diff|DISTINCT ON)\b|::|;/i);
      for (const line of sql.split('\n').filter((each) => each.includes(' / '))) assert.match(line, /AS DOUBLE\) \/|E0/, 'a division is of doubles');
    }
  });

  it('takes a header to its types, and SQL without its last semicolon', async () => {
    const text = model('sales', '-- purpose: what is sold,\n--   a day\n-- check: unique(event_date, platform)\n-- check: descending(a,b , c)\n');
    const { models, steps } = await load({ 'sales.sql': `${text};\n`, 'notes.txt': 'no model' });
    assert.deepEqual(steps, []);
    assert.equal(models.length, 1);
    assert.deepEqual(models[0]?.checks, [{ kind: 'unique', columns: ['event_date', 'platform'] }, { kind: 'descending', columns: ['a', 'b', 'c'] }]);
    assert.deepEqual(models[0].grain, ['event_date', 'platform']);
    assert.ok(models[0].sql.endsWith('SELECT 1 AS one'));
  });

  it('leaves out steps that no model reads', async () => {
    const { steps } = await load({ 'sales.sql': model('sales', '-- inputs: step b\n'), 'steps/a.sql': step('a', 'silver.event'), 'steps/b.sql': step('b', 'step a'), 'steps/c.sql': step('c', 'step a') });
    assert.deepEqual(steps.map(({ name }) => name), ['a', 'b']);
  });

  it('refuses a folder without a model', () => refuses({ 'steps/a.sql': step('a', 'silver.event') }, '', /has no model/));

  it('refuses a header with another name than the file\'s, or none', async () => {
    await refuses({ 'sales.sql': model('sale') }, 'sales.sql', /must begin with `-- model: sales`/);
    await refuses({ 'sales.sql': 'SELECT 1' }, 'sales.sql', /must begin with `-- model: sales`/);
    await refuses({ 'sales.sql': model('sales'), 'steps/a.sql': model('a') }, 'steps/a.sql', /must begin with `-- step: a`/);
  });

  it('refuses a misspelled header line instead of leaving it out', async () => {
    await refuses({ 'sales.sql': model('sales', '-- chek: unique(one)\n') }, 'sales.sql:4', /no `chek`/);
    await refuses({ 'sales.sql': model('sales', '-- check : unique(one)\n') }, 'sales.sql:4', /`-- key: value`/);
    await refuses({ 'sales.sql': model('sales', '--check: unique(one)\n') }, 'sales.sql:4', /`-- key: value`/);
    await refuses({ 'sales.sql': model('sales', '-- inputs: step a\n'), 'steps/a.sql': '-- step: a\n-- check: unique(one)\nSELECT 1' }, 'steps/a.sql:2', /no `check`/);
  });

  it('refuses a check that it does not know or that checks nothing', async () => {
    await refuses({ 'sales.sql': model('sales', '-- check: positive(one)\n') }, 'sales.sql:4', /`positive\(one\)` is unknown/);
    await refuses({ 'sales.sql': model('sales', '-- check: unique()\n') }, 'sales.sql:4', /`unique\(\)` is unknown/);
    await refuses({ 'sales.sql': model('sales', '-- check: descending(one)\n') }, 'sales.sql:4', /compares nothing/);
  });

  it('reads the bounds of a date\'s rows, and of each of the shop\'s steps its key and dates', async () => {
    const { models } = await load({ 'sales.sql': model('sales', '-- check: row_count(0.5, 2)\n') });
    assert.deepEqual([models[0]?.rowCount, models[0]?.checks], [{ least: 0.5, most: 2 }, []]);
    for (const { name, key, dates } of (await loadModels('datasets/shop/gold')).steps) {
      assert.deepEqual(key, ['user_id'], name);
      assert.ok(dates.length > 0 && dates.every((column) => column.endsWith('_date')), name);
    }
  });

  it('refuses bounds that bound nothing', async () => {
    for (const text of ['row_count()', 'row_count(0.5)', 'row_count(2, 0.5)', 'row_count(0.5, many)', 'row_count(-1, 2)', 'row_count(0.5, 2, 3)', 'row_count(1, 1)']) {
      await refuses({ 'sales.sql': model('sales', `-- check: ${text}\n`) }, 'sales.sql:4', /bounds nothing/);
    }
  });

  it('refuses a model without partitions', () => refuses({ 'sales.sql': '-- model: sales\n-- grain: one\nSELECT 1 AS one' }, 'sales.sql', /no partition_by/));

  it('refuses a step that is not there, that reads itself, or that has a model\'s name', async () => {
    await refuses({ 'sales.sql': model('sales', '-- inputs: step a\n') }, 'sales.sql', /there is no step a/);
    await refuses({ 'sales.sql': model('sales', '-- inputs: step a\n'), 'steps/a.sql': step('a', 'step b'), 'steps/b.sql': step('b', 'step a') }, 'a.sql', /a → b → a/);
    await refuses({ 'sales.sql': model('sales'), 'steps/sales.sql': step('sales', 'silver.event') }, 'sales.sql', /the same name/);
  });
});
