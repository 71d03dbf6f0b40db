import { LakeError } from '../errors.js';
import { fill, sqlFile } from '../lake/sql.js';
import { tableOf, type Path } from './path.js';
import { withSource, type ReadingOptions } from './source.js';
import { mostPaths, nullTexts, statisticsOf, type Statistics, type TopValue } from './statistics.js';
import type { Session } from '../lake/duckdb.js';
import { textList } from '../lake/duckdb.js';

const bodySql = sqlFile(import.meta.url, './sql/body.sql');
const kindsSql = sqlFile(import.meta.url, './sql/kinds.sql');
const containerSql = sqlFile(import.meta.url, './sql/container.sql');
const levelSql = sqlFile(import.meta.url, './sql/level.sql');
const nodeSql = sqlFile(import.meta.url, './sql/node.sql');
const deeperSql = sqlFile(import.meta.url, './sql/deeper.sql');
const nullTextsSql = sqlFile(import.meta.url, './sql/null-texts.sql');
/** What lies deeper is counted where it begins. */
const mostLevels = 32;

/** What the rows of a source hold. */
export interface Findings {
  /** The first file's name; `-` for stdin. */
  readonly name: string;
  readonly csv: boolean;
  /** Objects: the rows that can land. */
  readonly rows: number;
  /** Other lines, by what they are: `not_json`, `array`, `empty`, `left_out`, … */
  readonly others: Readonly<Record<string, number>>;
  /** As bodies have them. */
  readonly paths: readonly Statistics[];
  /** More paths than can be shown: the rarest were left out. */
  readonly cut: boolean;
  /** Texts that are likely to mean null, and how often they are there. */
  readonly nullTexts: readonly TopValue[];
}

/** Reads a source whole and counts what stands where. @throws LakeError as `withSource`; SOURCE_UNREADABLE when no line is an object */
export async function findings(from: string, options: ReadingOptions): Promise<Findings> {
  return withSource(from, options, async ({ session, linesPath, leftOut, csv, name }) => {
    await session.run(bodySql, { lines_path: linesPath });
    const kinds = Object.fromEntries((await session.rows(kindsSql)).map((row) => [String(row['kind']), Number(row['rows'])]));
    const { OBJECT: rows = 0, ...rest } = kinds;
    const others = Object.fromEntries([...Object.entries(rest).map(([kind, count]) => [kind.toLowerCase(), count] as const), ...(leftOut > 0 ? [['left_out', leftOut] as const] : [])]);
    if (rows === 0) {
      throw new LakeError(`there is no ${csv ? 'record' : 'JSON object'} in ${from}`, { code: 'SOURCE_UNREADABLE', op: 'read file', path: from, hint: 'It takes lines of JSON objects, a JSON array of them, or CSV with a header in a file that is called .csv or .tsv.' });
    }
    await walk(session);
    const read = (sql: string, parameters: Parameters<Session['rows']>[1]): Promise<Record<string, unknown>[]> => session.rows(sql, parameters);
    const counted = await statisticsOf(read, 'node');
    const paths = inOrder(counted);
    const found = await session.rows(fill(nullTextsSql, { nodes: 'node' }), { null_texts: textList(nullTexts) });
    return { name, csv, rows, others, paths, cut: counted.length === mostPaths, nullTexts: found.map((row) => ({ value: String(row['text']), rows: Number(row['rows']) })) };
  });
}

/** Makes the table `node` of `body`, level by level. */
async function walk(session: Session): Promise<void> {
  await session.run('CREATE TEMP TABLE node (path VARCHAR, kind VARCHAR, text VARCHAR, place UBIGINT)');
  await session.run(containerSql);
  await session.run('DROP TABLE body');
  for (let level = 1; level <= mostLevels; level++) {
    await session.run(levelSql);
    await session.run(nodeSql);
    await session.run(deeperSql);
    const [left] = await session.rows('SELECT count(*) AS containers FROM container');
    if (Number(left?.['containers']) === 0) return;
  }
}

/** As bodies have them: a path behind the one that it lies in, siblings as they first stand. */
function inOrder(paths: readonly Statistics[]): Statistics[] {
  const children = new Map<Path, Statistics[]>();
  for (const each of paths) {
    const parent = each.path.slice(0, each.path.lastIndexOf('/'));
    children.set(parent, [...(children.get(parent) ?? []), each]);
  }
  const below = (parent: Path): Statistics[] =>
    (children.get(parent) ?? []).sort((a, b) => a.place - b.place || (a.path < b.path ? -1 : 1)).flatMap((each) => [each, ...below(each.path)]);
  return below('');
}

/** How many rows a path could be in: objects of the source, or elements of the array that it lies in. */
export function rowsAround({ rows, paths }: Pick<Findings, 'rows' | 'paths'>, path: Path): number {
  const table = tableOf(path);
  return table === '' ? rows : (paths.find((each) => each.path === table)?.rows ?? 0);
}
