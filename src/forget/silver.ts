import type { Dataset } from '../dataset.js';
import { write } from '../engines/duckdb.js';
import { publishBuild } from '../lake/build.js';
import { partitionKey, tableNumber, type Partition } from '../lake/changes.js';
import { chunksOf } from '../lake/chunks.js';
import { textList, type Session } from '../lake/duckdb.js';
import type { Lake } from '../lake/lake.js';
import { filePath } from '../lake/layout.js';
import type { TableWrite } from '../lake/publication.js';
import type { TableSpec } from '../lake/schema.js';
import type { Snapshot } from '../lake/snapshot.js';
import { fill, identifier, sqlFile } from '../lake/sql.js';
import { createView } from '../lake/views.js';
import { tagsOf } from '../silver/built.js';
import { planSilver, type PlannedPartition, type SilverPlan } from '../silver/plan.js';
import { silverScope } from '../silver/silver.js';
import { duplicatesSpec, eventSpec, silverSpecs } from '../silver/tables.js';
import { forgetCommits } from './commits.js';

const holding = sqlFile(import.meta.url, './silver-holding.sql');
const rowsThatStay = sqlFile(import.meta.url, './silver-rows.sql');
const orphans = sqlFile(import.meta.url, './silver-orphans.sql');

/** Rows of bronze whose message ids one run holds. */
const runRows = 5_000_000;

/** What forgetting did to silver file by file. */
export interface ForgottenSilver {
  readonly partitions: readonly Partition[];
  readonly files: number;
  readonly rows: number;
  readonly commits: number;
}

interface Plan extends SilverPlan {
  readonly partitions: readonly PlannedPartition[];
}

/**
 * Follows bronze where nothing has happened to a partition but that a person's rows went: only the files of silver that
 * hold rows of messages which are no more are rewritten. Other stale partitions are left to a build of silver.
 */
export async function forgetInSilver(lake: Lake, dataset: Dataset): Promise<ForgottenSilver> {
  const done = { partitions: [] as Partition[], files: 0, rows: 0, commits: 0 };
  const left = new Set<string>();
  for (;;) {
    const found = await publishBuild(silverScope(lake, dataset), {
      plan: (run) => planOf(lake, dataset, run, left),
      build: async (plan, staging) => {
        const built = await rewrite(lake, dataset, plan, staging);
        return { writes: built.writes, result: { ...built, plan } };
      },
    });
    if (found === null) return done;
    for (const { partition } of found.plan.partitions) left.add(partitionKey(partition));
    done.partitions.push(...found.partitions);
    done.files += found.files;
    done.rows += found.rows;
    done.commits++;
  }
}

/** Stale partitions of silver to which something else has happened: they are to be built before those that lost rows alone. */
export async function otherStalePartitions(lake: Lake, dataset: Dataset): Promise<Partition[]> {
  const scope = silverScope(lake, dataset);
  await scope.recover();
  const plan = await planSilver(lake, dataset, null, await scope.run());
  if (plan === null) return [];
  const only = await forgetCommits(lake, dataset, plan);
  return [...plan.rebuild.filter(({ partition, why }) => why !== 'changed' || !only(partition)), ...plan.append].map(({ partition }) => partition);
}

/** The next partitions that only lost rows of forgotten persons; null when there are no more. */
async function planOf(lake: Lake, dataset: Dataset, run: number, left: ReadonlySet<string>): Promise<Plan | null> {
  const plan = await planSilver(lake, dataset, null, run);
  if (plan === null) return null;
  const changed = plan.rebuild.filter(({ partition, why }) => why === 'changed' && !left.has(partitionKey(partition)));
  if (changed.length === 0) return null;
  const only = await forgetCommits(lake, dataset, plan);
  const [partitions] = chunksOf(changed.filter(({ partition }) => only(partition)), ({ rows }) => rows, runRows);
  return partitions === undefined ? null : { ...plan, partitions };
}

interface Rewritten {
  readonly writes: readonly TableWrite[];
  readonly partitions: readonly Partition[];
  readonly files: number;
  readonly rows: number;
}

