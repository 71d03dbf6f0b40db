import { LakeError } from '../errors.js';
import { loadModels } from '../gold/model.js';
import { compactScope, previewCompact, type CompactedTable, type CompactSummary } from '../maintain/compact.js';
import { closedPartitions } from '../maintain/plan.js';
import { datasetScopes } from '../maintain/scopes.js';
import { modelsDir } from './models.js';
import { count, plural, size } from './output.js';
import { forEachPart } from './parts.js';

const defaultOlderThanMs = 86_400_000;

export const run = forEachPart(async (context, dataset) => {
  const { config, lake, signal, progress } = context;
  const { models } = await loadModels(modelsDir(context, dataset));
  const scopes = datasetScopes(lake, dataset, models.map(({ name }) => name));
  const anchors = await Promise.all(scopes.map(({ scope }) => scope.anchor.snapshot()));
  if (anchors.every((snapshot) => snapshot === null)) {
    throw new LakeError(`there is nothing of ${dataset.name} at ${lake.storage.root}`, { code: 'TABLE_NOT_FOUND', op: 'compact', path: lake.storage.root, hint: 'Give the lake\'s folder with --lake (or INGOT_LAKE), or land events first.' });
  }
  const rule = closedPartitions(context.clock.nowMs(), config.olderThan ?? defaultOlderThanMs);
  if (!config.dryRun) await lake.storage.prepare();
  const summaries: CompactSummary[] = [];
  for (const { scope, layer, tables } of scopes) {
    const merged = (files: number, of: number): void => progress.update(`compact: ${count(files)} of ${plural(of, 'file')} of ${layer}`);
    summaries.push(config.dryRun ? await previewCompact(scope, tables, rule) : await compactScope(scope, tables, { rule, signal }, { merged }));
  }
  const tables: Readonly<Record<string, CompactedTable>> = Object.assign({}, ...summaries.map((summary) => summary.tables)) as Record<string, CompactedTable>;
  const stopped = summaries.some((summary) => summary.stopped);
  context.result({ dryRun: config.dryRun, closedBefore: rule.closedBefore, stopped, tables }, compactLines(tables, { closedBefore: rule.closedBefore ?? '', dryRun: config.dryRun, stopped }));
  return 0;
});

function compactLines(tables: Readonly<Record<string, CompactedTable>>, { closedBefore, dryRun, stopped }: { readonly closedBefore: string; readonly dryRun: boolean; readonly stopped: boolean }): string[] {
  const entries = Object.entries(tables);
  const left = stopped ? ['stopped before all was merged: run it again to go on'] : [];
  if (entries.length === 0) return [...left, ...(stopped ? [] : [`nothing to merge: no partition of a date before ${closedBefore} has two small files or more`])];
  const width = Math.max(...entries.map(([name]) => name.length));
  const lines = entries.map(([name, table]) => {
    const bytes = table.bytesAfter === null ? size(table.bytesBefore) : `${size(table.bytesBefore)} → ${size(table.bytesAfter)}`;
    return `${name.padEnd(width)}  ${plural(table.filesBefore, 'small file')} → ${count(table.filesAfter)}, ${bytes}, ${plural(table.rows, 'row')} in ${plural(table.partitions, 'partition')}`;
  });
  return [...lines, ...left, ...(dryRun ? ['nothing was changed (--dry-run)'] : [])];
}
