import type { Dataset } from '../dataset.js';
import { LakeError } from '../errors.js';
import { loadModels } from '../gold/model.js';
import { intentRoot } from '../lake/layout.js';
import { datasetScopes } from '../maintain/scopes.js';
import { vacuum, type Kept, type Kind, type VacuumResult } from '../maintain/vacuum.js';
import type { Context } from './context.js';
import { modelsDir } from './models.js';
import { count, plural, size } from './output.js';
import { forEachPart } from './parts.js';

const defaultOlderThanMs = 3_600_000;
const maxShown = 50;
const maxTimes = 5;

export const run = forEachPart(async (context, dataset) => {
  const { config } = context;
  const olderThanMs = config.olderThan ?? defaultOlderThanMs;
  const result = await vacuumDataset(context, dataset, olderThanMs);
  const kept = result.kept.map(({ untilMs, files, bytes }) => ({ until: new Date(untilMs).toISOString(), files, bytes }));
  const paths = config.dryRun ? { paths: result.removed.map(({ kind, path, bytes }) => ({ kind, path, bytes })) } : {};
  context.result({ dryRun: config.dryRun, removed: removedByKind(result), folders: result.folders.length, finished: result.finished, kept, young: result.young, ...paths }, vacuumLines(result, config.dryRun, olderThanMs));
  return 0;
});

/** Removes what nobody needs any more. @returns how many files went */
export async function vacuumAll(context: Context, dataset: Dataset, olderThanMs: number): Promise<number> {
  const { removed } = await vacuumDataset(context, dataset, olderThanMs);
  return removed.reduce((total, { files }) => total + files, 0);
}

async function vacuumDataset({ config, lake, signal, progress }: Context, dataset: Dataset, olderThanMs: number): Promise<VacuumResult> {
  const { models } = await loadModels(modelsDir({ config }, dataset));
  const scopes = datasetScopes(lake, dataset, models.map(({ name }) => name));
  const tables = [
    ...scopes.filter(({ layer }) => layer !== 'gold').flatMap(({ layer, tables: own }) => own.map((table) => ({ layer, table }))),
    ...(await lake.tableNames('gold')).map((table) => ({ layer: 'gold', table })),
  ];
  const snapshots = await Promise.all(tables.map(({ layer, table }) => lake.table(layer, table).snapshot()));
  if (snapshots.every((snapshot) => snapshot === null) && (await lake.storage.list(intentRoot)).length === 0) {
    throw new LakeError(`there is nothing of ${dataset.name} at ${lake.storage.root}`, { code: 'TABLE_NOT_FOUND', op: 'vacuum', path: lake.storage.root, hint: 'Give the lake\'s folder with --lake (or INGOT_LAKE), or land events first.' });
  }
  if (!config.dryRun) await lake.storage.prepare();
  return vacuum(lake, scopes, tables, { olderThanMs, dryRun: config.dryRun, signal }, { looked: (table) => progress.update(`vacuum: ${table}`) });
}

/** What is removed, one and many. */
const kinds: readonly (readonly [Kind, string, string])[] = [
  ['replaced', 'replaced file whose time for readers is over', 'replaced files whose time for readers is over'],
  ['unnamed', 'data file that no version needs', 'data files that no version needs'],
  ['staging', 'file in work folders of dead processes', 'files in work folders of dead processes'],
  ['temporary', 'unfinished file of dead writers', 'unfinished files of dead writers'],
  ['log', 'log entry behind a checkpoint', 'log entries behind a checkpoint'],
];

function removedByKind({ removed }: VacuumResult): Record<Kind, { files: number; bytes: number }> {
  const none = (): { files: number; bytes: number } => ({ files: 0, bytes: 0 });
  const totals = { replaced: none(), unnamed: none(), staging: none(), temporary: none(), log: none() };
  for (const { kind, files, bytes } of removed) {
    totals[kind].files += files;
    totals[kind].bytes += bytes;
  }
  return totals;
}

function vacuumLines(result: VacuumResult, dryRun: boolean, olderThanMs: number): string[] {
  const totals = removedByKind(result);
  const found = kinds.filter(([kind]) => result.removed.some((each) => each.kind === kind));
  const lines = found.map(([kind, one, many]) => `${dryRun ? 'would remove' : 'removed'}  ${plural(totals[kind].files, one, many)}, ${size(totals[kind].bytes)}`);
  if (result.folders.length > 0) lines.push(`${dryRun ? 'would remove' : 'removed'}  ${plural(result.folders.length, 'empty partition folder')}`);
  if (found.length === 0 && result.folders.length === 0) lines.push('nothing to remove');
  if (dryRun) lines.push(...shown(result));
  if (result.finished > 0) lines.push(dryRun ? `${plural(result.finished, 'run')} that a process has begun would be finished first` : `finished  ${plural(result.finished, 'run')} that a process had begun`);
  lines.push(...keptLines(result.kept));
  const { young } = result;
  if (young.files > 0) lines.push(`left  ${plural(young.files, 'file')} without a version, ${size(young.bytes)}, younger than ${durationText(olderThanMs)} (--older-than)`);
  return dryRun ? [...lines, 'nothing was changed (--dry-run)'] : lines;
}

/** A line for each time when files go; of many times, one line. */
function keptLines(kept: readonly Kept[]): string[] {
  const line = (files: number, bytes: number, until: string): string => `kept  ${plural(files, 'replaced file')}, ${size(bytes)}, for readers until ${until}`;
  const at = (untilMs: number | undefined): string => new Date(untilMs ?? 0).toISOString();
  if (kept.length <= maxTimes) return kept.map(({ untilMs, files, bytes }) => line(files, bytes, at(untilMs)));
  const sum = (of: (each: Kept) => number): number => kept.reduce((total, each) => total + of(each), 0);
  return [line(sum(({ files }) => files), sum(({ bytes }) => bytes), `${at(kept[0]?.untilMs)} (the first) to ${at(kept.at(-1)?.untilMs)} (the last)`)];
}

function shown({ removed }: VacuumResult): string[] {
  const lines = removed.slice(0, maxShown).map(({ path, bytes }) => `  ${path}  ${size(bytes)}`);
  return removed.length > maxShown ? [...lines, `  … and ${count(removed.length - maxShown)} more (--json names all)`] : lines;
}

/** `90m`, `1h`, `2d`. */
function durationText(ms: number): string {
  const [unit, name] = ([[86_400_000, 'd'], [3_600_000, 'h'], [60_000, 'm'], [1_000, 's']] as const).find(([each]) => ms >= each && ms % each === 0) ?? [1, 'ms'];
  return `${ms / unit}${name}`;
}
