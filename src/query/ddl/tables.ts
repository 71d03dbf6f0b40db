import { LakeError } from '../../errors.js';
import type { Lake } from '../../lake/lake.js';
import { fieldsOf } from '../../lake/schema.js';
import type { Snapshot } from '../../lake/snapshot.js';
import type { DeltaField } from '../../lake/types.js';
import { tablesOf } from '../query.js';

/** Statements for one engine, each of which runs as it is. */
export interface Ddl {
  readonly statements: readonly string[];
  /** How many tables the lake has. */
  readonly tables: number;
  /** Tables without files, `gold.session`, whose statements must be made again once they have some. */
  readonly empty: readonly string[];
  /** Tables that the engine can't be shown. */
  readonly omitted: readonly Omitted[];
  /** What is to be known of the statements, a line each. */
  readonly notes: readonly string[];
}

export interface Omitted {
  /** `silver.event`. */
  readonly table: string;
  readonly reason: string;
}

/** Where and under which names an engine is to see a lake. */
export interface DdlOptions {
  /** The lake's root as the engine names it: `s3://bucket/prefix`, `file:///lake`. Null: as the lake is opened. */
  readonly location: string | null;
  /** Goes before `bronze`, `silver` and `gold`. */
  readonly databasePrefix: string;
  /** Of Trino: the catalog that gets the tables. Null: `delta`, or `hive` for plain tables. */
  readonly catalog: string | null;
  /** The tables' files by their folders, for a reader without Delta. */
  readonly plain: boolean;
  /** The date in UTC, `2026-01-31`. */
  readonly today: string;
  /** The platforms that a table's contract knows; none when it is not known. */
  readonly platformsOf: (layer: string, table: string) => readonly string[];
  /** Of a lake in S3. */
  readonly server: { readonly endpoint: URL | null; readonly region: string; readonly pathStyle: boolean } | null;
}

/** A table as a catalog is told of it. */
export interface CatalogTable {
  readonly layer: string;
  readonly table: string;
  /** `<prefix>silver`. */
  readonly database: string;
  /** The table's folder as the engine names it, without a `/` at its end. */
  readonly location: string;
  /** All columns in the log's order. */
  readonly fields: readonly DeltaField[];
  readonly partitionBy: readonly string[];
  /** Of its files, each once. */
  readonly partitions: readonly Readonly<Record<string, string | null>>[];
}

/** What has been made of the tables of a lake. */
export interface Made {
  /** Those that there are statements for, in the order of the lake's layers. */
  readonly made: readonly CatalogTable[];
  readonly statements: readonly string[];
  readonly omitted: readonly Omitted[];
}

/**
 * Makes statements for each table of a lake at its newest version; those that can't be read, or that the engine can't be shown, are left out.
 * @param root the lake's, as the engine names it
 * @param make throws LakeError TABLE_UNSUPPORTED for a table that the engine can't be shown
 */
export async function statementsFor(lake: Lake, root: string, databasePrefix: string, make: (table: CatalogTable) => readonly string[]): Promise<Made & { readonly tables: number }> {
  const tables: CatalogTable[] = [];
  const unread: Omitted[] = [];
  const names = await tablesOf(lake);
  for (const { layer, table } of names) {
    const omitted = await orOmitted({ layer, table }, async () => {
      const snapshot = await lake.table(layer, table).snapshot();
      if (snapshot !== null) tables.push({ layer, table, database: `${databasePrefix}${layer}`, location: `${root}/${layer}/${table}`, fields: fieldsOf(snapshot.metaData), partitionBy: snapshot.metaData.partitionColumns, partitions: partitionsOf(snapshot) });
    });
    if (omitted !== null) unread.push(omitted);
  }
  const { made, statements, omitted } = await madeFor(tables, make);
  return { made, statements, omitted: [...unread, ...omitted], tables: names.length };
}

function partitionsOf({ files, metaData }: Snapshot): CatalogTable['partitions'] {
  return [...new Map([...files.values()].map(({ partitionValues }) => [JSON.stringify(metaData.partitionColumns.map((column) => partitionValues[column])), partitionValues])).values()];
}

/** Does the work for a table, or says why it is left out. */
export async function orOmitted(table: { readonly layer: string; readonly table: string }, work: () => Promise<void> | void): Promise<Omitted | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (!(error instanceof LakeError) || error.code !== 'TABLE_UNSUPPORTED') throw error;
    return { table: nameOf(table), reason: error.message };
  }
}

export function nameOf({ layer, table }: { readonly layer: string; readonly table: string }): string {
  return `${layer}.${table}`;
}

/** The databases of tables, each once. */
export function databasesOf(tables: readonly CatalogTable[]): string[] {
  return [...new Set(tables.map(({ database }) => database))];
}

/** Columns that the files hold, and those that their folders tell, in the order of the folders. */
export function columnsOfFiles({ fields, partitionBy }: CatalogTable): { readonly own: readonly DeltaField[]; readonly partition: readonly DeltaField[] } {
  return {
    own: fields.filter(({ name }) => !partitionBy.includes(name)),
    partition: partitionBy.map((column) => fields.find(({ name }) => name === column)).filter((field) => field !== undefined),
  };
}

/** As of `statementsFor`, for tables that are open. */
export async function madeFor(tables: readonly CatalogTable[], make: (table: CatalogTable) => readonly string[]): Promise<Made> {
  const made: CatalogTable[] = [];
  const statements: string[] = [];
  const omitted: Omitted[] = [];
  const taken = new Set<string>();
  for (const table of tables) {
    const left = await orOmitted(table, () => {
      const key = nameOf(table).toLowerCase();
      if (taken.has(key)) throw unsupported(table, 'another table has its name, case aside');
      statements.push(...make(table));
      taken.add(key);
      made.push(table);
    });
    if (left !== null) omitted.push(left);
  }
  return { made, statements, omitted };
}

/** Says that an engine can't be shown a table: the other tables are none the worse for it. */
export function unsupported({ layer, table }: { readonly layer: string; readonly table: string }, why: string): LakeError {
  return new LakeError(why, { code: 'TABLE_UNSUPPORTED', op: 'ddl', path: `${layer}/${table}`, hint: 'Read it by `ingot query`.' });
}
