import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Layers } from '../../src/commands/layers.js';
import { HotGold } from '../../src/gold/hot.js';
import { removeTemporaryFolders } from '../support/lake.js';
import { linesFile, standingClock, withPipeline } from '../support/pipeline.js';
import { datasetsWith, failsWith, totals, users, userTotal, view, whole, wholeOnly, writeModels } from './whole-models.js';

describe('whole models while gold is kept hot', () => {
  after(removeTemporaryFolders);

  const hotDay = `-- model: day\n-- inputs: step user_events\n-- partition_by: event_date\nSELECT event_date, count(*) AS users FROM user_events WHERE event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE) GROUP BY event_date`;
  const userEvents = `-- step: user_events\n-- inputs: silver.event\n-- key: user_id\n-- dates: event_date\nSELECT event_date, user_id, count(*) AS events FROM silver.event WHERE event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE) GROUP BY event_date, user_id`;
  const hotModels = { ...wholeOnly, 'day.sql': hotDay, 'steps/user_events.sql': userEvents };
  const at = '2026-01-03';

  it('wait while old dates do, and are published after what is new', async () => {
    const datasets = datasetsWith(hotModels);
    await withPipeline(async (pipeline) => {
      const hot = new HotGold(pipeline.lake, pipeline.dataset, join(datasets, 'shop/gold'));
      const refresh = async (user: string, defer: boolean) => {
        await pipeline.land(linesFile([view(at, user)]));
        await pipeline.silver();
        return hot.refresh({ defer });
      };
      try {
        assert.deepEqual((await refresh('a', false)).whole?.tables, whole);
        await refresh('b', true);
        assert.deepEqual(hot.dates, ['2026-01-01', '2026-01-02', at], 'the newest dates are kept');
        const before = await pipeline.versions();
        const deferred = await refresh('c', true);
        assert.deepEqual([deferred.dates, deferred.whole], [[at], null]);
        assert.deepEqual(await users(pipeline), totals([view(at, 'a')]));
        assert.deepEqual((await hot.refresh({ defer: true })).whole, null);
        const all = await refresh('d', false);
        assert.deepEqual([all.dates, all.whole], [[at], { tables: whole, reason: 'changed' }]);
        assert.deepEqual(await users(pipeline), totals(['a', 'b', 'c', 'd'].map((user) => view(at, user))));
        const versions = await pipeline.versions();
        assert.equal(versions['gold.user_total'], (before['gold.user_total'] ?? 0) + 1);
        assert.equal(versions['gold.day'], (before['gold.day'] ?? 0) + 3, 'c, then d, then the whole models');
        assert.deepEqual([(await hot.refresh()).whole, (await pipeline.gold()).whole, (await pipeline.gold()).dates], [null, null, []]);
      } finally {
        await hot.close();
      }
    }, { datasets });
  });

  it('are built every half minute at most, and when they fail new events are published all the same', async () => {
    const datasets = datasetsWith(hotModels);
    let nowMs = standingClock().nowMs();
    const clock = { ...standingClock(), nowMs: () => nowMs };
    await withPipeline(async (pipeline) => {
      const layers = new Layers(pipeline.context({ follow: true, from: 'sqs://queue' }), [pipeline.dataset]);
      const days = async (): Promise<unknown> => (await pipeline.rows('SELECT users FROM gold.day'))[0]?.['users'];
      const land = (user: string) => pipeline.land(linesFile([view(at, user)]));
      try {
        await land('a');
        await layers.refresh(false);
        await land('b');
        await layers.refresh(false);
        assert.deepEqual([await days(), (await users(pipeline)).length, layers.owes], ['2', 1, false]);
        nowMs += 30_000;
        assert.equal(layers.owes, true);
        await layers.refresh(false);
        assert.deepEqual([(await users(pipeline)).length, layers.owes], [2, false]);
        writeModels(datasets, { 'user_total.sql': userTotal.replace('unique(user_id)', 'unique(since)') });
        nowMs += 30_000;
        await land('c');
        await assert.rejects(layers.refresh(false), failsWith('CHECK_FAILED', /user_total/));
        await land('d');
        await layers.refresh(false);
        assert.deepEqual([await days(), (await users(pipeline)).length, layers.owes], ['4', 2, false]);
        nowMs += 30_000;
        assert.equal(layers.owes, true);
        writeModels(datasets, { 'user_total.sql': userTotal });
        await layers.refresh(false);
        assert.deepEqual([(await users(pipeline)).length, layers.gold?.whole?.tables], [4, whole]);
      } finally {
        await layers.close();
      }
    }, { datasets, clock });
  });
});
