/** Minimum, maximum and nulls of one top-level column of one file, as DuckDB tells them: text. */
export interface ColumnStatistics {
  readonly min: string | null;
  readonly max: string | null;
  readonly nullCount: number;
}

/** A whole, closed Parquet file outside its table, not visible to any reader yet. */
export interface StagedFile {
  /** Absolute path. */
  readonly path: string;
  /** Partition column → value; null is null. */
  readonly partition: Readonly<Record<string, string | null>>;
  readonly rows: number;
  readonly bytes: number;
  readonly columns: ReadonlyMap<string, ColumnStatistics>;
  /** What the log shall say of the file besides: what it was built from. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** `event_date=2016-08-01/platform=IOS`: how summaries and logs name a partition. */
export function partitionName(partition: Readonly<Record<string, string | null>>): string {
  return Object.entries(partition)
    .map(([column, value]) => `${column}=${value ?? 'null'}`)
    .join('/');
}

/** Rows of several files together. */
export function rowsOf(files: readonly StagedFile[]): number {
  return files.reduce((total, file) => total + file.rows, 0);
}
