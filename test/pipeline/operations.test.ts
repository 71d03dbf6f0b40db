import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { run as compact } from '../../src/commands/compact.js';
import { run as forget } from '../../src/commands/forget.js';
import { run as replay } from '../../src/commands/replay.js';
import { run as vacuum } from '../../src/commands/vacuum.js';
import { LocalStorage } from '../../src/lake/local.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { datasetsDir, eventBody, linesFile, standingClock, withPipeline, type Pipeline } from '../support/pipeline.js';
import { Crash, RecordingStorage, type CrashPoint } from '../support/recording-storage.js';
import { runs } from '../support/thorough.js';

const users = ['ada-lovelace', 'bob-ross', 'cy-twombly'] as const;
const days = ['2026-01-01', '2026-01-02', '2026-01-04'];

/** Events of a few users, days and platforms, said once or twice; some that only later contracts take, and some that none takes. */
const pool: readonly string[] = days.flatMap((date, day) => users.flatMap((user_id, number) => {
  const at = (minute: number): number => Date.parse(`${date}T23:${String(40 + minute).padStart(2, '0')}:00Z`);
  const item = { item_id: `p${number}`, item_list_id: 'L1', price: 2, color: 'red' };
  const seen = eventBody({ user_id, event_timestamp: at(0), event_name: 'view_item_list', platform: number === 1 ? 'ANDROID' : 'IOS', items: [item] });
  const bought = eventBody({ user_id, event_timestamp: at(day + 15), event_name: 'purchase', items: [{ ...item, quantity: 1 }] });
  const shared = eventBody({ user_id, event_timestamp: at(5), event_name: 'share' });
  const web = eventBody({ user_id, event_timestamp: at(6), platform: 'web', items: [item] });
  const broken = `{"user_id":"${user_id}","event_timestamp":`;
  return [seen, ...(number === day ? [seen, bought] : []), bought, shared, web, ...(day === 0 ? [broken] : [])];
}));

/** The contract's versions, each with what the one before takes and more. */
function contracts(): readonly string[] {
  const second = (text: string): string => text.replace('version: 1,', 'version: 2,').replace("'purchase']", "'purchase', 'share']");
  const third = (text: string): string => second(text).replace('version: 2,', 'version: 3,').replace("'ANDROID'] }", "'ANDROID', 'WEB'] }").replace('item_id: text(),', 'item_id: text(),\n      color: text(),');
  return [(text: string) => text, second, third].map((change) => {
    const datasets = temporaryFolder();
    cpSync(datasetsDir, datasets, { recursive: true });
    const path = join(datasets, 'shop', 'dataset.ts');
    writeFileSync(path, change(readFileSync(path, 'utf8')));
    return datasets;
  });
}

type Operation =
  | { readonly op: 'land'; readonly lines: number }
  | { readonly op: 'silver' | 'gold' | 'compact' | 'vacuum' | 'replay' | 'contract' }
  | { readonly op: 'forget'; readonly user: number };

interface Step {
  readonly operation: Operation;
  /** Before which effect the process dies; more than there are: it lives. */
  readonly dies: number;
}

