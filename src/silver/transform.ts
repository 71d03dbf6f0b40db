import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBValue } from '@duckdb/node-api';
import { hasItems, type Dataset, type DatasetWithItems } from '../dataset.js';
import { write } from '../engines/duckdb.js';
import type { Session } from '../lake/duckdb.js';
import { textList } from '../lake/duckdb.js';
import { rowsOf, type StagedFile } from '../lake/staged.js';
import { compile } from './compile.js';
import type { CompiledArray } from './compile-arrays.js';
import { compileFlat } from './compile-flat.js';
import { forms, type Form } from './compile-quick.js';

/** What one silver table gets from one run. */
export interface SilverTable {
  /** Whole, not visible yet, partitioned by event_date and platform. */
  readonly files: StagedFile[];
  readonly rows: number;
}

export interface SilverOutput {
  /** `<event>`, `<items>` of a contract that has them, `<dataset>_rejected`, `<dataset>_duplicates`; all are always there. */
  readonly tables: Record<string, SilverTable>;
}

const partitionBy = ['event_date', 'platform'];

/**
 * Turns the view `bronze_rows` of the session into silver's tables by the dataset's contract.
 * @param stagingDir an absent folder; the files of each table go to a folder of it.
 * @throws LakeError from the engine; bad data is a row in `<dataset>_rejected`, never an error.
 */
export async function transform(session: Session, dataset: Dataset, stagingDir: string, options: TransformOptions = {}): Promise<SilverOutput> {
  mkdirSync(stagingDir, { recursive: true });
  // What the quick way reads has no body any more, of which further arrays are part.
  const exactly = options.exactly === true || (dataset.arrays ?? []).length > 0;
  return hasItems(dataset) ? withItems(session, dataset, stagingDir, exactly) : withoutItems(session, dataset, stagingDir, exactly);
}

export interface TransformOptions {
  /** Read every row the exact way: slower, and the same rows. */
  readonly exactly?: boolean;
}

/**
 * Two ways read a row: the quick way, one `from_json`, is taken by all rows that a test on the raw text finds usual;
 * the exact way by the others, and by all that might be duplicates. Both give the same for a row that both can read.
 */
async function withItems(session: Session, dataset: DatasetWithItems, stagingDir: string, exactly: boolean): Promise<SilverOutput> {
  const sql = compile(dataset);
  const work = new Work(session, stagingDir, sql.parameters);
  try {
    await work.make('message', sql.message);
    await work.make('held', exactly ? 'SELECT DISTINCT message_id FROM message' : sql.held);
    await work.make('exact_event', sql.exactEvent);
    await work.make('exact_item', sql.exactItem);
    await work.make('exact', sql.exact);
    const items = await work.put(dataset.items.table, sql.item(await formsOf(session)));
    const events = await work.put(dataset.event.table, sql.event(items.files.length > 0), items.files.map(({ path }) => path));
    await work.putArrays(sql.arrays, events);
    await work.put(`${dataset.name}_rejected`, sql.rejected);
    await work.put(`${dataset.name}_duplicates`, sql.duplicates);
    return { tables: work.tables };
  } finally {
    await work.drop();
  }
}

/** Every row is read once; those that may be duplicates of each other are few, and ordered apart. */
async function withoutItems(session: Session, dataset: Dataset, stagingDir: string, exactly: boolean): Promise<SilverOutput> {
  const sql = compileFlat(dataset, exactly);
  const work = new Work(session, stagingDir, sql.parameters);
  try {
    await work.make('message', sql.message);
    await work.make('held', sql.held);
    await work.make('exact', sql.exact);
    await work.putArrays(sql.arrays, await work.put(dataset.event.table, sql.event));
    await work.put(`${dataset.name}_rejected`, sql.rejected);
    await work.put(`${dataset.name}_duplicates`, sql.duplicates);
    return { tables: work.tables };
  } finally {
    await work.drop();
  }
}

/** Temporary tables that are made, and files that are written, one after the other. */
class Work {
  readonly tables: Record<string, SilverTable> = {};
  private readonly temporary: string[] = [];

  constructor(
    private readonly session: Session,
    private readonly stagingDir: string,
    private readonly parameters: Readonly<Record<string, DuckDBValue>>,
  ) {}

  make(name: string, select: string): Promise<void> {
    this.temporary.push(name);
    return this.session.run(`CREATE OR REPLACE TEMP TABLE ${name} AS ${select}`, this.parameters);
  }

  /** @param itemFiles what `$item_files` is */
  async put(table: string, select: string, itemFiles: readonly string[] = []): Promise<SilverTable> {
    const parameters = { ...this.parameters, item_files: textList(itemFiles) };
    const files = await write(this.session, select, { partitionBy, stagingDir: join(this.stagingDir, table), parameters });
    return (this.tables[table] = { files, rows: rowsOf(files) });
  }

  /** Tables of arrays, of the events that were just written. */
  async putArrays(arrays: readonly CompiledArray[], events: SilverTable): Promise<void> {
    for (const { table, select } of arrays) await this.put(table, select(events.files.length > 0), events.files.map(({ path }) => path));
  }

  async drop(): Promise<void> {
    for (const name of this.temporary) await this.session.run(`DROP TABLE IF EXISTS ${name}`);
  }
}

/** The forms of items that the quick way will meet: a form that isn't there costs no scan. */
async function formsOf(session: Session): Promise<Form[]> {
  const rows = await session.rows('SELECT DISTINCT _form AS form FROM message ANTI JOIN held USING (message_id)');
  const met = new Set(rows.map(({ form }) => form));
  return forms.filter((form) => met.has(form));
}
