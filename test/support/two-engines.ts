import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { generators, type GeneratedDataset } from '../../src/generate/generators.js';
import { Lake } from '../../src/lake/lake.js';
import { identifier } from '../../src/lake/sql.js';
import { createView, readTables } from '../../src/lake/views.js';
import { ingot, type Ended } from '../commands/ingot.js';
import { temporaryFolder } from './lake.js';
import { project } from './pipeline.js';

const dates = ['2026-01-01', '2026-01-02', '2026-01-03'] as const;

/** The whole time that a generated dataset has rows of, also those without a time. */
export const allDates = ['--since', '1970-01-01', '--until', '2026-12-31'] as const;

/** Runs the command line to its end, and fails with what it said when it failed. */
export async function done(args: readonly string[]): Promise<Ended> {
  const ended = await ingot(args);
  assert.equal(ended.status, 0, `${args.join(' ')}\n${ended.stderr}\n${ended.stdout}`);
  return ended;
}

/** A lake of a generated dataset with all its kinds of rows, built by DuckDB. @returns its folder */
export async function generatedLake(name: GeneratedDataset, events: number): Promise<string> {
  const lake = temporaryFolder();
  const source = generated(name, events);
  await done(['run', name, '--from', source, '--lake', lake]);
  if (name !== 'storefront') return lake;
  const database = `pglite://${join(temporaryFolder(), 'orders')}`;
  await promisify(execFile)(process.execPath, ['--import', 'tsx', 'scripts/orders-load.ts', join(source, 'orders', 'orders.csv'), join(source, 'orders', 'order_items.csv'), '--db', database], { cwd: project });
  await done(['run', name, '--from', database, '--lake', lake]);
  return lake;
}

/** Writes generated rows. @returns the file, or the folder of several files */
export function generated(name: GeneratedDataset, events: number): string {
  const folder = temporaryFolder();
  const generator = generators[name];
  const options = { events, days: dates.length, seed: 7, since: dates[0] };
  if (generator.kind !== 'folder') {
    const file = join(folder, generator.kind === 'csv' ? `${name}.csv` : `${name}.ndjson`);
    writeFileSync(file, [...generator.lines(options)].map((line) => `${line}\n`).join(''));
    return file;
  }
  for (const { path, lines } of generator.files(options)) {
    const file = join(folder, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, [...lines].map((line) => `${line}\n`).join(''));
  }
  return folder;
}

/** Names of the tables of a layer. */
export async function tablesOfLayer(root: string, layer: string): Promise<string[]> {
  const lake = Lake.local(root);
  try {
    return await lake.tableNames(layer);
  } finally {
    await lake.close();
  }
}

/**
 * Compares a table of two lakes cell by cell: doubles by the distance between them, in steps of what a double can tell,
 * all else exactly, types too. @param without columns that are left out: two landings have two times of receipt @returns how many rows were compared
 */
export async function assertEqualTables(expectedLake: Lake, actualLake: Lake, layer: string, table: string, { mostUlps = 4, without = [] }: { readonly mostUlps?: number; readonly without?: readonly string[] } = {}): Promise<number> {
  const expected = await rowsOf(expectedLake, layer, table, without);
  const actual = await rowsOf(actualLake, layer, table, without);
  assert.deepEqual(actual.columns, expected.columns, `${layer}.${table}: columns`);
  assert.equal(actual.rows.length, expected.rows.length, `${layer}.${table}: rows`);
  for (const [index, row] of expected.rows.entries()) {
    const other = actual.rows[index] ?? [];
    for (const [place, cell] of row.entries()) {
      const mine = other[place];
      if (typeof cell === 'number' && typeof mine === 'number' ? ulpsBetween(cell, mine) <= mostUlps : cell === mine) continue;
      assert.deepEqual(other, row, `${layer}.${table}, row ${index}, ${expected.columns[place] ?? ''}`);
    }
  }
  return expected.rows.length;
}

async function rowsOf(lake: Lake, layer: string, table: string, without: readonly string[]): Promise<{ readonly columns: readonly string[]; readonly rows: readonly (readonly (string | number | null)[])[] }> {
  const session = await lake.session();
  const [reading] = await readTables(lake, [{ layer, table }]);
  assert.ok(reading, `there is no ${layer}.${table}`);
  await createView(session, lake, reading);
  const columns = reading.snapshot.columns.filter(({ name }) => !without.includes(name));
  const isDouble = (type: string): boolean => type === 'DOUBLE';
  const cells = columns.map(({ name, type }) => (isDouble(type) ? identifier(name) : `CAST(${identifier(name)} AS VARCHAR)`));
  const order = columns.filter(({ type }) => !isDouble(type)).map(({ name }) => `CAST(${identifier(name)} AS VARCHAR)`);
  const rows = await session.rows(`SELECT [${cells.map((_cell, index) => `c${index}`).map((name) => `to_json(${name})`).join(', ')}] AS cells FROM (SELECT ${cells.map((cell, index) => `${cell} AS c${index}`).join(', ')} FROM ${identifier(layer)}.${identifier(table)} ORDER BY ${order.join(', ')})`);
  return {
    columns: columns.map(({ name, type }) => `${name} ${type}`),
    rows: rows.map((row) => (row['cells'] as (string | null)[]).map((cell) => (cell === null ? null : (JSON.parse(cell) as string | number | null)))),
  };
}

/** How many doubles lie between two. */
export function ulpsBetween(a: number, b: number): number {
  if (Object.is(a, b) || a === b) return 0;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return Infinity;
  const place = (value: number): bigint => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value);
    const bits = view.getBigInt64(0);
    return bits < 0n ? -(bits & 0x7fffffffffffffffn) : bits;
  };
  const between = place(a) - place(b);
  return Number(between < 0n ? -between : between);
}

const pollMs = 50;
const pollsMost = 600;

/** Asks another program until it has something to say. */
export async function until<T>(ask: () => Promise<T | null>): Promise<T> {
  for (let polls = 0; polls < pollsMost; polls++) {
    const answer = await ask();
    if (answer !== null) return answer;
    await delay(pollMs);
  }
  throw new Error('half a minute has passed, and it has not happened');
}
