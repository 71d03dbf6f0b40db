import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Dataset } from '../dataset.js';
import { write } from '../engines/duckdb.js';
import type { Session } from '../lake/duckdb.js';
import { textList } from '../lake/duckdb.js';
import { rowsOf, type StagedFile } from '../lake/staged.js';
import { compile } from './compile.js';
import { forms, type Form } from './compile-quick.js';

/** What one silver table gets from one run. */
export interface SilverTable {
  /** Whole, not visible yet, partitioned by event_date and platform. */
  readonly files: StagedFile[];
  readonly rows: number;
}

export interface SilverOutput {
  /** `<event>`, `<items>`, `<dataset>_rejected`, `<dataset>_duplicates`; all four are always there. */
  readonly tables: Record<string, SilverTable>;
}

const partitionBy = ['event_date', 'platform'];
const temporary = ['message', 'held', 'exact_event', 'exact_item', 'exact'] as const;

/**
 * Turns the view `bronze_rows` of the session into silver's tables by the dataset's contract.
 * Two ways read a row: the quick way, one `from_json`, is taken by all rows that a test on the raw text finds usual;
 * the exact way by the others, and by all that might be duplicates. Both give the same for a row that both can read.
 * @param stagingDir an absent folder; the files of each table go to a folder of it.
 * @throws LakeError from the engine; bad data is a row in `<dataset>_rejected`, never an error.
 */
export async function transform(session: Session, dataset: Dataset, stagingDir: string, options: TransformOptions = {}): Promise<SilverOutput> {
  const sql = compile(dataset);
  mkdirSync(stagingDir, { recursive: true });
  const make = (name: (typeof temporary)[number], select: string): Promise<void> =>
    session.run(`CREATE OR REPLACE TEMP TABLE ${name} AS ${select}`, sql.parameters);
  const put = async (table: string, select: string, itemFiles: readonly string[] = []): Promise<SilverTable> => {
    const parameters = { ...sql.parameters, item_files: textList(itemFiles) };
    const files = await write(session, select, { partitionBy, stagingDir: join(stagingDir, table), parameters });
    return { files, rows: rowsOf(files) };
  };
  try {
    await make('message', sql.message);
    await make('held', options.exactly === true ? 'SELECT DISTINCT message_id FROM message' : sql.held);
    await make('exact_event', sql.exactEvent);
    await make('exact_item', sql.exactItem);
    await make('exact', sql.exact);
    const items = await put(dataset.items.table, sql.item(await formsOf(session)));
    const events = await put(dataset.event.table, sql.event(items.files.length > 0), items.files.map(({ path }) => path));
    const rejected = await put(`${dataset.name}_rejected`, sql.rejected);
    const duplicates = await put(`${dataset.name}_duplicates`, sql.duplicates);
    return {
      tables: {
        [dataset.items.table]: items,
        [dataset.event.table]: events,
        [`${dataset.name}_rejected`]: rejected,
        [`${dataset.name}_duplicates`]: duplicates,
      },
    };
  } finally {
    for (const name of temporary) await session.run(`DROP TABLE IF EXISTS ${name}`);
  }
}

export interface TransformOptions {
  /** Read every row the exact way: slower, and the same rows. */
  readonly exactly?: boolean;
}

/** The forms of items that the quick way will meet: a form that isn't there costs no scan. */
async function formsOf(session: Session): Promise<Form[]> {
  const rows = await session.rows('SELECT DISTINCT _form AS form FROM message ANTI JOIN held USING (message_id)');
  const met = new Set(rows.map(({ form }) => form));
  return forms.filter((form) => met.has(form));
}
