import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LakeError } from '../../src/errors.js';
import { loadModels } from '../../src/gold/model.js';
import { wholeDays } from '../../src/gold/need.js';
import { inputRange, rangesOf, reach } from '../../src/gold/ranges.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { datasetsDir, linesFile, withPipeline } from '../support/pipeline.js';

/** A folder of models; header lines of a model `sales`, its step `near` and the step `far` that this one reads. */
function folderOf(sales: string, near = '', far = ''): string {
  const folder = temporaryFolder();
  const texts = {
    'sales.sql': `-- model: sales\n-- inputs: step near\n-- partition_by: event_date\n${sales}SELECT 1 AS one`,
    'steps/near.sql': `-- step: near\n-- inputs: step far\n${near}SELECT 1 AS one`,
    'steps/far.sql': `-- step: far\n-- inputs: silver.event\n${far}SELECT 1 AS one`,
  };
  for (const [name, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

describe('what models need around a date', () => {
  afterEach(removeTemporaryFolders);

  it('is given in words, and rounded up to whole days', () => {
    const days = { '0 days': 0, '0 seconds': 0, '1 second': 1, '24 hours': 1, '1 day': 1, '1 day and 30 minutes': 2, '1 day and 24 hours': 2, '2 weeks and 1 minute': 15 };
    for (const [text, expected] of Object.entries(days)) assert.equal(wholeDays(text), expected, text);
  });

  it('is of the shop what its headers say: sessions go on over midnight, twice at most', async () => {
    const { need } = await loadModels('datasets/shop/gold');
    assert.deepEqual(need, { lookbackDays: 2, lookaheadDays: 1 });
    assert.deepEqual(reach(['2026-03-01'], need), ['2026-02-28', '2026-03-01', '2026-03-02', '2026-03-03']);
    assert.deepEqual(inputRange({ since: '2026-03-01', until: '2026-03-31' }, need), { since: '2026-02-27', until: '2026-04-01' });
  });

  it('is nothing for actions: a date is of its own events', async () => {
    const { need } = await loadModels('datasets/actions/gold');
    assert.deepEqual(need, { lookbackDays: 0, lookaheadDays: 0 });
    assert.deepEqual(reach(['2026-03-01'], need), ['2026-03-01']);
    assert.deepEqual(inputRange({ since: '2026-03-01', until: '2026-03-02' }, need), { since: '2026-03-01', until: '2026-03-02' });
  });

  it('is at least what each of the shop\'s files reads of silver before $since and after $until', async () => {
    const { steps, models } = await loadModels('datasets/shop/gold');
    let read = 0;
    for (const { name, sql, need } of [...steps, ...models]) {
      const most = (pattern: RegExp): number => Math.max(0, ...Array.from(sql.matchAll(pattern), ([, days]) => Number(days)));
      const [before, after] = [most(/\$since AS DATE\) - INTERVAL '(\d+)' DAY/g), most(/\$until AS DATE\) \+ INTERVAL '(\d+)' DAY/g)];
      assert.ok(before <= need.lookbackDays && after <= need.lookaheadDays, name);
      read += before + after;
    }
    assert.ok(read > 0);
  });

  it('is the greatest of a model, the steps that it reads and those that these read; a header that says nothing needs the date alone', async () => {
    const needOf = async (...headers: [string, string?, string?]): Promise<number[]> => {
      const { lookbackDays, lookaheadDays } = (await loadModels(folderOf(...headers))).need;
      return [lookbackDays, lookaheadDays];
    };
    assert.deepEqual(await needOf(''), [0, 0]);
    assert.deepEqual(await needOf('-- lookback: 3 days\n', '-- lookback: 1 day\n-- lookahead: 2 hours\n'), [3, 1]);
    assert.deepEqual(await needOf('-- lookback: 1 day\n', '', '-- lookback: 1 week\n-- lookahead: 2 days\n'), [7, 2]);
    assert.deepEqual(await needOf('-- lookback: 1 day\n--   and 30 minutes\n'), [2, 0], 'on two lines');
  });

  it('is refused when it is no length of time, with the line and what is expected', async () => {
    for (const text of ['1', 'a day', '-1 days', '1.5 days', '1 month', '1 day, 2 hours', '1 day and', '1 day 30 minutes']) {
      for (const [folder, place] of [[folderOf(`-- lookback: ${text}\n`), 'sales.sql:4'], [folderOf('', '', `-- lookahead: ${text}\n`), 'far.sql:3']] as const) {
        await assert.rejects(loadModels(folder), (error: unknown) => {
          assert.ok(error instanceof LakeError);
          assert.deepEqual([error.code, error.path?.endsWith(place), error.message.includes(`\`${text}\``)], ['DATASET_INVALID', true, true]);
          assert.match(error.hint ?? '', /`1 day and 30 minutes`/);
          return true;
        });
      }
    }
  });

  it('of several dates reaches each date once, in order', () => {
    const need = { lookbackDays: 2, lookaheadDays: 1 };
    assert.deepEqual(reach(['2026-01-09', '2026-01-02', '2026-01-03'], need), ['01', '02', '03', '04', '05', '08', '09', '10', '11'].map((day) => `2026-01-${day}`));
    assert.deepEqual(reach([], need), []);
  });

  it('makes ranges of dates in a row, of so many days and of so many bytes at most, a date at least', () => {
    const dates = ['01', '02', '03', '04', '06', '07'].map((day) => `2026-01-${day}`);
    const told = (...limits: [] | [number, number]): string[] => {
      const [days, bytes] = limits;
      const ranges = days === undefined || bytes === undefined ? rangesOf(dates) : rangesOf(dates, { days, bytes, bytesOf: (date) => (date === '2026-01-03' ? 30 : 4) });
      return ranges.map(({ since, until }) => `${since.slice(-2)}-${until.slice(-2)}`);
    };
    assert.deepEqual(told(), ['01-04', '06-07']);
    assert.deepEqual(told(2, Infinity), ['01-02', '03-04', '06-07']);
    assert.deepEqual(told(31, 10), ['01-02', '03-03', '04-04', '06-07']);
    assert.deepEqual(told(31, 1), ['01-01', '02-02', '03-03', '04-04', '06-06', '07-07']);
  });
});

describe('a late event', () => {
  const days = Array.from({ length: 9 }, (_none, index) => `2026-01-0${index + 1}`);
  const action = (day: string, user: string): string => JSON.stringify({ timestamp: `${day}T12:00:00Z`, event_name: 'view', SKU: 'a', user_identifiers: { platform: 'web', user_id: user } });

  afterEach(removeTemporaryFolders);

  /** The dates of gold that are built after one more event of the fifth. @param headers what the header of a step of actions says besides */
  async function rebuilt(headers: string): Promise<{ readonly dates: readonly string[]; readonly read: readonly string[] }> {
    const datasets = temporaryFolder();
    cpSync(datasetsDir, datasets, { recursive: true });
    const path = join(datasets, 'actions/gold/steps/product_user.sql');
    writeFileSync(path, readFileSync(path, 'utf8').replace('-- dates: event_date\n', `-- dates: event_date\n${headers}`));
    return withPipeline(async (pipeline) => {
      await pipeline.land(linesFile(days.map((day) => action(day, 'u1'))));
      await pipeline.build();
      await pipeline.land(linesFile([action('2026-01-05', 'u2')]));
      await pipeline.silver();
      const session = await pipeline.lake.session();
      let read: string[] = [];
      const run = session.run.bind(session);
      session.run = async (sql, parameters) => {
        if (sql.startsWith('SET VARIABLE "files_silver_user_action"')) read = [...new Set(JSON.stringify(parameters).match(/(?<=event_date=)[-\d]+/g) ?? [])].sort();
        await run(sql, parameters);
      };
      const { dates } = await pipeline.gold();
      assert.deepEqual((await pipeline.gold()).dates, []);
      return { dates, read };
    }, { name: 'actions', datasets });
  }

  it('of actions has its own date read and built, and no other', async () => {
    assert.deepEqual(await rebuilt(''), { dates: ['2026-01-05'], read: ['2026-01-05'] });
  });

  it('of a dataset whose headers say more has the dates before and after it built, from those that they need', async () => {
    const { dates, read } = await rebuilt('-- lookback: 3 days\n-- lookahead: 12 hours\n');
    assert.deepEqual(dates, ['2026-01-04', '2026-01-05', '2026-01-06', '2026-01-07', '2026-01-08']);
    assert.deepEqual(read, days);
  });
});
