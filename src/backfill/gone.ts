import { backfillTag } from '../bronze/absent.js';
import { rowTables, type Dataset } from '../dataset.js';
import { LakeError } from '../errors.js';
import { publishBuild } from '../lake/build.js';
import { partitionKey, type Partition } from '../lake/changes.js';
import { filePath } from '../lake/layout.js';
import type { Lake } from '../lake/lake.js';
import { Scope, type TableWrite } from '../lake/publication.js';
import { specOf } from '../lake/schema.js';
import { recordsOf } from '../lake/statistics.js';
import { addedTotals, type Totals } from '../lake/totals.js';
import type { SilverPlan } from '../silver/plan.js';

/** A data file that the newest version of a table names and that is not there. */
export interface GoneFile {
  readonly layer: string;
  readonly table: string;
  /** As the log has it. */
  readonly path: string;
  readonly partition: Partition;
  /** By the log. */
  readonly rows: number;
}

/** The files of a table that are gone, by its newest version. */
export async function goneFiles(lake: Lake, layer: string, table: string, wanted: (partition: Partition, path: string) => boolean = () => true): Promise<GoneFile[]> {
  const files = [...((await lake.table(layer, table).snapshot())?.files.values() ?? [])].filter((file) => wanted(file.partitionValues, file.path));
  const gone: GoneFile[] = [];
  for (const file of files) {
    if ((await lake.storage.size(`${layer}/${table}/${filePath(file.path)}`)) !== null) continue;
    gone.push({ layer, table, path: file.path, partition: file.partitionValues, rows: recordsOf(file.stats) ?? 0 });
  }
  return gone;
}

/** The files of bronze that a plan would read and that are gone. */
export async function goneInputs(lake: Lake, dataset: Dataset, plan: SilverPlan): Promise<GoneFile[]> {
  const whole = new Set(plan.rebuild.map(({ partition }) => partitionKey(partition)));
  const single = new Set(plan.append.flatMap(({ paths }) => paths));
  return goneFiles(lake, 'bronze', dataset.name, (partition, path) => whole.has(partitionKey(partition)) || single.has(path));
}

/** The files of silver's events and items of some dates, both included, that are gone: gold would read them. */
export async function goneSilver(lake: Lake, dataset: Dataset, { since, until }: { readonly since: string; readonly until: string }): Promise<GoneFile[]> {
  const inside = ({ event_date: date }: Partition): boolean => (date ?? '') >= since && (date ?? '') <= until;
  return (await Promise.all(rowTables(dataset).map((table) => goneFiles(lake, 'silver', table, inside)))).flat();
}

/** What to do about files that are gone: bronze's rows are nowhere else in the lake, silver and gold are built again. */
export function goneError(dataset: Dataset, gone: readonly GoneFile[], cause?: unknown): LakeError {
  const [first, ...others] = gone;
  const path = first === undefined ? dataset.name : `${first.layer}/${first.table}/${filePath(first.path)}`;
  const dates = [...new Set(gone.map(({ partition }) => partition['event_date'] ?? ''))].sort();
  const again = `ingot backfill ${dataset.name} --since ${dates[0] ?? ''} --until ${dates.at(-1) ?? ''}`;
  return new LakeError(`a data file of ${first?.layer ?? 'the lake'} is gone: ${path}${others.length === 0 ? '' : `, and ${others.length} more`}`, {
    code: 'FILE_GONE',
    op: 'backfill',
    path,
    hint: first?.layer === 'bronze'
      ? `Put it back from a backup, or land its rows again from raw history: ingot backfill ${dataset.name} --from FOLDER`
      : `Build it again: ${again}${first?.layer === 'gold' ? ' --layer gold' : ''}`,
    cause,
  });
}

/** Does work that reads data files; when one is gone, the error names it and the way out. */
export async function explainingGone<T>(lake: Lake, dataset: Dataset, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof LakeError) || error.code !== 'FILE_GONE') throw error;
    for (const [layer, table] of [['bronze', dataset.name], ...rowTables(dataset).map((name) => ['silver', name] as const)] as const) {
      const gone = await goneFiles(lake, layer, table);
      if (gone.length > 0) throw goneError(dataset, gone, error);
    }
    throw error;
  }
}

/** The files of bronze's two tables that are gone; of a range, those of its dates: what was rejected has no date. */
export async function goneBronze(lake: Lake, dataset: Dataset, within: (partition: Partition) => boolean, rejected: boolean): Promise<GoneFile[]> {
  const landed = await goneFiles(lake, 'bronze', dataset.name, within);
  return rejected ? [...landed, ...(await goneFiles(lake, 'bronze', `${dataset.name}_rejected`))] : landed;
}

/**
 * Takes files that are gone out of bronze's log, and their rows out of its totals: as if they had never been received,
 * so that history can land them. What is not gone any more stays.
 */
export async function takeOut(lake: Lake, dataset: Dataset, gone: readonly GoneFile[]): Promise<void> {
  const scope = new Scope(lake, `bronze.${dataset.name}`, 'bronze', dataset.name);
  await publishBuild(scope, {
    plan: async (run) => {
      const still = await Promise.all([`${dataset.name}_rejected`, dataset.name].map((table) => goneFiles(lake, 'bronze', table, (_partition, path) => gone.some((file) => file.table === table && file.path === path))));
      return still.flat().length === 0 ? null : { run, rejected: still[0] ?? [], landed: still[1] ?? [] };
    },
    build: async ({ rejected, landed }) => {
      const rows = { rejected: rowsOf(rejected), landed: rowsOf(landed) };
      const totals = { rejected: -rows.rejected, landed: -rows.landed, received: -rows.rejected - rows.landed };
      const writes = [await removal(lake, `${dataset.name}_rejected`, rejected, {}), await removal(lake, dataset.name, landed, totals)];
      return { writes: writes.filter((write) => write !== null), result: null };
    },
    onTop: 'any run',
  });
}

async function removal(lake: Lake, table: string, gone: readonly GoneFile[], totals: Partial<Totals>): Promise<TableWrite | null> {
  const snapshot = await lake.table('bronze', table).snapshot();
  if (snapshot === null) return null;
  return { spec: specOf('bronze', table, snapshot.metaData), files: [], replaces: null, removes: gone.map(({ path }) => path), txns: {}, totals: addedTotals(totals), metrics: { removed: rowsOf(gone) } };
}

function rowsOf(files: readonly GoneFile[]): number {
  return files.reduce((total, { rows }) => total + rows, 0);
}

/** Rows that a backfill has landed in the partitions of files that were gone, and of rejected ones. */
export async function restoredRows(lake: Lake, dataset: Dataset, gone: readonly GoneFile[], id: string): Promise<number> {
  const wanted = new Set(gone.map(({ table, partition }) => `${table} ${partitionKey(partition)}`));
  let rows = 0;
  for (const table of [dataset.name, `${dataset.name}_rejected`]) {
    const anyOf = table !== dataset.name && gone.some((file) => file.table === table);
    for (const { tags, partitionValues, stats } of (await lake.table('bronze', table).snapshot())?.files.values() ?? []) {
      if (tags?.[backfillTag] === id && (anyOf || wanted.has(`${table} ${partitionKey(partitionValues)}`))) rows += recordsOf(stats) ?? 0;
    }
  }
  return rows;
}
