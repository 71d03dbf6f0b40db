import { randomUUID } from 'node:crypto';
import { LakeError, messageOf } from '../../errors.js';
import type { Lake } from '../../lake/lake.js';
import { filePath } from '../../lake/layout.js';
import type { TableColumn } from '../../lake/schema.js';
import { identifier } from '../../lake/sql.js';
import { recordsOf } from '../../lake/statistics.js';
import type { StagedFile } from '../../lake/staged.js';
import type { FileFilter, Reading } from '../../lake/views.js';
import { TrinoClient, type StatementOptions, type StatementProgress, type TrinoResult } from './client.js';
import { EngineError } from './errors.js';
import { literal, positional, type Statement, type TrinoValue } from './literal.js';
import { namedTables } from './names.js';
import { datesOf, externalTable, filesOf, mostNamedPaths, snapshotSelect, type SnapshotFile } from './sources.js';
import { stagedFiles } from './staging.js';
import type { TrinoTarget } from './target.js';
import { trinoType } from './types.js';

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** What is being made, and how far it is. */
  readonly told?: ((what: string, progress: StatementProgress) => void) | undefined;
}

type Parameters = Readonly<Record<string, TrinoValue>>;

const oldMs = 86_400_000;
const form = /^ingot_([0-9a-z]{8,9})_[0-9a-f]{8}_/;

/** What a builder makes on Trino: tables of its own, that nobody else sees and that go when it is closed. */
export class TrinoRun {
  private readonly client: TrinoClient;
  private readonly prefix: string;
  private readonly made: string[] = [];
  /** What a name in SQL stands for: `silver.event`, or what a step is called. */
  private readonly selects = new Map<string, string>();
  private tables = 0;

  private constructor(
    private readonly lake: Lake,
    private readonly target: TrinoTarget,
    private readonly options: RunOptions,
  ) {
    this.client = new TrinoClient(target, lake.clock, { [`${target.catalog}.timestamp_precision`]: 'MICROSECONDS' });
    this.prefix = `ingot_${Math.trunc(lake.clock.nowMs()).toString(36)}_${randomUUID().slice(0, 8)}_`;
  }

  /** Makes the schema that is Ingot's, and removes what dead runs have left there for a day. @throws LakeError as of `TrinoClient.run` */
  static async open(lake: Lake, target: TrinoTarget, options: RunOptions = {}): Promise<TrinoRun> {
    const run = new TrinoRun(lake, target, options);
    for (const catalog of new Set([target.catalog, target.stagingCatalog])) {
      const schema = `${catalog}.${identifier(target.schema)}`;
      await run.ask(`CREATE SCHEMA IF NOT EXISTS ${schema}${catalog === target.stagingCatalog ? ` WITH (location = ${literal(`${run.lakeLocation}/_ingot/engine`)})` : ''}`);
      for (const [name] of (await run.ask(`SHOW TABLES FROM ${schema} LIKE 'ingot\\_%' ESCAPE '\\'`)).rows) {
        const sinceMs = parseInt(form.exec(String(name))?.[1] ?? '', 36);
        if (lake.clock.nowMs() - sinceMs > oldMs) await run.ask(`DROP TABLE IF EXISTS ${schema}.${identifier(String(name))}`).catch(() => undefined);
      }
    }
    return run;
  }

  /** Lets SQL of this run read a table as `layer.table`, or by another name: the files of one snapshot. Again: others of its files. */
  async view(reading: Reading, filter: FileFilter = () => true, as = `${reading.layer}.${reading.table}`): Promise<void> {
    const files = filesOf(reading, filter);
    refuseLetters(reading, files);
    if (files.length === 0) {
      this.selects.set(as.toLowerCase(), snapshotSelect('', reading, null, null));
      return;
    }
    const location = `${this.lakeLocation}/${reading.layer}/${reading.table}`;
    const name = await this.external(reading, location);
    const paths = files.map(({ path }) => `${location}/${filePath(path)}`);
    const select = snapshotSelect(name, reading, await this.pathList(paths), datesOf(files));
    await this.checkWhole(reading, files, select);
    this.selects.set(as.toLowerCase(), select);
  }

