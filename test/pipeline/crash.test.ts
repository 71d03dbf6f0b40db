import assert from 'node:assert/strict';
import { cpSync, readdirSync } from 'node:fs';
import { filePath } from '../../src/lake/layout.js';
import { LocalStorage } from '../../src/lake/local.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { eventBody, linesFile, withPipeline, type Pipeline } from '../support/pipeline.js';
import { Crash, RecordingStorage, type CrashPoint } from '../support/recording-storage.js';
import { share } from '../support/thorough.js';

const item = { item_id: 'a', item_list_id: 'L1', price: 2 };
const day1 = [
  eventBody({ event_name: 'view_item_list', items: [item] }),
  eventBody({ event_name: 'view_item_list', items: [item] }),
  eventBody({ event_name: 'refund' }),
];
const more = [
  eventBody({ event_timestamp: Date.parse('2026-01-02T10:01:00Z'), items: [item] }),
  eventBody({ event_timestamp: Date.parse('2026-01-02T10:01:00Z'), items: [item] }),
  eventBody({ event_name: 'refund', user_id: 'u2' }),
];

/** A lake that was built once and has new rows in bronze that silver, or gold, has not seen. */
async function staleLake(layer: 'silver' | 'gold'): Promise<string> {
  const root = temporaryFolder();
  await withPipeline(async (pipeline) => {
    await pipeline.land(linesFile(day1));
    await pipeline.build();
    await pipeline.land(linesFile(more));
    if (layer === 'gold') await pipeline.silver();
  }, { root });
  return root;
}

async function over(root: string, crash: CrashPoint | null, work: (pipeline: Pipeline) => Promise<unknown>): Promise<string[]> {
  const storage = new RecordingStorage(new LocalStorage(root), crash);
  const ran = withPipeline(work, { root, storage });
  if (crash === null) await ran;
  else await assert.rejects(ran, Crash, `nothing died at effect ${crash.effect}`);
  return storage.effects;
}

function copyOf(root: string): string {
  const copy = temporaryFolder();
  cpSync(root, copy, { recursive: true });
  return copy;
}

/** Where to die: of effects of one kind in a row before the first, the second and the last. */
function crashPoints(effects: readonly string[]): number[] {
  const kind = (index: number): string => effects[index]?.split(' ')[0] ?? '';
  const inner = (index: number): boolean => kind(index - 1) === kind(index) && kind(index - 2) === kind(index) && kind(index + 1) === kind(index);
  return effects.slice(0, -1).flatMap((_effect, index) => (/^(stage|adopt|remove)$/.test(kind(index)) && inner(index) ? [] : [index]));
}

/** Data files in the tables' folders that no newest version names, or that one names and that are not there. */
async function strays({ lake, root }: Pipeline): Promise<string[]> {
  const there = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.parquet') && !path.startsWith('_ingot/'));
  const named: string[] = [];
  for (const layer of ['bronze', 'silver', 'gold']) {
    for (const table of await lake.tableNames(layer)) {
      for (const { path } of (await lake.table(layer, table).snapshot())?.files.values() ?? []) named.push(`${layer}/${table}/${filePath(path)}`);
    }
  }
  return [...there.filter((path) => !named.includes(path)), ...named.filter((path) => !there.includes(path))];
}

describe('a build of silver or gold, crashed at each step', () => {
  after(removeTemporaryFolders);

  for (const layer of ['silver', 'gold'] as const) {
    it(`gives the rows of an uncrashed run of ${layer} when it is run again, whichever effect it died before`, async () => {
      const stale = await staleLake(layer);
      const before = await withPipeline((pipeline) => pipeline.contract(), { root: stale });
      const root = copyOf(stale);
      const effects = await over(root, null, (pipeline) => pipeline[layer]());
      const whole = await withPipeline(async (pipeline) => ({ contract: await pipeline.contract(), versions: await pipeline.versions(), audit: await pipeline.audit() }), { root });
      assert.notDeepEqual(whole.contract, before);
      assert.deepEqual([whole.audit.differences, whole.audit.pending], [[], 0]);
      const anchor = layer === 'silver' ? 'silver.event' : 'gold.session';
      for (const effect of share(crashPoints(effects))) {
        const crashed = copyOf(stale);
        await over(crashed, { effect, when: 'before' }, (pipeline) => pipeline[layer]());
        await withPipeline(async (pipeline) => {
          const seen = await pipeline.contract();
          const published = (await pipeline.versions())[anchor] === whole.versions[anchor];
          assert.deepEqual(seen, published ? whole.contract : before, `what a reader sees before the rerun, after ${effects[effect]}`);
          await pipeline[layer]();
          assert.deepEqual(await pipeline.contract(), whole.contract, `the rerun, after ${effects[effect]}`);
          assert.deepEqual(await pipeline.versions(), whole.versions);
          assert.deepEqual(await strays(pipeline), []);
        }, { root: crashed });
      }
    });
  }
});
