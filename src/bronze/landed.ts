import { leastDuckdbBytes } from '../config.js';
import type { Dataset } from '../dataset.js';
import { textList } from '../lake/duckdb.js';
import { Lake } from '../lake/lake.js';
import { filePath } from '../lake/layout.js';
import { sqlFile } from '../lake/sql.js';
import type { LandedRow, LandedRows } from '../sources/landed.js';
import { messageIdOf } from '../sources/sql-message.js';
import { readAgain } from './gone.js';

const landedSelect = sqlFile(import.meta.url, './landed.sql');
const unseenSelect = sqlFile(import.meta.url, './landed-unseen.sql');
const bodiesSelect = sqlFile(import.meta.url, './landed-bodies.sql');
const memoryShare = 0.3;

/** Reads from bronze which rows of a database it has. A DuckDB of its own: the lake's is landing meanwhile. */
export class BronzeRows implements LandedRows {
  private readonly lake: Lake;

  constructor(lake: Lake, private readonly dataset: Dataset) {
    this.lake = new Lake({ ...lake.options, memoryLimitBytes: Math.max(leastDuckdbBytes, lake.options.memoryLimitBytes * memoryShare), threads: 1 });
  }

  begin(): Promise<void> {
    return readAgain(async () => {
      const session = await this.lake.session();
      const paths = [...(await this.paths(this.dataset.name)), ...(await this.paths(`${this.dataset.name}_rejected`))];
      if (paths.length === 0) await session.run('CREATE OR REPLACE TEMP TABLE landed_row (id VARCHAR, version BIGINT, hash VARCHAR, dated VARCHAR, withdrawn BOOLEAN, seen BOOLEAN)');
      else await session.run(`CREATE OR REPLACE TEMP TABLE landed_row AS ${landedSelect}`, { paths: textList(paths) });
    });
  }

  async of(ids: readonly string[]): Promise<ReadonlyMap<string, LandedRow>> {
    const session = await this.lake.session();
    const parameters = { ids: textList(ids) };
    const rows = await session.rows('SELECT id, version, hash, dated, withdrawn FROM landed_row WHERE id IN (SELECT unnest($ids))', parameters);
    if (rows.length > 0) await session.run('UPDATE landed_row SET seen = true WHERE id IN (SELECT unnest($ids))', parameters);
    return new Map(rows.map((row) => [String(row['id']), rowOf(row)]));
  }

  async unseen(since: string | null, after: string, limit: number): Promise<LandedRow[]> {
    return (await (await this.lake.session()).rows(unseenSelect, { since, after, most: BigInt(limit) })).map(rowOf);
  }

  async bodies(rows: readonly LandedRow[]): Promise<ReadonlyMap<string, string>> {
    return readAgain(async () => {
      const paths = await this.paths(this.dataset.name);
      if (paths.length === 0 || rows.length === 0) return new Map();
      const found = await (await this.lake.session()).rows(bodiesSelect, { paths: textList(paths), ids: textList(rows.map(messageIdOf)) });
      return new Map(found.map((row) => [String(row['id']), String(row['body'])]));
    });
  }

  async close(): Promise<void> {
    await this.lake.close();
  }

  private async paths(table: string): Promise<string[]> {
    const snapshot = await this.lake.table('bronze', table).snapshot();
    return [...(snapshot?.files.values() ?? [])].map((file) => this.lake.storage.locate(`bronze/${table}/${filePath(file.path)}`));
  }
}

function rowOf(row: Readonly<Record<string, unknown>>): LandedRow {
  return { id: String(row['id']), version: Number(row['version']), hash: String(row['hash']), at: String(row['dated']), withdrawn: row['withdrawn'] === true };
}
