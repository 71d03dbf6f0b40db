import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { Session } from '../../src/lake/duckdb.js';
import { filePath } from '../../src/lake/layout.js';
import { openLake, type OpenedLake } from '../../src/library.js';
import { idExpression, type EventSet, type Person } from './events.js';
import type { FaultLake } from './lakes.js';
import { filesNaming } from './search.js';

/** What a lake holds, in a form that two lakes can be compared by. */
export type Content = ReadonlyMap<string, readonly string[]>;

/** Columns that say when and by which message: they differ between two ways to the same rows. */
const ways: Readonly<Record<string, string>> = { 'silver.event': ' EXCLUDE (message_id, received_at)' };

/** Rows of silver and gold as JSON texts, sorted, by table. */
export async function contentOf(place: FaultLake): Promise<Content> {
  const lake = await openLake(place.place, place.options);
  try {
    const names = (await lake.tables()).filter((name) => name === 'silver.event' || name === 'silver.item_event' || name.startsWith('gold.'));
    const content = new Map<string, readonly string[]>();
    for (const name of names) {
      const rows = await lake.query<{ row: string }>(`SELECT CAST(to_json(t) AS VARCHAR) AS row FROM (SELECT *${ways[name] ?? ''} FROM ${name}) AS t ORDER BY ALL`);
      content.set(name, rows.map(({ row }) => row));
    }
    return content;
  } finally {
    await lake.close();
  }
}

/** The first differences between what a lake holds and what it should. */
export function contentDifferences(found: Content, expected: Content): string[] {
  const differences: string[] = [];
  for (const name of new Set([...found.keys(), ...expected.keys()])) {
    const [have, want] = [found.get(name) ?? [], expected.get(name) ?? []];
    const at = want.findIndex((row, index) => row !== have[index]);
    if (at === -1 && have.length === want.length) continue;
    const place = at === -1 ? want.length : at;
    differences.push(`${name}: ${have.length} rows, not ${want.length}; row ${place} is ${have[place]?.slice(0, 300) ?? 'absent'}, not ${want[place]?.slice(0, 300) ?? 'there'}`);
  }
  return differences;
}

/** Where a forgotten person still is: in any file of a lake, decompressed, and of work in progress. */
export async function traces({ id }: Person, lake: FaultLake): Promise<string[]> {
  const files = [...(await filesNaming(lake.folder, id)), ...(lake.root === lake.folder ? [] : await filesNaming(lake.root, id))];
  return files.length === 0 ? [] : [`${files.length} files name ${id}, who was forgotten, such as ${files.slice(0, 5).join(', ')}`];
}

/** Tables that a forgotten person has come back to. What nobody can tell a person of may land in bronze's rejected, until it is forgotten again. */
export async function cameBack({ id }: Person, place: FaultLake): Promise<string[]> {
  const lake = await openLake(place.place, place.options);
  try {
    const found: string[] = [];
    for (const name of (await lake.tables()).filter((each) => each !== 'bronze.shop_rejected')) {
      const [row] = await lake.query<{ rows: bigint }>(`SELECT count(*) AS rows FROM ${name} AS t WHERE contains(CAST(to_json(t) AS VARCHAR), $id)`, { id });
      if (Number(row?.rows) > 0) found.push(`${name} has ${row?.rows} rows of ${id} again, who was forgotten before`);
    }
    return found;
  } finally {
    await lake.close();
  }
}

export interface Judged {
  readonly differences: readonly string[];
  /** Messages that bronze has more than once. */
  readonly twice: number;
}

