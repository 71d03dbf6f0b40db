import { textList, type Parameters } from '../lake/duckdb.js';
import type { Lake } from '../lake/lake.js';
import { sqlFile } from '../lake/sql.js';

const verifySelect = sqlFile(import.meta.url, './verify.sql');

/** Files that one statement reads. */
const filesAtOnce = 200;

export interface Verified {
  readonly files: number;
  /** Files that still name the person; relative to the lake's root. */
  readonly found: readonly string[];
}

/** Looks for a person in every file of some folders of the lake: Parquet by its values, all else by its text. */
export async function verifyForgotten(lake: Lake, folders: readonly string[], parameters: Parameters, looked: (files: number, of: number) => void): Promise<Verified> {
  const paths = (await Promise.all(folders.map((folder) => lake.storage.walk(folder)))).flatMap(({ files }) => files.map(({ path }) => path));
  const found: string[] = [];
  let done = 0;
  const parquet = paths.filter((path) => path.endsWith('.parquet'));
  for (const group of groupsOf(parquet)) {
    const session = await lake.session();
    const located = new Map(group.map((path) => [lake.storage.locate(path), path]));
    for (const row of await session.rows(verifySelect, { ...parameters, paths: textList([...located.keys()]) })) found.push(located.get(String(row['path'])) ?? String(row['path']));
    done += group.length;
    looked(done, paths.length);
  }
  const mention = new RegExp(String(parameters['mention']), 'u');
  for (const path of paths.filter((each) => !each.endsWith('.parquet'))) {
    const content = await lake.storage.read(path);
    if (content !== null && mention.test(content.toString('utf8'))) found.push(path);
  }
  return { files: paths.length, found: found.sort() };
}

/** Files of one table are read together: those of a log have columns of their own. */
function groupsOf(paths: readonly string[]): string[][] {
  const groups = new Map<string, string[]>();
  for (const path of paths) {
    const table = path.includes('/_delta_log/') ? path : path.split('/').slice(0, 2).join('/');
    groups.set(table, [...(groups.get(table) ?? []), path]);
  }
  return [...groups.values()].flatMap((group) => Array.from({ length: Math.ceil(group.length / filesAtOnce) }, (_none, index) => group.slice(index * filesAtOnce, (index + 1) * filesAtOnce)));
}
