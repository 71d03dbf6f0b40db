import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Session, textList } from '../lake/duckdb.js';
import { tableFolder } from '../lake/layout.js';
import type { Lake } from '../lake/lake.js';
import { deadStaging, newStagingFolder } from '../lake/staging.js';
import { createView, type Reading } from '../lake/views.js';

const group = 'query';

/** Folders that go when the process exits, however it does: a closed pipe and a second SIGINT end it at once. */
const openFolders = new Set<string>();
let watching = false;

/** A DuckDB of its own for one query, and a private folder of the lake for its spool and what it spills. */
export class Workspace {
  private constructor(
    readonly session: Session,
    private readonly folder: string,
  ) {}

  /** Opens one, and removes what killed queries have left. */
  static async open(lake: Lake): Promise<Workspace> {
    for (const dead of await deadStaging(lake.storage, group, lake.clock.nowMs())) await lake.storage.removeFolder(dead);
    const folder = lake.storage.locate(newStagingFolder(group, lake.clock.nowMs()));
    removeAtExit(folder);
    try {
      mkdirSync(folder, { recursive: true });
      chmodSync(folder, 0o700);
      const { memoryLimitBytes, threads } = lake.options;
      const session = await Session.open({ memoryLimitBytes, threads, spillDir: join(folder, 'spill'), remote: lake.storage.remote });
      return new Workspace(session, folder);
    } catch (error) {
      removeNow(folder);
      throw error;
    }
  }

  /** A path in the private folder. */
  spool(name: string): string {
    return join(this.folder, name);
  }

  /**
   * Makes the tables' views, then locks DuckDB for good: from here on it opens the folders of these tables and the
   * private one, and nothing else, whatever the SQL says; rows keep the order of the query.
   */
  async lock(lake: Lake, readings: readonly Reading[]): Promise<void> {
    for (const reading of readings) await createView(this.session, lake, reading);
    // Folders, not files: for a file that has gone DuckDB looks for a folder of its name, and would say that this is forbidden.
    const folders = readings.map(({ layer, table }) => `${lake.storage.locate(tableFolder(layer, table))}/`);
    await this.session.run('SET preserve_insertion_order = true');
    await this.session.run('SET allowed_directories = $folders', { folders: textList([`${this.folder}/`, ...folders]) });
    await this.session.run('SET enable_external_access = false');
    await this.session.run('SET lock_configuration = true');
  }

  close(): void {
    try {
      this.session.close();
    } finally {
      removeNow(this.folder);
    }
  }
}

function removeAtExit(folder: string): void {
  openFolders.add(folder);
  if (watching) return;
  watching = true;
  process.on('exit', () => {
    for (const open of openFolders) removeNow(open);
  });
}

function removeNow(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  openFolders.delete(folder);
}
