import { toTrino } from '../engines/trino/dialect.js';
import { TrinoRun, type RunOptions } from '../engines/trino/run.js';
import type { TrinoTarget } from '../engines/trino/target.js';
import { detailOf, LakeError } from '../errors.js';
import { textList, type Session } from '../lake/duckdb.js';
import type { Lake } from '../lake/lake.js';
import type { TableColumn } from '../lake/schema.js';
import { identifier } from '../lake/sql.js';
import type { StagedFile } from '../lake/staged.js';
import { createView, type Reading } from '../lake/views.js';
import { isWithin, type Dates } from './execute.js';
import type { GoldModels, Model, ModelGroup, Step } from './model.js';
import { checkPortable } from './subset.js';

/** A model's rows, staged by an engine. */
export interface EngineRows {
  readonly files: readonly StagedFile[];
  readonly columns: readonly TableColumn[];
}

/**
 * Models that an engine computes. What a table's columns are, DuckDB says: it binds each model over no rows, so a table is
 * the same whoever builds it, and a model that only one of the two can run is refused before anything runs.
 */
export class EngineGold {
  private readonly views: string[] = [];

  private constructor(
    private readonly silver: readonly Reading[],
    private readonly session: Session,
    private readonly run: TrinoRun,
  ) {}

  /** @throws LakeError DATASET_INVALID for a construct that only DuckDB has; ENGINE_… */
  static async open(lake: Lake, target: TrinoTarget, silver: readonly Reading[], models: GoldModels, options: RunOptions): Promise<EngineGold> {
    checkPortable(models);
    const session = await lake.session();
    for (const reading of silver) await createView(session, lake, reading, () => false);
    return new EngineGold(silver, session, await TrinoRun.open(lake, target, options));
  }

  /** Lets the models at some dates of silver. */
  async viewDates(dates: Dates): Promise<void> {
    for (const reading of this.silver) await this.run.view(reading, (partition) => isWithin(partition, dates));
  }

  async viewAll(): Promise<void> {
    for (const reading of this.silver) await this.run.view(reading);
  }

  /** Makes each step a table of the engine. */
  async makeSteps({ steps }: ModelGroup, dates: Dates | null, stagingDir: string): Promise<void> {
    for (const step of steps) {
      await this.bind(step, step.name, dates);
      await this.asked(step, () => this.run.make(step.name, toTrino(step.sql), parametersOf(dates), stagingDir));
    }
  }

  /** Writes a model's rows; the view `gold_rows` of the lake's session shows them. @param check is asked of the columns before the engine is */
  async build(model: Model, dates: Dates | null, stagingDir: string, check: (columns: readonly TableColumn[]) => void): Promise<EngineRows> {
    const columns = await this.bind(model, 'gold_rows', dates);
    check(columns);
    const files = await this.asked(model, () => this.run.put(model.name, toTrino(model.sql), parametersOf(dates), columns, model.partitionBy, stagingDir));
    if (files.length > 0) {
      const types = columns.filter(({ name }) => model.partitionBy.includes(name)).map(({ name, type }) => `${identifier(name)}: ${type}`);
      const names = columns.map(({ name }) => identifier(name)).join(', ');
      await this.session.run(`SET VARIABLE gold_files = $paths`, { paths: textList(files.map(({ path }) => path)) });
      await this.session.run(`CREATE OR REPLACE TEMP VIEW gold_rows AS SELECT ${names} FROM read_parquet(getvariable('gold_files'), hive_partitioning = ${types.length > 0}${types.length > 0 ? `, hive_types = {${types.join(', ')}}` : ''})`);
    }
    return { files, columns };
  }

  async close(): Promise<void> {
    for (const name of this.views.splice(0).reverse()) await this.session.run(`DROP VIEW IF EXISTS ${identifier(name)}`);
    await this.run.close();
  }

  /** Binds a SELECT in DuckDB over no rows, as a view that later ones read. */
  private async bind(step: Step, name: string, dates: Dates | null): Promise<TableColumn[]> {
    const bounds = parametersOf(dates);
    this.views.push(name);
    try {
      await this.session.run('SET VARIABLE gold_since = $since', { since: bounds.since });
      await this.session.run('SET VARIABLE gold_until = $until', { until: bounds.until });
      await this.session.run(`CREATE OR REPLACE TEMP VIEW ${identifier(name)} AS ${step.sql.replaceAll(/\$(since|until)\b/g, `getvariable('gold_$1')`)}`);
      const description = await this.session.rows(`DESCRIBE ${identifier(name)}`);
      return description.map((row) => ({ name: String(row['column_name']), type: String(row['column_type']) }));
    } catch (error) {
      throw new LakeError(`${step.name} fails in DuckDB: ${detailOf(error)}`, { code: 'QUERY_FAILED', op: 'gold', path: step.path, hint: 'Mend the SQL and run it again: nothing of this run was published.', cause: error });
    }
  }

  /** Names the model in what the engine says. */
  private async asked<T>(step: Step, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof LakeError) || error.code !== 'QUERY_FAILED') throw error;
      throw new LakeError(`${step.name} fails: ${error.message}`, { code: 'QUERY_FAILED', op: 'gold', path: step.path, hint: `${error.hint ?? ''} Nothing of this run was published.`, cause: error });
    }
  }
}

function parametersOf(dates: Dates | null): { readonly since: string | null; readonly until: string | null } {
  return { since: dates?.since ?? null, until: dates?.until ?? null };
}
