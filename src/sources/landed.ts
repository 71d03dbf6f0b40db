/** One landing of a row of a database. */
export interface Landing {
  readonly id: string;
  /** 1 for the first, then counting up. */
  readonly version: number;
  readonly hash: string;
  /** Its date, as the database wrote it. */
  readonly at: string;
  /** It takes back what stood at this date: the row had gone, or moved to another. */
  readonly withdrawn: boolean;
}

/** A row of a database as the lake has it: its newest landing. */
export interface LandedRow extends Landing {
  /** The lake could not read it: what landed before it stands yet. */
  readonly rejected: boolean;
  /** Two processes have landed it at once, each as it saw it: which is newer can't be told. */
  readonly ambiguous: boolean;
  /** What the lake counts of it: the newest readable landing at each date, unless it takes one back. One at most, but after accidents. */
  readonly standing: readonly Landing[];
}

/** What of a database has landed. Asked for one pass over its rows at a time. */
export interface LandedRows {
  /** Reads the lake anew. */
  begin(): Promise<void>;
  /** The newest landing of each of these ids that has one; they count as seen. */
  of(ids: readonly string[]): Promise<ReadonlyMap<string, LandedRow>>;
  /** The first rows by date that were not seen and of which something stands, at most `limit`; they count as seen then. @param since only those dated so or later; null: all */
  unseen(since: string | null, limit: number): Promise<readonly LandedRow[]>;
  /** The bodies of landings that stand, by message id. */
  bodies(landings: readonly Landing[]): Promise<ReadonlyMap<string, string>>;
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
}

/** Names of the transactions that count whole passes over a database begin so; its name follows. Without one, the first is still to be finished. */
export const wholePassPrefix = 'ingot.sql/whole/';

/** What bronze keeps beside the body of such a row, as JSON. */
export interface RowHeaders {
  readonly version: number;
  readonly hash: string;
  readonly at: string;
  readonly withdrawn: boolean;
}
