import { LakeError } from '../errors.js';
import type { Session } from '../lake/duckdb.js';
import { identifier } from '../lake/sql.js';
import { changedKey, notOfChangedKey, ofChangedKey } from './hot-silver.js';
import type { Step } from './model.js';

/** Marks equal rows, so that rows are compared by one number instead of by all their columns. */
const rowHash = '_row_hash';

/** Rows that are no more are copied away when there are more of them than of live ones, and so many. */
const fewDeadRows = 100_000;

/**
 * One step's rows, a temporary table for each date that they count for: a row that counts for two dates is in both.
 * So a model of one date reads nothing of other dates, and an old date is dropped as a table.
 */
export class HotRows {
  private columns: readonly string[] = [];
  private readonly sizes = new Map<string, { live: number; dead: number }>();

  constructor(
    private readonly session: Session,
    readonly step: Step,
  ) {}

  /** Keeps the rows of these dates out of the step's whole table. @param columns all of that table's, as `stepColumns` gives them */
  async load(columns: readonly string[], dates: readonly string[]): Promise<void> {
    this.columns = columns;
    for (const date of dates) await this.keep(date);
  }

  /** Makes the table of a date, of the rows that the step's whole table has for it. */
  async keep(date: string): Promise<void> {
    const table = this.table(date);
    await this.session.run(`CREATE OR REPLACE TEMP TABLE ${table} AS SELECT *, ${this.hash()} AS ${rowHash} FROM ${identifier(this.step.name)} WHERE ${this.counts()}`, { date });
    const [row] = await this.session.rows(`SELECT count(*) AS live FROM ${table}`);
    this.sizes.set(date, { live: Number(row?.['live']), dead: 0 });
  }

  /** Whether rows of a date have a key that `changed_key` has not. */
  async hasOthers(date: string): Promise<boolean> {
    return (await this.session.rows(`SELECT 1 AS found FROM ${this.table(date)} AS held ${notOfChangedKey('held', this.step.key)} LIMIT 1`)).length > 0;
  }

  async drop(date: string): Promise<void> {
    await this.session.run(`DROP TABLE IF EXISTS ${this.table(date)}`);
    this.sizes.delete(date);
  }

  /** Marks the rows of changed keys that the step's whole table has now, for `exchange`. */
  async mark(): Promise<void> {
    const dates = this.step.dates.map(identifier).join(', ');
    await this.session.run(`CREATE OR REPLACE TEMP TABLE fresh_row AS SELECT rowid AS row_number, ${dates}, ${this.hash()} AS ${rowHash} FROM ${identifier(this.step.name)}`);
  }

  /** Puts the marked rows of a date in the place of those with the same keys. Gives whether they differ; rows that stay are not touched. */
  async exchange(date: string): Promise<boolean> {
    const table = this.table(date);
    const changed = `
      SELECT coalesce(old_row.${rowHash}, new_row.${rowHash}) AS ${rowHash}, coalesce(old_row.copies, 0) AS gone, coalesce(new_row.copies, 0) AS come
      FROM (SELECT ${rowHash}, count(*) AS copies FROM ${table} AS held ${ofChangedKey('held', this.step.key)} GROUP BY ${rowHash}) AS old_row
      FULL JOIN (SELECT ${rowHash}, count(*) AS copies FROM fresh_row WHERE ${this.counts()} GROUP BY ${rowHash}) AS new_row ON new_row.${rowHash} = old_row.${rowHash}
      WHERE old_row.copies IS DISTINCT FROM new_row.copies`;
    await this.session.run(`CREATE OR REPLACE TEMP TABLE changed_row AS ${changed}`, { date });
    const [sums] = await this.session.rows('SELECT coalesce(sum(gone), 0) AS gone, coalesce(sum(come), 0) AS come FROM changed_row');
    const gone = Number(sums?.['gone']);
    const come = Number(sums?.['come']);
    const among = `${rowHash} IN (SELECT ${rowHash} FROM changed_row)`;
    if (gone > 0) await this.session.run(`DELETE FROM ${table} WHERE rowid IN (SELECT held.rowid FROM ${table} AS held ${ofChangedKey('held', this.step.key)} WHERE held.${among})`);
    if (come > 0) await this.session.run(`INSERT INTO ${table} SELECT step_row.*, fresh.${rowHash} FROM ${identifier(this.step.name)} AS step_row JOIN (SELECT * FROM fresh_row WHERE ${this.counts()} AND ${among}) AS fresh ON fresh.row_number = step_row.rowid`, { date });
    const size = this.sizes.get(date) ?? { live: 0, dead: 0 };
    this.sizes.set(date, { live: size.live + come - gone, dead: size.dead + gone });
    return gone > 0 || come > 0;
  }

  /** Frees the memory of rows that are no more. */
  async tidy(): Promise<void> {
    for (const [date, size] of this.sizes) {
      if (size.dead <= Math.max(size.live, fewDeadRows)) continue;
      const table = this.table(date);
      await this.session.run(`CREATE OR REPLACE TEMP TABLE tidy_row AS SELECT * FROM ${table}`);
      await this.session.run(`DROP TABLE ${table}`);
      await this.session.run(`ALTER TABLE tidy_row RENAME TO ${table}`);
      this.sizes.set(date, { live: size.live, dead: 0 });
    }
  }

  /** Makes the step's name a view of one date's rows, as models read it. */
  async show(date: string): Promise<void> {
    await this.session.run(`CREATE OR REPLACE TEMP VIEW ${identifier(this.step.name)} AS SELECT ${this.columns.map(identifier).join(', ')} FROM ${this.table(date)}`);
  }

  async hide(): Promise<void> {
    await this.session.run(`DROP VIEW IF EXISTS ${identifier(this.step.name)}`);
  }

  private table(date: string): string {
    return identifier(`${this.step.name}@${date}`);
  }

  private hash(): string {
    return `hash(${this.columns.map(identifier).join(', ')})`;
  }

  private counts(): string {
    return `(${this.step.dates.map((column) => `${identifier(column)} = CAST($date AS DATE)`).join(' OR ')})`;
  }
}

/** The columns of a step that the session has. @throws LakeError DATASET_INVALID when a column of its header is not there */
export async function stepColumns(session: Session, { name, key, dates, path }: Step): Promise<string[]> {
  const description = await session.rows(`DESCRIBE ${identifier(name)}`);
  const columns = description.map((row) => String(row['column_name']));
  const absent = [...key, ...dates].find((column) => !columns.includes(column));
  if (absent !== undefined) throw new LakeError(`${name}: its header names a column ${absent} that its SELECT does not give`, { code: 'DATASET_INVALID', op: 'gold', path, hint: '`key` and `dates` are columns of the step.' });
  return columns;
}

/** Drops the temporary tables of an exchange, and others. */
export async function dropMarks(session: Session, others: readonly string[]): Promise<void> {
  for (const table of ['fresh_row', 'changed_row', changedKey, ...others]) await session.run(`DROP TABLE IF EXISTS ${identifier(table)}`);
}
