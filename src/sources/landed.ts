/** A row of a database as the lake has it. */
export interface LandedRow {
  readonly id: string;
  /** How often it has landed; the newest of its landings is this row. */
  readonly version: number;
  readonly hash: string;
  /** Its date, as the database wrote it. */
  readonly at: string;
  /** It was taken back: it had gone, or moved to another date. */
  readonly withdrawn: boolean;
}

/** What of a database has landed. Asked for one pass over its rows at a time. */
export interface LandedRows {
  /** Reads the lake anew. */
  begin(): Promise<void>;
  /** The newest landing of each of these ids that has one; they count as seen. */
  of(ids: readonly string[]): Promise<ReadonlyMap<string, LandedRow>>;
  /** Rows that were not seen and are not withdrawn, by id, behind `after`, at most `limit`. @param since only those dated so or later; null: all */
  unseen(since: string | null, after: string, limit: number): Promise<readonly LandedRow[]>;
  /** Their bodies, by id; of one that the lake rejected there is none. */
  bodies(rows: readonly LandedRow[]): Promise<ReadonlyMap<string, string>>;
  close(): Promise<void>;
}

/** How the rows of a database are told from what has landed of them. */
export interface RowsSource {
  /** A SELECT of id, at and body, and the file that it is in. */
  readonly query: string;
  readonly path: string;
  readonly landed: LandedRows;
  /** Compare only rows so much older than the newest; null: all. */
  readonly lookbackMs: number | null;
  /** Named in what is said of it. */
  readonly dataset: string;
}

/** Name of the transaction that counts whole passes over a database: without one, the first is still to be finished. */
export const wholePassTxn = 'ingot.sql/whole';

/** What bronze keeps beside the body of such a row, as JSON. */
export interface RowHeaders {
  readonly version: number;
  readonly hash: string;
  readonly at: string;
  readonly withdrawn: boolean;
}
