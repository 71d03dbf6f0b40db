import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run as compact } from '../../src/commands/compact.js';
import { run as forget } from '../../src/commands/forget.js';
import { run as replay } from '../../src/commands/replay.js';
import { run as vacuum } from '../../src/commands/vacuum.js';
import type { Storage } from '../../src/lake/storage.js';
import { status } from '../../src/report/status.js';
import { told } from './backfill.js';
import { temporaryFolder } from './lake.js';
import { datasetsDir, shopLines, withPipeline, type Pipeline } from './pipeline.js';

export const lifeLines: readonly string[] = shopLines(600).map(({ text }) => text);
/** Of whom there are events in every third. */
export const lifeUser = mostSeenUser(lifeLines);

/** All that is done to a lake over the years, each by a process of its own that opens the lake afresh. */
export async function liveThrough(open: () => { readonly root: string; readonly storage: Storage }): Promise<Record<string, unknown>> {
  const path = join(temporaryFolder(), 'events.ndjson');
  const seen: Record<string, unknown> = {};
  const step = async (name: string, work: (pipeline: Pipeline) => Promise<unknown>): Promise<void> => {
    seen[name] = await withPipeline(work, open());
  };
  const landUpTo = (share: number) => async (pipeline: Pipeline): Promise<unknown> => {
    writeFileSync(path, lifeLines.slice(0, Math.floor(lifeLines.length * share)).map((line) => `${line}\n`).join(''));
    const { summary, failures } = await pipeline.land(path);
    return [summary.received, summary.landed, summary.rejected, failures.length];
  };
  for (const [index, share] of [1 / 3, 2 / 3, 1].entries()) {
    await step(`land ${index}`, landUpTo(share));
    await step(`build ${index}`, async (pipeline) => {
      const { silver, gold } = await pipeline.build();
      return [Object.keys(silver.tables), gold.dates];
    });
  }
  await step('compact', (pipeline) => compact(pipeline.context({ olderThan: '0' })));
  await step('vacuum', (pipeline) => vacuum(pipeline.context({ olderThan: '0' })));
  await step('replay', (pipeline) => replay(pipeline.context()));
  await step('backfill', async (pipeline) => (await told(pipeline, { since: '2026-01-01', until: '2026-01-02' })).status);
  await step('forget', (pipeline) => forget(pipeline.context({ userId: lifeUser })));
  await step('vacuum again', (pipeline) => vacuum(pipeline.context({ olderThan: '0' })));
  await step('status', async (pipeline) => {
    const { summary, failures } = await status(pipeline.lake, pipeline.dataset, join(datasetsDir, 'shop', 'gold'), null);
    return [summary.tables.map(({ table, rows, files }) => [table, rows, files]), summary.silver.stale, summary.gold.stale, failures.length];
  });
  await step('audit', async (pipeline) => {
    const { balanced, differences, pending, received, landed, rejected, redelivered, forgotten } = await pipeline.audit();
    return { balanced, differences, pending, received, landed, rejected, redelivered, forgotten };
  });
  await step('rows', (pipeline) => pipeline.contract());
  return seen;
}

function mostSeenUser(lines: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const user = /"user_id":"([^"]+)"/.exec(line)?.[1];
    if (user !== undefined) counts.set(user, (counts.get(user) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? '';
}
