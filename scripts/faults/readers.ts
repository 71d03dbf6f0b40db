import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../src/errors.js';
import { Session } from '../../src/lake/duckdb.js';
import type { TableColumn } from '../../src/lake/schema.js';
import { identifier } from '../../src/lake/sql.js';
import { openLake } from '../../src/library.js';
import { askPython } from '../engines/python.js';
import type { FaultLake } from './lakes.js';
import { contentDifferences, type Content } from './verdict.js';

/** A table's newest version, as Ingot reads it. */
export interface Reading {
  /** `silver.event`. */
  readonly name: string;
  readonly columns: readonly TableColumn[];
  /** Every value of every row, as JSON, sorted. */
  readonly rows: readonly string[];
}

/** Readers of Delta tables that are not ours, as far as they are there. */
export interface Readers {
  /** A Python with deltalake. */
  readonly python: string | null;
  /** DuckDB's extension. */
  readonly delta: string | null;
  readonly httpfs: string | null;
}

const limits = { memoryLimitBytes: 512e6, threads: 1 };

/** All tables of a lake. */
export async function readingsOf(place: FaultLake): Promise<Reading[]> {
  const lake = await openLake(place.place, place.options);
  try {
    const readings: Reading[] = [];
    for (const name of await lake.tables()) {
      const { columns } = await lake.snapshot(name);
      const rows = await lake.query<{ row: string }>(rowsSelect(columns, name));
      readings.push({ name, columns, rows: rows.map(({ row }) => row) });
    }
    return readings;
  } finally {
    await lake.close();
  }
}

/** What other readers see otherwise than Ingot does. */
export async function foreignDifferences(place: FaultLake, readings: readonly Reading[], readers: Readers, workspace: string): Promise<string[]> {
  return [
    ...(readers.python === null ? [] : await byDeltaRs(place, readings, readers.python, workspace)),
    ...(readers.delta === null ? [] : await byExtension(place, readings, readers.delta, readers.httpfs, workspace)),
  ];
}

/** The rows of a reader that has written each table as Parquet: each value is taken as the type that Ingot's log says. */
export async function copiesDiffer(reader: string, readings: readonly Reading[], pathOf: (name: string) => string, workspace: string): Promise<string[]> {
  const session = await Session.open({ ...limits, spillDir: join(workspace, 'spill') });
  try {
    return await differencesOf(reader, readings, (reading) => session.rows(rowsSelect(reading.columns, 'read_parquet($path, hive_partitioning = false)'), { path: pathOf(reading.name) }));
  } finally {
    session.close();
  }
}

async function byDeltaRs(place: FaultLake, readings: readonly Reading[], python: string, workspace: string): Promise<string[]> {
  const folder = join(workspace, 'delta-rs');
  mkdirSync(folder, { recursive: true });
  const pathOf = (name: string): string => join(folder, `${name}.parquet`);
  const options = place.s3 === null ? null : { AWS_ENDPOINT_URL: place.s3.endpoint, AWS_ACCESS_KEY_ID: place.s3.keyId, AWS_SECRET_ACCESS_KEY: place.s3.secret, AWS_REGION: place.s3.region, AWS_ALLOW_HTTP: 'true' };
  const errors = await copied(python, readings.map(({ name }) => ({ table: tablePlace(place, name), to: pathOf(name), options })));
  const failed = readings.flatMap(({ name }, index) => (typeof errors[index] === 'string' ? [`delta-rs can't read ${name}: ${errors[index]}`] : []));
  const read = readings.filter((_reading, index) => errors[index] === null);
  const differences = await copiesDiffer('delta-rs', read, pathOf, workspace);
  rmSync(folder, { recursive: true });
  return [...failed, ...differences];
}

/** Has delta-rs copy tables; the error of each, or null. @throws Error when Python fails */
async function copied(python: string, requests: readonly object[]): Promise<(string | null)[]> {
  return (await askPython(python, new URL('./delta_copy.py', import.meta.url), requests)) as (string | null)[];
}

async function byExtension(place: FaultLake, readings: readonly Reading[], delta: string, httpfs: string | null, workspace: string): Promise<string[]> {
  const session = await Session.open({ ...limits, spillDir: join(workspace, 'spill') });
  try {
    for (const extension of [delta, ...(place.s3 === null || httpfs === null ? [] : [httpfs])]) await session.run(`LOAD '${extension.replaceAll("'", "''")}'`);
    if (place.s3 !== null) {
      const { endpoint, keyId, secret, region } = place.s3;
      await session.run('CREATE SECRET (TYPE s3, KEY_ID $key_id, SECRET $secret, REGION $region, ENDPOINT $endpoint, URL_STYLE $style, USE_SSL false)', { key_id: keyId, secret, region, endpoint: new URL(endpoint).host, style: 'path' });
    }
    return await differencesOf('DuckDB\'s Delta extension', readings, ({ columns, name }) => session.rows(rowsSelect(columns, 'delta_scan($table)'), { table: tablePlace(place, name) }));
  } finally {
    session.close();
  }
}

async function differencesOf(reader: string, readings: readonly Reading[], read: (reading: Reading) => Promise<readonly Readonly<Record<string, unknown>>[]>): Promise<string[]> {
  const differences: string[] = [];
  for (const reading of readings) {
    const content = (rows: readonly string[]): Content => new Map([[reading.name, rows]]);
    try {
      const found = (await read(reading)).map((row) => String(row['row']));
      differences.push(...contentDifferences(content(found), content(reading.rows)).map((difference) => `${reader}: ${difference}`));
    } catch (error) {
      differences.push(`${reader} can't read ${reading.name}: ${messageOf(error)}`);
    }
  }
  return differences;
}

function rowsSelect(columns: readonly TableColumn[], from: string): string {
  const values = columns.map(({ name, type }) => `CAST(${identifier(name)} AS ${type}) AS ${identifier(name)}`).join(', ');
  return `SELECT CAST(to_json(t) AS VARCHAR) AS row FROM (SELECT ${values} FROM ${from}) AS t ORDER BY ALL`;
}

function tablePlace(place: FaultLake, name: string): string {
  return `${place.place}/${name.replace('.', '/')}`;
}
