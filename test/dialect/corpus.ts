import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance, DuckDBIntervalValue, type DuckDBConnection } from '@duckdb/node-api';
import { fromDuckType, parseAthena, translateAthena, type Table, type Type } from '../../src/dialect/dialect.js';

/** A plain value as a text. */
function words(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : `${value as string | number | boolean | undefined}`;
}

export interface CorpusQuery {
  readonly id: string;
  /** `ord`: the order of its rows counts; `-`: it asks for an approximation. */
  readonly order: string;
  readonly sql: string;
}

/** Queries of a file, each below a line `-- @ id class order : what it shows`. */
export function readCorpus(path: string): CorpusQuery[] {
  return readFileSync(path, 'utf8').split(/^-- @ /m).slice(1).map((part) => {
    const [header = '', ...lines] = part.split('\n');
    const [id = '', , order = ''] = header.split(' ');
    return { id, order, sql: lines.join('\n').trim() };
  });
}

export const ownCorpus = fileURLToPath(new URL('./corpus.sql', import.meta.url));
export const expectedFile = fileURLToPath(new URL('./expected/corpus.ndjson', import.meta.url));
/** A corpus that lies beside the repository, where it is there. */
export const sharedFolder = fileURLToPath(new URL('../../../shared/data/dialect/', import.meta.url));
export const hasShared = existsSync(`${sharedFolder}athena.sql`);

/** Names of the own corpus' tables; each is made by the `.sql` file of its name. */
export const ownTables = ['visits', 'raw', 'kinds'] as const;

export function ownTableSql(name: string): string {
  return readFileSync(new URL(`./${name}.sql`, import.meta.url), 'utf8');
}

export type Canonical = null | boolean | number | string | readonly Canonical[] | { readonly [key: string]: Canonical };

/** A DuckDB with tables that queries in Athena's SQL can name. */
export class DialectSession {
  private readonly tables = new Map<string, Table>();
  private readonly macros = new Set<string>();

  private constructor(readonly connection: DuckDBConnection) {}

  static async open(): Promise<DialectSession> {
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    await connection.run("SET TimeZone = 'UTC'");
    return new DialectSession(connection);
  }

  /** Makes a table. @returns its columns, as Trino types them */
  async make(name: string, select: string): Promise<readonly { readonly name: string; readonly type: Type }[]> {
    await this.connection.run(`CREATE TABLE ${name} AS ${select}`);
    const described = await this.connection.runAndReadAll(`DESCRIBE ${name}`);
    const columns = described.getRowsJson().map(([column, type]) => ({ name: words(column), sql: words(column), type: fromDuckType(words(type)) ?? { kind: 'unknown' as const } }));
    this.tables.set(name, { sql: name, columns });
    return columns;
  }

  translate(sql: string): ReturnType<typeof translateAthena> {
    return translateAthena(parseAthena(sql), (names) => this.tables.get(names.join('.')));
  }

  /** Runs a query in Athena's SQL. @returns its rows in the form that both engines are compared in, and its columns' types */
  async run(sql: string): Promise<{ readonly rows: Canonical[][]; readonly types: readonly Type[] }> {
    const { text, macros, types } = this.translate(sql);
    for (const macro of macros) {
      if (!this.macros.has(macro)) await this.connection.run(macro);
      this.macros.add(macro);
    }
    const reader = await this.connection.runAndReadAll(text);
    const raw = reader.getRows();
    const rows = reader.getRowsJson().map((row, line) => row.map((value, index) => {
      const of = raw[line]?.[index];
      return of instanceof DuckDBIntervalValue ? of.days * 86_400_000 + Number(of.micros / 1000n) : fromDuckDb(value, types[index]!);
    }));
    return { rows, types };
  }
}

function fromDuckDb(value: Canonical, type: Type): Canonical {
  if (value === null) return null;
  switch (type.kind) {
    case 'array':
      return (value as readonly Canonical[]).map((each) => fromDuckDb(each, type.of));
    case 'map':
      return sorted((value as unknown as readonly { key: Canonical; value: Canonical }[]).map((entry) => [words(fromDuckDb(entry.key, type.key)), fromDuckDb(entry.value, type.value)]));
    case 'row':
      return Object.values(value as object).map((each, index) => fromDuckDb(each as Canonical, type.fields[index]!.type));
    case 'varbinary':
      return Buffer.from(words(value).replaceAll(/\\x([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))), 'latin1').toString('base64');
    default:
      return scalar(value, type);
  }
}

/** A value of Trino's protocol in the same form. */
export function fromTrino(value: unknown, type: Type): Canonical {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case 'array':
      return (value as readonly unknown[]).map((each) => fromTrino(each, type.of));
    case 'map':
      return sorted(Object.entries(value).map(([key, each]) => [key, fromTrino(each, type.value)]));
    case 'row':
      return (value as readonly unknown[]).map((each, index) => fromTrino(each, type.fields[index]!.type));
    case 'interval day to second': {
      const [, sign, days, hours, minutes, seconds, ms] = /^(-?)(\d+) (\d+):(\d+):(\d+)\.(\d+)$/.exec(words(value)) ?? [];
      return (sign === '-' ? -1 : 1) * (Number(days) * 86_400_000 + Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1000 + Number(ms));
    }
    default:
      return scalar(value as Canonical, type);
  }
}

function sorted(entries: readonly (readonly [string, Canonical])[]): Canonical {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function scalar(value: Canonical, type: Type): Canonical {
  if (type.kind === 'boolean') return value;
  if (type.kind === 'double' || type.kind === 'real') return ['NaN', 'Infinity', '-Infinity'].includes(words(value)) ? words(value) : Number(value);
  if (type.kind === 'date') return words(value).replace(/^\+/, '');
  return type.kind === 'timestamp' || type.kind === 'timestamptz' ? stamp(words(value)) : words(value);
}

/** Instants in UTC, with microseconds. */
function stamp(value: string): string {
  const [, time = '', fraction = '', zone = 'UTC'] = /^\+?(\d+-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.(\d+))?(?: (.*)|\+00)?$/.exec(value) ?? [];
  const micros = `${fraction}000000`.slice(0, 6);
  if (zone === 'UTC') return `${time}.${micros}`;
  const local = new Date(`${time.replace(' ', 'T')}Z`);
  const name = /^[+-]/.test(zone) ? `GMT${zone}` : new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(local).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours = '0', minutes = '0'] = /GMT([+-])(\d+):(\d+)/.exec(name) ?? [];
  const offsetMs = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  return `${new Date(local.getTime() - offsetMs).toISOString().slice(0, 19).replace('T', ' ')}.${micros}`;
}

/** Whether two values are equal: doubles but for their last digits, all else exactly. */
export function equal(a: Canonical | undefined, b: Canonical | undefined): boolean {
  if (a === b) return true;
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b), 1);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a as Record<string, Canonical>, b as Record<string, Canonical>];
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => key in right && equal(left[key], right[key]));
}

/** The first difference of two answers, or null. Where the order doesn't count, both are sorted. */
export function difference(expected: readonly (readonly Canonical[])[], actual: readonly (readonly Canonical[])[], order: string): string | null {
  if (expected.length !== actual.length) return `${expected.length} rows are expected, and there are ${actual.length}`;
  const arranged = (rows: typeof expected): typeof expected => (order === 'ord' ? rows : [...rows].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)));
  const [left, right] = [arranged(expected), arranged(actual)];
  const line = left.findIndex((row, index) => !equal(row, right[index]));
  return line < 0 ? null : `row ${line}: ${JSON.stringify(left[line])} is expected, and it is ${JSON.stringify(right[line])}`;
}