  /** An engine that keeps listings sees a table as it was: rows would be missing without a word. The files' footers tell, and are all that is read. */
  private async checkWhole(reading: Reading, files: readonly SnapshotFile[], select: string): Promise<void> {
    const expected = files.map((file) => recordsOf(file.stats));
    if (expected.includes(null)) return;
    const rows = expected.reduce<number>((total, each) => total + (each ?? 0), 0);
    const counted = Number((await this.ask(`SELECT count(*) FROM (${select}) AS counted`)).rows[0]?.[0]);
    if (counted === rows) return;
    const path = `${reading.layer}.${reading.table}`;
    throw new LakeError(`the engine sees ${counted} of the ${rows} rows of ${path} at version ${reading.snapshot.version}`, { code: 'ENGINE_FAILED', op: 'engine', path, hint: 'It may keep old listings (hive.file-status-cache, hive.metastore-cache) of this folder: turn that off for the schema that is Ingot\'s. Nothing was published.' });
  }

  /** Makes the rows of a SELECT a table that later SQL of this run reads by a name. */
  async make(name: string, select: string, parameters: Parameters, stagingDir: string): Promise<void> {
    const table = await this.create(name, this.named(select), parameters, [], `${this.stagingLocation(stagingDir)}/work-${this.tables}-${name}`);
    this.selects.set(name.toLowerCase(), `SELECT * FROM ${table}`);
  }

  /**
   * Writes the rows of a SELECT as files, whole and not visible to any reader.
   * @param columns the table's, whose types the rows are cast to
   * @param stagingDir an absent folder of the lake's staging
   */
  async put(name: string, select: string, parameters: Parameters, columns: readonly TableColumn[], partitionBy: readonly string[], stagingDir: string): Promise<StagedFile[]> {
    const cast = columns.map(({ name: column, type }) => `CAST(${identifier(column)} AS ${trinoType(type)}) AS ${identifier(column)}`).join(', ');
    const location = this.stagingLocation(stagingDir);
    const table = await this.create(name, `SELECT ${cast} FROM (${this.named(select)}) AS ingot_rows`, parameters, partitionBy, location);
    return stagedFiles({ lake: this.lake, ask: (sql) => this.ask(sql), table, release: () => this.release(table), localOf: (path) => this.localOf(path) }, columns, partitionBy, stagingDir);
  }

  /** Rows of a SELECT over what the run reads. */
  rows(select: string, parameters: Parameters = {}, page?: StatementOptions['page']): Promise<TrinoResult> {
    return this.asked(positional(this.named(select), parameters), { told: this.told('query'), page });
  }

  /** Drops what was made, also after a failure or a stop; what can't be dropped goes with a later run. */
  async close(): Promise<void> {
    const client = new TrinoClient(this.target, this.lake.clock);
    for (const table of this.made.splice(0).reverse()) {
      const failure: unknown = await client.run(`DROP TABLE IF EXISTS ${table}`).then(() => null, (error: unknown) => error);
      if (failure instanceof LakeError && failure.code === 'ENGINE_UNREACHABLE') return;
    }
  }

  private get lakeLocation(): string {
    const { root, remote } = this.lake.storage;
    return this.target.lake ?? (remote === null ? `local://${root}` : root);
  }

  /** A folder below the lake's root, as the engine names it. */
  private stagingLocation(stagingDir: string): string {
    return `${this.lakeLocation}/${this.lake.storage.engineStaging(this.lake.storage.stagedPath(stagingDir))}`;
  }

  /** The inverse: what the engine has written, as DuckDB names it. */
  private localOf(location: string): string {
    if (!location.startsWith(`${this.lakeLocation}/`)) throw new LakeError(`the engine has written outside of the lake: ${location}`, { code: 'ENGINE_FAILED', op: 'engine', path: location, hint: `The lake is ${this.lakeLocation} to it: set lake=… in the engine's URL.` });
    return this.lake.storage.locate(decodeURI(location.slice(this.lakeLocation.length + 1)));
  }

  /** Names a table that is going to be made: what is named goes when the run is closed. @returns its name, and that quoted behind catalog and schema */
  private newTable(catalog: string, what: string): { readonly table: string; readonly name: string } {
    const name = `${this.prefix}${this.tables++}_${what.toLowerCase()}`;
    const table = `${catalog}.${identifier(this.target.schema)}.${identifier(name)}`;
    this.made.push(table);
    return { table, name };
  }

