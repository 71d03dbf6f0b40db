import { askedOf } from '../backfill/asked.js';
import { claimBackfill } from '../backfill/claim.js';
import { explainingGone, goneError, goneInputs, goneSilver } from '../backfill/gone.js';
import { goldDates, isNothing, rangeOf, silverProgress } from '../backfill/progress.js';
import { askedText, beginBackfill, saveRecord, type Asked, type BackfillRecord } from '../backfill/record.js';
import { backfillTag } from '../bronze/absent.js';
import type { Dataset } from '../dataset.js';
import { defaultRunDates, mergeGold, type GoldSummary } from '../gold/gold.js';
import { loadModels } from '../gold/model.js';
import { inputRange } from '../gold/ranges.js';
import { partitionKey } from '../lake/changes.js';
import { loadDataset, loadFamily } from '../load.js';
import { planSilver, within } from '../silver/plan.js';
import { buildSilver } from '../silver/silver.js';
import type { Context } from './context.js';
import { silverEngine } from './engine.js';
import { goldLines, refreshGold } from './gold.js';
import { modelsDir } from './models.js';
import { landHistory } from './history.js';
import { count, plural } from './output.js';
import { forEachPart } from './parts.js';
import { pace } from './pace.js';
import { plannedBronze, plannedGold, plannedSilver, showPlans } from './plan.js';
import { silverLines } from './silver.js';

/** How much is published at once; a killed backfill goes on after that. */
export interface BackfillSteps {
  /** Rows of bronze in a run of silver. Default: as silver does. */
  readonly runRows?: number;
  /** Dates in a run of gold. Default 62. */
  readonly goldDates?: number;
}

export function run(context: Context): Promise<number> {
  const { from, layer } = context.config;
  // History is of one kind of rows, and gold is built once for all of them.
  if (from !== undefined) return backfill(context);
  return layer === 'gold' ? backfillGold(context) : forEachPart((of) => backfill(of))(context);
}

async function backfillGold(context: Context): Promise<number> {
  const [first] = (await loadFamily(context.config.datasets, context.args[0] ?? '')).asked;
  return backfill({ ...context, args: [first?.name ?? ''] });
}

/** Rebuilds a range of silver or gold, or lands raw history, and all that depends on it; goes on with what was asked for before. */
export async function backfill(context: Context, steps: BackfillSteps = {}): Promise<number> {
  const { config, lake, progress } = context;
  const dataset = await loadDataset(config.datasets, context.args[0] ?? '');
  const asked = askedOf(config, dataset);
  if (config.plan) return showPlan(context, dataset, asked);
  if (await isNothing(lake, dataset, asked)) {
    const what = `there are no ${asked.layer === 'gold' ? 'rows' : 'events'} from ${asked.since ?? ''} to ${asked.until ?? ''}${asked.platform === null ? '' : ` of ${asked.platform}`} in ${lake.storage.root}`;
    context.result({ silver: { tables: {} }, gold: { tables: {} } }, [`nothing rebuilt: ${what}`]);
    return 0;
  }
  await lake.storage.prepare();
  const claim = await claimBackfill(lake, dataset.name, askedText(asked));
  try {
    const { record, resumed, givenUp } = await beginBackfill(lake, dataset.name, asked);
    if (givenUp !== null) progress.note(`the backfill of ${askedText(givenUp.asked)} was not finished: begin it again if it is still wanted`);
    if (resumed) progress.note(`goes on with the backfill begun at ${new Date(record.startedAtMs).toISOString()}`);
    const work: Work = { context, dataset, record, resumed, steps };
    if (asked.layer === 'bronze') return await landHistory(context, dataset, record, resumed);
    return await (asked.layer === 'gold' ? rebuildGold(work) : rebuildSilver(work));
  } finally {
    await claim.release();
  }
}

interface Work {
  readonly context: Context;
  readonly dataset: Dataset;
  readonly record: BackfillRecord;
  readonly resumed: boolean;
  readonly steps: BackfillSteps;
}

async function showPlan(context: Context, dataset: Dataset, asked: Asked): Promise<number> {
  const { lake } = context;
  if (asked.from !== null) {
    showPlans(context, dataset, { bronze: await plannedBronze(asked.from), silver: await plannedSilver(lake, dataset, null), gold: await plannedGold(context, dataset, null) });
    return 0;
  }
  const range = rangeOf(asked);
  if (asked.layer === 'gold') {
    showPlans(context, dataset, { gold: await plannedGold(context, dataset, range) });
    return 0;
  }
  const silver = await plannedSilver(lake, dataset, (partition) => within(partition, range));
  const dates = (silver?.partitions ?? []).map(({ partition }) => /event_date=([^/]+)/.exec(partition)?.[1] ?? '');
  showPlans(context, dataset, { silver, gold: await plannedGold(context, dataset, null, [...new Set(dates)]) });
  return 0;
}

