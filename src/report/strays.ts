import type { Lake } from '../lake/lake.js';
import { discardRoot, filePath, intentRoot } from '../lake/layout.js';
import type { Table } from '../lake/table.js';
import type { Reading } from '../lake/views.js';

/**
 * Data files in a table's folder that its log has never named, that no begun run is going to name, and that `--retain`
 * does not keep: a plain glob would count their rows. Paths relative to the lake's root.
 */
export async function strayFiles(lake: Lake, { layer, table, snapshot }: Reading): Promise<string[]> {
  const folder = `${layer}/${table}`;
  const found = await filesBelow(lake, folder, snapshot.metaData.partitionColumns.length);
  const live = new Set([...snapshot.files.keys()].map((path) => `${folder}/${filePath(path)}`));
  const strays = found.filter((path) => !live.has(path));
  if (strays.length === 0) return [];
  const expected = await expectedFiles(lake);
  const logged = await loggedFiles(lake.table(layer, table));
  return strays.filter((path) => !expected.has(path) && !logged.has(path));
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

async function filesBelow(lake: Lake, folder: string, levels: number): Promise<string[]> {
  const names = await lake.storage.list(folder);
  if (levels === 0) return names.filter((name) => name.endsWith('.parquet')).map((name) => `${folder}/${name}`);
  const below = await Promise.all(names.filter((name) => name.includes('=')).map((name) => filesBelow(lake, `${folder}/${name}`, levels - 1)));
  return below.flat();
}

/** Files that are kept for readers, and those of runs that are written down and not done yet. */
async function expectedFiles(lake: Lake): Promise<Set<string>> {
  const expected = new Set<string>();
  for (const note of await contents(lake, discardRoot)) for (const path of note as string[]) expected.add(path);
  for (const intent of await contents(lake, intentRoot)) {
    const { tables = [] } = intent as { tables?: { spec: { layer: string; table: string }; files: { path: string }[] }[] };
    for (const { spec, files } of tables) for (const { path } of files) expected.add(`${spec.layer}/${spec.table}/${path}`);
  }
  return expected;
}

async function contents(lake: Lake, root: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const scope of await lake.storage.list(root)) {
    for (const name of await lake.storage.list(`${root}/${scope}`)) {
      const content = await lake.storage.read(`${root}/${scope}/${name}`);
      if (content !== null && name.endsWith('.json')) found.push(JSON.parse(content.toString('utf8')));
    }
  }
  return found;
}
