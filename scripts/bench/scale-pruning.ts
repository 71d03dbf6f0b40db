import { join } from 'node:path';
import { parseDurationMs } from '../../src/config.js';
import { TrinoRun } from '../../src/engines/trino/run.js';
import { trinoTarget } from '../../src/engines/trino/target.js';
import { generateShop } from '../../src/generate/shop.js';
import { writeLines } from '../../src/generate/write.js';
import type { TableColumn } from '../../src/lake/schema.js';
import { identifier } from '../../src/lake/sql.js';
import { createView, readTables, type FileFilter, type Reading } from '../../src/lake/views.js';
import { buildSilver } from '../../src/silver/silver.js';
import { cachedTrino, Trino } from '../engines/trino.js';
import { VersityGw } from '../engines/versitygw.js';
import { findEngines } from '../faults/engines.js';
import { CountingLink } from './scale-proxy.js';
import { grouped, threeDigits, type ScaleResult } from './scale-table.js';
import { landFrom, withLake, type Workbench } from './workbench.js';

const bucket = 'bench-pruning';
const layer = 'silver';
const table = 'item_event';
const [days, since, day] = [30, '2026-01-01', '2026-01-15'] as const;
const timesEvents = 3;
/** Athena's price in most regions, and the least that it charges a query for. Source: its price list. */
const usdPerTb = 5;
const platform = 'IOS';

/** A question, and the partitions that can answer it. */
interface Question {
  readonly what: string;
  readonly columns: (columns: readonly TableColumn[]) => readonly TableColumn[];
  readonly where: string;
  readonly filter: FileFilter;
}

const one = (name: string) => (columns: readonly TableColumn[]): TableColumn[] => columns.filter((column) => column.name === name);
const all = (columns: readonly TableColumn[]): readonly TableColumn[] => columns;
const ofDay = `event_date = DATE '${day}'`;
const isDay: FileFilter = (partition) => partition['event_date'] === day;
const questions: readonly Question[] = [
  { what: 'all columns, all days', columns: all, where: 'true', filter: () => true },
  { what: 'all columns, one day', columns: all, where: ofDay, filter: isDay },
  { what: 'all columns, one day and platform', columns: all, where: `${ofDay} AND platform = '${platform}'`, filter: (partition, path) => isDay(partition, path) && partition['platform'] === platform },
  { what: 'one number, all days', columns: one('quantity'), where: 'true', filter: () => true },
  { what: 'one text, all days', columns: one('item_name'), where: 'true', filter: () => true },
  { what: 'one number, one day and platform', columns: one('quantity'), where: `${ofDay} AND platform = '${platform}'`, filter: (partition, path) => isDay(partition, path) && partition['platform'] === platform },
  { what: 'all columns, by event_timestamp alone, one hour', columns: all, where: `event_timestamp >= TIMESTAMP '${day} 10:00:00 UTC' AND event_timestamp < TIMESTAMP '${day} 11:00:00 UTC'`, filter: () => true },
];

/** What a question reads of a table of 30 days, by its partitions and columns: in S3 by DuckDB, on the wire, and by Trino's own count. */
export async function pruning(bench: Workbench): Promise<ScaleResult> {
  const { versityGw, httpfs } = await findEngines();
  if (versityGw === null || httpfs === null) return { part: 'pruning', tables: [], notes: ['versitygw and httpfs are not in the cache: `npm run test:engines` puts them there; nothing was measured'] };
  const file = join(bench.folder, 'pruning.ndjson');
  await writeLines(generateShop({ events: bench.events * timesEvents, days, seed: 1, since, form: 'json' }), file);
  const server = await VersityGw.start(versityGw);
  const link = await CountingLink.open(Number(new URL(server.endpoint).port));
  try {
    await server.makeBucket(bucket);
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${link.port}`, AWS_ACCESS_KEY_ID: server.keyId, AWS_SECRET_ACCESS_KEY: server.secret,
      AWS_REGION: 'us-east-1', AWS_EC2_METADATA_DISABLED: 'true', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', INGOT_DUCKDB_EXTENSIONS: httpfs,
    });
    const lakeDir = `s3://${bucket}/lake`;
    await landFrom(lakeDir, file, bench.dataset);
    await withLake(lakeDir, (lake) => buildSilver(lake, bench.dataset));
    const reading = await readingOf(lakeDir);
    const byDuckdb: number[] = [];
    for (const question of questions) byDuckdb.push(await onTheWire(lakeDir, link, question));
    const s3 = { endpoint: server.endpoint, region: 'us-east-1', accessKeyId: server.keyId, secretAccessKey: server.secret, bucket };
    return resultOf(reading, byDuckdb, await byTrino(lakeDir, s3));
  } finally {
    await link.close();
    await server.stop();
  }
}

