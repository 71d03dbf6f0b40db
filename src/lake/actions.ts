import { LakeError, messageOf } from '../errors.js';

/** Actions of the Delta transaction log that Ingot reads and writes. Source: delta-io/delta, PROTOCOL.md, "Actions". */
export interface AddFile {
  readonly path: string;
  readonly partitionValues: Readonly<Record<string, string | null>>;
  readonly size: number;
  readonly modificationTime: number;
  readonly dataChange: boolean;
  readonly stats?: string | null;
  readonly tags?: Readonly<Record<string, string>> | null;
}

export interface RemoveFile {
  readonly path: string;
  readonly deletionTimestamp: number;
  readonly dataChange: boolean;
  readonly extendedFileMetadata: boolean;
  readonly partitionValues: Readonly<Record<string, string | null>>;
  readonly size: number;
}

export interface Txn {
  readonly appId: string;
  readonly version: number;
  readonly lastUpdated?: number;
}

export interface MetaData {
  readonly id: string;
  readonly name?: string | null;
  readonly format: { readonly provider: string; readonly options: Readonly<Record<string, string>> };
  readonly schemaString: string;
  readonly partitionColumns: readonly string[];
  readonly configuration: Readonly<Record<string, string>>;
  readonly createdTime?: number | null;
}

export interface Protocol {
  readonly minReaderVersion: number;
  readonly minWriterVersion: number;
  readonly readerFeatures?: readonly string[] | null;
  readonly writerFeatures?: readonly string[] | null;
}

/** Free-form by the protocol; what Ingot adds is under `ingot`. */
export interface CommitInfo {
  readonly timestamp: number;
  readonly operation: string;
  readonly operationParameters: Readonly<Record<string, string>>;
  readonly operationMetrics: Readonly<Record<string, string>>;
  readonly engineInfo: string;
  readonly ingot?: { readonly id: string; readonly run: number };
}

export interface Action {
  readonly add?: AddFile;
  readonly remove?: RemoveFile;
  readonly txn?: Txn;
  readonly metaData?: MetaData;
  readonly protocol?: Protocol;
  readonly commitInfo?: CommitInfo;
}

/**
 * Parses a commit: one JSON action a line.
 * @throws LakeError LAKE_CORRUPT
 */
export function parseActions(content: string, path: string): Action[] {
  return content
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, index) => {
      try {
        return JSON.parse(line) as Action;
      } catch (error) {
        throw new LakeError(`line ${index + 1} of a log entry is no JSON: ${messageOf(error)}`, {
          code: 'LAKE_CORRUPT',
          op: 'read log',
          path,
          hint: 'The log was changed by hand or the disk is damaged: restore this file from a backup.',
          cause: error,
        });
      }
    });
}

export function serializeActions(actions: readonly Action[]): string {
  return `${actions.map((action) => JSON.stringify(action)).join('\n')}\n`;
}

const readable = new Set(['appendOnly', 'invariants', 'vacuumProtocolCheck']);
const writable = new Set(['appendOnly', 'invariants', 'vacuumProtocolCheck']);

/** @throws LakeError TABLE_UNSUPPORTED when rows would be read wrongly */
export function checkReadable(protocol: Protocol, metaData: MetaData, table: string): void {
  const unknown = (protocol.readerFeatures ?? []).filter((feature) => !readable.has(feature));
  const mapping = metaData.configuration['delta.columnMapping.mode'] ?? 'none';
  if (unknown.length > 0 || protocol.minReaderVersion > 3 || mapping !== 'none') {
    const names = unknown.length > 0 ? unknown.join(', ') : mapping !== 'none' ? 'columnMapping' : `reader version ${protocol.minReaderVersion}`;
    throw unsupported('read', table, names);
  }
}

/** @throws LakeError TABLE_UNSUPPORTED when a write would break what the table promises to others */
export function checkWritable(protocol: Protocol, metaData: MetaData, table: string): void {
  const features = protocol.writerFeatures ?? [];
  const unknown = features.filter((feature) => !writable.has(feature));
  if (unknown.length > 0) throw unsupported('write', table, unknown.join(', '));
  const byFeatures = protocol.minWriterVersion === 7;
  if (protocol.minWriterVersion > 7 || (!byFeatures && protocol.minWriterVersion > 2)) throw unsupported('write', table, `writer version ${protocol.minWriterVersion}`);
  if (!byFeatures || features.includes('invariants')) {
    if (metaData.schemaString.includes('"delta.invariants"')) throw unsupported('write', table, 'column invariants');
  }
  if (/"nullable":\s*false/.test(metaData.schemaString)) throw unsupported('write', table, 'NOT NULL columns');
}

/** @throws LakeError TABLE_UNSUPPORTED when rows would go from a table that only grows */
export function checkAppendOnly(metaData: MetaData, actions: readonly Action[], table: string): void {
  const removes = actions.some((action) => action.remove?.dataChange === true);
  if (removes && metaData.configuration['delta.appendOnly'] === 'true') throw unsupported('write', table, 'appendOnly, and rows would be replaced');
}

function unsupported(op: string, table: string, features: string): LakeError {
  return new LakeError(`the table uses Delta features that Ingot can't ${op}: ${features}`, {
    code: 'TABLE_UNSUPPORTED',
    op,
    path: table,
    hint: 'Drop the feature with the engine that switched it on, or delete the table and let Ingot build it again.',
  });
}
