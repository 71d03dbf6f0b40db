import type { Action, AddFile, MetaData, Protocol } from './actions.js';
import { columnsOf, type TableColumn } from './schema.js';

/** A table at one version: its live files and what its transactions say. Immutable. */
export class Snapshot {
  private constructor(
    readonly version: number,
    readonly protocol: Protocol,
    readonly metaData: MetaData,
    /** By the path as the log has it. */
    readonly files: ReadonlyMap<string, AddFile>,
    readonly txns: ReadonlyMap<string, number>,
  ) {}

  /** Replays commits on top of an earlier snapshot, or from nothing. Gives null while there is no metaData. */
  static replay(base: Snapshot | null, commits: readonly { readonly version: number; readonly actions: readonly Action[] }[]): Snapshot | null {
    let protocol = base?.protocol;
    let metaData = base?.metaData;
    let version = base?.version ?? -1;
    const files = new Map(base?.files);
    const txns = new Map(base?.txns);
    for (const commit of commits) {
      for (const action of commit.actions) {
        if (action.remove) files.delete(action.remove.path);
      }
      for (const action of commit.actions) {
        if (action.add) files.set(action.add.path, action.add);
        else if (action.txn) txns.set(action.txn.appId, action.txn.version);
        else if (action.metaData) metaData = action.metaData;
        else if (action.protocol) protocol = action.protocol;
      }
      version = commit.version;
    }
    if (protocol === undefined || metaData === undefined) return null;
    return new Snapshot(version, protocol, metaData, files, txns);
  }

  /** The application's last transaction, or `absent`. */
  txn(appId: string, absent: number): number {
    return this.txns.get(appId) ?? absent;
  }

  get columns(): TableColumn[] {
    return columnsOf(this.metaData);
  }

  /** The table published last with this one, `layer/table`, or null for a foreign table. */
  get anchor(): string | null {
    return this.metaData.configuration['ingot.anchor'] ?? null;
  }
}
