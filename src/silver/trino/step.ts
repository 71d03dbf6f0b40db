/** One SELECT of silver on Trino. It may read `bronze_rows` and what earlier steps are called. */
export interface TrinoStep {
  readonly name: string;
  /** `work`: a table for later steps; `table`: a table of silver, partitioned by event_date and platform. */
  readonly kind: 'work' | 'table';
  readonly select: string;
}
