import type { Lake } from '../lake/lake.js';
import { filePath } from '../lake/layout.js';
import { isDataFile, pendingRuns, retainedFiles } from '../lake/leftovers.js';
import type { Table } from '../lake/table.js';
import type { Reading } from '../lake/views.js';

/**
 * Data files in a table's folder that its log has never named, that no begun run is going to name, and that `--retain`
 * does not keep: a plain glob would count their rows. Paths relative to the lake's root. None in S3, where nobody promises the glob.
 */
export async function strayFiles(lake: Lake, { layer, table, snapshot }: Reading): Promise<string[]> {
  if (lake.storage.remote !== null) return [];
  const folder = `${layer}/${table}`;
  const { files } = await lake.storage.walk(folder);
  const found = files.map(({ path }) => path).filter((path) => isDataFile(folder, snapshot.metaData.partitionColumns.length, path));
  const live = new Set([...snapshot.files.keys()].map((path) => `${folder}/${filePath(path)}`));
  const strays = found.filter((path) => !live.has(path));
  if (strays.length === 0) return [];
  const expected = new Set([...(await pendingRuns(lake)), ...(await retainedFiles(lake))].flatMap(({ paths }) => paths));
  const logged = await loggedFiles(lake.table(layer, table));
  return strays.filter((path) => !expected.has(path) && !logged.has(path)).sort();
}

/** Files that the log has ever named: those that it has removed are for a vacuum. */
async function loggedFiles(table: Table): Promise<Set<string>> {
  const logged = new Set<string>();
  const newest = await table.snapshot();
  for (const path of newest?.files.keys() ?? []) logged.add(`${table.folder}/${filePath(path)}`);
  for (let version = newest?.version ?? -1; version >= 0; version--) {
    const commit = await table.log.commit(version);
    if (commit === null) break;
    for (const { remove } of commit.actions) if (remove !== undefined) logged.add(`${table.folder}/${filePath(remove.path)}`);
  }
  return logged;
}