async function rebuildSilver({ context, dataset, record, resumed, steps }: Work): Promise<number> {
  const { lake, config, signal, progress, clock } = context;
  const engine = silverEngine(context);
  const range = rangeOf(record.asked);
  const before = await silverProgress(lake, dataset, range, record.id);
  const wanted = new Set(before.left.map(partitionKey));
  const plan = await planSilver(lake, dataset, { rebuild: (partition) => wanted.has(partitionKey(partition)) }, 0);
  const gone = plan === null ? [] : await goneInputs(lake, dataset, plan);
  if (gone.length > 0) throw goneError(dataset, gone);
  const said = pace(clock, 'partition');
  const silver = await explainingGone(lake, dataset, () => buildSilver(lake, dataset, {
    partitions: before.left,
    tags: { [backfillTag]: record.id },
    signal,
    jobs: config.jobs ?? 1,
    ...(engine === undefined ? {} : { engine }),
    ...(steps.runRows === undefined ? {} : { runRows: steps.runRows }),
  }, { built: (done, of) => progress.update(`silver: ${said(done, of)}`) }));
  const after = await silverProgress(lake, dataset, range, record.id);
  const aborted = signal.aborted;
  const gold = aborted ? null : await explainingGone(lake, dataset, () => refreshGold(context, dataset, null, { runDates: steps.goldDates ?? defaultRunDates, signal }));
  const stopped = aborted || gold?.stopped === true;
  if (!stopped) await saveRecord(lake, dataset.name, { ...record, finishedAtMs: Math.trunc(clock.nowMs()) });
  const counts = { total: after.done.length + after.left.length, before: before.done.length, now: after.done.length - before.done.length, left: after.left.length };
  context.result(
    { backfill: { ...facts(record, resumed, stopped), partitions: counts }, silver: { tables: silver.tables }, ...(gold === null ? {} : { gold: { tables: gold.tables } }) },
    [...silverLines(context, dataset, silver), ...(gold === null ? [] : goldLines(gold)), lastLine(record, 'partition', counts, stopped)],
  );
  return 0;
}

const allDates = { since: '0000-01-01', until: '9999-12-31' };

async function rebuildGold(work: Work): Promise<number> {
  const { context, dataset, record, resumed, steps } = work;
  const { lake, signal, clock } = context;
  const perRun = steps.goldDates ?? defaultRunDates;
  const models = await loadModels(modelsDir(context, dataset));
  const gone = await goneSilver(lake, dataset, models.whole.models.length > 0 ? allDates : inputRange(rangeOf(record.asked), models.need));
  if (gone.length > 0) throw goneError(dataset, gone);
  if (models.dated.models.length === 0) return rebuildWhole(work);
  const all = await goldDates(lake, dataset, rangeOf(record.asked));
  const before = all.filter((date) => record.goldDates.includes(date));
  const done = new Set(before);
  let gold: GoldSummary | null = null;
  for (;;) {
    const waiting = all.filter((date) => !done.has(date));
    const left = waiting.slice(0, perRun);
    const [since, until] = [left[0], left.at(-1)];
    const whole = left.length === waiting.length;
    if (signal.aborted || since === undefined || until === undefined) break;
    const built: GoldSummary = await explainingGone(lake, dataset, () => refreshGold(context, dataset, { since, until, whole }, { runDates: perRun, signal }));
    gold = mergeGold(gold, built);
    for (const date of built.stopped ? built.dates : [...left, ...built.dates]) done.add(date);
    await saveRecord(lake, dataset.name, { ...record, goldDates: all.filter((date) => done.has(date)) });
  }
  const left = all.filter((date) => !done.has(date)).length;
  const stopped = signal.aborted && left > 0;
  if (!stopped) await saveRecord(lake, dataset.name, { ...record, goldDates: [], finishedAtMs: Math.trunc(clock.nowMs()) });
  const counts = { total: all.length, before: before.length, now: all.length - left - before.length, left };
  context.result(
    { backfill: { ...facts(record, resumed, stopped), dates: counts }, gold: { tables: gold?.tables ?? {} } },
    [...(gold === null ? [] : goldLines(gold)), lastLine(record, 'date', counts, stopped)],
  );
  return 0;
}

/** Gold that has no dates: all of it. */
async function rebuildWhole({ context, dataset, record, resumed }: Work): Promise<number> {
  const { lake, clock } = context;
  const gold = await explainingGone(lake, dataset, () => refreshGold(context, dataset, rangeOf(record.asked)));
  await saveRecord(lake, dataset.name, { ...record, finishedAtMs: Math.trunc(clock.nowMs()) });
  context.result(
    { backfill: { ...facts(record, resumed, false), dates: { total: 0, before: 0, now: 0, left: 0 } }, gold: { tables: gold.tables } },
    [...goldLines(gold), `backfill of ${askedText(record.asked)} done: all tables of gold are built whole`],
  );
  return 0;
}

function facts({ id, startedAtMs, asked }: BackfillRecord, resumed: boolean, stopped: boolean) {
  return { id, startedAt: new Date(startedAtMs).toISOString(), asked, resumed, stopped };
}

interface Counts {
  readonly total: number;
  readonly before: number;
  readonly now: number;
  readonly left: number;
}

function lastLine(record: BackfillRecord, one: string, { total, before, now, left }: Counts, stopped: boolean): string {
  const earlier = before === 0 ? '' : `: ${count(now)} in this call, ${count(before)} before it`;
  if (stopped) return `backfill stopped by a signal: ${count(total - left)} of ${plural(total, one)} rebuilt${earlier}; the same command goes on with ${left === 0 ? 'gold' : `the other ${count(left)}`}`;
  return `backfill of ${askedText(record.asked)} done: ${plural(total, one)} rebuilt${earlier}`;
}
