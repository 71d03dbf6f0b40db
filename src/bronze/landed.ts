import { leastDuckdbBytes } from '../config.js';
import type { Dataset } from '../dataset.js';
import type { AddFile } from '../lake/actions.js';
import { textList } from '../lake/duckdb.js';
import { Lake } from '../lake/lake.js';
import { filePath } from '../lake/layout.js';
import { fill, sqlFile } from '../lake/sql.js';
import type { LandedRow, LandedRows, Landing } from '../sources/landed.js';
import { messageIdOf } from '../sources/sql-message.js';
import { readAgain } from './gone.js';

const landedTemplate = sqlFile(import.meta.url, './landed.sql');
const ofSelect = sqlFile(import.meta.url, './landed-of.sql');
const unseenSelect = sqlFile(import.meta.url, './landed-unseen.sql');
const seenUpdate = 'UPDATE landed_row SET seen = true WHERE id IN (SELECT unnest($ids))';
const dayMs = 86_400_000;
const bodiesSelect = sqlFile(import.meta.url, './landed-bodies.sql');
const landedColumns = 'id VARCHAR, version BIGINT, hash VARCHAR, dated VARCHAR, withdrawn BOOLEAN, rejected BOOLEAN, ambiguous BOOLEAN, newest BOOLEAN, stands BOOLEAN, seen BOOLEAN';

/** Reads from bronze which rows of a database it has. A DuckDB of its own, as small as one can be: the lake's is landing meanwhile. */
export class BronzeRows implements LandedRows {
  private readonly lake: Lake;

  constructor(lake: Lake, private readonly dataset: Dataset) {
    this.lake = new Lake({ ...lake.options, memoryLimitBytes: leastDuckdbBytes, threads: 1 });
  }

  begin(): Promise<void> {
    return readAgain(async () => {
      const session = await this.lake.session();
      const [kept, rejected] = [await this.paths(this.dataset.name), await this.paths(`${this.dataset.name}_rejected`)];
      const paths = [...kept, ...rejected];
      if (paths.length === 0) await session.run(`CREATE OR REPLACE TEMP TABLE landed_row (${landedColumns})`);
      else await session.run(`CREATE OR REPLACE TEMP TABLE landed_row AS ${fill(landedTemplate, { rejected: rejected.length === 0 ? 'false' : 'reason IS NOT NULL' })}`, { paths: textList(paths) });
    });
  }

  async of(ids: readonly string[]): Promise<ReadonlyMap<string, LandedRow>> {
    const session = await this.lake.session();
    const parameters = { ids: textList(ids) };
    const rows = await session.rows(ofSelect, parameters);
    if (rows.length > 0) await session.run(seenUpdate, parameters);
    return new Map(rowsOf(rows).map((row) => [row.id, row]));
  }

  async unseen(since: string | null, limit: number): Promise<LandedRow[]> {
    const session = await this.lake.session();
    const found = rowsOf(await session.rows(unseenSelect, { since, most: BigInt(limit) }));
    if (found.length > 0) await session.run(seenUpdate, { ids: textList(found.map(({ id }) => id)) });
    return found;
  }

  bodies(landings: readonly Landing[]): Promise<ReadonlyMap<string, string>> {
    return readAgain(async () => {
      const found = new Map<string, string>();
      const files = landings.length === 0 ? [] : await this.files(this.dataset.name);
      const isNear = nearTo(landings);
      // A row's date is nearly always the event's, so few files have what is asked for.
      for (const near of [true, false]) {
        const ids = landings.map(messageIdOf).filter((id) => !found.has(id));
        const paths = files.filter((file) => isNear(file) === near).map((file) => this.locate(this.dataset.name, file));
        if (ids.length === 0 || paths.length === 0) continue;
        const rows = await (await this.lake.session()).rows(bodiesSelect, { paths: textList(paths), ids: textList(ids) });
        for (const row of rows) found.set(String(row['message_id']), String(row['body']));
      }
      return found;
    });
  }

  async close(): Promise<void> {
    await this.lake.close();
  }

  private async files(table: string): Promise<readonly AddFile[]> {
    return [...((await this.lake.table('bronze', table).snapshot())?.files.values() ?? [])];
  }

  private async paths(table: string): Promise<string[]> {
    return (await this.files(table)).map((file) => this.locate(table, file));
  }

  private locate(table: string, file: AddFile): string {
    return this.lake.storage.locate(`bronze/${table}/${filePath(file.path)}`);
  }
}

/** Whether a file's partition is within a day of these dates: their clocks may be of any zone. */
function nearTo(landings: readonly Landing[]): (file: AddFile) => boolean {
  const timesMs = landings.map(({ at }) => Date.parse(at.slice(0, 10))).filter((timeMs) => !Number.isNaN(timeMs));
  const firstMs = timesMs.reduce((least, timeMs) => Math.min(least, timeMs), Infinity) - dayMs;
  const lastMs = timesMs.reduce((most, timeMs) => Math.max(most, timeMs), -Infinity) + dayMs;
  return ({ partitionValues }) => {
    const atMs = Date.parse(partitionValues['event_date'] ?? '');
    return atMs >= firstMs && atMs <= lastMs;
  };
}

/** @param rows of each id the newest landing first */
function rowsOf(rows: readonly Readonly<Record<string, unknown>>[]): LandedRow[] {
  const found: (LandedRow & { readonly standing: Landing[] })[] = [];
  for (const row of rows) {
    const landing = { id: String(row['id']), version: Number(row['version']), hash: String(row['hash']), at: String(row['dated']), withdrawn: row['withdrawn'] === true };
    if (row['newest'] === true) found.push({ ...landing, rejected: row['rejected'] === true, ambiguous: row['ambiguous'] === true, standing: [] });
    if (row['stands'] === true) found.at(-1)?.standing.push(landing);
  }
  return found;
}