function readingOf(lakeDir: string): Promise<Reading> {
  return withLake(lakeDir, async (lake) => {
    const [reading] = await readTables(lake, [{ layer, table }]);
    if (reading === undefined) throw new Error(`${layer}.${table} is not there`);
    return reading;
  });
}

/** Bytes that DuckDB fetches of the files, without the log, by a process that has read nothing yet. */
function onTheWire(lakeDir: string, link: CountingLink, question: Question): Promise<number> {
  return withLake(lakeDir, async (lake) => {
    const session = await lake.session();
    const [reading] = await readTables(lake, [{ layer, table }]);
    if (reading === undefined) throw new Error(`${layer}.${table} is not there`);
    const before = link.receivedBytes;
    await createView(session, lake, reading);
    const { columns, where } = question;
    const cells = columns(reading.snapshot.columns).map(({ name }) => `max(length(CAST(${identifier(name)} AS VARCHAR)))`);
    const [row] = await session.rows(`SELECT count(*) AS n, ${cells.join(', ')} FROM ${layer}.${table} WHERE ${where}`);
    if (Number(row?.['n']) === 0) throw new Error(`${question.what}: there are no such rows`);
    return link.receivedBytes - before;
  });
}

/** What Trino says that it has read; null: it is not in the cache. */
async function byTrino(lakeDir: string, s3: NonNullable<Parameters<typeof Trino.start>[0]>['s3']): Promise<number[] | null> {
  const programs = await cachedTrino();
  if (programs === null) return null;
  const trino = await Trino.start({ workers: 0, hive: { 'parquet.small-file-threshold': '0B' }, ...(s3 === undefined ? {} : { s3 }) }, programs);
  try {
    return await withLake(lakeDir, async (lake) => {
      const run = await TrinoRun.open(lake, trinoTarget(`trino://bench@127.0.0.1:${trino.port}/hive`, {}, parseDurationMs));
      try {
        const [reading] = await readTables(lake, [{ layer, table }]);
        if (reading === undefined) throw new Error(`${layer}.${table} is not there`);
        await run.view(reading);
        const read: number[] = [];
        for (const { columns, where } of questions) {
          const cells = columns(reading.snapshot.columns).map(({ name, type }) => `max(${/^MAP|\[\]$/.test(type) ? `cardinality(${identifier(name)})` : `length(CAST(${identifier(name)} AS varchar))`})`);
          read.push((await run.rows(`SELECT count(*), ${cells.join(', ')} FROM ${layer}.${table} WHERE ${where}`)).readBytes);
        }
        return read;
      } finally {
        await run.close();
      }
    });
  } finally {
    await trino.stop();
  }
}

function resultOf({ snapshot }: Reading, duckdb: readonly number[], trino: readonly number[] | null): ScaleResult {
  const files = [...snapshot.files.values()];
  const whole = files.reduce((total, { size }) => total + size, 0);
  const share = (bytes: number): string => `${threeDigits((100 * bytes) / whole)} %`;
  const rows = questions.map(({ what, filter }, index) => {
    const opened = files.filter((file) => filter(file.partitionValues, file.path));
    const byLog = opened.reduce((total, { size }) => total + size, 0);
    const [wire, engine] = [duckdb[index] ?? NaN, trino?.[index] ?? NaN];
    const charged = trino === null ? wire : engine;
    return [what, String(opened.length), share(byLog), `${threeDigits(wire / 1e6)} MB, ${share(wire)}`, trino === null ? 'not measured' : `${threeDigits(engine / 1e6)} MB, ${share(engine)}`, threeDigits((usdPerTb * charged) / whole)];
  });
  return {
    part: 'pruning',
    tables: [{ head: ['what is asked of `silver.item_event`', 'files', 'of its bytes, by the log', 'DuckDB, fetched from S3', 'Trino, read', 'USD on Athena, if the table had 1 TB'], rows }],
    notes: [
      `${days} days and 2 platforms: ${files.length} files of ${grouped(whole / 1e6)} MB, ${snapshot.columns.length} columns. DuckDB's bytes are counted on the way from the server, headers and footers included; Trino's are its \`physicalInputBytes\`, with \`parquet.small-file-threshold=0B\`: by default it reads files below 3 MB whole, as these are`,
      `Athena takes ${usdPerTb} USD a TB that it reads, 10 MB a query at least; reckoned with Trino's share, since Athena is built on it. Nothing was run there`,
    ],
  };
}
