import { LakeError } from '../errors.js';
import type { Lake } from '../lake/lake.js';
import { filePath } from '../lake/layout.js';
import { boundsOf, recordsOf } from '../lake/statistics.js';
import { readTables } from '../lake/views.js';

/** What the service answers from. */
export const servedTable = { layer: 'gold', table: 'product_second' } as const;

/** A data file of a version of the table. */
export interface DataFile {
  /** Where it is, for DuckDB. */
  readonly path: string;
  readonly rows: number;
  /** Its first and last second; null: not known, so it is always read. */
  readonly bounds: { readonly leastSeconds: number; readonly mostSeconds: number } | null;
}

/** One version of the table. */
export interface Version {
  readonly version: number;
  /** Names the very table: one that is deleted and built again counts from 0 again. */
  readonly id: string;
  readonly files: readonly DataFile[];
}

/** It looks for a newer version at most so often. */
const freshMs = 1_000;
/** Pages of older versions can be asked for as long as their files are there. */
const mostKept = 16;

/** The newest version of the table, and those before it. */
export class VersionedTable {
  private readonly kept = new Map<number, Version>();
  private newest: Version | null = null;
  private lookedAtMs = -Infinity;
  private looking: Promise<Version | null> | null = null;

  constructor(private readonly lake: Lake) {}

  /** Null: there is no such table yet. @throws LakeError when the lake can't be read */
  async latest(): Promise<Version | null> {
    const { clock } = this.lake;
    if (Math.abs(clock.nowMs() - this.lookedAtMs) < freshMs) return this.newest;
    this.looking ??= this.look().finally(() => {
      this.looking = null;
    });
    return this.looking;
  }

  /** A version that was newest while this process runs. @param table the beginning of its id */
  at(version: number, table: string): Version | null {
    const known = this.kept.get(version);
    return known?.id.startsWith(table) === true ? known : null;
  }

  /** The newest known; −1 for none. */
  get version(): number {
    return this.newest?.version ?? -1;
  }

  /** Looks again, however soon. */
  forget(): void {
    this.lookedAtMs = -Infinity;
  }

  private async look(): Promise<Version | null> {
    const [reading] = await readTables(this.lake, [servedTable]);
    this.lookedAtMs = this.lake.clock.nowMs();
    if (reading === undefined) return (this.newest = null);
    const { snapshot } = reading;
    if (this.newest?.version === snapshot.version && this.newest.id === snapshot.metaData.id) return this.newest;
    const missing = ['platform', 'product', 'second', 'product_views', 'purchases'].filter((name) => !snapshot.columns.some((column) => column.name === name));
    if (missing.length > 0) throw new LakeError(`gold.product_second has no column ${missing.join(', ')}`, { code: 'TABLE_UNSUPPORTED', op: 'serve', path: 'gold/product_second', hint: 'The service answers from the table as datasets/storefront/gold/product_second.sql builds it.' });
    if (this.newest !== null && this.newest.id !== snapshot.metaData.id) this.kept.clear();
    const files = [...snapshot.files.values()].map((file): DataFile => {
      const bounds = boundsOf(file.stats, 'second');
      return {
        path: this.lake.storage.locate(`${servedTable.layer}/${servedTable.table}/${filePath(file.path)}`),
        rows: recordsOf(file.stats) ?? Infinity,
        bounds: bounds === null ? null : { leastSeconds: Math.floor(bounds.fromMs / 1000), mostSeconds: Math.floor(bounds.untilMs / 1000) },
      };
    });
    this.newest = { version: snapshot.version, id: snapshot.metaData.id, files };
    this.kept.set(this.newest.version, this.newest);
    for (const version of [...this.kept.keys()].slice(0, -mostKept)) this.kept.delete(version);
    return this.newest;
  }
}

/** The files that may have rows from a second on, before another. */
export function filesWithin({ files }: Version, startSeconds: number, endSeconds: number): DataFile[] {
  return files.filter(({ bounds }) => bounds === null || (bounds.mostSeconds >= startSeconds && bounds.leastSeconds < endSeconds));
}