const operations = fc.oneof(
  { weight: 5, arbitrary: fc.record({ op: fc.constant('land' as const), lines: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 9, arbitrary: fc.record({ op: fc.constantFrom('silver' as const, 'gold' as const, 'compact' as const, 'vacuum' as const, 'replay' as const, 'contract' as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('forget' as const), user: fc.integer({ min: 0, max: 1 }) }) },
);
const steps = fc.record({ operation: operations, dies: fc.oneof({ weight: 3, arbitrary: fc.constant(Infinity) }, { weight: 2, arbitrary: fc.integer({ min: 0, max: 30 }) }) });

/** A lake that operations are done to, one process each. */
class Operated {
  private readonly root = temporaryFolder();
  private readonly folder = temporaryFolder();
  private contract = 0;
  private landed = 0;
  private minutes = 0;
  readonly forgotten = new Set<string>();
  readonly log: string[] = [];

  constructor(private readonly lines: readonly string[], private readonly datasets: readonly string[]) {}

  async step({ operation, dies }: Step): Promise<void> {
    const crash: CrashPoint | null = dies === Infinity ? null : { effect: dies, when: 'before' };
    if (operation.op === 'contract') this.contract = Math.min(this.contract + 1, this.datasets.length - 1);
    if (operation.op === 'land') this.landed = Math.min(this.landed + operation.lines, this.lines.length);
    const work = (pipeline: Pipeline): Promise<unknown> => this.work(operation, pipeline);
    try {
      await this.open(work, crash);
      if (operation.op === 'forget') this.forgotten.add(users[operation.user] ?? '');
      this.log.push(JSON.stringify(operation));
    } catch (error) {
      if (!(error instanceof Crash) && !/there is no bronze.shop|nothing of shop/.test(String(error))) throw error;
      this.log.push(`${JSON.stringify(operation)} died at ${dies}`);
      // Who is half forgotten is not: the command is run again.
      if (operation.op === 'forget' && error instanceof Crash) await this.step({ operation, dies: Infinity });
    }
  }

  async finish(): Promise<{ readonly contract: Record<string, string[]>; readonly audit: unknown }> {
    this.contract = this.datasets.length - 1;
    for (const operation of [{ op: 'land', lines: this.lines.length }, { op: 'replay' }, { op: 'silver' }, { op: 'gold' }] as const) await this.step({ operation, dies: Infinity });
    return this.open(async (pipeline) => {
      const { balanced, differences, pending, received } = await pipeline.audit();
      return { contract: await pipeline.contract(['detail', 'body']), audit: { balanced, differences, pending, received } };
    }, null);
  }

  /** All lines so far are in one file that grows, as a source that is read again after a crash. */
  private work(operation: Operation, pipeline: Pipeline): Promise<unknown> {
    switch (operation.op) {
      case 'land': {
        const path = join(this.folder, 'events.ndjson');
        writeFileSync(path, this.lines.slice(0, this.landed).map((line) => `${line}\n`).join(''));
        return pipeline.land(path);
      }
      case 'silver':
      case 'contract':
        return pipeline.silver();
      case 'gold':
        return pipeline.gold();
      case 'compact':
        return compact(pipeline.context({ olderThan: '0' }));
      case 'vacuum':
        return vacuum(pipeline.context({ olderThan: '0' }));
      case 'replay':
        return replay(pipeline.context());
      case 'forget':
        return forget(pipeline.context({ userId: users[operation.user] ?? '' }));
    }
  }

  private open<T>(work: (pipeline: Pipeline) => Promise<T>, crash: CrashPoint | null): Promise<T> {
    const storage = new RecordingStorage(new LocalStorage(this.root), crash);
    const clock = standingClock(new Date(Date.parse('2026-03-10T12:00:00Z') + this.minutes++ * 60_000).toISOString());
    const datasets = this.datasets[this.contract];
    return withPipeline(work, { root: this.root, storage, clock, ...(datasets === undefined ? {} : { datasets }) });
  }
}

async function cleanBuild(lines: readonly string[], datasets: string): Promise<Record<string, string[]>> {
  return withPipeline(async (pipeline) => {
    await pipeline.land(linesFile(lines));
    await pipeline.build();
    return pipeline.contract(['detail', 'body']);
  }, { datasets });
}

describe('any operations in any order, killed anywhere', () => {
  after(removeTemporaryFolders);

  it('leave the rows of one clean build from the same input', async () => {
    const datasets = contracts();
    const plans = fc.record({ lines: fc.shuffledSubarray([...pool], { minLength: pool.length }), steps: fc.array(steps, { minLength: 8, maxLength: 16 }) });
    await fc.assert(
      fc.asyncProperty(plans, async ({ lines, steps: plan }) => {
        const operated = new Operated(lines, datasets);
        for (const step of plan) await operated.step(step);
        const { contract, audit } = await operated.finish();
        const remaining = lines.filter((line) => ![...operated.forgotten].some((user) => line.includes(user)));
        const about = operated.log.join('\n');
        assert.deepEqual(audit, { balanced: true, differences: [], pending: 0, received: lines.length }, about);
        const expected = await cleanBuild(remaining, datasets.at(-1) ?? '');
        assert.deepEqual(contract, expected, about);
      }),
      { seed: Number(process.env['OPERATION_SEED'] ?? 4), numRuns: Number(process.env['OPERATION_RUNS'] ?? runs(2, 12)), endOnFailure: true },
    );
  });
});
