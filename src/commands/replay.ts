import { previewReplay, replayBronze, type Replayed } from '../bronze/replay.js';
import type { Dataset } from '../dataset.js';
import type { GoldSummary } from '../gold/gold.js';
import { isIdle } from '../gold/plan.js';
import { partitionKey } from '../lake/changes.js';
import { partitionName } from '../lake/staged.js';
import { recordsOf } from '../lake/statistics.js';
import { rejectedCounts } from '../report/rejected.js';
import { RejectedBefore, type Outcomes } from '../report/replayed.js';
import { planSilver } from '../silver/plan.js';
import type { SilverSummary } from '../silver/silver.js';
import type { Context } from './context.js';
import { goldLines, refreshGold } from './gold.js';
import { count, plural, size } from './output.js';
import { forEachPart } from './parts.js';
import { listed, refreshSilver, silverLines } from './silver.js';

type Counts = Readonly<Record<string, number>>;

export const run = forEachPart(async (context, dataset) => {
  const before = await rejectedCounts(context.lake, dataset);
  if (context.config.plan) await printPlan(context, dataset, before);
  else await replay(context, dataset);
  return 0;
});

async function replay(context: Context, dataset: Dataset): Promise<void> {
  const { lake, signal, progress } = context;
  await lake.storage.prepare();
  // A contract that silver refuses must not move rows of bronze.
  await planSilver(lake, dataset, null, 0);
  const noted = await RejectedBefore.note(lake, dataset);
  try {
    const bronze = await replayBronze(lake, dataset, { signal }, { read: (bytes, of) => progress.update(`replay: ${size(bytes)} of ${size(of)} of bronze looked through`) });
    const silver = signal.aborted ? null : await refreshSilver(context, dataset);
    const gold = silver === null || signal.aborted ? null : await refreshGold(context, dataset, null);
    const outcomes = silver === null ? null : await noted.outcomes();
    const stayed = await rejectedCounts(lake, dataset);
    context.result(
      {
        bronze: { landed: bronze.landed, placed: bronze.placed, partitions: bronze.partitions, commits: bronze.commits },
        silver: silver === null ? null : { ...outcomes, partitions: silver.partitions },
        gold: gold === null ? null : { dates: gold.dates, ...(gold.whole === null ? {} : { whole: gold.whole.tables }) },
        stayed,
      },
      [
        ...bronzeLines(bronze),
        ...(silver === null || outcomes === null ? [] : silverOutcome(context, dataset, silver, outcomes)),
        ...(gold === null ? [] : goldLines(gold)),
        ...(gold === null ? ['stopped by a signal: run it again to go on'] : endLines(dataset, bronze, silver, gold, stayed)),
      ],
    );
  } finally {
    await noted.close();
  }
}

function bronzeLines({ landed, placed, partitions }: Replayed): string[] {
  const [moved, gotPlatform] = [sum(landed), sum(placed)];
  if (moved + gotPlatform === 0) return ['bronze  no row passes that did not'];
  return [
    `bronze  ${plural(moved, 'rejected row')} landed${moved === 0 ? '' : `: ${named(landed)}`}`,
    ...(gotPlatform === 0 ? [] : [`        ${plural(gotPlatform, 'row')} without a platform got one: ${named(placed)}`]),
    ...listed(partitions),
  ];
}

function silverOutcome(context: Context, dataset: Dataset, silver: SilverSummary, { event, duplicate, rejected }: Outcomes): string[] {
  const before = event + duplicate + rejected;
  return [
    ...silverLines(context, dataset, silver),
    ...(before === 0 ? [] : [`        of ${plural(before, 'row')} that silver had rejected ${count(event)} became events, ${count(duplicate)} duplicates, ${count(rejected)} stayed`]),
  ];
}

function endLines(dataset: Dataset, bronze: Replayed, silver: SilverSummary | null, gold: GoldSummary, stayed: { readonly bronze: Counts; readonly silver: Counts }): string[] {
  const left = (['bronze', 'silver'] as const).flatMap((layer) => (sum(stayed[layer]) === 0 ? [] : [`${layer} ${named(stayed[layer])}`]));
  const idle = bronze.commits === 0 && (silver?.partitions.length ?? 0) === 0 && isIdle(gold);
  return [
    left.length === 0 ? 'nothing is rejected any more' : `still rejected: ${left.join('; ')}`,
    ...(left.length === 0 ? [] : [idle
      ? `Nothing was changed: by this contract these rows don't pass. \`ingot rejected ${dataset.name}\` shows samples; mend the contract and run it again.`
      : `\`ingot rejected ${dataset.name}\` shows samples of them.`]),
  ];
}

async function printPlan(context: Context, dataset: Dataset, rejected: { readonly bronze: Counts; readonly silver: Counts }): Promise<void> {
  const { lake, progress, signal } = context;
  const bronze = await previewReplay(lake, dataset, { signal }, { read: (bytes, of) => progress.update(`replay: ${size(bytes)} of ${size(of)} of bronze looked through`) });
  const silver = await silverPlan(context, dataset);
  context.result(
    { bronze: { ...bronze, rejected: rejected.bronze }, silver: { ...silver, rejected: rejected.silver } },
    [
      `bronze  ${plural(sum(rejected.bronze), 'rejected row')}${ofWhich(rejected.bronze)}; by this contract ${count(sum(bronze.landed))} would land${ofWhich(bronze.landed)}`,
      ...(sum(bronze.placed) === 0 ? [] : [`        ${plural(sum(bronze.placed), 'row')} without a platform would get one: ${named(bronze.placed)}`]),
      ...listed(bronze.partitions),
      `        ${plural(bronze.files, 'file')}, ${size(bronze.bytes)}, would be read`,
      `silver  ${plural(sum(rejected.silver), 'rejected row')}${ofWhich(rejected.silver)}; ${silver.partitions.length === 0
        ? 'for what bronze has now no partition would be built'
        : `${count(silver.candidates)} of them in partitions that would be built, from ${size(silver.bytes)} of bronze`}`,
      ...listed(silver.partitions),
      ...(signal.aborted ? ['stopped by a signal: not all of it was looked through'] : []),
      'nothing was changed',
    ],
  );
}

/** What silver would build of what bronze has now; rows that bronze would move come on top. */
async function silverPlan({ lake }: Context, dataset: Dataset): Promise<{ readonly candidates: number; readonly partitions: readonly string[]; readonly bytes: number }> {
  const plan = await planSilver(lake, dataset, null, 0);
  const parts = [...(plan?.rebuild ?? []), ...(plan?.append ?? [])];
  const keys = new Set((plan?.rebuild ?? []).map(({ partition }) => partitionKey(partition)));
  const rejected = await lake.table('silver', `${dataset.name}_rejected`).snapshot();
  const files = [...(rejected?.files.values() ?? [])].filter((file) => keys.has(partitionKey(file.partitionValues)));
  return {
    candidates: files.reduce((total, file) => total + (recordsOf(file.stats) ?? 0), 0),
    partitions: parts.map(({ partition }) => partitionName(partition)).sort(),
    bytes: parts.reduce((total, { bytes }) => total + bytes, 0),
  };
}

function sum(counts: Counts): number {
  return Object.values(counts).reduce((total, rows) => total + rows, 0);
}

/** `12 not_json, 3 empty`. */
function named(counts: Counts): string {
  return Object.entries(counts).sort(([, a], [, b]) => b - a).map(([name, rows]) => `${count(rows)} ${name}`).join(', ');
}

function ofWhich(counts: Counts): string {
  return sum(counts) === 0 ? '' : ` (${named(counts)})`;
}
