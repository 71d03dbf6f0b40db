import { readAgain } from '../bronze/gone.js';
import type { Dataset } from '../dataset.js';
import type { Lake } from '../lake/lake.js';
import { identifier, sqlFile } from '../lake/sql.js';
import { createView, readTables, type Reading } from '../lake/views.js';

const outcomesSelect = sqlFile(import.meta.url, './replayed.sql');

/** What has become of the rows that silver had rejected when `Before` was taken. */
export interface Outcomes {
  readonly event: number;
  readonly duplicate: number;
  readonly rejected: number;
}

/** Rows that silver rejects, noted down before it is built again. */
export class RejectedBefore {
  private constructor(
    private readonly lake: Lake,
    private readonly dataset: Dataset,
    private readonly dates: ReadonlySet<string>,
  ) {}

  static async note(lake: Lake, dataset: Dataset): Promise<RejectedBefore> {
    return readAgain(async () => {
      const [rejected] = await readTables(lake, [{ layer: 'silver', table: `${dataset.name}_rejected` }]);
      const dates = new Set([...(rejected?.snapshot.files.values() ?? [])].map((file) => file.partitionValues['event_date'] ?? ''));
      if (rejected === undefined || dates.size === 0) return new RejectedBefore(lake, dataset, new Set());
      const session = await lake.session();
      await createView(session, lake, rejected);
      await session.run(`CREATE OR REPLACE TEMP TABLE replay_before AS SELECT message_id FROM silver.${identifier(rejected.table)}`);
      return new RejectedBefore(lake, dataset, dates);
    });
  }

  /** Where these rows are now. A row's date never changes, so only their dates are looked through. */
  async outcomes(): Promise<Outcomes> {
    if (this.dates.size === 0) return { event: 0, duplicate: 0, rejected: 0 };
    return readAgain(async () => {
      const { name, event } = this.dataset;
      const views = { replay_event: event.table, replay_duplicate: `${name}_duplicates`, replay_rejected: `${name}_rejected` };
      const readings = await readTables(this.lake, Object.values(views).map((table) => ({ layer: 'silver', table })));
      const session = await this.lake.session();
      for (const [view, table] of Object.entries(views)) await this.createView(view, readings.find((reading) => reading.table === table));
      const rows = new Map((await session.rows(outcomesSelect)).map((row) => [String(row['outcome']), Number(row['rows'])]));
      return { event: rows.get('event') ?? 0, duplicate: rows.get('duplicate') ?? 0, rejected: rows.get('rejected') ?? 0 };
    });
  }

  private async createView(view: string, reading: Reading | undefined): Promise<void> {
    const session = await this.lake.session();
    if (reading !== undefined) await createView(session, this.lake, reading, (partition) => this.dates.has(partition['event_date'] ?? ''));
    const rows = reading === undefined ? 'SELECT CAST(NULL AS VARCHAR) AS message_id WHERE false' : `SELECT message_id FROM silver.${identifier(reading.table)}`;
    await session.run(`CREATE OR REPLACE VIEW ${view} AS ${rows}`);
  }

  async close(): Promise<void> {
    await (await this.lake.session()).run('DROP TABLE IF EXISTS replay_before');
  }
}
