import { join } from 'node:path';
import type { Dataset } from '../dataset.js';
import { TrinoRun, type RunOptions } from '../engines/trino/run.js';
import type { TrinoTarget } from '../engines/trino/target.js';
import type { Lake } from '../lake/lake.js';
import { rowsOf } from '../lake/staged.js';
import type { FileFilter, Reading } from '../lake/views.js';
import { silverSpecs } from './tables.js';
import type { SilverOutput, SilverTable } from './transform.js';
import { compileTrino, type TrinoSilver } from './trino/compile.js';

/** Where an engine builds silver, and what is told of it. */
export interface SilverEngine extends RunOptions {
  readonly target: TrinoTarget;
}

/** Silver by an engine: the same tables as of `transform`, from rows of bronze that only the engine reads. */
export class EngineSilver {
  private constructor(
    private readonly dataset: Dataset,
    private readonly sql: TrinoSilver,
    private readonly run: TrinoRun,
  ) {}

  /** @throws LakeError DATASET_INVALID for a contract that the engine can't read as DuckDB does, before it is asked; ENGINE_… */
  static async open(lake: Lake, dataset: Dataset, { target, ...options }: SilverEngine): Promise<EngineSilver> {
    const sql = compileTrino(dataset);
    return new EngineSilver(dataset, sql, await TrinoRun.open(lake, target, options));
  }

  /** @param stagingDir an absent folder of the lake's staging */
  async transform(bronze: Reading, filter: FileFilter, stagingDir: string): Promise<SilverOutput> {
    const specs = new Map(silverSpecs(this.dataset).map((spec) => [spec.table, spec]));
    const tables: Record<string, SilverTable> = {};
    await this.run.view(bronze, filter, 'bronze_rows');
    for (const { name, kind, select } of this.sql.steps) {
      const spec = specs.get(name);
      if (kind === 'work' || spec === undefined) await this.run.make(name, select, this.sql.parameters, join(stagingDir, 'steps'));
      else {
        const files = await this.run.put(name, select, this.sql.parameters, spec.columns, spec.partitionBy, join(stagingDir, name));
        tables[name] = { files, rows: rowsOf(files) };
      }
    }
    return { tables };
  }

  close(): Promise<void> {
    return this.run.close();
  }
}