/** Every event once, by the id that was put into it; what is broken is rejected. All readers agree. */
export async function judge(place: FaultLake, set: EventSet, workspace: string): Promise<Judged> {
  const lake = await openLake(place.place, place.options);
  try {
    const differences: string[] = [];
    const ids = (await lake.query<{ id: bigint }>(`SELECT ${idExpression} AS id FROM silver.event JOIN (SELECT message_id, any_value(body) AS body FROM bronze.shop GROUP BY message_id) USING (message_id) ORDER BY id`)).map(({ id }) => Number(id));
    differences.push(...idDifferences(ids, set.ids));
    const bronze = "SELECT message_id FROM bronze.shop UNION ALL SELECT message_id FROM bronze.shop_rejected";
    const tables = await lake.tables();
    const all = tables.includes('bronze.shop_rejected') ? bronze : 'SELECT message_id FROM bronze.shop';
    const [messages] = await lake.query<{ rows: bigint; ids: bigint }>(`SELECT count(*) AS rows, count(DISTINCT message_id) AS ids FROM (${all})`);
    if (Number(messages?.ids) !== set.expected.length) differences.push(`bronze has ${messages?.ids} messages, not ${set.expected.length}`);
    const rejected = tables.filter((name) => name === 'bronze.shop_rejected' || name === 'silver.shop_rejected').map((name) => `SELECT message_id FROM ${name}`);
    const broken = rejected.length === 0 ? 0 : Number((await lake.query<{ n: bigint }>(`SELECT count(DISTINCT message_id) AS n FROM (${rejected.join(' UNION ALL ')})`))[0]?.n);
    if (broken !== set.broken) differences.push(`${broken} messages are rejected, ${set.broken} are broken`);
    differences.push(...(await readersDiffer(lake, place, workspace)));
    return { differences, twice: Number(messages?.rows) - Number(messages?.ids) };
  } finally {
    await lake.close();
  }
}

function idDifferences(found: readonly number[], expected: readonly number[]): string[] {
  const counts = new Map<number, number>();
  for (const id of found) counts.set(id, (counts.get(id) ?? 0) + 1);
  const lost = expected.filter((id) => !counts.has(id));
  const doubled = [...counts].filter(([, count]) => count > 1).map(([id]) => id);
  const known = new Set(expected);
  const strange = [...counts.keys()].filter((id) => !known.has(id));
  const say = (what: string, list: readonly number[]): string[] => (list.length === 0 ? [] : [`${list.length} events are ${what} in silver, such as ${list.slice(0, 5).join(', ')}`]);
  return [...say('lost', lost), ...say('twice', doubled), ...say('unknown', strange)];
}

/** The plain glob and a reader of Parquet that is not DuckDB, beside the newest versions. */
async function readersDiffer(lake: OpenedLake, place: FaultLake, workspace: string): Promise<string[]> {
  if (place.kind !== 'local') return [];
  const differences: string[] = [];
  const session = await Session.open({ memoryLimitBytes: 256e6, threads: 1, spillDir: join(workspace, 'spill') });
  try {
    for (const name of await lake.tables()) {
      const snapshot = await lake.snapshot(name);
      const folder = join(place.folder, name.replace('.', '/'));
      const files = snapshot.files.map(({ path }) => join(folder, filePath(path))).sort();
      const there = filesBelow(folder);
      if (there.join('\n') !== files.join('\n')) differences.push(`${name}: ${there.length} files in its folder, ${files.length} in its newest version`);
      if (files.length === 0) continue;
      const [row] = await session.rows('SELECT count(*) AS n FROM read_parquet($glob, hive_partitioning = true, union_by_name = true)', { glob: `${folder}/${'*/'.repeat(snapshot.partitionColumns.length)}*.parquet` });
      if (Number(row?.['n']) !== snapshot.rows) differences.push(`${name}: the plain glob has ${String(row?.['n'])} rows, the newest version ${snapshot.rows}`);
      if (name !== 'silver.event') continue;
      let rows = 0;
      const ids = new Set<unknown>();
      for (const file of files) {
        const read = await parquetReadObjects({ file: await asyncBufferFromFile(file), compressors, columns: ['event_id'] });
        rows += read.length;
        for (const one of read) ids.add(one['event_id']);
      }
      if (rows !== snapshot.rows || ids.size !== rows) differences.push(`${name}: hyparquet reads ${rows} rows with ${ids.size} ids, the newest version has ${snapshot.rows}`);
    }
  } finally {
    session.close();
  }
  return differences;
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.parquet') && !entry.parentPath.includes('_delta_log'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