  private async create(what: string, select: string, parameters: Parameters, partitionBy: readonly string[], location: string): Promise<string> {
    const { table } = this.newTable(this.target.stagingCatalog, what);
    const partitioned = partitionBy.length === 0 ? '' : `, partitioning = ARRAY[${partitionBy.map(literal).join(', ')}]`;
    await this.asked(positional(`CREATE TABLE ${table} WITH (format = 'PARQUET', location = ${literal(location)}${partitioned}) AS ${select}`, parameters), { told: this.told(what) });
    return table;
  }

  /** Takes a table out of the catalog and leaves its files. */
  private async release(table: string): Promise<void> {
    const name = table.slice(table.lastIndexOf('.') + 2, -1);
    await this.ask(`CALL ${this.target.stagingCatalog}.system.unregister_table(schema_name => ${literal(this.target.schema)}, table_name => ${literal(name)})`);
    this.made.splice(this.made.indexOf(table), 1);
  }

  private readonly externals = new Map<string, string>();

  private async external(reading: Reading, location: string): Promise<string> {
    const key = `${reading.layer}.${reading.table}@${reading.snapshot.version}`;
    const known = this.externals.get(key);
    if (known !== undefined) return known;
    const { table, name } = this.newTable(this.target.catalog, reading.table);
    await this.ask(externalTable(table, location, reading));
    if (reading.snapshot.metaData.partitionColumns.length > 0) await this.ask(`CALL ${this.target.catalog}.system.sync_partition_metadata(${literal(this.target.schema)}, ${literal(name)}, 'FULL')`);
    this.externals.set(key, table);
    return table;
  }

  /** SQL of a list of paths; of many, of a table that has them. */
  private async pathList(paths: readonly string[]): Promise<string> {
    if (paths.length <= mostNamedPaths) return paths.map(literal).join(', ');
    const { table } = this.newTable(this.target.stagingCatalog, 'files');
    await this.ask(`CREATE TABLE ${table} (path varchar)`);
    for (let first = 0; first < paths.length; first += mostNamedPaths) await this.ask(`INSERT INTO ${table} VALUES ${paths.slice(first, first + mostNamedPaths).map((path) => `(${literal(path)})`).join(', ')}`);
    return `SELECT path FROM ${table}`;
  }

  private named(select: string): string {
    return namedTables(select, this.selects);
  }

  private ask(sql: string): Promise<TrinoResult> {
    return this.asked(sql, {});
  }

  /** @throws LakeError FILE_GONE when another process has replaced a file meanwhile */
  private async asked(statement: Statement | string, options: StatementOptions): Promise<TrinoResult> {
    try {
      return await this.client.run(statement, { ...options, signal: this.options.signal });
    } catch (error) {
      if (!isGoneForEngine(error)) throw error;
      throw new LakeError(messageOf(error), { code: 'FILE_GONE', op: 'engine', hint: 'Another process has replaced it: run it again.', cause: error });
    }
  }

  private told(what: string): ((progress: StatementProgress) => void) | undefined {
    const { told } = this.options;
    return told === undefined ? undefined : (progress) => told(what, progress);
  }
}

/** The Hive connector reads the folders' names as Latin-1: other letters would come out wrong. */
function refuseLetters({ layer, table }: Reading, files: readonly SnapshotFile[]): void {
  for (const { partitionValues } of files) {
    const other = Object.values(partitionValues).find((value) => value !== null && /[^\x20-\x7e]/.test(value));
    if (other === undefined) continue;
    throw new LakeError(`the engine would read the partition ${JSON.stringify(other)} of ${layer}.${table} with other letters`, { code: 'ENGINE_FAILED', op: 'engine', path: `${layer}.${table}`, hint: 'Its Hive connector takes partitions of ASCII alone: build and query these with --engine duckdb.' });
  }
}

/** Whether a file of a snapshot was gone when the engine came to it. */
function isGoneForEngine(error: unknown): boolean {
  return error instanceof EngineError && /^(?:HIVE|ICEBERG)_(?:CANNOT_OPEN_SPLIT|FILE_NOT_FOUND|FILESYSTEM_ERROR|CURSOR_ERROR|BAD_DATA)$/.test(error.errorName) && /not found|no such file|does not exist|NoSuchKey/i.test(error.message);
}