async function rewrite(lake: Lake, dataset: Dataset, plan: Plan, staging: string): Promise<Rewritten> {
  const session = await lake.session();
  const tables = await Promise.all(silverSpecs(dataset).map(async (spec) => ({ spec, snapshot: await lake.table(spec.layer, spec.table).snapshot() })));
  const present = tables.filter((table): table is Silver => table.snapshot !== null);
  try {
    const partitions = await stayingRows(session, lake, dataset, plan, present);
    const keys = new Set(partitions.map(partitionKey));
    const writes: TableWrite[] = [];
    let [files, rows] = [0, 0];
    for (const table of present) {
      const found = await filesThatHold(session, lake, table, keys);
      files += found.size;
      rows += [...found.values()].reduce((total, gone) => total + gone, 0);
      writes.push(await writeOf(session, lake, table, found, staging));
    }
    const isAll = partitions.length === plan.rebuild.length && plan.append.length === 0;
    return { writes: writes.map((each) => finished(each, plan, isAll && each.spec.table === eventSpec(dataset).table)), partitions, files, rows };
  } finally {
    for (const name of ['staying_message', 'staying_event']) await session.run(`DROP TABLE IF EXISTS ${name}`);
  }
}

interface Silver {
  readonly spec: TableSpec;
  readonly snapshot: Snapshot;
}

/** Makes the temporary tables of messages and events that stay. Gives the partitions that can be done file by file. */
async function stayingRows(session: Session, lake: Lake, dataset: Dataset, plan: Plan, tables: readonly Silver[]): Promise<Partition[]> {
  const keys = new Set(plan.partitions.map(({ partition }) => partitionKey(partition)));
  const inKeys = (partition: Partition): boolean => keys.has(partitionKey(partition));
  await createView(session, lake, { layer: 'bronze', table: dataset.name, snapshot: plan.bronze }, inKeys);
  for (const { spec, snapshot } of tables) await createView(session, lake, { layer: 'silver', table: spec.table, snapshot }, inKeys);
  await session.run(`CREATE OR REPLACE TEMP TABLE staying_message AS SELECT message_id FROM bronze.${identifier(dataset.name)}`);
  await session.run(`CREATE OR REPLACE TEMP TABLE staying_event AS SELECT event_id FROM silver.${identifier(eventSpec(dataset).table)} AS event SEMI JOIN staying_message ON staying_message.message_id = event.message_id`);
  const found = await session.rows(fill(orphans, { duplicates: `silver.${identifier(duplicatesSpec(dataset).table)}` }));
  const odd = new Set(found.map((row) => partitionKey(JSON.parse(String(row['partition'])) as Partition)));
  return plan.partitions.map(({ partition }) => partition).filter((partition) => !odd.has(partitionKey(partition)));
}

/** Rows that go, by the paths in the log of the files that hold them. */
async function filesThatHold(session: Session, lake: Lake, { spec, snapshot }: Silver, keys: ReadonlySet<string>): Promise<Map<string, number>> {
  const files = [...snapshot.files.values()].filter((file) => keys.has(partitionKey(file.partitionValues)));
  const byPath = new Map(files.map((file) => [lake.storage.locate(`${spec.layer}/${spec.table}/${filePath(file.path)}`), file.path]));
  if (byPath.size === 0) return new Map();
  const rows = await session.rows(fill(holding, stayingOf(spec)), { paths: textList([...byPath.keys()]) });
  return new Map(rows.map((row) => [byPath.get(String(row['path'])) ?? '', Number(row['gone'])]));
}

async function writeOf(session: Session, lake: Lake, { spec, snapshot }: Silver, found: ReadonlyMap<string, number>, staging: string): Promise<TableWrite> {
  const change = { spec, replaces: null, removes: [...found.keys()], txns: {}, metrics: {} };
  if (found.size === 0) return { ...change, files: [] };
  await createView(session, lake, { layer: spec.layer, table: spec.table, snapshot }, (_partition, path) => found.has(path));
  const select = fill(rowsThatStay, { table: `${spec.layer}.${identifier(spec.table)}`, ...stayingOf(spec) });
  return { ...change, files: await write(session, select, { partitionBy: spec.partitionBy, stagingDir: lake.storage.locate(`${staging}/${spec.table}`) }) };
}

/** Rows of items have no message of their own: they go with their event. */
function stayingOf({ columns }: TableSpec): { readonly staying: string; readonly key: string } {
  return columns.some(({ name }) => name === 'message_id') ? { staying: 'staying_message', key: 'message_id' } : { staying: 'staying_event', key: 'event_id' };
}

/** The files say up to where their partitions are complete; the event table says it of all when nothing else is stale. */
function finished(change: TableWrite, { contract, txns, bronze }: Plan, isAll: boolean): TableWrite {
  const tags = tagsOf(contract, tableNumber(bronze), bronze.version);
  return { ...change, files: change.files.map((file) => ({ ...file, tags })), txns: isAll ? txns : {} };
}
